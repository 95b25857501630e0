"""Residual networks as data: choose one, count it, draw it, build it, train it.

    import resnet
    config = resnet.get("resnet56").config
    resnet.describe(config).trainable_params   # 853018
    resnet.draw(config, level="block").save("resnet56.pdf")

Importing this package never imports TensorFlow; `resnet.build_keras_model` does, when it is first
asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from resnet.errors import (
    ConfigError,
    DataError,
    ExportError,
    ResNetLabError,
    RunError,
    UnknownNameError,
)
from resnet.network.catalog import get, names
from resnet.network.config import NormConfig, ResNetConfig, StageConfig, with_settings
from resnet.network.graph import Graph, Node, build_graph
from resnet.network.metrics import Metrics, describe, measure

if TYPE_CHECKING:
    from resnet.as_keras.model import build_keras_model, load_keras_model
    from resnet.figure import Figure, draw
    from resnet.tables.comparison import compare

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "DataError",
    "ExportError",
    "Figure",
    "Graph",
    "Metrics",
    "Node",
    "NormConfig",
    "ResNetConfig",
    "ResNetLabError",
    "RunError",
    "StageConfig",
    "UnknownNameError",
    "build_graph",
    "build_keras_model",
    "compare",
    "describe",
    "draw",
    "get",
    "load_keras_model",
    "measure",
    "names",
    "with_settings",
]


WHEN_ASKED = {
    "Figure": "resnet.figure",
    "build_keras_model": "resnet.as_keras.model",
    "compare": "resnet.tables.comparison",
    "draw": "resnet.figure",
    "load_keras_model": "resnet.as_keras.model",
}
"""Names whose modules are imported when they are first asked for: TensorFlow takes seconds, PDF a
quarter of one."""


def __getattr__(name: str) -> Any:
    if name not in WHEN_ASKED:
        raise AttributeError(f"module 'resnet' has no attribute {name!r}")
    return getattr(import_module(WHEN_ASKED[name]), name)
