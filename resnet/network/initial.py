"""The variance of each batch norm's input before training: the initial moving variances of an
untrained network.

E[x²] is followed through the graph, in expectation over the initial weights (He et al. 2015,
Delving Deep into Rectifiers, section 2.2). A convolution multiplies it by fan-in × the variance of
a weight. A norm sets it to 1. A ReLU halves it where the input is symmetric around 0. An addition
adds up those of its inputs.
"""

from resnet.network.graph import Graph
from resnet.network.operations import Norm

INPUT_SQUARE = 0.5
"""E[x²] of a pixel. He initialisation doubles it, so the stem's norm begins at 1, Keras's
default."""


def initial_variances(graph: Graph) -> dict[str, float]:
    """The expected variance, by each batch norm's id. In a plain network with He initialisation all
    are 1."""
    squares: dict[str, float] = {}
    variances: dict[str, float] = {}
    for node in graph.nodes:
        if not node.inputs:
            squares[node.id] = INPUT_SQUARE
            continue
        incoming = [squares[name] for name in node.inputs]
        source = graph.by_id[node.inputs[0]]
        if isinstance(node.op, Norm):
            # Its mean is 0 in expectation, so the mean square is the variance.
            variances[node.id] = incoming[0]
        squares[node.id] = node.op.mean_square(incoming, source.output_shape, source.op)
    return variances
