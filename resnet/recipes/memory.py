"""How much memory a training step takes, estimated from the graph. No TensorFlow here.

What is counted, all in float32:

- for each image of a batch, the maps that the gradients read again, and three maps of the largest
  size, which are at work in the backward pass;
- for each weight its value, its gradient and the optimiser's slots.

TensorFlow itself, its compiled program and its buffers come on top. docs/ablations.md has the
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
    Conv: "input",
    Norm: "input",
    Relu: "output",
    Activation: "output",
    Add: "nothing",
    Scale: "input",
    MaxPool: "both",
    GlobalPool: "nothing",
    Dense: "input",
    ZeroPad: "nothing",
    AvgPool: "nothing",
    PadChannels: "nothing",
    Subsample: "nothing",
}
"""What the gradient of an operation reads again, and a training step therefore keeps. Every
operation needs a line here."""

MORE_OF_A_NORM: dict[NormKind, int] = {"layer": 2}
"""Further maps that a norm keeps. Keras computes LayerNormalization over channels by several
operations, which keep their results; the others are one kernel, or release theirs."""

AT_WORK = 3
"""Further maps of the largest size at work in the backward pass: a gradient coming in, one going
out, and a copy in a convolution's own layout. Fitted: 2 gave up to 14 % too little."""


def memory_bytes(config: ResNetConfig, recipe: Recipe) -> int:
    """About how many bytes a training step takes, TensorFlow's own left out."""
    counts = describe(config)
    weights = (
        counts.trainable_params * (2 + SLOTS[recipe.optimiser.kind]) + counts.non_trainable_params
    )
    return recipe.batch_size * bytes_of_an_image(build_graph(config)) + FLOAT32_BYTES * weights


def bytes_of_an_image(graph: Graph) -> int:
    """What each further image of a batch takes.

    Not every layer's output is kept: what a norm or an addition gives to a ReLU is released in the
    forward pass, since a ReLU's gradient reads the ReLU's own output.
    """
    read_again: set[str] = set()
    for node in graph.nodes:
        if GRADIENT_READS[type(node.op)] in ("input", "both"):
            read_again.update(node.inputs)
    kept, largest = 0, 0
    for node in graph.nodes:
        size = prod(node.output_shape)
        largest = max(largest, size)
        if node.id in read_again or GRADIENT_READS[type(node.op)] in ("output", "both"):
            kept += size
        if isinstance(node.op, Norm):
            kept += MORE_OF_A_NORM.get(node.op.norm, 0) * size
    return FLOAT32_BYTES * (kept + AT_WORK * largest)
