"""IDX files made from real digits: whole, packed, cut short, of another kind, or pretending to be
Fashion-MNIST."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from resnet import data
from resnet.data import fashion_mnist
from resnet.data.fashion_mnist import IdxFile, read_files
from resnet.data.idx import read_idx
from resnet.errors import DataError

TITLE = "Fashion-MNIST"


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return data.load("digits")


@pytest.fixture
def images(digits: data.Dataset) -> np.ndarray:
    return digits.test_images[..., 0]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_four(folder: Path, digits: data.Dataset, packed: bool) -> tuple[IdxFile, ...]:
    """A complete set of four files, and what it must be."""
    arrays = (
        digits.train_images[..., 0],
        digits.train_labels,
        digits.test_images[..., 0],
        digits.test_labels,
    )
    expected = []
    for array, published in zip(arrays, fashion_mnist.FILES, strict=True):
        content = idx_bytes(array)
        if packed:
            (folder / f"{published.name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / published.name).write_bytes(content)
        expected.append(IdxFile(published.name, array.shape, sha256(content)))
    return tuple(expected)


@pytest.mark.parametrize("packed", [True, False])
def test_four_files_are_read_packed_or_not(
    tmp_path: Path, digits: data.Dataset, packed: bool
) -> None:
    """Catches swapped files, a lost axis, and a checksum taken over the packed bytes."""
    arrays = read_files(tmp_path, write_four(tmp_path, digits, packed))
    assert arrays.train_images.shape == (1500, 8, 8, 1)
    for found, given in zip(arrays, digits.arrays, strict=True):
        assert found.dtype == given.dtype
        assert np.array_equal(found, given)


@pytest.mark.parametrize("keep", [0, 3, 4, 9, 15, 16, 1000, -1])
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_cut_short_anywhere_is_refused(
    tmp_path: Path, images: np.ndarray, keep: int, packed: bool
) -> None:
    content = idx_bytes(images)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(content)[:keep] if packed else content[:keep])
    with pytest.raises(DataError, match=r"cut short|begins with|cannot be read") as caught:
        read_idx(path, images.shape, sha256(content), TITLE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PNG and then some more bytes", "begins with 50 4e 47 20"),
        (idx_bytes(np.zeros(5)), "begins with 00 00 08 01"),
        (idx_bytes(np.zeros((7, 3, 3))), "holds 7×3×3 values"),
        (b"\x1f\x8b" + b"not gzip at all", "cannot be read"),
        (gzip.compress(b"\0" * 50_000_000), "begins with 00 00 00 00"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, images: np.ndarray, content: bytes, words: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_idx(path, images.shape, "0" * 64, TITLE)


def test_bytes_after_the_end_are_refused(tmp_path: Path, images: np.ndarray) -> None:
    path = tmp_path / "file"
    path.write_bytes(idx_bytes(images) + b"x")
    with pytest.raises(DataError, match="is longer than its"):
        read_idx(path, images.shape, "0" * 64, TITLE)


def test_one_changed_pixel_is_noticed(tmp_path: Path, images: np.ndarray) -> None:
    """MNIST has the very same file names and sizes; only the checksum tells them apart."""
    content = idx_bytes(images)
    path = tmp_path / "file"
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match="checksum is not that of Fashion-MNIST"):
        read_idx(path, images.shape, sha256(content), TITLE)


def test_a_missing_file_is_named(tmp_path: Path, digits: data.Dataset) -> None:
    expected = write_four(tmp_path, digits, packed=True)
    (tmp_path / f"{expected[3].name}.gz").unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte"):
        read_files(tmp_path, expected)


def test_the_data_folder_itself_its_subfolder_and_kerass_cache_are_looked_at(
    tmp_path: Path, digits: data.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "nowhere")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert fashion_mnist.find(tmp_path / "data") is None
    for place in ("keras/datasets/fashion-mnist", "data", "data/fashion_mnist"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        write_four(tmp_path / place, digits, packed=False)
        assert fashion_mnist.find(tmp_path / "data") == tmp_path / place


def test_nothing_there_is_one_sentence_that_says_where_to_put_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "nowhere")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(DataError, match="put its four files") as caught:
        data.load("fashion_mnist", tmp_path)
    assert str(caught.value).count(". ") == 0
