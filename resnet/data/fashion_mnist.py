"""Fashion-MNIST: 70,000 grey images of clothes, 28×28, in four IDX files.

The checksums are those of the unpacked files, since the same files are packed differently by
different publishers (Zalando's own, and Debian's package). Another set of IDX files of the same
size, MNIST for example, is refused: the page would otherwise call it by a wrong name.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from resnet.data.dataset import Arrays, Dataset, DatasetFacts, Download, Images, Sample, Source
from resnet.data.files import first_folder, keras_cache
from resnet.data.idx import read_first, read_idx
from resnet.errors import DataError, echo

NAME = FOLDER = "fashion_mnist"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
# gzip cannot jump: to read the last image, all before it must be unpacked.
SAMPLED_FROM = 1000
SIDE, LARGEST_SIDE = 28, 64
MIRROR = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


class IdxFile(NamedTuple):
    """One of the four: its name, the shape in it, the SHA-256 of its unpacked bytes."""

    name: str
    shape: tuple[int, ...]
    sha256: str


FILES = (
    IdxFile(
        "train-images-idx3-ubyte",
        (60000, 28, 28),
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    IdxFile(
        "train-labels-idx1-ubyte",
        (60000,),
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    IdxFile(
        "t10k-images-idx3-ubyte",
        (10000, 28, 28),
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    IdxFile(
        "t10k-labels-idx1-ubyte",
        (10000,),
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)

# Sizes and MD5 are those of the packed files, unlike the SHA-256 above.
DOWNLOADS = tuple(
    Download(f"{MIRROR}{name}.gz", f"{FOLDER}/{name}.gz", size_bytes, md5)
    for name, size_bytes, md5 in (
        ("train-images-idx3-ubyte", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
    )
)

FACTS = DatasetFacts(
    name=NAME,
    title="Fashion-MNIST",
    image_shape=(28, 28, 1),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    train_images=60_000,
    test_images=10_000,
    source="Xiao, Rasul and Vollgraf 2017, Fashion-MNIST: a Novel Image Dataset (MIT licence)",
    where=(
        f"put its four files, {FILES[0].name}.gz and so on, packed or not, in the folder {FOLDER}"
        " of the data folder, or install Debian's package dataset-fashion-mnist"
    ),
)


def read(folder: Path) -> Dataset:
    """The four files from the first place that has any. Raises DataError."""
    return Dataset(FACTS, read_files(_found(folder), FILES))


def sample(folder: Path, count: int, generator: np.random.Generator) -> Sample:
    """Some of the first thousand training images; their checksum is left for the run to check.
    Raises DataError."""
    place, (images, labels) = _found(folder), FILES[:2]
    chosen = generator.choice(SAMPLED_FROM, count, replace=False)
    pixels = read_first(_path(place, images.name), images.shape, SAMPLED_FROM, FACTS.title)
    numbers = read_first(_path(place, labels.name), labels.shape, SAMPLED_FROM, FACTS.title)
    return pixels[chosen][..., np.newaxis], numbers[chosen].astype(np.int32)


def _found(folder: Path) -> Path:
    place = find(folder)
    if place is None:
        raise DataError(f"{FACTS.title} is not in {folder}: {FACTS.where}.")
    return place


def read_files(place: Path, files: tuple[IdxFile, ...]) -> Arrays:
    """Images and labels for training, then for the test. Raises DataError."""
    train_images, train_labels, test_images, test_labels = (
        read_idx(_path(place, file.name), file.shape, file.sha256, FACTS.title) for file in files
    )
    return Arrays(
        # (images, 28, 28) becomes (images, 28, 28, 1): a convolution needs an axis of channels.
        train_images[..., np.newaxis],
        train_labels.astype(np.int32),
        test_images[..., np.newaxis],
        test_labels.astype(np.int32),
    )


def find(folder: Path) -> Path | None:
    """The first place with any of the files: the data folder, Debian's package, Keras's cache."""
    places = (
        folder / FOLDER,
        folder / "fashion-mnist",
        folder,
        DEBIAN,
        keras_cache() / "fashion-mnist",
    )
    return first_folder(places, [file.name + end for file in FILES for end in ("", ".gz")])


def is_complete(folder: Path) -> bool:
    """Whether the place that `read` would choose has all four files."""
    place = find(folder)
    return place is not None and all(
        (place / file.name).is_file() or (place / f"{file.name}.gz").is_file() for file in FILES
    )


def _path(place: Path, name: str) -> Path:
    for path in (place / name, place / f"{name}.gz"):
        if path.is_file():
            return path
    raise DataError(
        f"{place} holds only a part of {FACTS.title}: {name} (or {name}.gz) is missing; put it"
        " there too."
    )


def framed(images: Images, side: int) -> Images:
    """[images, 28, 28, 1] in the middle of [images, side, side, 3]: a black frame, and the grey
    value in all three channels."""
    # An odd frame is one pixel wider below and on the right.
    before = (side - SIDE) // 2
    after = side - SIDE - before
    padded = np.pad(
        images, ((0, 0), (before, after), (before, after), (0, 0))
    )  # (images, side, side, 1)
    return np.repeat(padded, 3, axis=3)  # (images, side, side, 3)


def source(name: str) -> Source:
    """The source of `fashion_mnist@SIZE`: the same images in a larger frame; at 32 in CIFAR's
    shape. Raises DataError."""
    size = name.partition("@")[2]
    if not (size.isdecimal() and len(size) == 2 and SIDE <= int(size) <= LARGEST_SIDE):
        raise DataError(
            f"The size after @ is the side of the framed images, from {SIDE} to {LARGEST_SIDE}"
            f" pixels; received {echo(name)}: {NAME}@32 has CIFAR's shape."
        )
    side = int(size)
    facts = replace(
        FACTS, name=name, title=f"{FACTS.title} {side}×{side}×3", image_shape=(side, side, 3)
    )

    def read_framed(folder: Path) -> Dataset:
        plain = read(folder).arrays
        train, test = framed(plain.train_images, side), framed(plain.test_images, side)
        return Dataset(facts, Arrays(train, plain.train_labels, test, plain.test_labels))

    def sample_framed(folder: Path, count: int, generator: np.random.Generator) -> Sample:
        images, labels = sample(folder, count, generator)
        return framed(images, side), labels

    return Source(facts, read_framed, is_complete, sample_framed, DOWNLOADS)


SOURCE = Source(FACTS, read, is_complete, sample, DOWNLOADS)
