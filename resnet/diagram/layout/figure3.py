"""The style of figure 3 in He et al. 2015: one box for each convolution with its text in the
middle, arcs for shortcuts, dotted where they change the shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from resnet import quantity
from resnet.diagram.content import wording
from resnet.diagram.content.fold import Layers, Section, Unit, block_name
from resnet.diagram.content.steps import body_steps, joint_steps, shortcut_steps, tail_steps
from resnet.diagram.content.wording import Shortcut, named, steps
from resnet.diagram.drawing.parts import Edge, Panel
from resnet.diagram.layout.cards import Card, Content
from resnet.diagram.layout.frames import halves
from resnet.diagram.layout.sheet import BoxFacts, Sheet
from resnet.diagram.looks.shapes import Mark, Path, Point, Rect, Text, arrow_head, rounded
from resnet.diagram.looks.text import width
from resnet.network.graph import Graph
from resnet.network.metrics import count

# All lengths are points. LINE: one line of text. INSIDE: between two boxes of a block. LANE: from a
# box to its arc. BESIDE: from the arc to its tag. NOTE_GAP: from a note to the box at its right.
LINE = 11.0
BLOCK_LEAD = 3.5
"""From a box to where a shortcut leaves the chain above it, or comes back below it."""
INSIDE = 8.0
LANE = 17.0
LAYER_LEAD = 1.5
BESIDE = 3.0
CORNER = 11.0
NOTE_GAP = 8.0
TAG_PAD = 3.0
TINTS = 8
Dimensions = Literal["same", "change"]
Noted = Literal["sizes", "nothing"]


@dataclass(frozen=True, slots=True)
class FigureFrame:
    """Widths every box of the figure shares, and the tags on its arcs."""

    width: float
    note: float
    tag: float

    @property
    def right(self) -> float:
        return self.width / 2 + LANE + BESIDE + self.tag


@dataclass(frozen=True, slots=True)
class FigurePiece:
    """A layer, a section, or a block: its boxes one below the other, and its shortcut's arc."""

    unit: Unit
    boxes: tuple[tuple[BoxFacts, Card], ...]
    frame: FigureFrame
    note: str = ""
    shortcut: Shortcut | None = None
    tag: tuple[BoxFacts, Card] | None = None
    dimensions: Dimensions = "same"

    @property
    def left(self) -> float:
        return self.frame.width / 2 + self.frame.note

    @property
    def right(self) -> float:
        return self.frame.right

    @property
    def lead(self) -> float:
        """Room above and below a block. Plain networks have it too, so that twins have their boxes
        in the same places."""
        return BLOCK_LEAD if self.unit.block else LAYER_LEAD

    @property
    def height(self) -> float:
        return sum([card.height + INSIDE for _, card in self.boxes]) - INSIDE + 2 * self.lead

    def place(self, sheet: Sheet, x: float, y: float, parent: str) -> None:
        # Read before the boxes move the tip: the shortcut starts where the chain was.
        source = sheet.tip.box if sheet.tip else ""
        at = y + self.lead
        if self.note:
            sheet.marks.append(
                Text(x - self.frame.width / 2 - NOTE_GAP, at + 8, self.note, "note", "end")
            )
        if self.unit.opened:
            parent = self._panel(sheet, x, y, parent)
        for facts, card in self.boxes:
            sheet.put(card, x - card.trunk, at, facts._replace(parent=parent))
            sheet.chain(facts.id, (x, at), (x, at + card.height))
            at += card.height + INSIDE
        # The loop added one gap too many, below the last box.
        end = at - INSIDE + self.lead
        if self.unit.repeat > 1:
            beside = x + self.frame.width / 2 + LANE + BESIDE
            # y of a text is its baseline: 2.6 points below the middle, half the height of a
            # capital.
            sheet.marks.append(Text(beside, (y + end) / 2 + 2.6, f"×{self.unit.repeat}", "title"))
        if self.shortcut:
            self._arc(sheet, source, (x, y), (x, end), parent)

    def _panel(self, sheet: Sheet, x: float, y: float, parent: str) -> str:
        """An opened block's panel is not painted; a click on it closes the block again."""
        name, wide = block_name(self.unit.layers), self.frame.width / 2
        size = (x - wide, y, wide + self.right, self.height)
        sheet.panels.append(Panel(name, "block", wording.block_title(self.unit), *size, parent))
        return name

    def _arc(self, sheet: Sheet, source: str, start: Point, end: Point, parent: str) -> None:
        assert self.shortcut
        lane = start[0] + self.frame.width / 2 + LANE
        look = f"arc-{self.dimensions}"
        line = rounded([start, (lane, start[1]), (lane, end[1]), (end[0] + 2.5, end[1])], CORNER)
        marks: list[Mark] = [Path(line, look), Path(arrow_head(end, (-1, 0), 2.6), "arc-head")]
        middle = (start[1] + end[1]) / 2
        label = ", ".join(self.shortcut.tag)
        last = self.boxes[-1][0].id
        sheet.edges.append(
            Edge(source or last, last, self.shortcut.kind, start, end, tuple(marks), label)
        )
        if self.tag:
            facts, card = self.tag
            sheet.put(card, lane + BESIDE, middle - card.height / 2, facts._replace(parent=parent))


class Figure:
    """Makes the pieces of a network; equal boxes share one card."""

    def __init__(
        self, graph: Graph, sections: Sequence[Section], *, noted: Noted = "sizes"
    ) -> None:
        self.graph = graph
        texts = [
            text
            for section in sections
            for unit in section.units
            for text in self._texts(section, unit)
        ]
        tags = [wording.shortcut_row(layers).text for layers in self._shortcuts(sections)]
        # Plain networks keep room for the tag too, so that twins stand in the same places.
        pooled = graph.config.downsampling == "average_pool"
        # ResNet-D: an average pooling strides before the 1×1 convolution.
        projection = "1×1 conv, avg-pool, /2" if pooled else "1×1 conv, /2"
        self.frame = FigureFrame(
            halves(max(width(text, "row") for text in [*texts, "3×3 conv, 512, /2"]) + 10),
            halves(width("output size: 224", "note") + NOTE_GAP) if noted == "sizes" else 0.0,
            halves(max([width(text, "tag-text") for text in [*tags, projection]]) + 2 * TAG_PAD),
        )
        self.noted, self.side = noted, 0
        self.cards: dict[tuple[tuple[str, ...], str], Card] = {}

    def piece(self, section: Section, unit: Unit) -> FigurePiece:
        """A unit of a section, whether it is opened or closed; the whole section where that is
        closed."""
        if not section.opened or not unit.block:
            kind = wording.step_kind(unit.layers)
            name = unit.layers[0].id if section.opened or kind == "input" else section.name
            whole = "stage" if section.is_stage else section.name
            facts = BoxFacts(
                name, kind if section.opened or kind == "input" else whole, unit.node_ids
            )
            card = self._card(tuple(self._texts(section, unit)), self._tint(section, unit))
            return FigurePiece(unit, ((facts, card),), self.frame, self._note(unit))
        shortcut = wording.shortcut_of(self.graph, unit.layers)
        boxes = tuple(self._boxes(section, unit))
        return FigurePiece(
            unit,
            boxes,
            self.frame,
            self._note(unit),
            shortcut,
            self._tag(unit),
            self._dimensions(unit),
        )

    def _dimensions(self, unit: Unit) -> Dimensions:
        """Whether the block's output has another shape than its input: the paper dots such arcs."""
        incoming = self.graph.by_id[unit.layers[0].inputs[0]].output_shape
        return "same" if unit.layers[-1].output_shape == incoming else "change"

    def _boxes(self, section: Section, unit: Unit) -> Sequence[tuple[BoxFacts, Card]]:
        tint = self._tint(section, unit)
        if not unit.opened:
            texts = tuple(self._texts(section, unit))
            kind = "repeat" if unit.repeat > 1 else "block"
            aside = (
                []
                if self._tag(unit) is None
                else [n.id for n in unit.layers if n.path == "shortcut"]
            )
            # The shortcut's layers belong to its tag: each layer is in one box only.
            ids = _ids(unit, tuple([node for node in unit.layers if node.id not in aside]))
            return [
                (BoxFacts(block_name(unit.layers), kind, ids, unit.repeat), self._card(texts, tint))
            ]
        return [
            (
                BoxFacts(step[0].id, wording.step_kind(step), _ids(unit, step), unit.repeat),
                self._card((_text(step),), tint),
            )
            for step in self._steps(unit)
        ]

    def _steps(self, unit: Unit) -> list[Layers]:
        """A step for each convolution; the addition and what follows belong to the last."""
        runs = body_steps(unit.layers, "figure3", self.graph.config.activation_order)
        joined: list[Layers] = []
        waiting: Layers = ()
        for step in runs:
            # Layers without a name of their own join the next convolution; those after the last one
            # are added to it at the end.
            waiting = (*waiting, *step)
            if named(step):
                joined.append(waiting)
                waiting = ()
        ending = [
            node for step in (*joint_steps(unit.layers), *tail_steps(unit.layers)) for node in step
        ]
        return [*joined[:-1], (*joined[-1], *waiting, *ending)]

    def _tag(self, unit: Unit) -> tuple[BoxFacts, Card] | None:
        layers = [node for step in shortcut_steps(unit.layers, "figure3") for node in step]
        if not layers:
            return None
        text = wording.shortcut_row(tuple(layers)).text
        whole = self.frame.tag
        marks = (Rect(0, 0, whole, LINE, 2, "tag-plain"), Text(TAG_PAD, 8, text, "tag-text"))
        card = Card(whole, LINE, whole / 2, Content(text, (), (), ()), marks)
        return (
            BoxFacts(
                layers[0].id, wording.kind_of(layers[0]), _ids(unit, tuple(layers)), unit.repeat
            ),
            card,
        )

    def _texts(self, section: Section, unit: Unit) -> list[str]:
        kind = unit.layers[0].op.kind
        if kind == "input":
            return [_text(unit.layers)]
        if not section.opened:
            blocks = (
                [wording.blocks_text(len({node.block for node in unit.layers}))]
                if section.is_stage
                else []
            )
            return [wording.section_title(section), *blocks]
        return [_text(step) for step in (self._steps(unit) if unit.block else [unit.layers])]

    def _shortcuts(self, sections: Sequence[Section]) -> list[Layers]:
        units = [unit for section in sections for unit in section.units if section.opened]
        return [step for unit in units for step in shortcut_steps(unit.layers, "figure3")]

    def _card(self, texts: tuple[str, ...], look: str) -> Card:
        if (texts, look) not in self.cards:
            whole, height = self.frame.width, LINE * len(texts)
            lines = [
                Text(whole / 2, 8 + LINE * index, text, "row", "middle")
                for index, text in enumerate(texts)
            ]
            content = Content(texts[0], texts[1:], (), ())
            self.cards[texts, look] = Card(
                whole, height, whole / 2, content, (Rect(0, 0, whole, height, 2, look), *lines)
            )
        return self.cards[texts, look]

    def _tint(self, section: Section, unit: Unit) -> str:
        """The paper gives every width its own colour; the stem's convolution has the colour of the
        first stage."""
        if unit.layers[0].op.kind == "input":
            return "figure-image"
        if section.is_stage:
            return f"figure-{(int(section.name.removeprefix('stage')) - 1) % TINTS + 1}"
        return (
            "figure-1"
            if section.name == "stem" and wording.step_kind(unit.layers) == "conv"
            else "figure-plain"
        )

    def _note(self, unit: Unit) -> str:
        """The size of the feature map, where it has changed."""
        shape = unit.layers[-1].output_shape
        # After global pooling a shape is (features,): one position, so its side is 1.
        side = shape[0] if len(shape) > 1 else 1
        if self.noted != "sizes" or side == self.side:
            return ""
        self.side = side
        return f"output size: {quantity.exact(side)}"


def _text(step: Layers) -> str:
    """Named after the first layer with a name, or after where the arms of a fork meet."""
    parts = [part for part in steps(step) if named(part)] or [step[:1]]
    return parts[0][-1].op.figure_text


def _ids(unit: Unit, step: Layers) -> tuple[str, ...]:
    index = {node.id: place for place, node in enumerate(unit.layers)}
    places = [index[node.id] for node in step]
    return tuple([layers[place].id for layers in unit.alike for place in places])


def heading(graph: Graph, middle: float, y: float) -> tuple[Mark, ...]:
    """What the paper writes over a column: "34-layer residual", and its multiply-adds."""
    config = graph.config
    kind = "plain" if config.shortcut == "none" else "residual"
    macs = sum(
        [
            count(node, graph.by_id[node.inputs[0]].output_shape).macs
            for node in graph.nodes
            if node.inputs
        ]
    )
    return (
        Text(middle, y + 7, f"{config.depth}-layer {kind}", "heading", "middle"),
        Text(middle, y + 16, f"{quantity.short(macs)} multiply-adds", "note", "middle"),
    )
