"""From a graph to a keras.Model and .keras files. Outside training, only this module imports Keras.

It uses only standard layers, named by node ids, so that a saved file loads on any machine with
Keras.
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
"""Stack frames for any config: Keras calls itself once for each layer, and 1000 blocks have fewer
than 12,000 layers."""

_deep = threading.Lock()


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise Python's recursion limit in this block. Keras's functional constructor calls itself
    once for each layer, so the default limit of 1000 stops it at ResNet-326."""
    # The limit is that of the whole process. Without the lock, a thread that leaves the block would
    # lower it while another thread is still inside.
    with _deep:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, RECURSION_ROOM))
        try:
            yield
        finally:
            sys.setrecursionlimit(before)


def build_keras_model(config: ResNetConfig, seed: int | None = None) -> keras.Model:
    """A functional model: [N, height, width, channels] float32 in, [N, classes] out. Layer names
    are graph ids.

    With a `seed`, each kernel is drawn from the seed and its layer's name, independently of all
    other layers. So layers with the same name and shape start equal in a residual network and its
    plain twin. Without a seed, Keras draws.

    Moving variances start at the values of `resnet.network.initial`, not at Keras's default of 1.
    With 1, an untrained network in inference mode would about double the variance in each block,
    and beyond depth 400 float32 overflows: ResNet-1202 would predict NaN. Training updates them as
    usual.
    """
    graph = build_graph(config)
    variances = initial_variances(graph)
    tensors: dict[str, keras.KerasTensor] = {}
    with deep_recursion():
        for node in graph.nodes:
            inputs = [tensors[name] for name in node.inputs]
            tensors[node.id] = _apply(node, inputs, variances.get(node.id, 1.0), seed)
        return keras.Model(
            tensors[graph.nodes[0].id], tensors[graph.nodes[-1].id], name=config.label
        )


def save_keras_model(model: keras.Model, path: Path | str) -> None:
    """Write a .keras file, completely or not at all. Raises ExportError."""
    path = Path(path)
    if path.suffix != ".keras":
        raise ExportError(f"A Keras model's file must end in .keras; received {echo(str(path))}.")
    with deep_recursion(), replacing(path) as draft:
        model.save(draft)


def load_keras_model(path: Path | str) -> keras.Model:
    """Read a .keras file, also of a very deep network. Raises ExportError for other files."""
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
    """The output of Keras's `model_to_dot` as text, for `resnet.as_keras.graphviz`. Its node names
    are memory addresses."""
    require("pydot")  # Keras would not say which package is missing
    picture = keras.utils.model_to_dot(model, splines="spline", **options.model_dump())
    if len(model.layers) > LONG:
        picture.set("nslimit", 0)
    return str(picture.to_string())


def kernel_hashes(model: keras.Model) -> dict[str, str]:
    """A hash of each kernel's values, by its layer's name: sixteen hex digits, equal exactly when
    the kernels are equal."""
    hashes = {}
    for layer in model.layers:
        if (kernel := getattr(layer, "kernel", None)) is not None:
            data = kernel.numpy().astype("<f4").tobytes()  # the same byte order on every machine
            hashes[layer.name] = hashlib.sha256(data).hexdigest()[:16]
    return hashes


def _apply(
    node: Node, inputs: list[keras.KerasTensor], variance: float, seed: int | None
) -> keras.KerasTensor:
    """A node's output, [N, height, width, channels] or [N, features], from its inputs' outputs."""
    if isinstance(node.op, Input):
        return keras.Input(node.output_shape, name=node.id)
    keras_layer = node.op.keras
    arguments = dict(keras_layer.arguments)
    if isinstance(node.op, Norm) and node.op.norm == "batch":
        arguments["moving_variance_initializer"] = keras.initializers.Constant(variance)
    layer = getattr(layers, keras_layer.name)(**arguments, name=node.id)
    if seed is not None and "kernel_initializer" in arguments:
        seeded = {
            "class_name": type(layer.kernel_initializer).__name__,
            "config": {"seed": _seed(seed, node.id)},
        }
        # Keras uses the initializer when the layer is built, at its first call below.
        layer.kernel_initializer = keras.initializers.get(seeded)
    return layer(inputs if len(inputs) > 1 else inputs[0])


def _seed(seed: int, name: str) -> int:
    """A seed of 31 bits for each layer. It depends on the name, so that two layers of one shape do
    not start equal."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big") >> 1
