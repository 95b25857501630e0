"""The records of a training: one set of types is written and read, and hours leave pauses out."""

import ast
import csv
import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from app.elements import charts
from resnet import history
from resnet.curves import Curve
from resnet.results.arms import ArmRuns, SeedRun, measured
from resnet.runs.archive import metrics_csv
from resnet.runs.directory import RunDirectory
from resnet.runs.run import Run
from resnet.studies.curves.arm_points import points_of

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "resnet" / "shipped" / "plain_or_residual" / "runs"
HOUR_S = 3600.0


def filled(kind: type[history.Record]) -> history.Record:
    """A record with a value in every field."""
    read = history.FIELDS[kind.kind]
    values = {}
    for name, reader in read.items():
        values[name] = next(value for value in (0.5, 3, "word") if reader(value) is not None)
    return kind(**values)


@pytest.mark.parametrize("kind", history.KINDS.values(), ids=lambda kind: kind.kind)
def test_what_is_written_is_read_back(kind: type[history.Record]) -> None:
    """Catches a field that the worker writes under one name and a page reads under another."""
    record = filled(kind)
    line = json.loads(json.dumps(record.as_line()))
    assert line["kind"] == kind.kind
    assert line.keys() == {"kind", *[field.name for field in fields(kind)]}
    assert history.of(line) == record


@pytest.mark.parametrize("wrong", [None, "x", True, [1], {"a": 1}, float("nan"), 10**400])
def test_what_is_no_number_is_unknown(wrong: Any) -> None:
    """Catches a page that dies of a file somebody edited."""
    line = {"kind": "evaluation", "step": wrong, "validation_error": wrong}
    assert history.of(line) == history.Evaluation()
    assert history.curve([line], history.Evaluation, "validation_error") == Curve([], [])
    assert history.training_s([line | {"time_s": wrong}]) == [None]


def test_a_curve_takes_one_kind_and_skips_what_is_missing() -> None:
    lines: list[dict[str, Any]] = [
        {"kind": "train", "step": 10, "train_error": 50.0},
        {"kind": "evaluation", "step": 10, "validation_error": 40.0},
        {"kind": "evaluation", "step": 20},
        {"kind": "evaluation", "step": 30, "validation_error": None},
    ]
    line = history.curve(lines, history.Evaluation, "validation_error")
    assert line == Curve([10.0], [40.0])


def test_a_field_that_no_record_has_is_refused() -> None:
    """Catches a misspelt name, which would be an empty chart."""
    with pytest.raises(KeyError):
        history.values([], history.Train, "train_eror")


def test_only_fields_that_some_networks_have_are_left_out() -> None:
    """Catches a column that comes and goes: a start that resumes nothing says null, as before."""
    assert history.Start().as_line()["resumed_from"] is None
    assert "exact_statistics_images" not in history.Test(test_error=1.0).as_line()


def test_every_line_of_the_shipped_study_is_known() -> None:
    """Catches a field of earlier versions that the types forgot."""
    lines = [
        json.loads(line)
        for path in sorted(SHIPPED.glob("*/metrics.jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert len(lines) > 100
    for line in lines:
        record = history.of(line)
        assert record is not None
        again = record.as_line()
        assert {key: again[key] for key in line} == line


def test_what_a_newer_version_wrote_is_passed_over_and_exported(tmp_path: Path) -> None:
    """Catches an export through the types, which would drop what they do not know."""
    directory = RunDirectory(tmp_path)
    directory.append_metric({"kind": "sharpness", "step": 10, "largest": 7.5})
    directory.append_metric({"kind": "evaluation", "step": 10, "calibration": 0.25})
    run = Run(tmp_path)
    lines, _ = run.metrics()
    assert [history.of(line) for line in lines] == [None, history.Evaluation(step=10)]
    rows = list(csv.DictReader(metrics_csv(run).splitlines()))
    assert (rows[0]["kind"], rows[0]["largest"], rows[1]["calibration"]) == (
        "sharpness",
        "7.5",
        "0.25",
    )


def constants(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_kinds_and_fields_of_records_are_spelled_in_one_place() -> None:
    """Catches a reader that asks lines for what it believes to stand there."""
    files = [*ROOT.glob("resnet/**/*.py"), *ROOT.glob("app/**/*.py")]
    spelled = {
        file.relative_to(ROOT).as_posix()
        for file in files
        if "evaluation" in constants(file) or 'get("validation_error")' in file.read_text()
    }
    assert spelled == {"resnet/history.py"}


def paused() -> list[dict[str, Any]]:
    """An hour of training, a night's wait, half an hour more."""
    times = {0: "start", 1: "train", 2: "evaluation"}
    lines: list[dict[str, Any]] = [
        {"kind": kind, "step": 10 * half, "time_s": 1e9 + half * HOUR_S / 2}
        for half, kind in times.items()
    ]
    lines += [
        {"kind": "start", "time_s": 1e9 + 10 * HOUR_S, "resumed_from": 20},
        {"kind": "evaluation", "step": 30, "time_s": 1e9 + 10.5 * HOUR_S},
    ]
    errors = {"train": "train_error", "evaluation": "validation_error"}
    for line in lines:
        if line["kind"] in errors:
            line[errors[line["kind"]]] = 50.0 - line["step"]
    return lines


def test_hours_are_hours_of_training_on_every_page() -> None:
    """Catches a pause that counts on one page and not on another: Runs drew the night, Study and
    Side by side did not."""
    lines = paused()
    look = charts.Look(about="Error", along="hour")
    drawn = {
        trace.name: list(trace.x) for trace in charts.run_chart(lines, look, 30).data if trace.name
    }
    assert drawn == {"training": [0.5], "validation": [1.0, 1.5]}
    [arm] = points_of(ArmRuns("arm", [SeedRun(0, lines)])).runs
    assert list(arm.series["validation", "error"].along["hour"]) == [1.0, 1.5]
    assert list(arm.series["training", "error"].along["hour"]) == [0.5]
    assert measured(lines)["duration_s"] == 1.5 * HOUR_S


def test_a_clock_set_back_takes_no_hours_away() -> None:
    """Catches a curve that runs backwards."""
    lines = [{"kind": "start", "time_s": 100.0}]
    lines += [{"kind": "train", "time_s": time_s} for time_s in (160.0, 40.0, 100.0)]
    assert history.training_s(lines) == [0.0, 60.0, 60.0, 120.0]
