"""The points of an arm's curves as arrays, from records or an imported curve.

For long runs, reading them takes most of the time, so an app caches `ArmPoints`. Losses here never
include a penalty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from resnet import history
from resnet.imports.imported import CurveColumn, ImportedCurve
from resnet.results.arms import ArmRuns, SeedRun
from resnet.studies.curves.bands import Floats, Points

Part = Literal["training", "validation", "test"]
What = Literal["error", "data_loss", "learning_rate"]
Along = Literal["step", "epoch", "hour", "record"]
Kind = Literal["residual", "plain", "other"]
Origin = Literal["run", "imported"]

KINDS: dict[Part, type[history.Record]] = {
    "training": history.Train,
    "validation": history.Evaluation,
    "test": history.Test,
}
FIELDS: dict[Part, dict[What, str]] = {
    "training": {
        "error": "train_error",
        "data_loss": "data_loss",
        "learning_rate": "learning_rate",
    },
    "validation": {"error": "validation_error", "data_loss": "validation_data_loss"},
    "test": {"error": "test_error", "data_loss": "test_data_loss"},
}
MARKS: dict[Part, str] = {"training": "", "validation": "val_", "test": "test_"}
"""Prefixes of the column names in an imported curve."""


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of one run: `y`, errors in percent or losses in nats, and its places along each
    known axis.

    All arrays are [points]. A value that was not a number is NaN and leaves a gap.
    """

    y: Floats
    along: Mapping[Along, Floats]

    def points(self, along: Along) -> Points | None:
        """Along one axis, in order; None where that axis or every value is unknown."""
        x = self.along.get(along)
        if x is None or not np.isfinite(self.y).any():
            return None
        known = np.isfinite(x)
        return _growing(x[known], self.y[known])


@dataclass(frozen=True, slots=True)
class RunPoints:
    """One run. `seed` is None where unknown; `live`: whether the run continues."""

    seed: int | None
    live: Literal["going on", "over"]
    series: Mapping[tuple[Part, What], Series]


@dataclass(frozen=True, slots=True)
class ArmPoints:
    """The drawn runs of an arm. `left_out` has a sentence for each run that is not drawn."""

    name: str
    kind: Kind
    origin: Origin
    runs: tuple[RunPoints, ...]
    left_out: tuple[str, ...] = ()
    no_loss: str = ""
    """Why there is no data loss, although there is a loss."""


def points_of(arm: ArmRuns) -> ArmPoints:
    """The arm's finished and unfinished runs. Failed ones are left out, as in results."""
    failed = [run for run in arm.runs if run.ending == "failed"]
    left_out = [
        f"{arm.name}: {'one run' if run.seed is None else f'seed {run.seed}'} failed and is not"
        " drawn"
        for run in failed
    ]
    runs = tuple([_run_points(run) for run in arm.runs if run.ending != "failed"])
    return ArmPoints(arm.name, _kind(arm.shortcut), "run", runs, tuple(left_out))


def of_import(curve: ImportedCurve, name: str | None = None) -> ArmPoints:
    """An imported curve as an arm of one run. Missing values stay unknown.

    An accuracy becomes an error. A loss counts as data loss only where a person entered that it
    includes no penalty.
    """
    config = curve.given.config
    series: dict[tuple[Part, What], Series] = {}
    for part, mark in MARKS.items():
        if (column := curve.column(f"{mark}error")) is not None:
            series[part, "error"] = _series(column)
        elif (column := curve.column(f"{mark}accuracy")) is not None:
            series[part, "error"] = _series(column, 100.0, -100.0)  # 100 − 100 · accuracy
        if (
            curve.given.penalty_in_loss == "no"
            and (column := curve.column(f"{mark}loss")) is not None
        ):
            series[part, "data_loss"] = _series(column)
    if (column := curve.column("learning_rate")) is not None:
        series["training", "learning_rate"] = _series(column)
    seeds, shown = curve.given.seeds, name or curve.name
    run = RunPoints(seeds[0] if seeds and len(seeds) == 1 else None, "over", series)
    notes: tuple[str, ...] = ()
    if any(_restarts(column) for column in curve.columns):
        notes = (
            f"{shown}: the step count restarts in this file; only the part after the restart is"
            " drawn",
        )
    kind = _kind(config.shortcut if config else None)
    return ArmPoints(shown, kind, "imported", (run,), notes, _no_loss(shown, curve))


def _restarts(column: CurveColumn) -> bool:
    """Whether the step count goes back: the program was started again and continued the file."""
    return any(later < earlier for earlier, later in pairwise(column.x))


def _kind(shortcut: str | None) -> Kind:
    return "other" if shortcut is None else "plain" if shortcut == "none" else "residual"


def _no_loss(name: str, curve: ImportedCurve) -> str:
    includes_penalty = curve.given.penalty_in_loss
    if includes_penalty == "no" or not any(curve.column(f"{mark}loss") for mark in MARKS.values()):
        return ""
    if includes_penalty == "yes":
        return (
            f"{name}: its loss includes the L2 penalty, which grows with the network, so it is not"
            " drawn as a data loss"
        )
    return (
        f"{name}: it is not known whether its loss includes the L2 penalty, so it is not drawn as a"
        " data loss"
    )


def _series(column: CurveColumn, constant: float = 0.0, factor: float = 1.0) -> Series:
    """A column as a series. A row without a value was not measured; it leaves no gap."""
    y = constant + factor * np.array(column.y, float)  # None becomes NaN
    known = np.isfinite(y)
    return Series(y[known], {column.along: np.array(column.x, float)[known]})


def _run_points(run: SeedRun) -> RunPoints:
    series: dict[tuple[Part, What], Series] = {}
    for part, kind in KINDS.items():
        hours = _array(history.hours(run.records, kind))
        if not hours.size:
            continue
        along: dict[Along, Floats] = {
            "step": _array(history.values(run.records, kind, "step")),
            "epoch": _array(history.values(run.records, kind, "epoch")),
            "hour": hours,
            "record": np.arange(1.0, hours.size + 1),
        }
        for what, field in FIELDS[part].items():
            series[part, what] = Series(_array(history.values(run.records, kind, field)), along)
    return RunPoints(run.seed, "going on" if run.ending == "unfinished" else "over", series)


def _array(values: Sequence[float | None]) -> Floats:
    """[points], with NaN for missing numbers."""
    return np.array(values, float)


def _growing(x: Floats, y: Floats) -> Points:
    """The points with growing x. Where x goes back, another training begins; only the last one is
    kept."""
    back = np.flatnonzero(np.diff(x) < 0)  # places before x goes back
    begin = int(back[-1]) + 1 if back.size else 0
    x, y = x[begin:], y[begin:]
    # Of several points at one place, the last one counts.
    last = np.append(np.diff(x) > 0, True) if x.size else np.array([], bool)
    return Points(x[last], y[last])
