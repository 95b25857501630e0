"""The validation part of a data set: drawn once from (data set, seed), each class by its share."""

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
    fair sample.

    `hash` is equal exactly when data set and split are.
    """

    train: Positions
    validation: Positions
    hash: str


def draw_split(dataset: Dataset | Streamed, validation_images: int, seed: int) -> Split:
    """Draw `validation_images` of the training images. Raises ConfigError where a class would be
    left empty."""
    labels = dataset.train_labels
    sizes = np.bincount(labels, minlength=dataset.facts.classes)
    shares = class_shares(sizes, validation_images)
    check_shares(dataset.facts.class_names, sizes, shares)
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
            f" {shares.sum():,} of {sizes.sum():,} class {echo(empty)} is left without."
        )


def class_shares(sizes: Positions, total: int) -> Positions:
    """`total` divided among the classes in proportion to their sizes, in whole images, by largest
    remainder."""
    exact = sizes * (total / sizes.sum())  # [classes], with fractions of an image
    shares: Positions = np.floor(exact).astype(np.int64)  # [classes]
    # The images that rounding down left over go to the classes that lost the largest fraction.
    largest_first = np.argsort(shares - exact, kind="stable")
    shares[largest_first[: total - shares.sum()]] += 1
    return shares


def _hash(dataset: Dataset | Streamed, *parts: Positions) -> str:
    digest = hashlib.sha256(dataset.checksum.encode())
    for positions in parts:
        digest.update(positions.astype("<i8").tobytes())
    return digest.hexdigest()[:16]
