"""Starting a worker so that it outlives the process that started it, and recording how it ends."""

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
from resnet.runs.directory import LOCK, LOG, RunDirectory
from resnet.runs.disk import one_sentence
from resnet.runs.processes import Process
from resnet.runs.stopping import clear_away

WORKER = (sys.executable, "-P", "-m", "resnet.training.worker")


class Launcher:
    """Starts workers: `command` followed by the run's directory."""

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self.command = tuple(command)
        self._witnesses: list[threading.Thread] = []

    def launch(self, directory: RunDirectory) -> None:
        """Start a worker on a run that has none. Raises RunError where it has one, or cannot be
        started.

        The worker leads a session of its own, so nothing that ends the starter reaches it. It is
        born holding the run's lock. Whatever an earlier worker left behind is ended first.
        """
        with lock.turn(directory.path), one_sentence(directory.file(LOCK)):
            with lock.Lock.take(directory.file(LOCK)) as held:
                processes.send(processes.belonging(directory.path, None), signal.SIGKILL)
                directory.forget_attempt()
                began = clock.read()
                place = str(directory.path.resolve())
                child = spawn([*self.command, place], directory.file(LOG), held, mark=place)
            process = processes.read(child.pid) or Process(child.pid, 0, child.pid)  # gone already
            try:
                directory.write_work(process, began)
            except RunError:  # a worker that cannot be found again must not run
                child.kill()
                child.wait()
                raise
        witness = threading.Thread(target=_witness, args=(child, directory), daemon=True)
        self._witnesses = [*filter(threading.Thread.is_alive, self._witnesses), witness]
        witness.start()

    def settle(self) -> None:
        """Wait until every worker started here has ended and how it ended is written down."""
        for witness in self._witnesses:
            witness.join()


def spawn(
    command: Sequence[str], log: Path, held: lock.Lock, mark: str | None = None
) -> subprocess.Popen[bytes]:
    """A process in a session of its own, beside its log, born holding a lock. Raises RunError where
    there can be none.

    It gets this process's environment with the way to this package, and with `mark` as the run it
    works on, if any.
    """
    home = str(Path(resnet.__file__).resolve().parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        processes.MARK: mark,
    }
    environment[lock.HANDED_OVER] = str(held.descriptor)
    with log.open("ab") as output:
        try:
            return subprocess.Popen(
                command,
                cwd=log.parent,
                env={key: value for key, value in environment.items() if value is not None},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(held.descriptor,),
            )
        except OSError as error:
            raise RunError(
                f"The process could not be started: {error.strerror}; see {command[0]}."
            ) from None


def _witness(child: subprocess.Popen[bytes], directory: RunDirectory) -> None:
    """Wait for the worker, so that it is no zombie; write down how it ended; end what it left
    behind."""
    code = child.wait()
    with contextlib.suppress(
        RunError, OSError
    ):  # a full disk, or a deleted run: there is no place to write it
        with lock.turn(directory.path):
            work = directory.work()
            if work is not None and work.pid == child.pid:  # else the run has begun anew
                directory.write_ended(code)
        clear_away(directory)
