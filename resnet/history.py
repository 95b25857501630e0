"""The history of a training: each line of a run's metrics.jsonl as a type.

The worker writes these types and all readers use them, so writer and readers always agree. Reading
is tolerant: runs of other versions have other fields, and a person may have edited the file. A
missing or invalid field is None. `of` gives None for a line of an unknown kind. Copies and exports
of a run use the lines themselves, so nothing is lost.

Errors are in percent, losses in nats. `time_s` is Unix time. A record's `step` is the number of
steps completed by then.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, TypeVar, get_args, get_type_hints

from resnet.curves import Curve

Line = Mapping[str, Any]
"""A line as it was read."""

SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The common part of all kinds."""

    kind: ClassVar[str]
    time_s: float | None = None

    @classmethod
    def of(cls, line: Line) -> Self:
        """The record on a line of this kind."""
        return cls(**{name: read(line.get(name)) for name, read in FIELDS[cls.kind].items()})

    def as_line(self) -> dict[str, Any]:
        """The line to write; `of` reads it back. Fields that only some networks have are left out
        where they are None."""
        line: dict[str, Any] = {"kind": self.kind}
        for each in fields(self):
            value = getattr(self, each.name)
            # Other fields are written even where they are None, so every line of a kind has the
            # same keys.
            if value is not None or not each.metadata.get("only_some"):
                line[each.name] = value
        return line


def _only_some() -> Any:
    return field(default=None, metadata={"only_some": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Record):
    """A worker starts, or continues from the checkpoint of step `resumed_from`.

    `devices` share each batch. Each batch norm statistic is over `images_per_statistic` images;
    None where the network has no batch norm.
    """

    kind = "start"
    steps: int | None = None
    batch_size: int | None = None
    train_images: int | None = None
    validation_images: int | None = None
    test_images: int | None = None
    device: str | None = None
    split_hash: str | None = None
    resumed_from: int | None = None
    devices: int | None = None
    images_per_statistic: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Train(Record):
    """Means over the steps since the previous record, in training mode with augmentation.

    The learning rate is that of the last step, read back from the optimiser.
    """

    kind = "train"
    step: int | None = None
    epoch: float | None = None
    learning_rate: float | None = None
    data_loss: float | None = None
    l2_penalty: float | None = None
    gradient_norm: float | None = None
    train_error: float | None = None
    images_per_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(Record):
    """Errors in inference mode and without augmentation, on the validation images and on the first
    `train_images_evaluated` training images ("clean")."""

    kind = "evaluation"
    step: int | None = None
    epoch: float | None = None
    validation_error: float | None = None
    validation_data_loss: float | None = None
    best_validation_error: float | None = None
    train_error_clean: float | None = None
    train_data_loss_clean: float | None = None
    train_images_evaluated: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Record):
    """A problem after which training continued. `warning` is its key, `message` its sentence."""

    kind = "warning"
    step: int | None = None
    epoch: float | None = None
    warning: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Test(Record):
    """The test at the end, once, with the weights of `tested_step`.

    For the fields with `exact_statistics`, batch norm used statistics over
    `exact_statistics_images` training images instead of moving averages.
    """

    kind = "test"
    step: int | None = None
    epoch: float | None = None
    tested_step: int | None = None
    test_error: float | None = None
    test_data_loss: float | None = None
    tested_validation_error: float | None = None
    test_error_exact_statistics: float | None = _only_some()
    test_data_loss_exact_statistics: float | None = _only_some()
    tested_validation_error_exact_statistics: float | None = _only_some()
    exact_statistics_images: int | None = _only_some()


AnyRecord = TypeVar("AnyRecord", bound=Record)
OF_A_STEP = (Train, Evaluation, Warned, Test)
"""The kinds of records with a step; `Start` has none."""

KINDS: dict[str, type[Record]] = {one.kind: one for one in (Start, Train, Evaluation, Warned, Test)}


def of(line: Line) -> Record | None:
    """The record on a line, or None where its kind is unknown here."""
    known = KINDS.get(str(line.get("kind")))
    return known.of(line) if known else None


def is_of(line: Line, *kinds: type[Record]) -> bool:
    """Whether a line is of one of these kinds."""
    return line.get("kind") in [each.kind for each in kinds]


def all_of(lines: Iterable[Line], kind: type[AnyRecord]) -> list[AnyRecord]:
    """The records of one kind, in order."""
    return [kind.of(line) for line in lines if line.get("kind") == kind.kind]


def last_of(lines: Sequence[Line], kind: type[AnyRecord]) -> AnyRecord | None:
    """The last record of one kind, or None."""
    last = next((line for line in reversed(lines) if line.get("kind") == kind.kind), None)
    return None if last is None else kind.of(last)


def values(lines: Iterable[Line], kind: type[Record], name: str) -> list[float | None]:
    """One field of all records of a kind, as numbers. A long run has 100,000 records; this takes a
    third of the time of creating all of them."""
    read = FIELDS[kind.kind][name]
    return [read(line.get(name)) for line in lines if line.get("kind") == kind.kind]


def curve(lines: Sequence[Line], kind: type[Record], name: str, along: str = "step") -> Curve:
    """One field against another one, or against "hour". Records without one of the two are left
    out."""
    # Hours need all lines and not only those of this kind: a Start says where a pause ended.
    places = hours(lines, kind) if along == "hour" else values(lines, kind, along)
    x, y = [], []
    for place, value in zip(places, values(lines, kind, name), strict=True):
        if place is not None and value is not None:
            x.append(float(place))
            y.append(float(value))
    return Curve(x, y)


def training_s(lines: Iterable[Line]) -> list[float | None]:
    """For each line, the seconds of training until then; None where it has no time.

    The time between a stop and the start that resumes the run does not count. A clock that was set
    back adds nothing.
    """
    spent_s, before_s = 0.0, None
    seconds: list[float | None] = []
    for line in lines:
        time_s = number(line.get("time_s"))
        if time_s is None:
            seconds.append(None)
            continue
        # A Start ends a pause, so the time before it was not training.
        if before_s is not None and line.get("kind") != Start.kind:
            spent_s += max(0.0, time_s - before_s)
        before_s = time_s
        seconds.append(spent_s)
    return seconds


def hours(lines: Sequence[Line], kind: type[Record]) -> list[float | None]:
    """`training_s` in hours, of the records of one kind."""
    return [
        None if seconds is None else seconds / SECONDS_AN_HOUR
        for line, seconds in zip(lines, training_s(lines), strict=True)
        if line.get("kind") == kind.kind
    ]


def duration_s(lines: Iterable[Line]) -> float | None:
    """The seconds of training until the last record; None where fewer than two records have a
    time."""
    # The first record with a time has 0 seconds: 0 alone means that no second record has a time.
    return max((seconds for seconds in training_s(lines) if seconds), default=None)


# Fields


def number(value: object) -> float | None:
    """The finite number, or None. JSON's true does not count as 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        # JSON has no NaN and no infinity, but Python's reader accepts them.
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # JSON allows whole numbers that are too large for a float
        return None


def whole(value: object) -> int | None:
    """The whole number, or None; 40.0 counts as 40."""
    known = number(value)
    return int(known) if known is not None and known.is_integer() else None


def text(value: object) -> str | None:
    """The text, or None."""
    return value if isinstance(value, str) else None


READERS: dict[Any, Callable[[object], Any]] = {float: number, int: whole, str: text}


def _readers(kind: type[Record]) -> dict[str, Callable[[object], Any]]:
    """The reader of each field, from its type: that of `int | None` is `whole`."""
    hints = get_type_hints(kind)
    return {each.name: READERS[get_args(hints[each.name])[0]] for each in fields(kind)}


FIELDS = {name: _readers(kind) for name, kind in KINDS.items()}
"""The reader of each field, by kind."""
