"""A real worker with a fault: `fault_process.py FAULT RUN_DIRECTORY`. It comes once for a folder of
runs.

`stay:PHASE` writes a file `stays` beside the folder of runs, and does not leave that phase before
there is a file `go`; `full:FILE` finds the disk full when that file is to be written. Any other run
than the one it came to is worked on without TensorFlow, as tests/runs_worker.py does it.
"""

import errno
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import runs_worker

from resnet import files
from resnet.runs import checkpoint, disk, journal
from resnet.training import heartbeat, worker

LATER = {"stepping": 3, "checkpointing": 2, "metrics.jsonl": 4, "checkpoint": 2}
"""Which time it comes, where the first would be too early to lose anything."""

met: Counter[str] = Counter()


def comes(name: str) -> bool:
    met[name] += 1
    return met[name] == LATER.get(name, 1)


def stay(phase: str, go: Path) -> None:
    enter = heartbeat.Heart.enter

    def entered(heart: heartbeat.Heart, now: Any) -> None:
        enter(heart, now)
        if now == phase and comes(phase):
            wait_for(go)

    heartbeat.Heart.enter = entered
    if phase == "starting":
        claim = worker.claim
        worker.claim = lambda *rest: (wait_for(go), claim(*rest))


def wait_for(go: Path) -> None:
    go.with_name("stays").touch()
    while not go.exists():
        time.sleep(0.02)


def full(name: str, go: Path) -> None:
    replace, append, save = disk.replace, journal.Writer.append, checkpoint.save
    aside = files.tempfile.TemporaryDirectory

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

    def beside(*rest: Any, **settings: Any) -> Any:
        if (
            settings.get("prefix") == ".resnet-"
        ):  # where a model is written before it takes its name
            refuse("model.keras")
        return aside(*rest, **settings)

    disk.replace, journal.Writer.append, checkpoint.save = replaced, appended, saved
    files.tempfile.TemporaryDirectory = beside


def main(fault: str, path: str) -> None:
    beside, run = Path(path).parents[1], Path(path).name
    try:
        with (beside / "met").open("x") as file:
            file.write(run)
        kind, _, name = fault.partition(":")
        {"stay": stay, "full": full}[kind](name, beside / "go")
    except FileExistsError:  # it came before: to this run, or to the one before it in the queue
        if (beside / "met").read_text() != run:
            runs_worker.main("obedient", path)
            return
    sys.exit(worker.main([path]))


if __name__ == "__main__":
    main(*sys.argv[1:])
