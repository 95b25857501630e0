"""The fault matrix: a real worker killed in each phase, or finding the disk full at each write,
then resumed.

After each fault the state is true, the queue moves on, and the resumed run is the run, to the bit.
Faults that need no TensorFlow stand in test_runs_processes.py, test_runs_queue.py,
test_runs_state.py and test_runs_store.py.
"""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resnet.errors import RunError
from resnet.runs import Run, RunSpec, Store, checkpoint, disk, processes
from resnet.runs.directory import CHECKPOINTS, REQUEST, WORK, RunDirectory
from resnet.runs.launcher import Launcher
from resnet.runs.records import Request
from resnet.runs.run import by_coming, runs_in
from tests import runs_support as support
from tests.runs_support import HOME, kill_everything, supervisors, wait_for
from tests.training_support import SGD, SMALL, TIMES, recipe_of, spec_with

pytestmark = pytest.mark.training

FAULTY = Path(__file__).parent / "fault_process.py"
STEPS, PATIENCE_S = 220, 120.0
PHASES = ("starting", "compiling", "evaluating", "stepping", "checkpointing", "exiting")
"""In the order in which one run stays in them (tests/fault_process.py)."""

WRITES = ("environment.json", "metrics.jsonl", "checkpoint", "model.keras", "exit.json")
"""In this order one run meets them all."""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "runs"
    yield folder
    kill_everything(folder)


def spec(seed: int = 0) -> RunSpec:
    return spec_with(recipe_of(STEPS, SGD | {"seed": seed}), config=SMALL)


SERVER = """
import sys, time
from pathlib import Path
from tests.test_fault_matrix import spec, with_faults
root, faults, looked = sys.argv[1:]
store = with_faults(Path(root), faults)
if not store.list():
    store.start(spec())
Path(looked).touch()
time.sleep(600)
"""


def with_faults(root: Path, faults: str) -> Store:
    return Store(root, Launcher([sys.executable, str(FAULTY), faults]))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    store = Store(tmp_path_factory.mktemp("whole") / "runs")
    run = store.wait(store.start(spec()).id, PATIENCE_S)
    assert run.state().name == "finished", run.log_tail()
    return run


def curve(run: Run) -> list[dict[str, Any]]:
    steps = []
    for record in run.metrics()[0]:
        if "step" in record:
            steps.append({key: value for key, value in record.items() if key not in TIMES})
    return steps


def assert_equal(run: Run, whole: Run) -> None:
    assert run.state().name == "finished", run.log_tail()
    assert curve(run) == curve(whole)
    last, expected = (
        checkpoint.load_last(each.path / CHECKPOINTS, lambda _: None) for each in (run, whole)
    )
    assert last
    assert expected
    for part in ("weights", "optimiser", "best"):
        found, there = getattr(last, part), getattr(expected, part)
        assert found.keys() == there.keys()
        assert all(np.array_equal(found[name], there[name]) for name in there)


def in_phase(run: Run, phase: str) -> processes.Process:
    """The worker, once it stays in a phase and says so: most are entered more than once, and left
    again."""
    wait_for((run.path.parents[1] / "stays").exists, PATIENCE_S)
    wait_for(lambda: (last := run.directory.heartbeat()) is not None and last.phase == phase)
    worker = processes.worker(run.directory.work())
    assert worker
    return worker


def test_killed_in_every_phase(
    root: Path, uninterrupted: Run, record_property: Callable[[str, object], None]
) -> None:
    """A crash with its signal, the next run at work by itself, and nothing lost on the way: one run
    is killed in each phase, and resumed each time.

    The next run's worker needs no TensorFlow: it is there to be started, by the same queue and the
    same launcher.
    """
    record_property("faults", len(PHASES))
    store = with_faults(root, ",".join(f"stay:{phase}" for phase in PHASES))
    run = store.start(spec())
    for number, phase in enumerate(PHASES):
        following = store.start(spec(number + 1))
        os.kill(in_phase(run, phase).pid, signal.SIGKILL)
        wait_for(lambda: "signal 9 (SIGKILL)" in (run.state().cause or ""))
        assert run.state().name == "crashed"
        wait_for(lambda: following.progress().step > 0, PATIENCE_S)  # noqa: B023  called at once
        store.stop(following.id)
        assert store.wait(following.id, PATIENCE_S).state().name == "stopped"
        (root.parent / "stays").unlink()
        store.resume(run.id)
    store.wait(run.id, PATIENCE_S)
    assert_equal(run, uninterrupted)


def test_the_server_killed_in_every_phase_of_its_run(
    root: Path, tmp_path: Path, uninterrupted: Run, record_property: Callable[[str, object], None]
) -> None:
    """The worker must not notice: same process, same curve. Each server but the first only looks at
    the run."""
    record_property("faults", len(PHASES))
    faults = f"stay:{'+'.join(PHASES)}"
    store = with_faults(root, faults)  # looking wakes a supervisor, which must start that worker
    workers = set()
    for phase in PHASES:
        looked = tmp_path / f"looked-{phase}"
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(root), faults, str(looked)], cwd=HOME
        )
        try:
            wait_for(looked.exists, PATIENCE_S)
            (run,) = store.list()
            workers.add(in_phase(run, phase))
        finally:
            server.kill()
            server.wait()
        (root.parent / "go").touch()
        wait_for(lambda: not (root.parent / "go").exists())
    store.wait(run.id, PATIENCE_S)
    work = run.directory.work()
    assert work
    assert [(worker.pid, worker.start_ticks) for worker in workers] == [
        (work.pid, work.start_ticks)
    ]
    assert_equal(run, uninterrupted)


def test_disk_full_at_every_write(
    root: Path, uninterrupted: Run, record_property: Callable[[str, object], None]
) -> None:
    """One sentence that says so, and a run that goes on once there is room. The last word finds
    room by itself."""
    record_property("faults", len(WRITES))
    store = with_faults(root, ",".join(f"full:{file}" for file in WRITES))
    run = store.start(spec())
    for file in WRITES:
        store.wait(run.id, PATIENCE_S)
        if file == "exit.json":
            break
        assert run.state().name == "failed", (file, run.log_tail())
        assert run.state().cause == "The disk is full: free some space, then resume the run."
        store.resume(run.id)
    met = (root.parent / "met").read_text().splitlines()
    assert met == [run.id] * len(WRITES)
    assert_equal(run, uninterrupted)


def test_a_worker_that_ends_starts_the_next_run_where_the_supervisor_died(root: Path) -> None:
    """Nobody looks: without the worker's last act, the second run would wait for ever behind a free
    device."""
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


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The disk of this process is full when that file is to be written."""
    replace = disk.replace

    def replaced(path: Path, content: bytes) -> None:
        if path.name == name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(path, content)

    monkeypatch.setattr(disk, "replace", replaced)


@pytest.mark.parametrize("file", ["spec.json", "request.json"])
def test_disk_full_at_start_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    refuse(monkeypatch, file)
    with pytest.raises(RunError, match="the disk is full"):
        support.store(root).start(support.spec())
    assert not [path for path in root.iterdir() if path.name != ".queue" and path.is_dir()]


def test_disk_full_when_a_worker_is_named_leaves_no_worker(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that nobody can name would work on unwatched beside a run that is said to have
    failed."""
    store = support.store(root)
    store.queue.directory.path.mkdir(parents=True)
    store.queue.pause()
    run = store.start(support.spec())
    refuse(monkeypatch, WORK)
    with pytest.raises(RunError, match="the disk is full"):
        store.launcher.launch(run.directory)
    assert not run.directory.is_locked()
    assert not processes.belonging(run.path, None)


def test_stop_then_start_is_another_run_in_its_turn(root: Path) -> None:
    """Within the seconds in which two Starts of the same are one."""
    store = support.store(root)
    first = store.start(support.spec())
    wait_for(lambda: first.state().name == "running")
    store.stop(first.id)
    second = store.start(support.spec())
    assert second.id != first.id
    wait_for(lambda: second.state().name == "running")
    assert first.state().name == "stopped"


def test_a_clock_set_back_changes_no_turn(root: Path) -> None:
    """The later run has the earlier date; a run of the machine's last start comes before both."""
    order = [
        ("20261124-100000", "before", 900.0),
        ("20261124-120000", "now", 10.0),
        ("20261124-110000", "now", 20.0),
    ]
    for number, (second, boot, uptime_s) in enumerate(order):
        directory = RunDirectory(root / f"{second}-resnet20-digits-000{number}")
        directory.path.mkdir(parents=True)
        directory.write(REQUEST, Request(time_s=0, uptime_s=uptime_s, boot_id=boot))
    assert [run.id[:15] for run in by_coming(runs_in(root))] == [second for second, *_ in order]
