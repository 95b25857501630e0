"""Images to train on: `names()`, `facts(name)`, `load(name, folder)`. Nothing here imports TensorFlow."""

from pathlib import Path

from resnet.data import digits
from resnet.data.dataset import Dataset, DatasetFacts, Source
from resnet.data.fit import fit_config
from resnet.errors import UnknownNameError

__all__ = ["DEFAULT_FOLDER", "Dataset", "DatasetFacts", "facts", "fit_config", "load", "names"]

DEFAULT_FOLDER = "data"

_SOURCES = {source.facts.name: source for source in (digits.SOURCE,)}


def names() -> tuple[str, ...]:
    """Every data set, the one that needs no download first."""
    return tuple(_SOURCES)


def facts(name: str) -> DatasetFacts:
    """What is known without loading anything. Raises UnknownNameError."""
    return _source(name).facts


def load(name: str, folder: Path | str = DEFAULT_FOLDER) -> Dataset:
    """The images, checked, from the data folder. Downloads nothing. Raises UnknownNameError and DataError."""
    source = _source(name)
    return Dataset(source.facts, source.read(Path(folder)))


def _source(name: str) -> Source:
    if name not in _SOURCES:
        raise UnknownNameError("data set", name, _SOURCES)
    return _SOURCES[name]
