"""The Study page without a browser: a small study, its runs, the form, and what is said on the
page."""

import re
from collections.abc import Iterator
from math import exp
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.runs import cache as runs_cache
from app.study import cache
from resnet import shipped
from resnet.runs import RunSpec
from resnet.runs.directory import RunDirectory
from resnet.studies.plan import ready
from resnet.studies.plan.study import Study, runs
from resnet.studies.plan.study_files import write

APP = Path(__file__).parents[1] / "streamlit_app.py"
STEPS = 20


def small_study(name: str = "small", **changes: object) -> Study:
    """Two networks, with and without shortcuts, over a few steps on the digits."""
    quick = ready.get("plain_or_residual").quick.model_dump(mode="json")
    quick["baseline"]["recipe"] |= {
        "steps": STEPS,
        "evaluate_every": 5,
        "checkpoint_every": 20,
        "log_every": 5,
        "schedule": {"kind": "constant", "learning_rate": 0.1},
    }
    quick["factors"][0]["levels"] = ["resnet8", "resnet14"]
    return Study.model_validate(quick | {"name": name, "seeds": [0, 1, 2]} | changes)


def write_run(folder: Path, spec: RunSpec, number: int, error: float) -> RunDirectory:
    """A run that finished, whose error falls to `error` percent."""
    directory = RunDirectory(
        folder / f"20261124-0625{number:02d}-{spec.network}-digits-3fa{number % 10}"
    )
    directory.path.mkdir(parents=True)
    directory.write_json("spec.json", spec.model_dump(mode="json"))
    directory.append_metric({"kind": "start", "steps": STEPS, "batch_size": 64, "time_s": 1.0})
    for step in range(5, STEPS + 1, 5):
        at = {"step": step, "epoch": step / 10, "time_s": 1.0 + step}
        now = error + 80 * exp(-step / 6)
        directory.append_metric(
            {
                "kind": "train",
                **at,
                "train_error": now,
                "data_loss": now / 40,
                "l2_penalty": 0.5,
                "learning_rate": 0.1,
                "images_per_s": 900.0,
            }
        )
        directory.append_metric(
            {
                "kind": "evaluation",
                **at,
                "validation_error": now,
                "validation_data_loss": now / 40,
                "train_error_clean": now,
                "train_data_loss_clean": now / 50,
                "best_validation_error": now,
            }
        )
    directory.append_metric(
        {"kind": "test", "step": STEPS, "test_error": error, "tested_step": STEPS, "time_s": 22.0}
    )
    directory.write_exit("finished", None)
    return directory


def write_runs(folder: Path, study: Study, leave_out: int = 0) -> None:
    """The study's runs, all but the last few; the plain networks are worse."""
    planned = runs(study)
    for number, one in enumerate(planned[: len(planned) - leave_out]):
        worse = 4.0 if one.arm.config.shortcut == "none" else 0.0
        write_run(folder, one.spec, number, 5.0 + worse + 0.3 * one.seed + 0.07 * (number * 7 % 5))


def own_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders of this test alone, for runs, studies and the example that ships."""
    for name in ("runs", "studies", "data"):
        monkeypatch.setenv(f"RESNET_LAB_{name.upper()}", str(tmp_path / name))
    example = tmp_path / "example"
    write_runs(example / "runs", small_study("plain_or_residual"))
    write(small_study("plain_or_residual"), example / "study.yaml")
    monkeypatch.setattr(shipped, "folder", lambda: example)
    for kept in (runs_cache.store, cache.shelf, cache.example):
        kept.clear()
    yield tmp_path
    for kept in (runs_cache.store, cache.shelf, cache.example):
        kept.clear()


def visit(study: str = "") -> AppTest:
    """A fresh visit of the page, by a link to a study where one is named."""
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    app.switch_page("app/pages/study.py")
    if study:
        app.query_params["study"] = study
    return app.run()


def text(app: AppTest) -> str:
    """Everything said on the page, with Markdown's backslashes taken away."""
    kinds = (app.markdown, app.caption, app.warning, app.header, app.subheader)
    said = [element.value for kind in kinds for element in kind]
    said += [element.body for element in app.get("html") if hasattr(element, "body")]
    return re.sub(r"\\(.)", r"\1", "\n".join(said))


def warnings(app: AppTest) -> str:
    return re.sub(r"\\(.)", r"\1", "\n".join(element.value for element in app.warning))


def put_on_shelf(study: Study) -> None:
    cache.shelf().save(study)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def new_study(open_the_rest: bool = True) -> AppTest:
    """The form of a new study, with "Customise" open, on the quick study of plain or residual
    networks."""
    app = press(visit(), "New study")
    if open_the_rest:
        app.session_state["study_change"] = True
        app.run()
    return app


def field(app: AppTest, name: str, kind: str = "text_input", of: str = "plain_or_residual quick"):  # type: ignore[no-untyped-def]
    return getattr(app, kind)(key=f"study {of} {name}")


def row(app: AppTest, label: str) -> str:
    """A number of the row of numbers."""
    found = re.search(
        rf"<dt>{label}</dt><dd>(.*?)</dd>(?:<dd class=\"below\">(.*?)</dd>)?", text(app)
    )
    assert found
    return " ".join(filter(None, found.groups()))
