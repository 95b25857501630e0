"""The sheet of paper that a layout draws on. It collects boxes, panels and edges, and the current
end of the chain."""

from dataclasses import dataclass, field
from typing import NamedTuple

from resnet.diagram.drawing.parts import Box, Edge, EdgeKind, Panel
from resnet.diagram.drawing.stamp import Stamp
from resnet.diagram.layout.cards import Arc, Card
from resnet.diagram.looks.shapes import Mark, Path, Point, arrow_head, rounded, shifted

CORNER = 9.0
HEAD = 3.0
"""A line stops this far before the arrow's tip, so that the tip stays sharp."""


class Tip(NamedTuple):
    """The loose end of the chain: the box it leaves, where, and the corners it takes before the
    next box."""

    box: str
    point: Point
    via: tuple[Point, ...] = ()


class BoxFacts(NamedTuple):
    """What a box is, without its appearance; the fields are those of Box."""

    id: str
    kind: str
    node_ids: tuple[str, ...]
    repeat: int = 1
    parent: str = ""


@dataclass
class Sheet:
    placed: list[Box | Stamp] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    tip: Tip | None = None

    def put(self, card: Card, x: float, y: float, box: BoxFacts) -> None:
        """Place a card with its upper left corner at x, y."""
        content = card.content
        size = (x, y, card.width, card.height)
        self.placed.append(
            Box(
                box.id,
                box.kind,
                content.heading,
                content.lines,
                *size,
                # node_ids, repeat and parent: the next three fields of Box.
                *box[2:],
                card.marks,
                content.behind,
            )
        )
        for arc in card.arcs:
            self.arc(arc, x, y, box.id)

    def stamp(self, stamp: Stamp) -> None:
        """Place a block from its template; the chain runs through it."""
        (into_x, into_y), (x, y) = stamp.template.into, stamp.template.leaves
        first = stamp.template.boxes[0]
        self.placed.append(stamp)
        self.chain(
            stamp.renamed(first.id),
            (into_x + stamp.x, into_y + stamp.y),
            (x + stamp.x, y + stamp.y),
        )
        if self.tip:
            # The chain leaves from the last box of the block, not from the first one.
            self.tip = self.tip._replace(box=stamp.renamed(stamp.template.last))

    def arc(self, arc: Arc, x: float, y: float, box: str) -> None:
        """A shortcut that belongs to one closed block."""
        marks = tuple([shifted(mark, x, y) for mark in arc.marks])
        start, end = (arc.start[0] + x, arc.start[1] + y), (arc.end[0] + x, arc.end[1] + y)
        self.edges.append(Edge(box, box, arc.kind, start, end, marks, arc.label))

    def chain(self, target: str, end: Point, leaves: Point) -> None:
        """Draw the chain from its loose end to this box, and leave the new loose end at
        `leaves`."""
        if self.tip:
            self.line(self.tip.box, target, "chain", [self.tip.point, *self.tip.via, end])
        self.tip = Tip(target, leaves)

    def detour(self, *corners: Point) -> None:
        """The chain takes these corners on its way to the next box."""
        if self.tip:
            self.tip = self.tip._replace(via=(*self.tip.via, *corners))

    def line(
        self, source: str, target: str, kind: EdgeKind, points: list[Point], label: str = ""
    ) -> None:
        """An edge with an arrow at its end; consecutive points share their x or their y."""
        # The last two points say where the arrow points: x to the right, y down.
        (x, y), (end_x, end_y) = points[-2], points[-1]
        direction = (_sign(end_x - x), _sign(end_y - y))
        # Lines run along one axis, so one part of the direction is 0 and the other ±1.
        stop = (end_x - direction[0] * HEAD, end_y - direction[1] * HEAD)
        # The line comes first and its arrow second. SVG, the scene and the colours rely on it: for
        # them `marks[0]` of an edge is the line.
        marks = (
            Path(rounded([*points[:-1], stop], CORNER), kind),
            Path(arrow_head(points[-1], direction), f"{kind}-head"),
        )
        self.edges.append(Edge(source, target, kind, points[0], points[-1], marks, label))


def _sign(number: float) -> float:
    return float((number > 0) - (number < 0))
