"""Ending all trainings because their machine goes away: `python -m resnet.runs.shutdown ROOT`.

Used by a container that is stopped: its processes are killed as soon as the first one ends, so
nothing would write a checkpoint. Each training is asked to write one and to end; waiting runs keep
waiting, and start when the app is back. So the program keeps its turn after it has said `ENDED`,
until its standard input closes: no run begins in the container's last moments.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from resnet.runs import lock
from resnet.runs.run import Run, runs_in

WITHIN_S = 60.0
PAUSE_S = 0.1
ENDED = "All trainings were asked to end."


@contextlib.contextmanager
def all_ended(root: Path, within_s: float = WITHIN_S) -> Iterator[list[Run]]:
    """Ask each run at work in `root` to write a checkpoint and end; gives those that have not
    ended in time. Inside `with` no waiting run begins.

    Raises RunError where the folder cannot be read.
    """
    if not root.is_dir():
        yield []
        return
    give_up = time.monotonic() + within_s
    with lock.turn(root):  # the supervisor starts a run only in a turn of its own
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
    with all_ended(Path(root)) as working:
        for run in working:
            print(f"{run.id} did not end within {WITHIN_S:g} s; its last checkpoint is older.")
        print(ENDED, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
