"""The Runs page side by side without a browser: runs to look at, and what is said of them."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.runs import cache
from resnet import get
from resnet.data import facts, fit_config
from resnet.recipes.recipes import default_recipe
from resnet.runs.directory import RunDirectory
from resnet.runs.spec import RunSpec

APP = Path(__file__).parents[1] / "streamlit_app.py"
ERRORS = {0: 12.5, 1: 10.0, 2: 11.0}


def empty_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of runs that the pages look into."""
    monkeypatch.setenv("RESNET_LAB_RUNS", str(folder / "runs"))
    cache.store.clear()
    return folder / "runs"


def add_run(runs: Path, number: int, network: str = "resnet8", **changes: object) -> RunDirectory:
    """A run that finished, with a short curve. `changes` are of its recipe."""
    directory = RunDirectory(runs / f"20261124-06250{number}-{network}-digits-3fa{number}")
    directory.path.mkdir(parents=True)
    recipe = default_recipe("digits").model_copy(update=changes)
    config = fit_config(get(network).config, facts("digits"))
    spec = RunSpec(network=network, config=config, recipe=recipe, dataset="digits")
    directory.write_json("spec.json", spec.model_dump(mode="json"))
    directory.append_metric({"kind": "start", "steps": 20, "batch_size": 64, "time_s": 1.0})
    for step in (10, 20):
        place = {"step": step, "epoch": step / 20, "time_s": 2.0}
        directory.append_metric(
            {
                "kind": "train",
                **place,
                "train_error": 50.0,
                "data_loss": 1.0,
                "l2_penalty": 0.5,
                "learning_rate": 0.1,
                "images_per_s": 900.0,
            }
        )
        directory.append_metric(
            {"kind": "evaluation", **place, "validation_error": ERRORS.get(number, 9.0)}
        )
    directory.write_exit("finished", None)
    return directory


def text(app: AppTest) -> str:
    """Everything said on the page, with Markdown's backslashes taken away."""
    said = [
        str(element.value)
        for kind in (app.markdown, app.caption, app.warning, app.header)
        for element in kind
    ]
    said += [html.proto.body for html in app.get("html")]
    return re.sub(r"\\(.)", r"\1", "\n".join(said))


def visit(opened: tuple[str, ...] = ()) -> AppTest:
    """The Runs page, side by side; what is named is open."""
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    app = app.switch_page("app/pages/runs.py").run()
    app.session_state["runs_look_kept"] = "Side by side"
    for key in opened:
        app.session_state[key] = True
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def sides(app: AppTest, about: str) -> AppTest:
    app.session_state["beside_about_kept"] = about
    return app.run()
