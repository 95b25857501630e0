"""Two networks side by side: each section next to the same section of the other network.

TB has each network in a column, LR in a row. A section takes as much room in one as in the other.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from resnet.diagram.content.view import View, places
from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import OTHER, Box
from resnet.diagram.drawing.stamp import Stamp
from resnet.diagram.layout.columns import GUTTER, TURN, Column, hop
from resnet.diagram.layout.figure3 import Noted, heading
from resnet.diagram.layout.layout import HEADING, SectionPieces, parts_of, skin_of
from resnet.diagram.layout.legend import MARGIN, legend, spread
from resnet.diagram.layout.sheet import Sheet
from resnet.diagram.looks.shapes import Point, Text
from resnet.diagram.looks.text import width
from resnet.errors import UnknownNameError
from resnet.network.graph import Graph

# Points between the two networks, and the height that a network's name takes.
BETWEEN = 34.0
TITLE = 18.0

Columns = dict[str, Column]


class Side(NamedTuple):
    """One of the two networks and its name."""

    graph: Graph
    name: str


def lay_out_pair(first: Side, second: Side, view: View) -> Drawing:
    """Both networks as the view says; the ids of the second network's boxes begin with "other:".
    Raises UnknownNameError where the view opens a box that neither network has."""
    known = places(first.graph) | places(second.graph)
    for name in (*view.toggled, *view.unfolded):
        if name not in known:
            raise UnknownNameError("box", name, sorted(known))
    # Figure 3 notes the sizes of maps left of the boxes. In TB both networks share their rows, so
    # only the first network, at the left, has these notes.
    noted: Noted = "sizes" if view.direction == "LR" else "nothing"
    parts = (
        parts_of(first.graph, view.within(first.graph)),
        parts_of(second.graph, view.within(second.graph), noted=noted),
    )
    rows = [
        DrawnSide(Sheet(), _columns(sections, view), network)
        for sections, network in zip(parts, (first, second), strict=True)
    ]
    right, bottom = _in_columns(rows, view) if view.direction == "TB" else _in_rows(rows, view)
    # Both networks use the same ids, such as "stage1"; a picture needs each id once.
    _rename(rows[1].sheet)
    one, other = rows[0].sheet, rows[1].sheet
    edges = (*one.edges, *other.edges)
    entries = legend(
        [part.section for sections in parts for part in sections],
        view,
        {edge.kind for edge in edges},
    )
    # A long name may be wider than its drawing.
    right = max([right, *[mark.x + width(mark.text, "heading") for mark in _titles(rows, view)]])
    signs, right, bottom = spread(entries, MARGIN, bottom, right)
    return Drawing(
        first.graph,
        f"{first.name} beside {second.name}",
        view,
        (*one.placed, *other.placed),
        (*one.panels, *other.panels),
        edges,
        right + MARGIN,
        bottom + MARGIN,
        signs,
        (*one.marks, *other.marks),
        second.graph,
    )


class DrawnSide(NamedTuple):
    """One network while it is drawn: its sheet and its columns."""

    sheet: Sheet
    columns: Columns
    network: Side


def _columns(parts: Sequence[SectionPieces], view: View) -> Columns:
    return {part.section.name: part.column(skin_of(view)) for part in parts}


def _order(rows: Sequence[DrawnSide]) -> list[str]:
    """Every section of either network: the stem, the stages, the head."""
    # Stages are numbered from 1, so the longer list holds every name of the shorter one.
    names = [list(row.columns) for row in rows]
    return max(names, key=len)


def _alike(rows: Sequence[DrawnSide], section: str) -> list[Column]:
    return [row.columns[section] for row in rows if section in row.columns]


def _in_columns(rows: Sequence[DrawnSide], view: View) -> Point:
    x = MARGIN
    for sheet, columns, network in rows:
        left = max(column.left for column in columns.values())
        right = max(column.width - column.left for column in columns.values())
        title_x = x + left if view.style == "figure3" else x
        y = MARGIN + _title(sheet, network, view, (title_x, MARGIN))
        for section in _order(rows):
            alike = _alike(rows, section)
            height = max(column.height for column in alike)
            column = columns.get(section)
            if column:
                # The larger of the two sizes, so that both networks keep the same grid.
                column.left, column.right, column.height = left, right, height
                column.place(sheet, x + left, y)
            # Also where this network has no such section: the rows below stay in line.
            y += height + max(column.skin.between for column in alike)
        x += left + right + BETWEEN
    return x - BETWEEN, y


def _in_rows(rows: Sequence[DrawnSide], view: View) -> Point:
    y, right = MARGIN, 0.0
    for row in rows:
        trunk = MARGIN + max(column.left for column in _alike(rows, "stem"))
        title_x = trunk if view.style == "figure3" else MARGIN
        top = y + _title(row.sheet, row.network, view, (title_x, y)) + TURN
        x, bottom = MARGIN, top
        before: Column | None = None
        for section in _order(rows):
            alike = _alike(rows, section)
            left, wide = (
                max(column.left for column in alike),
                max(column.width - column.left for column in alike),
            )
            column = row.columns.get(section)
            if column:
                if before:
                    hop(
                        row.sheet,
                        top + before.height + TURN,
                        x - GUTTER / 2,
                        (x + left, top - TURN),
                    )
                # The same trunk and the same width in both rows: so equal sections stand below each
                # other.
                column.left, column.right = left, wide
                column.place(row.sheet, x + left, top)
                bottom, before = max(bottom, top + column.height), column
            x += left + wide + GUTTER
        y, right = bottom + TURN + BETWEEN / 2, max(right, x - GUTTER)
    return right, y - BETWEEN / 2


def _title(sheet: Sheet, network: Side, view: View, at: Point) -> float:
    """The network's name above its drawing, from x (figure 3: around x), and how much room it
    takes."""
    x, y = at
    if view.style == "figure3":
        sheet.marks += heading(network.graph, x, y)
        return HEADING
    sheet.marks.append(Text(x, y + 9, network.name, "heading"))
    return TITLE


def _titles(rows: Sequence[DrawnSide], view: View) -> list[Text]:
    """The names above the drawings; figure 3 has its own short headings."""
    marks = [mark for row in rows for mark in row.sheet.marks if view.style != "figure3"]
    return [mark for mark in marks if isinstance(mark, Text)]


def _rename(sheet: Sheet) -> None:
    """Puts "other:" before the ids of the second network."""
    renamed: list[Box | Stamp] = []
    for part in sheet.placed:
        parent = _other(part.parent)
        if isinstance(part, Box):
            renamed.append(replace(part, id=OTHER + part.id, parent=parent))
        else:
            source = _other(part.source)
            renamed.append(replace(part, name=OTHER + part.name, parent=parent, source=source))
    sheet.placed = renamed
    sheet.panels = [
        replace(panel, id=OTHER + panel.id, parent=_other(panel.parent)) for panel in sheet.panels
    ]
    sheet.edges = [
        replace(edge, source=OTHER + edge.source, target=OTHER + edge.target)
        for edge in sheet.edges
    ]


def _other(name: str) -> str:
    return name and OTHER + name
