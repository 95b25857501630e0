"""CIFAR-10's batches: 10,000 images a file, as Python pickles or as plain bytes. No pickle may run code here."""

import io
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resnet.data.dataset import Images, Labels
from resnet.errors import DataError, echo

IMAGES = 10_000
SIDE = 32
CLASSES = 10
PIXELS = 3 * SIDE * SIDE
BINARY_BYTES = IMAGES * (1 + PIXELS)

Batch = tuple[Images, Labels]


def read_binary(data: bytes, name: str) -> Batch:
    """One batch of the binary version: a label byte, then 3,072 bytes channel by channel. Raises DataError."""
    if len(data) != BINARY_BYTES:
        what = "is cut short" if len(data) < BINARY_BYTES else "is longer than a batch"
        raise DataError(f"{name} {what}: {len(data):,} of {BINARY_BYTES:,} bytes; get the file anew and replace it.")
    rows = np.frombuffer(data, np.uint8).reshape(IMAGES, 1 + PIXELS)
    return _batch(rows[:, 1:], rows[:, 0], name)


def read_pickle(data: bytes, name: str) -> Batch:
    """One batch of the Python version. Raises DataError, also where the pickle asks for more than arrays."""
    try:
        content = _ArraysOnly(io.BytesIO(data), encoding="bytes").load()
    except EOFError:
        raise DataError(f"{name} is cut short; get the file anew and replace it.") from None
    except Exception as error:  # a damaged pickle may raise anything at all
        raise DataError(f"{name} is not a CIFAR-10 batch: {echo(str(error))}; get the file anew.") from None
    if not isinstance(content, dict):
        raise DataError(f"{name} is not a CIFAR-10 batch: it holds no table; put the published file there.")
    return _batch(content.get(b"data"), content.get(b"labels"), name)


def _batch(pixels: Any, labels: Any, name: str) -> Batch:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape != (IMAGES, PIXELS):
        raise DataError(f"{name} is not a CIFAR-10 batch: it does not hold 10,000 images of 32×32×3 bytes.")
    try:
        numbers: NDArray[np.int64] = np.asarray(labels, np.int64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.empty(0, np.int64)
    if numbers.shape != (IMAGES,) or numbers.min() < 0 or numbers.max() >= CLASSES:
        raise DataError(f"{name} is not a CIFAR-10 batch: it does not hold 10,000 labels from 0 to 9.")
    images = pixels.reshape(IMAGES, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), numbers.astype(np.int32)


class _ArraysOnly(pickle.Unpickler):
    """Rebuilds numpy arrays and plain containers, and refuses every other name a pickle may call."""

    def find_class(self, module: str, name: str) -> Any:
        match module.replace("numpy.core", "numpy._core"), name:
            case "numpy._core.multiarray", "_reconstruct":
                return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
            case "numpy", "ndarray":
                return np.ndarray
            case "numpy", "dtype":
                return np.dtype
            case "_codecs", "encode":  # how Python 3 writes bytes in the old protocols
                return _encode
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch needs")


def _encode(text: str, encoding: str = "latin1") -> bytes:
    return text.encode("latin1") if encoding == "latin1" else b""
