"""Folders of images: real digits written as files, and everything a folder may hold besides good
images."""

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resnet import data
from resnet.data import cats_vs_dogs, image_folder
from resnet.data.decode import read_pixels
from resnet.data.listing import count_tests, list_images
from resnet.errors import DataError

PER_CLASS = 10


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return data.load("digits")


@pytest.fixture
def folder(tmp_path: Path, digits: data.Dataset) -> Path:
    """Ten images of each of three digits, as PNG files in subfolders named after them."""
    for label in range(3):
        for number, pixels in enumerate(
            digits.train_images[digits.train_labels == label][:PER_CLASS]
        ):
            file = tmp_path / "scans" / f"digit {label}" / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[..., 0]).save(file)
    return tmp_path / "scans"


def rows(images: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    return sorted(
        (pixels.tobytes(), int(label)) for pixels, label in zip(images, labels, strict=True)
    )


@pytest.mark.parametrize("size", ["", "@8"])
def test_every_image_comes_back_with_its_class_and_in_one_part_only(
    folder: Path, digits: data.Dataset, size: str
) -> None:
    found = data.load(f"folder:scans{size}", folder.parent)
    chosen = np.concatenate(
        [np.flatnonzero(digits.train_labels == label)[:PER_CLASS] for label in range(3)]
    )
    colours = np.repeat(digits.train_images[chosen], 3, axis=-1)
    assert rows(*found.arrays[:2]) + rows(*found.arrays[2:]) != []
    assert sorted(rows(*found.arrays[:2]) + rows(*found.arrays[2:])) == rows(
        colours, digits.train_labels[chosen]
    )
    assert Counter(found.test_labels.tolist()) == {0: 2, 1: 2, 2: 2}
    assert found.facts == data.facts(f"folder:scans{size}", folder.parent)
    assert found.facts.class_names == ("digit 0", "digit 1", "digit 2")
    assert (found.facts.image_shape, found.facts.title, found.facts.broken_files) == (
        (8, 8, 3),
        "scans",
        0,
    )
    assert (found.facts.train_images, found.facts.test_images) == (24, 6)


def test_broken_files_are_passed_over_and_counted(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A text file named .jpg, an empty file, a picture cut short, and a program for another program
    to run."""
    whole = (folder / "digit 1" / "0.png").read_bytes()
    (folder / "digit 1" / "notes.jpg").write_text("not an image")
    (folder / "digit 1" / "empty.png").touch()
    (folder / "digit 2" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "digit 2" / "program.jpg").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n(x) print\n"
    )
    (folder / "digit 2" / "Thumbs.db").write_text("no image by its name")
    (folder / "digit 2" / "._0.png").write_text("hidden")
    found = data.load("folder:scans@8", folder.parent)
    assert found.facts.broken_files == 4
    assert (
        found.facts.train_images + found.facts.test_images
        == 3 * PER_CLASS
        == sum(map(len, found.arrays[1::2]))
    )
    assert data.load("folder:scans", folder.parent).facts.broken_files == 4


def test_other_sizes_are_refused_in_a_sentence_that_says_them_and_a_way_out(folder: Path) -> None:
    Image.new("RGB", (9, 5)).save(folder / "digit 0" / "wide.png")
    for ask in (data.facts, data.load):
        with pytest.raises(
            DataError, match=r"have 2 sizes \(8×8, 5×9\): .* as in folder:scans@64"
        ) as caught:
            ask("folder:scans", folder.parent)
        assert "\n" not in str(caught.value)
    assert data.load("folder:scans@8", folder.parent).train_images.shape[1:] == (8, 8, 3)


def make(folder: Path, names: str) -> None:
    """Files that are images by their names alone."""
    for name in names.split():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("text")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ("", "There is no folder"),
        ("pets/cat.jpg", "holds no images in subfolders"),
        ("pets/cat/notes.txt", "holds no images in subfolders"),
        ("pets/cat/1.jpg pets/.hidden/1.jpg", "at least two classes.*has only 'cat'"),
        ("pets/cat/1.jpg pets/dog/notes.txt", "none in its subfolder 'dog'"),
        ("pets/cat/1.jpg pets/dog/1.jpg", "can be read"),
    ],
)
@pytest.mark.parametrize("size", ["", "@32"])
def test_a_folder_of_no_use_is_one_sentence(
    tmp_path: Path, files: str, words: str, size: str
) -> None:
    make(tmp_path, files)
    with pytest.raises(DataError, match=words) as caught:
        data.load(f"folder:pets{size}", tmp_path)
    assert "\n" not in str(caught.value)


def test_a_class_without_a_single_whole_image_is_refused(folder: Path) -> None:
    """The network would otherwise have a class that no image belongs to."""
    for file in (folder / "digit 1").iterdir():
        file.write_text("text")
    with pytest.raises(DataError, match=r"none of those of class 'digit 1' in .* can be read"):
        data.load("folder:scans@8", folder.parent)


@pytest.mark.parametrize("size", ["0", "7", "1025", "99999999999"])
def test_a_size_out_of_all_bounds_is_refused(folder: Path, size: str) -> None:
    with pytest.raises(DataError, match=f"from 8 to 1024; received '{size}'"):
        data.facts(f"folder:scans@{size}", folder.parent)


@pytest.mark.parametrize(
    "name", ["folder:", "folder:\0", "folder:" + "x" * 300, "folder:~nobody/x", "folder:a\nb"]
)
def test_a_path_that_can_be_none_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError):
        data.facts(name, tmp_path)


def test_what_would_not_fit_into_memory_is_not_loaded_but_streamed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_folder, "LARGEST_BYTES", 30 * 20 * 20 * 3)
    with pytest.raises(
        DataError, match=r"30 of scans take .* at 64×64: give a smaller size, as in folder:scans@16"
    ):
        data.load("folder:scans@64", folder.parent)
    assert isinstance(data.read("folder:scans@16", folder.parent), data.Dataset)
    streamed = data.read("folder:scans@64", folder.parent)
    assert isinstance(streamed, data.Streamed)
    monkeypatch.undo()
    loaded = data.load("folder:scans@64", folder.parent)
    assert streamed.facts == loaded.facts
    assert np.array_equal(streamed.train_labels, loaded.train_labels)
    assert np.array_equal(np.concatenate(list(streamed.train.chunks())), loaded.train_images)
    some = np.array([5, 0, 5])
    assert np.array_equal(streamed.test.read(some), loaded.test_images[some])


def test_a_path_of_its_own_needs_no_data_folder(folder: Path, tmp_path: Path) -> None:
    assert data.facts(f"folder:{folder}", tmp_path / "elsewhere").title == "scans"


def test_facts_follow_the_files(folder: Path, digits: data.Dataset) -> None:
    """A listing kept too long would count files that are gone."""
    before = data.facts("folder:scans@8", folder.parent)
    (folder / "digit 0" / "0.png").unlink()
    after = data.facts("folder:scans@8", folder.parent)
    assert before.train_images + before.test_images - after.train_images - after.test_images == 1


def test_a_disk_that_refuses_is_no_broken_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *arguments: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(DataError, match=r"cannot be read: Permission denied \(.*\.png\)"):
        data.load("folder:scans@8", folder.parent)


@given(st.lists(st.integers(1, 40), min_size=2, max_size=4))
def test_the_test_part_holds_a_fifth_of_every_class(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make(
            Path(folder),
            " ".join(f"{label}/{n}.jpg" for label, size in enumerate(sizes) for n in range(size)),
        )
        listing = list_images(Path(folder))
        assert len(set(listing.files)) == sum(sizes)
        held_out = Counter(listing.labels[: count_tests(sum(sizes))])
        assert all(abs(held_out[label] - size / 5) <= 1 for label, size in enumerate(sizes))


def test_the_order_follows_from_the_names_alone(tmp_path: Path) -> None:
    """A copy on another disk, made in another order, has the same test images."""
    names = [f"{label}/{number}.jpg" for label in "ab" for number in range(50)]
    make(tmp_path / "one", " ".join(names))
    make(tmp_path / "other", " ".join(reversed(names)))

    def listed(place: str) -> list[str]:
        files = list_images(tmp_path / place).files
        return [str(file.relative_to(tmp_path / place)) for file in files]

    one, other = listed("one"), listed("other")
    assert one == other != sorted(one)


def test_one_more_file_moves_hardly_any_other_to_the_other_part(tmp_path: Path) -> None:
    """Drawn by lot over all files, most of the old test images would become training images."""
    make(tmp_path, " ".join(f"{label}/{n}.jpg" for label in "ab" for n in range(100)))
    before = set(list_images(tmp_path).files[:40])
    make(tmp_path, "a/new.jpg")
    assert len(before - set(list_images(tmp_path).files[:40])) <= 1


@pytest.fixture
def pet_images(tmp_path: Path) -> Path:
    """The published folder, smaller: JPEG files with and without their mark, a broken one, and one
    for Windows."""
    generator = np.random.default_rng(0)
    for name in ("Cat", "Dog"):
        place = tmp_path / "PetImages" / name
        place.mkdir(parents=True)
        for number in range(10):
            side = 20 + number
            picture = Image.fromarray(generator.integers(0, 256, (side, 30, 3), np.uint8))
            picture.save(place / f"{number}.jpg")
        (place / "Thumbs.db").write_text("x")
        (place / "666.jpg").touch()
    unmarked = (tmp_path / "PetImages" / "Dog" / "9.jpg").read_bytes()
    assert unmarked[6:10] == b"JFIF"
    (tmp_path / "PetImages" / "Dog" / "9.jpg").write_bytes(unmarked.replace(b"JFIF", b"ABCD"))
    return tmp_path / "PetImages"


def test_cats_vs_dogs_as_published(pet_images: Path) -> None:
    """Two empty files and one without the mark, which TensorFlow Datasets drops too though it can
    be looked at."""
    assert read_pixels(pet_images / "Dog" / "9.jpg", 32) is not None
    found = data.load("cats_vs_dogs@32", pet_images.parent)
    assert found.train_images.shape == (15, 32, 32, 3)
    assert found.test_images.shape == (4, 32, 32, 3)
    assert (found.facts.train_images, found.facts.test_images, found.facts.broken_files) == (
        15,
        4,
        3,
    )
    assert (found.facts.class_names, found.facts.name) == (("cat", "dog"), "cats_vs_dogs@32")
    assert np.bincount(np.concatenate([found.train_labels, found.test_labels])).tolist() == [10, 9]


def test_cats_vs_dogs_has_the_published_split_and_is_streamed_at_the_notebooks_size() -> None:
    facts = data.facts("cats_vs_dogs")
    assert (facts.train_images, facts.test_images, facts.image_shape) == (
        18_610,
        4_652,
        (128, 128, 3),
    )
    assert count_tests(18_610 + 4_652) == 4_652
    assert data.facts("cats_vs_dogs@224").image_shape == (224, 224, 3)
    assert [
        cats_vs_dogs.source(name).stream is None for name in ("cats_vs_dogs", "cats_vs_dogs@224")
    ] == [True, False]


def test_cats_vs_dogs_is_found_in_each_of_its_places_and_nowhere_else(pet_images: Path) -> None:
    root = pet_images.parent
    for place in ("cats_vs_dogs", "cats_vs_dogs/PetImages", "PetImages"):
        pet_images = pet_images.rename(root / "aside")
        (root / place).parent.mkdir(exist_ok=True)
        pet_images = pet_images.rename(root / place)
        assert data.is_present("cats_vs_dogs", root), place
    (pet_images / "Parrot").mkdir()
    assert not data.is_present("cats_vs_dogs", root)
    with pytest.raises(DataError, match="put its folder PetImages"):
        data.load("cats_vs_dogs", root)


def test_availability_says_what_to_put_where_before_anything_starts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert data.availability("digits", tmp_path) is None
    assert data.availability("folder:scans", tmp_path) is None
    assert "put cifar-100-python.tar.gz" in data.availability("cifar100", tmp_path)
    assert "let the run download it first (169.0 MB)" in data.availability("cifar100", tmp_path)
    assert data.availability("cats_vs_dogs", tmp_path).endswith("in the data folder.")
    assert data.availability("folder:nowhere", tmp_path).startswith("There is no folder")
    assert "no data set 'cifar'" in data.availability("cifar", tmp_path)
    data.check_obtainable("cifar100", tmp_path)
    with pytest.raises(DataError, match="put its folder PetImages"):
        data.check_obtainable("cats_vs_dogs", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is not writable"):
        data.check_obtainable("cifar100", tmp_path / "file")
