"""Drawings that fit a page with letters of at least 6 points: wrapped into columns and, where that
is not enough, folded further; never shrunk past it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from resnet import quantity
from resnet.diagram.colours.difference import coloured
from resnet.diagram.content.view import LEVELS, PageFormat, View
from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Paper
from resnet.diagram.layout.columns import Group, size
from resnet.diagram.layout.layout import (
    SectionPieces,
    draw_groups,
    grouped,
    lay_out,
    parts_of,
    skin_of,
)
from resnet.diagram.layout.legend import MARGIN
from resnet.diagram.looks.shapes import Mark, Text
from resnet.diagram.looks.style import LOOKS
from resnet.errors import ExportError
from resnet.network.graph import Graph
from resnet.network.metrics import measure

SMALLEST_LETTER = 6.0
"""Points on the page."""
SMALLEST_LOOK = min(look.size for look in LOOKS.values() if look.size)
LEAST_SCALE = SMALLEST_LETTER / SMALLEST_LOOK
LARGEST_SCALE = 1.25
LEGEND = 34.0
"""About what the legend takes below the drawing."""
HEADING = 28.0
MOST_COLUMNS = 10


class PageSize(NamedTuple):
    """A page's size and margin in points. A column of a paper is as long as its drawing, up to
    `height`."""

    width: float
    height: float
    margin: float
    headed: bool


# 72 points are an inch: A4 is 210 × 297 mm, letter 8.5 × 11 inches.
PAGE_SIZES: dict[PageFormat, PageSize] = {
    "a4": PageSize(595.28, 841.89, 36, headed=True),
    "letter": PageSize(612, 792, 36, headed=True),
    "column": PageSize(239, 652, 0, headed=False),
    "slide": PageSize(960, 540, 14, headed=True),
}
"""column: 84 by 230 mm, as in the two-column papers of IEEE and CVF. slide: 16:9."""


def on_page(graph: Graph, name: str, view: View) -> Drawing:
    """The network in its colours, on its page. Raises ExportError where not even the closed
    sections fit."""
    if view.page == "free":
        return coloured(lay_out(graph, name, view))
    page = PAGE_SIZES[view.page]
    for folded in foldings(view):
        parts = parts_of(graph, folded)
        # Areas shrink with the square of the scale. If the pieces alone need more than the page
        # even at the least scale, no way to wrap them can fit.
        if _area(parts) * LEAST_SCALE**2 > page.width * page.height:
            continue
        for direction in dict.fromkeys([view.direction, "TB"]):
            turned = folded.model_copy(update={"direction": direction})
            drawing = coloured(draw_groups(graph, name, turned, parts, _best(parts, turned, page)))
            if scale_of(drawing, page) >= LEAST_SCALE:
                return laid(drawing, page)
    raise too_large(view)


def too_large(view: View) -> ExportError:
    return ExportError(
        f"A figure's letters must measure {SMALLEST_LETTER:.0f} points, and not even the closed"
        f" sections fit page '{view.page}' with such letters; choose a larger page, or 'free'."
    )


def foldings(view: View) -> Iterator[View]:
    """The view as it is; with its repeats folded; then level by level with nothing opened by
    hand."""
    yield view
    level = "block" if view.level == "layer" else view.level
    if view.unfolded or view.level == "layer":
        yield view.model_copy(update={"level": level, "unfolded": ()})
    for coarser in reversed(LEVELS[: LEVELS.index(level) + 1]):
        yield view.model_copy(update={"level": coarser, "unfolded": (), "toggled": ()})


def laid(drawing: Drawing, page: PageSize) -> Drawing:
    """The drawing in the middle of its page, under a heading; a column is cut to its length."""
    scale = scale_of(drawing, page)
    head = HEADING if page.headed else 0.0
    height = page.height if page.headed else drawing.height * scale
    room = page.height - 2 * page.margin - head
    left = (page.width - drawing.width * scale) / 2
    top = page.margin + head + (max(0.0, room - drawing.height * scale) / 2 if page.headed else 0.0)
    marks = _heading(drawing, page) if page.headed else ()
    return replace(drawing, paper=Paper(page.width, height, scale, left, top, marks))


def _heading(drawing: Drawing, page: PageSize) -> tuple[Mark, ...]:
    metrics = measure(drawing.graph)
    numbers = (
        f"{metrics.depth} layers · {quantity.exact(metrics.trainable_params)} parameters · "
        f"{quantity.short(metrics.macs)} multiply-adds"
    )
    x, y = page.margin + MARGIN, page.margin
    note = "" if drawing.other else numbers
    return Text(x, y + 9, drawing.name, "heading"), Text(x, y + 20, note, "note")


def scale_of(drawing: Drawing, page: PageSize) -> float:
    return _scale(drawing.width, drawing.height, page)


def _scale(width: float, height: float, page: PageSize) -> float:
    head = HEADING if page.headed else 0.0
    # The smaller of the two scales fits both sides; small drawings are not enlarged much.
    across = (page.width - 2 * page.margin) / width
    down = (page.height - 2 * page.margin - head) / height
    return min(across, down, LARGEST_SCALE)


def _best(parts: Sequence[SectionPieces], view: View, page: PageSize) -> list[Group]:
    """The way to wrap the chain that leaves the largest letters."""
    candidates = list(_wrapped(parts, view))
    if view.direction == "LR":
        # max() keeps the first of equal candidates: prefer the layout without a page.
        candidates.insert(0, grouped(parts, view))
    return max(candidates, key=lambda groups: _scale(*_whole(groups), page))


def _whole(groups: Sequence[Group]) -> tuple[float, float]:
    width, height = size(groups)
    return width + 2 * MARGIN, height + 2 * MARGIN + LEGEND


def _area(parts: Sequence[SectionPieces]) -> float:
    return sum(
        [(piece.left + piece.right) * piece.height for part in parts for piece in part.pieces]
    )


def _wrapped(parts: Sequence[SectionPieces], view: View) -> Iterator[list[Group]]:
    """The sections in one column, in two, in three …: as many as a column holds, and a longer one
    in strips."""
    skin = skin_of(view)
    total = sum(part.column(skin).height for part in parts)
    for columns in range(1, MOST_COLUMNS + 1):
        # Sections cannot be cut anywhere, so columns of exactly equal length may not exist.
        for slack in (1.0, 1.15, 1.35):
            yield _packed(parts, view, total / columns * slack)


def _packed(parts: Sequence[SectionPieces], view: View, longest: float) -> list[Group]:
    skin = skin_of(view)
    groups: list[Group] = []
    waiting: list[SectionPieces] = []
    for part in parts:
        alone = part.column(skin).height
        stacked = Group([each.column(skin) for each in (*waiting, part)])
        if waiting and stacked.height > longest:
            groups.append(Group([each.column(skin) for each in waiting]))
            waiting = []
        # A section longer than a column stands alone, cut into several strips.
        if alone > longest:
            groups.append(Group([part.column(skin, longest)]))
        else:
            waiting.append(part)
    if waiting:
        groups.append(Group([each.column(skin) for each in waiting]))
    return groups
