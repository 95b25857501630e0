"""Sections as panels, stacked in groups. Groups stand side by side; the chain runs down one group
and enters the next one at its top."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

from resnet.diagram.content.fold import Section
from resnet.diagram.content.wording import blocks_text, section_title, shape_text
from resnet.diagram.drawing.parts import Panel
from resnet.diagram.layout.legend import MARGIN
from resnet.diagram.layout.pieces import ClosedPiece, Piece
from resnet.diagram.layout.sheet import Sheet
from resnet.diagram.looks.shapes import Mark, Point, Rect, Text
from resnet.diagram.looks.text import width

GUTTER = 14.0
CARD_GAP = 22.0
TURN = 12.0
"""How far outside the panels the chain runs from one column to the next."""


@dataclass(frozen=True, slots=True)
class Skin:
    """How sections are set apart: `gap` between pieces, `pad` and `header` around them, `between`
    two sections."""

    gap: float
    pad: float
    header: float
    between: float


PANELS = Skin(gap=14, pad=6, header=17, between=18)
BARE = Skin(gap=14, pad=0, header=0, between=18)
"""A closed section has no panel: it is a card."""


class Column:
    """A section and the pieces in it, in one strip or, where that would be too long, in several."""

    def __init__(
        self, section: Section, pieces: Sequence[Piece], skin: Skin, longest: float = inf
    ) -> None:
        self.section, self.skin = section, skin
        self.title, self.note = section_title(section), _note(section)
        self.left = max(piece.left for piece in pieces)
        self.right = max(piece.right for piece in pieces)
        # The header has the title left of the trunk and the note right of it; each needs its room.
        if skin.header:
            self.left = max(self.left, width(self.title, "heading") + 4) + skin.pad
            self.right = max(self.right, width(self.note, "note") + 4) + skin.pad
        self.strips = self._cut(pieces, longest)
        # Room above and below the strips, inside the panel, where the chain turns.
        self.lead = TURN if len(self.strips) > 1 else 0.0
        longest_strip = max(self._length(strip) for strip in self.strips)
        self.height = skin.header + longest_strip + skin.pad + 2 * self.lead

    @property
    def pitch(self) -> float:
        """From one strip's trunk to the next."""
        # Strips of one section share a panel: its padding is only at the outer sides.
        return self.left + self.right - 2 * self.skin.pad + GUTTER

    @property
    def width(self) -> float:
        return self.left + self.right + (len(self.strips) - 1) * self.pitch

    def place(self, sheet: Sheet, x: float, y: float) -> None:
        """Draw it with the first trunk at x and the top at y."""
        if self.skin is not BARE:
            sheet.panels.append(self._panel(x - self.left, y))
        parent = "" if self.skin is BARE else self.section.name
        top = y + self.skin.header + self.lead
        for index, strip in enumerate(self.strips):
            trunk, at = x + index * self.pitch, top
            if index:
                # The middle of the gap between this strip and the one to its left.
                gutter = trunk - self.left + self.skin.pad - GUTTER / 2
                hop(
                    sheet,
                    top + self._length(self.strips[index - 1]) + self.lead,
                    gutter,
                    (trunk, top - self.lead),
                )
            for piece in strip:
                piece.place(sheet, trunk, at, parent)
                at += piece.height + self.skin.gap

    def _panel(self, x: float, y: float) -> Panel:
        marks: tuple[Mark, ...] = ()
        if self.skin.header:
            ground = Rect(0, 0, self.width, self.height, 6, "panel")
            marks = (ground, Text(self.skin.pad, 12, self.title, "heading"))
            if self.note:
                marks = (*marks, Text(self.width - self.skin.pad, 12, self.note, "note", "end"))
        return Panel(
            self.section.name, "section", self.title, x, y, self.width, self.height, "", marks
        )

    def _cut(self, pieces: Sequence[Piece], longest: float) -> list[list[Piece]]:
        """Pieces in strips of about this length, as many in each."""
        # As few strips as the length allows, then equally many pieces in each of them.
        strips = ceil(self._length(pieces) / max(longest, 1))
        each = ceil(len(pieces) / max(1, strips))
        return [list(pieces[start : start + each]) for start in range(0, len(pieces), each)]

    def _length(self, strip: Sequence[Piece]) -> float:
        # n pieces have n − 1 gaps.
        return sum([piece.height + self.skin.gap for piece in strip]) - self.skin.gap


class Group:
    """Columns below one another, their panels of one width."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.left = max(column.left for column in columns)
        self.right = max(column.width - column.left for column in columns)

    @property
    def height(self) -> float:
        gaps = sum(
            max(one.skin.between, other.skin.between) for one, other in pairwise(self.columns)
        )
        return sum(column.height for column in self.columns) + gaps

    @property
    def width(self) -> float:
        return self.left + self.right

    def place(self, sheet: Sheet, x: float, y: float) -> None:
        """Draw it with the trunk at x and the top at y."""
        for column in self.columns:
            if len(column.strips) == 1:
                # Panels of one width; a section in several strips keeps its own.
                column.left, column.right = self.left, self.right
            column.place(sheet, x, y)
            y += column.height + column.skin.between


def row(sheet: Sheet, pieces: Sequence[ClosedPiece], y: float) -> Point:
    """Cards from left to right, their middles on one line. Returns the right and bottom end."""
    # Cards differ in height; the chain is straight if their middles have one y.
    middle = y + max(piece.height for piece in pieces) / 2
    x = MARGIN
    for piece in pieces:
        sheet.put(piece.card, x, middle - piece.height / 2, piece.facts)
        sheet.chain(piece.facts.id, (x, middle), (x + piece.card.width, middle))
        x += piece.card.width + CARD_GAP
    # middle = y + height / 2, so the bottom is y + height = 2 · middle − y.
    return x - CARD_GAP, 2 * middle - y


def beside(sheet: Sheet, groups: Sequence[Group], y: float) -> Point:
    """Groups side by side; the chain leaves one at the bottom and enters the next at the top.
    Returns the right and bottom end."""
    turn = TURN if len(groups) > 1 else 0.0
    x, top = MARGIN, y + turn
    for index, group in enumerate(groups):
        if index:
            below = top + groups[index - 1].height + turn
            hop(sheet, below, x - GUTTER / 2, (x + group.left, top - turn))
        group.place(sheet, x + group.left, top)
        x += group.width + GUTTER
    return x - GUTTER, top + max(group.height for group in groups) + turn


def size(groups: Sequence[Group]) -> Point:
    """Width and height that `beside` will take."""
    turns = 2 * TURN if len(groups) > 1 else 0.0
    return (
        sum(group.width + GUTTER for group in groups) - GUTTER,
        max(group.height for group in groups) + turns,
    )


def hop(sheet: Sheet, below: float, gutter: float, above: Point) -> None:
    """The way of the chain from one strip to the next: down to `below`, up the gutter between the
    strips, and over to `above`."""
    if sheet.tip:
        sheet.detour((sheet.tip.point[0], below), (gutter, below), (gutter, above[1]), above)


def _note(section: Section) -> str:
    if not section.is_stage:
        return ""
    return (
        f"{blocks_text(section.blocks)} · {shape_text(section.units[-1].layers[-1].output_shape)}"
    )
