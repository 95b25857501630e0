"""The Study page without a browser: what is shown, what is started, and what a damaged file
costs."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.study import cache, downloads, preview
from resnet.runs import Store
from resnet.runs.directory import RunDirectory
from resnet.studies import running
from resnet.studies.plan.study import runs
from resnet.training.failure import NotANumberError
from tests.study_page_support import (
    STEPS,
    new_study,
    own_lab,
    press,
    put_on_shelf,
    small_study,
    text,
    visit,
    warnings,
    write_runs,
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders of this test alone, for runs, studies and the example that ships."""
    yield from own_lab(tmp_path, monkeypatch)


def test_the_first_screen_is_a_study_with_its_results(lab: Path) -> None:
    """Catches an empty page at the first start."""
    app = visit()
    assert not app.exception
    said = text(app)
    assert "You have no studies yet" in said
    assert "4 arms × 3 seeds, 12 runs" in said
    assert "Residual helps by" in said
    assert app.get("plotly_chart")


def test_a_study_of_ones_own_comes_first_and_says_what_is_missing(lab: Path) -> None:
    """Catches a visitor's work hidden behind the example, and missing runs that nobody can
    start."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study(), leave_out=2)
    app = visit()
    assert not app.exception
    [bar] = app.get("progress")
    assert bar.proto.text == "10 of 12 runs finished · step 200 of 240"
    assert "Start missing runs" in [button.label for button in app.button]
    assert [link for link in app.get("page_link") if "seed 0" in link.proto.label]


def test_a_link_names_its_study(lab: Path) -> None:
    """Catches a link that opens another study, and an address bar that forgets."""
    for name in ("first", "second"):
        put_on_shelf(small_study(name))
    app = visit("second")
    assert app.selectbox(key="study_choice_box").value == "second"
    app.selectbox(key="study_choice_box").set_value("first").run()
    assert app.query_params["study"] in ("first", ["first"])
    app.selectbox(key="study_choice_box").set_value(":example").run()
    assert "study" not in app.query_params


def test_a_study_of_one_arm_compares_nothing(lab: Path) -> None:
    """Catches others that are spoken of and are not there, and a difference that one arm is said to
    show."""
    study = small_study("alone", factors=[{"key": "network", "levels": ["resnet8"]}])
    cache.shelf().save(study)
    write_runs(lab / "runs", study)
    app = visit("alone")
    assert not app.exception
    said = text(app)
    assert "resnet8 is compared with no other arm: test error" in said
    assert "others" not in said
    fewer = [
        number
        for number in preview.numbers_of(cache.plan(study, []))
        if number.label == "Detectable difference"
    ]
    assert [(number.value, number.about) for number in fewer] == [
        ("none", "One arm shows no difference: there is nothing to compare it with.")
    ]


def test_a_link_to_nothing_is_one_sentence(lab: Path) -> None:
    app = visit("<script>alert(1)</script>")
    assert not app.exception
    assert "names a study that does not exist here" in warnings(app)
    assert app.get("plotly_chart")


def test_a_damaged_file_spoils_itself_only(lab: Path) -> None:
    """Catches a page that a hand-made mistake in one file takes from all others."""
    put_on_shelf(small_study("good"))
    (lab / "studies" / "bad.yaml").write_text("name: [broken\n")
    app = visit("bad")
    assert not app.exception
    assert "YAML" in warnings(app)
    app.selectbox(key="study_choice_box").set_value("good").run()
    assert "YAML" not in warnings(app)
    assert app.get("progress")


def test_a_run_with_a_damaged_curve_is_one_sentence(lab: Path) -> None:
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    damaged = min((lab / "runs").iterdir()) / "metrics.jsonl"
    damaged.write_text("{}\nnot json at all\n{}\n")
    app = visit("small")
    assert not app.exception
    assert "plain8: seed 0 is finished, but has no number on record" in text(app)


def test_the_banner_stays_in_the_results(lab: Path) -> None:
    """Catches a banner that is gone once there are numbers to believe."""
    settings = {"network.shortcut": "padded_identity", "recipe.batch_size": 32}
    listed = [{"name": "plain", "settings": {}}, {"name": "other", "settings": settings}]
    study = small_study(design="list", listed=listed, factors=[{"key": key} for key in settings])
    study = study.model_copy(
        update={"baseline": study.baseline.model_copy(update={"settings": {"shortcut": "none"}})}
    )
    put_on_shelf(study)
    write_runs(lab / "runs", study)
    app = visit("small")
    assert (
        "2 factors differ between plain and other: network.shortcut and recipe.batch_size."
        in warnings(app)
    )


def test_starting_saves_the_study_and_submits_its_runs(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a start that the next visit knows nothing of, and one that writes over another
    study."""
    submitted: list[int] = []
    monkeypatch.setattr(running, "submit", lambda made, store: submitted.append(len(made.steps)))
    put_on_shelf(small_study("plain_or_residual_quick"))
    app = press(new_study(open_the_rest=False), "Start the study")
    assert not app.exception
    assert submitted == [12]
    assert set(cache.shelf().names()) == {"plain_or_residual_quick", "plain_or_residual_quick_2"}
    assert cache.shelf().get("plain_or_residual_quick").baseline.recipe.steps == STEPS
    assert app.selectbox(key="study_choice_box").value == "plain_or_residual_quick_2"


def test_a_seed_is_added_and_nothing_repeated(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[str] = []
    monkeypatch.setattr(
        running, "submit", lambda made, store: submitted.extend(step.action for step in made.steps)
    )
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    press(visit("small"), "Add a seed")
    assert cache.shelf().get("small").seeds == (0, 1, 2, 3)
    assert sorted(submitted) == ["make"] * 4 + ["reuse"] * 12


def test_results_follow_the_runs_files(lab: Path) -> None:
    """Catches a cache that shows what was known a moment ago."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study(), leave_out=8)
    app = visit("small")
    assert "one seed: no interval, so no claim" in text(app)
    shutil.rmtree(lab / "runs")
    write_runs(lab / "runs", small_study())
    assert "Residual helps by" in text(app.run())


def test_a_study_that_is_removed_leaves_its_runs(lab: Path) -> None:
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    app = press(visit("small"), "Remove the study")
    assert not app.exception
    assert "You have no studies yet" in text(app)
    assert len(Store(lab / "runs").list()) == 12


def test_the_recipe_check_knows_what_was_run(lab: Path) -> None:
    """Catches a check that looks at what was meant only: here both arms end without a training
    error."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    before = check_counted(visit("small"))
    for metrics in (lab / "runs").glob("*/metrics.jsonl"):
        metrics.write_text(
            re.sub(r'"train_error_clean": ?[\d.]+', '"train_error_clean": 0.0', metrics.read_text())
        )
    assert check_counted(visit("small")) > before


def test_a_run_that_failed_says_why(lab: Path) -> None:
    """Catches "seed 0 failed" without the cause that stands in its last word, also before anything
    was evaluated."""
    study = small_study("failing", seeds=[0])
    put_on_shelf(study)
    spec = runs(study)[0].spec
    directory = RunDirectory(lab / "runs" / f"20261124-062500-{spec.network}-digits-3fa0")
    directory.path.mkdir(parents=True)
    directory.write_json("spec.json", spec.model_dump(mode="json"))
    directory.write_exit("failed", str(NotANumberError(4)))
    app = visit("failing")
    assert not app.exception
    why = (
        "seed 0 failed and is not counted (Not a number at step 4: loss or weights are no longer"
        " finite)."
    )
    assert why in text(app)


def check_counted(app: AppTest) -> int:
    [label] = [found.label for found in app.expander if found.label.startswith("Recipe check")]
    return sum(map(int, re.findall(r"\d+", label)))


def test_its_runs_can_be_laid_beside_others(lab: Path) -> None:
    """Catches a study whose runs have to be found again one by one among all others."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    app = press(visit("small"), "Compare with other runs")
    assert not app.exception
    [chosen] = [found for found in app.multiselect if found.label == "Runs and imported curves"]
    assert len(chosen.value) == 12


def test_studies_that_ask_the_same_keep_their_names(tmp_path: Path) -> None:
    """Catches what is known of one study shown under the other's name: their fingerprints are
    equal."""
    first, second = small_study("first"), small_study("second")
    assert first.fingerprint == second.fingerprint
    made = [cache.plan(study, ()) for study in (first, second)]
    assert [one.study.name for one in made] == ["first", "second"]
    assert [cache.outcome_of(one).study.name for one in made] == ["first", "second"]


def test_a_zip_is_written_nowhere_on_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a study's name that leads out of the folder its zip is made in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    study = small_study(f"../{tmp_path.name}/a/x")
    packed = downloads._bundle(cache.outcome_of(cache.plan(study, ())))
    assert packed.startswith(b"PK")
    assert list(tmp_path.rglob("*.zip")) == []
