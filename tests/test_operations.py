"""Every operation through every reader and every format: a reader that forgot one fails here by
that operation's name.

`NETWORKS` holds small networks. A new operation must appear in one of them, and every reader below
then meets it: count, formulas, search, drawings, tables, comparison, study, link, initial values,
penalties, Keras's model and picture, and the program.
"""

import ast
import json
from collections.abc import Iterator
from functools import cache
from math import isfinite, prod
from pathlib import Path
from typing import Any, get_args

import pytest
from test_keras_code import assert_the_same_network, assert_the_same_numbers, run
from test_plot_model import EVERYTHING, assert_same, structure

from resnet import (
    Graph,
    Node,
    ResNetConfig,
    build_graph,
    build_keras_model,
    compare,
    data,
    describe,
    exports,
    get,
    measure,
)
from resnet.as_keras.program import keras_code
from resnet.data.fit import fit_config
from resnet.diagram import View, draw
from resnet.diagram.content.view import LEVELS, Style
from resnet.diagram.looks.glyphs import SIGNS, glyph
from resnet.diagram.looks.style import COLOURS, OPERATION_OF_KIND
from resnet.exports import DrawingFormat
from resnet.guards.differences import leaves
from resnet.network.config import NormKind
from resnet.network.formulas import attributes, macs_formula, params_formula
from resnet.network.initial import initial_variances
from resnet.network.link import choice_of, from_query
from resnet.network.metrics import count
from resnet.network.operations import OPERATIONS, Input, Norm, Op
from resnet.network.search import find
from resnet.network.settings import with_settings
from resnet.network.weighted_operations import NORM_LAYERS
from resnet.studies.plan.factors import Factor
from resnet.studies.plan.study import Baseline, Study, arms
from resnet.tables import layer_table
from resnet.why_loss.losses import KerasL2, penalty

ROOT = Path(__file__).parents[1]
FORMATS = get_args(DrawingFormat)
STYLES = get_args(Style)

TINY = {"input_shape": [24, 20, 3], "classes": 3}
PROJECTED = TINY | {"stem": "imagenet", "block": "bottleneck", "shortcut": "projection"}
FEW = [{"blocks": 2, "filters": 16}, {"blocks": 2, "filters": 32, "stride": 2}]
SETTINGS: dict[str, dict[str, Any]] = {
    "padded": TINY,
    "plain": TINY | {"shortcut": "none", "norm.kind": "none", "conv_bias": True},
    "projected": PROJECTED,
    "pre": TINY | {"activation_order": "pre", "head_activation": "sigmoid"},
    "group": TINY | {"norm.kind": "group", "norm.last_gamma": "zero"},
    "gated": TINY | {"se_ratio": 4},
    "gated_pre": PROJECTED | {"se_ratio": 16, "activation_order": "pre"},
    "deep": PROJECTED | {"stem": "deep", "downsampling": "average_pool", "stride_on": "3x3"},
    "deep_pre": PROJECTED
    | {"stem": "deep", "downsampling": "average_pool", "activation_order": "pre"}
    | {"padding": "symmetric", "stem_filters": 12},
    "symmetric": PROJECTED | {"padding": "symmetric", "stride_on": "3x3", "cardinality": 4},
    "symmetric_basic": TINY | {"padding": "symmetric", "stem_filters": 8},
    "bare": TINY | {"shortcut": "projection", "projection_norm": False, "conv_bias": True},
    "at_the_end": PROJECTED
    | {"stride_at": "end", "activation_order": "pre", "conv_bias": True, "bias_on": "trunk"}
    | {"padding": "symmetric", "stride_on": "3x3"},
    "at_the_end_post": TINY | {"stride_at": "end", "shortcut": "projection"},
    "layer": TINY | {"norm.kind": "layer"},
    "layer_hwc": TINY | {"norm.kind": "layer_hwc"},
}
"""What each network has that resnet8 has not."""

NETWORKS: dict[str, ResNetConfig] = {
    name: with_settings(get("resnet8").config, {"stages": FEW} | changes)
    for name, changes in SETTINGS.items()
}

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.kind)
every_network = pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS.keys())


@cache
def graph_of(config: ResNetConfig) -> Graph:
    return build_graph(config)


def networks_with(operation: type[Op]) -> Iterator[tuple[ResNetConfig, list[Node]]]:
    """Every network here that has the operation, and its layers that are one."""
    for config in NETWORKS.values():
        layers = [node for node in graph_of(config).nodes if type(node.op) is operation]
        if layers:
            yield config, layers


def incoming(graph: Graph, node: Node) -> tuple[int, ...]:
    return graph.by_id[node.inputs[0]].output_shape if node.inputs else ()


@every_operation
def test_some_network_here_has_it(operation: type[Op]) -> None:
    """Otherwise no test below would meet it."""
    assert list(networks_with(operation))


def test_every_norm_is_in_some_network_and_has_a_keras_layer() -> None:
    kinds = set(get_args(NormKind)) - {"none"}
    assert kinds == NORM_LAYERS.keys()
    assert kinds == {n.op.norm for _, nodes in networks_with(Norm) for n in nodes}


def test_kinds_are_told_apart() -> None:
    """Files and search would mix them up."""
    kinds = [operation.kind for operation in OPERATIONS]
    assert len(set(kinds)) == len(kinds)


@every_operation
def test_it_has_words_a_colour_and_a_sign(operation: type[Op]) -> None:
    """A sign with a KeyError, or a colour that nobody chose."""
    for _, nodes in networks_with(operation):
        assert all(node.op.text and node.op.noun and node.op.figure_text for node in nodes)
    if operation is not Input:
        assert OPERATION_OF_KIND[operation.kind] in COLOURS
        assert SIGNS.keys() == OPERATION_OF_KIND.keys()
        assert glyph(operation.kind, 0, 0)


@every_operation
def test_what_it_costs_is_written_out(operation: type[Op]) -> None:
    """A weight or a multiply-add that is counted but has no formula, or the other way round."""
    for config, nodes in networks_with(operation):
        for node in nodes:
            shape = incoming(graph_of(config), node)
            counted = count(node, shape)
            pairs = (
                (params_formula(node, shape), counted.trainable_params),
                (macs_formula(node, shape), counted.macs),
            )
            for formula, number in pairs:
                left, _, right = formula.replace(",", "").partition(" = ")
                assert int(right or 0) == number
                assert eval(left.replace("×", "*").replace("÷", "//") or "0") == number
            assert operation.weighted == (counted.trainable_params > 0)
            assert "reads" in attributes(node, graph_of(config))


@every_operation
def test_a_search_for_its_words_finds_it(operation: type[Op]) -> None:
    for config, nodes in networks_with(operation):
        metrics = measure(graph_of(config))
        for word in operation.words:
            answering = {node.id for node in nodes if node.op.answers(word)}
            assert answering <= set(find(graph_of(config), metrics, word)), word
        for name in {name for node in nodes for name in node.op.sizes}:
            sized = {node.id for node in nodes if name in node.op.sizes}
            assert sized <= set(find(graph_of(config), metrics, f"{name} >= 1"))


@every_network
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("style", STYLES)
def test_every_drawing_shows_every_layer(config: ResNetConfig, style: Style, level: Any) -> None:
    """A layer that falls out of a box, or is drawn twice: the gate that figure 3 lost."""
    drawing = draw(graph_of(config), View(style=style, level=level))
    drawn = [name for box in drawing.boxes for name in box.node_ids]
    assert sorted(drawn) == sorted(node.id for node in graph_of(config).nodes)


@every_operation
@pytest.mark.parametrize("form", FORMATS)
def test_it_is_written_in_every_format(operation: type[Op], form: DrawingFormat) -> None:
    """A format that dies of a KeyError, or leaves the layer's words out."""
    config, _ = next(networks_with(operation))
    for style in STYLES:
        written = exports.drawing(config, form, View(style=style, level="block"))
        assert written
        if form == "json":
            rows = json.loads(written)["networks"][0]["layers"]
            assert [row for row in rows if row["op"] == operation.kind]


@every_operation
def test_it_stands_in_every_table(operation: type[Op]) -> None:
    for config, nodes in networks_with(operation):
        metrics = measure(graph_of(config))
        rows = layer_table.rows(metrics, graph_of(config), "layer")
        for write in (layer_table.csv, layer_table.markdown, layer_table.latex):
            assert write(rows).replace("\\", "").count(operation.kind) >= len(nodes)


@every_network
def test_a_comparison_with_it_is_said(config: ResNetConfig) -> None:
    base = NETWORKS["padded"]
    found = compare(base, config)
    assert found.sentence
    assert found.totals.difference.trainable_params == (
        describe(config).trainable_params - describe(base).trainable_params
    )


@every_network
def test_a_link_and_a_file_name_the_same_network(config: ResNetConfig) -> None:
    assert from_query(choice_of(config).to_query()).config() == config
    assert ResNetConfig.model_validate_json(exports.config_json(config)) == config


@every_network
def test_a_study_can_be_planned_on_it(config: ResNetConfig) -> None:
    """A setting that a study cannot keep: its arms would be other networks."""
    images = {"input_shape", "classes", "head_activation"}
    settings = {k: v for k, v in choice_of(config).settings.items() if k not in images}
    network = choice_of(config).network
    base = Baseline(network=network, settings=settings, recipe="digits_quick", dataset="digits")
    factor = Factor(key="network.norm.momentum", levels=[0.75])
    first, second = arms(Study(name="walk", baseline=base, factors=(factor,), seeds=(0,)))
    assert first.config == fit_config(config, data.facts("digits", ""))
    one, other = [leaves(arm.config, arm.recipe, arm.dataset) for arm in (first, second)]
    assert [key for key in one if one[key] != other[key]] == ["network.norm.momentum"]


@every_network
def test_initial_values_are_expected_of_every_layer(config: ResNetConfig) -> None:
    variances = initial_variances(graph_of(config))
    assert all(isfinite(value) and value > 0 for value in variances.values())


@every_network
def test_the_penalty_covers_every_kernel_and_scale(config: ResNetConfig) -> None:
    """A kernel that no penalty covers, or that is covered with another shape."""
    rows = penalty(graph_of(config), KerasL2(1e-4, covers="all")).layers
    covered = {row.id: row.weights for row in rows}
    for node in graph_of(config).nodes:
        if node.op.weighted:
            kernel = node.op.drawn_kernel(incoming(graph_of(config), node))
            expected = prod(kernel.shape) if kernel else node.output_shape[-1]
            assert covered.pop(node.id) == expected, node.id
    assert not covered


@pytest.mark.keras
@every_network
def test_keras_builds_what_is_counted(config: ResNetConfig) -> None:
    metrics, model = describe(config), build_keras_model(config, seed=1)
    assert {layer.name for layer in model.layers} == {row.id for row in metrics.layers}
    for row, node in zip(metrics.layers, graph_of(config).nodes, strict=True):
        layer = model.get_layer(row.id)
        assert tuple(layer.output.shape[1:]) == row.output_shape
        assert type(layer).__name__ == node.op.keras.name
        for weights, number in (
            (layer.trainable_weights, row.trainable_params),
            (layer.non_trainable_weights, row.non_trainable_params),
        ):
            assert sum(prod(weight.shape) for weight in weights) == number, row.id


@pytest.mark.keras
@every_network
def test_its_picture_is_keras_s_own(config: ResNetConfig) -> None:
    assert_same(config, structure(config), EVERYTHING)


@pytest.mark.keras
@every_network
def test_its_program_builds_the_same_network(config: ResNetConfig) -> None:
    theirs, ours = run(keras_code(config, name="x"))["build"](), build_keras_model(config)
    assert_the_same_network(ours, theirs)
    assert_the_same_numbers(config, ours, theirs)
    assert sum(prod(w.shape) for w in theirs.trainable_weights) == describe(config).trainable_params


def test_a_program_that_lacks_an_operation_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without the layer under a docstring that counts it."""
    monkeypatch.setattr("resnet.as_keras.program_parts.SUBSAMPLE", "")
    with pytest.raises(AssertionError, match="AveragePooling2D"):
        keras_code(NETWORKS["padded"], name="x")


def test_se_resnet_50_has_the_published_count() -> None:
    """Hu et al. 2018; the count is timm's for seresnet50, weights and biases of the gates
    included."""
    config = with_settings(get("resnet50").config, {"se_ratio": 16})
    assert describe(config).trainable_params == 28_088_024
    layers = build_graph(config).by_id
    assert layers["stage4.block3.se.reduce"].output_shape == (128,)
    assert layers["stage4.block3.se.scale"].output_shape == (7, 7, 2048)


SOURCES = sorted((ROOT / "resnet").rglob("*.py")) + sorted((ROOT / "app").rglob("*.py"))
CLASSES = {operation.__name__ for operation in OPERATIONS}


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_match_over_operations_ends_in_assert_never(file: Path) -> None:
    """A match that lets a new operation fall through in silence; mypy proves the others whole."""
    for match in ast.walk(ast.parse(file.read_text())):
        if isinstance(match, ast.Match) and classes_of(match) & CLASSES:
            last = match.cases[-1]
            assert "assert_never" in ast.unparse(last), f"{file}:{match.lineno}"


def classes_of(match: ast.Match) -> set[str]:
    patterns = [node for case in match.cases for node in ast.walk(case.pattern)]
    return {ast.unparse(node.cls) for node in patterns if isinstance(node, ast.MatchClass)}
