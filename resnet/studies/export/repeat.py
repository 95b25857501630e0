"""Repeats a run and checks whether its numbers are equal, to the last bit."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resnet import history
from resnet.errors import ConfigError, RunError, UnknownNameError
from resnet.guards.recorded import software
from resnet.runs import Run, RunSpec
from resnet.runs.journal import Line
from resnet.studies.export.unpacked import Bundle
from resnet.studies.planning import Step, steps_of
from resnet.tables.text_table import unguarded
from resnet.training.environment import describe_environment

COMPARED = (history.Train, history.Evaluation, history.Test)
PROMISE = "equal bits are guaranteed only on the same kind of CPU with the same versions"
IN_SECONDS = "_s"
"""The end of the names of times and speeds: time_s, images_per_s."""

DIGITS = 12
"""The digits shown of a checksum, enough to tell two apart."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Whether the records of two runs are equal except for times and speeds, and a sentence that
    says how much was compared, or where they differ."""

    equal: bool
    sentence: str


def find(bundle: Bundle, arm: str, seed: int) -> Step:
    """The finished run of this arm and seed; a name may be as results.csv spells it.

    Raises UnknownNameError, ConfigError, or RunError without such a run.
    """
    steps = steps_of(bundle.study, bundle.runs)
    names = list(dict.fromkeys(step.planned.arm.name for step in steps))
    # A table for programs guards a name that begins with =, + or a similar sign, so that no
    # spreadsheet runs it as a formula. A name copied from there has the guard.
    arm = arm if arm in names else unguarded(arm)
    if arm not in names:
        raise UnknownNameError("arm of this study", arm, names)
    found = next(
        (step for step in steps if (step.planned.arm.name, step.planned.seed) == (arm, seed)), None
    )
    if found is None:
        raise ConfigError(
            f"The seeds of this study are {', '.join(map(str, bundle.study.seeds))}; received"
            f" {seed}."
        )
    if found.run is None or found.action != "reuse":
        raise RunError(
            f"Only a finished run can be repeated and compared; {arm} with seed {seed} has none."
        )
    return found


def spec_again(step: Step, data_folder: Path, device: str | None = None) -> RunSpec:
    """What to train again, on this machine's images. `device` is the run's own unless given."""
    # Only where the images are and what computes. All else decides the numbers, so it stays.
    changes = {"data_folder": str(data_folder), "device": device or step.planned.spec.device}
    return RunSpec.model_validate(step.planned.spec.model_dump() | changes)


def warning(first: Run, device: str) -> str | None:
    """Why a run repeated on this machine's `device` may have other numbers, in a sentence; None
    where the numbers must be equal.

    Raises ConfigError where there is no such device, RunError where the run's environment cannot be
    read.
    """
    reason = _reason(first.environment(), describe_environment(device))
    return f"The numbers may differ without an error: {PROMISE}, and {reason}." if reason else None


def compare_runs(first: Run, second: Run) -> Repeat:
    """`first` is the original run. Raises RunError where one cannot be read.

    Where versions or machines differ, the sentence names the differences: equal bits were not
    guaranteed then.
    """
    found = compare_records(first.metrics()[0], second.metrics()[0])
    reason = _reason(first.environment(), second.environment() or {})
    if found.equal:
        return Repeat(
            True, f"{found.sentence[:-1]}, though {reason}." if reason else found.sentence
        )
    # Different and not guaranteed to be equal: a fact, not a mistake.
    if reason:
        return Repeat(False, f"{found.sentence} This may happen: {PROMISE}, and {reason}.")
    return Repeat(
        False, f"{found.sentence} They should be equal: device and versions are the same."
    )


def _reason(was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """The differences from the machine of the first run, as a part of a sentence; empty where equal
    bits are guaranteed."""
    if not was:
        return "the first run did not record its versions"
    there, here = _surroundings(was), _surroundings(now)
    # What is unknown here counts as equal: a missing fact proves no difference.
    other = [key for key, value in there.items() if here.get(key, value) != value]
    if other:
        return (
            "these differ:"
            f" {'; '.join(f'{key} {there[key]} there, {here[key]} here' for key in other)}"
        )
    # On a GPU, sums may be made in another order in each run, also with equal versions.
    return "" if "gpu" not in there.get("device", "") else "this is a GPU"


def _surroundings(environment: Mapping[str, Any]) -> dict[str, str]:
    """Kind of device, versions, code and, once they were read, the images, by the names of
    environment.json."""
    described = {
        # gpu0 and gpu1 are of one kind, so the number is left out.
        "device": re.sub(r"\d", "", str(environment.get("device", ""))),
        **dict(software(environment)),
    }
    checksum = environment.get("dataset_checksum")
    return described | ({"dataset_checksum": str(checksum)[:DIGITS]} if checksum else {})


def compare_records(first: Sequence[Line], second: Sequence[Line]) -> Repeat:
    """Train, evaluation and test records one by one, number by number, without any tolerance."""
    # No tolerance: with equal seeds and versions, the same operations give the same bits.
    was, now = list(_numbers(first)), list(_numbers(second))
    if not was or not now:
        return Repeat(False, "One of the two runs has no records, so there is nothing to compare.")
    # Stops at the shorter one; a different number of records is reported below.
    for one, other in zip(was, now, strict=False):
        if (place := _place(one)) != _place(other):
            return Repeat(
                False, f"Not equal: where one has {place}, the other has {_place(other)}."
            )
        # Keys of both, so that a field that only one run has is a difference too.
        key = next((key for key in [*one, *other] if not _same(one, other, key)), None)
        if key is not None:
            return Repeat(
                False,
                f"Not equal: {place}, {key} is {one.get(key)!r} there and {other.get(key)!r} here.",
            )
    if len(was) != len(now):
        return Repeat(False, f"Not equal: {len(was):,} records there and {len(now):,} here.")
    return Repeat(
        True, f"Equal bit for bit: all numbers of {len(was):,} records, except times and speeds."
    )


def _numbers(records: Sequence[Line]) -> Iterator[dict[str, Any]]:
    for record in records:
        if history.is_of(record, *COMPARED):
            yield {key: value for key, value in record.items() if not key.endswith(IN_SECONDS)}


def _same(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> bool:
    """Whether both have it, with the same bits: 1 is not 1.0, and 0.0 is not -0.0."""
    return key in one and key in other and repr(one[key]) == repr(other[key])


def _place(record: Line) -> str:
    return f"{record.get('kind')} at step {record.get('step')}"
