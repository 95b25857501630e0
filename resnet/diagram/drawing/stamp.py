"""Blocks that look the same are laid out once and stamped at each position: a network of a thousand
layers is a few templates and six hundred positions."""

from dataclasses import dataclass, replace

from resnet.diagram.content.fold import Unit
from resnet.diagram.content.wording import block_title
from resnet.diagram.drawing.parts import Box, Edge, Panel
from resnet.diagram.looks.shapes import Mark, Point, Text, shifted

ENTRY = "entry"
"""In a template's lines: the box before the block, which differs from stamp to stamp."""


# eq=False: a template is the key of a dict in the scene. Compared by its fields, each look-up would
# go through all its boxes.
@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """A block laid out with its trunk at x = 0 and its top at y = 0. `name` is the block's it was
    made from; `places` are, for each box, the indices of its layers within a block. The chain goes
    `into` its first box and `leaves` the box `last`."""

    name: str
    boxes: tuple[Box, ...]
    places: tuple[tuple[int, ...], ...]
    panel: Panel
    edges: tuple[Edge, ...]
    into: Point
    leaves: Point
    last: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """A template at a position. `source` is the box before it in the chain."""

    template: Template
    unit: Unit
    name: str
    x: float
    y: float
    parent: str
    source: str

    @property
    def title(self) -> str:
        return block_title(self.unit)

    def renamed(self, name: str) -> str:
        """The id of a box of the template in this stamp."""
        # "stage1.block2.conv1" of the template becomes "stage1.block5.conv1" in this stamp.
        return self.source if name == ENTRY else self.name + name[len(self.template.name) :]

    def boxes(self) -> list[Box]:
        """Its boxes, in the chain's order."""
        boxes = []
        for box, places in zip(self.template.boxes, self.template.places, strict=True):
            ids = tuple([layers[place].id for layers in self.unit.alike for place in places])
            boxes.append(
                Box(
                    self.renamed(box.id),
                    box.kind,
                    box.title,
                    box.lines,
                    box.x + self.x,
                    box.y + self.y,
                    box.width,
                    box.height,
                    ids,
                    self.unit.repeat,
                    self.name,
                    box.marks,
                    box.behind,
                )
            )
        return boxes

    def panel(self) -> Panel:
        """The ground it stands on."""
        panel = self.template.panel
        return replace(
            panel,
            id=self.name,
            title=self.title,
            x=panel.x + self.x,
            y=panel.y + self.y,
            parent=self.parent,
            # The template has the title of its first block, such as "Block 2".
            marks=retitled(panel.marks, self.title),
        )

    def edges(self) -> list[Edge]:
        """Its lines, without the one that leads into it."""
        return [self._edge(edge) for edge in self.template.edges]

    def named_edges(self) -> list[Edge]:
        """Its lines with the ids of this stamp, in the coordinates of the template."""
        return [
            replace(edge, source=self.renamed(edge.source), target=self.renamed(edge.target))
            for edge in self.template.edges
        ]

    def _edge(self, edge: Edge) -> Edge:
        start, end = [(x + self.x, y + self.y) for x, y in (edge.start, edge.end)]
        marks = tuple([shifted(mark, self.x, self.y) for mark in edge.marks])
        return Edge(
            self.renamed(edge.source),
            self.renamed(edge.target),
            edge.kind,
            start,
            end,
            marks,
            edge.label,
        )


def retitled(marks: tuple[Mark, ...], title: str) -> tuple[Mark, ...]:
    """The same marks under another title."""
    return tuple(
        [
            mark._replace(text=title) if isinstance(mark, Text) and mark.look == "title" else mark
            for mark in marks
        ]
    )
