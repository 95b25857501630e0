"""The process that starts waiting runs: `python -m resnet.runs.supervisor ROOT PATIENCE COMMAND…`.

Each folder of runs has at most one, which a lock ensures. It is started when a run is submitted or
found waiting (`wake`). It is the parent of every worker, so it sees how each ends. It enforces
stops, and ends when no run waits or trains. All its state is in the directories, so it can be
killed at any time and the next one continues.
"""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from resnet.errors import RunError
from resnet.runs import disk, lock, stopping
from resnet.runs.directory import RunDirectory
from resnet.runs.launcher import Launcher, spawn
from resnet.runs.queue import LOCK, LOG, Queue, at_work_and_waiting
from resnet.runs.run import Run, runs_in
from resnet.runs.state import Patience

COMMAND = (sys.executable, "-P", "-m", "resnet.runs.supervisor")
PAUSE_S = 0.5


class Supervisor:
    """The loop for one folder."""

    def __init__(self, root: Path, launcher: Launcher, patience: Patience) -> None:
        self.root = root
        self.queue = Queue(root)
        self.launcher = launcher
        self.patience = patience

    def run(self) -> None:
        """Loop until no run waits or trains. Returns at once where another supervisor is
        running."""
        path = self.queue.directory.file(LOCK)
        try:
            held = lock.Lock.inherited(path) or lock.Lock.take(path)
        except RunError:
            return
        while self.step(held):
            time.sleep(PAUSE_S)
        self.launcher.settle()

    def step(self, held: lock.Lock) -> bool:
        """Start runs that are due and force overdue stops. Where nothing is left to do, release the
        lock and return False.
        """
        # Runs are submitted in the same critical section. A new run is either seen here, or its
        # submitter finds no supervisor and wakes one. No run is missed in between.
        with lock.turn(self.root):
            alive, waiting = at_work_and_waiting(runs_in(self.root, self.patience))
            for run in self.queue.next_runs(waiting, alive):
                self._launch(run.directory)
            if not alive and not self.queue.startable(waiting):
                held.close()
                return False
        for run in alive:
            stopping.enforce(run.directory, self.patience)
        return True

    def _launch(self, directory: RunDirectory) -> None:
        try:
            self.launcher.launch(directory)
        except RunError as error:
            # Where even this cannot be written, the run waits on and is tried again.
            with contextlib.suppress(RunError):
                directory.write_exit("failed", str(error))


def wake(root: Path, launcher: Launcher, patience: Patience) -> None:
    """Make sure that a folder's supervisor is running. Raises RunError where it cannot be
    started."""
    folder = Queue(root).directory
    with disk.one_sentence(folder.path):
        folder.path.mkdir(exist_ok=True)
        if lock.is_held(folder.file(LOCK)):
            return
        try:
            held = lock.Lock.take(folder.file(LOCK))
        except RunError:  # another process is starting one at this moment
            return
    with held, disk.one_sentence(folder.file(LOG)):
        arguments = [str(root), json.dumps(asdict(patience)), *launcher.command]
        child = spawn([*COMMAND, *arguments], folder.file(LOG), held)
    # Wait for it in a thread: otherwise it would stay a zombie until this process ends.
    threading.Thread(target=child.wait, daemon=True).start()


def attend(runs: Iterable[Run], root: Path, launcher: Launcher, patience: Patience) -> None:
    """Start a supervisor for waiting and running runs if theirs has died. Raises nothing."""
    with contextlib.suppress(RunError):  # reading runs must work on a read-only disk
        alive, waiting = at_work_and_waiting(runs)
        if alive or Queue(root).startable(waiting):
            wake(root, launcher, patience)


def main(arguments: list[str]) -> None:
    root, patience, *command = arguments
    Supervisor(Path(root), Launcher(command), Patience(**json.loads(patience))).run()


if __name__ == "__main__":
    main(sys.argv[1:])
