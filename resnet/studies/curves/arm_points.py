"""The numbers behind an arm's curves, as arrays: taken once from records or an imported curve, then
drawn often.

Taking them is the slow half for long runs, so an app keeps `ArmPoints`. Nothing here adds a penalty
to a loss.
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
"""Before the names of an imported curve's columns."""


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of one run: `y`, errors in percent and losses in nats, and its places along
    whatever is known.

    All arrays are [points]; a value that was no number is NaN, and leaves a gap.
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
    """One run. `seed` is None where nobody knows it; `live` is whether it goes on."""

    seed: int | None
    live: Literal["going on", "over"]
    series: Mapping[tuple[Part, What], Series]


@dataclass(frozen=True, slots=True)
class ArmPoints:
    """The runs of an arm that are drawn; `left_out` says in a sentence each which are not, and
    why."""

    name: str
    kind: Kind
    origin: Origin
    runs: tuple[RunPoints, ...]
    left_out: tuple[str, ...] = ()
    no_loss: str = ""
    """Why it has no data loss, where it has a loss."""


def points_of(arm: ArmRuns) -> ArmPoints:
    """The arm's finished and unfinished runs; failed ones are left out, as they are from
    results."""
    failed = [run for run in arm.runs if run.ending == "failed"]
    said = [
        f"{arm.name}: {'one run' if run.seed is None else f'seed {run.seed}'} failed and is not"
        " drawn"
        for run in failed
    ]
    runs = tuple([_run_points(run) for run in arm.runs if run.ending != "failed"])
    return ArmPoints(arm.name, _kind(arm.shortcut), "run", runs, tuple(said))


def of_import(curve: ImportedCurve, name: str | None = None) -> ArmPoints:
    """An imported curve as an arm of one run; what it does not say stays unknown.

    An accuracy becomes an error. A loss is a data loss only where a person says that no penalty is
    in it.
    """
    config = curve.given.config
    series: dict[tuple[Part, What], Series] = {}
    for part, mark in MARKS.items():
        if (column := curve.column(f"{mark}error")) is not None:
            series[part, "error"] = _series(column)
        elif (column := curve.column(f"{mark}accuracy")) is not None:
            series[part, "error"] = _series(column, 100.0, -100.0)
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
    """Whether the step count goes back: the program was started again, and wrote on."""
    return any(later < earlier for earlier, later in pairwise(column.x))


def _kind(shortcut: str | None) -> Kind:
    return "other" if shortcut is None else "plain" if shortcut == "none" else "residual"


def _no_loss(name: str, curve: ImportedCurve) -> str:
    said = curve.given.penalty_in_loss
    if said == "no" or not any(curve.column(f"{mark}loss") for mark in MARKS.values()):
        return ""
    if said == "yes":
        return (
            f"{name}: its loss has the penalty inside, which grows with the network, so it is not a"
            " data loss"
        )
    return (
        f"{name}: nobody says whether its loss has a penalty inside, so it is not drawn as a data"
        " loss"
    )


def _series(column: CurveColumn, constant: float = 0.0, factor: float = 1.0) -> Series:
    """A row without a value is one in which it was not measured, and no gap."""
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
    """NaN where there is no number."""
    return np.array(values, float)


def _growing(x: Floats, y: Floats) -> Points:
    """Each place once; where the count goes back, what follows is another training, and only the
    last one is kept."""
    back = np.flatnonzero(np.diff(x) < 0)
    begin = int(back[-1]) + 1 if back.size else 0
    x, y = x[begin:], y[begin:]
    last = np.append(np.diff(x) > 0, True) if x.size else np.array([], bool)
    return Points(x[last], y[last])
