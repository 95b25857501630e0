"""A drawing as data: a network, how it is looked at, and everything drawn of it.

resnet.diagram.formats writes drawings; resnet.exports offers all formats in one place.
"""

from dataclasses import dataclass
from functools import cached_property

from resnet.diagram.content.view import View
from resnet.diagram.drawing.parts import OTHER, Box, Edge, Panel, Paper
from resnet.diagram.drawing.stamp import Stamp
from resnet.diagram.looks.shapes import Mark
from resnet.network.graph import Graph


# No slots: a cached property stores its value in the instance's __dict__.
@dataclass(frozen=True)
class Drawing:
    """One network drawn in one way, or two side by side. `width` and `height` are points;
    nothing reaches outside them. `view` is what is drawn: to fit a page it may be more folded than
    what was asked for. `notes` stand above and beside the boxes, `legend` below them. `placed`,
    `grounds` and `lines` hold blocks that look the same as stamps of one template; `boxes`,
    `panels` and `edges` are all of them, one by one."""

    graph: Graph
    name: str
    view: View
    placed: tuple[Box | Stamp, ...]
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
    def stamps(self) -> tuple[Stamp, ...]:
        """The blocks that are drawn from a template."""
        return tuple([part for part in self.placed if not isinstance(part, Box)])

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, the outer ones first."""
        # Panels are painted in this order: a block's panel must come after that of its stage.
        return (*self.grounds, *[stamp.panel() for stamp in self.stamps])

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every line."""
        return (*self.lines, *[edge for stamp in self.stamps for edge in stamp.edges()])

    @cached_property
    def by_id(self) -> dict[str, Box]:
        return {box.id: box for box in self.boxes}

    def graph_of(self, part: Box | Stamp) -> Graph:
        """The network that a box or a stamped block belongs to."""
        # Layers of two networks have equal ids; only the prefix on boxes tells the networks apart.
        name = part.id if isinstance(part, Box) else part.name
        return self.other if self.other and name.startswith(OTHER) else self.graph

    @cached_property
    def description(self) -> str:
        """One sentence for the file's metadata."""
        graphs = [self.graph, *([self.other] if self.other else [])]
        networks = [
            f"a {_twin(graph)} network with {graph.config.depth} layers" for graph in graphs
        ]
        return f"{' beside '.join(networks)}, {self.view.level} level.".capitalize()


def _twin(graph: Graph) -> str:
    return "plain" if graph.config.shortcut == "none" else "residual"
