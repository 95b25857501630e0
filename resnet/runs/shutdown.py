"""Ending all trainings because their machine goes away: `python -m resnet.runs.shutdown ROOT`.

Used by a container that is stopped: its processes are killed as soon as the first one ends, so
nothing would write a checkpoint. Each training is asked to write one and to end; waiting runs keep
waiting, and start when the app is back.
"""

import sys
import time
from pathlib import Path

from resnet.runs import lock
from resnet.runs.run import Run, runs_in

WITHIN_S = 60.0
PAUSE_S = 0.1


def end_all(root: Path, within_s: float = WITHIN_S) -> list[Run]:
    """Ask each run at work in `root` to write a checkpoint and end; returns those that have not
    ended in time.

    Raises RunError where the folder cannot be read.
    """
    if not root.is_dir():
        return []
    give_up = time.monotonic() + within_s
    with lock.turn(root):  # meanwhile the supervisor starts no waiting run
        working = at_work(root)
        for run in working:
            run.directory.ask_stop()
        while working and time.monotonic() < give_up:
            time.sleep(PAUSE_S)
            working = [run for run in working if run.directory.is_locked()]
    return working


def at_work(root: Path) -> list[Run]:
    return [run for run in runs_in(root) if run.directory.is_locked()]


def main(root: str) -> int:
    working = end_all(Path(root))
    for run in working:
        print(f"{run.id} did not end within {WITHIN_S:g} s; its last checkpoint is an older one.")
    return 1 if working else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
