"""What a network costs, layer by layer and in total, from its graph alone.

Conventions, as in `resnet.network.numbers`, said wherever a number is shown:
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
from resnet.network.graph import (
    Add,
    Conv,
    Dense,
    GlobalPool,
    Graph,
    MaxPool,
    Node,
    Norm,
    Shape,
    Subsample,
    build_graph,
)

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
    """What a layer costs by itself."""

    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int


def count(node: Node, incoming: Shape) -> Counts:
    """A layer's own costs; `incoming` is the shape of its first input, () for the image."""
    trainable, fixed, macs = 0, 0, 0
    shape = node.output_shape
    values = prod(shape)
    match node.op:
        case Conv(filters, kernel, _, groups, bias):
            per_output = kernel * kernel * (incoming[2] // groups)
            trainable = (per_output + bias) * filters
            macs = values * per_output
        case Norm(kind):
            trainable = 2 * shape[-1]
            fixed = trainable if kind == "batch" else 0
        case Dense(units):
            trainable = (incoming[0] + 1) * units
            macs = incoming[0] * units
    return Counts(trainable, fixed, macs, FLOAT32_BYTES * values)


class Span(NamedTuple):
    """Position i of a map sees input rows i·jump + low … i·jump + high."""

    low: int
    high: int
    jump: int


class ReceptiveField(NamedTuple):
    """Per axis. Padding "same" is not symmetric, so the two can differ in place, though hardly ever
    in length."""

    rows: Span
    columns: Span

    @property
    def side(self) -> int:
        return max(self.rows.high - self.rows.low, self.columns.high - self.columns.low) + 1


def receptive_fields(graph: Graph) -> dict[str, ReceptiveField]:
    """The input pixels each layer's positions can depend on, on the real graph: an addition sees
    what either arm sees.

    Norms that average over the map (batch statistics in training, "group", "layer_hwc") are not
    counted.
    """
    height, width, _ = graph.config.input_shape
    rows = _spans(graph, 0)
    columns = rows if height == width else _spans(graph, 1)
    return {name: ReceptiveField(span, columns[name]) for name, span in rows.items()}


def _spans(graph: Graph, axis: Literal[0, 1]) -> dict[str, Span]:
    """Along one axis; whatever neither strides nor looks around sees what its input sees."""
    spans: dict[str, Span] = {}
    sides: dict[str, int] = {}
    for node in graph.nodes:
        name, op, inputs, shape = node[:4]
        sides[name] = shape[axis] if len(shape) > axis else 1
        if not inputs:
            spans[name] = Span(0, 0, 1)
            continue
        span = spans[inputs[0]]
        match op:
            case Conv(_, size, stride) | MaxPool(size, stride):
                span = _window(span, sides[inputs[0]], size, stride)
            case Subsample(stride):
                span = _window(span, sides[inputs[0]], 1, stride)
            case GlobalPool():
                side = sides[inputs[0]]
                span = Span(span.low, span.high + (side - 1) * span.jump, span.jump * side)
            case Add():
                other = spans[inputs[1]]
                span = Span(min(span.low, other.low), max(span.high, other.high), span.jump)
        spans[name] = span
    return spans


def _window(span: Span, side: int, size: int, stride: int) -> Span:
    """TensorFlow's "same": the smaller half of the padding goes before the first pixel."""
    low, high, jump = span
    padding = max((-(-side // stride) - 1) * stride + size - side, 0)
    before = padding // 2
    return Span(low - before * jump, high + (size - 1 - before) * jump, jump * stride)
