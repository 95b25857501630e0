"""What a drawing consists of: boxes, panels and edges, with their places in points and the marks
that paint them."""

from dataclasses import dataclass
from typing import Literal

from resnet.diagram.looks.shapes import Mark, Point

# "chain" leads from layer to layer. The others are shortcuts (He et al. 2015, section 3.3): the
# identity, the identity padded with zero channels (option A), the projection (options B and C).
EdgeKind = Literal["chain", "identity", "padded", "projection"]


@dataclass(frozen=True, slots=True)
class Box:
    """One drawn box: a layer, a block, or equal blocks.

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
        """All texts of the box, for a screen reader."""
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
    # Source and target are one box where a closed block has a shortcut. Formats that give no places
    # to their boxes, such as DOT, then need a second node, for the addition.
    start: Point
    end: Point
    marks: tuple[Mark, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """The page of a drawing, in points: its scale, the position of its corner, and the heading
    above it."""

    width: float
    height: float
    # Points of the page for one point of the drawing; `left` and `top` are points of the page.
    scale: float
    left: float
    top: float
    marks: tuple[Mark, ...] = ()


OTHER = "other:"
"""Prefix for the ids of the second network's boxes, where two are drawn side by side."""
