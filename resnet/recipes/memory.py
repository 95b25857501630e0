"""How much memory a training step takes, estimated from the graph. No TensorFlow here.

What is counted, all in float32:

- for each image of a batch: the maps that gradients read again, and three maps of the largest size,
  which the backward pass uses at the same time;
- for each weight: its value, its gradient and the optimiser's slots.

TensorFlow itself, its compiled program and its buffers are not counted. docs/ablations.md has the
measurements that the estimate was compared with.
"""

from math import prod
from typing import Literal

from resnet.network.config import NormKind, ResNetConfig
from resnet.network.graph import Graph, build_graph
from resnet.network.metrics import FLOAT32_BYTES, describe
from resnet.network.operations import (
    Activation,
    Add,
    AvgPool,
    Conv,
    Dense,
    GlobalPool,
    Input,
    MaxPool,
    Norm,
    Operation,
    PadChannels,
    Relu,
    Scale,
    Subsample,
    ZeroPad,
)
from resnet.recipes.recipe import Recipe

SLOTS = {"sgd": 1, "adam": 2, "adamw": 2}
"""Numbers an optimiser keeps for each weight: SGD's velocity; Adam's two moments."""

GradientReads = Literal["nothing", "input", "output", "both"]

GRADIENT_READS: dict[type[Operation], GradientReads] = {
    Input: "nothing",
    Conv: "input",  # dL/dw is the input times the gradient of the output
    Norm: "input",  # to normalise it again
    Relu: "output",  # where it is above 0, the gradient passes
    Activation: "output",  # sigmoid: y · (1 − y)
    Add: "nothing",  # the gradient goes to both inputs unchanged
    Scale: "input",  # a product: each factor's gradient needs the other
    MaxPool: "both",  # to find which input was the maximum
    GlobalPool: "nothing",  # a mean: the gradient is spread evenly
    Dense: "input",  # as a convolution
    ZeroPad: "nothing",
    AvgPool: "nothing",
    PadChannels: "nothing",
    Subsample: "nothing",
}
"""What an operation's gradient reads again. A training step keeps it until the backward pass. Every
operation needs a line here."""

MORE_OF_A_NORM: dict[NormKind, int] = {"layer": 2}
"""Additional maps that a norm keeps. Keras computes LayerNormalization over channels with several
operations, which keep their results. The other norms are one kernel, or release their results."""

AT_WORK = 3
"""Additional maps of the largest size in the backward pass: the incoming gradient, the outgoing
one, and a copy in a convolution's memory layout. Fitted to measurements: 2 gave up to 14 % too
little."""


def memory_bytes(config: ResNetConfig, recipe: Recipe) -> int:
    """About how many bytes a training step takes, without TensorFlow's own memory."""
    counts = describe(config)
    weights = (
        # 2: the value and its gradient. Moving averages have neither a gradient nor slots.
        counts.trainable_params * (2 + SLOTS[recipe.optimiser.kind]) + counts.non_trainable_params
    )
    return recipe.batch_size * bytes_of_an_image(build_graph(config)) + FLOAT32_BYTES * weights


def bytes_of_an_image(graph: Graph) -> int:
    """The bytes that each image of a batch adds.

    Not every layer's output is kept. The input of a ReLU is released in the forward pass, because
    the gradient of a ReLU reads its output.
    """
    # A map is kept once, however many gradients read it.
    read_again: set[str] = set()
    for node in graph.nodes:
        if GRADIENT_READS[type(node.op)] in ("input", "both"):
            read_again.update(node.inputs)
    kept_values, largest = 0, 0
    for node in graph.nodes:
        size = prod(node.output_shape)
        largest = max(largest, size)
        if node.id in read_again or GRADIENT_READS[type(node.op)] in ("output", "both"):
            kept_values += size
        if isinstance(node.op, Norm):
            kept_values += MORE_OF_A_NORM.get(node.op.norm, 0) * size
    return FLOAT32_BYTES * (kept_values + AT_WORK * largest)
