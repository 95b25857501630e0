"""The train and runs pages without a browser: damaged runs, bad recipes, full and read-only disks."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.runs import cache
from resnet import get
from resnet.data import facts, fit_config
from resnet.runs.directory import RunDirectory
from resnet.runs.spec import RunSpec
from resnet.training.recipe import default_recipe

APP = Path(__file__).parents[1] / "streamlit_app.py"
HOSTILE_LINE = '{"kind": "evaluation", "step": 10, "validation_error": "<b>", "best_validation_error": []}\n'
IDS = [f"20261124-06250{number}-resnet8-digits-3fa{number}" for number in range(4)]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of runs that the pages look into."""
    monkeypatch.setenv("RESNET_LAB_RUNS", str(tmp_path / "runs"))
    cache.store.clear()
    return tmp_path / "runs"


def add_run(runs: Path, run_id: str = IDS[0]) -> RunDirectory:
    """A run that finished, with a short curve."""
    directory = RunDirectory(runs / run_id)
    directory.path.mkdir(parents=True)
    config = fit_config(get("resnet8").config, facts("digits"))
    spec = RunSpec(network="resnet8", config=config, recipe=default_recipe("digits"), dataset="digits")
    directory.write_json("spec.json", spec.model_dump(mode="json"))
    directory.append_metric({"kind": "start", "steps": 20, "batch_size": 64, "time_s": 1.0})
    for step, error in ((10, 50.0), (20, 12.5)):
        directory.append_metric({"kind": "train", "step": step, "time_s": 2.0, "train_error": error, "data_loss": 1.0,
                                 "l2_penalty": 0.5, "learning_rate": 0.1, "images_per_s": 900.0})  # fmt: skip
        directory.append_metric({"kind": "evaluation", "step": step, "time_s": 2.0, "validation_error": error})
    directory.write_exit("finished", None)
    return directory


def visit(page: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    return app.switch_page(f"app/pages/{page}.py").run()


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def text(app: AppTest) -> str:
    """Everything said on the page, with Markdown's backslashes taken away."""
    said = [
        element.value
        for kind in (app.markdown, app.caption, app.warning, app.header, app.subheader)
        for element in kind
    ]
    return re.sub(r"\\(.)", r"\1", "\n".join(said))


def test_an_empty_board_says_what_will_be_here(runs: Path) -> None:
    app = visit("runs")
    assert not app.exception
    assert "No run yet" in text(app)


def test_a_finished_run_shows_its_best_and_last_error(runs: Path) -> None:
    add_run(runs)
    app = visit("runs")
    assert not app.exception
    assert numbers(app)["Validation error"] == numbers(app)["Best"] == "12.50 %"
    assert "ResNet-8 on Digits" in text(app)


@pytest.mark.parametrize(
    "harm",
    [
        lambda run: run.file("spec.json").write_text('{"format_version": 1'),
        lambda run: run.file("spec.json").write_text(json.dumps({"format_version": 99})),
        lambda run: run.file("spec.json").unlink(),
        lambda run: run.file("spec.json").write_bytes(os.urandom(100)),
        lambda run: run.file("exit.json").write_text("[]"),
        lambda run: run.file("metrics.jsonl").write_bytes(b"\xff\xfe not json\n" * 3),
        lambda run: run.file("metrics.jsonl").write_text(HOSTILE_LINE),
        lambda run: shutil.rmtree(run.path / "checkpoint", ignore_errors=True),
    ],
)  # fmt: skip
def test_a_damaged_run_spoils_neither_the_board_nor_the_others(runs: Path, harm: object) -> None:
    """Catches one broken directory that takes the whole page down."""
    harm(add_run(runs, IDS[1]))  # type: ignore[operator]
    add_run(runs, IDS[0])
    app = visit("runs")
    assert not app.exception
    [table] = app.dataframe
    assert list(table.value["id"]) == [IDS[1], IDS[0]]
    assert table.value["best"].iloc[1] == 12.5


def test_a_curve_that_ends_mid_line_is_shown_up_to_there(runs: Path) -> None:
    """Catches a torn last line that hides, or breaks, all that was written before."""
    run = add_run(runs)
    with run.file("metrics.jsonl").open("a") as file:
        file.write('{"kind":"evaluation","step":30,"valid')
    app = visit("runs")
    assert not app.exception
    assert numbers(app)["Validation error"] == "12.50 %"


def test_a_deleted_run_can_come_back(runs: Path) -> None:
    """Catches a Delete that cannot be undone."""
    add_run(runs)
    app = visit("runs")
    app = next(button for button in app.button if button.label == "Delete").click().run()
    assert "No run yet" in text(app)
    app = next(button for button in app.button if button.label == "Undo").click().run()
    assert "ResNet-8 on Digits" in text(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("recipe.steps", 0, "recipe.steps must be a whole number of at least 1"),
        ("recipe.batch_size", 5000, "A batch holds different images"),
        ("recipe.validation_images", 5, "needs an image for training and one for validation"),
        ("recipe.augmentation.pad", 8, "must be smaller than the image"),
        ("recipe.schedule.learning_rate", 0.0, "must be greater than 0"),
        ("recipe.weight_decay.value", -1.0, "greater than or equal to 0"),
    ],
)
def test_a_recipe_that_cannot_be_gets_one_sentence_before_anything_starts(
    runs: Path, key: str, value: float, says: str
) -> None:
    """Catches a run that starts in order to fail, and a form that forgets what was typed."""
    app = visit("train").number_input(key=key).set_value(value).run()
    assert not app.exception
    assert says in text(app)
    assert app.number_input(key=key).value == value
    start = next(button for button in app.button if button.label == "Start training")
    assert start.disabled


def test_a_network_too_deep_for_the_images_is_refused_with_a_reason(runs: Path) -> None:
    """ImageNet's five strides leave nothing of 8×8 digits."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["network"] = "resnet50"
    app = app.run().switch_page("app/pages/train.py").run()
    assert "shrink to nothing" in text(app)
    assert next(button for button in app.button if button.label == "Start training").disabled


def test_a_folder_that_cannot_hold_runs_is_one_sentence(runs: Path) -> None:
    """Catches a traceback where the disk refuses; a file stands where the folder should be."""
    runs.write_text("not a folder")
    for page in ("runs", "train"):
        app = visit(page)
        assert not app.exception
    app = next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception
    assert "runs" in text(app)
