"""What a network costs, layer by layer and in total, from its graph alone.

Conventions, as in `resnet.network.numbers`; they are stated wherever a number is shown:
- macs: multiply-adds of one forward pass for one image. Convolutions and dense layers only; bias,
  normalisation, ReLU, addition and pooling are not counted, as in He et al. 2015, who call this
  FLOPs.
- activation_bytes: the output of every layer, kept for the backward pass, in float32, for one
  image.
- receptive_field: side in input pixels of the square that convolutions and pooling let a position
  see, padding included, shortcuts included. A network's is that of its last convolutional feature
  map.
"""

from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple

from resnet.network.config import ResNetConfig
from resnet.network.graph import Graph, Node, build_graph
from resnet.network.operations import Shape, Span

FLOAT32_BYTES = 4


class LayerMetrics(NamedTuple):
    """One row of the layer table."""

    id: str
    op: str
    output_shape: Shape
    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The layer table and its totals."""

    layers: tuple[LayerMetrics, ...]
    depth: int
    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int

    @property
    def total_params(self) -> int:
        """Trainable and non-trainable parameters together, as Keras prints them."""
        return self.trainable_params + self.non_trainable_params


def measure(graph: Graph) -> Metrics:
    """Count every layer once, in one pass over the graph."""
    fields = receptive_fields(graph)
    shapes = {node.id: node.output_shape for node in graph.nodes}
    rows = []
    for node in graph.nodes:
        counts = count(node, shapes[node.inputs[0]] if node.inputs else ())
        rows.append(
            LayerMetrics(node.id, node.op.kind, node.output_shape, *counts, fields[node.id].side)
        )
    return Metrics(
        layers=tuple(rows),
        depth=graph.config.depth,
        trainable_params=sum([row.trainable_params for row in rows]),
        non_trainable_params=sum([row.non_trainable_params for row in rows]),
        macs=sum([row.macs for row in rows]),
        activation_bytes=sum([row.activation_bytes for row in rows]),
        receptive_field=fields[graph.last_map.id].side,
    )


def describe(config: ResNetConfig) -> Metrics:
    """The layer table and totals of a network: `measure(build_graph(config))`."""
    return measure(build_graph(config))


class Counts(NamedTuple):
    """The counts of one layer."""

    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int


def count(node: Node, incoming: Shape) -> Counts:
    """One layer's counts. `incoming` is the shape of its first input, () for the image."""
    cost = node.op.cost(incoming, node.output_shape)
    return Counts(*cost, FLOAT32_BYTES * prod(node.output_shape))


class ReceptiveField(NamedTuple):
    """Per axis. Padding "same" is not symmetric, so the two may start at different places; their
    lengths rarely differ."""

    rows: Span
    columns: Span

    @property
    def side(self) -> int:
        # Spans hold their last pixel, so the length is high − low + 1.
        return max(self.rows.high - self.rows.low, self.columns.high - self.columns.low) + 1


def receptive_fields(graph: Graph) -> dict[str, ReceptiveField]:
    """The input pixels that one position of each layer can depend on, from the real graph: an
    addition sees what its branch or its shortcut sees.

    Norms that average over the map (batch statistics in training, "group", "layer_hwc") are not
    counted.
    """
    height, width, _ = graph.config.input_shape
    rows = _spans(graph, 0)
    # On a square image both axes have the same spans, so one pass is enough.
    columns = rows if height == width else _spans(graph, 1)
    return {name: ReceptiveField(span, columns[name]) for name, span in rows.items()}


def _spans(graph: Graph, axis: Literal[0, 1]) -> dict[str, Span]:
    """Spans along one axis. Layers that neither stride nor use a window keep their input's span."""
    spans: dict[str, Span] = {}
    sides: dict[str, int] = {}
    for node in graph.nodes:
        shape = node.output_shape
        # After global pooling there is no axis left: (features,) counts as one position.
        sides[node.id] = shape[axis] if len(shape) > axis else 1
        if node.inputs:
            incoming = [spans[name] for name in node.inputs]
            spans[node.id] = node.op.span(incoming, sides[node.inputs[0]])
        else:
            spans[node.id] = Span(0, 0, 1)  # the image: each pixel sees itself
    return spans
