"""The train and runs pages without a browser: damaged runs, bad recipes, full and read-only
disks."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.elements import charts
from app.runs import cache, strip
from resnet import get
from resnet.data import facts, fit_config
from resnet.recipes.recipes import default_recipe
from resnet.runs.devices import Stranger
from resnet.runs.directory import RunDirectory
from resnet.runs.spec import RunSpec
from resnet.runs.usage import Usage

APP = Path(__file__).parents[1] / "streamlit_app.py"
HOSTILE_LINE = (
    '{"kind": "evaluation", "step": 10, "validation_error": "<b>", "best_validation_error": []}\n'
)
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
    spec = RunSpec(
        network="resnet8", config=config, recipe=default_recipe("digits"), dataset="digits"
    )
    directory.write_json("spec.json", spec.model_dump(mode="json"))
    directory.append_metric({"kind": "start", "steps": 20, "batch_size": 64, "time_s": 1.0})
    for step, error in ((10, 50.0), (20, 12.5)):
        directory.append_metric(
            {
                "kind": "train",
                "step": step,
                "time_s": 2.0,
                "train_error": error,
                "data_loss": 1.0,
                "l2_penalty": 0.5,
                "learning_rate": 0.1,
                "images_per_s": 900.0,
            }
        )
        directory.append_metric(
            {"kind": "evaluation", "step": step, "time_s": 2.0, "validation_error": error}
        )
    directory.write_exit("finished", None)
    return directory


def test_a_runs_page_says_what_its_records_say(runs: Path) -> None:
    """Warnings, both test figures, the step tested, and what the batch norm statistics are over."""
    directory = add_run(runs)
    directory.append_metric(
        {"kind": "start", "steps": 20, "devices": 2, "images_per_statistic": 32}
    )
    directory.append_metric(
        {"kind": "warning", "step": 20, "warning": "no_progress", "message": "No progress: why."}
    )
    tests = {"test_error": 4.0, "test_error_exact_statistics": 3.5, "tested_step": 10}
    directory.append_metric({"kind": "test", "step": 20, **tests})
    directory.write_json("environment.json", {"dataset": {"broken_files": 3}})
    directory.file("model.keras").write_bytes(b"model")
    app = visit("runs")
    assert not app.exception
    assert (numbers(app)["Test error"], numbers(app)["Test error, batch norm recomputed"]) == (
        "4.00 %",
        "3.50 %",
    )
    said = text(app)
    assert "No progress: why." in said
    assert "with the weights of step 10" in said
    assert "2 devices shared each batch; batch norm statistics are computed over 32 images" in said
    assert "3 damaged image files were left out" in said


def test_a_run_says_what_is_unlike_the_catalogue(runs: Path) -> None:
    """Otherwise the one changed setting has to be found among eighty lines of JSON."""
    directory = add_run(runs)
    directory.file("checkpoint/step-00000010").mkdir(parents=True)
    directory.file("checkpoint/step-00000010/weights.npz").write_bytes(b"weights")
    spec = json.loads(directory.file("spec.json").read_text())
    spec["recipe"]["schedule"]["learning_rate"] = 0.07
    directory.write_json("spec.json", spec)
    app = visit("runs")
    app.session_state["made_of"] = True  # opened by a click
    app = app.run()
    assert not app.exception
    rows = app.table[0].value.to_dict("records")
    assert {
        "Of": "recipe digits_quick",
        "Setting": "schedule.learning_rate",
        "Catalogue": "0.05",
        "This run": "0.07",
    } in rows
    assert next(button.proto.label for button in app.get("download_button")) == "Weights"


def test_a_folder_of_ones_own_is_a_data_set_beside_the_others(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path))
    pixels = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), np.uint8)
    for number, image in enumerate(pixels):
        (tmp_path / "mine" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "mine" / "ab"[number % 2] / f"{number}.png")
    app = visit("train").text_input(key="own_folder_typed").set_value("mine@32").run()
    assert not app.exception
    assert "16 training and 4 test images of 32×32×3 in 2 classes" in text(app)
    assert not next(button for button in app.button if button.label == "Start training").disabled
    app = app.text_input(key="own_folder_typed").set_value("nowhere@32").run()
    assert "There is no folder" in text(app)
    assert "16 training and 4 test images" in text(app), "what was chosen stays"
    shutil.rmtree(tmp_path / "mine")
    app = app.text_input(key="own_folder_typed").set_value("").run()
    assert not app.exception
    assert "1,500 training and 297 test images" in text(app)


def test_records_of_another_kind_than_expected_are_passed_over(runs: Path) -> None:
    directory = add_run(runs)
    odd = {"devices": "x", "tested_step": [], "test_error": "y", "message": 3}
    for kind in ("start", "warning", "test"):
        directory.append_metric({"kind": kind, "step": 20, **odd})
    directory.write_json("environment.json", {"dataset": 5})
    assert not visit("runs").exception


def test_waiting_runs_are_moved_and_the_queue_is_paused_from_the_page(runs: Path) -> None:
    """The second of two waiting runs becomes the next one; a paused queue says so and can go on."""
    store = cache.store()
    store.queue.directory.path.mkdir(parents=True)
    store.queue.pause()
    recipe = default_recipe("digits")
    config = fit_config(get("resnet8").config, facts("digits"))
    ids = []
    for seed in (1, 2):
        seeded = recipe.model_copy(update={"seed": seed})
        spec = RunSpec(
            network="resnet8",
            config=config,
            recipe=seeded,
            dataset="digits",
            data_folder=str(runs.parent),
        )
        ids.append(store.start(spec).id)
    app = visit("runs")
    assert "the queue is paused" in text(app)
    assert [button for button in app.button if button.label == "Resume the queue"]
    assert [run.id for run in store.waiting()] == ids
    app = next(button for button in app.button if button.label == "Run next").click().run()
    assert not app.exception
    assert [run.id for run in store.waiting()] == ids[::-1]
    app = next(button for button in app.button if button.label == "Move down").click().run()
    assert not app.exception
    assert [run.id for run in store.waiting()] == ids


def test_a_device_is_one_line() -> None:
    usage = Usage(
        "gpu0", "NVIDIA A100", 93.4, 2 * 10**9, 40 * 10**9, 251.2, 400.0, (Stranger(7, None),)
    )
    assert strip.line(usage).startswith("NVIDIA A100 · 93 % busy · ")
    assert strip.line(usage).endswith(" · 251 of 400 W · process 7 is not a run of ResNet Lab")
    assert strip.line(Usage("cpu", "CPU")) == "CPU"


def test_smoothing_keeps_the_raw_line() -> None:
    """A smoothed line drawn alone would hide what really happened."""
    records = [
        {"kind": "train", "step": step, "train_error": 50.0 + 10 * (step % 2)}
        for step in range(1, 41)
    ]
    records += [
        {"kind": "evaluation", "step": step, "validation_error": float(step)} for step in (10, 40)
    ]
    raw, mean = (charts.run_chart(records, charts.Look(smoothing=width), 40) for width in (1, 20))
    assert list(raw.data[0].y) in [list(line.y) for line in mean.data]
    assert [line.name for line in mean.data] == ["training", "training", "validation"]
    middle = mean.data[1].y[10:30]
    assert max(middle) - min(middle) < 1
    assert list(mean.data[2].y) == [10.0, 40.0]


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
    assert "There are no runs yet" in text(app)


def test_a_finished_run_shows_its_best_and_last_error(runs: Path) -> None:
    add_run(runs)
    app = visit("runs")
    assert not app.exception
    assert numbers(app)["Validation error"] == numbers(app)["Best validation error"] == "12.50 %"
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
)
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
    assert "There are no runs yet" in text(app)
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


def test_the_samples_are_in_the_page_and_exact(runs: Path) -> None:
    """A file of Streamlit's is a JPEG, and a 404 where the page was left before the browser asked
    for it."""
    (image,) = visit("train").get("image")
    assert image.proto.imgs[0].url.startswith("data:image/png;base64,")


def test_the_samples_say_what_is_seen_to_those_who_do_not_see_them(runs: Path) -> None:
    """Catches a picture without words: which images they are, and what this very recipe does to
    them."""
    app = visit("train")
    (image,) = app.get("image")
    assert (
        image.proto.imgs[0].alt == "Images of Digits in two rows. Top: original images. "
        "Bottom: the same images, padded by 1 pixel and cropped to 8×8 at random."
    )
    app = app.number_input(key="recipe.augmentation.pad").set_value(0).run()
    (image,) = app.get("image")
    assert image.proto.imgs[0].alt.endswith(
        "Bottom: the same images, because this recipe does not augment."
    )
    (image,) = app.toggle(key="recipe.flip").set_value(True).run().get("image")
    assert image.proto.imgs[0].alt.endswith(
        "Bottom: the same images, flipped horizontally in half of the cases."
    )


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


def test_the_bin_is_emptied_on_the_page(runs: Path) -> None:
    """Catches deleted runs that fill the disk for ever, and an Undo for one that is gone."""
    add_run(runs)
    app = visit("runs")
    app = next(button for button in app.button if button.label == "Delete").click().run()
    app = app.button(key="empty_bin").click().run()
    assert not app.exception
    assert not any(button.label == "Undo" for button in app.button)
    assert not list((runs / ".trash").glob("*"))
