"""CIFAR-10 and CIFAR-100 in their published forms, made here from noise; damaged and hostile files
among them."""

import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resnet import data
from resnet.data.cifar import Cifar, Version
from resnet.data.cifar10 import BATCH, BINARY, CIFAR10, PYTHON
from resnet.data.cifar100 import CIFAR100
from resnet.data.cifar_batches import PIXELS, read_binary, read_pickle
from resnet.errors import DataError

IMAGES = 10_000
PIXEL_ROWS = ((np.arange(IMAGES)[:, np.newaxis] + np.arange(PIXELS) // 32) % 256).astype(
    np.uint8
)  # packs quickly
LABELS = np.random.default_rng(0).integers(0, 10, IMAGES)


def python_batch(protocol: int = 4) -> bytes:
    table = {
        b"data": PIXEL_ROWS,
        b"labels": LABELS.tolist(),
        b"batch_label": b"one",
        b"filenames": [b"a.png"],
    }
    return pickle.dumps(table, protocol)


def binary_batch() -> bytes:
    return np.concatenate([LABELS[:, np.newaxis].astype(np.uint8), PIXEL_ROWS], axis=1).tobytes()


def ours(version: Version, batch: bytes) -> Version:
    """The version as it would be if this batch were what was published."""
    return replace(
        version, batches=dict.fromkeys(version.batches, hashlib.sha256(batch).hexdigest())
    )


def make_archive(path: Path, version: Version, content: bytes) -> Version:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name in version.batches:
            member = tarfile.TarInfo(f"{version.folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return replace(
        version, archive_md5=hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    )


@pytest.mark.parametrize(("version", "make"), [(PYTHON, python_batch), (BINARY, binary_batch)])
def test_a_folder_and_an_archive_give_the_same_images(
    tmp_path: Path, version: Version, make: Callable[[], bytes]
) -> None:
    """Catches channels read as the last axis, and the test batch mixed into the training images."""
    content = make()
    folder = tmp_path / version.folder
    folder.mkdir()
    for name in version.batches:
        (folder / name).write_bytes(content)
    from_folder = CIFAR10.read_version(folder, ours(version, content))
    archive = tmp_path / version.archive
    from_archive = CIFAR10.read_version(archive, make_archive(archive, version, content))
    assert from_folder.train_images.shape == (50_000, 32, 32, 3)
    assert from_folder.test_images.shape == (10_000, 32, 32, 3)
    assert np.array_equal(from_folder.test_images[7, :, :, 1].ravel(), PIXEL_ROWS[7, 1024:2048])
    assert np.array_equal(from_folder.test_labels, LABELS)
    assert all(
        np.array_equal(one, other) for one, other in zip(from_folder, from_archive, strict=True)
    )


def test_batches_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    content = binary_batch()
    for name in BINARY.batches:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=r"data_batch_1\.bin is complete but its checksum"):
        CIFAR10.read_version(tmp_path, BINARY)
    archive = tmp_path / "a.tar.gz"
    make_archive(archive, BINARY, content)
    with pytest.raises(DataError, match=r"a\.tar\.gz is complete but its checksum"):
        CIFAR10.read_version(archive, BINARY)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_pickles_of_any_age_are_read(protocol: int) -> None:
    images, labels = read_pickle(python_batch(protocol), "batch", BATCH)
    assert images.shape == (IMAGES, 32, 32, 3)
    assert np.array_equal(labels, LABELS)


class Attack:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("attacked"),)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({b"data": Attack()}),
        pickle.dumps(np.array([Attack()], object)),
        b"cos\nsystem\n(S'touch attacked'\ntR.",
        b"cnumpy.core.multiarray\nscalar\n.",
        b"cbuiltins\neval\n(S'1'\ntR.",
    ],
)
def test_a_pickle_that_asks_for_more_than_arrays_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"is not a CIFAR-10 batch: .*it asks for"):
        read_pickle(content, "batch", BATCH)
    assert list(tmp_path.iterdir()) == []


def pickled(**changes: object) -> bytes:
    table = {"data": PIXEL_ROWS, "labels": LABELS.tolist()} | changes
    return pickle.dumps({key.encode(): value for key, value in table.items()})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: b"", "cut short"),
        (lambda: python_batch()[:1_000_000], "cut short|not a CIFAR-10 batch"),
        (lambda: python_batch()[:-1], "cut short|not a CIFAR-10 batch"),
        (lambda: b"\x89PNG\r\n", "not a CIFAR-10 batch"),
        (lambda: pickle.dumps([1, 2]), "holds no table"),
        (lambda: pickled(data=PIXEL_ROWS[:5]), "10,000 images"),
        (lambda: pickled(labels=[1] * 9999), "10,000 labels"),
        (lambda: pickled(labels=[10] * IMAGES), "10,000 labels"),
        (lambda: pickled(labels=None), "10,000 labels"),
    ],
)
def test_a_damaged_python_batch_is_one_sentence(content: Callable[[], bytes], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_pickle(content(), "batch", BATCH)
    assert "\n" not in str(caught.value)


def test_a_binary_batch_must_have_its_length_and_its_labels() -> None:
    with pytest.raises(DataError, match="cut short: 30,729,999 of 30,730,000"):
        read_binary(binary_batch()[:-1], "batch", BATCH)
    with pytest.raises(DataError, match="longer"):
        read_binary(binary_batch() + b"x", "batch", BATCH)
    with pytest.raises(DataError, match="labels from 0 to 9"):
        read_binary(b"\xff" + binary_batch()[1:], "batch", BATCH)


@pytest.mark.parametrize("keep", [0, 10, 5000, -100])
def test_an_archive_cut_short_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / PYTHON.archive
    make_archive(path, PYTHON, binary_batch()[:100_000])
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"cut short|holds no"):
        CIFAR10.read_version(path, PYTHON)


def test_an_archive_that_climbs_out_of_its_folder_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / PYTHON.archive
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("../../attacked")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    with pytest.raises(DataError, match="holds no cifar-10-batches-py/data_batch_1"):
        CIFAR10.read_version(path, PYTHON)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_with_a_batch_missing_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="data_batch_1 is missing"):
        CIFAR10.read_version(tmp_path, PYTHON)


def test_nothing_there_is_one_sentence_that_says_where_to_put_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(DataError, match=r"put cifar-10-python\.tar\.gz"):
        data.load("cifar10", tmp_path)


def test_the_first_archive_or_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    cache = tmp_path / "keras" / "datasets" / "cifar-10-batches-py-target" / PYTHON.folder
    cache.mkdir(parents=True)
    assert CIFAR10.find(tmp_path) == (cache, PYTHON)
    (tmp_path / BINARY.archive).touch()
    assert CIFAR10.find(tmp_path) == (tmp_path / BINARY.archive, BINARY)


SMALL_100 = replace(
    CIFAR100, train=replace(CIFAR100.train, images=500), test=replace(CIFAR100.test, images=100)
)
SMALL_10 = replace(CIFAR10, train=replace(BATCH, images=500))
FINE = np.arange(500) % 100


def hundred(images: int) -> tuple[bytes, bytes]:
    """A batch of CIFAR-100 in both forms: coarse labels, always 7, beside the fine ones."""
    pixels, fine, coarse = PIXEL_ROWS[:images], FINE[:images], np.full(images, 7)
    table = {b"data": pixels, b"fine_labels": fine.tolist(), b"coarse_labels": coarse.tolist()}
    rows = np.concatenate([coarse[:, np.newaxis], fine[:, np.newaxis], pixels], axis=1).astype(
        np.uint8
    )
    return pickle.dumps(table), rows.tobytes()


@pytest.mark.parametrize("form", [0, 1], ids=["python", "binary"])
def test_cifar100_has_the_fine_labels_in_both_forms(tmp_path: Path, form: int) -> None:
    """Catches the coarse label taken for the fine one, and a test file expected to be as long as
    the training file."""
    version = (CIFAR100.python, CIFAR100.binary)[form]
    contents = {
        name: hundred(images)[form]
        for name, images in zip(version.batches, (500, 100), strict=True)
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    arrays = SMALL_100.read_version(tmp_path, replace(version, batches=digests))
    assert arrays.train_images.shape == (500, 32, 32, 3)
    assert np.array_equal(arrays.train_labels, FINE)
    assert np.array_equal(arrays.test_labels, FINE[:100])
    assert np.array_equal(arrays.test_images[7, :, :, 1].ravel(), PIXEL_ROWS[7, 1024:2048])
    with pytest.raises(DataError, match="is complete but its checksum is not that of CIFAR-100"):
        SMALL_100.read_version(tmp_path, version)


def test_cifar100_is_as_large_as_published() -> None:
    names = CIFAR100.facts.class_names
    assert len(set(names)) == 100
    assert list(names) == sorted(names)
    assert (CIFAR100.train.images, CIFAR100.test.images) == (
        CIFAR100.facts.train_images,
        CIFAR100.facts.test_images,
    )


def test_cifar10s_batch_is_none_of_cifar100s() -> None:
    with pytest.raises(DataError, match="not a CIFAR-100 batch"):
        read_pickle(python_batch(), "batch", CIFAR100.train)


@pytest.mark.parametrize("which", [SMALL_10, SMALL_100], ids=lambda which: which.facts.name)
def test_a_sample_is_read_from_the_first_batch_alone(tmp_path: Path, which: Cifar) -> None:
    """The page would otherwise unpack 180 MB for ten pictures; here the archive ends behind the
    first batch."""
    content = hundred(500)[1] if which is SMALL_100 else binary_batch()[: 500 * (1 + PIXELS)]
    labels = FINE if which is SMALL_100 else LABELS
    path = tmp_path / which.binary.archive
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(f"{which.binary.folder}/{next(iter(which.binary.batches))}")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    images, drawn = which.sample(tmp_path, 10, np.random.default_rng(0))
    chosen = np.random.default_rng(0).choice(500, 10, replace=False)
    assert np.array_equal(drawn, labels[chosen])
    assert np.array_equal(images[0, :, :, 0].ravel(), PIXEL_ROWS[chosen[0], :1024])
