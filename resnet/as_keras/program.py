"""A network as a short Python program that needs only Keras: `keras_code(config, name=...)`.

The program is written for teaching: a block function and a loop over a table of stages, with only
the code that this network needs. Its layers have the same names as in `resnet.as_keras.model`, and
a test compares the two. Here only text is written, so Keras is not imported.
"""

import textwrap

from resnet.as_keras.program_parts import (
    Lines,
    block_function,
    bottleneck_width,
    build_function,
    plan_of,
    shortcut_function,
    strided_function,
)
from resnet.network.config import ResNetConfig
from resnet.network.graph import Graph, build_graph
from resnet.network.metrics import Metrics, measure
from resnet.network.numbers import NUMBERS

WIDTH = 100
"""The most columns of the program."""

DEEP = 600
"""With more layers, the program raises the recursion limit: Keras calls itself once for each layer,
and Python's limit is 1000."""

IMPORTS = """\
import math
{sys}from functools import partial

import keras
from keras import layers
"""

ROOM = """\
sys.setrecursionlimit(50_000)  # Keras walks a model with one call a layer
"""

MAIN = """\
def count(weights):
    return sum(math.prod(weight.shape) for weight in weights)


if __name__ == "__main__":
    model = build()
    trainable, fixed = count(model.trainable_weights), count(model.non_trainable_weights)
    print(f"{model.name}: {trainable:,} trainable and {fixed:,} non-trainable parameters")
"""

NORMS = {
    "batch": "layers.BatchNormalization, momentum={momentum!r}, epsilon={epsilon!r}",
    "group": "layers.GroupNormalization, groups={groups}, epsilon={epsilon!r}",
    "layer": "layers.LayerNormalization, epsilon={epsilon!r}",
    # Over height, width and channels: Keras's LayerNormalization takes the channels only, so this
    # is group norm with one group.
    "layer_hwc": "layers.GroupNormalization, groups=1, epsilon={epsilon!r}",
}

MOVING = (
    "Batch norm's moving variances begin at Keras's own 1. ResNet Lab's model begins them where it"
    " expects them: until it is trained, this one predicts other numbers."
)
"""The program leaves out `resnet.network.initial`: it would need a page, and training soon replaces
the initial averages."""


def keras_code(config: ResNetConfig, *, name: str, link: str = "") -> str:
    """A program that builds this network with Keras 3; `name` and `link` go into its docstring.

    It defines `build() -> keras.Model`, and prints the counts when it is run.
    """
    graph = build_graph(config)
    plan = plan_of(graph)
    deep = len(graph.nodes) > DEEP
    head = [
        *_docstring(config, measure(graph), name, link),
        "",
        IMPORTS.format(sys="import sys\n" if deep else ""),
    ]
    # `deep` is True or False, so ROOM is there once or not at all.
    constants = [*[ROOM] * deep, *_constants(config)]
    functions = [
        strided_function(plan),
        shortcut_function(plan),
        block_function(plan),
        build_function(plan),
    ]
    sections = ["\n".join(lines) for lines in (head + constants, *functions) if lines]
    source = "\n\n\n".join([*sections, MAIN])
    _check_complete(source, graph)
    return source


def _check_complete(source: str, graph: Graph) -> None:
    """Raise AssertionError where the program lacks an operation of the graph. Its docstring has the
    counts of all layers, so a missing one would make it wrong."""
    classes = {node.op.keras.name for node in graph.nodes if node.inputs}
    missing = sorted(name for name in classes if f"layers.{name}" not in source)
    if missing:
        raise AssertionError(f"the program lacks layers.{missing[0]}; add it to program_parts")


def _docstring(config: ResNetConfig, metrics: Metrics, name: str, link: str) -> Lines:
    kind = "plain" if config.shortcut == "none" else "residual"
    size = " x ".join(map(str, config.input_shape))
    classes = "1 class" if config.classes == 1 else f"{config.classes} classes"
    title = (
        f"{_harmless(name)}: a {kind} network of depth {config.depth} for images of {size} and"
        f" {classes}."
    )
    lines = [*_wrapped(f'"""{title}'), ""]
    if link:
        lines += [*_broken(_harmless(link)), ""]
    lines += [
        *[
            f"{NUMBERS[key].label + ':':26}{getattr(metrics, key):,}"
            for key in ("trainable_params", "non_trainable_params", "total_params")
        ],
        "",
        "Needs Keras 3 and a backend for it, such as TensorFlow.",
    ]
    if config.norm.kind == "batch" and (
        kind == "residual" or config.initialiser.startswith("glorot")
    ):
        lines += _wrapped(MOVING)
    return [*lines, '"""']


def _harmless(text: str) -> str:
    """The text on one line, without characters that could end the docstring or start an escape."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.replace("\\", "/").replace('"', "'").split())


def _wrapped(text: str) -> Lines:
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)


def _broken(link: str) -> Lines:
    """A long link on several lines, broken after an "&" where possible."""
    lines = [""]
    for piece in link.replace("&", "&\n").split("\n"):
        if len(lines[-1]) + len(piece) > WIDTH:
            lines.append("")
        lines[-1] += piece
    return [
        part
        for line in lines
        if line
        for part in textwrap.wrap(line, WIDTH, break_on_hyphens=False)
    ]


def _constants(config: ResNetConfig) -> Lines:
    lines = [
        f"INPUT_SHAPE = {config.input_shape}  # height, width, channels",
        f"CLASSES = {config.classes}",
    ]
    lines += ["STAGES = [  # blocks, filters, stride of the first block"]
    lines += [f"    ({stage.blocks}, {stage.filters}, {stage.stride})," for stage in config.stages]
    lines += ["]"]
    if config.cardinality > 1:
        lines += [f"CARDINALITY = {config.cardinality}  # groups of the 3x3 convolution"]
    if bottleneck_width(config) != "filters":
        lines += [
            f"BASE_WIDTH = {config.base_width}  # channels of a group where a stage has 64 filters"
        ]
    conv = (
        f'layers.Conv2D, padding="same", use_bias={config.conv_bias and config.bias_on == "all"},'
        f' kernel_initializer="{config.initialiser}"'
    )
    lines += ["", *_partial("conv", conv)]
    if config.norm.kind != "none":
        lines += _partial("norm", NORMS[config.norm.kind].format(**config.norm.model_dump()))
    return lines


def _partial(name: str, arguments: str) -> Lines:
    line = f"{name} = partial({arguments})"
    return [line] if len(line) <= WIDTH else [f"{name} = partial(", f"    {arguments}", ")"]
