"""What reaches each batch norm before any training: the moving variances an untrained network
should begin with.

Mean squares are followed through the graph, in expectation over fresh weights (He et al. 2015,
Delving Deep into Rectifiers, section 2.2): a convolution multiplies them by fan-in × the variance
of a weight, a norm sets them to 1, a ReLU halves what is as often negative as positive, and an
addition adds them up.
"""

from resnet.network.graph import Graph
from resnet.network.operations import Norm

INPUT_SQUARE = 0.5
"""Of a pixel: what makes the stem's norm begin at 1, as Keras's default has it."""


def initial_variances(graph: Graph) -> dict[str, float]:
    """For each batch norm's id, the variance to expect. All are 1 in a plain network with He
    initialisation."""
    squares: dict[str, float] = {}
    variances: dict[str, float] = {}
    for node in graph.nodes:
        if not node.inputs:
            squares[node.id] = INPUT_SQUARE
            continue
        incoming = [squares[name] for name in node.inputs]
        source = graph.by_id[node.inputs[0]]
        if isinstance(node.op, Norm):
            variances[node.id] = incoming[0]
        squares[node.id] = node.op.mean_square(incoming, source.output_shape, source.op)
    return variances
