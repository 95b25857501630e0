"""How each count of a layer is calculated, as a formula with its numbers, and every attribute of a
layer as text.

A formula reads "3×3×16×32 = 4,608". Its left side is written out factor by factor, as in a
textbook. Its right side comes from `resnet.network.metrics.count`, so a test can compare the two.
"""

from math import prod

from resnet import quantity
from resnet.network.graph import Graph, Node
from resnet.network.metrics import FLOAT32_BYTES, count
from resnet.network.operations import Shape


def params_formula(node: Node, incoming: Shape) -> str:
    """The layer's trainable parameters, or "" where it has none; `incoming` is the shape of its
    first input.

    Batch norm has as many non-trainable values (moving mean and variance) as trainable ones.
    """
    factors = node.op.weights_formula(incoming, node.output_shape)
    return _equation(factors, count(node, incoming).trainable_params)


def macs_formula(node: Node, incoming: Shape) -> str:
    """The layer's multiply-adds for one image, or "" where none are counted: output values ×
    weights behind each."""
    factors = node.op.macs_formula(incoming, node.output_shape)
    return _equation(factors, count(node, incoming).macs)


def memory_formula(node: Node) -> str:
    """Bytes of the layer's output for one image, in float32."""
    total = FLOAT32_BYTES * prod(node.output_shape)
    return f"{quantity.shape(node.output_shape)} × {FLOAT32_BYTES} bytes = {quantity.exact(total)}"


def attributes(node: Node, graph: Graph) -> dict[str, str]:
    """Every attribute of the layer, with the field's terms, in display order.

    The last is always "reads": the ids of its input layers.
    """
    incoming = graph.by_id[node.inputs[0]].output_shape if node.inputs else ()
    settings = node.op.attributes(node.inputs, incoming)
    return settings | {"reads": ", ".join(node.inputs) or "the image"}


def _equation(factors: str, total: int) -> str:
    return f"{factors} = {quantity.exact(total)}" if factors else ""
