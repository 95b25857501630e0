"""Pad, crop and flip inside the compiled step: a pure function of (seed, step)."""

import tensorflow as tf

from resnet.recipes.recipe import AugmentationConfig


def augment(
    images: tf.Tensor, augmentation: AugmentationConfig, seed: int, step: tf.Tensor
) -> tf.Tensor:
    """Pad normalised images [batch, height, width, channels] with zeros, crop each to its size and
    mirror it.

    Each image has a different random crop and flip. Zero is the mean, since the images are
    normalised already.
    """
    pad, flips = augmentation.pad, augmentation.flip == "horizontal"
    if not pad and not flips:
        return images
    batch = tf.shape(images)[0]
    height, width, channels = images.shape[1:]
    # Row, column and flip of each image. Stateless, so a resumed run draws the same at each step.
    key = tf.stack([tf.constant(seed), step])
    draws = tf.random.stateless_uniform([batch, 3], seed=key)  # [batch, 3]
    rows = _offsets(draws[:, 0], pad) + tf.range(height)  # [batch, height]
    columns = tf.range(width)[tf.newaxis]  # [1, width]
    if flips:
        # Reading the columns from right to left mirrors an image.
        mirrored = draws[:, 2, tf.newaxis] >= 0.5  # [batch, 1]
        columns = tf.where(mirrored, columns[:, ::-1], columns)  # [batch, width]
    columns = _offsets(draws[:, 1], pad) + columns  # [batch, width]
    padded = tf.pad(images, [[0, 0], [pad, pad], [pad, pad], [0, 0]])  # [batch, tall, wide, c]
    # All images as one long row of pixels: on the CPU one gather is several times faster than two
    # batched ones.
    tall, wide = height + 2 * pad, width + 2 * pad
    row = tf.range(batch)[:, tf.newaxis] * tall + rows  # [batch, height], counted over all images
    pixel = row[:, :, tf.newaxis] * wide + columns[:, tf.newaxis, :]  # [batch, height, width]
    pixels = tf.reshape(padded, [-1, channels])  # [batch × tall × wide, channels]
    return tf.gather(pixels, pixel)  # [batch, height, width, channels]


def _offsets(draws: tf.Tensor, pad: int) -> tf.Tensor:
    """[batch, 1] whole numbers from 0 to 2 × pad, from draws in [0, 1)."""
    return tf.cast(draws * (2 * pad + 1), tf.int32)[:, tf.newaxis]
