"""From pixels to network input: fitted on the training part only, applied to all three parts."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resnet.data.dataset import Images
from resnet.recipes.recipe import InputNormalisation

BRIGHTEST = 255.0
COUNTED_AT_ONCE = 1000


class Normalisation(NamedTuple):
    """input = pixel × scale − shift, each broadcast to [height, width, channels]."""

    scale: NDArray[np.float32]
    shift: NDArray[np.float32]


def fit_normalisation(kind: InputNormalisation, images: Images) -> Normalisation:
    """The recipe's `input_normalisation`, fitted to these training images."""
    parts = range(0, len(images), COUNTED_AT_ONCE)
    return fit_chunks(kind, (images[first : first + COUNTED_AT_ONCE] for first in parts))


def fit_chunks(kind: InputNormalisation, chunks: Iterable[Images]) -> Normalisation:
    """The same from images in chunks, each [images, height, width, channels]."""
    one = np.ones((1, 1, 1))
    match kind:
        case "per_pixel_mean":
            scale, shift = one, _mean_image(chunks) / BRIGHTEST
        case "standardise":
            mean, deviation = _channel_moments(chunks)
            # (pixel − mean) / deviation = pixel · scale − mean · scale. The deviation is at least
            # one grey level, so that a constant channel does not divide by 0.
            scale = 1 / np.maximum(deviation, 1 / BRIGHTEST)  # [1, 1, channels]
            shift = mean * scale
        case "scale":
            scale, shift = one, np.zeros((1, 1, 1))
    return Normalisation((scale / BRIGHTEST).astype(np.float32), shift.astype(np.float32))


def _mean_image(chunks: Iterable[Images]) -> NDArray[np.float64]:
    """[height, width, channels]. Integer sums, so the result is exact for any division in
    chunks."""
    count, total = 0, np.zeros(())
    for images in chunks:
        count, total = count + len(images), total + images.sum(axis=0, dtype=np.int64)
    return total / count


def _channel_moments(chunks: Iterable[Images]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel of pixels / 255. From counts of the 256 values,
    so exact and without a float copy of the images."""
    values = np.arange(256) / BRIGHTEST  # [256]
    counts = np.sum([_counts(images) for images in chunks], axis=0)  # [channels, 256]
    shares = counts / counts.sum(axis=1, keepdims=True)  # [channels, 256], each row sums to 1
    mean = shares @ values  # [channels]
    # Var[x] = E[x²] − E[x]²; rounding may leave a little less than zero.
    deviation = np.sqrt(np.maximum(shares @ values**2 - mean**2, 0))  # [channels]
    return mean.reshape(1, 1, -1), deviation.reshape(1, 1, -1)


def _counts(images: Images) -> NDArray[np.int64]:
    """[channels, 256]: the number of pixels with each value. It needs eight bytes per pixel, so it
    gets the images in chunks."""
    return np.stack(
        [
            np.bincount(images[..., channel].ravel(), minlength=256)
            for channel in range(images.shape[-1])
        ]
    )
