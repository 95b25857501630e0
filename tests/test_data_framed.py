"""Fashion-MNIST in the shape of other images: `fashion_mnist@32` stands in for CIFAR."""

from pathlib import Path

import numpy as np
import pytest

from resnet import data
from resnet.data import fashion_mnist
from resnet.data.dataset import Arrays, Dataset
from resnet.errors import DataError
from resnet.recipes import recipes

IMAGES = np.random.default_rng(0).integers(1, 256, (3, 28, 28, 1), np.uint8)


def test_every_pixel_is_kept_in_the_middle_of_black() -> None:
    large = fashion_mnist.framed(IMAGES, 32)
    assert large.shape == (3, 32, 32, 3)
    assert all(
        np.array_equal(large[:, 2:30, 2:30, channel], IMAGES[..., 0]) for channel in range(3)
    )
    assert large.sum(dtype=np.int64) == 3 * IMAGES.sum(dtype=np.int64)
    assert fashion_mnist.framed(IMAGES, 33).shape == (3, 33, 33, 3)


def test_it_is_a_data_set_with_a_name_a_title_and_the_recipe_of_its_images() -> None:
    facts = data.facts("fashion_mnist@32")
    assert facts.image_shape == (32, 32, 3) == data.facts("cifar10").image_shape
    assert (facts.train_images, facts.classes, facts.title) == (60_000, 10, "Fashion-MNIST 32×32×3")
    assert recipes.default_for("fashion_mnist@40").name == "fashion_quick"
    assert "fashion_mnist@32" in data.names()


def test_it_is_loaded_and_sampled_as_the_published_files_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    labels = np.arange(3, dtype=np.int32)
    plain = Dataset(fashion_mnist.FACTS, Arrays(IMAGES, labels, IMAGES[:1], labels[:1]))
    monkeypatch.setattr(fashion_mnist, "read", lambda folder: plain)
    monkeypatch.setattr(
        fashion_mnist, "sample", lambda folder, count, generator: (IMAGES[:count], labels[:count])
    )
    found = data.load("fashion_mnist@30", tmp_path)
    assert (found.facts.name, found.train_images.shape, found.test_images.shape) == (
        "fashion_mnist@30",
        (3, 30, 30, 3),
        (1, 30, 30, 3),
    )
    assert np.array_equal(found.train_labels, labels)
    assert data.sample("fashion_mnist@30", tmp_path, 2, np.random.default_rng(0))[0].shape == (
        2,
        30,
        30,
        3,
    )


@pytest.mark.parametrize("size", ["", "27", "65", "1000", "x", "-3"])
def test_other_sizes_are_refused_in_one_sentence(size: str) -> None:
    with pytest.raises(
        DataError, match=r"from 28 to 64 pixels; received .*fashion_mnist@32 has CIFAR's shape\.$"
    ):
        data.facts(f"fashion_mnist@{size}")
