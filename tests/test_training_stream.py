"""Images streamed from their files: the same batches in the same order as in memory, from whichever
step on."""

import shutil
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from resnet import data
from resnet.data import image_folder
from resnet.errors import DataError
from resnet.network import catalog
from resnet.recipes.recipe import Recipe, with_steps
from resnet.recipes.recipes import default_recipe
from resnet.recipes.split import draw_split
from resnet.training.batches import batch_indices
from resnet.training.parts import Parts, load_parts
from tests.training_support import Make, spec_with

pytestmark = pytest.mark.training

NAME = "folder:shapes@16"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty noisy photographs in two classes, one of them cut short."""
    root = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(0)
    for number in range(60):
        place = root / "shapes" / ("even" if number % 2 == 0 else "odd")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (20, 24, 3), np.uint8)).save(
            place / f"{number}.png"
        )
    whole = (root / "shapes" / "odd" / "7.png").read_bytes()
    (root / "shapes" / "odd" / "cut.png").write_bytes(whole[:200])
    return root


def recipe() -> Recipe:
    short = with_steps(default_recipe(NAME), 20).model_dump(mode="json")
    fields = {
        "batch_size": 8,
        "validation_images": 10,
        "checkpoint_every": 10,
        "evaluate_every": 10,
        "log_every": 5,
    }
    return Recipe.model_validate(short | fields | {"input_normalisation": "standardise"})


def parts(folder: Path) -> Parts:
    dataset = data.read(NAME, folder)
    assert dataset.facts.broken_files == 1
    return load_parts(dataset, draw_split(dataset, 10, 0), recipe())


@pytest.mark.parametrize("first_step", [0, 13])
def test_the_stream_gives_the_batches_of_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch, first_step: int
) -> None:
    """Over the end of an epoch too: images in another order, or read at another size, would be
    seen."""
    loaded = parts(folder)
    monkeypatch.setattr(image_folder, "LARGEST_BYTES", 1)
    streamed = parts(folder)
    assert type(streamed.train) is not type(loaded.train)
    draw = tf.function(streamed.train.draw_from(first_step))
    for positions in batch_indices(0, loaded.train.size, 8, first_step, 9):
        expected, found = loaded.train.batch(positions), draw(positions)
        assert all(np.array_equal(*pair) for pair in zip(expected, found, strict=True))
    for before, after in ((loaded.test, streamed.test), (loaded.validation, streamed.validation)):
        every = tf.range(before.size)
        assert all(
            np.array_equal(*pair)
            for pair in zip(before.batch(every), after.batch(every), strict=True)
        )


def test_a_file_that_breaks_on_the_way_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_folder, "LARGEST_BYTES", 1)
    shutil.copytree(folder, tmp_path / "copy")
    dataset = data.read(NAME, tmp_path / "copy")
    dataset.test.files[0].write_bytes(b"no image")
    with pytest.raises(
        DataError, match=r"could be read when the run started and cannot be read now"
    ):
        dataset.test.read(np.array([0]))


def test_a_stop_ends_a_download_that_waits(
    make_run: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection that never answers: without the signal, a stop would wait for its timeout, again
    and again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        config = catalog.get("resnet8").config
        run = make_run(
            spec_with(
                default_recipe("cifar10"),
                config=config,
                dataset="cifar10",
                data_folder=str(tmp_path / "data"),
            )
        )
        run.start()
        connection, _ = silent.accept()
        asked_s = time.monotonic()
        run.directory.ask_stop()
        last_word = run.wait()
        assert last_word is not None, run.log()
        assert (last_word["outcome"], last_word["cause"]) == ("stopped", None)
        assert time.monotonic() - asked_s < 5
        connection.close()
