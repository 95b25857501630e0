"""Stopping all trainings before their machine stops: `python -m resnet.runs.shutdown ROOT`.

Used when a container stops. Its processes are killed as soon as the first one ends, so without this
no checkpoint would be written. Each training is asked to write one and to end. Waiting runs keep
waiting and start when the app is back. After printing `ENDED`, the program keeps the folder's lock
until its standard input closes, so that no waiting run starts in between.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from resnet.errors import RunError
from resnet.runs import disk, lock
from resnet.runs.run import Run, runs_in

WITHIN_S = 60.0
PAUSE_S = 0.1
ENDED = "All trainings were asked to end."


@contextlib.contextmanager
def all_ended(root: Path, within_s: float = WITHIN_S) -> Iterator[list[Run]]:
    """Ask each running run in `root` to write a checkpoint and end. Gives those that did not end in
    time. Inside `with`, no waiting run starts.

    Raises RunError where the folder cannot be read.
    """
    with disk.one_sentence(root):
        there = root.is_dir()
    if not there:
        yield []
        return
    give_up = time.monotonic() + within_s
    with lock.turn(root):  # the supervisor starts runs only while it holds this lock
        working = at_work(root)
        for run in working:
            run.directory.ask_stop()
        while working and time.monotonic() < give_up:
            time.sleep(PAUSE_S)
            working = [run for run in working if run.directory.is_locked()]
        yield working


def at_work(root: Path) -> list[Run]:
    return [run for run in runs_in(root) if run.directory.is_locked()]


def main(root: str) -> None:
    try:
        with all_ended(Path(root)) as working:
            for run in working:
                print(f"{run.id} did not end within {WITHIN_S:g} s; its last checkpoint is older.")
            print(ENDED, flush=True)
            sys.stdin.read()
    except RunError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
