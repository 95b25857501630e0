"""Packages that only some commands need, and the error that says how to install them.

The wheel alone can list, count, draw, compare and export. Other code imports its packages inside
`needed()`:

    with needed():
        from matplotlib.figure import Figure
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from resnet.errors import ResNetLabError

EXTRAS = {
    "pygraphviz": "plot",
    "pydot": "plot",
    "scipy": "study",
    "matplotlib": "study",
    "sklearn": "data",
    "tensorflow": "train",
    "keras": "train",
    "streamlit": "app",
    "plotly": "app",
    "pandas": "app",
}
"""The extra of pyproject.toml that installs a package, by the name used to import it."""

TITLES = {
    "pygraphviz": "Graphviz",
    "scipy": "SciPy",
    "matplotlib": "Matplotlib",
    "sklearn": "scikit-learn",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "streamlit": "Streamlit",
    "plotly": "Plotly",
}


class MissingExtraError(ResNetLabError, ImportError):
    """A package that only some commands need is not installed; the message says how to install
    it."""


@contextmanager
def needed() -> Iterator[None]:
    """Import packages of an extra in this block. Raises MissingExtraError where one is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        raise missing(package) from None


def require(package: str) -> None:
    """Raise MissingExtraError where a package is not installed, without importing it."""
    if not installed(package):
        raise missing(package)


def installed(package: str) -> bool:
    """Whether a package is installed, without importing it, which takes seconds for TensorFlow."""
    return importlib.util.find_spec(package) is not None


def missing(package: str) -> MissingExtraError:
    """The error for a package of EXTRAS that is not installed."""
    title, extra = TITLES.get(package, package), EXTRAS[package]
    return MissingExtraError(
        f"This needs {title}, which is not installed; install it with: pip install"
        f" 'resnet-lab[{extra}]'"
    )
