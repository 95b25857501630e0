"""Starting a worker that outlives its starter, and recording how it ends."""

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
        """Start a worker for a run. Raises RunError where the run has one already, or the process
        cannot be started.

        The worker leads a new session, so signals that end the starter do not reach it. It holds
        the run's lock from its first instruction. Processes of an earlier worker are ended first.
        """
        with lock.turn(directory.path), one_sentence(directory.file(LOCK)):
            with lock.Lock.take(directory.file(LOCK)) as held:
                # Safe only under the lock: no living worker of this run can exist now.
                processes.send(processes.belonging(directory.path, None), signal.SIGKILL)
                directory.forget_attempt()
                began = clock.read()
                place = str(directory.path.resolve())
                child = spawn([*self.command, place], directory.file(LOG), held, mark=place)
            process = processes.read(child.pid) or Process(child.pid, 0, child.pid)  # ended already
            try:
                directory.write_work(process, began)
            except RunError:  # without this file, the worker could not be found and stopped
                child.kill()
                child.wait()
                raise
        # daemon: this thread waits as long as the worker lives, and its program may end before
        # that.
        witness = threading.Thread(target=_witness, args=(child, directory), daemon=True)
        self._witnesses = [*filter(threading.Thread.is_alive, self._witnesses), witness]
        witness.start()

    def settle(self) -> None:
        """Wait until every worker started here has ended and its end is recorded."""
        for witness in self._witnesses:
            witness.join()


def spawn(
    command: Sequence[str], log: Path, held: lock.Lock, mark: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a new session, in its log's folder, that holds a lock from its start.
    Raises RunError where it cannot be started.

    It gets this process's environment, with the path to this package and with `mark` as the id of
    its run, if any.
    """
    home = str(Path(resnet.__file__).resolve().parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        # Lines reach the log at once, also the last one before a crash.
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
    """Wait for the worker, record how it ended, and end the processes it left behind. Without the
    wait, it would stay a zombie."""
    code = child.wait()
    # Suppressed: on a full disk, or for a deleted run, the end cannot be recorded.
    with contextlib.suppress(RunError, OSError):
        with lock.turn(directory.path):
            work = directory.work()
            if work is not None and work.pid == child.pid:  # else a new worker has started
                directory.write_ended(code)
        clear_away(directory)
