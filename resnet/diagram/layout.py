"""Where everything goes. A network is a chain with at most one shortcut a block, so one pass over its units is enough.

TB puts everything into one column. LR puts the stem, each stage and the head beside one another, every one from top to
bottom, which fits a screen or a slide; with one box a section (level "network") the chain itself runs to the right.
"""

from collections.abc import Sequence

from resnet.diagram.drawing import Direction, Drawing, Panel
from resnet.diagram.fold import Level, Section, fold
from resnet.diagram.legend import legend, spread
from resnet.diagram.pieces import ClosedPiece, Piece, closed_pieces, section_pieces
from resnet.diagram.shapes import Rect, Text
from resnet.diagram.sheet import Sheet
from resnet.diagram.text import width
from resnet.diagram.wording import blocks_text, section_title, shape_text
from resnet.graph import Graph

MARGIN = 10.0
GAP = 8.0
PANEL_PAD = 8.0
PANEL_HEADER = 17.0
PANEL_GAP = 18.0
GUTTER = 18.0
TURN = 12.0
"""How far outside the panels the chain runs from one column to the next."""


def lay_out(graph: Graph, name: str, level: Level, direction: Direction) -> Drawing:
    """Place the network at this level."""
    sections = fold(graph, level)
    sheet = Sheet()
    if level == "network":
        pieces = section_pieces(graph, sections)
        size = _row(sheet, pieces) if direction == "LR" else _stack(sheet, pieces)
    else:
        columns = [
            _Column(section, pieces) for section, pieces in zip(sections, closed_pieces(graph, sections), strict=True)
        ]
        size = _side_by_side(sheet, columns) if direction == "LR" else _one_column(sheet, columns)
    right, bottom = size
    entries = legend(sections, level, {edge.kind for edge in sheet.edges})
    marks, bottom = spread(entries, MARGIN, bottom, right)
    return Drawing(
        graph, name, level, direction, tuple(sheet.boxes), tuple(sheet.panels), tuple(sheet.edges),
        right + MARGIN, bottom + MARGIN, marks,
    )  # fmt: skip


def _row(sheet: Sheet, pieces: Sequence[ClosedPiece]) -> tuple[float, float]:
    """Cards from left to right, their middles on one line. Returns the right and bottom end."""
    middle = MARGIN + max(piece.height for piece in pieces) / 2
    x = MARGIN
    for piece in pieces:
        sheet.put(piece.card, x, middle - piece.height / 2, piece.facts)
        sheet.chain(piece.facts.id, (x, middle), (x + piece.card.width, middle))
        x += piece.card.width + GUTTER
    return x - GUTTER, 2 * middle - MARGIN


def _stack(sheet: Sheet, pieces: Sequence[ClosedPiece]) -> tuple[float, float]:
    x, y = MARGIN + max(piece.left for piece in pieces), MARGIN
    for piece in pieces:
        piece.place(sheet, x, y, "")
        y += piece.height + GAP
    return x + max(piece.right for piece in pieces), y - GAP


class _Column:
    """A section's panel and the pieces in it."""

    def __init__(self, section: Section, pieces: Sequence[Piece]) -> None:
        self.section, self.pieces = section, pieces
        self.title = section_title(section)
        self.note = _note(section)
        self.left = max(*[piece.left for piece in pieces], width(self.title, "heading") + 4) + PANEL_PAD
        self.right = max(*[piece.right for piece in pieces], width(self.note, "note") + 4) + PANEL_PAD
        self.height = PANEL_HEADER + sum(piece.height + GAP for piece in pieces) - GAP + PANEL_PAD

    def place(self, sheet: Sheet, x: float, y: float, height: float) -> None:
        """Draw it with the trunk at x and the top at y."""
        sheet.panels.append(self._panel(x, y, height))
        y += PANEL_HEADER
        for piece in self.pieces:
            piece.place(sheet, x, y, self.section.name)
            y += piece.height + GAP

    def _panel(self, x: float, y: float, height: float) -> Panel:
        whole = self.left + self.right
        marks = (
            Rect(0, 0, whole, height, 6, "panel"),
            Text(PANEL_PAD, 12, self.title, "heading"),
            Text(whole - PANEL_PAD, 12, self.note, "note", "end"),
        )
        return Panel(self.section.name, "section", self.title, x - self.left, y, whole, height, "", marks)


def _note(section: Section) -> str:
    if not section.is_stage:
        return ""
    return f"{blocks_text(section.blocks)} · {shape_text(section.units[-1].layers[-1].output_shape)}"


def _one_column(sheet: Sheet, columns: Sequence[_Column]) -> tuple[float, float]:
    left, right = max(column.left for column in columns), max(column.right for column in columns)
    x, y = MARGIN + left, MARGIN
    for column in columns:
        column.left, column.right = left, right
        column.place(sheet, x, y, column.height)
        y += column.height + PANEL_GAP
    return x + right, y - PANEL_GAP


def _side_by_side(sheet: Sheet, columns: Sequence[_Column]) -> tuple[float, float]:
    """Panels of one height; the chain leaves one at the bottom and enters the next at the top."""
    height = max(column.height for column in columns)
    x, top = MARGIN, MARGIN + TURN
    for index, column in enumerate(columns):
        trunk = x + column.left
        if index:
            gutter = x - GUTTER / 2
            sheet.detour((gutter, top + columns[index - 1].height + TURN), (gutter, top - TURN), (trunk, top - TURN))
        column.place(sheet, trunk, top, column.height)
        if index < len(columns) - 1:
            sheet.detour((trunk, top + column.height + TURN))
        x = trunk + column.right + GUTTER
    return x - GUTTER, top + height + TURN
