"""A curve of the wrong runs, along the wrong axis or of the wrong loss would be believed: it looks
like any other."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from resnet.imports.imported import CurveColumn, Given, ImportedCurve
from resnet.network import catalog
from resnet.results.arms import ArmRuns, Ending, SeedRun
from resnet.results.published import PUBLISHED
from resnet.studies.curves.arm_curves import ArmCurves, Options, apart, arm_curves, paper_says
from resnet.studies.curves.arm_points import ArmPoints, of_import, points_of

RATES = {10: 0.1, 20: 0.1, 30: 0.1, 40: 0.01, 50: 0.01, 60: 0.001}
ERRORS = {0: 1.0, 1: 2.0, 2: 6.0}


def records(
    seed: int = 0, rates: dict[int, float] = RATES, tested: bool = True
) -> list[dict[str, Any]]:
    """Six log records; an evaluation at every second, the test at the end. Seeds differ by
    ERRORS."""
    shift = ERRORS[seed]
    found: list[dict[str, Any]] = [{"kind": "start", "time_s": 1000.0, "steps": 60}]
    for step, rate in rates.items():
        place = {"step": step, "epoch": step / 8, "time_s": 1000.0 + step}
        found.append(
            {
                "kind": "train",
                **place,
                "learning_rate": rate,
                "train_error": 50 - step / 2 + shift,
                "data_loss": 2 - step / 50,
                "l2_penalty": 9.0,
            }
        )
        if step % 20 == 0:
            found.append(
                {
                    "kind": "evaluation",
                    **place,
                    "validation_error": 60 - step / 2 + shift,
                    "validation_data_loss": 3 - step / 50,
                }
            )
    if tested:
        found.append(
            {"kind": "test", "step": 60, "epoch": 7.5, "time_s": 1060.0, "test_error": 30 + shift}
        )
    return found


def arm(*seeds: int, ending: Ending = "finished", **changes: Any) -> ArmRuns:
    return ArmRuns("ResNet-8", [SeedRun(seed, records(seed), ending) for seed in seeds], **changes)


def drawn(arms: list[Any], **options: Any) -> ArmCurves:
    return arm_curves(arms, Options(**options))


def imported(*columns: tuple[str, str, list[float | None]], **given: Any) -> ArmPoints:
    made = [
        CurveColumn.model_validate(
            {"name": name, "along": along, "x": range(1, len(y) + 1), "y": y}
        )
        for name, along, y in columns
    ]
    return of_import(
        ImportedCurve(name="old", source="csv", columns=tuple(made), given=Given(**given))
    )


@pytest.mark.parametrize(("spread", "oracle"), [("sd", stats.tstd), ("se", stats.sem)])
def test_mean_and_band_over_seeds_are_scipys(spread: str, oracle: Any) -> None:
    """Catches training shown as validation, and a band over points instead of seeds."""
    found = drawn([arm(0, 1, 2)], spread=spread).arms[0]
    values = list(ERRORS.values())
    assert found.validation.x == [20, 40, 60]
    assert found.validation.mean == pytest.approx([50 + 3, 40 + 3, 30 + 3])
    assert found.validation.high[1] == pytest.approx(43 + oracle(values))
    assert found.training.mean[0] == pytest.approx(45 + np.mean(values))
    assert found.training.low[0] == pytest.approx(48 - oracle(values))
    assert found.test is not None
    assert found.test[:3] == pytest.approx((60, 33, 33 - oracle(values)))
    assert (found.test.n, found.n, found.label) == (3, 3, "ResNet-8 (n = 3)")


def test_every_line_is_its_own_run() -> None:
    """Catches lines that are all the mean, and a band left behind them."""
    found = drawn([arm(0, 2)], spread="lines").arms[0]
    assert [line.seed for line in found.lines] == [0, 2]
    assert found.lines[1].validation == ([20, 40, 60], [56, 46, 36])
    assert found.validation.low == [None] * 3
    assert drawn([arm(0, 2)], spread="range").arms[0].validation.high == [56, 46, 36]


def test_along_epochs_and_hours() -> None:
    """Catches seconds since 1970 on the axis."""
    assert drawn([arm(0)], along="epoch").arms[0].validation.x == [2.5, 5, 7.5]
    assert drawn([arm(0)], along="hour").arms[0].validation.x == pytest.approx(
        [20 / 3600, 40 / 3600, 60 / 3600]
    )


def test_the_wait_for_a_resume_is_no_time_at_work() -> None:
    """Catches a night between two halves of a run drawn as training."""
    early, late = records()[:5], records()[5:]
    later = [record | {"time_s": record["time_s"] + 9000} for record in late]
    again = {"kind": "start", "time_s": early[-1]["time_s"] + 9000}
    run = ArmRuns("resumed", [SeedRun(0, [*early, again, *later])])
    whole = drawn([arm(0)], along="hour").arms[0]
    assert drawn([run], along="hour").arms[0].training.x == pytest.approx(whole.training.x)


def test_a_penalty_is_never_added() -> None:
    """Catches a total loss called data loss: the paper's question is about the data."""
    found = drawn([arm(0)], about="data_loss").arms[0]
    assert found.training.mean[0] == pytest.approx(1.8)
    assert found.validation.mean == pytest.approx([2.6, 2.2, 1.8])
    assert found.test is None


def test_the_rate_drops_where_it_was_last_high() -> None:
    """Catches a drop one log record late; 30 is the last step at the old rate, so the drop is at
    step 30."""
    assert drawn([arm(0, 1)]).drops == (30, 50)
    assert drawn([arm(0)], along="epoch").drops == (30 / 8, 50 / 8)
    assert drawn([arm(0, 1)], along="hour").drops == ()


def test_a_cosine_has_no_drops() -> None:
    """Catches its end, where the rate halves from one record to the next."""
    rates = {step: 0.05 * (1 + math.cos(math.pi * step / 60)) for step in range(1, 61)}
    assert rates[59] < rates[58] / 2
    assert drawn([ArmRuns("cosine", [SeedRun(0, records(rates=rates))])]).drops == ()
    up = {step: 0.01 if step < 30 else 0.1 for step in range(1, 61)}
    assert drawn([ArmRuns("warm-up", [SeedRun(0, records(rates=up))])]).drops == ()


def test_a_run_that_goes_on_is_drawn_and_said() -> None:
    """Catches a mean that hides that one of its seeds has not come as far."""
    half = SeedRun(1, records(1, tested=False)[:7], "unfinished")
    found = drawn([ArmRuns("ResNet-8", [SeedRun(0, records()), half])]).arms[0]
    assert found.label == "ResNet-8 (n = 2, 1 not finished)"
    assert found.validation.n == [2, 2, 1]
    assert found.test is not None
    assert (found.test.n, found.test.low) == (1, None)


def test_a_failed_run_is_left_out_and_said() -> None:
    """Catches a curve over other runs than the table."""
    found = drawn([replace(arm(0), runs=[*arm(0).runs, *arm(1, ending="failed").runs])])
    assert found.arms[0].n == 1
    assert found.left_out == ("ResNet-8: seed 1 failed and is not drawn",)
    assert drawn([arm(2, ending="failed")]).arms == ()


def test_a_diverged_evaluation_leaves_a_gap() -> None:
    """Catches a null bridged by its neighbours."""
    broken = records(1)
    broken[3]["validation_error"] = None
    assert drawn([ArmRuns("a", [SeedRun(0, records()), SeedRun(1, broken)])]).arms[
        0
    ].validation.n == [1, 2, 2]


@pytest.mark.parametrize(
    ("shortcut", "kind"),
    [
        ("none", "plain"),
        ("projection", "residual"),
        ("padded_identity", "residual"),
        (None, "other"),
    ],
)
def test_the_kind_is_the_shortcuts(shortcut: str | None, kind: str) -> None:
    """Catches plain nets in the residual colour."""
    assert drawn([arm(0, shortcut=shortcut)]).arms[0].kind == kind


def test_an_imported_accuracy_becomes_an_error() -> None:
    """Catches 93 % accuracy drawn as 93 % error, or as 0.93 %."""
    config = catalog.get("plain20").config
    found = drawn(
        [imported(("val_accuracy", "epoch", [0.5, None, 0.93]), config=config)], along="epoch"
    ).arms[0]
    assert (found.validation.x, found.validation.mean) == ([1, 3], pytest.approx([50, 7]))
    assert (found.training.x, found.test, found.kind, found.label) == (
        [],
        None,
        "plain",
        "old (imported)",
    )
    assert drawn([imported(("error", "step", [8.0, 7.0]))]).arms[0].training.mean == [8, 7]


def test_a_loss_with_its_penalty_inside_is_not_a_data_loss() -> None:
    """Catches the project's founding mistake: losses of two networks compared with their penalties
    in them."""
    columns = ("loss", "epoch", [3.0, 2.0]), ("val_loss", "epoch", [3.5, 2.5])
    wanted = Options("data_loss", "epoch")
    assert arm_curves([imported(*columns, penalty_in_loss="no")], wanted).arms[
        0
    ].validation.mean == [3.5, 2.5]
    for said, words in (("yes", "includes the L2 penalty"), (None, "it is not known whether")):
        found = arm_curves([imported(*columns, penalty_in_loss=said)], wanted)
        assert found.arms == ()
        assert words in found.left_out[0]


def test_an_axis_that_an_imported_curve_does_not_have_is_not_made_up() -> None:
    """Catches epochs drawn as steps beside runs of 64,000."""
    found = drawn([imported(("error", "epoch", [8.0, 7.0])), arm(0)])
    assert [each.name for each in found.arms] == ["ResNet-8"]
    assert found.left_out == ("old: its file counts epochs, so it is not drawn along steps",)
    assert drawn([imported(("error", "record", [8.0]))], along="record").arms[0].training.x == [1]


def test_a_count_that_goes_back_begins_another_training() -> None:
    """Catches two trainings in one file drawn as one line that turns round."""
    column = CurveColumn(name="error", along="epoch", x=(1, 2, 3, 1, 2), y=(9, 8, 7, 6, 5))
    found = drawn(
        [of_import(ImportedCurve(name="twice", source="csv", columns=(column,)))], along="epoch"
    )
    assert found.arms[0].training[:2] == ([1, 2], [6, 5])
    assert found.left_out == (
        "twice: the step count restarts in this file; only the part after the restart is drawn",
    )


def test_many_long_lines_share_a_budget_and_keep_their_spikes() -> None:
    """Catches a chart no browser draws in a second, and a spike lost on the way there."""
    y: list[float | None] = [5.0] * 20_000
    y[12_345] = 50.0
    one = imported(("val_error", "step", y))
    assert max(drawn([one]).arms[0].validation.mean) == 50
    many = drawn([replace(one, name=str(at)) for at in range(60)])
    assert sum(len(each.validation.x) for each in many.arms) <= 16_000
    assert all(max(each.validation.mean) == 50 for each in many.arms)


def test_points_kept_by_an_app_draw_the_same() -> None:
    """Catches a cache that shows something else than a fresh look."""
    assert drawn([points_of(arm(0, 1))]) == drawn([arm(0, 1)])


def test_nothing_on_record_yet_is_said() -> None:
    """Catches an empty chart without a word, and an axis of no extent."""
    found = drawn([ArmRuns("waiting", [SeedRun(0, [], "unfinished")])])
    assert (found.arms, found.left_out) == ((), ("waiting: no error is on record yet",))
    assert (found.extent, found.reach) == ((0, 1), 1)


def test_the_axis_ends_above_what_comes_after_the_beginning() -> None:
    """Catches a first error of 90 % that makes the rest a flat line, and a test mark outside."""
    steep = [90.0, *[10.0] * 99]
    low, top = drawn([imported(("error", "step", list(steep)))]).extent
    assert (low, top) == (0, pytest.approx(10.5))
    assert drawn([arm(2)]).extent[1] >= 36


def test_labels_are_moved_apart_and_keep_their_order() -> None:
    """Catches names printed over one another."""
    moved = apart({0: 50.0, 1: 52.0, 2: 51.0, 3: 99.0}, 10, 100)
    heights = [moved[at] for at in (0, 2, 1, 3)]
    assert (np.diff(heights) >= 10).all()
    assert moved[0] == 50


def test_the_paper_is_cited_in_few_words() -> None:
    """Catches a published error without its place in the paper."""
    assert paper_says([PUBLISHED["resnet110"]]) == [
        "He et al. 2015, Table 6: ResNet-110, 6.61 ± 0.16 %"
    ]
    assert paper_says([PUBLISHED["plain18"]]) == ["He et al. 2015, Table 2: Plain-18, 27.94 %"]


def test_the_paper_is_cited_once_for_a_whole_table() -> None:
    """Catches the same source four times, and a network cited twice because two arms are it."""
    names = ("resnet20", "plain18", "resnet110", "resnet20", "resnet32")
    assert paper_says([PUBLISHED[name] for name in names]) == [
        "He et al. 2015, Table 6: ResNet-20/110/32, 8.75 / 6.61 ± 0.16 / 7.51 %",
        "He et al. 2015, Table 2: Plain-18, 27.94 %",
    ]
