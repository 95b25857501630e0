"""Starting a worker so that it outlives whoever started it, and noticing how it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import resnet
from resnet.errors import RunError
from resnet.runs import clock, lock, processes
from resnet.runs.directory import ENDED, LOCK, LOG, RunDirectory
from resnet.runs.disk import one_sentence
from resnet.runs.processes import Process
from resnet.runs.records import Ended
from resnet.runs.stopping import clear_away

WORKER = (sys.executable, "-P", "-m", "resnet.training.worker")


class Launcher:
    """Starts workers: `command` followed by the run's directory."""

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self.command = tuple(command)
        self._witnesses: list[threading.Thread] = []

    def launch(self, directory: RunDirectory) -> None:
        """Start a worker on a run that has none. Raises RunError where it has one, or cannot be started.

        The worker leads a session of its own, so nothing that ends the starter reaches it. It is born holding the
        run's lock. Whatever an earlier worker left behind is ended first.
        """
        with lock.turn(directory.path), one_sentence(directory.file(LOCK)):
            with lock.Lock.take(directory.file(LOCK)) as held:
                processes.send(processes.belonging(directory.path, None), signal.SIGKILL)
                directory.forget_attempt()
                began = clock.read()
                child = self._spawn(directory, held.descriptor)
            process = processes.read(child.pid) or Process(child.pid, 0, child.pid)  # gone already
            directory.write_work(process, began)
        witness = threading.Thread(target=_witness, args=(child, directory), daemon=True)
        self._witnesses = [*filter(threading.Thread.is_alive, self._witnesses), witness]
        witness.start()

    def settle(self) -> None:
        """Wait until every worker started here has ended and how it ended is written down."""
        for witness in self._witnesses:
            witness.join()

    def _spawn(self, directory: RunDirectory, locked: int) -> subprocess.Popen[bytes]:
        with directory.file(LOG).open("ab") as log:
            try:
                return subprocess.Popen(
                    [*self.command, str(directory.path.resolve())],
                    cwd=directory.path,
                    env=clean_environment()
                    | {processes.MARK: str(directory.path.resolve()), lock.HANDED_OVER: str(locked)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(locked,),
                )
            except OSError as error:
                raise RunError(f"The worker could not be started: {error.strerror}; see {self.command[0]}.") from None


def clean_environment() -> dict[str, str]:
    """This process's environment, with the way to this package, and without what belongs to a run."""
    home = str(Path(resnet.__file__).resolve().parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {key: value for key, value in os.environ.items() if key not in (processes.MARK, lock.HANDED_OVER)}
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _witness(child: subprocess.Popen[bytes], directory: RunDirectory) -> None:
    """Wait for the worker, so that it is no zombie; write down how it ended; end what it left behind."""
    code = child.wait()
    with contextlib.suppress(RunError, OSError):  # a full disk, or a deleted run: nobody is left to be told
        with lock.turn(directory.path):
            work = directory.work()
            if work is not None and work.pid == child.pid:  # else the run has begun anew
                directory.write(ENDED, Ended(exit_code=code, time_s=clock.now_s()))
        clear_away(directory)
