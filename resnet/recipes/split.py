"""The validation part of a data set: drawn once from (data set, seed), from each class in
proportion."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resnet.data import Dataset, Streamed
from resnet.errors import ConfigError, echo

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Positions in the data set's training images, in random order, so that the first few are a
    random sample.

    Two splits have the same `hash` exactly when data set and split are the same.
    """

    train: Positions
    validation: Positions
    hash: str


def draw_split(dataset: Dataset | Streamed, validation_images: int, seed: int) -> Split:
    """Draw `validation_images` of the training images. Raises ConfigError where a class would have
    no image in one part."""
    labels = dataset.train_labels
    sizes = np.bincount(labels, minlength=dataset.facts.classes)
    shares = class_shares(sizes, validation_images)
    check_shares(dataset.facts.class_names, sizes, shares)
    # A generator for this purpose only: no other draw with this seed can shift the split.
    generator = np.random.default_rng([seed, len(labels), validation_images])
    chosen = [
        generator.permutation(np.flatnonzero(labels == label))[:share]
        for label, share in enumerate(shares.tolist())
    ]
    validation = generator.permutation(np.concatenate(chosen))
    train = generator.permutation(
        np.setdiff1d(np.arange(len(labels)), validation, assume_unique=True)
    )
    return Split(train, validation, _hash(dataset, train, validation))


def check_shares(class_names: tuple[str, ...], sizes: Positions, shares: Positions) -> None:
    """Raise ConfigError where a class would have no image in one of the parts. `sizes` and `shares`
    are [classes]: all training images, and those for validation."""
    if shares.min() < 1 or (sizes - shares).min() < 1:
        empty = class_names[int(np.argmin(np.minimum(shares, sizes - shares)))]
        raise ConfigError(
            "Each class needs an image for training and one for validation; with validation_images"
            f" {shares.sum():,} of {sizes.sum():,} class {echo(empty)} has none in one of them."
        )


def class_shares(sizes: Positions, total: int) -> Positions:
    """`total` divided among the classes in proportion to their sizes, in whole images, by largest
    remainder."""
    exact = sizes * (total / sizes.sum())  # [classes], with fractions of an image
    shares: Positions = np.floor(exact).astype(np.int64)  # [classes]
    # Rounding down leaves some images over. They go to the classes that lost the largest fraction.
    largest_first = np.argsort(shares - exact, kind="stable")
    shares[largest_first[: total - shares.sum()]] += 1
    return shares


def _hash(dataset: Dataset | Streamed, *parts: Positions) -> str:
    digest = hashlib.sha256(dataset.checksum.encode())
    for positions in parts:
        # Fixed byte order and size: the hash is the same on every machine.
        digest.update(positions.astype("<i8").tobytes())
    return digest.hexdigest()[:16]
