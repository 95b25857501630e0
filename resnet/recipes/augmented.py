"""Padding, crop and flip with numpy: the same as in the compiled training step, for processes
without TensorFlow."""

import numpy as np
from numpy.typing import NDArray

from resnet.recipes.recipe import AugmentationConfig


def augment(
    images: NDArray[np.float32], augmentation: AugmentationConfig, draws: NDArray[np.float32]
) -> NDArray[np.float32]:
    """[batch, height, width, channels], each padded with zeros, cropped to its size and mirrored.

    `draws` is [batch, 3] in [0, 1): the row, the column and the flip of each image. With the same
    draws, the result is that of `resnet.training.augment.augment` to the bit.
    """
    pad = augmentation.pad
    batch, height, width, _ = images.shape
    rows = _offsets(draws[:, 0], pad) + np.arange(height)  # [batch, height]
    columns = np.broadcast_to(np.arange(width), (batch, width))
    if augmentation.flip == "horizontal":
        # Reading the columns from right to left mirrors an image.
        columns = np.where(draws[:, 2, np.newaxis] < 0.5, columns, columns[:, ::-1])
    columns = _offsets(draws[:, 1], pad) + columns  # [batch, width]
    padded = np.pad(images, [(0, 0), (pad, pad), (pad, pad), (0, 0)])  # [batch, tall, wide, c]
    # Broadcast together, the three index arrays are [batch, height, width]: one pixel each.
    which = np.arange(batch)[:, np.newaxis, np.newaxis]
    cropped: NDArray[np.float32] = padded[which, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
    return cropped


def _offsets(draws: NDArray[np.float32], pad: int) -> NDArray[np.int32]:
    """[batch, 1] whole numbers from 0 to 2 × pad, from draws in [0, 1)."""
    return (draws * np.float32(2 * pad + 1)).astype(np.int32)[:, np.newaxis]
