"""CIFAR's batches: thousands of images in each file, as Python pickles or as plain bytes. A pickle
may run code, so only arrays are accepted from it."""

import io
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resnet.data.dataset import Images, Labels
from resnet.errors import DataError, echo

SIDE = 32
PIXELS = 3 * SIDE * SIDE

Batch = tuple[Images, Labels]


@dataclass(frozen=True)
class BatchLayout:
    """The content of one file. `label_key` names the labels in a pickle; of the `label_bytes`
    before each image in the binary version the last one is the label."""

    title: str
    images: int
    classes: int
    label_key: bytes = b"labels"
    label_bytes: int = 1

    @property
    def binary_bytes(self) -> int:
        return self.images * (self.label_bytes + PIXELS)


def read_binary(data: bytes, name: str, layout: BatchLayout) -> Batch:
    """One batch of the binary version: label bytes, then 3,072 bytes channel by channel. Raises
    DataError."""
    expected = layout.binary_bytes
    if len(data) != expected:
        what = "is cut short" if len(data) < expected else "is longer than a batch"
        raise DataError(
            f"{name} {what}: {len(data):,} of {expected:,} bytes; get the file again and replace"
            " it."
        )
    # CIFAR-100 has two label bytes, the coarse class and then the fine one.
    # (images, label bytes + 3072)
    rows = np.frombuffer(data, np.uint8).reshape(layout.images, layout.label_bytes + PIXELS)
    return _batch(rows[:, layout.label_bytes :], rows[:, layout.label_bytes - 1], name, layout)


def read_pickle(data: bytes, name: str, layout: BatchLayout) -> Batch:
    """One batch of the Python version. Raises DataError, also where the pickle asks for more than
    arrays."""
    try:
        # Python 2 wrote these pickles: its texts, the keys too, are read as bytes.
        content = _ArraysOnly(io.BytesIO(data), encoding="bytes").load()
    except EOFError:
        raise DataError(f"{name} is cut short; get the file again and replace it.") from None
    except Exception as error:  # a damaged pickle may raise anything at all
        raise DataError(
            f"{name} is not a {layout.title} batch: {echo(str(error))}; get the file again."
        ) from None
    if not isinstance(content, dict):
        raise DataError(
            f"{name} is not a {layout.title} batch: it holds no table; put the published file"
            " there."
        )
    return _batch(content.get(b"data"), content.get(layout.label_key), name, layout)


def _batch(pixels: Any, labels: Any, name: str, layout: BatchLayout) -> Batch:
    what, images = (
        f"{name} is not a {layout.title} batch: it does not hold {layout.images:,}",
        layout.images,
    )
    if (
        not isinstance(pixels, np.ndarray)
        or pixels.dtype != np.uint8
        or pixels.shape != (images, PIXELS)
    ):
        raise DataError(f"{what} images of 32×32×3 bytes.")
    try:
        numbers: NDArray[np.int64] = np.asarray(labels, np.int64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.empty(0, np.int64)
    if numbers.shape != (images,) or numbers.min() < 0 or numbers.max() >= layout.classes:
        raise DataError(f"{what} labels from 0 to {layout.classes - 1}.")
    # A stored image is its red plane, then green, then blue, each row by row.
    rows = pixels.reshape(images, 3, SIDE, SIDE).transpose(0, 2, 3, 1)  # channels last
    return np.ascontiguousarray(rows), numbers.astype(np.int32)


class _ArraysOnly(pickle.Unpickler):
    """Rebuilds numpy arrays and plain containers, and refuses every other name a pickle may
    call."""

    def find_class(self, module: str, name: str) -> Any:
        # NumPy 2 has renamed this module; the published pickles have the old name.
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
