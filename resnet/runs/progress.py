"""How far a run is and how well it does, from the two ends of metrics.jsonl: a long run costs no
more than a short."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from resnet.runs import journal
from resnet.runs.directory import METRICS, RunDirectory
from resnet.runs.journal import Line

REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """Errors are percent. None is what is not known yet; `time_left_s` is None too where nothing is
    running."""

    step: int = 0
    steps: int | None = None
    images_per_s: float | None = None
    learning_rate: float | None = None
    time_left_s: float | None = None
    last_validation_error: float | None = None
    best_validation_error: float | None = None


@dataclass(frozen=True, slots=True)
class _Ends:
    """What the two ends of a curve say."""

    start: Line
    train: Line
    evaluation: Line
    best_validation_error: float | None
    step: int


def measure(directory: RunDirectory, steps: int | None, *, alive: bool) -> Progress:
    """The run's progress now. `steps` is what its spec asks for. Raises RunError where the disk
    refuses to read."""
    ends = _ends(directory)
    steps = int(_number(ends.start, "steps") or 0) or steps
    beat = directory.heartbeat() if alive else None
    step = max(ends.step, beat.step if beat else 0)
    images_per_s = _number(ends.train, "images_per_s")
    time_left_s = None
    if (
        alive
        and steps is not None
        and images_per_s
        and (batch_size := _number(ends.start, "batch_size"))
    ):
        time_left_s = (steps - step) * batch_size / images_per_s
    return Progress(
        step=step,
        steps=steps,
        images_per_s=images_per_s,
        learning_rate=_number(ends.train, "learning_rate"),
        time_left_s=time_left_s,
        last_validation_error=_number(ends.evaluation, "validation_error"),
        best_validation_error=ends.best_validation_error,
    )


def _number(record: Line, key: str) -> float | None:
    """The number in this field, or None: a hand that edits the file may have written anything."""
    value = record.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _ends(directory: RunDirectory) -> _Ends:
    path = directory.file(METRICS)
    try:
        stat = path.stat()
    except FileNotFoundError:
        return _Ends({}, {}, {}, None, 0)
    return _read_ends(path, (stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=REMEMBERED)
def _read_ends(path: Path, signature: tuple[int, int, int]) -> _Ends:
    """Read once for each `signature` the file had: inode, size and time of change."""
    directory = RunDirectory(path.parent)
    latest: dict[str, Line] = {}

    def enough(record: Line) -> bool:
        latest.setdefault(str(record.get("kind")), record)
        return {"train", "evaluation"} <= latest.keys()

    records = directory.last_metrics(enough)
    evaluation = latest.get("evaluation", {})
    best = _number(evaluation, "best_validation_error")
    if best is None and evaluation:
        best = min(journal.values(path, "evaluation", "validation_error"), default=None)
    step = max(
        (record["step"] for record in records if isinstance(record.get("step"), int)), default=0
    )
    return _Ends(journal.first(path), latest.get("train", {}), evaluation, best, step)
