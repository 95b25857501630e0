"""The process that starts waiting runs: `python -m resnet.runs.supervisor ROOT PATIENCE COMMAND…`.

There is one for a folder of runs, held to that by a lock. It starts by itself when a run is
submitted or found waiting (`wake`), is the parent of every worker, so it sees how each ends,
enforces stops, and ends when nothing waits or runs. It keeps nothing in memory that matters: killed
at any moment, the next one goes on from the directories.
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
    """One folder's loop."""

    def __init__(self, root: Path, launcher: Launcher, patience: Patience) -> None:
        self.root = root
        self.queue = Queue(root)
        self.launcher = launcher
        self.patience = patience

    def run(self) -> None:
        """Until nothing waits or runs. Does nothing where another one is at it."""
        path = self.queue.directory.file(LOCK)
        try:
            held = lock.Lock.inherited(path) or lock.Lock.take(path)
        except RunError:
            return
        while self.step(held):
            time.sleep(PAUSE_S)
        self.launcher.settle()

    def step(self, held: lock.Lock) -> bool:
        """Start what is due, force what is overdue; False, having let go of its lock, where nothing
        is left to do.

        Whoever submits a run does it in a turn too: the run is either seen here, or finds no
        supervisor and wakes one.
        """
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
            with contextlib.suppress(
                RunError
            ):  # not even room for that: it waits on, and is tried again
                directory.write_exit("failed", str(error))


def wake(root: Path, launcher: Launcher, patience: Patience) -> None:
    """See to it that a folder's supervisor is at work. Raises RunError where none can be
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
    threading.Thread(
        target=child.wait, daemon=True
    ).start()  # so that it is no zombie while its starter lives


def attend(runs: Iterable[Run], root: Path, launcher: Launcher, patience: Patience) -> None:
    """See to it that waiting and running runs have their supervisor, should it have died. Raises
    nothing."""
    with contextlib.suppress(RunError):  # looking at runs on a read-only disk is no reason to fail
        alive, waiting = at_work_and_waiting(runs)
        if alive or Queue(root).startable(waiting):
            wake(root, launcher, patience)


def main(arguments: list[str]) -> None:
    root, patience, *command = arguments
    Supervisor(Path(root), Launcher(command), Patience(**json.loads(patience))).run()


if __name__ == "__main__":
    main(sys.argv[1:])
