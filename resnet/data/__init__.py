"""Images to train on: `names()`, `facts(name)`, `load(name, folder)`. Nothing here imports TensorFlow.

`load` reads what is in the data folder, and in the places where Debian and Keras put the same files. `fetch` downloads
what is missing, which may take minutes: it belongs in a worker.
"""

from http.client import HTTPException
from pathlib import Path

from resnet.data import cifar10, digits, fashion_mnist
from resnet.data.dataset import Dataset, DatasetFacts, Source
from resnet.data.download import fetch as fetch_file
from resnet.data.fit import fit_config
from resnet.errors import DataError, UnknownNameError, echo

__all__ = ["DEFAULT_FOLDER", "Dataset", "DatasetFacts", "facts", "fetch", "fit_config", "is_present", "load", "names"]

DEFAULT_FOLDER = "data"

_SOURCES = {source.facts.name: source for source in (digits.SOURCE, fashion_mnist.SOURCE, cifar10.SOURCE)}


def names() -> tuple[str, ...]:
    """Every data set, the one that needs no download first."""
    return tuple(_SOURCES)


def facts(name: str) -> DatasetFacts:
    """What is known without loading anything. Raises UnknownNameError."""
    return _source(name).facts


def is_present(name: str, folder: Path | str = DEFAULT_FOLDER) -> bool:
    """Whether `load` would find all the files it needs, good or bad. Raises UnknownNameError."""
    return _source(name).present(Path(folder))


def load(name: str, folder: Path | str = DEFAULT_FOLDER) -> Dataset:
    """The images, checked, from the data folder. Downloads nothing. Raises UnknownNameError and DataError."""
    source = _source(name)
    try:
        return Dataset(source.facts, source.read(Path(folder)))
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{source.facts.title} cannot be read: {reason} ({error.filename or folder}).") from None


def fetch(name: str, folder: Path | str = DEFAULT_FOLDER) -> None:
    """Download what is missing into the data folder. Raises UnknownNameError, and DataError without a network."""
    source = _source(name)
    if source.present(Path(folder)):
        return
    try:
        for download in source.downloads:
            fetch_file(download, Path(folder))
    except (OSError, HTTPException) as error:
        reason = echo(str(getattr(error, "reason", None) or error))
        raise DataError(
            f"{source.facts.title} is not in {folder} and could not be downloaded ({reason}): {source.facts.where}."
        ) from None


def _source(name: str) -> Source:
    if name not in _SOURCES:
        raise UnknownNameError("data set", name, _SOURCES)
    return _SOURCES[name]
