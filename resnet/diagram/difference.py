"""What differs between two networks, painted on both: a colour and a sign on every box, and a colour on shortcuts."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

from resnet.comparison import Comparison, LayerChange, compare
from resnet.diagram.drawing import OTHER, Box, Drawing, Edge
from resnet.diagram.legend import Entry, spread
from resnet.diagram.paint import MARGIN, face_of, legend_top
from resnet.diagram.shapes import Mark, Rect, Text
from resnet.diagram.style import LOOKS
from resnet.graph import Graph, Node
from resnet.shortcuts import shortcut_kinds

Status = Literal["added", "removed", "changed", "same"]

SIGNS: dict[Status, str] = {"added": "+", "removed": "−", "changed": "≠", "same": ""}
MEANINGS: dict[Status, str] = {
    "added": "only in the second",
    "removed": "only in the first",
    "changed": "in both, changed",
    "same": "the same in both",
}


def compared(drawing: Drawing) -> Drawing:
    """The pair with what was added, removed and changed in colours; a drawing of one network stays as it is."""
    if drawing.other is None:
        return drawing
    comparison = compare(drawing.graph.config, drawing.other.config)
    changes: dict[str, Status] = {layer.id: _own_change(layer) for layer in comparison.layers}
    boxes = [_painted(box, _status(box, drawing.graph_of(box), changes)) for box in drawing.boxes]
    blocks = _shortcuts(comparison)
    edges = [_recoloured(edge, blocks) for edge in drawing.edges]
    found = [status for status in MEANINGS if status in {*changes.values(), *blocks.values()}]
    marks, bottom = spread(_legend(found), MARGIN, legend_top(drawing), drawing.width - MARGIN)
    height = max(drawing.height, bottom + MARGIN)
    return replace(
        drawing, placed=tuple(boxes), grounds=drawing.panels, lines=tuple(edges), legend=marks, height=height
    )


def _own_change(layer: LayerChange) -> Status:
    """A layer that only reads from another place is the same: what stands there now is marked itself."""
    moved = layer.change == "changed" and all(what.startswith("reads ") for what in layer.what)
    return "same" if moved else layer.change


def _status(box: Box, graph: Graph, changes: dict[str, Status]) -> Status:
    """Added or removed where all its layers are; changed where some of them differ in any way.

    A closed block's shortcut has a line of its own to say what became of it."""
    branch = [name for name in box.node_ids if not _of_shortcut(graph.by_id[name])]
    found = {changes[name] for name in branch or box.node_ids}
    return found.pop() if len(found) == 1 else "changed"


def _of_shortcut(node: Node) -> bool:
    return node.path == "shortcut" or node.op.kind == "add"


def _painted(box: Box, status: Status) -> Box:
    if status == "same":
        return box
    return replace(box, marks=_marks(box.marks, status), lines=(*box.lines, MEANINGS[status]))


@cache
def _marks(marks: tuple[Mark, ...], status: Status) -> tuple[Mark, ...]:
    """On coloured ground, with the sign in the upper right corner of the card."""
    face = face_of(marks) or next((mark for mark in marks if mark.look == "adder"), None)
    kept = [mark._replace(look=f"is-{status}") if mark is face else mark
            for mark in marks if not mark.look.endswith("-tint")]  # fmt: skip
    if not isinstance(face, Rect):
        return tuple(kept)
    return (*kept, Text(face.x + face.width - 4, face.y + 9.5, SIGNS[status], "title-sign", "end"))


def _shortcuts(comparison: Comparison) -> dict[str, Status]:
    """How each block's shortcut fares, by the block's name."""
    before, after = shortcut_kinds(comparison.before), shortcut_kinds(comparison.after)
    found: dict[str, Status] = {}
    for name in before.keys() | after.keys():
        one, other = before.get(name), after.get(name)
        found[name] = "same" if one == other else "added" if one is None else "removed" if other is None else "changed"
    return found


def _recoloured(edge: Edge, blocks: dict[str, Status]) -> Edge:
    target = edge.target.removeprefix(OTHER)
    status = blocks.get(".".join(target.split(".")[:2]), "same")
    if edge.kind == "chain" or status == "same":
        return edge
    line, *rest = edge.marks
    heads = [mark._replace(look=f"{status}-head") if mark.look.endswith("-head") else mark for mark in rest]
    kind = "dotted" if LOOKS[line.look].dash else "line"
    return replace(edge, marks=(line._replace(look=f"{status}-{kind}"), *heads))


def _legend(found: Sequence[Status]) -> list[Entry]:
    return [Entry((Rect(0, -5, 14, 10, 2, f"is-{status}"), Text(7, 2.8, SIGNS[status], "title-sign", "middle")), 14.0,
                  MEANINGS[status]) for status in found]  # fmt: skip
