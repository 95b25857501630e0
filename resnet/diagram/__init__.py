"""Drawings of networks: `draw(graph, view)`. Our own layout, linear in the number of layers, and
one set of shapes that feeds the page and every format."""

from resnet.diagram.colours.difference import coloured
from resnet.diagram.content.view import Colour, Direction, Level, PageFormat, Style, View
from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import OTHER, Box, Edge, Panel
from resnet.diagram.layout.pair import Side, lay_out_pair
from resnet.diagram.page import (
    LEAST_SCALE,
    PAGE_SIZES,
    foldings,
    laid,
    on_page,
    scale_of,
    too_large,
)
from resnet.network.catalog import name_of
from resnet.network.graph import Graph
from resnet.network.link import title

__all__ = [
    "FIRST",
    "OTHER",
    "Box",
    "Colour",
    "Direction",
    "Drawing",
    "Edge",
    "Level",
    "PageFormat",
    "Panel",
    "Style",
    "View",
    "draw",
]

FIRST = View()
"""How a visitor sees a network first."""


def draw(graph: Graph, view: View = FIRST, *, beside: Graph | None = None) -> Drawing:
    """The network as the view says, alone or with another one in step beside it.

    Raises UnknownNameError where the view opens a box that does not exist, ExportError where
    nothing fits its page.
    """
    if beside is None:
        return on_page(graph, name_of(graph.config), view)
    return _pair(Side(graph, title(graph.config)), Side(beside, title(beside.config)), view)


def _pair(first: Side, second: Side, view: View) -> Drawing:
    if view.page == "free":
        return coloured(lay_out_pair(first, second, view))
    page = PAGE_SIZES[view.page]
    # The least folded views come first, so the first drawing that fits shows the most.
    for folded in foldings(view):
        # A dict keeps the order and drops what comes twice: the wished direction is tried first.
        for direction in dict.fromkeys([view.direction, "TB", "LR"]):
            drawing = coloured(
                lay_out_pair(first, second, folded.model_copy(update={"direction": direction}))
            )
            if scale_of(drawing, page) >= LEAST_SCALE:
                return laid(drawing, page)
    raise too_large(view)
