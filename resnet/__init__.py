"""Residual networks as data: choose one, count it, draw it, build it, train it.

    import resnet
    config = resnet.get("resnet56").config
    resnet.describe(config).trainable_params   # 853018
    resnet.draw(config, level="block").save("resnet56.pdf")

Importing this package is fast: a name's module is imported when the name is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from resnet.extras import needed

if TYPE_CHECKING:
    from resnet.as_keras.model import build_keras_model, load_keras_model
    from resnet.errors import (
        ConfigError,
        DataError,
        ExportError,
        ResNetLabError,
        RunError,
        UnknownNameError,
    )
    from resnet.figure import Figure, draw
    from resnet.network.catalog import get, names
    from resnet.network.config import NormConfig, ResNetConfig, StageConfig
    from resnet.network.graph import Graph, Node, build_graph
    from resnet.network.metrics import Metrics, describe, measure
    from resnet.network.settings import with_settings
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


WHERE = {
    "network.catalog": ("get", "names"),
    "tables.comparison": ("compare",),
    "network.config": ("NormConfig", "ResNetConfig", "StageConfig"),
    "network.settings": ("with_settings",),
    "errors": (
        "ConfigError",
        "DataError",
        "ExportError",
        "ResNetLabError",
        "RunError",
        "UnknownNameError",
    ),
    "figure": ("Figure", "draw"),
    "network.graph": ("Graph", "Node", "build_graph"),
    "as_keras.model": ("build_keras_model", "load_keras_model"),
    "network.metrics": ("Metrics", "describe", "measure"),
}
"""The public names by their modules. Importing Pydantic takes a tenth of a second, PDF a quarter,
TensorFlow several."""

_MODULES = {name: f"resnet.{module}" for module, exported in WHERE.items() for name in exported}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'resnet' has no attribute {name!r}")
    with needed():
        value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value  # next time Python finds it without this function
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
