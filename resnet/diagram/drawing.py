"""A drawing as data: boxes, panels and edges with their places in points, and the marks that paint
them.

The writers read this module, so its methods import them only when they are called.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from resnet.diagram.looks.shapes import Mark, Point
from resnet.diagram.view import View
from resnet.network.graph import Graph

if TYPE_CHECKING:
    from resnet.diagram.stamp import Stamp

EdgeKind = Literal["chain", "identity", "padded", "projection"]


@dataclass(frozen=True, slots=True)
class Box:
    """What is drawn once: a layer, a block, or blocks that are alike.

    `node_ids` are all the layers it stands for, those of the drawn block first; `repeat` says how
    many blocks that is. `parent` is the id of the panel around it, or "". `marks` count from the
    box's upper left corner. `lines` stand under the title; `behind` names what follows a block's
    card in the chain: the addition, the last ReLU.
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
    """The ground behind the boxes of a stem, stage, head or opened block. `marks` count from its
    upper left corner."""

    id: str
    kind: Literal["section", "block", "run"]
    title: str
    x: float
    y: float
    width: float
    height: float
    parent: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one box to another, or a block's shortcut around itself. `marks` are in the
    drawing's own points."""

    source: str
    target: str
    kind: EdgeKind
    start: Point
    end: Point
    marks: tuple[Mark, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """The page a drawing lies on, in points: how much it is scaled, where its corner is, and what
    stands above it."""

    width: float
    height: float
    scale: float
    left: float
    top: float
    marks: tuple[Mark, ...] = ()


OTHER = "other:"
"""Before the ids of the second network's boxes, where two are drawn beside each other."""


@dataclass(frozen=True)
class Drawing:
    """A network drawn in one way, or two beside each other. `width` and `height` are points;
    nothing reaches outside them. `view` is what is drawn: to fit a page it may be more folded than
    what was asked for. `notes` stand above and beside the boxes, `legend` below them. `placed`,
    `grounds` and `lines` hold blocks that look the same as stamps of one template; `boxes`,
    `panels` and `edges` are all of them, one by one."""

    graph: Graph
    name: str
    view: View
    placed: "tuple[Box | Stamp, ...]"
    grounds: tuple[Panel, ...]
    lines: tuple[Edge, ...]
    width: float
    height: float
    legend: tuple[Mark, ...] = ()
    notes: tuple[Mark, ...] = ()
    other: Graph | None = None
    paper: Paper | None = None

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """Every box, those of stamped blocks too, in the chain's order."""
        return tuple(
            [
                box
                for part in self.placed
                for box in ([part] if isinstance(part, Box) else part.boxes())
            ]
        )

    @cached_property
    def stamps(self) -> "tuple[Stamp, ...]":
        """The blocks that are drawn from a template."""
        return tuple([part for part in self.placed if not isinstance(part, Box)])

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, the outer ones first."""
        return (*self.grounds, *[stamp.panel() for stamp in self.stamps])

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every line."""
        return (*self.lines, *[edge for stamp in self.stamps for edge in stamp.edges()])

    @cached_property
    def by_id(self) -> dict[str, Box]:
        return {box.id: box for box in self.boxes}

    def graph_of(self, part: "Box | Stamp") -> Graph:
        """The network that a box or a stamped block belongs to."""
        name = part.id if isinstance(part, Box) else part.name
        return self.other if self.other and name.startswith(OTHER) else self.graph

    @cached_property
    def description(self) -> str:
        """One sentence for the file's metadata."""
        graphs = [self.graph, *([self.other] if self.other else [])]
        said = [f"a {_twin(graph)} network with {graph.config.depth} layers" for graph in graphs]
        return f"{' beside '.join(said)}, {self.view.level} level.".capitalize()

    def svg(self, link: str = "") -> str:
        """SVG text; see resnet.diagram.formats.svg."""
        from resnet.diagram.formats.svg import svg  # noqa: PLC0415

        return svg(self, link)

    def pdf(self, link: str = "") -> bytes:
        """One page; see resnet.diagram.formats.pdf. Raises ExportError where no page is that
        long."""
        from resnet.diagram.formats.pdf import pdf  # noqa: PLC0415

        return pdf(self, link)

    def png(self, scale: float = 2.0, link: str = "") -> bytes:
        """`scale` pixels for each point; see formats/pdf.py. Raises ExportError where it could not
        be read."""
        from resnet.diagram.formats.pdf import png  # noqa: PLC0415

        return png(self, scale, link)

    def dot(self, link: str = "") -> str:
        """DOT text for Graphviz; see resnet.diagram.formats.dot."""
        from resnet.diagram.formats.dot import dot  # noqa: PLC0415

        return dot(self, link)


def _twin(graph: Graph) -> str:
    return "plain" if graph.config.shortcut == "none" else "residual"
