"""Options of a network against counts, shapes and pixels that others publish or compute."""

from typing import Any

import numpy as np
import pytest

from resnet import (
    UnknownNameError,
    build_graph,
    build_keras_model,
    describe,
    get,
    names,
    with_settings,
)
from resnet.exports import config_json
from resnet.network import catalog
from resnet.network.link import choice_of
from resnet.network.operations import Conv, ZeroPad

WIDE = [
    {"blocks": 4, "filters": 160},
    {"blocks": 4, "filters": 320, "stride": 2},
    {"blocks": 4, "filters": 640, "stride": 2},
]
V2 = [
    {"blocks": blocks, "filters": filters, "stride": stride}
    for blocks, filters, stride in ((3, 64, 2), (4, 128, 2), (6, 256, 2), (3, 512, 1))
]
RESNET_D = {"stem": "deep", "downsampling": "average_pool", "stride_on": "3x3"}
PUBLISHED: dict[str, tuple[str, dict[str, Any], int, bool]] = {
    # name: network, settings, parameters, whether moving averages are counted too
    "seresnet50 (Hu et al. 2018, timm)": ("resnet50", {"se_ratio": 16}, 28_088_024, False),
    "resnet50d (He et al. 2019, timm)": ("resnet50", RESNET_D, 25_576_264, False),
    "WRN-28-10 (Zagoruyko and Komodakis 2016)": (
        "resnet26",
        {"stages": WIDE, "stem_filters": 16, "shortcut": "projection", "activation_order": "pre"},
        36_479_194,
        False,
    ),
    "Keras's CIFAR example, ResNet20 v1": (
        "resnet20",
        {"shortcut": "projection", "projection_norm": False, "conv_bias": True},
        274_442,
        True,
    ),
    "Keras's ResNet50V2": (
        "resnet50",
        {"stages": V2, "stride_at": "end", "activation_order": "pre", "padding": "symmetric"}
        | {"conv_bias": True, "bias_on": "trunk", "stride_on": "3x3"},
        25_613_800,
        True,
    ),
}


@pytest.mark.parametrize(
    ("network", "settings", "count", "all_of_them"), PUBLISHED.values(), ids=PUBLISHED.keys()
)
def test_published_counts(
    network: str, settings: dict[str, Any], count: int, all_of_them: bool
) -> None:
    metrics = describe(with_settings(get(network).config, settings))
    fixed = metrics.non_trainable_params if all_of_them else 0
    assert metrics.trainable_params + fixed == count


@pytest.mark.parametrize("name", ["resnet56", "plain18", "resnet152", "binary_resnet50"])
def test_a_network_of_before_is_what_it_was(name: str) -> None:
    """A later field in its file or fingerprint would part old runs, studies and links from new."""
    before = {
        "resnet56": "750cccfc8c2d",
        "plain18": "0165e56434bd",
        "resnet152": "ec51e418aac8",
        "binary_resnet50": "163907c26714",
    }
    config = get(name).config
    assert config.fingerprint == before[name]
    assert "padding" not in config_json(config)
    assert choice_of(config).to_query() == {"network": name}


@pytest.mark.parametrize("side", [17, 18, 31, 32, 223, 224])
def test_symmetric_padding_has_pytorch_s_shapes(side: int) -> None:
    """floor((n + 2p − k) / s) + 1, layer by layer."""
    changes = {"padding": "symmetric", "stride_on": "3x3", "input_shape": [side, side, 3]}
    graph = build_graph(with_settings(get("resnet50").config, changes))
    for node in graph.nodes:
        if isinstance(node.op, Conv) and node.op.padding == "valid":
            pad = graph.by_id[node.inputs[0]]
            assert isinstance(pad.op, ZeroPad)
            before = graph.by_id[pad.inputs[0]].output_shape[0]
            size, stride = node.op.kernel, node.op.stride
            assert pad.op.size == size // 2
            assert node.output_shape[0] == (before + 2 * pad.op.size - size) // stride + 1
    assert [node.id for node in graph.nodes if isinstance(node.op, ZeroPad)] == [
        "stem.conv.pad",
        "stem.pool.pad",
        *[f"stage{stage}.block1.conv2.pad" for stage in (2, 3, 4)],
    ]


def convolved(image: Any, kernel: Any, before: int, stride: int) -> Any:
    """A convolution written out: `before` zeros above and to the left, enough below and right."""
    size = kernel.shape[0]
    side = -(-image.shape[0] // stride)
    padded = np.pad(image, [(before, size), (before, size), (0, 0)])
    out = np.zeros((side, side, kernel.shape[3]))
    for row in range(side):
        for column in range(side):
            top, left = row * stride, column * stride
            window = padded[top : top + size, left : left + size]
            out[row, column] = np.tensordot(window, kernel, 3)
    return out


@pytest.mark.keras
@pytest.mark.parametrize(("padding", "before"), [("same", 2), ("symmetric", 3)])
def test_the_two_paddings_read_other_pixels(padding: str, before: int) -> None:
    """The 7×7 of the stem on an even map: TensorFlow's "same" begins one pixel later than PyTorch's
    padding of 3. The reference is written out in numpy."""
    changes = {
        "padding": padding,
        "input_shape": [16, 16, 3],
        "stages": [{"blocks": 1, "filters": 4}],
    }
    model = build_keras_model(with_settings(get("resnet18").config, changes), seed=1)
    image = np.random.default_rng(0).normal(size=(16, 16, 3)).astype(np.float32)
    layer = model.get_layer("stem.conv")
    seen = type(model)(model.inputs[0], layer.output)(image[None])
    expected = convolved(image, np.asarray(layer.kernel), before, 2)
    np.testing.assert_allclose(np.asarray(seen)[0], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "count"),
    [("preresnet164_bottleneck", 1_703_258), ("preresnet1001_bottleneck", 10_327_706)],
)
def test_the_bottleneck_cifar_networks_have_the_paper_s_counts(name: str, count: int) -> None:
    """He et al. 2016: 164 layers, 1.7 M parameters; 1001 layers, 10.3 M (10.2 M in their table)."""
    assert describe(get(name).config).trainable_params == count


def test_every_bottleneck_network_has_its_depth_and_its_name() -> None:
    for n in catalog.BOTTLENECK_N:
        for order in ("post", "pre"):
            entry = get(catalog.bottleneck_name(n, order))
            assert entry.config.depth == 9 * n + 2
            assert catalog.name_of(entry.config) == entry.name


def test_resnet164_is_what_it_was_and_tells_of_the_other() -> None:
    """Old links mean the 6n+2 network of basic blocks."""
    assert get("resnet164").config == catalog.cifar_config(27)
    assert "resnet164_bottleneck" in catalog.namesakes("resnet164")
    assert "resnet164" in catalog.namesakes("resnet164_bottleneck")
    assert not catalog.namesakes("resnet56")
    assert "resnet164_bottleneck" in names()


@pytest.mark.parametrize("typed", ["preresnet164", "resnet1001", "preresnet1001"])
def test_a_paper_s_short_name_leads_to_the_bottleneck_network(typed: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        get(typed)
    assert caught.value.nearest == f"{typed}_bottleneck"
