"""A drawing as a Mermaid flowchart: the same boxes in subgraphs, the same lines, without our
places.

As in DOT, a closed block with a shortcut becomes two nodes, the block and its addition.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Edge, EdgeKind
from resnet.diagram.looks.style import COLOURS, OPERATION_OF_KIND
from resnet.network.operations import GROUPS

# --> is a thin line, ==> a thick one, -.-> a dotted one. So identity and projection differ even
# where a page shows no colours.
ARROWS: dict[EdgeKind, str] = {
    "chain": "-->",
    "identity": "==>",
    "padded": "-.->",
    "projection": "-->",
}
LINE_COLOURS: dict[EdgeKind, str] = {
    "identity": COLOURS["addition"].light,
    "padded": COLOURS["padding"].light,
    "projection": COLOURS["projection"].light,
}

# Mermaid writes an entity with # and not with &: by its name, #quot; or its number, #35;.
ENTITIES = {
    **{
        ord(sign): f"#{name};"
        for sign, name in {'"': "quot", "&": "amp", "<": "lt", ">": "gt"}.items()
    },
    **{ord(sign): f"#{ord(sign)};" for sign in "#`%{}[]|\\"},
}
"""What could end a label, or begin an entity, a directive or Markdown."""

BRACES = str.maketrans("{}", "()")
MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""Mermaid's own limit; only the program that starts Mermaid can raise it."""


class Line(NamedTuple):
    """A line of the flowchart; the ends are ids of nodes as the flowchart has them."""

    source: str
    target: str
    kind: EdgeKind
    label: str


def mermaid(drawing: Drawing, link: str = "") -> str:
    """A flowchart, always the same, in the drawing's direction. `link`, where the network can be
    seen, is a comment.

    One with more than 500 lines or 50,000 characters says so in a comment, since Mermaid refuses it
    by default.
    """
    arcs = {edge.source: edge for edge in drawing.edges if edge.source == edge.target}
    nodes = _names("b", [box.id for box in drawing.boxes])
    painter = _Nodes(drawing, arcs, nodes)
    lines = list(_lines(drawing, arcs, nodes))
    body = [
        f"flowchart {drawing.view.direction}",
        *painter.within("", "  "),
        *[_line(line) for line in lines],
        *painter.classes(),
        *_line_styles(lines),
    ]
    about = [drawing.name, drawing.description, link]
    # A flowchart may begin with comments, before the line that names its kind.
    head = [_comment(text) for text in about if text]
    text = "\n".join(body) + "\n"
    if len(lines) > MOST_EDGES or len(text) > MOST_CHARACTERS:
        head.append(
            f"%% {len(lines):,} lines, {len(text):,} characters: raise Mermaid's maxEdges"
            f" ({MOST_EDGES}) and maxTextSize ({MOST_CHARACTERS:,}) where it is started, or draw"
            " fewer boxes (level 'stage')."
        )
    return "\n".join([*head, text])


class _Nodes:
    """The nodes of a drawing, panel by panel."""

    def __init__(
        self, drawing: Drawing, arcs: Mapping[str, Edge], nodes: Mapping[str, str]
    ) -> None:
        self.drawing, self.arcs, self.nodes = drawing, arcs, nodes
        self.panels = _names("p", [panel.id for panel in drawing.panels])
        self.joined = {end for edge in drawing.edges for end in (edge.source, edge.target)}

    def classes(self) -> Iterator[str]:
        """Boxes that are one operation have a border of its colour, as in the other formats."""
        boxes = [box for box in self.drawing.boxes if box.id in self.joined]
        for operation in GROUPS:
            members = [
                self.nodes[box.id] for box in boxes if OPERATION_OF_KIND.get(box.kind) == operation
            ]
            if members:
                yield f"  classDef {operation} stroke:{COLOURS[operation].light}"
                yield f"  class {','.join(members)} {operation}"

    def within(self, parent: str, indent: str) -> Iterator[str]:
        """The nodes of one panel, then the panels inside it. A box that no line reaches is the tag
        on a shortcut of figure 3, and its words are the line's label."""
        for box in self.drawing.boxes:
            if box.parent == parent and box.id in self.joined:
                name, apart = self.nodes[box.id], box.id in self.arcs
                lines = box.lines if apart else (*box.lines, *box.behind)
                # [...] is a rectangle, ([...]) has round ends.
                yield f"{indent}{name}[{_label(box.title, *lines)}]"
                if apart:
                    yield f"{indent}{_adder(name)}([{_label(*box.behind)}])"
        for panel in self.drawing.panels:
            if panel.parent == parent:
                yield f"{indent}subgraph {self.panels[panel.id]} [{_label(panel.title)}]"
                yield from self.within(panel.id, indent + "  ")
                yield f"{indent}end"


def _lines(drawing: Drawing, arcs: Mapping[str, Edge], nodes: Mapping[str, str]) -> Iterator[Line]:
    """After a block with an addition, the chain continues from the addition; its shortcut comes
    from before it."""
    before: dict[str, str] = {}
    for edge in drawing.edges:
        if edge.source != edge.target:
            source = nodes[edge.source]
            before[edge.target] = source = _adder(source) if edge.source in arcs else source
            yield Line(source, nodes[edge.target], edge.kind, edge.label)
    for block, arc in arcs.items():
        yield Line(nodes[block], _adder(nodes[block]), "chain", "")
        yield Line(before[block], _adder(nodes[block]), arc.kind, arc.label)


def _line(line: Line) -> str:
    label = f"|{_label(line.label)}|" if line.label else ""
    return f"  {line.source} {ARROWS[line.kind]}{label} {line.target}"


def _line_styles(lines: Iterable[Line]) -> Iterator[str]:
    # linkStyle names a line by its number, from 0, in the order of the file. So the lines must be
    # written in just this order.
    numbered = list(enumerate(lines))
    for kind, colour in LINE_COLOURS.items():
        numbers = [str(number) for number, line in numbered if line.kind == kind]
        if numbers:
            yield f"  linkStyle {','.join(numbers)} stroke:{colour}"


def _adder(name: str) -> str:
    """Of a node's name in the flowchart; no other name has two signs in a row."""
    return f"{name}__add"


def _names(prefix: str, ids: Iterable[str]) -> dict[str, str]:
    """Letters, digits and single underscores. The prefix keeps panels and boxes apart, and both
    from Mermaid's own words, such as "end"."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for box_id in ids:
        plain = name = "_".join([prefix, *re.findall("[A-Za-z0-9]+", box_id)])
        number = 1
        while name in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name)
        names[box_id] = name
    return names


def _label(*lines: str) -> str:
    """Quoted, its signs as entities; lines are broken as in HTML."""
    return '"' + "<br/>".join([" ".join(line.split()).translate(ENTITIES) for line in lines]) + '"'


def _comment(text: str) -> str:
    """One line; braces behind %% would be a directive."""
    return "%% " + " ".join(text.split()).translate(BRACES)
