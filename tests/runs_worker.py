"""A worker without TensorFlow, for what concerns processes only: it keeps the same contract with
its run directory.

    python runs_worker.py BEHAVIOUR RUN_DIRECTORY

obedient   steps until it is asked to stop
brief      finishes after three steps
deaf       never looks at control.json, ignores SIGTERM, and has two children that are as deaf,
           one of them in another session
silent     takes the lock and gives no other sign of life
mumbling   prints, and dies before it takes the lock
failing    says why it fails, as a worker does that has no images
full       writes until the disk refuses: no file of its may grow beyond 20 kB
PHASE      is in this phase (compiling, evaluating, …) for as long as it is let live; exiting: its
           last word is written
"""

import contextlib
import resource
import signal
import subprocess
import sys
import time
from typing import get_args

from resnet.errors import RunError
from resnet.runs.directory import RunDirectory
from resnet.runs.records import Phase

STEP_S = 0.02
CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def main(behaviour: str, path: str) -> None:
    directory = RunDirectory(path)
    if behaviour == "mumbling":
        sys.exit("ModuleNotFoundError: No module named 'tensorflow'")
    with directory.lock():
        if behaviour == "silent":
            time.sleep(600)
        if behaviour == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for new_session in (False, True):
                child = subprocess.Popen(
                    [sys.executable, "-c", CHILD], start_new_session=new_session
                )
                print(child.pid, flush=True)
        if behaviour == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        if behaviour == "failing":
            directory.write_exit("failed", "the images are missing; put them into data/")
            return
        if behaviour in get_args(Phase):
            stay(directory, behaviour)
        work(directory, behaviour)


def work(directory: RunDirectory, behaviour: str) -> None:
    steps = 3 if behaviour == "brief" else 1_000_000
    directory.append_metric(
        {"kind": "start", "time_s": time.time(), "steps": steps, "batch_size": 10}
    )
    for step in range(1, steps + 1):
        with contextlib.suppress(RunError):
            directory.beat(step, "stepping")
        try:
            record(directory, step)
        except RunError as error:
            directory.write_exit("failed", str(error))
            return
        if behaviour != "deaf" and directory.stop_asked():
            directory.write_exit("stopped")
            return
        if behaviour != "full":
            time.sleep(STEP_S)
    directory.write_exit("finished")


def stay(directory: RunDirectory, phase: Phase) -> None:
    if phase == "exiting":
        directory.write_exit("finished")
    while True:
        directory.beat(1, phase)
        time.sleep(STEP_S)


def record(directory: RunDirectory, step: int) -> None:
    place = {"step": step, "time_s": time.time()}
    error = 100 / step
    directory.append_metric({"kind": "train", **place, "images_per_s": 500.0, "learning_rate": 0.1})
    directory.append_metric(
        {"kind": "evaluation", **place, "validation_error": error, "best_validation_error": error}
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
