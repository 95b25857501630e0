"""Studies at their edges: factors inside each other, runs that never began, failed, were deleted or
left no number."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resnet.errors import ConfigError
from resnet.results.arms import ArmRuns, SeedRun, results
from resnet.results.statistics import difference
from resnet.results.tables import written
from resnet.runs import Run, Store
from resnet.runs.directory import EXIT, METRICS
from resnet.runs.run import runs_in
from resnet.studies import running
from resnet.studies.export.bundle import contents, read_bundle, write_bundle
from resnet.studies.export.report import report
from resnet.studies.outcome import outcome, reading
from resnet.studies.plan.factors import Baseline, Factor, Listed
from resnet.studies.plan.study import Study, arms, runs
from resnet.studies.planning import plan
from tests.outcome_support import finish, grid
from tests.training_support import recipe_of

NORM = Factor(
    key="network.norm",
    levels=({"kind": "batch", "epsilon": 1e-3}, {"kind": "batch", "epsilon": 1e-5}),
)
MOMENTUM = Factor(key="network.norm.momentum", levels=(0.9, 0.5))


def ended(run: Run, how: str) -> None:
    (run.path / EXIT).write_text(
        json.dumps({"outcome": how, "cause": None, "time_s": 1795522250.0})
    )


@pytest.mark.parametrize(
    "factors", [(NORM, MOMENTUM), (MOMENTUM, NORM)], ids=["broad first", "narrow first"]
)
def test_a_broad_factor_does_not_undo_a_narrow_one(factors: tuple[Factor, ...]) -> None:
    """Catches norm.momentum overwritten by a level of norm: half of the arms were gone, without a
    word."""
    found = {
        (arm.config.norm.momentum, arm.config.norm.epsilon) for arm in arms(grid(factors=factors))
    }
    assert found == {(0.9, 1e-3), (0.9, 1e-5), (0.5, 1e-3), (0.5, 1e-5)}


def test_a_level_replaces_what_the_baseline_has_inside_it() -> None:
    """Catches a level of norm with the baseline's own momentum in it."""
    made = Baseline(
        network="resnet20",
        settings={"norm.momentum": 0.5},
        recipe=recipe_of(100, {}),
        dataset="digits",
    )
    levels = arms(Study(name="x", baseline=made, factors=(NORM,), design="grid"))
    assert {arm.config.norm.momentum for arm in levels} == {0.9}


def test_a_setting_that_a_level_takes_away_is_named() -> None:
    """Catches "There is no setting 'recipe.'", and a sentence that does not say whose it is."""
    adam = Factor(key="recipe.optimiser", levels=({"kind": "sgd"}, {"kind": "adam"}))
    with pytest.raises(ConfigError, match=r"optimiser\.momentum belongs to optimiser\.kind=sgd"):
        grid(factors=(Factor(key="recipe.optimiser.momentum", levels=(0.9, 0.5)), adam))


def test_runs_that_all_failed_can_still_be_reported(tmp_path: Path) -> None:
    """Catches a report, and a zip, refused because the only curves are those of failed runs."""
    study = grid(seeds=(0,))
    for run in finish(study, tmp_path):
        ended(run, "failed")
    found = outcome(study, runs_in(tmp_path))
    assert "No run has been evaluated yet" in report(found)
    assert not [name for name in contents(found) if name.startswith("figures/")]


def test_a_run_taken_back_before_it_began_does_not_stop_the_export(tmp_path: Path) -> None:
    """Catches a RunError for metrics.jsonl, which such a run never had."""
    study = grid(seeds=(0,))
    first = finish(study, tmp_path)[0]
    (first.path / METRICS).unlink()
    ended(first, "stopped")
    write_bundle(outcome(study, runs_in(tmp_path)), tmp_path / "study.zip")
    assert len(read_bundle(tmp_path / "study.zip", tmp_path / "study").runs) == 4


def test_what_has_not_begun_is_said(tmp_path: Path) -> None:
    """Catches seeds that are missing without a word."""
    study = grid(seeds=(0, 1))
    finish(study, tmp_path, only=lambda planned: planned.seed == 0)
    assert "4 of 8 runs have not begun." in reading(outcome(study, runs_in(tmp_path))).notes


def test_how_weights_were_chosen_is_what_the_recipe_says(tmp_path: Path) -> None:
    """Catches "Validation chose" below a table, and in a report, of weights that nobody chose."""
    last = Baseline(
        network="resnet20", recipe=recipe_of(100, {"test_weights": "last"}), dataset="digits"
    )
    study = grid(seeds=(0,), baseline=last)
    found = outcome(study, finish(study, tmp_path))
    texts = " ".join(reading(found).notes), report(found)
    assert all(
        "Validation chooses" not in text and "No weights are chosen: those of the last" in text
        for text in texts
    )


def test_a_bracket_at_the_start_of_a_name_is_text_in_latex() -> None:
    """Catches pdflatex stopped by an arm called "[2x] wide": a bracket after a line's end is an
    option."""
    study = grid(
        design="list",
        factors=(Factor(key="network"),),
        seeds=(0,),
        listed=(Listed(), Listed(name="[2x] wide", settings={"network": "resnet56"})),
    )
    assert "\n{[}2x] wide &" in written(reading(outcome(study, [])), "latex")


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_what_a_study_can_show_is_what_its_own_intervals_show(seeds: int) -> None:
    """Catches a power of Welch's test promised to studies whose seeds are paired: 51 % of them, not
    80, with three."""
    wanted, draw = (
        plan(grid(seeds=tuple(range(seeds))), []).detectable(1.0),
        np.random.default_rng(0),
    )
    pairs = [(draw.normal(wanted, 1, seeds), draw.normal(0, 1, seeds)) for _ in range(2000)]
    both = range(seeds), range(seeds)
    shown = [difference(*pair, seeds=both).beyond_noise for pair in pairs]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.04)


def test_a_finished_run_without_a_number_is_named() -> None:
    """Catches a seed dropped in silence, and "one seed" said of an arm that has three."""
    whole = [
        SeedRun(seed, [{"kind": "evaluation", "step": 1, "validation_error": 5.0 + seed}])
        for seed in range(3)
    ]
    base = ArmRuns("plain", [whole[0], SeedRun(1, [])])
    said = results([base, ArmRuns("residual", whole, against="plain")])
    assert said[0].left_out == ("Plain: seed 1 is finished, but has no number on record",)
    assert said[1].sentence == "Residual, one seed of plain: no interval, so no claim"


def test_the_zip_of_a_folder_of_images_is_read_beside_those_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a study of a folder that finds none of its own runs in its zip, once that is read in
    another place."""
    from PIL import Image  # noqa: PLC0415  only here

    for place in ("one", "other"):
        for kind in ("cats", "dogs"):
            (tmp_path / place / "images" / "pets" / kind).mkdir(parents=True)
            for number in range(20):
                Image.new("RGB", (16, 16)).save(
                    tmp_path / place / "images" / "pets" / kind / f"{number}.png"
                )
    recipe = recipe_of(100, {"evaluate_every": 50, "validation_images": 8})
    base = Baseline(network="resnet20", recipe=recipe, dataset="folder:pets", data_folder="images")
    monkeypatch.chdir(tmp_path / "one")
    study = grid(seeds=(0,), baseline=base)
    write_bundle(outcome(study, finish(study, tmp_path / "runs")), tmp_path / "study.zip")
    monkeypatch.chdir(tmp_path / "other")
    shutil.rmtree(tmp_path / "one")
    assert outcome(*read_bundle(tmp_path / "study.zip", tmp_path / "study")).finished == 4


def test_a_run_deleted_after_the_plan_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches "There is no run …", with the runs behind it not submitted, where another tab deletes
    one meanwhile."""
    study = grid(seeds=(0,))
    for run in finish(study, tmp_path):
        ended(run, "stopped")
    store = Store(tmp_path)
    monkeypatch.setattr(store, "_wake", lambda: None)
    made = plan(study, runs_in(tmp_path))
    made = replace(made, steps=made.steps[:1])
    gone = made.steps[0].run
    assert gone
    store.delete(gone.id)
    (again,) = running.submit(made, store)
    assert again.id != gone.id
    assert again.spec == runs(study)[0].spec.model_copy(
        update={"data_folder": str(Path("data").absolute())}
    )
