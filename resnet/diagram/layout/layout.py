"""The positions of everything. A network is a chain with at most one shortcut in each block, so one
pass over its units is enough.

TB puts everything into one column. LR puts the stem, each stage and the head side by side, each
from top to bottom, which fits a screen or a slide; where every section is closed the chain itself
runs to the right.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

from resnet.diagram.content.fold import Section, Unit, fold
from resnet.diagram.content.view import View
from resnet.diagram.content.wording import step_kind
from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.layout.columns import BARE, GUTTER, PANELS, Column, Group, Skin, beside, row
from resnet.diagram.layout.figure3 import Figure, Noted, heading
from resnet.diagram.layout.frames import Frames
from resnet.diagram.layout.legend import MARGIN, legend, spread
from resnet.diagram.layout.opened import OpenedPiece, OpenedRun, StepCards
from resnet.diagram.layout.pieces import ClosedBlocks, ClosedPiece, Piece, section_piece
from resnet.diagram.layout.sheet import BoxFacts, Sheet
from resnet.network.graph import Graph

# LR: width ÷ height, about that of a screen or a slide. The shortest strip is in points: a small
# network needs no second strip.
ASPECT = 1.6
SHORTEST_STRIP = 600.0
# Points. The paper's figure has no panels, so a section has no padding and no header.
FIGURE = Skin(gap=5, pad=0, header=0, between=5)
HEADING = 26.0


class SectionPieces(NamedTuple):
    """A section with a piece for each of its units."""

    section: Section
    pieces: Sequence[Piece]

    def column(self, style_skin: Skin, longest: float = float("inf")) -> Column:
        # A closed section is one card; a panel around it would be a second frame.
        closed = style_skin is PANELS and not self.section.opened
        return Column(self.section, self.pieces, BARE if closed else style_skin, longest)


def lay_out(graph: Graph, name: str, view: View) -> Drawing:
    """Place the network as the view says; the page comes later."""
    parts = parts_of(graph, view)
    return draw_groups(graph, name, view, parts, grouped(parts, view))


def parts_of(graph: Graph, view: View, *, noted: Noted = "sizes") -> list[SectionPieces]:
    """Every section with its pieces, in order. Raises UnknownNameError for a box that does not
    exist."""
    sections = fold(graph, view)
    make = piece_maker(graph, view, sections, noted)
    parts = []
    for section in sections:
        parts.append(SectionPieces(section, [make(section, unit) for unit in section.units]))
    return parts


def piece_maker(
    graph: Graph, view: View, sections: Sequence[Section], noted: Noted
) -> Callable[[Section, Unit], Piece]:
    if view.style == "figure3":
        return Figure(graph, sections, noted=noted).piece
    frames = Frames(graph, view.style)
    steps, blocks = StepCards(frames), ClosedBlocks(frames)

    def make(section: Section, unit: Unit) -> Piece:
        if not section.opened:
            return section_piece(frames, section, unit)
        if view.level in ("block", "layer") and not unit.block and not unit.opened:
            return _single(steps, unit)
        if not unit.opened:
            return blocks.piece(unit)
        # A run of the stem or the head has no shortcut, so it needs no lane at its right.
        return OpenedPiece(unit, steps) if unit.block else OpenedRun(unit, steps)

    return make


def _single(steps: StepCards, unit: Unit) -> ClosedPiece:
    """A layer of the stem or the head, or a run of them, as wide as those of opened blocks."""
    facts = BoxFacts(unit.layers[0].id, step_kind(unit.layers), unit.node_ids)
    return ClosedPiece(steps.card(unit.layers), facts)


def skin_of(view: View) -> Skin:
    return FIGURE if view.style == "figure3" else PANELS


def grouped(parts: Sequence[SectionPieces], view: View) -> list[Group]:
    """One group for all of them, or one for each."""
    skin = skin_of(view)
    if view.direction == "TB":
        return [Group([part.column(skin) for part in parts])]
    longest = _strip_length(parts, skin)
    return [Group([part.column(skin, longest)]) for part in parts]


def _strip_length(parts: Sequence[SectionPieces], skin: Skin) -> float:
    """The strip length with which the whole is about ASPECT times as wide as high."""
    widest = max(piece.left + piece.right for part in parts for piece in part.pieces) + GUTTER
    whole = sum([piece.height + skin.gap for part in parts for piece in part.pieces])
    # Strips of length h: whole / h of them, each `widest` wide. Width = ASPECT · h gives
    # h = √(whole · widest / ASPECT).
    return max(SHORTEST_STRIP, sqrt(whole * widest / ASPECT))


def draw_groups(
    graph: Graph, name: str, view: View, parts: Sequence[SectionPieces], groups: Sequence[Group]
) -> Drawing:
    """The drawing of these groups, with its legend."""
    sheet, top = Sheet(), MARGIN
    if view.style == "figure3":
        top += HEADING
    # With every section closed, the pieces are few cards: LR draws them in one row.
    closed = [piece for part in parts for piece in part.pieces if not part.section.opened]
    if (
        view.direction == "LR"
        and len(closed) == sum(len(part.pieces) for part in parts)
        and skin_of(view) is PANELS
    ):
        right, bottom = row(
            sheet, [piece for piece in closed if isinstance(piece, ClosedPiece)], top
        )
    else:
        right, bottom = beside(sheet, groups, top)
    if view.style == "figure3":
        # Over a single column the heading stands above the trunk, as in the paper.
        middle = MARGIN + groups[0].left if len(groups) == 1 else right / 2
        sheet.marks += heading(graph, middle, MARGIN)
    # The legend comes last: it lists only what has been drawn.
    entries = legend([part.section for part in parts], view, {edge.kind for edge in sheet.edges})
    marks, right, bottom = spread(entries, MARGIN, bottom, right)
    return Drawing(
        graph,
        name,
        view,
        tuple(sheet.placed),
        tuple(sheet.panels),
        tuple(sheet.edges),
        right + MARGIN,
        bottom + MARGIN,
        marks,
        tuple(sheet.marks),
    )
