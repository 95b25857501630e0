"""Units as pieces of the chain: closed cards, or opened blocks."""

from dataclasses import dataclass
from typing import Protocol

from resnet.diagram.content import wording
from resnet.diagram.content.fold import Section, Unit, block_name
from resnet.diagram.layout import contents
from resnet.diagram.layout.blocks import block_card
from resnet.diagram.layout.cards import Card, card
from resnet.diagram.layout.frames import Frames
from resnet.diagram.layout.sheet import BoxFacts, Sheet

SHEETS = 2
"""Offset outlines behind a box of repeats."""


class Piece(Protocol):
    """A part of the chain: it reaches `left` and `right` of its trunk and is `height` high."""

    @property
    def left(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def height(self) -> float: ...

    def place(self, sheet: Sheet, x: float, y: float, parent: str) -> None:
        """Draw it with the trunk at x and the top at y, in the panel `parent`."""


@dataclass(frozen=True, slots=True)
class ClosedPiece:
    """A unit in one card."""

    card: Card
    facts: BoxFacts

    @property
    def left(self) -> float:
        return self.card.trunk

    @property
    def right(self) -> float:
        return self.card.width - self.card.trunk

    @property
    def height(self) -> float:
        return self.card.height

    def place(self, sheet: Sheet, x: float, y: float, parent: str) -> None:
        sheet.put(self.card, x - self.left, y, self.facts._replace(parent=parent))
        # The card of a block begins `entry` points below the top of its piece: in between, its
        # shortcut leaves the chain.
        sheet.chain(self.facts.id, (x, y + self.card.entry), (x, y + self.height))


def section_piece(frames: Frames, section: Section, unit: Unit) -> ClosedPiece:
    """The image, or a whole section, in one card."""
    content = contents.section_content(frames.graph, section, unit)
    return ClosedPiece(card(content, frames.section_width), _section_facts(section, unit))


def _section_facts(section: Section, unit: Unit) -> BoxFacts:
    # In the graph the image is part of the stem; in a drawing it is a separate box.
    if unit.layers[0].op.kind == "input":
        return BoxFacts("input", "input", unit.node_ids)
    return BoxFacts(section.name, "stage" if section.is_stage else section.name, unit.node_ids)


class ClosedBlocks:
    """Cards of closed units; equal blocks share one card."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.cards: dict[object, Card] = {}

    def piece(self, unit: Unit) -> ClosedPiece:
        if not unit.block:
            return _run_piece(self.frames, unit)
        kind = "repeat" if unit.repeat > 1 else "block"
        return ClosedPiece(
            self._card(unit), BoxFacts(block_name(unit.layers), kind, unit.node_ids, unit.repeat)
        )

    def _card(self, unit: Unit) -> Card:
        graph, frame = self.frames.graph, self.frames.block
        shortcut = wording.shortcut_of(graph, unit.layers)
        # A pre-activation projection reads the block's first norm and ReLU, not its input.
        inside = shortcut is not None and shortcut.source in {node.id for node in unit.layers}
        sheets = SHEETS if unit.repeat > 1 else 0
        content = contents.block_content(graph, unit)
        key = (content, shortcut and (shortcut.kind, shortcut.tag), inside, sheets)
        if key not in self.cards:
            self.cards[key] = block_card(
                content, frame, shortcut, sheets=sheets, leaves_inside=inside
            )
        return self.cards[key]


def _run_piece(frames: Frames, unit: Unit) -> ClosedPiece:
    first = unit.layers[0]
    drawn = card(contents.plain_content(frames.graph, unit), frames.block.card_width)
    return ClosedPiece(drawn, BoxFacts(first.id, wording.step_kind(unit.layers), unit.node_ids))
