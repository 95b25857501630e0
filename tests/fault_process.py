"""A real worker with a fault: `fault_process.py FAULT RUN_DIRECTORY`. The fault comes once for a run; then it works.

`stay:PHASE` does not leave that phase; `full:FILE` finds the disk full when that file is to be written.
"""

import errno
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from resnet.runs import disk, journal
from resnet.training import checkpoint, heartbeat, worker

LATER = {"stepping": 3, "checkpointing": 2, "metrics.jsonl": 4, "checkpoint": 2}
"""Which time it comes, where the first would be too early to lose anything."""

met: Counter[str] = Counter()


def comes(name: str) -> bool:
    met[name] += 1
    return met[name] == LATER.get(name, 1)


def stay(phase: str) -> None:
    enter = heartbeat.Heart.enter

    def entered(heart: heartbeat.Heart, now: Any) -> None:
        enter(heart, now)
        if now == phase and comes(phase):
            for_ever()

    heartbeat.Heart.enter = entered
    if phase == "starting":
        worker.claim = lambda *_: for_ever()


def for_ever() -> NoReturn:
    while True:
        time.sleep(1)


def full(name: str) -> None:
    replace, append, save = disk.replace, journal.Writer.append, checkpoint.save

    def refuse(file: str) -> None:
        if file == name and comes(name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def replaced(path: Path, *rest: Any) -> None:
        refuse(path.name)
        replace(path, *rest)

    def appended(self: journal.Writer, record: Any) -> None:
        refuse("metrics.jsonl")
        append(self, record)

    def saved(folder: Path, *rest: Any) -> Path:
        refuse("checkpoint")
        return save(folder, *rest)

    disk.replace, journal.Writer.append, checkpoint.save = replaced, appended, saved


def main(fault: str, path: str) -> None:
    marker = Path(path).parent.parent / f"met-{Path(path).name}"
    if not marker.exists():
        marker.touch()
        kind, _, name = fault.partition(":")
        {"stay": stay, "full": full}[kind](name)
    sys.exit(worker.main([path]))


if __name__ == "__main__":
    main(*sys.argv[1:])
