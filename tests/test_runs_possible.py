"""What cannot succeed is refused before anything starts, each time in one sentence with a way
out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from resnet import data
from resnet.errors import ResNetLabError
from resnet.network import catalog
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe
from resnet.runs import RunSpec, Store


def images(folder: Path, counts: dict[str, int], side: int = 16) -> None:
    generator = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = generator.integers(0, 256, (side, side, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def refusal(
    root: Path, dataset: str = "folder:mine@16", network: str = "resnet8", **changes: Any
) -> str:
    """Why a start is refused; no run may be left behind."""
    store = Store(root / "runs")
    with pytest.raises(ResNetLabError) as caught:
        facts = data.facts(dataset, root)
        recipe = Recipe.model_validate(recipes.begin_with(facts).model_dump() | changes)
        config = data.fit_config(catalog.get(network).config, facts)
        store.start(
            RunSpec(
                network=network,
                config=config,
                recipe=recipe,
                dataset=dataset,
                data_folder=str(root),
            )
        )
    assert store.list() == []
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    return sentence


def test_a_folder_with_one_class(tmp_path: Path) -> None:
    images(tmp_path / "mine", {"only": 9})
    assert "at least two classes" in refusal(tmp_path)


def test_a_folder_without_images(tmp_path: Path) -> None:
    images(tmp_path / "mine", {"a": 0, "b": 0})
    assert "holds no images" in refusal(tmp_path)


def test_images_of_other_sizes(tmp_path: Path) -> None:
    images(tmp_path / "mine", {"a": 9})
    images(tmp_path / "mine", {"b": 9}, side=20)
    assert "All images must have one size" in refusal(tmp_path, "folder:mine")


def test_a_batch_larger_than_the_data(tmp_path: Path) -> None:
    images(tmp_path / "mine", {"a": 9, "b": 9})
    assert "A batch holds different images" in refusal(tmp_path, batch_size=64)


def test_a_split_that_leaves_nothing(tmp_path: Path) -> None:
    images(tmp_path / "mine", {"a": 9, "b": 9})
    assert "needs an image for training and one for validation" in refusal(
        tmp_path, validation_images=14, batch_size=1
    )


def test_a_split_that_leaves_a_rare_class_empty(tmp_path: Path) -> None:
    """Enough images in all: only the sizes of the classes say it, and the files say those before
    any is read."""
    images(tmp_path / "mine", {"common": 60, "rare": 2})
    assert "class 'rare' has none in one of them" in refusal(
        tmp_path, validation_images=10, batch_size=4
    )


def test_two_hundred_classes_for_a_head_of_ten(tmp_path: Path) -> None:
    images(tmp_path / "mine", {f"class {number}": 3 for number in range(200)})
    facts = data.facts("folder:mine@16", tmp_path)
    spec = RunSpec(
        network="resnet8",
        config=catalog.get("resnet8").config,
        recipe=recipes.begin_with(facts),
        dataset="folder:mine@16",
        data_folder=str(tmp_path),
    )
    with pytest.raises(
        ResNetLabError, match=r"has 200 classes .* received a network for 10 classes"
    ):
        Store(tmp_path / "runs").start(spec)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (
            {"schedule": {"kind": "steps", "learning_rate": 0.1, "drops": [900_000]}},
            "must end within the run",
        ),
        ({"optimiser": {"kind": "adamw"}}, "would be a second decay"),
    ],
)
def test_a_recipe_that_contradicts_itself(
    tmp_path: Path, changes: dict[str, Any], rule: str
) -> None:
    assert rule in refusal(tmp_path, "digits", **changes)


def test_a_text_named_jpg_is_passed_over_with_a_count(tmp_path: Path) -> None:
    images(tmp_path / "mine", {"a": 9, "b": 9})
    (tmp_path / "mine" / "a" / "notes.jpg").write_text("no picture")
    assert data.load("folder:mine@16", tmp_path).facts.broken_files == 1
