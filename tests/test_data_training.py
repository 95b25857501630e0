"""A folder of images, from its name to a finished run."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from resnet import data
from resnet.errors import DataError
from resnet.network import catalog
from resnet.recipes.recipe import Recipe, check_against, with_steps
from resnet.recipes.recipes import begin_with, default_for
from resnet.runs import RunSpec, Store
from tests.runs_support import kill_everything

START_S = 180.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Sixty real digits of three classes as PNG files, and one file that is no image."""
    digits = data.load("digits")
    for label in range(3):
        (tmp_path / "data" / "scans" / str(label)).mkdir(parents=True)
        for number, pixels in enumerate(digits.train_images[digits.train_labels == label][:20]):
            Image.fromarray(pixels[..., 0]).save(
                tmp_path / "data" / "scans" / str(label) / f"{number}.png"
            )
    (tmp_path / "data" / "scans" / "1" / "broken.png").write_text("text")
    yield tmp_path / "data"
    kill_everything(tmp_path)


def spec(folder: Path, recipe: Recipe | None = None, dataset: str = "folder:scans@8") -> RunSpec:
    facts = data.facts(dataset, folder)
    config = data.fit_config(catalog.get("resnet8").config, facts)
    recipe = recipe or with_steps(begin_with(facts), 4)
    return RunSpec(
        network="resnet8", config=config, recipe=recipe, dataset=dataset, data_folder=str(folder)
    )


@pytest.mark.training
def test_a_folder_is_trained_on_and_its_facts_are_kept(folder: Path, tmp_path: Path) -> None:
    """The broken file is counted where a person can find it later; the id is a name that any disk
    takes."""
    store = Store(tmp_path / "runs")
    run = store.start(spec(folder))
    assert store.wait(run.id, START_S).state().name == "finished", run.log_tail()
    kept = run.environment()["dataset"]
    assert (kept["broken_files"], kept["train_images"], kept["test_images"]) == (1, 48, 12)
    assert (kept["class_names"], kept["image_shape"]) == (["0", "1", "2"], [8, 8, 3])
    assert "-folder_scans_8-" in run.id
    assert "scans: 1 broken file" in run.log_tail(200)


@pytest.mark.training
def test_a_batch_that_only_broken_files_would_fill_is_refused_by_the_worker(
    folder: Path, tmp_path: Path
) -> None:
    """By their names alone there seem to be enough images."""
    facts = data.facts("folder:scans@8", folder)
    recipe = with_steps(begin_with(facts), 4)
    wanted = recipe.model_copy(update={"batch_size": facts.train_images - recipe.validation_images})
    for number in range(5):
        (folder / "scans" / "2" / f"{number}.png").write_text("text")
    store = Store(tmp_path / "runs")
    run = store.start(spec(folder, wanted))
    state = store.wait(run.id, START_S).state()
    assert state.name == "failed"
    assert "A batch holds different images" in state.cause


@pytest.mark.parametrize("dataset", ["cats_vs_dogs", "cats_vs_dogs@64"])
def test_images_that_no_download_could_bring_are_refused_before_a_run_exists(
    folder: Path, dataset: str
) -> None:
    wanted = spec(folder, dataset=dataset, recipe=default_for(dataset).recipe)
    with pytest.raises(DataError, match="put its folder PetImages"):
        Store(folder / "runs").start(wanted)
    assert Store(folder / "runs").list() == []


@pytest.mark.parametrize(
    ("images", "side", "classes"), [(4, 8, 2), (24, 1, 3), (1000, 8, 200), (100_000, 64, 10)]
)
def test_a_folders_recipe_fits_it_however_small_it_is(images: int, side: int, classes: int) -> None:
    names = tuple(map(str, range(classes)))
    facts = replace(
        data.facts("digits"),
        name="folder:x",
        image_shape=(side, side, 3),
        train_images=images,
        class_names=names,
    )
    check_against(begin_with(facts), facts)


def test_a_data_set_of_its_own_begins_with_its_own_recipe() -> None:
    for name in data.names():
        assert begin_with(data.facts(name)) is default_for(name).recipe
