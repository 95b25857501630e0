"""Blocks opened to their layers: the residual branch on the chain, the shortcut's layers in a lane
next to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from resnet.diagram.content import wording
from resnet.diagram.content.fold import Layers, Unit, block_name
from resnet.diagram.content.steps import body_steps, joint_steps, shortcut_steps, tail_steps
from resnet.diagram.content.wording import OWN_WEIGHTS, Shortcut
from resnet.diagram.drawing.parts import Box, Panel
from resnet.diagram.drawing.stamp import ENTRY, Stamp, Template
from resnet.diagram.layout.blocks import tag_marks
from resnet.diagram.layout.cards import ADDER, Card, Content, adder_card, layer_card
from resnet.diagram.layout.frames import Frames
from resnet.diagram.layout.sheet import BoxFacts, Sheet, Tip
from resnet.diagram.looks.shapes import Mark, Rect, Text

PAD = 7.0
HEADER = 25.0
FORK = 7.0
"""How far above the first layer the shortcut leaves the chain."""
GAP = 9.0
BELOW = 3.0
"""How far below a layer a shortcut that reads it leaves the chain."""


class StepCards:
    """A card for each step of an opened block; equal steps share one card."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.drawn: dict[tuple[object, ...], Card] = {}
        self.templates: dict[tuple[str, int], Template] = {}
        self.adder = adder_card()

    def card(self, step: Layers) -> Card:
        """What the step looks like on the chain, or in the lane if it belongs to a shortcut."""
        first = step[0]
        if first.op.kind == "add":
            return self.adder
        incoming = self.frames.graph.by_id[first.inputs[0]].output_shape if first.inputs else ()
        # Input and output shapes are part of the key: the captions show shape and parameters.
        key = (*[node.op for node in step], first.path, step[-1].output_shape, incoming)
        if key not in self.drawn:
            self.drawn[key] = self._make(step)
        return self.drawn[key]

    def template(self, piece: "OpenedPiece") -> Template:
        """How a block is laid out; blocks that look the same share it."""
        key = (piece.unit.like, piece.unit.repeat)
        if key not in self.templates:
            self.templates[key] = piece.template()
        return self.templates[key]

    def _make(self, step: Layers) -> Card:
        params = wording.trainable_params(self.frames.graph, step)
        captions = (
            wording.shape_text(step[-1].output_shape),
            *([wording.params_text(params)] if params else []),
        )
        aside = step[0].path == "shortcut"
        # In compact style one box stands for all layers of a shortcut: it has the text of the tag.
        merged = aside and self.frames.style != "detailed"
        row = wording.shortcut_row(step) if merged else wording.row_of(step)
        wide = self.frames.layer.lane_width if aside else self.frames.layer.width
        return layer_card(row, Content(row.text, (), (), captions), wide)


@dataclass(frozen=True, slots=True)
class OpenedPiece:
    """A block, or the first of blocks that are alike, with every step a box."""

    unit: Unit
    cards: StepCards

    @property
    def left(self) -> float:
        return self.cards.frames.layer.width / 2 + PAD

    @property
    def right(self) -> float:
        frame = self.cards.frames.layer
        return frame.lane_x + frame.lane_width / 2 + PAD

    @property
    def height(self) -> float:
        return self.cards.template(self).panel.height

    def place(self, sheet: Sheet, x: float, y: float, parent: str) -> None:
        source = sheet.tip.box if sheet.tip else ""
        sheet.stamp(
            Stamp(
                self.cards.template(self),
                self.unit,
                block_name(self.unit.layers),
                x,
                y,
                parent,
                source,
            )
        )

    def template(self) -> Template:
        """The layout of the block, with its trunk at x = 0."""
        layers, sheet = self.unit.layers, Sheet()
        name, graph = block_name(layers), self.cards.frames.graph
        # ENTRY stands for the box before the block, which differs from stamp to stamp.
        sheet.tip = Tip(ENTRY, (0, 0))
        run = Run(sheet, self.cards, self.unit, name, (0, HEADER))
        branch = body_steps(layers, self.cards.frames.style, graph.config.activation_order)
        forks = run.down(branch)
        adder_y = run.y + ADDER
        shortcut = wording.shortcut_of(graph, layers)
        if shortcut:
            run.down(joint_steps(layers))
            # Most shortcuts read the block's input, ENTRY. A pre-activation projection reads the
            # first norm and ReLU inside the block, and so its line begins below that step.
            run.beside(shortcut, forks.get(shortcut.source, Fork(ENTRY, HEADER - FORK)), adder_y)
        run.y = adder_y + ADDER + GAP  # room for the addition is kept where there is none
        run.down(tail_steps(layers))
        return run.template(self._panel(name, run.y - GAP + PAD))

    def _panel(self, name: str, height: float) -> Panel:
        title = wording.block_title(self.unit)
        whole = self.left + self.right
        marks: list[Mark] = [Rect(0, 0, whole, height, 5, "block"), Text(PAD, 12, title, "title")]
        if self.unit.repeat > 1:
            marks.append(Text(whole - PAD, 12, OWN_WEIGHTS, "caption", "end"))
        return Panel(name, "block", title, -self.left, 0, whole, height, "", tuple(marks))


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A convolution of the stem with its norm and ReLU, each in its own box, in a panel that
    is not painted."""

    unit: Unit
    cards: StepCards

    @property
    def left(self) -> float:
        return self.cards.frames.layer.width / 2

    @property
    def right(self) -> float:
        return self.left

    @property
    def height(self) -> float:
        return sum([self.cards.card((node,)).height + GAP for node in self.unit.layers]) - GAP

    def place(self, sheet: Sheet, x: float, y: float, parent: str) -> None:
        name, title = self.unit.layers[0].id, wording.row_of(self.unit.layers).text
        whole = self.left + self.right
        sheet.panels.append(Panel(name, "run", title, x - self.left, y, whole, self.height, parent))
        Run(sheet, self.cards, self.unit, name, (x, y)).down([(node,) for node in self.unit.layers])


class Fork(NamedTuple):
    """Where a shortcut leaves the chain: behind which box, and at which height."""

    source: str
    y: float


class Run:
    """Places the steps of one block, one below the other."""

    def __init__(
        self, sheet: Sheet, cards: StepCards, unit: Unit, name: str, start: tuple[float, float]
    ) -> None:
        self.sheet, self.cards, self.unit, self.name = sheet, cards, unit, name
        self.x, self.y = start
        self.index = {node.id: index for index, node in enumerate(unit.layers)}

    def facts(self, step: Layers) -> BoxFacts:
        """The box of this step stands for the same layers of every block that is alike."""
        places = [self.index[node.id] for node in step]
        ids = tuple([layers[place].id for layers in self.unit.alike for place in places])
        return BoxFacts(step[0].id, wording.step_kind(step), ids, self.unit.repeat, self.name)

    def down(self, steps: Sequence[Layers]) -> dict[str, Fork]:
        """Steps along the chain; a shortcut may leave behind each."""
        forks = {}
        for step in steps:
            card = self.cards.card(step)
            box = step[0].id
            self.sheet.put(card, self.x - card.trunk, self.y, self.facts(step))
            self.y += card.height
            self.sheet.chain(box, (self.x, self.y - card.height), (self.x, self.y))
            forks[step[-1].id] = Fork(box, self.y + BELOW)
            self.y += GAP
        return forks

    def template(self, panel: Panel) -> Template:
        """Everything placed so far, as a template. The line into it is drawn by the sheet it is
        stamped on."""
        boxes = tuple([box for box in self.sheet.placed if isinstance(box, Box)])
        places = []
        for box in boxes:
            # A box of repeats lists its layers block by block; a template needs the first block's.
            of_one_block = box.node_ids[: len(box.node_ids) // box.repeat]
            places.append(tuple([self.index[name] for name in of_one_block]))
        # The first edge comes from ENTRY; only its end is known here.
        into, *edges = self.sheet.edges
        assert self.sheet.tip
        # tip[1::-1] is (point, box): the last two fields of Template, `leaves` and `last`.
        return Template(
            self.name, boxes, tuple(places), panel, tuple(edges), into.end, *self.sheet.tip[1::-1]
        )

    def beside(self, shortcut: Shortcut, fork: Fork, adder_y: float) -> None:
        """The shortcut from its fork through its own layers, if any, into the addition from the
        side."""
        steps = shortcut_steps(self.unit.layers, self.cards.frames.style)
        cards = [self.cards.card(step) for step in steps]
        lane = self.x + self.cards.frames.layer.lane_x
        # The shortcut's own layers stand in the middle between fork and addition.
        y = (fork.y + adder_y - sum(card.height + GAP for card in cards) + GAP) / 2
        source, points, label = (
            fork.source,
            [(self.x, fork.y), (lane, fork.y)],
            ", ".join(shortcut.tag),
        )
        for step, card in zip(steps, cards, strict=True):
            box = step[0].id
            self.sheet.put(card, lane - card.trunk, y, self.facts(step))
            self.sheet.line(source, box, shortcut.kind, [*points, (lane, y)], label)
            y += card.height
            source, points = box, [(lane, y)]
            y += GAP
        into = f"{self.name}.add"
        self.sheet.line(
            source,
            into,
            shortcut.kind,
            [*points, (lane, adder_y), (self.x + ADDER, adder_y)],
            label,
        )
        if not steps:  # an identity: its tag sits on the line, since there is no box to name it
            edge = self.sheet.edges[-1]
            tag = tag_marks(shortcut.tag, shortcut.kind, lane, (fork.y + adder_y) / 2)
            self.sheet.edges[-1] = replace(edge, marks=(*edge.marks, *tag))
