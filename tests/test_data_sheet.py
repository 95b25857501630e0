"""The sheet of samples: real images, the compiled step's own crops and flips, and no TensorFlow."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from resnet import data
from resnet.errors import DataError
from resnet.recipes.augmented import augment
from resnet.recipes.recipe import AugmentationConfig, Recipe
from resnet.recipes.recipes import default_recipe
from resnet.recipes.samples import SAMPLES, TILE, Sheet, sample_sheet


def recipe(**changes: Any) -> Recipe:
    return Recipe.model_validate(default_recipe("digits").model_dump() | changes)


def test_samples_are_training_images_with_their_classes() -> None:
    """The test set is looked at once, at a run's end, and not on the page before."""
    digits = data.load("digits")
    sheet = sample_sheet("digits", "nowhere", recipe(), seed=1)
    known = {
        pixels.tobytes(): label
        for pixels, label in zip(digits.train_images, digits.train_labels, strict=True)
    }
    assert sheet.before.shape == sheet.after.shape == (SAMPLES, 8, 8, 1)
    assert [str(known[pixels.tobytes()]) for pixels in sheet.before] == list(sheet.class_names)


def test_the_same_seed_gives_the_same_sheet_and_another_one_another() -> None:
    one, same, other = (sample_sheet("digits", "", recipe(), seed).png() for seed in (1, 1, 2))
    assert one == same != other


def test_without_augmentation_nothing_changes() -> None:
    sheet = sample_sheet("digits", "", recipe(augmentation={}), seed=0)
    assert np.array_equal(sheet.before, sheet.after)


@pytest.mark.parametrize(
    ("normalisation", "ground"), [("scale", 0), ("standardise", 200), ("per_pixel_mean", 200)]
)
def test_the_padding_is_the_mean_or_black_where_no_mean_is_subtracted(
    tmp_path: Path, normalisation: str, ground: int
) -> None:
    """Zero after normalisation is what the network sees there; black padding under a bright mean
    would be a lie."""
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(10):
            Image.new("L", (8, 8), 200).save(tmp_path / label / f"{number}.png")
    changed = recipe(augmentation={"pad": 4}, input_normalisation=normalisation)
    sheet = sample_sheet(f"folder:{tmp_path}", "", changed, seed=0)
    assert set(np.unique(sheet.after)) == {ground, 200}


SHAPES_AND_WIDTHS = [((8, 8, 1), 96), ((32, 32, 3), 96), ((28, 28, 1), 84), ((200, 400, 3), 96)]


@pytest.mark.parametrize(("shape", "size"), SHAPES_AND_WIDTHS)
def test_the_picture_is_two_rows_of_tiles(shape: tuple[int, ...], size: int) -> None:
    images = np.full((3, *shape), 200, np.uint8)
    picture = Image.open(io.BytesIO(Sheet(images, images, ("a", "b", "c")).png()))
    height = round(size * shape[0] / shape[1])
    assert size <= TILE
    assert picture.size == (3 * size + 12, 2 * height + 6)
    assert picture.getpixel((0, 0)) == (200, 200, 200)
    assert picture.getpixel((size + 2, 0)) == (255, 255, 255)


def test_a_folder_is_sampled_from_what_is_surely_for_training(tmp_path: Path) -> None:
    """And a broken file among them is passed over, as a run would."""
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(20):
            Image.new("L", (8, 8), number * 10).save(tmp_path / label / f"{number}.png")
        (tmp_path / label / "broken.png").write_text("text")
    tests = data.load(f"folder:{tmp_path}@16").test_images
    held_out = {
        (int(pixels[0, 0, 0]), label) for pixels, label in zip(tests, "ab" * 4, strict=True)
    }
    assert len(held_out) == 8
    for seed in range(5):
        sheet = sample_sheet(f"folder:{tmp_path}@16", "", recipe(augmentation={}), seed)
        shown = {
            (int(pixels[0, 0, 0]), name)
            for pixels, name in zip(sheet.before, sheet.class_names, strict=True)
        }
        assert len(shown) == SAMPLES
        assert not shown & held_out


def test_images_that_are_not_there_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name in ("cifar10", "cats_vs_dogs", f"folder:{tmp_path}"):
        with pytest.raises(DataError):
            sample_sheet(name, tmp_path, recipe(), seed=0)


def test_a_sheet_needs_no_tensorflow() -> None:
    code = (
        "import sys; from resnet.recipes.samples import sample_sheet; from resnet.recipes.recipes"
        " import default_recipe;sample_sheet('digits', '', default_recipe('digits'),"
        " 0).png();print({'keras', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.keras
@pytest.mark.parametrize("pad", [0, 1, 4])
@pytest.mark.parametrize("flip", ["none", "horizontal"])
def test_the_sheet_does_what_the_compiled_step_does(pad: int, flip: str) -> None:
    """To the bit, with the draws of three steps: otherwise the page would show something that is
    never trained on."""
    import tensorflow as tf  # noqa: PLC0415  takes seconds

    from resnet.training.augment import augment as compiled  # noqa: PLC0415

    images = np.random.default_rng(0).normal(size=(50, 9, 7, 3)).astype(np.float32)
    augmentation = AugmentationConfig.model_validate({"pad": pad, "flip": flip})
    for step in range(3):
        draws = tf.random.stateless_uniform(
            [50, 3], seed=tf.stack([tf.constant(5), tf.constant(step)])
        ).numpy()
        expected = tf.function(compiled)(
            tf.constant(images), augmentation, 5, tf.constant(step)
        ).numpy()
        assert np.array_equal(augment(images, augmentation, draws), expected)
