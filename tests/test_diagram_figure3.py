"""Figure 3 of He et al. 2015, box for box and arc for arc."""

from itertools import groupby

import pytest

from resnet import build_graph, get, with_settings
from resnet.diagram import OTHER, Drawing, View, draw
from resnet.diagram.looks.shapes import Text

STAGES = ((64, 6), (128, 8), (256, 12), (512, 6))
"""Filters and convolutions of each stage of the 34-layer networks, as the figure has them."""
SIZES = ["224", "112", "56", "28", "14", "7", "1"]
DOTTED_AFTER = {"stage2.block1", "stage3.block1", "stage4.block1"}


@pytest.fixture(scope="module")
def figure() -> Drawing:
    view = View(style="figure3", level="layer", direction="TB")
    return draw(
        build_graph(get("plain34").config), view, beside=build_graph(get("resnet34").config)
    )


def words() -> list[str]:
    """What stands on the boxes of one column of the figure; our classifier's softmax is drawn
    too."""
    convolutions = [
        f"3×3 conv, {filters}{', /2' if first and filters > 64 else ''}"
        for filters, count in STAGES
        for first in [True] + [False] * (count - 1)
    ]
    return [
        "image",
        "7×7 conv, 64, /2",
        "pool, /2",
        *convolutions,
        "avg pool",
        "fc, 1000",
        "softmax",
    ]


def column(figure: Drawing, prefix: str) -> list[str]:
    boxes = [
        box
        for box in figure.boxes
        if box.id.startswith(OTHER) == bool(prefix) and ".shortcut." not in box.id
    ]
    return [box.title for box in sorted(boxes, key=lambda box: box.y)]


@pytest.mark.parametrize("prefix", ["", OTHER])
def test_both_columns_have_the_figure_s_boxes_in_its_order(figure: Drawing, prefix: str) -> None:
    """Catches a box more or less than the paper has, or other words on it."""
    assert column(figure, prefix) == words()


def test_the_residual_column_has_16_arcs_and_3_of_them_are_dotted(figure: Drawing) -> None:
    """Catches an arc over the wrong convolutions: each spans two boxes, dotted where the map
    halves."""
    arcs = [edge for edge in figure.edges if edge.kind != "chain"]
    assert all(edge.target.startswith(OTHER) for edge in arcs)
    assert [edge.target.removeprefix(OTHER).rpartition(".")[0] for edge in arcs] == [
        f"stage{stage}.block{block}"
        for stage, (_, count) in enumerate(STAGES, 1)
        for block in range(1, count // 2 + 1)
    ]
    dotted = {
        edge.target.removeprefix(OTHER).rpartition(".")[0]
        for edge in arcs
        if edge.marks[0].look == "arc-change"
    }
    assert dotted == DOTTED_AFTER
    for edge in arcs:
        spanned = [
            box
            for box in figure.boxes
            if box.id.startswith(OTHER)
            and edge.start[1] < box.y < edge.end[1]
            and ".shortcut." not in box.id
        ]
        assert len(spanned) == 2


def test_the_plain_column_has_no_arc(figure: Drawing) -> None:
    assert not [
        edge for edge in figure.edges if edge.kind != "chain" and not edge.target.startswith(OTHER)
    ]


def test_the_sizes_of_the_maps_stand_at_the_left(figure: Drawing) -> None:
    notes = [
        mark
        for mark in figure.notes
        if isinstance(mark, Text) and mark.text.startswith("output size: ")
    ]
    assert [
        mark.text.removeprefix("output size: ") for mark in sorted(notes, key=lambda mark: mark.y)
    ] == SIZES


def test_the_columns_are_headed_as_in_the_paper(figure: Drawing) -> None:
    texts = [mark.text for mark in figure.notes if isinstance(mark, Text)]
    assert {"34-layer plain", "34-layer residual"} <= set(texts)


def test_every_width_has_a_colour_of_its_own(figure: Drawing) -> None:
    """Catches stages that cannot be told apart: the paper colours boxes by their filters."""
    tints = []
    for box in figure.boxes:
        if box.title.startswith("3×3"):
            tints.append(next(mark.look for mark in box.marks if mark.look.startswith("figure-")))
    assert [look for look, _ in groupby(tints[: len(tints) // 2])] == [
        "figure-1",
        "figure-2",
        "figure-3",
        "figure-4",
    ]


def test_repeats_are_counted_in_plain_columns_too() -> None:
    """Catches a 34-layer plain network that looks like an 18-layer one: it has no arc to write the
    count on."""
    view = View(style="figure3", direction="TB")
    counts = {}
    for name in ("plain34", "resnet34"):
        notes = draw(build_graph(get(name).config), view).notes
        counts[name] = [
            mark.text for mark in notes if isinstance(mark, Text) and mark.text.startswith("×")
        ]
    assert counts["plain34"] == counts["resnet34"] == ["×2", "×3", "×5", "×2"]


def test_option_c_dots_only_where_dimensions_change() -> None:
    """Catches arcs dotted because they are projections: with option C all are."""
    config = with_settings(get("resnet34").config, {"shortcut": "projection_always"})
    drawing = draw(build_graph(config), View(style="figure3", level="layer", direction="TB"))
    dotted = [edge for edge in drawing.edges if edge.marks[0].look == "arc-change"]
    assert len(dotted) == len(DOTTED_AFTER)
