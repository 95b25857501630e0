"""Graph -> keras.Model, and .keras files: the only module of the reading half that imports Keras.

Standard layers only, each named by its node's id, so that a saved file loads wherever Keras is
installed.
"""

import hashlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
from keras import layers

from resnet.as_keras.plot_model import LONG, PlotOptions
from resnet.errors import ExportError, echo
from resnet.extras import require
from resnet.files import replacing
from resnet.network.config import ResNetConfig
from resnet.network.graph import (
    Activation,
    Add,
    Conv,
    Dense,
    GlobalPool,
    Input,
    MaxPool,
    Node,
    Norm,
    PadChannels,
    Relu,
    Subsample,
    build_graph,
)
from resnet.network.initial import initial_variances

RECURSION_ROOM = 50_000
"""Frames enough for any config: Keras walks a model with one call a layer, and 1000 blocks stay
below 12,000 layers."""

_deep = threading.Lock()


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Keras's functional constructor calls itself once a layer; Python's default limit of 1000
    stops it at ResNet-326.

    The limit belongs to the whole process, hence the lock: whoever leaves first must not lower it
    under another's feet.
    """
    with _deep:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, RECURSION_ROOM))
        try:
            yield
        finally:
            sys.setrecursionlimit(before)


def build_keras_model(config: ResNetConfig, seed: int | None = None) -> keras.Model:
    """A functional model: [N, height, width, channels] float32 in, [N, classes] out; layer names
    are graph ids.

    With a `seed`, each kernel is drawn from the seed and its layer's name, whatever else the
    network has: layers of one name and shape begin equal in a residual network and its plain twin,
    projections or not. Without one, Keras draws.

    An untrained batch norm, asked to predict, divides by a moving variance of 1, Keras's default.
    Each block then about doubles the variance, and beyond depth 400 float32 overflows: ResNet-1202
    would predict NaN. The moving variances therefore begin where `resnet.network.initial` expects
    them; training moves them on from there as ever.
    """
    graph = build_graph(config)
    variances = initial_variances(graph)
    tensors: dict[str, keras.KerasTensor] = {}
    with deep_recursion():
        for node in graph.nodes:
            arms = [tensors[name] for name in node.inputs]
            tensors[node.id] = _apply(node, arms, variances.get(node.id, 1.0), seed)
        return keras.Model(
            tensors[graph.nodes[0].id], tensors[graph.nodes[-1].id], name=config.label
        )


def save_keras_model(model: keras.Model, path: Path | str) -> None:
    """Write a .keras file, whole or not at all. Raises ExportError."""
    path = Path(path)
    if path.suffix != ".keras":
        raise ExportError(
            f"A Keras model is saved in a file that ends in .keras; received {echo(str(path))}."
        )
    with deep_recursion(), replacing(path) as draft:
        model.save(draft)


def load_keras_model(path: Path | str) -> keras.Model:
    """Read a .keras file, however deep the network in it. Raises ExportError where it is not
    one."""
    if not Path(path).is_file():
        raise ExportError(
            f"There is no file {echo(str(path))}; save a model there first, or correct the path."
        )
    with deep_recursion():
        try:
            return keras.models.load_model(path)
        except (ValueError, OSError, KeyError, TypeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ExportError(
                f"{echo(str(path))} does not hold a Keras model: {echo(reason)}."
            ) from error


def keras_dot(model: keras.Model, options: PlotOptions) -> str:
    """Keras's own `model_to_dot` as text, for `resnet.as_keras.graphviz`. Its nodes are named by
    memory addresses."""
    require("pydot")  # Keras only says that it failed
    picture = keras.utils.model_to_dot(model, splines="spline", **options.model_dump())
    if len(model.layers) > LONG:
        picture.set("nslimit", 0)
    return str(picture.to_string())


def kernel_hashes(model: keras.Model) -> dict[str, str]:
    """Sixteen hex digits of each kernel's values, by its layer's name: equal exactly when the
    kernels are."""
    found = {}
    for layer in model.layers:
        if (kernel := getattr(layer, "kernel", None)) is not None:
            found[layer.name] = hashlib.sha256(kernel.numpy().astype("<f4").tobytes()).hexdigest()[
                :16
            ]
    return found


def _apply(
    node: Node, arms: list[keras.KerasTensor], variance: float, seed: int | None
) -> keras.KerasTensor:
    match node.op:
        case Input():
            return keras.Input(node.output_shape, name=node.id)
        case Add():
            return layers.Add(name=node.id)(arms)
    layer = _layer(node, variance)
    if seed is not None and isinstance(node.op, Conv | Dense):
        drawn = {
            "class_name": type(layer.kernel_initializer).__name__,
            "config": {"seed": _seed(seed, node.id)},
        }
        layer.kernel_initializer = keras.initializers.get(
            drawn
        )  # read when the layer is built, at its first call
    return layer(arms[0])


def _seed(seed: int, name: str) -> int:
    """A number of 31 bits for each layer's name: two layers of one shape must not begin equal."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big") >> 1


def _layer(node: Node, variance: float) -> layers.Layer:  # noqa: PLR0911  one arm for each kind of node
    """The standard layer of a node with one input."""
    name = node.id
    match node.op:
        case Conv():
            return _conv(node.op, name)
        case Norm():
            return _norm(node.op, name, variance)
        case Relu():
            return layers.ReLU(name=name)
        case MaxPool(size, stride):
            return layers.MaxPooling2D(size, stride, padding="same", name=name)
        case Subsample(stride):
            return layers.AveragePooling2D(
                1, stride, name=name
            )  # the mean of one pixel: takes every stride-th one
        case PadChannels(extra):
            return _pad_channels(extra, name)
        case GlobalPool():
            return layers.GlobalAveragePooling2D(name=name)
        case Dense(units, initialiser):
            return layers.Dense(units, kernel_initializer=initialiser, name=name)
        case Activation("softmax"):
            return layers.Softmax(name=name)
        case Activation(function):
            return layers.Activation(function, name=name)
    raise AssertionError(f"no Keras layer for {node.op}")


def _conv(op: Conv, name: str) -> layers.Layer:
    return layers.Conv2D(
        op.filters,
        op.kernel,
        op.stride,
        padding="same",
        groups=op.groups,
        use_bias=op.bias,
        kernel_initializer=op.initialiser,
        name=name,
    )


def _norm(op: Norm, name: str, variance: float) -> layers.Layer:
    gamma = "ones" if op.gamma == "one" else "zeros"
    match op.norm:
        case "batch":
            return layers.BatchNormalization(
                momentum=op.momentum,
                epsilon=op.epsilon,
                gamma_initializer=gamma,
                moving_variance_initializer=keras.initializers.Constant(variance),
                name=name,
            )
        case "group":
            return layers.GroupNormalization(
                op.groups, epsilon=op.epsilon, gamma_initializer=gamma, name=name
            )
        case "layer_hwc":
            return layers.GroupNormalization(
                1, epsilon=op.epsilon, gamma_initializer=gamma, name=name
            )
        case "layer":
            return layers.LayerNormalization(epsilon=op.epsilon, gamma_initializer=gamma, name=name)
    raise AssertionError(f"no Keras layer for norm {op.norm}")


def _pad_channels(extra: int, name: str) -> layers.Layer:
    """Told that channels come first, ZeroPadding2D pads the last two axes: here width, by nothing,
    and channels.

    It is the only standard layer that appends zero channels and is saved under its own name.
    """
    return layers.ZeroPadding2D(((0, 0), (0, extra)), data_format="channels_first", name=name)
