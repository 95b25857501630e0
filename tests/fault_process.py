"""A real worker with faults: `fault_process.py FAULT,FAULT… RUN_DIRECTORY`. Each start of the first
run has the next fault; starts after the last one have none.

`stay:PHASE` writes a file `stays` beside the folder of runs, and does not leave that phase before
there is a file `go`; `stay:PHASE+PHASE` does so in each. `full:FILE` finds the disk full when that
file is to be written. Any other run is worked on without TensorFlow, as tests/runs_worker.py does
it.
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


def stay(phases: str, go: Path) -> None:
    enter, claim = heartbeat.Heart.enter, worker.claim
    wanted = phases.split("+")

    def entered(heart: heartbeat.Heart, now: Any) -> None:
        enter(heart, now)
        if now in wanted and now != "starting" and comes(now):
            wait_for(go)

    def claimed(*rest: Any) -> None:
        wait_for(go)
        claim(*rest)

    heartbeat.Heart.enter = entered
    if "starting" in wanted:
        worker.claim = claimed


def wait_for(go: Path) -> None:
    stays = go.with_name("stays")
    stays.touch()
    while not go.exists():
        time.sleep(0.02)
    go.unlink()
    stays.unlink()


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


def main(faults: str, path: str) -> None:
    beside, run = Path(path).parents[1], Path(path).name
    met = beside / "met"  # the run, once for each of its starts
    starts = met.read_text().splitlines() if met.exists() else []
    if starts and starts[0] != run:
        runs_worker.main("obedient", path)
        return
    met.write_text("\n".join([*starts, run]))
    coming = faults.split(",")[len(starts) :]
    if coming:
        kind, _, name = coming[0].partition(":")
        {"stay": stay, "full": full}[kind](name, beside / "go")
    sys.exit(worker.main([path]))


if __name__ == "__main__":
    main(*sys.argv[1:])
