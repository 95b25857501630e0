"""All runs under one folder: list, start, stop, delete. The folder is the only truth; the store
keeps nothing."""

import contextlib
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from resnet.errors import RunError, UnknownNameError
from resnet.files import sync_folder
from resnet.runs import clock, disk, forking, lock, stopping, supervisor
from resnet.runs.directory import REQUEST, SPEC, RunDirectory
from resnet.runs.forking import Fork
from resnet.runs.launcher import Launcher
from resnet.runs.queue import Queue
from resnet.runs.records import Request
from resnet.runs.run import Run, by_coming, runs_in
from resnet.runs.spec import RunSpec, check_possible, new_id
from resnet.runs.state import PATIENT, Patience

DEFAULT_ROOT = Path("runs")
TRASH = ".trash"
DRAFT = ".new-"
TWIN_S = 2.0
PAUSE_S = 0.1


class Store:
    """The runs in a folder. Any number of stores, in any number of processes, may look at one
    folder at once."""

    def __init__(
        self,
        root: Path | str = DEFAULT_ROOT,
        launcher: Launcher | None = None,
        patience: Patience = PATIENT,
    ) -> None:
        self.root = Path(root).absolute()
        self.launcher = launcher or Launcher()
        self.patience = patience

    @property
    def queue(self) -> Queue:
        """The waiting runs, to be moved, held and paused."""
        return Queue(self.root, changed=self._wake)

    def list(self) -> list[Run]:
        """Every run, the newest first, damaged ones too. No folder: no runs. RunError where it
        cannot be read."""
        runs = runs_in(self.root, self.patience)
        self._attend(runs)
        return by_coming(runs)[::-1]

    def waiting(self) -> Sequence[Run]:
        """The runs that wait for their device, held ones too, in the order of their turn."""
        return self.queue.arrange(
            run for run in runs_in(self.root, self.patience) if run.state().name == "queued"
        )

    def why_waiting(self, run: Run) -> str:
        """What a waiting run waits for, in a few words."""
        return self.queue.why(run, runs_in(self.root, self.patience))

    def get(self, run_id: str) -> Run:
        """The run of this id. Raises UnknownNameError, for anything that is not an id too."""
        return _named(run_id, runs_in(self.root, self.patience))

    def start(self, spec: RunSpec, token: str | None = None) -> Run:
        """Submit a run and return it at once. It begins when its device is free, whatever becomes
        of this process.

        Starting twice is starting once: the same `token`, or the same spec within two seconds (two
        tabs, a double click), gives the run that is there. Raises ConfigError or UnknownNameError
        for a run that cannot succeed, and RunError where the disk or the system refuses, leaving
        nothing behind.
        """
        return self._submit(spec, token)

    def fork(
        self,
        run_id: str,
        settings: Mapping[str, Any],
        *,
        device: str | None = None,
        token: str | None = None,
    ) -> Run:
        """Submit a run that goes on from the last whole checkpoint of another one, with a changed
        recipe.

        `settings` are dotted keys of the recipe, as "schedule.learning_rate". The same network goes
        on, on the same images, and on the same device unless another one is named. Raises as
        `start` does, and RunError where there is no checkpoint to begin at. Forking twice is
        forking once.
        """
        fork = forking.plan(self.get(run_id), settings, device)
        return self._submit(fork.spec, token, fork)

    def resume(self, run_id: str) -> Run:
        """Let a run that ended too early go on from its last checkpoint, when its device is free.
        RunError else."""
        with self._one_at_a_time():
            run = self.get(run_id)
            now = run.state()
            if not now.over or now.name == "finished" or run.damage:
                raise RunError(
                    f"Only a run that ended too early can go on; {run.id}:"
                    f" {run.damage or now.name}."
                )
            run.directory.forget_attempt()
            self._wake()
        return run

    def stop(self, run_id: str) -> Run:
        """Ask a run to end, and return at once. Where it does not, it is ended by force after the
        grace period.

        A run that waits is taken back. Raises RunError where nothing is left to stop.
        """
        with self._one_at_a_time():
            run = self.get(run_id)
            state = run.state()
            if state.over:
                raise RunError(
                    f"Only a run that waits or works can be stopped; {run.id} is over:"
                    f" {state.name}."
                )
            if state.name == "queued":
                run.directory.write_exit("stopped", "taken back before it began")
            else:
                run.directory.ask_stop()
                self._wake()
        return run

    def wait(self, run_id: str, timeout_s: float | None = None) -> Run:
        """Wait until a run is over, or the time is up; look at its state to know which. Forces an
        overdue stop."""
        run = self.get(run_id)
        give_up_s = clock.uptime_s() + (timeout_s if timeout_s is not None else float("inf"))
        while not run.state().over:
            if clock.uptime_s() > give_up_s:
                return run
            self._attend([run])
            stopping.enforce(run.directory, self.patience)
            time.sleep(PAUSE_S)
        stopping.clear_away(run.directory)
        return run

    def delete(self, run_id: str) -> None:
        """Put a run into the bin, from which `restore` brings it back. RunError where it is at
        work."""
        with self._one_at_a_time():
            run = self.get(run_id)
            if run.state().alive:
                raise RunError(f"A run at work cannot be deleted; stop {run.id} first.")
            _move(run.path, self.root / TRASH)

    def restore(self, run_id: str) -> Run:
        """Bring a deleted run back. Raises UnknownNameError where the bin does not hold it."""
        _move(_named(run_id, self.deleted()).path, self.root)
        return self.get(run_id)

    def deleted(self) -> Sequence[Run]:
        """What is in the bin, the newest first."""
        return sorted(runs_in(self.root / TRASH), key=lambda run: run.id, reverse=True)

    def empty_bin(self) -> int:
        """Delete for good what is in the bin, and return how many runs that were. Nothing else ever
        empties it.

        Raises RunError where the disk refuses.
        """
        with self._one_at_a_time(), disk.one_sentence(self.root / TRASH):
            runs = len(self.deleted())
            if (self.root / TRASH).exists():
                shutil.rmtree(self.root / TRASH)
        return runs

    def _wake(self) -> None:
        supervisor.wake(self.root, self.launcher, self.patience)

    def _attend(self, runs: Iterable[Run]) -> None:
        """Whoever looks sees to it that waiting and running runs have their supervisor."""
        supervisor.attend(runs, self.root, self.launcher, self.patience)

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with disk.one_sentence(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        with lock.turn(self.root):
            yield

    def _submit(self, spec: RunSpec, token: str | None, fork: Fork | None = None) -> Run:
        check_possible(spec)
        spec = spec.model_copy(update={"data_folder": str(Path(spec.data_folder).absolute())})
        asked = Request(
            token=token,
            parent=fork and fork.parent,
            boot_id=clock.boot_id(),
            **clock.read()._asdict(),
        )
        with self._one_at_a_time():
            if twin := self._twin(spec, asked):
                return twin
            run = self._create(spec, asked, fork)
            try:
                self._wake()
            except RunError:
                shutil.rmtree(run.path, ignore_errors=True)
                raise
        return run

    def _twin(self, spec: RunSpec, asked: Request) -> Run | None:
        """The run this start, or this fork, has made already."""
        for run in runs_in(self.root, self.patience):
            if (request := run.request()) is None:
                continue
            if asked.token is not None and request.token == asked.token:
                return run
            just_now = (
                request.boot_id == asked.boot_id and asked.uptime_s - request.uptime_s < TWIN_S
            )
            alike = just_now and request.parent == asked.parent and run.spec == spec
            if alike and run.state().name not in {
                "stopping",
                "stopped",
            }:  # Stop, then Start: a new run is meant
                return run
        return None

    def _free_id(self, spec: RunSpec) -> str:
        """Of two hundred runs in one second, two draw the same four digits once in four times."""
        run_id = new_id(spec)
        while (self.root / run_id).exists() or (self.root / TRASH / run_id).exists():
            run_id = new_id(spec)
        return run_id

    def _create(self, spec: RunSpec, asked: Request, fork: Fork | None) -> Run:
        """A directory that appears complete or not at all. Removes what an earlier death left half
        done."""
        for leftover in self.root.glob(f"{DRAFT}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        final = self.root / self._free_id(spec)
        draft = RunDirectory(self.root / f"{DRAFT}{final.name}")
        try:
            with disk.one_sentence(draft.file(SPEC)):
                draft.path.mkdir()
                draft.write(SPEC, spec)
                draft.write(REQUEST, asked)
                if fork:
                    forking.write(fork, draft)
                draft.reserve()
                draft.path.rename(final)
                sync_folder(self.root)
        except RunError:
            shutil.rmtree(draft.path, ignore_errors=True)
            raise
        return Run(final, self.patience)


def _named(run_id: str, runs: Iterable[Run]) -> Run:
    """Compared with the names that are there, so no id can lead out of the folder."""
    known = {run.id: run for run in sorted(runs, key=lambda run: run.id, reverse=True)}
    if run_id not in known:
        raise UnknownNameError("run", run_id, known)
    return known[run_id]


def _move(path: Path, folder: Path) -> None:
    with disk.one_sentence(path):
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)
        sync_folder(folder)
        sync_folder(path.parent)
