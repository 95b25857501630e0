"""What a data set is: facts that cost nothing to know, and its images, in memory or in their
files."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resnet.errors import DataError

READ_AT_ONCE = 256
"""Files read for one array: enough to keep every core busy, few enough to fit into memory."""

Images = NDArray[np.uint8]
"""[images, height, width, channels], 0 to 255."""

Labels = NDArray[np.int32]
"""[images], each from 0 to classes - 1."""


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What is known of a data set without loading it. `image_shape` is (height, width, channels).

    `source` says where it comes from, `where` how to give it to this program. `train_images` still
    holds the validation part, which a recipe draws. `broken_files` were skipped when the images
    were read, and are not known before. `class_sizes` are the training images of each class, where
    files say so; empty where classes are known to be equal.
    """

    name: str
    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train_images: int
    test_images: int
    source: str
    where: str
    broken_files: int = 0
    class_sizes: tuple[int, ...] = ()

    @property
    def classes(self) -> int:
        return len(self.class_names)


class Arrays(NamedTuple):
    """The four arrays a source reads from its files."""

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels


@dataclass(frozen=True)
class Dataset:
    """A data set in memory."""

    facts: DatasetFacts
    arrays: Arrays

    @property
    def train_images(self) -> Images:
        return self.arrays.train_images

    @property
    def train_labels(self) -> Labels:
        return self.arrays.train_labels

    @property
    def test_images(self) -> Images:
        return self.arrays.test_images

    @property
    def test_labels(self) -> Labels:
        return self.arrays.test_labels

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over shapes, images and labels: the same for every kind of file."""
        digest = hashlib.sha256()
        for array in self.arrays:
            # Type and shape go in first: the same bytes in another shape are other images.
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class FileImages:
    """One file for each image, and the labels. `decode` gives the pixels, or None for a broken
    file."""

    files: tuple[Path, ...]
    labels: Labels
    decode: Callable[[Path], Images | None]

    def __len__(self) -> int:
        return len(self.files)

    def subset(self, positions: NDArray[np.integer[Any]]) -> "FileImages":
        # Only paths move here; no image is read.
        files = tuple(self.files[position] for position in positions.tolist())
        return replace(self, files=files, labels=self.labels[positions])

    def read(self, positions: NDArray[np.integer[Any]]) -> Images:
        """[positions, height, width, 3]. Raises DataError for a file that was whole when the run
        began."""
        return np.stack(
            list(
                self._pool.map(
                    self._whole, [self.files[position] for position in positions.tolist()]
                )
            )
        )

    def chunks(self) -> Iterator[Images]:
        """All of them, some at a time."""
        for first in range(0, len(self), READ_AT_ONCE):
            yield self.read(np.arange(first, min(first + READ_AT_ONCE, len(self))))

    def _whole(self, file: Path) -> Images:
        pixels = self.decode(file)
        if pixels is None:
            raise DataError(
                f"{file} could be read when the run started and cannot be read now; do not change"
                " the images of a run while it trains."
            )
        return pixels

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor()


@dataclass(frozen=True)
class Streamed:
    """A data set whose images are read when they are needed. `checksum` is over pixels and labels,
    in order."""

    facts: DatasetFacts
    train: FileImages
    test: FileImages
    checksum: str

    @property
    def train_labels(self) -> Labels:
        return self.train.labels


@dataclass(frozen=True, slots=True)
class Download:
    """One published file: where it is, where it goes inside the data folder, and what it must
    be."""

    url: str
    path: str
    size_bytes: int
    md5: str


Sample = tuple[Images, Labels]
"""A few training images and their labels."""


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of source. `read` takes the data folder and raises DataError; `downloads` are what
    would fill it.

    `present` says whether all files are there to be read, good or bad. `sample` draws some training
    images from the generator and reads as little as it can for them; it raises DataError too.
    `stream` is there where the images would not fit into memory.
    """

    facts: DatasetFacts
    read: Callable[[Path], Dataset]
    present: Callable[[Path], bool]
    sample: Callable[[Path, int, np.random.Generator], Sample]
    downloads: tuple[Download, ...] = ()
    stream: Callable[[Path], Streamed] | None = None
