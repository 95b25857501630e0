"""Units as closed cards, ready to be placed on the chain."""

from dataclasses import dataclass
from typing import Protocol

from resnet.config import EXPANSION
from resnet.diagram import contents, wording
from resnet.diagram.blocks import BlockFrame, block_card, tag_width
from resnet.diagram.cards import Card, Content, card, natural_width
from resnet.diagram.fold import Section, Unit, block_name
from resnet.diagram.sheet import BoxFacts, Sheet
from resnet.graph import Graph

SHEETS = 2
"""Sheets that look out from behind a box of repeats."""


class Piece(Protocol):
    """Something on the chain: it reaches `left` and `right` of its trunk and is `height` high."""

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
        sheet.chain(self.facts.id, (x, y + self.card.entry), (x, y + self.height))


def closed_pieces(graph: Graph, sections: tuple[Section, ...]) -> list[list[ClosedPiece]]:
    """For each section its units as cards, all of one width."""
    units = [unit for section in sections for unit in section.units]
    said = [
        contents.block_content(graph, unit) if unit.block else contents.plain_content(graph, unit) for unit in units
    ]
    card_width = _common_width(graph, units, said)
    frame = BlockFrame(card_width, _widest_tag(graph))
    pieces = iter([_closed(graph, unit, content, frame) for unit, content in zip(units, said, strict=True)])
    return [[next(pieces) for _ in section.units] for section in sections]


def section_pieces(graph: Graph, sections: tuple[Section, ...]) -> list[ClosedPiece]:
    """One card for the image and one for each section, all of one width."""
    pairs = [(section, unit) for section in sections for unit in section.units]
    said = [contents.section_content(graph, section, unit) for section, unit in pairs]
    card_width = _common_width(graph, [unit for _, unit in pairs], said)
    return [ClosedPiece(card(content, card_width), _section_facts(section, unit))
            for (section, unit), content in zip(pairs, said, strict=True)]  # fmt: skip


def _section_facts(section: Section, unit: Unit) -> BoxFacts:
    if unit.layers[0].op.kind == "input":
        return BoxFacts("input", "input", unit.node_ids)
    return BoxFacts(section.name, "stage" if section.is_stage else section.name, unit.node_ids)


def _common_width(graph: Graph, units: list[Unit], said: list[Content]) -> float:
    natural = [natural_width(text, contents.caption_room(graph, unit)) for unit, text in zip(units, said, strict=True)]
    return halves(max(natural))


def halves(length: float) -> float:
    """Rounded up to half a point, so that files stay small and lines sharp."""
    return -(-length * 2 // 1) / 2


def _widest_tag(graph: Graph) -> float:
    """The widest tag any twin of this network has on a shortcut."""
    expansion = EXPANSION[graph.config.block]
    tags = [("pad, /4", "1×1 conv", f"{stage.filters * expansion}, /{stage.stride}") for stage in graph.config.stages]
    return halves(max(tag_width(lines) for lines in tags))


def _closed(graph: Graph, unit: Unit, content: Content, frame: BlockFrame) -> ClosedPiece:
    if not unit.block:
        first = unit.layers[0]
        return ClosedPiece(card(content, frame.card_width), BoxFacts(first.id, wording.kind_of(first), unit.node_ids))
    shortcut = wording.shortcut_of(unit.layers)
    inside = shortcut is not None and shortcut.source in {node.id for node in unit.layers}
    sheets = SHEETS if unit.repeat > 1 else 0
    made = block_card(content, frame, shortcut, sheets=sheets, leaves_inside=inside)
    kind = "repeat" if unit.repeat > 1 else "block"
    return ClosedPiece(made, BoxFacts(block_name(unit.layers), kind, unit.node_ids, repeat=unit.repeat))
