"""Sections as panels: below one another in one column, or beside one another, each from top to bottom."""

from collections.abc import Sequence
from math import ceil, inf, sqrt

from resnet.diagram.drawing import Panel
from resnet.diagram.fold import Section
from resnet.diagram.pieces import ClosedPiece, Piece
from resnet.diagram.shapes import Point, Rect, Text
from resnet.diagram.sheet import Sheet
from resnet.diagram.text import width
from resnet.diagram.wording import blocks_text, section_title, shape_text

MARGIN = 10.0
GAP = 14.0
PANEL_PAD = 8.0
PANEL_HEADER = 17.0
PANEL_GAP = 18.0
GUTTER = 18.0
CARD_GAP = 22.0
TURN = 12.0
"""How far outside the panels the chain runs from one column to the next."""
ASPECT = 1.6
SHORTEST_STRIP = 600.0


def row(sheet: Sheet, pieces: Sequence[ClosedPiece]) -> Point:
    """Cards from left to right, their middles on one line. Returns the right and bottom end."""
    middle = MARGIN + max(piece.height for piece in pieces) / 2
    x = MARGIN
    for piece in pieces:
        sheet.put(piece.card, x, middle - piece.height / 2, piece.facts)
        sheet.chain(piece.facts.id, (x, middle), (x + piece.card.width, middle))
        x += piece.card.width + CARD_GAP
    return x - CARD_GAP, 2 * middle - MARGIN


def stack(sheet: Sheet, pieces: Sequence[ClosedPiece]) -> Point:
    x, y = MARGIN + max(piece.left for piece in pieces), MARGIN
    for piece in pieces:
        piece.place(sheet, x, y, "")
        y += piece.height + GAP
    return x + max(piece.right for piece in pieces), y - GAP


class _Column:
    """A section's panel and the pieces in it, in one strip or, where that would be too long, in several."""

    def __init__(self, section: Section, pieces: Sequence[Piece], longest: float = inf) -> None:
        self.section = section
        self.title, self.note = section_title(section), _note(section)
        self.left = max(*[piece.left for piece in pieces], width(self.title, "heading") + 4) + PANEL_PAD
        self.right = max(*[piece.right for piece in pieces], width(self.note, "note") + 4) + PANEL_PAD
        self.strips = _cut(pieces, longest)
        self.lead = TURN if len(self.strips) > 1 else 0.0
        self.height = PANEL_HEADER + max(_length(strip) for strip in self.strips) + PANEL_PAD + 2 * self.lead

    @property
    def pitch(self) -> float:
        """From one strip's trunk to the next."""
        return self.left + self.right - 2 * PANEL_PAD + GUTTER

    @property
    def width(self) -> float:
        return self.left + self.right + (len(self.strips) - 1) * self.pitch

    def place(self, sheet: Sheet, x: float, y: float) -> None:
        """Draw it with the first trunk at x and the top at y."""
        sheet.panels.append(self._panel(x - self.left, y))
        top = y + PANEL_HEADER + self.lead
        for index, strip in enumerate(self.strips):
            trunk, at = x + index * self.pitch, top
            if index:
                gutter = trunk - self.left + PANEL_PAD - GUTTER / 2
                _hop(sheet, top + _length(self.strips[index - 1]) + self.lead, gutter, (trunk, top - self.lead))
            for piece in strip:
                piece.place(sheet, trunk, at, self.section.name)
                at += piece.height + GAP

    def _panel(self, x: float, y: float) -> Panel:
        marks = (
            Rect(0, 0, self.width, self.height, 6, "panel"),
            Text(PANEL_PAD, 12, self.title, "heading"),
            Text(self.width - PANEL_PAD, 12, self.note, "note", "end"),
        )
        return Panel(self.section.name, "section", self.title, x, y, self.width, self.height, "", marks)


def _hop(sheet: Sheet, below: float, gutter: float, above: Point) -> None:
    """The chain runs on down to `below`, up the gutter between two strips, and over to `above`, to enter from there."""
    if sheet.tip:
        sheet.detour((sheet.tip.point[0], below), (gutter, below), (gutter, above[1]), above)


def _cut(pieces: Sequence[Piece], longest: float) -> list[list[Piece]]:
    """Pieces in strips of about this length, as many in each."""
    strips = ceil(_length(pieces) / longest)
    each = ceil(len(pieces) / max(1, strips))
    return [list(pieces[start : start + each]) for start in range(0, len(pieces), each)]


def _length(strip: Sequence[Piece]) -> float:
    return sum(piece.height + GAP for piece in strip) - GAP


def _note(section: Section) -> str:
    if not section.is_stage:
        return ""
    return f"{blocks_text(section.blocks)} · {shape_text(section.units[-1].layers[-1].output_shape)}"


def one_column(sheet: Sheet, sections: Sequence[Section], pieces: Sequence[Sequence[Piece]]) -> Point:
    columns = [_Column(section, own) for section, own in zip(sections, pieces, strict=True)]
    left, right = max(column.left for column in columns), max(column.right for column in columns)
    x, y = MARGIN + left, MARGIN
    for column in columns:
        column.left, column.right = left, right
        column.place(sheet, x, y)
        y += column.height + PANEL_GAP
    return x + right, y - PANEL_GAP


def side_by_side(sheet: Sheet, sections: Sequence[Section], pieces: Sequence[Sequence[Piece]]) -> Point:
    """Panels beside one another; the chain leaves one at the bottom and enters the next at the top."""
    longest = _strip_length(pieces)
    columns = [_Column(section, own, longest) for section, own in zip(sections, pieces, strict=True)]
    x, top = MARGIN, MARGIN + TURN
    for index, column in enumerate(columns):
        if index:
            below = top + columns[index - 1].height + TURN
            _hop(sheet, below, x - GUTTER / 2, (x + column.left, top - TURN))
        column.place(sheet, x + column.left, top)
        x += column.width + GUTTER
    return x - GUTTER, top + max(column.height for column in columns) + TURN


def _strip_length(pieces: Sequence[Sequence[Piece]]) -> float:
    """How long strips may be for the whole to come out about ASPECT times as wide as high."""
    widest = max(piece.left + piece.right for own in pieces for piece in own) + GUTTER
    return max(SHORTEST_STRIP, sqrt(sum(_length(own) for own in pieces) * widest / ASPECT))
