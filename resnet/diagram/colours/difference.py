"""The differences between two networks, painted on both: a colour and a sign on every box, and a
colour on shortcuts."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from resnet.diagram.colours.paint import painted
from resnet.diagram.colours.restyle import face_of, restyled
from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import OTHER, Box, Edge
from resnet.diagram.layout.legend import Entry
from resnet.diagram.looks.shapes import Mark, Rect, Text
from resnet.diagram.looks.style import LOOKS
from resnet.network.graph import Graph, Node
from resnet.network.shortcuts import shortcut_kinds
from resnet.tables.comparison import Change, Comparison, LayerChange, compare

SIGNS: dict[Change, str] = {"added": "+", "removed": "−", "changed": "≠", "same": ""}
MEANINGS: dict[Change, str] = {
    "added": "only in the second",
    "removed": "only in the first",
    "changed": "in both, changed",
    "same": "the same in both",
}
SECTIONS = ("stage", "stem", "head")


def coloured(drawing: Drawing) -> Drawing:
    """The drawing in the colours its view asks for; a single network has no differences to show."""
    colour = drawing.view.colour
    if colour == "operation" or (colour == "difference" and drawing.other is None):
        return drawing
    if colour == "difference" and drawing.other is not None:
        return compared(drawing, compare(drawing.graph.config, drawing.other.config))
    return painted(drawing, colour)


def compared(drawing: Drawing, comparison: Comparison) -> Drawing:
    """A pair with what was added, removed and changed in colours."""
    # One dict for both networks: layers are matched by id, and only boxes have the prefix "other:".
    changes = {layer.id: _own_change(layer) for layer in comparison.layers}
    blocks = _shortcuts(comparison)

    def repainted(box: Box) -> Box:
        change = _change(box, drawing.graph_of(box), changes)
        return (
            box
            if change == "same"
            else replace(box, marks=_marks(box.marks, change), lines=(*box.lines, MEANINGS[change]))
        )

    present = {*changes.values(), *blocks.values()}
    legend = _legend([change for change in MEANINGS if change in present])
    return restyled(drawing, repainted, lambda edge: _recoloured(edge, blocks), legend)


def _own_change(layer: LayerChange) -> Change:
    """A layer that only reads from another layer counts as the same: that other layer is marked."""
    moved = layer.change == "changed" and all(what.startswith("reads ") for what in layer.what)
    return "same" if moved else layer.change


def _change(box: Box, graph: Graph, changes: dict[str, Change]) -> Change:
    """Added or removed if all its layers are; changed if only some of them differ.

    The shortcut of a block is drawn as a line, which shows its change; a closed stage shows no
    shortcuts.
    """
    branch = [name for name in box.node_ids if not _of_shortcut(graph.by_id[name])]
    names = branch if branch and box.kind not in SECTIONS else box.node_ids
    kinds = {changes[name] for name in names}
    return kinds.pop() if len(kinds) == 1 else "changed"


def _of_shortcut(node: Node) -> bool:
    return node.path == "shortcut" or node.op.kind == "add"


@lru_cache(maxsize=2048)
def _marks(marks: tuple[Mark, ...], change: Change) -> tuple[Mark, ...]:
    """On coloured ground, with the sign in the upper right corner of the card."""
    face = face_of(marks)
    marks_left = [
        mark._replace(look=f"is-{change}") if mark is face else mark
        for mark in marks
        # The tint of an operation, painted over it, would change the colour of the difference.
        if not mark.look.endswith("-tint")
    ]
    # The circle of an addition has no corner for a sign.
    if not isinstance(face, Rect):
        return tuple(marks_left)
    return (
        *marks_left,
        Text(face.x + face.width - 4, face.y + 9.5, SIGNS[change], "title-sign", "end"),
    )


def _shortcuts(comparison: Comparison) -> dict[str, Change]:
    """The change of each block's shortcut, by the block's name."""
    before, after = shortcut_kinds(comparison.before), shortcut_kinds(comparison.after)
    changes: dict[str, Change] = {}
    for name in before.keys() | after.keys():
        one, other = before.get(name), after.get(name)
        changes[name] = (
            "same"
            if one == other
            else "added"
            if one is None
            else "removed"
            if other is None
            else "changed"
        )
    return changes


def _recoloured(edge: Edge, blocks: dict[str, Change]) -> Edge:
    target = edge.target.removeprefix(OTHER)
    # The target "stage1.block2.add" is in the block "stage1.block2".
    change = blocks.get(".".join(target.split(".")[:2]), "same")
    if edge.kind == "chain" or change == "same":
        return edge
    line, *rest = edge.marks
    heads = [
        mark._replace(look=f"{change}-head") if mark.look.endswith("-head") else mark
        for mark in rest
    ]
    # Dashes keep their meaning: zero padding, or in figure 3 a change of shape.
    kind = "dotted" if LOOKS[line.look].dash else "line"
    return replace(edge, marks=(line._replace(look=f"{change}-{kind}"), *heads))


def _legend(present: Sequence[Change]) -> list[Entry]:
    looks = {change: "card" if change == "same" else f"is-{change}" for change in present}
    return [
        Entry(
            (
                Rect(0, -5, 14, 10, 2, looks[change]),
                Text(7, 2.8, SIGNS[change], "title-sign", "middle"),
            ),
            14.0,
            MEANINGS[change],
        )
        for change in present
    ]
