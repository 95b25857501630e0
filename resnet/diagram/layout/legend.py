"""What the signs and lines of a drawing mean, in a line or two below it; only what the drawing
shows is listed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from resnet.diagram.content.fold import Section, Unit
from resnet.diagram.content.view import View
from resnet.diagram.content.wording import kind_of, layer_text
from resnet.diagram.drawing.parts import EdgeKind
from resnet.diagram.looks.glyphs import GLYPH, glyph
from resnet.diagram.looks.shapes import Mark, Path, Text, shifted
from resnet.diagram.looks.style import OPERATION_OF_KIND
from resnet.diagram.looks.text import width
from resnet.network.graph import Node

MARGIN = 10.0
"""Around every drawing."""
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
WORDS = {
    "conv": "convolution",
    "relu": "ReLU",
    "add": "addition",
    "pad": "zero channels",
    "pool": "pooling",
    "subsample": "subsampling",
}
POOLING = ("pool", "global_pool")


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
    shown = dict[str, Entry]()
    for section in sections:
        for unit in section.units:
            for node in unit.layers:
                kind = "pool" if node.op.kind in POOLING else kind_of(node)
                if kind not in shown and _is_drawn(node, section, unit):
                    shown[kind] = Entry(glyph(kind, 0, -GLYPH / 2), GLYPH, _meaning(kind, node))
    strokes = [Entry(_stroke(kind), STROKE, f"{LINES[kind]} shortcut") for kind in shortcuts]
    ordered = [shown[kind] for kind in OPERATION_OF_KIND if kind in shown]
    return ordered + strokes


def _figure_legend(shortcuts: Sequence[EdgeKind]) -> list[Entry]:
    if not shortcuts:
        return []
    return [
        Entry(_stroke("arc-same"), STROKE, "shortcut"),
        Entry(_stroke("arc-change"), STROKE, "dimensions change"),
    ]


def _is_drawn(node: Node, section: Section, unit: Unit) -> bool:
    """Whether a layer has a sign: where blocks are closed, a shortcut's layers are words on its
    line."""
    if not section.opened:
        return node.op.kind != "add" and node.path != "shortcut"
    return unit.opened or not unit.block or node.path != "shortcut"


def _meaning(kind: str, node: Node) -> str:
    if kind in ("norm", "activation"):
        return layer_text(node)
    return WORDS.get(kind, kind)


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
        if at_x > x and at_x + whole > right:
            at_x, at_y = x, at_y + LINE
        marks += [shifted(mark, at_x, at_y) for mark in sign]
        marks.append(Text(at_x + sign_width + BESIDE, at_y + 2.6, text, "note"))
        end = max(end, at_x + whole)
        at_x += whole + SPACE
    return tuple(marks), end, at_y + LINE / 2
