"""All runs under one folder: list, start, stop, delete. The folder is the only truth; the store keeps nothing."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from resnet.errors import RunError, UnknownNameError
from resnet.runs import clock, disk, lock, stopping
from resnet.runs.directory import REQUEST, SPEC, RunDirectory
from resnet.runs.launcher import Launcher
from resnet.runs.records import Request
from resnet.runs.run import Run
from resnet.runs.spec import RUN_ID, RunSpec, check_possible, new_id
from resnet.runs.state import PATIENT, Patience

DEFAULT_ROOT = Path("runs")
TRASH = ".trash"
DRAFT = ".new-"
TWIN_S = 2.0


class Store:
    """The runs in a folder. Any number of stores, in any number of processes, may look at one folder at once."""

    def __init__(
        self, root: Path | str = DEFAULT_ROOT, launcher: Launcher | None = None, patience: Patience = PATIENT
    ) -> None:
        self.root = Path(root).absolute()
        self.launcher = launcher or Launcher()
        self.patience = patience

    def list(self) -> list[Run]:
        """Every run, the newest first, damaged ones too. No folder: no runs. RunError where it cannot be read."""
        runs = [Run(path, self.patience) for path in self._paths(self.root)]
        return sorted(runs, key=_age, reverse=True)

    def get(self, run_id: str) -> Run:
        """The run of this id. Raises UnknownNameError, for anything that is not an id too."""
        return Run(self._path(self.root, run_id), self.patience)

    def start(self, spec: RunSpec, token: str | None = None) -> Run:
        """Start a run and return it at once; it goes on whatever becomes of this process.

        Starting twice is starting once: the same `token`, or the same spec within two seconds (two tabs, a double
        click), gives the run that is there. Raises ConfigError or UnknownNameError for a run that cannot succeed, and
        RunError where the disk or the system refuses, leaving nothing behind.
        """
        check_possible(spec)
        spec = spec.model_copy(update={"data_folder": str(Path(spec.data_folder).absolute())})
        with self._one_at_a_time():
            if twin := self._twin(spec, token):
                return twin
            directory = self._create(spec, token)
            try:
                self.launcher.launch(directory)
            except RunError:
                shutil.rmtree(directory.path, ignore_errors=True)
                raise
        return self.get(directory.path.name)

    def stop(self, run_id: str) -> Run:
        """Ask a run to end, and return at once. Where it does not, it is ended by force after the grace period.

        Raises RunError where nothing is left to stop.
        """
        run = self.get(run_id)
        state = run.state()
        if state.name == "queued":
            run.directory.write_exit("stopped", "taken back before it began")
        elif state.alive:
            run.directory.ask_stop()
            stopper = threading.Thread(target=stopping.enforce_until_over, args=(run.directory, self.patience))
            stopper.daemon = True
            stopper.start()
        else:
            raise RunError(f"Only a run at work can be stopped; {run.id} is over: {state.name}.")
        return run

    def wait(self, run_id: str, timeout_s: float | None = None) -> Run:
        """Wait until a run is over, or the time is up; look at its state to know which. Forces an overdue stop."""
        run = self.get(run_id)
        stopping.enforce_until_over(run.directory, self.patience, timeout_s)
        return run

    def delete(self, run_id: str) -> None:
        """Put a run into the bin, from which `restore` brings it back. RunError where it is at work."""
        run = self.get(run_id)
        if run.state().alive:
            raise RunError(f"A run at work cannot be deleted; stop {run.id} first.")
        self._move(run.path, self.root / TRASH)

    def restore(self, run_id: str) -> Run:
        """Bring a deleted run back. Raises UnknownNameError where the bin does not hold it."""
        self._move(self._path(self.root / TRASH, run_id), self.root)
        return self.get(run_id)

    def deleted(self) -> Sequence[Run]:
        """What is in the bin, the newest first."""
        return sorted((Run(path) for path in self._paths(self.root / TRASH)), key=lambda run: run.id, reverse=True)

    def empty_bin(self) -> None:
        """Delete for good what is in the bin."""
        with disk.one_sentence(self.root / TRASH):
            if (self.root / TRASH).exists():
                shutil.rmtree(self.root / TRASH)

    @staticmethod
    def _paths(folder: Path) -> Iterator[Path]:
        with disk.one_sentence(folder):
            if folder.exists():
                yield from (path for path in folder.iterdir() if RUN_ID.fullmatch(path.name) and path.is_dir())

    def _path(self, folder: Path, run_id: str) -> Path:
        """Compared with the names that are there, so no id can lead out of the folder."""
        known = sorted((path.name for path in self._paths(folder)), reverse=True)
        if run_id not in known:
            raise UnknownNameError("run", run_id, known)
        return folder / run_id

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with disk.one_sentence(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        with lock.turn(self.root):
            yield

    def _twin(self, spec: RunSpec, token: str | None) -> Run | None:
        """The run this start has made already."""
        for run in self.list():
            if (request := run.request()) is None:
                continue
            if token is not None and request.token == token:
                return run
            just_now = request.boot_id == clock.boot_id() and clock.uptime_s() - request.uptime_s < TWIN_S
            if just_now and run.spec == spec:
                return run
        return None

    def _create(self, spec: RunSpec, token: str | None) -> RunDirectory:
        """A directory that appears complete or not at all. Removes what an earlier death left half done."""
        for leftover in self.root.glob(f"{DRAFT}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        final = self.root / new_id(spec)
        draft = RunDirectory(self.root / f"{DRAFT}{final.name}")
        try:
            with disk.one_sentence(draft.file(SPEC)):
                draft.path.mkdir()
                draft.write(SPEC, spec)
                draft.write(REQUEST, Request(token=token, boot_id=clock.boot_id(), **clock.read()._asdict()))
                draft.reserve()
                draft.path.rename(final)
                disk.sync_folder(self.root)
        except RunError:
            shutil.rmtree(draft.path, ignore_errors=True)
            raise
        return RunDirectory(final)

    def _move(self, path: Path, folder: Path) -> None:
        with disk.one_sentence(path):
            folder.mkdir(exist_ok=True)
            path.rename(folder / path.name)
            disk.sync_folder(folder)
            disk.sync_folder(path.parent)


def _age(run: Run) -> tuple[str, float]:
    """The second an id names, and within it the moment of the request."""
    request = run.request()
    return run.id[:15], request.uptime_s if request else 0.0
