"""A drawing as data: boxes, panels and edges with their places in points, and the marks that paint them.

The writers read this module, so its methods import them only when they are called.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from resnet.diagram.fold import Level
from resnet.diagram.shapes import Mark, Point
from resnet.diagram.style import Theme
from resnet.graph import Graph
from resnet.metrics import Metrics

Direction = Literal["TB", "LR"]
EdgeKind = Literal["chain", "identity", "padded", "projection"]


@dataclass(frozen=True, slots=True)
class Box:
    """What is drawn once: a layer, a block, or blocks that are alike.

    `node_ids` are all the layers it stands for, those of the drawn block first; `repeat` says how many blocks that is.
    `parent` is the id of the panel around it, or "". `marks` count from the box's upper left corner. `lines` stand
    under the title; `behind` names what follows a block's card in the chain: the addition, the last ReLU.
    """

    id: str
    kind: str
    title: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float
    node_ids: tuple[str, ...]
    repeat: int = 1
    parent: str = ""
    marks: tuple[Mark, ...] = ()
    behind: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """All the box says, for a reader who listens."""
        return "; ".join([self.title, *self.lines, *self.behind])


@dataclass(frozen=True, slots=True)
class Panel:
    """The ground behind the boxes of a stem, stage, head or opened block. `marks` count from its upper left corner."""

    id: str
    kind: Literal["section", "block"]
    title: str
    x: float
    y: float
    width: float
    height: float
    parent: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one box to another, or a block's shortcut around itself. `marks` are in the drawing's own points."""

    source: str
    target: str
    kind: EdgeKind
    start: Point
    end: Point
    marks: tuple[Mark, ...]
    label: str = ""


@dataclass(frozen=True)
class Drawing:
    """A network drawn at one level. `width` and `height` are points; nothing reaches outside them."""

    graph: Graph
    name: str
    level: Level
    direction: Direction
    boxes: tuple[Box, ...]
    panels: tuple[Panel, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float
    legend: tuple[Mark, ...] = field(default=())

    @cached_property
    def by_id(self) -> dict[str, Box]:
        return {box.id: box for box in self.boxes}

    @cached_property
    def description(self) -> str:
        """One sentence for the file's metadata."""
        config = self.graph.config
        twin = "plain network" if config.shortcut == "none" else "residual network"
        return f"A {twin} with {config.depth} layers, {self.level} level."

    def details(self, metrics: Metrics) -> dict[str, dict[str, Any]]:
        """What each box stands for, in numbers, by box id; see resnet.diagram.details."""
        from resnet.diagram.details import details  # noqa: PLC0415

        return details(self, metrics)

    def svg(self, theme: Theme = "paper", link: str = "") -> str:
        """SVG text; see resnet.diagram.svg."""
        from resnet.diagram.svg import svg  # noqa: PLC0415

        return svg(self, theme, link)

    def pdf(self, link: str = "") -> bytes:
        """One page; see resnet.diagram.pdf. Raises ExportError where no page is that long."""
        from resnet.diagram.pdf import pdf  # noqa: PLC0415

        return pdf(self, link)

    def png(self, scale: float = 2.0, link: str = "") -> bytes:
        """`scale` pixels for each point; see resnet.diagram.pdf. Raises ExportError where it could not be read."""
        from resnet.diagram.pdf import png  # noqa: PLC0415

        return png(self, scale, link)

    def dot(self, link: str = "") -> str:
        """DOT text for Graphviz; see resnet.diagram.dot."""
        from resnet.diagram.dot import dot  # noqa: PLC0415

        return dot(self, link)
