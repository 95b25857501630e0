"""All runs in one folder: list, start, stop, delete. All state is in the folder; the store itself
keeps none."""

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
    """The runs in a folder. Several stores, in several processes, may use one folder at the same
    time."""

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
        """The runs that wait for their device, including held ones, in queue order."""
        return self.queue.arrange(
            run for run in runs_in(self.root, self.patience) if run.state().name == "queued"
        )

    def why_waiting(self, run: Run) -> str:
        """The reason why a run waits, in a few words."""
        return self.queue.why(run, runs_in(self.root, self.patience))

    def get(self, run_id: str) -> Run:
        """The run with this id. Raises UnknownNameError, also for text that is not an id."""
        return _named(run_id, runs_in(self.root, self.patience))

    def start(self, spec: RunSpec, token: str | None = None) -> Run:
        """Submit a run and return it at once. It begins when its device is free, even if this
        process has ended by then.

        Starting the same run twice returns the existing run: the same `token`, or the same spec
        within two seconds (two tabs, a double click). Raises ConfigError or UnknownNameError for a
        run that cannot succeed. Raises RunError where the disk or the system refuses; then nothing
        is left behind.
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
        """Submit a run that continues from the last complete checkpoint of another one, with a
        changed recipe.

        `settings` are dotted keys of the recipe, such as "schedule.learning_rate". Network and
        images stay the same, and the device too unless another one is given. Raises the errors of
        `start`, and RunError where there is no checkpoint. Forking twice returns the same run.
        """
        fork = forking.plan(self.get(run_id), settings, device)
        return self._submit(fork.spec, token, fork)

    def resume(self, run_id: str) -> Run:
        """Continue a run that ended too early from its last checkpoint, when its device is free.
        Raises RunError for any other run."""
        with self._one_at_a_time():
            run = self.get(run_id)
            now = run.state()
            if not now.over or now.name == "finished" or run.damage:
                raise RunError(
                    f"Only a run that ended too early can be resumed; {run.id}:"
                    f" {run.damage or now.name}."
                )
            # Without exit.json and lock, the run counts as queued again.
            run.directory.forget_attempt()
            self._wake()
        return run

    def stop(self, run_id: str) -> Run:
        """Ask a run to end, and return at once. A run that does not end is killed after the grace
        period.

        A waiting run is cancelled. Raises RunError where the run is over.
        """
        with self._one_at_a_time():
            run = self.get(run_id)
            state = run.state()
            if state.over:
                raise RunError(
                    f"Only a waiting or running run can be stopped; {run.id} is over: {state.name}."
                )
            if state.name == "queued":
                run.directory.write_exit("stopped", "cancelled before it began")
            else:
                run.directory.ask_stop()
                self._wake()
        return run

    def wait(self, run_id: str, timeout_s: float | None = None) -> Run:
        """Wait until a run is over or the time is up; its state tells which. Forces an overdue
        stop."""
        run = self.get(run_id)
        give_up_s = clock.uptime_s() + (timeout_s if timeout_s is not None else float("inf"))
        while not run.state().over:
            if clock.uptime_s() > give_up_s:
                return run
            self._attend([run])
            # In case no supervisor is left to kill a run that does not stop.
            stopping.enforce(run.directory, self.patience)
            time.sleep(PAUSE_S)
        stopping.clear_away(run.directory)
        return run

    def delete(self, run_id: str) -> None:
        """Move a run to the bin; `restore` brings it back. RunError where it is running."""
        with self._one_at_a_time():
            run = self.get(run_id)
            # In the turn: a supervisor cannot start the run between this check and the move.
            if run.state().alive:
                raise RunError(f"A running run cannot be deleted; stop {run.id} first.")
            _move(run.path, self.root / TRASH)

    def restore(self, run_id: str) -> Run:
        """Bring a deleted run back. Raises UnknownNameError where it is not in the bin."""
        _move(_named(run_id, self.deleted()).path, self.root)
        return self.get(run_id)

    def deleted(self) -> Sequence[Run]:
        """The runs in the bin, the newest first."""
        return sorted(runs_in(self.root / TRASH), key=lambda run: run.id, reverse=True)

    def empty_bin(self) -> int:
        """Delete the runs in the bin permanently, and return their number. Only this empties the
        bin.

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
        """Readers make sure that waiting and running runs have a supervisor."""
        supervisor.attend(runs, self.root, self.launcher, self.patience)

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with disk.one_sentence(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        with lock.turn(self.root):
            yield

    def _submit(self, spec: RunSpec, token: str | None, fork: Fork | None = None) -> Run:
        check_possible(spec)
        # A worker starts in the run's folder, from where a relative path would lead elsewhere.
        spec = spec.model_copy(update={"data_folder": str(Path(spec.data_folder).absolute())})
        asked = Request(
            token=token,
            parent=fork and fork.parent,
            boot_id=clock.boot_id(),
            **clock.read()._asdict(),
        )
        with self._one_at_a_time():
            # Inside the turn: two simultaneous starts must not both miss each other.
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
        """The run that this start, or this fork, has created already."""
        for run in runs_in(self.root, self.patience):
            if (request := run.request()) is None:
                continue
            if asked.token is not None and request.token == asked.token:
                return run
            just_now = (
                request.boot_id == asked.boot_id and asked.uptime_s - request.uptime_s < TWIN_S
            )
            alike = just_now and request.parent == asked.parent and run.spec == spec
            # Stop, then Start: a new run is meant.
            if alike and run.state().name not in {"stopping", "stopped"}:
                return run
        return None

    def _free_id(self, spec: RunSpec) -> str:
        """An id that is not in use. With 200 runs in one second, two of them get the same four
        random digits with a probability of 1/4."""
        run_id = new_id(spec)
        while (self.root / run_id).exists() or (self.root / TRASH / run_id).exists():
            run_id = new_id(spec)
        return run_id

    def _create(self, spec: RunSpec, asked: Request, fork: Fork | None) -> Run:
        """Create a run's directory: complete, or not at all. Removes incomplete ones of processes
        that died."""
        # Safe, since only the holder of the turn creates drafts: any other one is left over.
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
                # Readers see the run only from here on: with all its files.
                draft.path.rename(final)
                sync_folder(self.root)
        except RunError:
            shutil.rmtree(draft.path, ignore_errors=True)
            raise
        return Run(final, self.patience)


def _named(run_id: str, runs: Iterable[Run]) -> Run:
    """Looked up among existing runs, so that an id such as "../x" cannot leave the folder."""
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
