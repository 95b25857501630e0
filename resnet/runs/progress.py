"""The progress of a run: its step, speed and errors. Only the two ends of metrics.jsonl are read,
so a long run takes no longer than a short one."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from resnet import history
from resnet.runs import journal
from resnet.runs.directory import METRICS, RunDirectory

REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """Errors are in percent. Values that are not known yet are None. `time_left_s` is also None
    where the run is not running."""

    step: int = 0
    steps: int | None = None
    images_per_s: float | None = None
    learning_rate: float | None = None
    time_left_s: float | None = None
    last_validation_error: float | None = None
    best_validation_error: float | None = None


@dataclass(frozen=True, slots=True)
class _Ends:
    """Values from the two ends of metrics.jsonl."""

    start: history.Start
    train: history.Train
    evaluation: history.Evaluation
    best_validation_error: float | None
    step: int


def measure(directory: RunDirectory, steps: int | None, *, alive: bool) -> Progress:
    """The run's progress now. `steps` is the number in its spec. Raises RunError where the disk
    refuses to read."""
    ends = _ends(directory)
    steps = ends.start.steps or steps
    beat = directory.heartbeat() if alive else None
    # The heartbeat is newer than the last record, but it is missing after the end.
    step = max(ends.step, beat.step if beat else 0)
    images_per_s, batch_size = ends.train.images_per_s, ends.start.batch_size
    time_left_s = None
    if alive and steps is not None and images_per_s and batch_size:
        # Remaining images ÷ images per second.
        time_left_s = (steps - step) * batch_size / images_per_s
    return Progress(
        step=step,
        steps=steps,
        images_per_s=images_per_s,
        learning_rate=ends.train.learning_rate,
        time_left_s=time_left_s,
        last_validation_error=ends.evaluation.validation_error,
        best_validation_error=ends.best_validation_error,
    )


def _ends(directory: RunDirectory) -> _Ends:
    path = directory.file(METRICS)
    try:
        stat = path.stat()
    except FileNotFoundError:
        return _Ends(history.Start(), history.Train(), history.Evaluation(), None, 0)
    return _read_ends(path, (stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=REMEMBERED)
def _read_ends(path: Path, signature: tuple[int, int, int]) -> _Ends:
    """Cached by the file's `signature`: inode, size and time of change."""
    seen: set[object] = set()

    def enough(line: history.Line) -> bool:
        seen.add(line.get("kind"))
        return {history.Train.kind, history.Evaluation.kind} <= seen

    lines = RunDirectory(path.parent).last_metrics(enough)
    train = history.last_of(lines, history.Train)
    evaluation = history.last_of(lines, history.Evaluation)
    best = evaluation.best_validation_error if evaluation else None
    if best is None and evaluation:  # an old run, or only not-a-number so far
        lines_of_kind = journal.lines_of(path, history.Evaluation.kind)
        errors = history.values(lines_of_kind, history.Evaluation, "validation_error")
        best = min([error for error in errors if error is not None], default=None)
    steps = [step for line in lines if (step := history.whole(line.get("step"))) is not None]
    return _Ends(
        history.Start.of(journal.first(path)),
        train or history.Train(),
        evaluation or history.Evaluation(),
        best,
        max(steps, default=0),
    )
