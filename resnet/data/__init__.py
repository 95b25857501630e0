"""Images to train on: `names()`, `facts(name)`, `load(name, folder)`. Nothing here imports
TensorFlow.

Any folder of images is a data set too, as `folder:PATH` or `folder:PATH@SIZE`. `load`
reads what is in the data folder, and in the places where Debian and Keras put the same files.
`fetch` downloads what is missing, which may take minutes: it belongs in a worker.
"""

import os
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import numpy as np

from resnet import quantity
from resnet.data import cats_vs_dogs, cifar10, cifar100, digits, fashion_mnist, image_folder
from resnet.data.dataset import Dataset, DatasetFacts, Sample, Source, Streamed
from resnet.data.download import fetch as fetch_file
from resnet.data.fit import fit_config
from resnet.errors import DataError, UnknownNameError, echo

__all__ = [
    "DEFAULT_FOLDER",
    "FOLDER_PREFIX",
    "Dataset",
    "DatasetFacts",
    "Streamed",
    "availability",
    "check_obtainable",
    "facts",
    "fetch",
    "fit_config",
    "is_present",
    "load",
    "names",
    "read",
    "sample",
    "title",
]

DEFAULT_FOLDER = "data"
FOLDER_PREFIX = image_folder.PREFIX

_SOURCES = {
    source.facts.name: source
    for source in (
        digits.SOURCE,
        fashion_mnist.SOURCE,
        fashion_mnist.source(f"{fashion_mnist.NAME}@32"),
        cifar10.SOURCE,
        cifar100.SOURCE,
        cats_vs_dogs.source(cats_vs_dogs.NAME),
    )
}

_SIZED: dict[str, Callable[[str], Source]] = {
    module.NAME: module.source for module in (fashion_mnist, cats_vs_dogs)
}
"""Data sets that come in any size, as NAME@SIZE."""


def names() -> tuple[str, ...]:
    """The named data sets; the first one needs no download."""
    return tuple(_SOURCES)


def facts(name: str, folder: Path | str = DEFAULT_FOLDER) -> DatasetFacts:
    """What is known without loading anything. Raises UnknownNameError, and DataError for a
    `folder:` that cannot be used."""
    return _source(name, folder).facts


def title(name: str) -> str:
    """The title of a data set; its files are not read. Raises UnknownNameError."""
    if name.startswith(FOLDER_PREFIX):
        return image_folder.title(name)
    return _source(name, DEFAULT_FOLDER).facts.title


def is_present(name: str, folder: Path | str = DEFAULT_FOLDER) -> bool:
    """Whether `load` would find all the files it needs, good or bad. Raises as `facts` does."""
    return _source(name, folder).present(Path(folder))


def availability(name: str, folder: Path | str = DEFAULT_FOLDER) -> str | None:
    """None where a run would find the images on this machine; else one sentence that says what to
    put where."""
    try:
        source = _source(name, folder)
        if source.present(Path(folder)):
            return None
    except (DataError, UnknownNameError) as error:
        return str(error)
    missing = f"{source.facts.title} is not in {folder}: {source.facts.where}"
    if not source.downloads:
        return f"{missing}."
    if not _may_write(Path(folder)):
        return f"{missing}; a run cannot download it, since {folder} is not writable."
    size = quantity.size(sum(download.size_bytes for download in source.downloads))
    return f"{missing}; or let the run download it first ({size})."


def check_obtainable(name: str, folder: Path | str = DEFAULT_FOLDER) -> None:
    """Raise DataError if the images are missing and cannot be downloaded."""
    source = _source(name, folder)
    if not source.present(Path(folder)) and not (source.downloads and _may_write(Path(folder))):
        raise DataError(availability(name, folder))


def load(name: str, folder: Path | str = DEFAULT_FOLDER) -> Dataset:
    """The images, checked, from the data folder. Downloads nothing. Raises UnknownNameError and
    DataError."""
    source = _source(name, folder)
    try:
        return source.read(Path(folder))
    except OSError as error:
        raise _unreadable(source.facts.title, folder, error) from None


def read(name: str, folder: Path | str = DEFAULT_FOLDER) -> Dataset | Streamed:
    """What a run trains on: loaded where it fits into memory, else left in its files. Raises as
    `load` does."""
    source = _source(name, folder)
    if source.stream is None:
        return load(name, folder)
    try:
        return source.stream(Path(folder))
    except OSError as error:
        raise _unreadable(source.facts.title, folder, error) from None


def sample(name: str, folder: Path | str, count: int, generator: np.random.Generator) -> Sample:
    """Some training images and their labels, reading little more than them. Raises UnknownNameError
    and DataError."""
    source = _source(name, folder)
    try:
        return source.sample(Path(folder), count, generator)
    except OSError as error:
        raise _unreadable(source.facts.title, folder, error) from None


def fetch(name: str, folder: Path | str = DEFAULT_FOLDER) -> None:
    """Download what is missing into the data folder. Raises UnknownNameError, and DataError without
    a network."""
    source = _source(name, folder)
    if source.present(Path(folder)):
        return
    try:
        for download in source.downloads:
            fetch_file(download, Path(folder))
    except (OSError, HTTPException) as error:
        reason = echo(str(getattr(error, "reason", None) or error))
        raise DataError(
            f"{source.facts.title} is not in {folder} and could not be downloaded ({reason}):"
            f" {source.facts.where}."
        ) from None


def _source(name: str, folder: Path | str) -> Source:
    """The source behind a name. Raises UnknownNameError and DataError."""
    if name in _SOURCES:
        return _SOURCES[name]
    try:
        if name.startswith(FOLDER_PREFIX):
            return image_folder.source(name, Path(folder))
    except OSError as error:
        raise _unreadable(echo(name), folder, error) from None
    if sized := _SIZED.get(name.partition("@")[0]):
        return sized(name)
    raise UnknownNameError("data set", name, _SOURCES)


def _unreadable(title: str, folder: Path | str, error: OSError) -> DataError:
    return DataError(
        f"{title} cannot be read: {error.strerror or error} ({error.filename or folder})."
    )


def _may_write(folder: Path) -> bool:
    """Whether the folder, or the one it would be made in, takes files."""
    places = (folder, *folder.absolute().parents)
    nearest = next((place for place in places if place.exists()), folder)
    # A new file in a folder needs both: writing (W) and entering (X).
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
