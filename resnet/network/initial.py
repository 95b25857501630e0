"""What reaches each batch norm before any training: the moving variances an untrained network
should begin with.

Mean squares are followed through the graph, in expectation over fresh weights (He et al. 2015,
Delving Deep into Rectifiers, section 2.2): a convolution multiplies them by fan-in × the variance
of a weight, a norm sets them to 1, a ReLU halves what is as often negative as positive, and an
addition adds them up.
"""

from resnet.network.graph import Add, Conv, Graph, Node, Norm, Relu

INPUT_SQUARE = 0.5
"""Of a pixel: what makes the stem's norm begin at 1, as Keras's default has it."""


def initial_variances(graph: Graph) -> dict[str, float]:
    """For each batch norm's id, the variance to expect. All are 1 in a plain network with He
    initialisation."""
    squares: dict[str, float] = {}
    variances: dict[str, float] = {}
    for node in graph.nodes:
        incoming = [squares[name] for name in node.inputs]
        if isinstance(node.op, Norm):
            variances[node.id] = incoming[0]
        squares[node.id] = _square(node, incoming, graph)
    return variances


def _square(node: Node, incoming: list[float], graph: Graph) -> float:
    """The mean square of a node's output."""
    match node.op:
        case Conv():
            return incoming[0] * _gain(node.op, graph.by_id[node.inputs[0]].output_shape[2])
        case Norm(gamma=gamma):
            return 1.0 if gamma == "one" else 0.0
        case Relu() if not isinstance(graph.by_id[node.inputs[0]].op, Add):
            return incoming[0] / 2
        case _:
            # A ReLU behind an addition keeps most: the shortcut brings few negative values.
            return sum(incoming) if incoming else INPUT_SQUARE


def _gain(op: Conv, channels: int) -> float:
    """Fan-in × the variance of a weight: 2 by He; by Glorot 2 × fan-in / (fan-in + fan-out), as
    Keras counts fans."""
    if op.initialiser.startswith("he"):
        return 2.0
    fan_in = channels // op.groups
    return 2 * fan_in / (fan_in + op.filters)
