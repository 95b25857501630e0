"""The meaning of the signs and lines of a drawing, in one or two lines below it; only what the
drawing shows is listed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from resnet.diagram.content.fold import Section, Unit
from resnet.diagram.content.view import View
from resnet.diagram.content.wording import kind_of
from resnet.diagram.drawing.parts import EdgeKind
from resnet.diagram.looks.glyphs import GLYPH, glyph
from resnet.diagram.looks.shapes import Mark, Path, Text, shifted
from resnet.diagram.looks.style import OPERATION_OF_KIND
from resnet.diagram.looks.text import width
from resnet.network.graph import Node

MARGIN = 10.0
"""Around every drawing."""
# Points. ABOVE: over the legend. LINE: from one line of the legend to the next. SPACE: between two
# entries. STROKE: length of the sample of a line. BESIDE: between a sign and its words.
ABOVE = 12.0
LINE = 14.0
SPACE = 13.0
STROKE = 20.0

BESIDE = 4.0

LINES: dict[EdgeKind, str] = {
    "identity": "identity",
    "padded": "padded identity",
    "projection": "projection",
}


class Entry(NamedTuple):
    """A sign of this width, drawn around y = 0, and its meaning."""

    sign: tuple[Mark, ...]
    sign_width: float
    text: str


def legend(sections: Sequence[Section], view: View, lines: Iterable[EdgeKind]) -> list[Entry]:
    """The operations that are drawn, then the kinds of shortcut line."""
    shortcuts = [kind for kind in LINES if kind in set(lines)]
    if view.style == "figure3":
        return _figure_legend(shortcuts)
    shown: dict[str, tuple[str, Entry]] = {}
    for section in sections:
        for unit in section.units:
            for node in unit.layers:
                noun = _noun(node)
                if noun not in shown and _is_drawn(node, section, unit):
                    kind = kind_of(node)
                    shown[noun] = kind, Entry(glyph(kind, 0, -GLYPH / 2), GLYPH, noun)
    strokes = [Entry(_stroke(kind), STROKE, f"{LINES[kind]} shortcut") for kind in shortcuts]
    # In the order of the operations, not of the layers: the same order in every legend.
    signs = [entry for sign in OPERATION_OF_KIND for kind, entry in shown.values() if kind == sign]
    return signs + strokes


def _figure_legend(shortcuts: Sequence[EdgeKind]) -> list[Entry]:
    if not shortcuts:
        return []
    return [
        Entry(_stroke("arc-same"), STROKE, "shortcut"),
        Entry(_stroke("arc-change"), STROKE, "dimensions change"),
    ]


def _is_drawn(node: Node, section: Section, unit: Unit) -> bool:
    """Whether a layer has a sign: where blocks are closed, the layers of a shortcut are a text on
    its line."""
    if not section.opened:
        return node.op.kind != "add" and node.path != "shortcut"
    return unit.opened or not unit.block or node.path != "shortcut"


def _noun(node: Node) -> str:
    """The meaning of a layer's sign: every kind of pooling is one word."""
    kind = kind_of(node)
    return kind if kind == "projection" else node.op.noun


def _stroke(look: str) -> tuple[Mark, ...]:
    return (Path((("M", 0, 0), ("L", STROKE, 0)), look),)


def spread(
    entries: Sequence[Entry], x: float, y: float, right: float
) -> tuple[tuple[Mark, ...], float, float]:
    """The legend's marks from x to the right in as many lines as it takes, and where it ends: right
    and bottom. One entry may be wider than the drawing above it."""
    marks: list[Mark] = []
    at_x, at_y, end = x, y + ABOVE, right
    for sign, sign_width, text in entries:
        whole = sign_width + BESIDE + width(text, "note")
        # An entry wider than the drawing gets a line for itself and does not wrap again.
        if at_x > x and at_x + whole > right:
            at_x, at_y = x, at_y + LINE
        marks += [shifted(mark, at_x, at_y) for mark in sign]
        marks.append(Text(at_x + sign_width + BESIDE, at_y + 2.6, text, "note"))
        end = max(end, at_x + whole)
        at_x += whole + SPACE
    return tuple(marks), end, at_y + LINE / 2
