"""Drawings of networks: `draw(graph)`. Our own layout, linear in the number of layers, and one set of shapes that feeds
SVG, PDF, PNG and DOT."""

from resnet.catalog import name_of
from resnet.diagram.drawing import Box, Direction, Drawing, Edge, Panel
from resnet.diagram.fold import Level
from resnet.diagram.layout import lay_out
from resnet.graph import Graph

__all__ = ["Box", "Direction", "Drawing", "Edge", "Level", "Panel", "draw"]


def draw(graph: Graph, *, level: Level = "stage", direction: Direction = "TB") -> Drawing:
    """The network at one level of detail, from top to bottom or from left to right."""
    return lay_out(graph, name_of(graph.config), level, direction)
