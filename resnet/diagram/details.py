"""What a box stands for, in numbers, for the details panel: JSON-ready, keyed by box id."""

from collections.abc import Iterable, Sequence
from typing import Any

from resnet.diagram.drawing import Box, Drawing
from resnet.diagram.wording import OWN_WEIGHTS, layer_text
from resnet.graph import Graph
from resnet.metrics import LayerMetrics, Metrics

SUMMED = ("trainable_params", "non_trainable_params", "macs", "activation_bytes")


def details(drawing: Drawing, metrics: Metrics) -> dict[str, dict[str, Any]]:
    """For each box: title, sentence, the layers of one block, shapes in and out, sums over all it stands for with
    their share of the network's totals, sums of one block (`each`), and the receptive field behind it."""
    rows = {row.id: row for row in metrics.layers}
    totals = {key: getattr(metrics, key) for key in SUMMED}
    return {box.id: _facts(drawing.graph, box, rows, totals) for box in drawing.boxes}


def _facts(graph: Graph, box: Box, rows: dict[str, LayerMetrics], totals: dict[str, int]) -> dict[str, Any]:
    drawn = [rows[name] for name in box.node_ids[: len(box.node_ids) // box.repeat]]
    sums = _sums([rows[name] for name in box.node_ids])
    inputs = graph.by_id[drawn[0].id].inputs
    last = rows[box.node_ids[-1]]
    return {
        "id": box.id,
        "kind": box.kind,
        "title": box.title,
        "sentence": _sentence(box),
        "repeat": box.repeat,
        "layers": [_layer(graph, row) for row in drawn],
        "input_shape": list(graph.by_id[inputs[0]].output_shape) if inputs else None,
        "output_shape": list(last.output_shape),
        **sums,
        "receptive_field": last.receptive_field,
        "each": _sums(drawn),
        "share": {key: round(sums[key] / totals[key], 6) if totals[key] else 0.0 for key in SUMMED},
    }


def _sentence(box: Box) -> str:
    """How many blocks or layers, and whose weights."""
    layers = len(box.node_ids) // box.repeat
    if box.repeat > 1:
        what = "blocks" if layers > 1 else "layers"
        return f"{box.repeat} {what}, {OWN_WEIGHTS}"
    return f"{layers} layers" if layers > 1 else "1 layer"


def _layer(graph: Graph, row: LayerMetrics) -> dict[str, Any]:
    record: dict[str, Any] = row._asdict() | {"output_shape": list(row.output_shape)}
    return record | {"text": layer_text(graph.by_id[row.id])}


def _sums(rows: Sequence[LayerMetrics] | Iterable[LayerMetrics]) -> dict[str, int]:
    listed = list(rows)
    return {key: sum([getattr(row, key) for row in listed]) for key in SUMMED}
