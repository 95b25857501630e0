"""A drawing and its network as JSON, for programs: boxes and lines with their places, and what
every layer costs."""

import json
from collections.abc import Iterator
from typing import Any, Literal

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import OTHER, Box, Edge, Panel
from resnet.diagram.looks.shapes import Point
from resnet.network.graph import Graph
from resnet.network.metrics import measure

Which = Literal["first", "other"]
"""Which of two networks side by side; a single network is the first."""

TOTALS = (
    "depth",
    "trainable_params",
    "non_trainable_params",
    "macs",
    "activation_bytes",
    "receptive_field",
)


def as_json(drawing: Drawing, link: str = "") -> str:
    """Always the same text for the same drawing, with a newline at its end.

    Places and sizes are points and y runs downwards; they are the drawing's own, and `paper`, if
    any, says how it lies on its page. A box's `layers` are ids in the network it belongs to; the
    units of their costs are those of `resnet.network.metrics`. `link` is where the network can be
    seen.
    """
    record = {
        "name": drawing.name,
        "link": link,
        "description": drawing.description,
        "view": drawing.view.model_dump(mode="json"),
        "width": _number(drawing.width),
        "height": _number(drawing.height),
        "paper": _paper(drawing),
        "boxes": [_box(box) for box in drawing.boxes],
        "panels": [_panel(panel) for panel in drawing.panels],
        "edges": [_edge(edge) for edge in drawing.edges],
        "networks": list(_networks(drawing)),
    }
    # × and → stay readable. NaN and infinity are not JSON (RFC 8259): a program could not read
    # them.
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _paper(drawing: Drawing) -> dict[str, float] | None:
    paper = drawing.paper
    if paper is None:
        return None
    sides = {key: _number(getattr(paper, key)) for key in ("width", "height", "left", "top")}
    # A factor for lengths of hundreds of points: two digits could be wrong by points.
    return {**sides, "scale": round(paper.scale, 4)}


def _box(box: Box) -> dict[str, Any]:
    return {
        "id": box.id,
        "kind": box.kind,
        "title": box.title,
        "lines": [*box.lines, *box.behind],
        **_place(box),
        "parent": box.parent,
        "repeat": box.repeat,
        "layers": list(box.node_ids),
        "network": _which(box.id),
    }


def _panel(panel: Panel) -> dict[str, Any]:
    facts = {"id": panel.id, "kind": panel.kind, "title": panel.title}
    return {**facts, **_place(panel), "parent": panel.parent, "network": _which(panel.id)}


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "source": edge.source,
        "target": edge.target,
        "kind": edge.kind,
        "label": edge.label,
        "start": _point(edge.start),
        "end": _point(edge.end),
    }


def _networks(drawing: Drawing) -> Iterator[dict[str, Any]]:
    yield _network("first", drawing.graph)
    if drawing.other:
        yield _network("other", drawing.other)


def _network(which: Which, graph: Graph) -> dict[str, Any]:
    """The config, the totals, and a record for each layer in the graph's order."""
    metrics = measure(graph)
    totals = {key: getattr(metrics, key) for key in TOTALS}
    layers = []
    for row, node in zip(metrics.layers, graph.nodes, strict=True):
        # id, op and inputs stand first; the costs follow in the order of the layer table.
        counted = row._asdict()
        layers.append(
            {
                "id": counted.pop("id"),
                "op": counted.pop("op"),
                "inputs": list(node.inputs),
                **counted,
            }
        )
    return {
        "network": which,
        "config": graph.config.model_dump(mode="json"),
        **totals,
        "layers": layers,
    }


def _which(name: str) -> Which:
    return "other" if name.startswith(OTHER) else "first"


def _place(part: Box | Panel) -> dict[str, float]:
    return {key: _number(getattr(part, key)) for key in ("x", "y", "width", "height")}


def _point(point: Point) -> list[float]:
    return [_number(number) for number in point]


def _number(value: float) -> float:
    """Hundredths of a point, as in the SVG."""
    return round(float(value), 2)
