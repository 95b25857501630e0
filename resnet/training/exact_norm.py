"""Exact statistics for batch norm, in place of moving averages: what He et al. 2015 tested with.

Moving averages still contain values of earlier weights. Exact statistics are the mean and variance
of each layer's input over a large training batch, with the current weights: measured batch by batch
as in training, then pooled.
"""

import contextlib
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from resnet.training.parts import AnyPart

LARGE_BATCH = 10_000


def images_counted(part: AnyPart, batch_size: int) -> int:
    """The number of training images behind the statistics: full batches only."""
    return min(LARGE_BATCH, part.size) // batch_size * batch_size


def exact_statistics(
    model: keras.Model, part: AnyPart, batch_size: int, between: Callable[[], None]
) -> dict[str, NDArray[np.float32]]:
    """Means and variances, by the paths of the moving averages they replace. Empty for a network
    without batch norm.

    Images are not augmented, because test images are not. Overwrites the model's moving averages;
    the caller restores them. `between` is called before each batch and may raise to stop early.
    """
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not layers:
        return {}
    # [channels] each, in float64: thousands of terms are added up.
    means = [np.zeros(layer.moving_mean.shape) for layer in layers]
    squares = [np.zeros(layer.moving_mean.shape) for layer in layers]
    batches = range(0, images_counted(part, batch_size), batch_size)
    with _forgetful(layers):
        forward = tf.function(
            lambda positions: model(part.batch(positions)[0], training=True), autograph=False
        )
        for start in batches:
            between()
            forward(tf.range(start, start + batch_size))
            for number, layer in enumerate(layers):
                mean = layer.moving_mean.numpy().astype(np.float64)  # [channels]
                means[number] += mean / len(batches)
                # E[x²] = Var[x] + E[x]². Averaged over batches of equal size it is exact for all
                # images. An average of variances would miss the spread of the batches' means.
                squares[number] += (layer.moving_variance.numpy() + mean**2) / len(batches)
    statistics = {}
    for layer, mean, square in zip(layers, means, squares, strict=True):
        # Var[x] = E[x²] − E[x]².
        variance = np.maximum(square - mean**2, 0)  # rounding may leave a little less than zero
        statistics[layer.moving_mean.path] = mean.astype(np.float32)
        statistics[layer.moving_variance.path] = variance.astype(np.float32)
    return statistics


@contextlib.contextmanager
def _forgetful(layers: list[keras.layers.BatchNormalization]) -> Iterator[None]:
    """Set the momentum to 0, so that a moving average holds the value of the last batch. Functions
    must be traced inside this block, because tracing fixes the momentum."""
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
