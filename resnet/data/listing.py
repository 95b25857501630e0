"""The images of a folder and their order: one subfolder for each class."""

import hashlib
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from resnet.data.decode import ENDINGS, read_size
from resnet.errors import DataError, echo

TEST_SHARE = 5
"""One image in five is for the test, as in the ablation study."""


class Listing(NamedTuple):
    """The files of all classes, each with its label; test images come first."""

    class_names: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]


FolderTimes = tuple[tuple[str, int], ...]


def list_images(folder: Path) -> Listing:
    """Every file named like an image in the subfolders. Raises DataError, and OSError where the
    disk refuses.

    The order follows from the names alone: at every point of it, each class has had the same share
    of its images. So the first fifth is a fair test part, and a file added or broken moves hardly
    any other from one part to the other.
    """
    return _list(folder, _stamp(folder))


def count_tests(images: int) -> int:
    return max(1, round(images / TEST_SHARE))


def common_size(folder: Path, give_one: str) -> tuple[int, int]:
    """(height, width) of all images alike, from their headers. Raises DataError where they differ:
    `give_one` says how to ask for a size."""
    sizes = _sizes(folder, _stamp(folder))
    if not sizes:
        raise DataError(
            f"None of the files in {folder} is an image that can be read; put readable ones there."
        )
    if len(sizes) > 1:
        shown = ", ".join(f"{height}×{width}" for (height, width), _ in sizes.most_common(3))
        raise DataError(
            f"All images must have one size; those in {folder} have {len(sizes):,} sizes ({shown}"
            f"{', …' if len(sizes) > 3 else ''}): give one size for all, as in {give_one}."
        )
    return next(iter(sizes))


def _stamp(folder: Path) -> FolderTimes:
    """Changes when a file is added or removed."""
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {folder}; name one that holds a subfolder of images for each"
            " class."
        )
    subfolders = sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    return tuple((path.name, path.stat().st_mtime_ns) for path in subfolders)


@lru_cache(maxsize=4)
def _list(folder: Path, stamp: FolderTimes) -> Listing:
    # The times in the stamp are read only by the cache: another time is another key, and the folder
    # is listed again.
    names = tuple(name for name, _ in stamp)
    images_by_class = [_images_in(folder / name) for name in names]
    _check_classes(folder, names, images_by_class)
    placed = sorted(
        # The share of a class that comes before a file. Sorting all files by it mixes the
        # classes evenly, in large and small classes alike.
        ((rank + 0.5) / len(files), label, file)
        for label, files in enumerate(images_by_class)
        for rank, file in enumerate(sorted(files, key=_lot))
    )
    return Listing(
        names, tuple(file for *_, file in placed), tuple(label for _, label, _ in placed)
    )


def _images_in(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()
    ]


def _check_classes(folder: Path, names: tuple[str, ...], images_by_class: list[list[Path]]) -> None:
    if not any(images_by_class):
        raise DataError(
            f"{folder} holds no images in subfolders; make one subfolder for each class and put its"
            " images (.jpg, .png and the like) there."
        )
    if len(names) < 2:
        raise DataError(
            f"There must be at least two classes; {folder} has only {echo(names[0])}: make one"
            " subfolder for each class."
        )
    if empty := [name for name, files in zip(names, images_by_class, strict=True) if not files]:
        raise DataError(
            f"Every class needs images; {folder} has none in its subfolder {echo(empty[0])}: put"
            " some there, or remove the subfolder."
        )


def _lot(file: Path) -> bytes:
    """A position in the order of its class that depends only on the name."""
    # surrogateescape: a name on Linux may hold bytes that are not UTF-8.
    return hashlib.sha256(file.name.encode(errors="surrogateescape")).digest()


@lru_cache(maxsize=4)
def _sizes(folder: Path, stamp: FolderTimes) -> "Counter[tuple[int, int]]":
    return Counter(size for file in _list(folder, stamp).files if (size := read_size(file)))
