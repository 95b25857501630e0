"""One run, for pages, the command line and notebooks. Each answer is read from its directory when
asked."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from resnet.errors import ResNetLabError, RunError
from resnet.runs import progress, state
from resnet.runs.directory import (
    ENVIRONMENT,
    EXIT,
    METRICS,
    NOTES,
    REQUEST,
    SPEC,
    WORK,
    RunDirectory,
)
from resnet.runs.disk import one_sentence
from resnet.runs.journal import START, Cursor, Line
from resnet.runs.progress import Progress
from resnet.runs.records import Notes, Parent, Request
from resnet.runs.spec import RUN_ID, RunSpec
from resnet.runs.state import Patience, State

LONGEST_LINE_BYTES = 400


@dataclass(frozen=True, slots=True)
class Run:
    """A run. It stores only its path, so an answer is never out of date."""

    path: Path
    patience: Patience = state.PATIENT

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def directory(self) -> RunDirectory:
        return RunDirectory(self.path)

    @property
    def spec(self) -> RunSpec | None:
        """The run's spec; None where it cannot be read, and `damage` says why."""
        return self._spec_or_damage()[0]

    @property
    def damage(self) -> str | None:
        """Why the spec cannot be read, in one sentence; None where it can."""
        return self._spec_or_damage()[1]

    @property
    def unfinished(self) -> bool:
        """Whether it waits or trains. Reads no file, so it is cheap for many runs, twice a
        second."""
        directory = self.directory
        if directory.is_locked():
            return True
        return not directory.file(EXIT).exists() and not directory.file(WORK).exists()

    @property
    def parent(self) -> Parent | None:
        """The run it was forked from, and at which step; None where it is not a fork. That run may
        have been deleted since."""
        request = self.request()
        return request.parent if request else None

    def state(self) -> State:
        """The state of the run now."""
        # A run whose spec cannot be read would wait for ever.
        now = state.derive(self.directory, self.patience)
        return State("failed", self.damage) if now.name == "queued" and self.damage else now

    def progress(self) -> Progress:
        """Its step, speed and errors. Reads only the ends of metrics.jsonl. RunError where it
        cannot be read."""
        spec, directory = self.spec, self.directory
        return progress.measure(
            directory, spec.recipe.steps if spec else None, alive=directory.is_locked()
        )

    def metrics(self, after: Cursor = START) -> tuple[list[Line], Cursor]:
        """The records after the cursor, and the new cursor. Where `restarts` went up, they replace
        the earlier ones."""
        return self.directory.read_metrics(after)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the worker's log."""
        text = state.tail(self.directory, lines * LONGEST_LINE_BYTES)
        return "\n".join(text.rstrip("\n").split("\n")[-lines:])

    def environment(self) -> dict[str, Any] | None:
        """Versions, device and checksums, recorded by the worker; None before it started. RunError
        where damaged."""
        return self.directory.read_json(ENVIRONMENT)

    def notes(self) -> Notes:
        """A person's notes; empty where the file is damaged."""
        with contextlib.suppress(RunError):
            return self.directory.read(NOTES, Notes) or Notes()
        return Notes()

    def annotate(self, notes: Notes) -> None:
        """Replace the notes. Raises RunError where the disk refuses."""
        self.directory.write(NOTES, notes)

    def request(self) -> Request | None:
        """When the run was submitted, and with which token; None where this is missing or
        damaged."""
        with contextlib.suppress(OSError):
            return _read_request(self.path, _signature(self.path / REQUEST))
        return None

    @property
    def metrics_path(self) -> Path:
        return self.path / METRICS

    def _spec_or_damage(self) -> tuple[RunSpec | None, str | None]:
        try:
            signature = _signature(self.path / SPEC)
        except OSError:
            return (
                None,
                f"{SPEC} of run {self.id} is missing, so its network and recipe are unknown.",
            )
        return _read_spec(self.path, signature)


def runs_in(folder: Path, patience: Patience = state.PATIENT) -> list[Run]:
    """Every run in a folder, in no order. No folder: no runs. RunError where it cannot be read."""
    with one_sentence(folder):
        paths = list(folder.iterdir()) if folder.exists() else []
    return [Run(path, patience) for path in paths if RUN_ID.fullmatch(path.name) and path.is_dir()]


def by_coming(runs: Iterable[Run]) -> list[Run]:
    """The oldest first. Runs of one boot are sorted by uptime, so that setting the clock back does
    not change the order. Boots are sorted by the earliest date of their runs."""
    requests = {run: run.request() for run in runs}
    boots = {run: request.boot_id if request else run.id for run, request in requests.items()}
    begun: dict[str, str] = {}
    for run, boot in boots.items():
        # An id begins with its date, 20261124-062501: 15 characters.
        begun[boot] = min(begun.get(boot, run.id[:15]), run.id[:15])
    moments = {run: request.uptime_s if request else 0.0 for run, request in requests.items()}
    return sorted(requests, key=lambda run: (begun[boots[run]], boots[run], moments[run], run.id))


Signature = tuple[int, int, int]


def _signature(path: Path) -> Signature:
    """Inode, size and time of change: with the same signature, a file need not be read again."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=1024)
def _read_request(path: Path, signature: Signature) -> Request | None:
    with contextlib.suppress(RunError):
        return RunDirectory(path).read(REQUEST, Request)
    return None


@lru_cache(maxsize=1024)
def _read_spec(path: Path, signature: Signature) -> tuple[RunSpec | None, str | None]:
    try:
        return RunSpec.model_validate(RunDirectory(path).read_json(SPEC)), None
    except ResNetLabError as error:
        return None, f"{SPEC} of run {path.name} cannot be used: {error}"
