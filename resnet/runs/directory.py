"""The files of one run. They contain everything about it, and only this module knows their names.

The worker writes through this class, and all readers read through it. Small files are replaced as a
whole, so a reader never sees half of one. metrics.jsonl only grows. A full or read-only disk gives
a RunError in one sentence.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from resnet.errors import RunError, echo, explain
from resnet.runs import clock, disk, journal, lock, processes
from resnet.runs.disk import one_sentence
from resnet.runs.journal import START, Cursor, Line
from resnet.runs.processes import Process
from resnet.runs.records import Control, Ended, Heartbeat, LastWord, Outcome, Phase, Work

SPEC = "spec.json"
ENVIRONMENT = "environment.json"
METRICS = "metrics.jsonl"
LOG = "log.txt"
LOCK = "lock"
HEARTBEAT = "heartbeat"
CONTROL = "control.json"
EXIT = "exit.json"
CHECKPOINTS = "checkpoint"
MODEL = "model.keras"
WORK = "process.json"  # the worker process, written by its starter or by itself
ENDED = "ended.json"  # how that process ended, as its starter saw it
REQUEST = "request.json"  # when the run was submitted, and by which token
NOTES = "notes.json"
RESERVE = "reserve"  # disk space for the last records, see `reserve`
TEMPORARY = "temporary"  # temporary files of the worker's libraries

RESERVE_BYTES = 1 << 16

Kind = TypeVar("Kind", bound=BaseModel)


class RunDirectory:
    """One run's directory. Every method raises RunError, in one sentence, where the disk
    refuses."""

    def __init__(self, path: Path | str) -> None:
        self.path = path if isinstance(path, Path) else Path(path)

    def file(self, name: str) -> Path:
        return self.path / name

    def write_json(self, name: str, data: Mapping[str, Any]) -> None:
        """Replace a file as a whole: write a temporary file, flush it, rename it. Readers see the
        old or the new file."""
        content = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with one_sentence(self.file(name)):
            disk.replace(self.file(name), content)

    def read_json(self, name: str) -> dict[str, Any] | None:
        """The file's object; None where there is no such file; RunError where it is damaged or
        cannot be read."""
        path = self.file(name)
        try:
            data = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunError(disk.explain(error, path)) from None
        except (ValueError, RecursionError) as error:
            raise RunError(
                f"{name} of run {self.path.name} is damaged: {echo(str(error))}."
            ) from None
        if not isinstance(data, dict):
            raise RunError(
                f"{name} of run {self.path.name} is damaged: it must hold an object; received"
                f" {echo(data)}."
            )
        return data

    def write(self, name: str, record: BaseModel) -> None:
        self.write_json(name, record.model_dump(mode="json"))

    def read(self, name: str, kind: type[Kind]) -> Kind | None:
        """The file as a record; None where there is no such file; RunError where it is damaged or
        cannot be read."""
        data = self.read_json(name)
        try:
            return None if data is None else kind.model_validate(data)
        except ValidationError as error:
            raise RunError(f"{name} of run {self.path.name} is damaged: {explain(error)}") from None

    # The lock

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run's lock during the block; a held lock shows that the run is alive. RunError
        where another process holds it.

        Uses the lock that the starter handed over, if any, and records this process in
        process.json.
        """
        with one_sentence(self.file(LOCK)):
            held = lock.Lock.inherited(self.file(LOCK)) or lock.Lock.take(self.file(LOCK))
        with held:
            self._name_me()
            try:
                yield
            finally:
                self.close()

    def is_locked(self) -> bool:
        with one_sentence(self.file(LOCK)):
            return lock.is_held(self.file(LOCK))

    def write_work(self, process: Process, began: clock.Reading) -> None:
        """Record the process that works on the run, and since when."""
        work = {"pid": process.pid, "start_ticks": process.start_ticks, "boot_id": clock.boot_id()}
        self.write_json(WORK, work | began._asdict())

    def work(self) -> Work | None:
        """The process that works on the run, or was the last to; None where there was none, or the
        file cannot be read."""
        with contextlib.suppress(RunError):
            return self.read(WORK, Work)
        return None

    def _name_me(self) -> None:
        """Record this process as the worker, unless its starter already has."""
        this_process = processes.read(os.getpid())
        if this_process and this_process != processes.worker(self.work()):
            self.write_work(this_process, clock.read())

    def forget_attempt(self) -> None:
        """Remove the files of an earlier process before a new one begins. Results stay."""
        self.remove_temporary_files()
        for name in (EXIT, ENDED, CONTROL, HEARTBEAT, WORK):
            with one_sentence(self.file(name)):
                self.file(name).unlink(missing_ok=True)

    # Temporary files

    @contextlib.contextmanager
    def temporary_files(self) -> Iterator[None]:
        """Give this process and its children an empty temporary folder in the run during the block.

        TensorFlow writes compiled functions into the temporary folder and removes them at its exit.
        A killed worker never reaches its exit. In the run's folder, the process that ends or starts
        a worker can find and remove them.
        """
        folder = self.file(TEMPORARY)
        self.remove_temporary_files()
        with one_sentence(folder):
            folder.mkdir()
        # Two places: TMPDIR for children and C++ code, `tempfile.tempdir` for Python code here.
        outer, before = os.environ.get("TMPDIR"), tempfile.tempdir
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder.absolute())
        try:
            yield
        finally:
            tempfile.tempdir = before
            os.environ.pop("TMPDIR")
            if outer is not None:
                os.environ["TMPDIR"] = outer
            self.remove_temporary_files()

    def remove_temporary_files(self) -> None:
        """Remove the run's temporary folder, where there is one. No worker may be using it."""
        shutil.rmtree(self.file(TEMPORARY), ignore_errors=True)

    # Records of the worker

    def beat(self, step: int, phase: Phase) -> None:
        """Write the heartbeat, at least every two seconds in every phase. Not flushed to the disk:
        it is useless after a power cut."""
        beat = Heartbeat(**clock.read()._asdict(), step=step, phase=phase)
        with one_sentence(self.file(HEARTBEAT)):
            disk.replace_fleeting(self.file(HEARTBEAT), beat.model_dump_json().encode())

    def heartbeat(self) -> Heartbeat | None:
        """The last heartbeat; None where there is none or it cannot be read."""
        with contextlib.suppress(RunError):
            return self.read(HEARTBEAT, Heartbeat)
        return None

    def append_metric(self, record: Mapping[str, Any]) -> None:
        """Add one line to metrics.jsonl, by a single write. Values that are not finite become
        null."""
        with one_sentence(self.file(METRICS)):
            self._journal.append(record)

    def read_metrics(self, after: Cursor = START) -> tuple[list[Line], Cursor]:
        """The records after the cursor, and the new cursor; see `resnet.runs.journal.Cursor`."""
        with one_sentence(self.file(METRICS)):
            return journal.read(self.file(METRICS), after)

    def last_metrics(self, enough: Callable[[Line], bool]) -> list[Line]:
        """The last records, back to the first for which `enough` holds: reads only the end of the
        file."""
        with one_sentence(self.file(METRICS)):
            return journal.read_backwards(self.file(METRICS), enough)

    def truncate_metrics(self, step: int) -> None:
        """Delete the records after `step`, before a run continues from its checkpoint. Needs the
        lock."""
        self.close()
        if self.file(METRICS).exists():
            with one_sentence(self.file(METRICS)):
                journal.truncate(self.file(METRICS), step)

    def sync_metrics(self) -> None:
        """Return when every appended record would survive a power cut. Call it before a checkpoint
        is written."""
        with one_sentence(self.file(METRICS)):
            self._journal.sync()

    def write_exit(self, outcome: Outcome, cause: str | None = None) -> None:
        """Write how the worker ended, and why. Works on a full disk too."""
        self._write_at_last(EXIT, LastWord(outcome=outcome, cause=cause, time_s=clock.now_s()))

    def write_ended(self, exit_code: int) -> None:
        """How the worker's process ended, as its starter saw it. Works on a full disk too."""
        self._write_at_last(ENDED, Ended(exit_code=exit_code, time_s=clock.now_s()))

    def _write_at_last(self, name: str, record: BaseModel) -> None:
        """On a full disk, delete the reserve to free the space."""
        try:
            self.write(name, record)
        except RunError:
            self.file(RESERVE).unlink(missing_ok=True)
            self.write(name, record)

    # Requests of a person

    def ask_stop(self) -> None:
        """Ask the worker to write a checkpoint and end. Asking again does not move the deadline."""
        if not self.stop_asked():
            self._write_at_last(
                CONTROL, Control(stop=True, boot_id=clock.boot_id(), **clock.read()._asdict())
            )

    def control(self) -> Control | None:
        """The request; None where there is none or it cannot be read."""
        with contextlib.suppress(RunError):
            return self.read(CONTROL, Control)
        return None

    def stop_asked(self) -> bool:
        """Whether a person asked the run to end. One small read, cheap enough for every step."""
        control = self.control()
        return control is not None and control.stop

    def close(self) -> None:
        """Close metrics.jsonl, if it is open for writing."""
        if "_journal" in self.__dict__:
            self._journal.close()
            del self._journal

    def reserve(self) -> None:
        """Reserve disk space, so that the end of the run can be recorded on a full disk."""
        with one_sentence(self.file(RESERVE)):
            disk.allocate(self.file(RESERVE), RESERVE_BYTES)

    @cached_property
    def _journal(self) -> journal.Writer:
        return journal.Writer(self.file(METRICS))
