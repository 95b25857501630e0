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
from resnet.network.graph import Node, build_graph
from resnet.network.initial import initial_variances
from resnet.network.operations import Input, Norm

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
    """A node's output, [N, height, width, channels] or [N, features], from those of its inputs."""
    if isinstance(node.op, Input):
        return keras.Input(node.output_shape, name=node.id)
    made = node.op.keras
    arguments = dict(made.arguments)
    if isinstance(node.op, Norm) and node.op.norm == "batch":
        arguments["moving_variance_initializer"] = keras.initializers.Constant(variance)
    layer = getattr(layers, made.name)(**arguments, name=node.id)
    if seed is not None and "kernel_initializer" in arguments:
        drawn = {
            "class_name": type(layer.kernel_initializer).__name__,
            "config": {"seed": _seed(seed, node.id)},
        }
        # Read when the layer is built, at its first call.
        layer.kernel_initializer = keras.initializers.get(drawn)
    return layer(arms if len(arms) > 1 else arms[0])


def _seed(seed: int, name: str) -> int:
    """A number of 31 bits for each layer's name: two layers of one shape must not begin equal."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big") >> 1
