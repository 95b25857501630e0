"""What a student can check with a pocket calculator comes out as counted."""

import re
from dataclasses import fields

import pytest
from hypothesis import given
from strategies import configs

from resnet import Graph, Node, ResNetConfig, build_graph, get, with_settings
from resnet.network.formulas import attributes, macs_formula, memory_formula, params_formula
from resnet.network.graph import Shape
from resnet.network.metrics import count


def layer_of(name: str, layer: str, **changes: object) -> tuple[Node, Shape, Graph]:
    """A layer of a published network with some settings changed, the shape of its first input, and
    its graph."""
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    graph = build_graph(with_settings(get(name).config, settings))
    return graph.by_id[layer], incoming(graph, graph.by_id[layer]), graph


def incoming(graph: Graph, node: Node) -> Shape:
    return graph.by_id[node.inputs[0]].output_shape if node.inputs else ()


def left_side(formula: str) -> int:
    """What the formula's left side comes to, by arithmetic alone; no formula is nothing."""
    if not formula:
        return 0
    left = formula.partition(" = ")[0].replace("×", "*").replace("÷", "//")
    numbers = re.sub(r"[a-z,]", "", left)
    assert re.fullmatch(r"[0-9+*/() ]+", numbers), formula
    return int(eval(numbers))


def right_side(formula: str) -> int:
    return int(formula.partition(" = ")[2].replace(",", "") or 0)


@given(configs())
def test_both_sides_of_every_formula_are_what_is_counted(config: ResNetConfig) -> None:
    graph = build_graph(config)
    for node in graph.nodes:
        shape = incoming(graph, node)
        counted = count(node, shape)
        for formula, number in (
            (params_formula(node, shape), counted.trainable_params),
            (macs_formula(node, shape), counted.macs),
            (memory_formula(node), counted.activation_bytes),
        ):
            assert left_side(formula) == right_side(formula) == number, (node, formula)


@pytest.mark.parametrize(
    ("layer", "params", "macs", "memory"),
    [
        ("input", "", "", "32×32×3 × 4 bytes = 12,288"),
        (
            "stem.conv",
            "3×3×3×16 = 432",
            "32×32×16 × 3×3×3 = 442,368",
            "32×32×16 × 4 bytes = 65,536",
        ),
        (
            "stage2.block1.conv1",
            "3×3×16×32 = 4,608",
            "16×16×32 × 3×3×16 = 1,179,648",
            "16×16×32 × 4 bytes = 32,768",
        ),
        ("stem.norm", "2×16 = 32", "", "32×32×16 × 4 bytes = 65,536"),
        ("stage1.block1.add", "", "", "32×32×16 × 4 bytes = 65,536"),
        ("head.pool", "", "", "64 × 4 bytes = 256"),
        ("head.logits", "(64 + 1)×10 = 650", "64×10 = 640", "10 × 4 bytes = 40"),
    ],
)
def test_formulas_read_as_in_a_textbook(layer: str, params: str, macs: str, memory: str) -> None:
    node, shape, _ = layer_of("resnet20", layer)
    assert (params_formula(node, shape), macs_formula(node, shape), memory_formula(node)) == (
        params,
        macs,
        memory,
    )


def test_a_bias_is_one_more_weight_for_each_filter() -> None:
    node, shape, _ = layer_of("resnet20", "stage2.block1.conv1", conv_bias=True)
    assert params_formula(node, shape) == "(3×3×16 + 1)×32 = 4,640"
    assert macs_formula(node, shape) == "16×16×32 × 3×3×16 = 1,179,648"


def test_groups_share_the_incoming_channels() -> None:
    node, shape, _ = layer_of("resnet50", "stage1.block1.conv2", cardinality=32, base_width=4)
    assert params_formula(node, shape) == "3×3×(128÷32)×128 = 4,608"
    assert macs_formula(node, shape) == "56×56×128 × 3×3×(128÷32) = 14,450,688"


CONV = {
    "kernel": "3×3",
    "filters": "32",
    "stride": "2",
    "groups": "1",
    "padding": "same",
    "bias": "no",
}
BATCH = {"kind": "batch", "momentum": "0.9", "epsilon": "1e-05", "gamma starts at": "1"}


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("input", {"reads": "the image"}),
        (
            "stage2.block1.conv1",
            CONV | {"initialiser": "He normal", "reads": "stage1.block3.relu2"},
        ),
        ("stem.norm", BATCH | {"reads": "stem.conv"}),
        ("stem.relu", {"function": "max(0, x)", "reads": "stem.norm"}),
        ("stage2.block1.shortcut.subsample", {"stride": "2", "reads": "stage1.block3.relu2"}),
        (
            "stage2.block1.shortcut.pad",
            {"extra channels": "16", "reads": "stage2.block1.shortcut.subsample"},
        ),
        (
            "stage1.block1.add",
            {"adds": "stage1.block1.norm2 + stem.relu", "reads": "stage1.block1.norm2, stem.relu"},
        ),
        ("head.pool", {"averages over": "8×8", "reads": "stage3.block3.relu2"}),
        (
            "head.logits",
            {"units": "10", "bias": "yes", "initialiser": "He normal", "reads": "head.pool"},
        ),
        ("head.softmax", {"function": "softmax", "reads": "head.logits"}),
    ],
)
def test_attributes_in_words(layer: str, expected: dict[str, str]) -> None:
    node, _, graph = layer_of("resnet20", layer)
    assert attributes(node, graph) == expected


def test_max_pooling_in_words() -> None:
    node, _, graph = layer_of("resnet50", "stem.pool")
    assert attributes(node, graph) == {
        "size": "3×3",
        "stride": "2",
        "padding": "same",
        "reads": "stem.relu",
    }


def test_a_norm_names_only_what_its_kind_has() -> None:
    node, _, graph = layer_of(
        "resnet20", "stage1.block1.norm2", norm__kind="group", norm__last_gamma="zero"
    )
    shown = attributes(node, graph)
    assert list(shown) == ["kind", "epsilon", "groups", "gamma starts at", "reads"]
    assert (shown["kind"], shown["groups"], shown["gamma starts at"]) == ("group", "8", "0")
    node, _, graph = layer_of("resnet20", "stem.norm", norm__kind="layer")
    assert list(attributes(node, graph)) == ["kind", "epsilon", "gamma starts at", "reads"]


@given(configs())
def test_no_attribute_of_a_layer_is_left_out(config: ResNetConfig) -> None:
    """As many as the layer has fields; a batch or layer norm hides what does not apply to it."""
    graph = build_graph(config)
    for node in graph.nodes:
        shown = attributes(node, graph)
        assert all(shown.values())
        assert list(shown)[-1] == "reads"
        assert all(name in shown["reads"] for name in node.inputs)
        hidden = (
            {"batch": 1, "group": 1, "layer": 2, "layer_hwc": 2}[node.op.norm]
            if node.op.kind == "norm"
            else 0
        )
        assert len(shown) - 1 >= len(fields(node.op)) - hidden, node
