"""What batch normalisation does to real images: the digits through one fresh convolution. Numpy
alone."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resnet import data

Floats = NDArray[np.float64]

IMAGES = 32
STEPS = 300
SIDE, FILTERS, CHANNEL = 3, 16, 0
FORGOTTEN = 0.01


class Responses(NamedTuple):
    """One channel behind the first convolution: `first` holds every value of the first batch,
    [images, height, width]; `means` and `variances` are those of STEPS batches one after the other,
    [steps]."""

    first: Floats
    means: Floats
    variances: Floats


class Averages(NamedTuple):
    """The moving averages before the first step and after each, [steps + 1]."""

    means: Floats
    variances: Floats


def responses() -> Responses:
    """Digits with their mean image taken away, as in He et al. 2015, section 4.2, through 3×3
    weights drawn as in He et al. 2015, Delving Deep into Rectifiers: a normal distribution of
    variance 2 / fan-in. Raises DataError.
    """
    images = data.load("digits").train_images / 255.0
    images -= images.mean(axis=0)
    chance = np.random.default_rng(0)
    kernel = chance.normal(0.0, math.sqrt(2 / SIDE**2), (SIDE, SIDE, FILTERS))
    maps = convolved(images[..., 0], kernel[..., CHANNEL])  # [images, height, width]
    batches = [chance.choice(len(maps), IMAGES, replace=False) for _ in range(STEPS)]
    means = np.array([maps[batch].mean() for batch in batches])
    variances = np.array([maps[batch].var() for batch in batches])
    return Responses(maps[batches[0]], means, variances)


def convolved(images: Floats, kernel: Floats) -> Floats:
    """[images, height, width], padding "same", as Keras's convolution has it: the kernel isn't
    turned round."""
    padded = np.pad(images, [(0, 0), (SIDE // 2, SIDE // 2), (SIDE // 2, SIDE // 2)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(1, 2))
    return np.asarray(np.einsum("nhwij,ij->nhw", windows, kernel))


def normalised(values: Floats, epsilon: float) -> Floats:
    """(x − mean) / √(variance + epsilon), with mean and variance of all the values, as in
    training."""
    return np.asarray((values - values.mean()) / np.sqrt(values.var() + epsilon))


def deviation(values: Floats, variance: float, epsilon: float) -> float:
    """The standard deviation of values that are divided by √(variance + epsilon), whosever variance
    that is."""
    return float(values.std() / math.sqrt(variance + epsilon))


def moving(seen: Responses, momentum: float) -> Averages:
    """Keras's rule, average ← momentum · average + (1 − momentum) · batch, from mean 0, variance
    1."""
    return Averages(_followed(seen.means, 0.0, momentum), _followed(seen.variances, 1.0, momentum))


def _followed(values: Floats, first: float, momentum: float) -> Floats:
    averages = [first]
    for value in values.tolist():
        averages.append(momentum * averages[-1] + (1 - momentum) * value)
    return np.array(averages)


def steps_to_forget(momentum: float) -> int:
    """Steps after which less than a hundredth of the first value is left in a moving average."""
    return 1 if momentum == 0 else math.ceil(math.log(FORGOTTEN) / math.log(momentum))
