"""How a layer's count comes about, with its numbers filled in, and every attribute of a layer in
words.

A formula reads "3×3×16×32 = 4,608". Its left side is written out factor by factor, as in a
textbook; its right side is `resnet.network.metrics.count`, so that the two can be held against each
other.
"""

from math import prod

from resnet import quantity
from resnet.network.config import Initialiser
from resnet.network.graph import (
    Activation,
    Add,
    Conv,
    Dense,
    GlobalPool,
    Graph,
    MaxPool,
    Node,
    Norm,
    Op,
    PadChannels,
    Relu,
    Shape,
    Subsample,
)
from resnet.network.metrics import FLOAT32_BYTES, count


def params_formula(node: Node, incoming: Shape) -> str:
    """The layer's trainable parameters, or "" where it has none; `incoming` is the shape of its
    first input.

    Batch norm keeps as many untrained values (moving mean and variance) as it has trained ones.
    """
    match node.op:
        case Conv(filters, bias=bias):
            weights = _weights_per_filter(node.op, incoming)
            factors = f"({weights} + 1)×{filters}" if bias else f"{weights}×{filters}"
        case Norm():
            factors = f"2×{node.output_shape[-1]}"
        case Dense(units):
            factors = f"({incoming[0]} + 1)×{units}"
        case _:
            return ""
    return f"{factors} = {quantity.exact(count(node, incoming).trainable_params)}"


def macs_formula(node: Node, incoming: Shape) -> str:
    """The layer's multiply-adds for one image, or "" where none are counted: output values ×
    weights behind each."""
    match node.op:
        case Conv():
            factors = (
                f"{quantity.shape(node.output_shape)} × {_weights_per_filter(node.op, incoming)}"
            )
        case Dense(units):
            factors = f"{incoming[0]}×{units}"
        case _:
            return ""
    return f"{factors} = {quantity.exact(count(node, incoming).macs)}"


def memory_formula(node: Node) -> str:
    """Bytes of the layer's output for one image, in float32."""
    total = FLOAT32_BYTES * prod(node.output_shape)
    return f"{quantity.shape(node.output_shape)} × {FLOAT32_BYTES} bytes = {quantity.exact(total)}"


def attributes(node: Node, graph: Graph) -> dict[str, str]:
    """Every attribute of the layer, named and written as the field does, in the order to show them.

    The last is always "reads": the ids of the layers it takes its input from.
    """
    match node.op:
        case Conv():
            own = _of_conv(node.op)
        case Norm():
            own = _of_norm(node.op)
        case MaxPool(size, stride):
            own = {"size": f"{size}×{size}", "stride": str(stride), "padding": "same"}
        case Dense(units, initialiser):
            own = {"units": str(units), "bias": "yes", "initialiser": _initialiser(initialiser)}
        case GlobalPool():
            own = {"averages over": quantity.shape(graph.by_id[node.inputs[0]].output_shape[:2])}
        case op:
            own = _of_others(op, node)
    return own | {"reads": ", ".join(node.inputs) or "the image"}


def _weights_per_filter(op: Conv, incoming: Shape) -> str:
    """One filter sees its group's channels only."""
    channels = f"({incoming[2]}÷{op.groups})" if op.groups > 1 else str(incoming[2])
    return f"{op.kernel}×{op.kernel}×{channels}"


def _of_conv(op: Conv) -> dict[str, str]:
    return {
        "kernel": f"{op.kernel}×{op.kernel}",
        "filters": str(op.filters),
        "stride": str(op.stride),
        "groups": str(op.groups),
        "padding": "same",
        "bias": "yes" if op.bias else "no",
        "initialiser": _initialiser(op.initialiser),
    }


def _of_norm(op: Norm) -> dict[str, str]:
    """Momentum belongs to moving averages, which only batch norm keeps; groups to group norm."""
    kept = {"momentum": str(op.momentum)} if op.norm == "batch" else {}
    split = {"groups": str(op.groups)} if op.norm == "group" else {}
    gamma = {"gamma starts at": "1" if op.gamma == "one" else "0"}
    return {"kind": op.norm} | kept | {"epsilon": str(op.epsilon)} | split | gamma


def _of_others(op: Op, node: Node) -> dict[str, str]:
    """Layers without weights."""
    match op:
        case Subsample(stride):
            return {"stride": str(stride)}
        case PadChannels(extra):
            return {"extra channels": str(extra)}
        case Relu():
            return {"function": "max(0, x)"}
        case Activation(function):
            return {"function": function}
        case Add():
            return {"adds": " + ".join(node.inputs)}
    return {}


def _initialiser(name: Initialiser) -> str:
    """He normal, Glorot uniform."""
    return name.replace("_", " ").capitalize()
