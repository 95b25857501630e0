"""What batch normalisation does to real images: the digits after one untrained convolution. Uses
only NumPy."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resnet import data

Floats = NDArray[np.float64]

# Images of a batch, and batches in a row for the moving averages.
IMAGES = 32
STEPS = 300
SIDE, FILTERS, CHANNEL = 3, 16, 0
# The share of a moving average's first value that counts as forgotten.
FORGOTTEN = 0.01


class Responses(NamedTuple):
    """One output channel of the convolution. `first` holds all values of the first batch, [images,
    height, width]. `means` and `variances` are those of STEPS batches in a row, [steps]."""

    first: Floats
    means: Floats
    variances: Floats


class Averages(NamedTuple):
    """The moving averages before the first step and after each, [steps + 1]."""

    means: Floats
    variances: Floats


def responses() -> Responses:
    """Digits minus their mean image, as in He et al. 2015, section 4.2, after a 3×3 convolution.
    Its weights are drawn from a normal distribution of variance 2 / fan-in, as in He et al. 2015,
    Delving Deep into Rectifiers. Raises DataError.
    """
    images = data.load("digits").train_images / 255.0
    images -= images.mean(axis=0)
    chance = np.random.default_rng(0)
    # Fan-in of a 3×3 kernel on one grey channel: 3 · 3 · 1 = 9.
    kernel = chance.normal(0.0, math.sqrt(2 / SIDE**2), (SIDE, SIDE, FILTERS))
    maps = convolved(images[..., 0], kernel[..., CHANNEL])  # [images, height, width]
    # Each batch is drawn anew from all images, so 300 steps are possible with a small data set. No
    # image occurs twice in one batch.
    batches = [chance.choice(len(maps), IMAGES, replace=False) for _ in range(STEPS)]
    means = np.array([maps[batch].mean() for batch in batches])
    variances = np.array([maps[batch].var() for batch in batches])
    return Responses(maps[batches[0]], means, variances)


def convolved(images: Floats, kernel: Floats) -> Floats:
    """[images, height, width], with padding "same". The kernel is not flipped, as in Keras's
    convolution."""
    padded = np.pad(images, [(0, 0), (SIDE // 2, SIDE // 2), (SIDE // 2, SIDE // 2)])
    # [images, height, width, 3, 3]: the pixels under the kernel at each place. It is a view and
    # copies nothing.
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(1, 2))
    return np.asarray(np.einsum("nhwij,ij->nhw", windows, kernel))


def normalised(values: Floats, epsilon: float) -> Floats:
    """(x − mean) / √(variance + epsilon), with mean and variance of all the values, as in
    training."""
    return np.asarray((values - values.mean()) / np.sqrt(values.var() + epsilon))


def deviation(values: Floats, variance: float, epsilon: float) -> float:
    """The standard deviation of `values` divided by √(variance + epsilon). The variance may come
    from other values."""
    return float(values.std() / math.sqrt(variance + epsilon))


def moving(seen: Responses, momentum: float) -> Averages:
    """The moving averages by Keras's rule, average ← momentum · average + (1 − momentum) · batch.
    They start at mean 0 and variance 1."""
    # Ioffe and Szegedy 2015, Algorithm 2, uses such averages at test time; the first values are
    # Keras's initialisers ("zeros" and "ones").
    return Averages(_followed(seen.means, 0.0, momentum), _followed(seen.variances, 1.0, momentum))


def _followed(values: Floats, first: float, momentum: float) -> Floats:
    averages = [first]
    for value in values.tolist():
        averages.append(momentum * averages[-1] + (1 - momentum) * value)
    return np.array(averages)


def steps_to_forget(momentum: float) -> int:
    """The number of steps until less than 1 % of the first value is left in a moving average."""
    # momentum^n < 0.01, solved for n: n > ln 0.01 / ln momentum. With momentum 0 the logarithm does
    # not exist, and one step forgets everything.
    return 1 if momentum == 0 else math.ceil(math.log(FORGOTTEN) / math.log(momentum))
