"""Where everything goes. A network is a chain with at most one shortcut a block, so one pass over its units is enough.

TB puts everything into one column. LR puts the stem, each stage and the head beside one another, every one from top to
bottom, which fits a screen or a slide; with one box a section (level "network") the chain itself runs to the right.
"""

from resnet.diagram.columns import MARGIN, one_column, row, side_by_side, stack
from resnet.diagram.drawing import Direction, Drawing
from resnet.diagram.fold import Level, fold
from resnet.diagram.legend import legend, spread
from resnet.diagram.opened import opened_pieces
from resnet.diagram.pieces import closed_pieces, section_pieces
from resnet.diagram.sheet import Sheet
from resnet.graph import Graph


def lay_out(graph: Graph, name: str, level: Level, direction: Direction) -> Drawing:
    """Place the network at this level."""
    sections = fold(graph, level)
    sheet = Sheet()
    if level == "network":
        pieces = section_pieces(graph, sections)
        size = row(sheet, pieces) if direction == "LR" else stack(sheet, pieces)
    else:
        made = closed_pieces(graph, sections) if level == "stage" else opened_pieces(graph, sections)
        size = side_by_side(sheet, sections, made) if direction == "LR" else one_column(sheet, sections, made)
    right, bottom = size
    entries = legend(sections, level, {edge.kind for edge in sheet.edges})
    marks, bottom = spread(entries, MARGIN, bottom, right)
    return Drawing(
        graph, name, level, direction, tuple(sheet.boxes), tuple(sheet.panels), tuple(sheet.edges),
        right + MARGIN, bottom + MARGIN, marks,
    )  # fmt: skip
