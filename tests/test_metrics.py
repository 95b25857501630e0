"""Counts and receptive fields against independent ways of finding them."""

from math import prod

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import configs

from resnet import (
    ResNetConfig,
    build_graph,
    build_keras_model,
    describe,
    get,
    measure,
    with_settings,
)
from resnet.network import catalog
from resnet.network.graph import Conv, Graph, MaxPool, Subsample
from resnet.network.metrics import Metrics, receptive_fields
from resnet.network.numbers import NUMBERS


@given(configs())
def test_totals_are_the_sums_of_the_table(config: ResNetConfig) -> None:
    graph = build_graph(config)
    metrics = measure(graph)
    assert [row.id for row in metrics.layers] == [node.id for node in graph.nodes]
    for field in ("trainable_params", "non_trainable_params", "macs", "activation_bytes"):
        assert getattr(metrics, field) == sum(getattr(row, field) for row in metrics.layers), field


@given(configs())
def test_memory_is_every_output_in_float32(config: ResNetConfig) -> None:
    graph = build_graph(config)
    assert measure(graph).activation_bytes == sum(
        4 * prod(node.output_shape) for node in graph.nodes
    )


def test_every_total_says_what_it_counts() -> None:
    """Catches a number that is counted and has no row in the table, or the other way round."""
    counted = set(Metrics.__dataclass_fields__) - {"layers"}
    assert set(NUMBERS) == counted | {"total_params"}


def test_a_convolution_counts_as_the_paper_counts_it() -> None:
    """By hand: 7×7×3×64 weights, 112×112 places; the classifier 2048×1000 and its 1000 biases."""
    rows = {row.id: row for row in describe(get("resnet50").config).layers}
    assert rows["stem.conv"].trainable_params == 9408
    assert rows["stem.conv"].macs == 112 * 112 * 9408
    assert (rows["head.logits"].trainable_params, rows["head.logits"].macs) == (
        2_049_000,
        2_048_000,
    )
    assert rows["stem.norm"][3:6] == (128, 128, 0)


def test_groups_divide_the_weights_and_the_macs() -> None:
    """ResNeXt-50 32x4d has 25,028,904 parameters (Xie et al. 2017 say 25.0 M; torchvision counts
    exactly this)."""
    config = with_settings(
        get("resnet50").config, {"cardinality": 32, "base_width": 4, "stride_on": "3x3"}
    )
    assert describe(config).trainable_params == 25_028_904


def test_a_wide_bottleneck_counts_as_published() -> None:
    """Wide ResNet-50-2 has 68,883,240 parameters (torchvision)."""
    config = with_settings(get("resnet50").config, {"base_width": 128, "stride_on": "3x3"})
    assert describe(config).trainable_params == 68_883_240


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("resnet18", 435),
        ("resnet34", 899),
        ("resnet50", 427),
        ("resnet101", 971),
        ("resnet152", 1451),
    ],
)
def test_receptive_fields_of_the_imagenet_networks(name: str, side: int) -> None:
    """By hand, 1 + Σ (kernel − 1) × strides before it, stride on the 3×3; the same as others
    publish."""
    config = with_settings(get(name).config, {"stride_on": "3x3"})
    assert describe(config).receptive_field == side


@pytest.mark.parametrize("n", [1, 3, 9, 18, 200])
def test_receptive_field_of_the_cifar_networks(n: int) -> None:
    """Stem: 3. Each stage adds 2 for each of its 2n convolutions at its input's jump, the first at
    the jump before."""
    by_hand = 3 + 2 * (2 * n) + 2 * (1 + 2 * (2 * n - 1)) + 2 * (2 + 4 * (2 * n - 1))
    for kind in ("resnet", "plain"):
        assert describe(get(catalog.cifar_name(n, kind)).config).receptive_field == by_hand


def test_a_shortcut_can_see_farther_than_its_branch_only_by_its_own_stride() -> None:
    """A field is the union of both arms; where the branch sees more, the shortcut changes
    nothing."""
    plain, residual = (
        describe(get(f"{kind}34").config).receptive_field for kind in ("plain", "resnet")
    )
    assert plain == residual


FEW_FILTERS = {"stages.0.filters": 2, "stages.1.filters": 4, "stages.2.filters": 8}
UNUSUAL: dict[str, dict[str, object]] = {
    "cifar": {"input_shape": [96, 96, 3]},
    "odd_sides": {"input_shape": [95, 101, 1]},
    "stride_3": {"input_shape": [130, 131, 2], "stages.1.stride": 3},
    "stride_4_skips_pixels": {"input_shape": [140, 150, 3], "stages.2.stride": 4},
    "first_stage_strides": {"input_shape": [121, 120, 3], "stages.0.stride": 2},
    "projection": {"input_shape": [99, 98, 3], "shortcut": "projection"},
    "projection_always": {"input_shape": [99, 98, 3], "shortcut": "projection_always"},
    "plain": {"input_shape": [99, 98, 3], "shortcut": "none"},
    "pre_activation": {"input_shape": [97, 98, 3], "activation_order": "pre"},
    "bottleneck_1x1": {"input_shape": [97, 98, 3], "block": "bottleneck"},
    "bottleneck_3x3": {"input_shape": [97, 98, 3], "block": "bottleneck", "stride_on": "3x3"},
    "imagenet_stem": {"input_shape": [223, 226, 3], "stem": "imagenet"},
    "imagenet_stem_odd": {
        "input_shape": [225, 227, 3],
        "stem": "imagenet",
        "shortcut": "projection",
    },
}


@pytest.mark.keras
@pytest.mark.parametrize("changes", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_the_field_is_exactly_what_numerically_influences_the_centre(
    changes: dict[str, object],
) -> None:
    """Images large enough that the whole field lies inside: nothing is clipped, so both ends are
    compared."""
    graph = build_graph(with_settings(get("resnet8").config, FEW_FILTERS | changes))
    for axis, (low, high, side) in enumerate(predicted(graph)):
        assert low >= 0, "the image is too small for this test"
        assert high < side, "the image is too small for this test"
        assert influential(graph, axis) == (low, high)


@pytest.mark.keras
@settings(max_examples=20)
@given(configs(most_blocks=4, most_filters=8, largest_side=60), st.data())
def test_no_network_sees_beyond_its_field(config: ResNetConfig, data: st.DataObject) -> None:
    """Any combination of fields; where the image's edge clips the field, it is clipped here too."""
    graph = build_graph(with_settings(config, {"norm.kind": "none", "norm.last_gamma": "one"}))
    axis = data.draw(st.sampled_from([0, 1]))
    low, high, side = predicted(graph)[axis]
    seen = influential(graph, axis)
    if skips_pixels(graph):  # the outermost pixels inside the image may be among those skipped
        assert max(low, 0) <= seen[0]
        assert seen[1] <= min(high, side - 1)
        assert low < 0 or seen[0] == low
        assert high >= side or seen[1] == high
    else:
        assert seen == (max(low, 0), min(high, side - 1))


def predicted(graph: Graph) -> list[tuple[int, int, int]]:
    """(first, last, side) on each axis: the input pixels that the centre of the last map can see,
    not clipped."""
    spans = receptive_fields(graph)[graph.last_map.id]
    centres = [side // 2 for side in graph.last_map.output_shape[:2]]
    sides = graph.config.input_shape[:2]
    return [
        (span.low + centre * span.jump, span.high + centre * span.jump, side)
        for span, centre, side in zip(spans, centres, sides, strict=True)
    ]


def skips_pixels(graph: Graph) -> bool:
    """Whether some layer strides farther than it is wide, so that pixels inside its field are never
    read."""
    ops = [node.op for node in graph.nodes]
    return any(
        (isinstance(op, Conv) and op.kernel < op.stride)
        or (isinstance(op, MaxPool) and op.size < op.stride)
        or isinstance(op, Subsample)
        for op in ops
    )


def influential(graph: Graph, axis: int) -> tuple[int, int]:
    """The first and last row (axis 0) or column (axis 1) of the image that changes the centre of
    the last map.

    All weights are positive and the image is black, so whatever reaches the centre makes it larger
    than nothing, and nothing cancels out. Each image of the batch has one bright row or column.
    """
    model = build_keras_model(graph.config)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            height, _, channels, _ = layer.kernel.shape
            layer.kernel.assign(np.full(layer.kernel.shape, 1 / (height * channels), np.float32))
    side = graph.config.input_shape[axis]
    images = np.zeros((side, *graph.config.input_shape), np.float32)
    for index, image in enumerate(images):
        image[(slice(None),) * axis + (index,)] = 1e6
    feature_map = keras.Model(model.input, model.get_layer(graph.last_map.id).output)(images)
    row, column = (length // 2 for length in graph.last_map.output_shape[:2])
    centre = np.asarray(feature_map)[:, row, column, :].max(axis=-1)
    bright = np.flatnonzero(centre > 0)
    return int(bright[0]), int(bright[-1])
