"""Residual networks as data: choose one, count it, draw it, build it, train it.

    import resnet
    resnet.describe(resnet.get("resnet56").config).trainable_params   # 853018

Importing this package never imports TensorFlow; `resnet.build_keras_model` does, when it is first asked for.
"""

from typing import Any

from resnet.catalog import get, names
from resnet.config import NormConfig, ResNetConfig, StageConfig, with_settings
from resnet.errors import ConfigError, DataError, ExportError, ResNetLabError, RunError, UnknownNameError
from resnet.graph import Graph, Node, build_graph
from resnet.metrics import Metrics, describe, measure

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "DataError",
    "ExportError",
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
    "describe",
    "get",
    "load_keras_model",
    "measure",
    "names",
    "with_settings",
]


def __getattr__(name: str) -> Any:
    if name in ("build_keras_model", "load_keras_model"):
        from resnet import keras_model  # noqa: PLC0415  TensorFlow takes seconds to import and is not always wanted

        return getattr(keras_model, name)
    raise AttributeError(f"module 'resnet' has no attribute {name!r}")
