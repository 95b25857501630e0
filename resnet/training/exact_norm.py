"""Exact statistics for batch norm, in place of moving averages: what He et al. 2015 tested with.

Moving averages still remember earlier weights. These are the mean and the variance of each layer's
input over a large training batch, with the weights as they are: taken batch by batch as in
training, then pooled.
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
    """How many training images the statistics are over: full batches only."""
    return min(LARGE_BATCH, part.size) // batch_size * batch_size


def exact_statistics(
    model: keras.Model, part: AnyPart, batch_size: int, between: Callable[[], None]
) -> dict[str, NDArray[np.float32]]:
    """Means and variances by the paths of the moving averages they replace; empty where there is no
    batch norm.

    Images are not augmented, since those of the test are not. Overwrites the model's moving
    averages; the caller restores them. `between` is called before each batch and may raise to end
    early.
    """
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not layers:
        return {}
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
                # E[x²] = Var[x] + E[x]². Its mean over batches of one size is that of all images;
                # a mean of variances would leave out how far the batches' means are apart.
                squares[number] += (layer.moving_variance.numpy() + mean**2) / len(batches)
    statistics = {}
    for layer, mean, square in zip(layers, means, squares, strict=True):
        variance = np.maximum(square - mean**2, 0)  # rounding may leave a little less than zero
        statistics[layer.moving_mean.path] = mean.astype(np.float32)
        statistics[layer.moving_variance.path] = variance.astype(np.float32)
    return statistics


@contextlib.contextmanager
def _forgetful(layers: list[keras.layers.BatchNormalization]) -> Iterator[None]:
    """With momentum 0 a moving average is the value of the last batch. A function must be traced
    inside this block, since tracing fixes the momentum."""
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
