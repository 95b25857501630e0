"""Images that stay in their files, since all of them together would not fit into memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resnet.data.dataset import DatasetFacts, Images, Labels
from resnet.errors import DataError

READ_AT_ONCE = 256


@dataclass(frozen=True)
class FileImages:
    """Whole images, a file each, and their labels. `decode` gives the pixels, or None for a broken
    file."""

    files: tuple[Path, ...]
    labels: Labels
    decode: Callable[[Path], Images | None]

    def __len__(self) -> int:
        return len(self.files)

    def subset(self, positions: NDArray[np.integer[Any]]) -> "FileImages":
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
                f"{file} was a whole image when it was first read and is none now; leave a run its"
                " images."
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
