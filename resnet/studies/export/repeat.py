"""A run done again: are its numbers the same, to the last bit?"""

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
PROMISE = "equal bits are promised on one kind of CPU with one set of versions only"
IN_SECONDS = "_s"
"""How the names of times and speeds end: time_s, images_per_s."""

DIGITS = 12
"""Of a checksum, enough to tell two apart."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Whether two runs' records are equal but for times and speeds, and in a sentence how far or
    where not."""

    equal: bool
    sentence: str


def find(bundle: Bundle, arm: str, seed: int) -> Step:
    """The finished run of this arm and seed; a name may be as results.csv spells it.

    Raises UnknownNameError, ConfigError, or RunError without such a run.
    """
    steps = steps_of(bundle.study, bundle.runs)
    names = list(dict.fromkeys(step.planned.arm.name for step in steps))
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
            f"Only a finished run can be compared with; that of {arm} with seed {seed} is not"
            " there."
        )
    return found


def spec_again(step: Step, data_folder: Path, device: str | None = None) -> RunSpec:
    """What to train anew, on this machine's images. `device` is the run's own unless given."""
    changes = {"data_folder": str(data_folder), "device": device or step.planned.spec.device}
    return RunSpec.model_validate(step.planned.spec.model_dump() | changes)


def warning(first: Run, device: str) -> str | None:
    """Why a run made again on this machine's `device` may have other numbers, in a sentence; None
    where it must not.

    Raises ConfigError where there is no such device, RunError where the run's environment cannot be
    read.
    """
    reason = _reason(first.environment(), describe_environment(device))
    return (
        f"The numbers may differ though nothing is wrong: {PROMISE}, and {reason}."
        if reason
        else None
    )


def compare_runs(first: Run, second: Run) -> Repeat:
    """`first` is the one that was there. Raises RunError where one cannot be read.

    Where versions and machine differ, those that do are named: bits were not promised then, and are
    not a matter of course where they are equal.
    """
    found = compare_records(first.metrics()[0], second.metrics()[0])
    reason = _reason(first.environment(), second.environment() or {})
    if found.equal:
        return Repeat(
            True, f"{found.sentence[:-1]}, though {reason}." if reason else found.sentence
        )
    if reason:
        return Repeat(False, f"{found.sentence} This was not ruled out: {PROMISE}, and {reason}.")
    return Repeat(
        False, f"{found.sentence} It should have been equal: device and versions are the same."
    )


def _reason(was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """What is not as it was where the first run was made, as a part of a sentence; nothing where
    bits are promised."""
    if not was:
        return "the first run did not record what it was made with"
    there, here = _surroundings(was), _surroundings(now)
    other = [key for key, value in there.items() if here.get(key, value) != value]
    if other:
        return (
            "here differ:"
            f" {'; '.join(f'{key} {there[key]} there, {here[key]} here' for key in other)}"
        )
    return "" if "gpu" not in there.get("device", "") else "this is a GPU"


def _surroundings(environment: Mapping[str, Any]) -> dict[str, str]:
    """Kind of device, versions, code and, once they were read, the images, by the names of
    environment.json."""
    own = {
        "device": re.sub(r"\d", "", str(environment.get("device", ""))),
        **dict(software(environment)),
    }
    checksum = environment.get("dataset_checksum")
    return own | ({"dataset_checksum": str(checksum)[:DIGITS]} if checksum else {})


def compare_records(first: Sequence[Line], second: Sequence[Line]) -> Repeat:
    """Train, evaluation and test records one by one, number by number, without any tolerance."""
    was, now = list(_numbers(first)), list(_numbers(second))
    if not was or not now:
        return Repeat(False, "Nothing to compare: one of the two has no records.")
    for one, other in zip(was, now, strict=False):
        if (place := _place(one)) != _place(other):
            return Repeat(
                False, f"Not equal: where one has {place}, the other has {_place(other)}."
            )
        key = next((key for key in [*one, *other] if not _same(one, other, key)), None)
        if key is not None:
            return Repeat(
                False,
                f"Not equal: {place}, {key} is {one.get(key)!r} there and {other.get(key)!r} here.",
            )
    if len(was) != len(now):
        return Repeat(False, f"Not equal: {len(was):,} records there and {len(now):,} here.")
    return Repeat(
        True, f"Equal bit for bit: all numbers of {len(was):,} records but times and speeds."
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
