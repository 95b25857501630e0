"""A study's outcome is what gets published: a wrong reference, a run that is not its own, or a
banner nobody sees."""

import csv
import io
import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from resnet.errors import UnknownNameError
from resnet.guards.guard import one_factor
from resnet.results.tables import plain_text, written
from resnet.runs.directory import ENVIRONMENT, SPEC
from resnet.runs.journal import Cursor, Line
from resnet.runs.run import Run, runs_in
from resnet.studies import compared
from resnet.studies.outcome import Outcome, exported, numbers, outcome, reading
from resnet.studies.plan.factors import Factor, Listed
from resnet.studies.plan.study import Study, arms, runs
from resnet.studies.planning import plan
from resnet.tables.text_table import TextTable, counted, in_markdown, named
from tests.latex_support import PAGES, typeset
from tests.outcome_support import SPREAD, finish, finished, grid, outcome_of, papers, records

HOSTILE = '50 % \\input{x} & <b> λ 漢 \n % | "q" \''


def sentences(found: Outcome) -> list[str]:
    return [result.sentence for result in found.results]


def with_factor(key: str, levels: tuple[Any, ...], **fields: Any) -> Study:
    return grid(design="one_at_a_time", factors=(Factor(key=key, levels=levels),), **fields)


def test_the_issues_own_sentences(tmp_path: Path) -> None:
    """Catches the residual network of one depth compared with the plain one of another, and a sign
    turned round."""
    assert sentences(outcome_of(grid(), tmp_path)) == [
        "Plain at depth 20 (plain20) is what others are compared with: test error 9.1 ± 0.5 (3)",
        "At depth 20 the difference is within noise (resnet20: 0.0 ± 0.6 points, 3 seeds)",
        "Plain at depth 56 (plain56) is what others are compared with: test error 13.1 ± 0.5 (3)",
        "Residual helps by 4.0 ± 0.6 points at depth 56 (resnet56)",
    ]


def test_a_grid_compares_with_the_first_level_of_its_last_factor() -> None:
    """Catches the study's baseline taken for the reference of every arm."""
    study = grid()
    for arm in arms(study):
        against = compared.references(study, arms(study))[arm.name]
        other = next((one for one in arms(study) if one.name == against), None)
        assert (other is None) == (arm.config.shortcut == "none")
        assert other is None or (other.config.depth, other.config.shortcut) == (
            arm.config.depth,
            "none",
        )


def test_a_factor_of_one_level_compares_nothing(tmp_path: Path) -> None:
    """Catches each arm called what others are compared with, and none compared, where the last
    factor is not varied."""
    factors = (
        Factor(key="network", levels=("resnet20", "resnet56")),
        Factor(key="recipe.batch_size", levels=(32,)),
    )
    study = grid(factors=factors)
    made = outcome_of(
        study, tmp_path, lambda run: run.arm.config.depth * (1 + SPREAD[run.seed] / 20)
    )
    assert sentences(made) == [
        (
            "Depth 20 with batch size 32 (batch_size 32) is what others are compared with: test"
            " error 20.03 ± 0.25 (3)"
        ),
        "Depth 56 hurts by 36.1 ± 1.1 points with batch size 32 (resnet56, batch_size 32)",
    ]
    assert "the first level of network: depth 20." in compared.how_compared(study, arms(study))


def test_a_study_of_one_arm_speaks_of_no_others(tmp_path: Path) -> None:
    """Catches "what others are compared with", "the arms do not differ" and "all arms share" said
    of a single arm."""
    study = grid(factors=(Factor(key="network", levels=("resnet20",)),))
    made = outcome_of(study, tmp_path)
    assert sentences(made) == ["resnet20 is compared with no other arm: test error 9.03 ± 0.25 (3)"]
    alone = "There is only one arm, so nothing is compared."
    assert made.guards == (alone,)
    assert compared.promises(study, arms(study), made.specs)[:-1] == (alone,)
    assert not [note for note in reading(made).notes if "others" in note or "arms" in note]


def test_a_reference_by_another_name_is_found() -> None:
    """plain20 with shortcuts is resnet20, so its reference was made under that name; catches an arm
    with none."""
    study = grid(
        factors=(
            Factor(key="network", levels=("resnet20", "plain20")),
            Factor(key="network.shortcut", levels=("none", "projection")),
        )
    )
    found = arms(study)
    assert len(found) == 2
    assert set(compared.references(study, found).values()) - {None} == {
        arm.name for arm in found if arm.config.shortcut == "none"
    }


def test_one_at_a_time_and_a_list_compare_with_the_baseline() -> None:
    """Catches neighbours compared with each other, and a list's own names lost."""
    momentum = with_factor("network.norm.momentum", (0.99, 0.5))
    found = arms(momentum)
    assert list(compared.references(momentum, found).values()) == [
        None,
        found[0].name,
        found[0].name,
    ]
    assert [compared.change(momentum, arm) for arm in found[1:]] == [
        "BN momentum 0.99",
        "BN momentum 0.5",
    ]
    listed = grid(
        design="list",
        factors=(Factor(key="recipe.batch_size"),),
        listed=(Listed(), Listed(name="half", settings={"recipe.batch_size": 32})),
    )
    assert compared.references(listed, arms(listed)) == {
        arms(listed)[0].name: None,
        "half": arms(listed)[0].name,
    }
    assert compared.change(listed, arms(listed)[1]) == ""


@pytest.mark.parametrize(
    ("key", "levels", "said"),
    [
        ("network.shortcut", ("none",), ["plain"]),
        ("network.shortcut", ("projection", "projection_always"), ["option B", "option C"]),
        ("network.norm.epsilon", (0.001,), ["BN epsilon 0.001"]),
        ("network.norm.kind", ("group", "none"), ["group norm", "no norm"]),
        ("recipe.optimiser", ({"kind": "adam"},), ["Adam"]),
        ("recipe.weight_decay.semantics", ("decoupled",), ["decoupled weight decay"]),
        ("recipe.batch_size", (32,), ["batch size 32"]),
        ("network", ("resnet56",), ["resnet56"]),
    ],
)
def test_what_was_changed_in_words(key: str, levels: tuple[Any, ...], said: list[str]) -> None:
    """Catches dotted keys in a sentence for readers."""
    study = with_factor(key, levels)
    assert [compared.change(study, arm) for arm in arms(study) if arm.changes] == said


@pytest.mark.parametrize(
    ("key", "levels", "place"),
    [
        ("network", ("resnet20", "resnet56"), "at depth 56"),
        ("network", ("resnet20", "plain20"), "in plain20"),
        ("network.norm.momentum", (0.9, 0.99), "with BN momentum 0.99"),
        ("recipe.batch_size", (64, 32), "with batch size 32"),
        ("dataset", ("digits", "fashion_mnist"), "on fashion_mnist"),
    ],
)
def test_where_it_was_changed_in_words(key: str, levels: tuple[Any, ...], place: str) -> None:
    """Catches two networks of one depth both called by it, and a place that names the wrong
    level."""
    study = grid(
        factors=(
            Factor(key=key, levels=levels),
            Factor(key="network.activation_order", levels=("post", "pre")),
        )
    )
    assert (
        compared.where(study, [arm for arm in arms(study) if arm.settings[key] == levels[-1]][-1])
        == place
    )


def test_before_any_run_everything_works(tmp_path: Path) -> None:
    """Catches a page that fails until the first run has finished."""
    found = outcome(grid(), [])
    assert (found.finished, len(found.steps), found.verdicts, found.banners) == (0, 12, {}, ())
    assert all(said.endswith("no finished run has a number yet") for said in sentences(found))
    assert all(counts.trainable_params for counts in found.arms)
    for form in ("text", "csv", "markdown", "latex"):
        assert written((numbers if form == "csv" else reading)(found), form)


def test_runs_of_others_are_not_counted(tmp_path: Path) -> None:
    """Catches a run of another recipe in the mean, one that was edited by hand, and a fork."""
    study = grid(seeds=(0,))
    finish(
        grid(seeds=(0,), baseline=grid().baseline.model_copy(update={"device": "cpu+cpu"})),
        tmp_path,
    )
    assert outcome(study, runs_in(tmp_path)).finished == 0
    there = finish(study, tmp_path)
    found = outcome(study, there)
    assert found.finished == 4
    run = next(iter(found.runs.values()))
    spec = json.loads((run.path / SPEC).read_text())
    spec["recipe"]["weight_decay"]["value"] = 0.5
    (run.path / SPEC).write_text(json.dumps(spec))
    assert outcome(study, there).finished == 3


def test_a_run_that_failed_is_named_in_the_table(tmp_path: Path) -> None:
    """Catches a seed that diverged and silently leaves the mean."""
    study = grid()
    there = finish(study, tmp_path, only=lambda planned: planned.seed > 0)
    planned = runs(study)[0]
    ending = {"outcome": "failed", "cause": "the loss is not a number; try a lower rate."}
    finished(planned, tmp_path, records(planned, 50.0), ending)
    found = outcome(study, runs_in(tmp_path))
    assert len(there) == 8
    assert (
        f"{planned.arm.name}: seed 0 failed and is not counted (the loss is not a number)."
        in reading(found).notes
    )
    assert found.results[0].summaries["test_error"].n == 2


def undeclared(found: Outcome) -> Outcome:
    specs = {step.planned.arm.name: [step.planned.spec] for step in found.steps}
    return replace(found, one_factor=one_factor(specs, []))


def test_an_arm_with_two_factors_at_once_is_the_first_thing_said(tmp_path: Path) -> None:
    """Catches an arm whose effect has two declared causes, exported as if it had one."""
    factors = (Factor(key="network.shortcut"), Factor(key="network.norm.momentum"))
    both = Listed(name="both", settings={"network.shortcut": "none", "network.norm.momentum": 0.5})
    found = outcome_of(grid(design="list", factors=factors, listed=(Listed(), both)), tmp_path)
    said = "2 factors differ between baseline and both: network.shortcut and network.norm.momentum."
    assert found.banners == (said,)
    assert said not in reading(found).notes
    assert exported(found, "text").startswith(said)
    assert exported(found, "markdown").startswith(f"**{in_markdown(said)}**\n\n|")
    assert said in numbers(found).csv()


def test_a_second_factor_is_the_first_thing_said(tmp_path: Path) -> None:
    """Catches a table that is exported without its banner, in each of its formats."""
    found = undeclared(outcome_of(grid(), tmp_path))
    banner = found.one_factor.sentence
    assert banner.startswith("Not a fair comparison: ")
    assert found.banners == (banner,)
    assert banner not in found.guards
    assert " ".join(exported(found, "text").split()).startswith(banner)
    rows = list(csv.DictReader(io.StringIO(numbers(found).csv(), newline="")))
    assert {row["banner"] for row in rows} == {banner}
    assert f"% {banner}" in exported(found, "latex")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("split_hash", "split"),
        ("first_batch", "first augmented batch"),
        ("dataset_checksum", "set of images"),
    ],
)
def test_other_data_than_the_specs_promise_is_a_banner(key: str, said: str, tmp_path: Path) -> None:
    """Catches images that changed on the disk between two arms: equal specs, and nothing to
    compare."""
    there = finish(grid(), tmp_path)
    assert outcome(grid(), there).banners == ()
    path = there[0].path / ENVIRONMENT
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: "other"}))
    banners = outcome(grid(), there).banners
    assert banners == (f"Not the same data: runs of some arms recorded another {said}.",)
    assert exported(outcome(grid(), there), "text").startswith(banners[0])


def test_a_split_that_is_varied_is_no_broken_promise(tmp_path: Path) -> None:
    """Catches a banner about what the study varies on purpose."""
    study = with_factor("recipe.validation_images", (200,), seeds=(0,))
    there = finish(study, tmp_path)
    path = (
        next(run.path for run in there if run.spec and run.spec.recipe.validation_images == 200)
        / ENVIRONMENT
    )
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"split_hash": "other", "first_batch": "other"})
    )
    assert outcome(study, there).banners == ()


def test_mixed_software_is_a_note(tmp_path: Path) -> None:
    """Catches arms trained with two versions that are compared without a word."""
    there = finish(grid(), tmp_path)
    path = there[0].path / ENVIRONMENT
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"packages": {"tensorflow": "2.16.1"}})
    )
    note = next(note for note in reading(outcome(grid(), there)).notes if "software" in note)
    assert "tensorflow (" in note
    assert "2.16.1" in note
    path.write_text("{ damaged")
    assert outcome(grid(), there).finished == 12


def test_against_the_paper_and_why_not(tmp_path: Path) -> None:
    """Catches digits held against the paper's CIFAR-10, and a verdict on validation errors."""
    digits = outcome_of(grid(), tmp_path / "digits")
    texts = {arm.name: digits.verdicts[arm.name].text for arm in digits.arms}
    assert {digits.verdicts[name].kind for name in texts} == {"not comparable"}
    own = outcome_of(papers(), tmp_path / "papers", lambda planned: 8.75 + 0.05 * planned.seed)
    residual, plain = own.arms
    assert own.verdicts[residual.name].kind == "reproduces"
    assert (
        own.verdicts[plain.name].text == "not compared: the paper reports no error for this network"
    )
    row = next(csv.DictReader(io.StringIO(numbers(own).csv(), newline="")))
    assert (row["paper_verdict"], row["paper_error"]) == ("reproduces", "8.75")
    assert float(row["paper_difference"]) == pytest.approx(0.05)
    assert "reproduces the paper's" in reading(own).markdown()
    shorter = papers(baseline=papers().baseline.model_copy(update={"dataset": "cifar100"}))
    other = outcome_of(shorter, tmp_path / "other")
    assert {verdict.kind for verdict in other.verdicts.values()} == {"not comparable"}


def test_the_test_set_not_read_is_said(tmp_path: Path) -> None:
    """Catches an empty cell that looks like "no difference to the paper"."""
    study = grid(seeds=(0,))
    for planned in runs(study):
        finished(planned, tmp_path, records(planned, 9.0)[:-1])
    found = outcome(study, runs_in(tmp_path))
    assert found.verdicts == {}
    assert "no finished run has read the test set" in reading(found).markdown()


def test_twins_are_proven_depth_by_depth(tmp_path: Path) -> None:
    """Catches a deep residual network proven the twin of a shallow plain one."""
    proofs = outcome(grid(), []).twins
    assert [(proof.residual.depth, proof.plain.depth) for proof in proofs] == [(20, 20), (56, 56)]
    assert all(proof.exact and proof.plain.shortcut == "none" for proof in proofs)
    assert outcome(with_factor("network.norm.momentum", (0.99,)), []).twins == ()


def test_validation_on_request(tmp_path: Path) -> None:
    """Catches a measure that is asked for and ignored."""
    there = finish(grid(), tmp_path)
    found = outcome(grid(), there, "best_validation_error")
    assert {result.measure for result in found.results} == {"best_validation_error"}
    assert "points of best validation error" in sentences(found)[-1]


def test_the_table_for_people(tmp_path: Path) -> None:
    """Catches a column that is gone, and selection that is not said."""
    table = reading(outcome_of(grid(), tmp_path))
    assert [column.heading for column in table.columns] == [
        "Arm",
        "Test error, %",
        "Best validation error, %",
        "Last validation error, %",
        "Training error, %",
        "Time",
        "Trainable params",
        "MACs",
        "Difference, points",
        "Against the paper",
    ]
    assert any("The test set was read once" in note for note in table.notes)
    assert any(
        "otherwise equal one at the first level of network.shortcut: plain" in note
        for note in table.notes
    )
    assert table.notes[3] == "Residual helps by 4.0 ± 0.6 points at depth 56 (resnet56)."


def test_plain_text_stands_in_columns() -> None:
    """Catches a row whose cells do not stand below their heading, and a note lost."""
    table = TextTable(
        [named("arm", "Arm"), counted("macs", "Many\nMACs")],
        [["a\nb", 1234], ["long name", None]],
        ["Said."],
    )
    assert plain_text(table).splitlines() == [
        "Arm         Many",
        "            MACs",
        "---------  -----",
        "a          1,234",
        "b",
        "long name",
        "",
        "Said.",
    ]


def test_a_format_nobody_knows() -> None:
    with pytest.raises(
        UnknownNameError, match=r"^There is no format of a table 'latx'; did you mean 'latex'\?$"
    ):
        written(TextTable([], []), "latx")  # type: ignore[arg-type]


@pytest.mark.latex
def test_the_latex_compiles_whatever_arms_are_called(tmp_path: Path) -> None:
    """Catches a sign LaTeX lacks, a line break that ends a comment, and a column that runs off the
    page."""
    study = grid(
        design="list",
        factors=(Factor(key="network.shortcut"),),
        question=HOSTILE,
        listed=(Listed(), Listed(name=HOSTILE, settings={"network.shortcut": "none"})),
    )
    found = undeclared(outcome_of(study, tmp_path / "runs"))
    depths = undeclared(outcome_of(papers(), tmp_path / "papers"))
    tables = [written(reading(each), "latex") for each in (found, depths, outcome(grid(), []))]
    for table, page in product(tables, PAGES):
        typeset(table, tmp_path, page)


def test_only_its_own_runs_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a store of a thousand runs that is read whole for a study of four: the page must
    answer at once."""
    study = grid(seeds=(0,))
    finish(grid(seeds=(5, 6)), tmp_path)
    finish(study, tmp_path)
    read: list[str] = []
    there = runs_in(tmp_path)
    own = {step.run.id for step in plan(study, there).steps if step.run}
    original = Run.metrics

    def metrics(run: Run) -> tuple[list[Line], Cursor]:
        read.append(run.id)
        return original(run)

    monkeypatch.setattr(Run, "metrics", metrics)
    outcome(study, there)
    assert sorted(read) == sorted(own)
