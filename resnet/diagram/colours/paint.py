"""Numbers painted on boxes: each box in one step of a colour scale, with a legend of the steps."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import log10

from resnet import quantity
from resnet.diagram.colours.restyle import face_of, restyled
from resnet.diagram.content.view import Colour
from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Box
from resnet.diagram.layout.legend import Entry
from resnet.diagram.looks.shapes import Mark, Rect
from resnet.network.graph import Graph
from resnet.network.metrics import LayerMetrics, measure

STEPS = 6
TITLES: dict[Colour, str] = {
    "trainable_params": "parameters of a box",
    "macs": "multiply-adds of a box",
    "activation_bytes": "activations of a box, float32",
    "receptive_field": "receptive field, pixels",
}


def painted(drawing: Drawing, colour: Colour) -> Drawing:
    """The same drawing with its boxes coloured by one number of theirs, and the scale in place of
    the operations."""
    values = dict(zip([box.id for box in drawing.boxes], box_values(drawing, colour), strict=True))
    edges = thresholds([value for value in values.values() if value > 0])

    def repainted(box: Box) -> Box:
        return replace(box, marks=_marks(box.marks, heat(values[box.id], edges)))

    return restyled(
        drawing, repainted, lambda edge: edge, _scale(colour, edges, list(values.values()))
    )


def box_values(drawing: Drawing, colour: Colour) -> list[int]:
    """The number of each box, all its repeats together; the receptive field is that of its last
    layer."""
    tables = {id(graph): rows_of(graph) for graph in (drawing.graph, drawing.other) if graph}
    return [_value(box, tables[id(drawing.graph_of(box))], colour) for box in drawing.boxes]


def rows_of(graph: Graph) -> dict[str, LayerMetrics]:
    """The layer table by name."""
    return {row.id: row for row in measure(graph).layers}


def _value(box: Box, rows: dict[str, LayerMetrics], colour: Colour) -> int:
    numbers: list[int] = [getattr(rows[name], colour) for name in box.node_ids]
    # Costs add up; a receptive field only grows along the chain, so the last one is the largest.
    return max(numbers) if colour == "receptive_field" else sum(numbers)


def thresholds(values: Sequence[int]) -> list[float]:
    """Where the steps of the scale begin: round numbers, evenly on a logarithmic scale from the
    least to the most."""
    if not values:
        return []
    low, high = min(values), max(values)
    if low == high:
        return [float(low)]
    # Layers differ by factors of a thousand, so equal ratios tell more than equal distances.
    # Step i begins at low · (high / low)^(i / STEPS).
    ratio = (log10(high) - log10(low)) / STEPS
    rounded = [_round(10 ** (log10(low) + ratio * step)) for step in range(STEPS)]
    return sorted(
        # The first edge is at most the least value: below it a box would look like one with
        # nothing.
        {min(rounded[0], float(low)), *[edge for edge in rounded[1:] if low < edge <= high]}
    )


def _round(value: float) -> float:
    """Two significant digits, downwards."""
    # 4,672: 10^(3 − 1) = 100, so it becomes 4,600.
    digits = 10 ** (int(log10(value)) - 1) if value >= 10 else 1
    return float(value // digits * digits)


def heat(value: int, edges: Sequence[float]) -> int:
    """The step of the scale, 1 to STEPS; 0 for nothing."""
    return sum(1 for edge in edges if value >= edge) if value > 0 else 0


@lru_cache(maxsize=2048)
def _marks(marks: tuple[Mark, ...], step: int) -> tuple[Mark, ...]:
    """The same marks on coloured ground: the face of the card takes the colour, tints of operations
    give way."""
    face = face_of(marks)
    looks = {"caption": "caption-painted"}  # small grey words could not be read on a strong colour
    visible = [mark for mark in marks if not mark.look.endswith("-tint")]
    return tuple(
        [
            (
                mark._replace(look=f"heat-{step}")
                if mark is face
                else mark._replace(look=looks.get(mark.look, mark.look))
            )
            for mark in visible
        ]
    )


def _scale(colour: Colour, edges: Sequence[float], values: Sequence[int]) -> list[Entry]:
    entries = [Entry((), 0.0, TITLES[colour])]
    if 0 in values:
        entries.append(_entry(0, "none"))
    for step, edge in enumerate(edges, 1):
        entries.append(_entry(step, f"from {_said(colour, edge)}"))
    return [*entries, Entry((), 0.0, f"most: {_said(colour, max(values, default=0))}")]


def _entry(step: int, text: str) -> Entry:
    return Entry((Rect(0, -5, 14, 10, 2, f"heat-{step}"),), 14.0, text)


def _said(colour: Colour, value: float) -> str:
    if colour == "receptive_field":
        return quantity.exact(int(value))
    return quantity.size(value) if colour == "activation_bytes" else quantity.short(value)
