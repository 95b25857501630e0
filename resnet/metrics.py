"""What a network costs, layer by layer and in total, from its graph alone.

Conventions, said wherever a number is shown:
- macs: multiply-adds of one forward pass for one image. Convolutions and dense layers only; bias, normalisation, ReLU,
  addition and pooling are not counted, as in He et al. 2015, who call this FLOPs.
- activation_bytes: the output of every layer, kept for the backward pass, in float32, for one image.
- receptive_field: side in input pixels of the square that convolutions and pooling let a position see, padding
  included, shortcuts included. A network's is that of its last convolutional feature map.
"""

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from resnet.config import ResNetConfig
from resnet.graph import Conv, Dense, GlobalPool, Graph, MaxPool, Node, Norm, Shape, Subsample, build_graph

FLOAT32_BYTES = 4

CONVENTIONS = {
    "depth": "Convolutions and dense layers on the longest path; projections are not counted (He et al. 2015, 3.3).",
    "trainable_params": "Weights the optimiser changes: kernels, biases, and each norm's scale and shift.",
    "non_trainable_params": "Batch norm's moving mean and variance: kept, never trained.",
    "macs": "Multiply-adds of one forward pass for one image; convolutions and dense layers only. "
    "The paper calls these FLOPs (Table 1).",
    "activation_bytes": "The output of every layer, kept for the backward pass, in float32, for one image.",
    "receptive_field": "Side, in input pixels, of the square a position of the last convolutional feature map can see, "
    "shortcuts included.",
}


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


def measure(graph: Graph) -> Metrics:
    """Count every layer once, in one pass over the graph."""
    fields = receptive_fields(graph)
    shapes = {node.id: node.output_shape for node in graph.nodes}
    rows = [_row(node, shapes[node.inputs[0]] if node.inputs else (), fields[node.id].side) for node in graph.nodes]
    return Metrics(
        layers=tuple(rows),
        depth=graph.config.depth,
        trainable_params=sum(row.trainable_params for row in rows),
        non_trainable_params=sum(row.non_trainable_params for row in rows),
        macs=sum(row.macs for row in rows),
        activation_bytes=sum(row.activation_bytes for row in rows),
        receptive_field=fields[graph.last_map.id].side,
    )


def describe(config: ResNetConfig) -> Metrics:
    """The layer table and totals of a network: `measure(build_graph(config))`."""
    return measure(build_graph(config))


def _row(node: Node, incoming: Shape, receptive_field: int) -> LayerMetrics:
    shape = node.output_shape
    trainable, fixed = count_params(node, incoming)
    memory = FLOAT32_BYTES * prod(shape)
    return LayerMetrics(node.id, node.op.kind, shape, trainable, fixed, _macs(node, incoming), memory, receptive_field)


def count_params(node: Node, incoming: Shape) -> tuple[int, int]:
    """(trainable, non-trainable) parameters."""
    match node.op:
        case Conv(filters, kernel, _, groups, bias):
            return kernel * kernel * (incoming[2] // groups) * filters + filters * bias, 0
        case Norm(kind):
            channels = node.output_shape[-1]
            return 2 * channels, 2 * channels if kind == "batch" else 0
        case Dense(units):
            return (incoming[0] + 1) * units, 0
        case _:
            return 0, 0


def _macs(node: Node, incoming: Shape) -> int:
    match node.op:
        case Conv(filters, kernel, _, groups):
            height, width, _ = node.output_shape
            return height * width * filters * kernel * kernel * (incoming[2] // groups)
        case Dense(units):
            return incoming[0] * units
        case _:
            return 0


class Span(NamedTuple):
    """Position i of a map sees input rows i·jump + low … i·jump + high."""

    low: int
    high: int
    jump: int


class ReceptiveField(NamedTuple):
    """Per axis. Padding "same" is not symmetric, so the two can differ in place, though hardly ever in length."""

    rows: Span
    columns: Span

    @property
    def side(self) -> int:
        return max(span.high - span.low + 1 for span in self)


def receptive_fields(graph: Graph) -> dict[str, ReceptiveField]:
    """The input pixels each layer's positions can depend on, on the real graph: an addition sees what either arm sees.

    Norms that average over the map (batch statistics in training, "group") are not counted.
    """
    fields: dict[str, ReceptiveField] = {}
    shapes: dict[str, Shape] = {}
    for node in graph.nodes:
        shapes[node.id] = node.output_shape
        if not node.inputs:
            fields[node.id] = ReceptiveField(Span(0, 0, 1), Span(0, 0, 1))
            continue
        seen = fields[node.inputs[0]]
        match node.op:
            case Conv(_, size, stride) | MaxPool(size, stride):
                seen = _widen(seen, shapes[node.inputs[0]], size, stride)
            case Subsample(stride):
                seen = _widen(seen, shapes[node.inputs[0]], 1, stride)
            case GlobalPool():
                seen = _whole_map(seen, shapes[node.inputs[0]])
        if len(node.inputs) == 2:
            seen = _union(seen, fields[node.inputs[1]])
        fields[node.id] = seen
    return fields


def _widen(seen: ReceptiveField, shape: Shape, size: int, stride: int) -> ReceptiveField:
    if size == 1 and stride == 1:
        return seen
    return ReceptiveField(_window(seen[0], shape[0], size, stride), _window(seen[1], shape[1], size, stride))


def _window(span: Span, side: int, size: int, stride: int) -> Span:
    """TensorFlow's "same": the smaller half of the padding goes before the first pixel."""
    padding = max((-(-side // stride) - 1) * stride + size - side, 0)
    before = padding // 2
    return Span(span.low - before * span.jump, span.high + (size - 1 - before) * span.jump, span.jump * stride)


def _whole_map(seen: ReceptiveField, shape: Shape) -> ReceptiveField:
    spans = zip(seen, shape[:2], strict=True)
    return ReceptiveField(*(Span(s.low, s.high + (side - 1) * s.jump, s.jump * side) for s, side in spans))


def _union(one: ReceptiveField, other: ReceptiveField) -> ReceptiveField:
    pairs = zip(one, other, strict=True)
    return ReceptiveField(*(Span(min(a.low, b.low), max(a.high, b.high), a.jump) for a, b in pairs))
