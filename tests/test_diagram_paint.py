"""Numbers and differences as colours."""

import io
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from strategies import configs, looks

from resnet import ResNetConfig, build_graph, get, with_settings
from resnet.diagram import Colour, Drawing, View, draw
from resnet.diagram.colours.paint import box_values, thresholds
from resnet.diagram.formats.pdf import pdf, png
from resnet.diagram.looks.shapes import Rect

PAINTED = tuple(colour for colour in get_args(Colour) if colour not in ("operation", "difference"))


def steps(drawing: Drawing) -> list[int]:
    """The step of the scale that each box has; boxes without a face have none."""
    found = []
    for box in drawing.boxes:
        looks = [
            mark.look
            for mark in box.marks
            if isinstance(mark, Rect) and mark.look.startswith("heat-")
        ]
        assert len(looks) <= 1, box.id
        found.append(int(looks[0].removeprefix("heat-")) if looks else -1)
    return found


@given(looks(configs()), st.sampled_from(PAINTED))
def test_more_is_never_lighter(look: tuple[ResNetConfig, View], colour: Any) -> None:
    """Catches a scale that runs backwards, and a box whose pill is coloured in place of its
    card."""
    config, view = look
    drawing = draw(build_graph(config), view.model_copy(update={"colour": colour}))
    values = box_values(drawing, colour)
    pairs = sorted(
        (value, step) for value, step in zip(values, steps(drawing), strict=True) if step >= 0
    )
    assert [step for _, step in pairs] == sorted(step for _, step in pairs)
    assert all((step == 0) == (value == 0) for value, step in pairs)


@given(looks(configs()), st.sampled_from(PAINTED))
def test_painting_moves_nothing(look: tuple[ResNetConfig, View], colour: Any) -> None:
    """Catches colours that change the layout."""
    config, view = look
    plain, painted = (
        draw(build_graph(config), view.model_copy(update={"colour": c}))
        for c in ("operation", colour)
    )
    assert [(b.id, b.x, b.y, b.width, b.height) for b in plain.boxes] == [
        (b.id, b.x, b.y, b.width, b.height) for b in painted.boxes
    ]


@given(st.lists(st.integers(1, 10**12), min_size=1))
def test_the_scale_spans_the_values(values: list[int]) -> None:
    """Catches a least value below the first step, and steps that repeat."""
    edges = thresholds(values)
    assert edges[0] <= min(values)
    assert edges == sorted(set(edges))
    assert len(edges) <= 6


def test_the_card_of_a_block_is_painted_and_not_the_relu_behind_it() -> None:
    drawing = draw(build_graph(get("resnet56").config), View(colour="macs"))
    box = drawing.by_id["stage1.block2"]
    (face,) = [
        mark for mark in box.marks if isinstance(mark, Rect) and mark.look.startswith("heat-")
    ]
    assert face.height > 40


def test_a_twin_differs_by_its_shortcuts_alone() -> None:
    """Catches a comparison that colours what did not change: only lines are new between plain56 and
    resnet56."""
    drawing = draw(
        build_graph(get("plain56").config),
        View(colour="difference"),
        beside=build_graph(get("resnet56").config),
    )
    assert not [
        mark.look for box in drawing.boxes for mark in box.marks if mark.look.startswith("is-")
    ]
    lines = {edge.marks[0].look for edge in drawing.edges if edge.kind != "chain"}
    assert lines == {"added-line", "added-dotted"}


def test_what_changed_is_marked_in_both() -> None:
    """Catches a change that only one side shows."""
    first = get("resnet20").config
    second = with_settings(first, {"norm.momentum": 0.99})
    drawing = draw(
        build_graph(first), View(colour="difference", level="block"), beside=build_graph(second)
    )
    marked = {box.id for box in drawing.boxes for mark in box.marks if mark.look == "is-changed"}
    norms = {box.id for box in drawing.boxes if box.kind == "norm"}
    assert marked == norms
    assert {name.removeprefix("other:") for name in marked if name.startswith("other:")} == {
        name for name in marked if not name.startswith("other:")
    }


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize(
    "pair", [("resnet20", "resnet56"), ("resnet18", "resnet50"), ("resnet50", "resnet18")]
)
def test_sections_stand_in_step(pair: tuple[str, str], direction: Any) -> None:
    """Catches networks that drift apart: the same section begins at the same place along the chain,
    however much longer it is in one of them."""
    first, second = (build_graph(get(name).config) for name in pair)
    drawing = draw(first, View(direction=direction), beside=second)
    places = {
        panel.id: panel.x if direction == "LR" else panel.y
        for panel in drawing.panels
        if panel.kind == "section"
    }
    own = [name for name in places if not name.startswith("other:")]
    assert [places[name] for name in own] == [places[f"other:{name}"] for name in own]


@pytest.mark.parametrize("level", ["network", "stage", "block", "layer"])
def test_new_shortcuts_show_at_every_level(level: Any) -> None:
    """Catches a difference that a closed stage swallows."""
    drawing = draw(
        build_graph(get("plain56").config),
        View(colour="difference", level=level),
        beside=build_graph(get("resnet56").config),
    )
    marks = [mark.look for part in (*drawing.boxes, *drawing.edges) for mark in part.marks]
    assert [look for look in marks if look.startswith(("is-", "added"))]


def pair(colour: Any, style: Any) -> Drawing:
    return draw(
        build_graph(get("plain20").config),
        View(colour=colour, style=style, level="block"),
        beside=build_graph(get("resnet20").config),
    )


STYLED = pytest.mark.parametrize("style", ["detailed", "compact", "figure3"])
COLOURED = pytest.mark.parametrize("colour", ["difference", "operation", "macs"])


@COLOURED
@STYLED
def test_tints_stay_tints_in_the_pdf_of_a_pair(colour: Any, style: Any) -> None:
    """Catches tints that become solid colour."""
    drawing = pair(colour, style)
    image = Image.open(io.BytesIO(png(drawing, 2))).convert("L")
    for box in drawing.boxes:
        corner = (round(2 * (box.x + box.width - 4)), round(2 * (box.y + box.height / 2)))
        assert colour != "operation" or box.kind == "add" or image.getpixel(corner) > 200, box.id


@pytest.mark.poppler
@COLOURED
@STYLED
def test_poppler_has_no_complaint_about_the_pdf_of_a_pair(
    colour: Any, style: Any, tmp_path: Path
) -> None:
    """Catches a graphics state that poppler cannot find: forms share the page's states."""
    file = tmp_path / "pair.pdf"
    file.write_bytes(pdf(pair(colour, style)))
    command = ["pdftoppm", "-r", "30", "-png", file, tmp_path / "page"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
