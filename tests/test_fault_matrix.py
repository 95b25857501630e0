"""The fault matrix: a real worker killed in each phase, or finding the disk full at each write, then resumed.

After each fault the state is true, the queue moves on, and the resumed run is the run, to the bit. Faults that need no
TensorFlow stand in test_runs_processes.py, test_runs_queue.py, test_runs_state.py and test_runs_store.py.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resnet.runs import Run, RunSpec, Store, processes
from resnet.runs.directory import CHECKPOINTS
from resnet.runs.launcher import Launcher
from resnet.training import checkpoint
from tests.runs_support import kill_everything, supervisors, wait_for
from tests.training_support import SGD, TIMES, recipe_of, spec_with

pytestmark = pytest.mark.training

FAULTY = Path(__file__).parent / "fault_process.py"
STEPS, PATIENCE_S = 120, 120.0
PHASES = ("starting", "compiling", "stepping", "evaluating", "checkpointing", "exiting")
WRITES = ("environment.json", "metrics.jsonl", "checkpoint", "exit.json")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "runs"
    yield folder
    kill_everything(folder)


def spec(seed: int = 0) -> RunSpec:
    return spec_with(recipe_of(STEPS, SGD | {"seed": seed}))


def with_fault(root: Path, fault: str) -> Store:
    return Store(root, Launcher([sys.executable, str(FAULTY), fault]))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    store = Store(tmp_path_factory.mktemp("whole") / "runs")
    run = store.wait(store.start(spec()).id, PATIENCE_S)
    assert run.state().name == "finished", run.log_tail()
    return run


def curve(run: Run) -> list[dict[str, Any]]:
    kept = [record for record in run.metrics()[0] if "step" in record]
    return [{key: value for key, value in record.items() if key not in TIMES} for record in kept]


def assert_equal(run: Run, whole: Run) -> None:
    assert run.state().name == "finished", run.log_tail()
    assert curve(run) == curve(whole)
    last, expected = (checkpoint.load_last(each.path / CHECKPOINTS, lambda _: None) for each in (run, whole))
    assert last
    assert expected
    for part in ("weights", "optimiser", "best"):
        found, there = getattr(last, part), getattr(expected, part)
        assert found.keys() == there.keys()
        assert all(np.array_equal(found[name], there[name]) for name in there)


@pytest.mark.parametrize("phase", PHASES)
def test_killed_in_a_phase(root: Path, uninterrupted: Run, phase: str) -> None:
    """A crash with its signal, the next run at work by itself, and nothing lost on the way."""
    store = with_fault(root, f"stay:{phase}")
    run = store.start(spec())
    rare = {"compiling", "starting"}
    wait_for(lambda: (beat := run.directory.heartbeat()) is not None and beat.phase == phase, PATIENCE_S)
    if phase not in rare:  # the phase is entered more than once: only the time it stays in counts
        wait_for(lambda: stays(run, phase), PATIENCE_S)
    worker = processes.worker(run.directory.work())
    assert worker
    os.kill(worker.pid, signal.SIGKILL)
    wait_for(lambda: run.state().over)
    wait_for(lambda: "signal 9 (SIGKILL)" in (run.state().cause or ""))
    assert run.state().name == "crashed"
    store.resume(run.id)
    store.wait(run.id, PATIENCE_S)
    assert_equal(run, uninterrupted)


def stays(run: Run, phase: str) -> bool:
    """Whether the worker has been in this phase at this step for a while."""
    first = run.directory.heartbeat()
    time.sleep(1.5)
    second = run.directory.heartbeat()
    if first is None or second is None:
        return False
    return (first.phase, first.step) == (second.phase, second.step) == (phase, first.step)


@pytest.mark.parametrize("file", WRITES)
def test_disk_full_at_a_write(root: Path, uninterrupted: Run, file: str) -> None:
    """One sentence that says so, and a run that goes on once there is room. The last word finds room by itself."""
    store = with_fault(root, f"full:{file}")
    run = store.wait(store.start(spec()).id, PATIENCE_S)
    if file != "exit.json":
        assert run.state().name == "failed", run.log_tail()
        assert run.state().cause == "The disk is full: free some space, then resume the run."
        store.resume(run.id)
        store.wait(run.id, PATIENCE_S)
    assert_equal(run, uninterrupted)


def test_a_worker_that_ends_starts_the_next_run_where_the_supervisor_died(root: Path) -> None:
    """Nobody looks: without the worker's last act, the second run would wait for ever behind a free device."""
    store = Store(root)
    first, second = store.start(spec(1)), store.start(spec(2))
    wait_for(lambda: first.progress().step > 0, PATIENCE_S)
    (supervisor,) = supervisors(root)
    processes.send([supervisor], signal.SIGKILL)
    wait_for(lambda: first.state().over, PATIENCE_S)
    assert first.state().name == "finished", first.log_tail()
    wait_for(second.directory.is_locked, 10)
    wait_for(lambda: second.state().over, PATIENCE_S)
    assert second.state().name == "finished", second.log_tail()
