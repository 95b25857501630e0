"""The images of each batch: a pure function of (seed, step), so a resumed run continues with the
same batches."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int32]


def batch_indices(seed: int, images: int, batch_size: int, first_step: int, steps: int) -> Indices:
    """[steps, batch_size] positions in the training part for `steps` steps from `first_step`.

    The batches are cut from an endless row of epochs, each a new order of all images. Every image
    occurs exactly once in an epoch. A batch may contain the end of one epoch and the start of the
    next.
    """
    # Places in the endless row of epochs, and the epochs that contain them.
    start, stop = first_step * batch_size, (first_step + steps) * batch_size
    epochs = range(start // images, (stop - 1) // images + 1)
    row = np.concatenate([_order(seed, images, epoch) for epoch in epochs])  # [epochs × images]
    offset = epochs.start * images  # the place of the row's first image
    return row[start - offset : stop - offset].reshape(steps, batch_size)


@lru_cache(maxsize=2)
def _order(seed: int, images: int, epoch: int) -> Indices:
    """[images] positions in random order. Two epochs are cached, since a batch may need both."""
    return np.random.default_rng([seed, epoch]).permutation(images).astype(np.int32)
