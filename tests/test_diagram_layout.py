"""Drawings as data: what is drawn, where it stands, and that nothing is missing, doubled or in the
way."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import configs, looks

from resnet import ConfigError, Graph, Node, ResNetConfig, build_graph, get, measure, with_settings
from resnet.diagram import Box, Drawing, Edge, Level, Panel, View, draw
from resnet.diagram.content.fold import fold
from resnet.diagram.layout.opened import HEADER
from resnet.diagram.looks.shapes import Mark, Text
from resnet.diagram.looks.style import LOOKS
from resnet.diagram.looks.text import OTHER_FONTS, width
from resnet.network.config import Shortcut

MOST_BOXES = 25
NAMES = (
    "resnet20",
    "plain56",
    "resnet110",
    "resnet18",
    "resnet34",
    "plain34",
    "resnet50",
    "resnet152",
)
SLACK = 1e-6

Look = tuple[ResNetConfig, View]
Rectangle = tuple[float, float, float, float]


def rectangle(part: Box | Panel) -> Rectangle:
    """left, top, right, bottom"""
    return part.x, part.y, part.x + part.width, part.y + part.height


def within(inner: Rectangle, outer: Rectangle) -> bool:
    return (
        inner[0] >= outer[0] - SLACK
        and inner[1] >= outer[1] - SLACK
        and inner[2] <= outer[2] + SLACK
        and inner[3] <= outer[3] + SLACK
    )


def apart(one: Rectangle, other: Rectangle) -> bool:
    return (
        one[2] <= other[0] + SLACK
        or other[2] <= one[0] + SLACK
        or one[3] <= other[1] + SLACK
        or other[3] <= one[1] + SLACK
    )


def text_rectangle(text: Text) -> Rectangle:
    """Where letters are, in the carried font, from the height of a capital to a little under the
    line."""
    size = LOOKS[text.look].size
    whole = width(text.text, text.look) / OTHER_FONTS
    left = text.x - {"start": 0, "middle": whole / 2, "end": whole}[text.anchor]
    return left, text.y - 0.66 * size, left + whole, text.y + 0.2 * size


def texts(marks: Iterable[Mark]) -> list[Text]:
    return [mark for mark in marks if isinstance(mark, Text)]


def all_apart(rectangles: list[Rectangle]) -> bool:
    """Sorted by their top, a rectangle need only be compared with those that begin before it
    ends."""
    ordered = sorted(rectangles, key=lambda r: r[1])
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other[1] >= one[3]:
                break
            if not apart(one, other):
                return False
    return True


# ---- what is drawn
# ----------------------------------------------------------------------------


@given(configs(most_blocks=60))
def test_a_folded_drawing_has_at_most_25_boxes(config: ResNetConfig) -> None:
    """Folding that fails for some combination of fields."""
    assert len(draw(build_graph(config)).boxes) <= MOST_BOXES


@pytest.mark.parametrize("name", ["resnet1202", "plain1202", "resnet152"])
def test_the_deepest_networks_fold_to_at_most_25_boxes(name: str) -> None:
    assert len(draw(build_graph(get(name).config)).boxes) <= MOST_BOXES


@given(looks(configs()))
def test_every_layer_stands_in_exactly_one_box(look: Look) -> None:
    """A layer left out of the picture, or drawn twice."""
    config, view = look
    graph = build_graph(config)
    drawn = Counter(name for box in draw(graph, view).boxes for name in box.node_ids)
    assert drawn == Counter(node.id for node in graph.nodes)


@given(looks(configs()))
def test_boxes_and_panels_have_names_of_their_own(look: Look) -> None:
    """Two things the page could not tell apart."""
    config, view = look
    drawing = draw(build_graph(config), view)
    for parts in (drawing.boxes, drawing.panels):
        assert len({part.id for part in parts}) == len(parts)


@given(configs(), st.sampled_from(["stage", "block"]))
def test_only_equal_blocks_fold_and_never_the_first_of_a_stage(
    config: ResNetConfig, level: Level
) -> None:
    """A fold that hides a stride, a projection or another shape; compared here field by field, not
    by signature."""
    graph = build_graph(config)
    for section in fold(graph, View(level=level)):
        for unit in section.units:
            assert unit.repeat == 1 or unit.block > 1
            for block in unit.alike[1:]:
                for node, other in zip(unit.layers, block, strict=True):
                    assert (node.op, node.output_shape, node.path) == (
                        other.op,
                        other.output_shape,
                        other.path,
                    )
                    incoming = [graph.by_id[name].output_shape for name in node.inputs]
                    assert incoming == [graph.by_id[name].output_shape for name in other.inputs]


@given(configs())
def test_all_equal_blocks_fold(config: ResNetConfig) -> None:
    """A stage is its first block and its repeats: with three blocks or more there are two boxes. A
    last block that strides stands apart."""
    sections = [section for section in fold(build_graph(config), View()) if section.is_stage]
    boxes = []
    for stage in config.stages:
        strides_last = config.stride_at == "end" and stage.stride > 1
        boxes.append(min(3 if strides_last else 2, stage.blocks))
    assert [len(section.units) for section in sections] == boxes


@given(configs(most_blocks=40))
def test_the_labels_of_repeats_are_true(config: ResNetConfig) -> None:
    """ "8 more blocks", "8 × 4,672 parameters": as many as there are, and together what they really
    have."""
    graph = build_graph(config)
    rows = {row.id: row for row in measure(graph).layers}
    for box in draw(graph).boxes:
        if box.kind != "repeat":
            assert box.repeat == 1
            continue
        blocks = {graph.by_id[name].block for name in box.node_ids}
        assert box.repeat == len(blocks) > 1
        assert box.title == f"{len(blocks)} more blocks"
        assert "each with its own weights" in box.lines
        total = sum(rows[name].trainable_params for name in box.node_ids)
        assert f"{len(blocks)} × {total // len(blocks):,} parameters" in box.lines
        assert total % len(blocks) == 0


@given(configs())
def test_single_blocks_say_the_parameters_they_have(config: ResNetConfig) -> None:
    graph = build_graph(config)
    rows = {row.id: row for row in measure(graph).layers}
    for box in draw(graph).boxes:
        total = sum(rows[name].trainable_params for name in box.node_ids)
        if box.repeat == 1 and total:
            assert f"{total:,} parameters" in box.lines


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node._replace(op=replace(node.op, stride=2)),
        lambda node: node._replace(output_shape=(16, 16, 16)),
        lambda node: node._replace(path="shortcut"),
        lambda node: node._replace(inputs=("stage1.block5.conv1",)),
    ],
)
def test_a_block_that_differs_in_anything_is_not_folded(change: Callable[[Node], Node]) -> None:
    """A fold that compares too little; networks we build do not differ like this, others may one
    day."""
    graph = build_graph(get("resnet56").config)
    nodes = tuple(
        [change(node) if node.id == "stage1.block5.conv2" else node for node in graph.nodes]
    )
    stage = fold(Graph(graph.config, nodes), View())[1]
    assert [(unit.block, unit.repeat) for unit in stage.units] == [(1, 1), (2, 3), (5, 1), (6, 4)]


def test_a_stage_of_two_blocks_shows_both_as_blocks() -> None:
    """ "1 more block" would be a fold of nothing."""
    boxes = [
        box for box in draw(build_graph(get("resnet18").config)).boxes if box.parent == "stage2"
    ]
    assert [(box.kind, box.title) for box in boxes] == [("block", "Block 1"), ("block", "Block 2")]


@given(looks(configs(most_blocks=12), level="layer", style="detailed", toggled=(), unfolded=()))
def test_the_lines_between_layers_are_those_of_the_graph(look: Look) -> None:
    """A shortcut that starts at the wrong layer, for example before or behind the
    pre-activation. The layers of a gate share one box, and one line leads into it."""
    config, view = look
    graph = build_graph(config)
    drawing = draw(graph, view)
    box_of = {name: box for box in drawing.boxes for name in box.node_ids}
    shared = [box for box in drawing.boxes if len(box.node_ids) > 1]
    assert all(".se." in name for box in shared for name in box.node_ids)
    expected: Counter[tuple[str, str]] = Counter()
    for node in graph.nodes:
        target = box_of[node.id]
        for source in [box_of[name] for name in node.inputs]:
            if source is not target and (target not in shared or node.id == target.id):
                expected[source.id, target.id] += 1
    assert Counter((edge.source, edge.target) for edge in drawing.edges) == expected


@given(configs(), st.sampled_from(["stage", "block"]))
def test_shortcut_lines_are_of_the_kind_the_graph_has(config: ResNetConfig, level: Level) -> None:
    """A projection drawn as an identity, or the other way round."""
    graph = build_graph(config)
    drawing = draw(graph, View(level=level))
    drawn = {
        edge.target.removesuffix(".add"): edge.kind
        for edge in drawing.edges
        if edge.kind != "chain" and (level == "stage" or edge.target.endswith(".add"))
    }
    for section in fold(graph, View(level=level)):
        for unit in section.units:
            if not unit.block or config.shortcut == "none":
                continue
            ops = {node.op.kind for node in unit.layers if node.path == "shortcut"}
            kind = "projection" if "conv" in ops else "padded" if ops else "identity"
            assert drawn[f"{unit.section}.block{unit.block}"] == kind
    assert config.shortcut != "none" or not drawn


# ---- where it stands
# ----------------------------------------------------------------------------


@given(looks(configs()))
def test_no_boxes_overlap(look: Look) -> None:
    config, view = look
    drawing = draw(build_graph(config), view)
    assert all_apart([rectangle(box) for box in drawing.boxes])
    for kind in ("section", "block"):
        assert all_apart([rectangle(panel) for panel in drawing.panels if panel.kind == kind])


@given(looks(configs()))
def test_children_lie_inside_their_parents(look: Look) -> None:
    config, view = look
    drawing = draw(build_graph(config), view)
    whole = {"": (0.0, 0.0, drawing.width, drawing.height)}
    frames = whole | {panel.id: rectangle(panel) for panel in drawing.panels}
    for part in (*drawing.panels, *drawing.boxes):
        assert within(rectangle(part), frames[part.parent]), part.id


@given(looks(configs()))
def test_lines_start_and_end_on_boxes(look: Look) -> None:
    """A shortcut of an opened block may also leave the chain on its way from its source into the
    block, and an arc of figure 3 meets the chain just behind the block's last box."""
    config, view = look
    drawing = draw(build_graph(config), view)
    into = {edge.source: edge for edge in drawing.edges if edge.kind == "chain"}
    for edge in drawing.edges:
        last = drawing.by_id[edge.target]
        joins = view.style == "figure3" and edge.kind != "chain"
        assert touches(last, edge.end) or (joins and just_behind(last, edge.end)), edge
        assert touches(drawing.by_id[edge.source], edge.start) or on_its_way(
            into[edge.source], edge
        ), edge


def touches(box: Box, point: tuple[float, float]) -> bool:
    return within((*point, *point), rectangle(box))


def just_behind(box: Box, point: tuple[float, float]) -> bool:
    middle, bottom = box.x + box.width / 2, box.y + box.height
    return abs(point[0] - middle) < SLACK and bottom <= point[1] <= bottom + 5


def on_its_way(chain: Edge, shortcut: Edge) -> bool:
    (x, y), (chain_x, chain_y) = shortcut.start, chain.end
    return abs(x - chain_x) < SLACK and chain_y - HEADER <= y <= chain_y


@given(looks(configs()))
def test_letters_are_neither_cut_nor_on_one_another(look: Look) -> None:
    """A long label in a box that was measured for a shorter one."""
    config, view = look
    drawing = draw(build_graph(config), view)
    for part in (*drawing.boxes, *drawing.panels):
        own = [text_rectangle(text) for text in texts(part.marks)]
        assert all(within(letters, (0, 0, part.width, part.height)) for letters in own), part.id
        assert all_apart(own), part.id
    frame = (0, 0, drawing.width, drawing.height)
    loose = [text_rectangle(text) for text in texts((*drawing.legend, *drawing.notes))]
    assert all(within(letters, frame) for letters in loose)
    assert all_apart(loose)


@given(configs())
def test_the_tag_of_a_shortcut_stands_in_the_lane_of_its_block(config: ResNetConfig) -> None:
    """A tag over the words of a card, or beyond the panel."""
    drawing = draw(build_graph(config))
    for edge in drawing.edges:
        if edge.kind == "chain":
            continue
        box = drawing.by_id[edge.target]
        words = [
            text_rectangle(text._replace(x=text.x + box.x, y=text.y + box.y))
            for text in texts(box.marks)
        ]
        for tag in texts(edge.marks):
            letters = text_rectangle(tag)
            assert within(letters, rectangle(box))
            assert all(apart(letters, word) for word in words)


@given(looks(configs(), colour="operation"))
def test_twins_stand_in_the_same_places(look: Look) -> None:
    """Switching the shortcuts must make only the shortcuts appear; no box may move."""
    config, view = look
    config = with_settings(config, {"norm.last_gamma": "one"})
    drawings = [draw(build_graph(twin), view) for twin in twins(config)]
    plain, *residual = drawings
    for other in residual:
        assert other.width == plain.width
        assert [rectangle(panel) for panel in other.panels] == [
            rectangle(panel) for panel in plain.panels
        ]
        assert plain.by_id.keys() <= other.by_id.keys()
        assert [rectangle(box) for box in plain.boxes] == [
            rectangle(other.by_id[box.id]) for box in plain.boxes
        ]


def test_twins_stand_in_the_same_places_where_only_the_residual_one_has_a_digit_more() -> None:
    """The count of a box of repeats is its widest line here: 899 × 953,120 when plain, 899 ×
    1,006,480 projected."""
    config = with_settings(get("resnet20").config, {"stages": [{"blocks": 900, "filters": 230}]})
    widths = {draw(build_graph(twin)).boxes[0].width for twin in twins(config)}
    assert len(widths) == 1


def twins(config: ResNetConfig) -> list[ResNetConfig]:
    """The same network with every shortcut that makes sense for it, the plain one first."""
    made = []
    for shortcut in get_args(Shortcut):
        try:
            made.append(with_settings(config, {"shortcut": shortcut}))
        except ConfigError:
            assert shortcut == "padded_identity"
    return made


@pytest.mark.parametrize("name", NAMES)
def test_a_folded_drawing_fits_a_wide_screen(name: str) -> None:
    """From left to right it is between 2 and 4 times as wide as high, so that letters stay readable
    in a canvas."""
    drawing = draw(build_graph(get(name).config), View(direction="LR"))
    assert 2 <= drawing.width / drawing.height <= 4


@settings(max_examples=30)
@given(looks(configs()))
def test_drawing_twice_gives_equal_drawings(look: Look) -> None:
    """Places that depend on what was drawn before, through some cache."""

    def places(drawing: Drawing) -> list[object]:
        return [*drawing.boxes, *drawing.panels, *drawing.edges, drawing.legend]

    config, view = look
    first, second = (draw(build_graph(config), view) for _ in range(2))
    assert places(first) == places(second)
