"""A table that mixes runs which may not be mixed, or a sentence that says more than the seeds,
would be believed."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet import with_settings
from resnet.errors import ConfigError, UnknownNameError
from resnet.network.metrics import describe
from resnet.results.arms import (
    ArmRuns,
    Ending,
    SeedRun,
    arm_of,
    ending,
    measured,
    plus_minus,
    results,
    seed_run,
    spread,
)
from resnet.results.statistics import seeds_to_tell, summary
from resnet.results.tables import numbers_table, reading_table
from resnet.runs.directory import SPEC, RunDirectory
from resnet.runs.run import Run
from resnet.runs.spec import RunSpec, new_id
from resnet.runs.state import StateName
from tests import runs_support
from tests.latex_support import typeset


def records(best: float, test: float | None = None) -> list[dict[str, Any]]:
    """A run that got worse again after its best evaluation."""
    evaluation = {"kind": "evaluation", "validation_data_loss": 0.4, "train_data_loss_clean": 0.3}
    found: list[dict[str, Any]] = [
        {"kind": "start", "time_s": 100.0},
        {
            "kind": "train",
            "step": 5,
            "time_s": 105.0,
            "data_loss": 0.5,
            "l2_penalty": 9.0,
            "train_error": 20.0,
        },
        {
            **evaluation,
            "step": 10,
            "time_s": 110.0,
            "validation_error": best,
            "train_error_clean": 2.0,
        },
        {"kind": "start", "time_s": 1000.0, "resumed_from": 10},
        {
            **evaluation,
            "step": 20,
            "time_s": 1050.0,
            "validation_error": best + 1,
            "train_error_clean": 1.0,
        },
    ]
    return found + (
        []
        if test is None
        else [
            {
                "kind": "test",
                "step": 20,
                "time_s": 1052.0,
                "test_error": test,
                "test_data_loss": 0.6,
            }
        ]
    )


def arm(name: str, tests: Sequence[float | None], *, first_seed: int = 0, **fields: Any) -> ArmRuns:
    runs = [
        SeedRun(first_seed + index, records(9.0 + index, test)) for index, test in enumerate(tests)
    ]
    return ArmRuns(name, runs, **fields)


PLAIN = arm("plain56", [13.0, 13.5, 12.5], trainable_params=853_018, macs=125_485_696)
RESIDUAL = arm(
    "resnet56",
    [8.9, 9.2, 8.7],
    against="plain56",
    change="residual",
    where="at depth 56",
    trainable_params=853_018,
    macs=125_485_696,
)


def test_what_one_run_says() -> None:
    """Catches the last error taken for the best, running means for a clean evaluation, and waiting
    counted as work."""
    assert measured(records(9.0, 8.0)) == {
        "test_error": 8.0,
        "best_validation_error": 9.0,
        "last_validation_error": 10.0,
        "train_error": 1.0,
        "validation_data_loss": 0.4,
        "train_data_loss": 0.3,
        "duration_s": 10.0 + 52.0,
    }


def test_what_was_not_recorded_is_left_out() -> None:
    """Catches a total with penalties taken for the data loss, null taken for 0, and a best on
    test."""
    imported = [
        {"kind": "train", "step": 1, "loss": 3.0},
        {
            "kind": "evaluation",
            "step": 1,
            "validation_error": 9.0,
            "validation_loss": 4.0,
            "test_error": 1.0,
        },
        {"kind": "evaluation", "step": 2, "validation_error": 9.5, "validation_data_loss": None},
    ]
    assert measured(imported) == {"best_validation_error": 9.0, "last_validation_error": 9.5}
    assert measured([]) == {}


def sentence_of(arms: Sequence[ArmRuns], **options: Any) -> str:
    return results(arms, **options)[-1].sentence


def test_it_helps() -> None:
    """The issue's own sentence; catches the sign of an error and the standard deviation for the
    interval."""
    assert (
        sentence_of([PLAIN, RESIDUAL])
        == "Residual helps by 4.1 ± 0.6 points at depth 56 (resnet56)"
    )
    assert results([PLAIN, RESIDUAL])[1].difference.method == "paired"  # type: ignore[union-attr]


def test_it_hurts() -> None:
    """Catches an absolute value whose direction is lost."""
    plain = arm("plain56", [13.0, 13.5, 12.5], against="resnet56", change="leaving shortcuts out")
    residual = arm("resnet56", [8.9, 9.2, 8.7])
    assert (
        sentence_of([residual, plain])
        == "Leaving shortcuts out hurts by 4.1 ± 0.6 points (plain56)"
    )


def test_within_noise() -> None:
    """Catches a difference claimed that three seeds cannot show."""
    plain = arm("plain20", [9.0, 9.3, 9.1])
    residual = arm(
        "resnet20", [9.0, 8.95, 9.15], against="plain20", change="residual", where="at depth 20"
    )
    assert (
        sentence_of([plain, residual])
        == "At depth 20 the difference is within noise (resnet20: 0.1 ± 0.5 points, 3 seeds)"
    )
    bare = arm("resnet20", [9.0, 8.95, 9.15], against="plain20")
    assert (
        sentence_of([plain, bare])
        == "The difference of resnet20 is within noise (0.1 ± 0.5 points, 3 seeds)"
    )


def test_a_sentence_names_its_row() -> None:
    """Catches "the difference of plain" below a row "shortcut none", and a sentence that begins in
    lower case."""
    base = arm("baseline", [9.0, 9.3, 9.1])
    near = arm("shortcut none", [9.0, 8.95, 9.15], against="baseline", change="plain")
    far = arm(
        "optimiser.momentum 0.5", [14.1, 14.2, 13.9], against="baseline", change="SGD momentum 0.5"
    )
    broken = ArmRuns("wide", [SeedRun(0, [], "failed")], against="baseline")
    notes = reading_table(results([base, near, far, broken])).notes
    assert notes[0].startswith("Baseline is what others are compared with")
    assert notes[1].startswith(
        "The difference of plain is within noise (shortcut none: 0.1 ± 0.5 points"
    )
    assert notes[2].startswith("SGD momentum 0.5 hurts by ")
    assert notes[2].endswith(" points (optimiser.momentum 0.5).")
    assert notes[3:5] == [
        "Wide: no finished run has a number yet.",
        "Wide: seed 0 failed and is not counted.",
    ]


def test_one_seed_makes_no_claim() -> None:
    """Catches a single run that is published as an effect: four points, and still nothing is
    said."""
    one = arm("resnet56", [8.9], against="plain56", change="residual", where="at depth 56")
    assert (
        sentence_of([arm("plain56", [13.0]), one])
        == "Residual at depth 56 (resnet56), one seed: no interval, so no claim"
    )


def test_seeds_that_were_never_applied_make_no_claim() -> None:
    """Catches an interval of zero width from three copies of one run."""
    copies = arm("resnet56", [9.0] * 3, against="plain56")
    assert (
        sentence_of([arm("plain56", [13.0] * 3), copies])
        == "resnet56: seeds agree to the last digit, which noise does not; no interval, so no claim"
    )


def test_the_baseline_and_arms_without_a_number() -> None:
    """Catches a comparison of an arm with itself, and a crash before the first run has finished."""
    waiting = ArmRuns("resnet56", [SeedRun(0, [], "unfinished")], against="plain56")
    said = "plain56 is what others are compared with: test error 13.0 ± 0.5 (3)"
    assert results([PLAIN, waiting])[0].sentence == said
    assert sentence_of([PLAIN, waiting]) == "resnet56: no finished run has a number yet"
    nothing = ArmRuns("plain56", [])
    assert (
        sentence_of([nothing, RESIDUAL])
        == "Residual at depth 56 (resnet56): plain56 has no finished run to compare with yet"
    )


def test_an_arm_that_nothing_is_compared_with_says_so() -> None:
    """Catches others spoken of where there are none: a study of one arm, and an arm beside those
    that are compared."""
    alone = "plain20 is compared with no other arm: test error 13.0 ± 0.5 (3)"
    other = replace(PLAIN, name="plain20")
    assert results([other])[0].sentence == alone
    assert [found.sentence for found in results([other, PLAIN, RESIDUAL])][:2] == [
        alone,
        "plain56 is what others are compared with: test error 13.0 ± 0.5 (3)",
    ]


def test_validation_where_test_was_not_read_by_all() -> None:
    """Catches a test error of two seeds beside one of three, and validation sold as test."""
    some = arm("resnet56", [8.9, 9.2, None], against="plain56", change="residual")
    found = results([PLAIN, some])[1]
    assert found.measure == "best_validation_error"
    other = ArmRuns(
        "plain56", [SeedRun(seed, records(error)) for seed, error in enumerate((13.0, 14.1, 15.1))]
    )
    assert (
        sentence_of([other, some])
        == "Residual helps by 4.07 ± 0.14 points of best validation error (resnet56)"
    )


def test_one_measure_for_the_whole_table() -> None:
    """Catches a difference of test errors above one of validation errors in the same column; an arm
    that has not begun decides nothing."""
    shallow = arm("plain20", [9.0, 9.3, None], against="plain56")
    found = results([PLAIN, RESIDUAL, shallow])
    assert {each.measure for each in found} == {"best_validation_error"}
    assert {each.measure for each in results([PLAIN, RESIDUAL, ArmRuns("plain20", [])])} == {
        "test_error"
    }


def test_other_seeds_are_not_paired() -> None:
    """Catches pairs of runs that share nothing; and an imported curve without a seed paired with
    anything."""
    apart = arm("resnet56", [8.9, 9.2, 8.7], first_seed=10, against="plain56")
    unknown = ArmRuns(
        "imported", [SeedRun(None, run.records) for run in RESIDUAL.runs], against="plain56"
    )
    found = results([PLAIN, apart, unknown])
    assert [each.difference.method for each in found if each.difference] == ["welch", "welch"]


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("failed", "resnet56: seed 2 failed and is not counted"),
        ("unfinished", "resnet56: seed 2 is not finished and not counted"),
    ],
)
def test_a_run_that_does_not_count_is_named(ending: Ending, said: str) -> None:
    """Catches a seed that diverged and silently leaves the mean, and a half-trained one inside
    it."""
    *whole, last = RESIDUAL.runs
    broken = ArmRuns(
        "resnet56", [*whole, SeedRun(last.seed, last.records, ending)], against="plain56"
    )
    found = results([PLAIN, broken])[1]
    assert found.left_out == (said,)
    assert found.summaries["test_error"].n == 2
    assert f"{said}." in reading_table([found]).notes


def test_what_makes_no_sense_is_refused_in_one_sentence() -> None:
    """Catches one run counted twice, two arms of one name, and a baseline that isn't there."""
    twice = ArmRuns("resnet56", [RESIDUAL.runs[0], RESIDUAL.runs[0]])
    with pytest.raises(
        ConfigError, match=r"^An arm has each seed once; resnet56 has seed 0 more than once\.$"
    ):
        results([twice])
    with pytest.raises(
        ConfigError, match=r"^The arms need different names; received 'plain56' more than once\.$"
    ):
        results([PLAIN, PLAIN])
    with pytest.raises(
        UnknownNameError, match=r"^There is no arm 'plain56'; did you mean 'plain5'\?$"
    ):
        results([arm("plain5", [1.0]), RESIDUAL])


def test_the_table_people_read() -> None:
    """Catches digits below the noise, a missing n, and a difference without its sign."""
    lines = reading_table(results([PLAIN, RESIDUAL])).markdown().splitlines()
    assert lines[:4] == [
        (
            "| Arm | Test error, % | Best validation error, % | Last validation error, % | Training"
            " error, % | Validation data loss, nats | Training data loss, nats | Time"
            " | Trainable params | MACs | Difference, points |"
        ),
        "| :-- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
        (
            "| plain56 | 13.0 ± 0.5 (3) | 10.0 ± 1.0 (3) | 11.0 ± 1.0 (3) | 1.00 ± 0 (3) | 0.40 ± 0"
            " (3) | 0.30 ± 0 (3) | 1 m 02 s (3) | 853,018 | 125,485,696 |  |"
        ),
        (
            "| resnet56 | 8.93 ± 0.25 (3) | 10.0 ± 1.0 (3) | 11.0 ± 1.0 (3) | 1.00 ± 0 (3) | 0.40 ±"
            " 0 (3) | 0.30 ± 0 (3) | 1 m 02 s (3) | 853,018 | 125,485,696 | −4.1 ± 0.6 |"
        ),
    ]
    assert "Residual helps by 4.1 ± 0.6 points at depth 56 (resnet56)." in lines[-1]
    assert "The test set was read once" in lines[-1]
    assert "Intervals: 95 %." in lines[-1]


def test_columns_nobody_has_a_number_for_are_left_out() -> None:
    """Catches an empty test column that looks as if it had been hidden."""
    head = (
        reading_table(results([ArmRuns("imported", [SeedRun(None, [])])]))
        .markdown()
        .splitlines()[0]
    )
    assert head == "| Arm | Trainable params | MACs | Difference, points |"


def test_the_table_programs_read() -> None:
    """Catches rounded numbers, and a column that moves where an arm has none."""
    text = numbers_table(results([PLAIN, RESIDUAL])).csv()
    plain, residual = csv.DictReader(io.StringIO(text, newline=""))
    assert (plain["arm"], plain["test_error_n"], plain["test_error_mean"], plain["macs"]) == (
        "plain56",
        "3",
        "13.0",
        "125485696",
    )
    assert (plain["difference_mean"], plain["difference_measure"]) == ("", "")
    assert float(residual["test_error_sd"]) == summary([8.9, 9.2, 8.7]).sd
    assert float(residual["difference_mean"]) == pytest.approx(-4.0667, abs=1e-4)
    assert float(residual["difference_low"]) < float(residual["difference_high"]) < 0
    assert (residual["difference_against"], residual["difference_method"]) == ("plain56", "paired")
    assert residual["sentence"] == "Residual helps by 4.1 ± 0.6 points at depth 56 (resnet56)"


@pytest.mark.latex
def test_the_latex_compiles(tmp_path: Path) -> None:
    """Catches a sign LaTeX lacks: ±, − and % stand in this table."""
    typeset(reading_table(results([PLAIN, RESIDUAL])).latex(), tmp_path)


@given(st.floats(0, 100), st.floats(1e-3, 50))
def test_a_number_and_its_noise_never_contradict(value: float, noise: float) -> None:
    """Catches "0.5 ± 0.5" for what is beyond noise, and an order that rounding turns round."""
    left, right = map(float, plus_minus(value, noise).split(" ± "))
    assert left >= right if value > noise else left <= right
    assert plus_minus(0.549, 0.451) == "0.55 ± 0.45"
    assert plus_minus(0.549, 0.6) == "0.5 ± 0.6"


@pytest.mark.parametrize(
    ("value", "noise", "text"),
    [
        (44.781, 14.511, "45 ± 15"),
        (71.16, 14.2, "71 ± 14"),
        (8.59, 23.5, "9 ± 24"),
        (4.07, 0.63, "4.1 ± 0.6"),
        (52.19, 5.87, "52 ± 6"),
        (5.948, 2.242, "5.9 ± 2.2"),
    ],
)
def test_a_number_ends_where_its_noise_does(value: float, noise: float, text: str) -> None:
    """Catches "40 ± 10" for 44.8 ± 14.5: one digit of the noise leaves nothing true of either."""
    assert plus_minus(value, noise) == text


def test_mean_and_spread() -> None:
    """Catches "± None" and a spread from one seed."""
    assert spread(summary([6.43, 6.61, 6.79])) == "6.61 ± 0.18 (3)"
    assert spread(summary([8.75])) == "8.75 (1)"


def made(folder: Path, spec: RunSpec, *lines: dict[str, Any]) -> Run:
    """A run that waits, as a directory on disk."""
    path = folder / new_id(spec)
    path.mkdir()
    directory = RunDirectory(path)
    directory.write(SPEC, spec)
    for line in lines:
        directory.append_metric(line)
    return Run(path)


def test_runs_become_an_arm(tmp_path: Path) -> None:
    """Catches a waiting run counted as finished, a failed one not named, and counts of another
    network."""
    specs = [runs_support.spec(seed) for seed in (3, 4)]
    runs = [made(tmp_path, spec, *records(9.0)) for spec in specs]
    assert seed_run(runs[0]) == SeedRun(3, records(9.0), "unfinished")
    found = arm_of("resnet20", runs, change="residual")
    assert [run.seed for run in found.runs] == [3, 4]
    counts = describe(specs[0].config)
    assert (found.trainable_params, found.macs, found.change) == (
        counts.trainable_params,
        counts.macs,
        "residual",
    )
    (runs[0].path / "exit.json").write_text('{"outcome": "finished"}')
    (runs[1].path / "exit.json").write_text('{"outcome": "failed", "cause": "diverged"}')
    assert [seed_run(run).ending for run in runs] == ["finished", "failed"]


@pytest.mark.parametrize("name", get_args(StateName))
def test_every_state_is_an_ending(name: StateName) -> None:
    """Catches a crashed run taken for one that is still to come, and a stopped one for finished."""
    bad = {"failed", "crashed", "machine restarted"}
    expected = "finished" if name == "finished" else "failed" if name in bad else "unfinished"
    assert ending(name) == expected


def test_runs_of_two_networks_are_no_arm(tmp_path: Path) -> None:
    """Catches a mean over two networks; and a run whose spec is gone."""
    other = runs_support.spec(
        1, config=with_settings(runs_support.spec().config, {"shortcut": "none"})
    )
    runs = [made(tmp_path, spec) for spec in (runs_support.spec(), other)]
    with pytest.raises(
        ConfigError,
        match=r"^The runs of an arm share one network; those of a have 2: divide them\.$",
    ):
        arm_of("a", runs)
    (runs[0].path / SPEC).unlink()
    with pytest.raises(
        ConfigError,
        match=r"^spec\.json of run \S+ is missing, so its network and recipe are unknown\.$",
    ):
        seed_run(runs[0])


def test_within_noise_says_how_many_seeds_would_tell() -> None:
    """Catches "within noise" left to be read as "no effect", and the sentence where nothing is
    within noise."""
    base = arm("base", [9.0, 9.3, 8.8])
    near, far = (
        arm("near", [9.1, 9.2, 9.2], against="base"),
        arm("far", [14.1, 14.2, 13.9], against="base"),
    )
    apart = results([base, near])[1].difference
    assert apart
    assert not apart.beyond_noise
    (said,) = [
        note
        for note in reading_table(results([base, near, far])).notes
        if "does not mean equal" in note
    ]
    assert said.endswith(
        f"with this many seeds in each arm: about {seeds_to_tell(apart, (None, None))} (near)."
    )
    assert not [
        note for note in reading_table(results([base, far])).notes if "does not mean equal" in note
    ]
