"""The queue: runs wait for their device, and whatever is killed, nothing is lost and the next one
begins."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.errors import UnknownNameError
from resnet.runs import Run, Store, devices, lock, processes
from resnet.runs.directory import SPEC
from resnet.runs.queue import FOLDER, LOCK, ORDER, due
from resnet.runs.records import Phase
from tests import runs_support as support
from tests.runs_support import kill_everything, supervisors, wait_for

pytestmark = pytest.mark.training  # real worker processes, though without TensorFlow


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "runs"
    yield folder
    kill_everything(folder)


def submit(store: Store, count: int) -> list[Run]:
    """Runs that differ in their seed, the first to come first."""
    return [store.start(support.spec(seed=seed)) for seed in range(count)]


def running(run: Run) -> bool:
    return run.state().name == "running"


def waits(run: Run) -> bool:
    return run.state().name == "queued"


names = st.sampled_from(["cpu", "gpu0", "gpu1", "gpu2"])


@given(waiting=st.lists(names, max_size=12), busy=st.sets(names))
def test_each_free_device_gets_the_first_that_waits_for_it(
    waiting: list[str], busy: set[str]
) -> None:
    rows = [(f"run{place}", device) for place, device in enumerate(waiting)]
    started = dict(row for row in rows if row[0] in due(rows, busy))
    assert len(set(started.values())) == len(started), "two runs on one device"
    assert set(started.values()) == set(waiting) - busy, (
        "a busy device is taken, or a free one left"
    )
    for run_id, device in started.items():
        assert run_id == next(other for other, wanted in rows if wanted == device), (
            "somebody jumped the queue"
        )


def test_runs_take_turns_in_the_order_they_came(root: Path) -> None:
    runs = submit(support.store(root, "brief"), 3)
    wait_for(lambda: all(run.state().name == "finished" for run in runs))
    began = [run.directory.work().time_s for run in runs]
    ended = [run.state().since_s for run in runs]
    assert began == sorted(began)
    assert all(end <= begin for end, begin in zip(ended, began[1:], strict=False)), (
        "two runs at once on one device"
    )


def test_the_supervisor_ends_with_its_work(root: Path) -> None:
    store = support.store(root, "brief")
    run = store.start(support.spec())
    wait_for(lambda: run.state().over)
    wait_for(lambda: not supervisors(root))
    store.list()
    assert not supervisors(root), "looking at runs that are over starts nothing"


def test_a_waiting_run_says_what_it_waits_for(root: Path) -> None:
    store = support.store(root)
    first, second, third = submit(store, 3)
    wait_for(lambda: running(first))
    assert store.why_waiting(second) == "waits for cpu, behind 1 run"
    assert store.why_waiting(third) == "waits for cpu, behind 2 runs"
    store.queue.hold(second.id)
    assert store.why_waiting(second) == "held back"
    assert store.why_waiting(third) == "waits for cpu, behind 1 run"
    store.queue.pause()
    assert store.why_waiting(third) == "the queue is paused"


def test_waiting_runs_can_be_moved(root: Path) -> None:
    store = support.store(root)
    first, second, third, fourth = submit(store, 4)
    wait_for(lambda: running(first))
    store.queue.move(fourth.id, 0, store.waiting())
    assert store.waiting() == [fourth, second, third]
    store.queue.move(second.id, 99, store.waiting())
    assert store.waiting() == [fourth, third, second]
    with pytest.raises(UnknownNameError, match="waiting run"):
        store.queue.move(first.id, 0, store.waiting())
    store.stop(first.id)
    wait_for(lambda: running(fourth))
    assert waits(second)
    assert waits(third)


def test_a_held_run_is_passed_over_until_it_is_released(root: Path) -> None:
    """With only held runs left the supervisor goes, and looking does not bring it back; releasing
    does."""
    store = support.store(root)
    first, second, third = submit(store, 3)
    wait_for(lambda: running(first))
    store.queue.hold(second.id)
    store.stop(first.id)
    wait_for(lambda: running(third))
    store.stop(third.id)
    wait_for(lambda: not supervisors(root))
    store.list()
    assert not supervisors(root)
    assert waits(second)
    store.queue.release(second.id)
    wait_for(lambda: running(second))


def test_a_paused_queue_starts_nothing(root: Path) -> None:
    store = support.store(root)
    first, second = submit(store, 2)
    wait_for(lambda: running(first))
    store.queue.pause()
    store.stop(first.id)
    wait_for(lambda: not supervisors(root))
    assert waits(second)
    store.queue.go_on()
    wait_for(lambda: running(second))


def test_a_run_taken_back_or_deleted_is_not_started(root: Path) -> None:
    store = support.store(root)
    first, second, third, fourth = submit(store, 4)
    wait_for(lambda: running(first))
    store.stop(second.id)
    store.delete(third.id)
    store.stop(first.id)
    wait_for(lambda: running(fourth))
    assert (second.state().name, second.state().cause) == ("stopped", "cancelled before it began")
    assert store.restore(third.id).state().name == "queued"


@pytest.mark.parametrize("phase", get_args(Phase))
def test_a_worker_killed_in_any_phase_frees_its_device(root: Path, phase: Phase) -> None:
    """kill -9 while starting, compiling, stepping, evaluating, checkpointing, exiting: the truth,
    and the next run."""
    first, second = submit(support.store(root, phase), 2)
    wait_for(lambda: (beat := first.directory.heartbeat()) is not None and beat.phase == phase)
    os.kill(first.directory.work().pid, signal.SIGKILL)
    wait_for(second.directory.is_locked)
    if phase == "exiting":
        assert first.state().name == "finished", "its last word was spoken"
    else:
        wait_for(lambda: first.state().name == "crashed" and "SIGKILL" in first.state().cause)


@pytest.mark.parametrize("phase", ["starting", "stepping", "exiting"])
def test_a_supervisor_killed_in_any_phase_is_replaced_by_whoever_looks(
    root: Path, phase: Phase
) -> None:
    """The worker goes on under its successor, which starts the next run in its turn, and none
    twice."""
    store = support.store(root, phase)
    first, second = submit(store, 2)
    wait_for(lambda: (beat := first.directory.heartbeat()) is not None and beat.phase == phase)
    work = first.directory.work()
    (supervisor,) = supervisors(root)
    processes.send([supervisor], signal.SIGKILL)
    wait_for(
        lambda: not lock.is_held(root / FOLDER / LOCK)
    )  # the kernel lets go of it a moment after the death
    assert first.state().alive
    store.list()
    wait_for(lambda: len(supervisors(root)) == 1)
    assert first.directory.work() == work, "the worker was started anew"
    assert waits(second)
    os.kill(work.pid, signal.SIGKILL)
    wait_for(second.directory.is_locked)
    assert first.state().over


SUBMITTER = """
import os, signal, sys
sys.path.insert(0, {home!r})
from resnet.runs import supervisor
from tests import runs_support
supervisor.wake = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
runs_support.store({root!r}).start(runs_support.spec())
"""


def test_a_run_whose_submitter_died_is_started_by_whoever_looks(root: Path) -> None:
    """Killed after the run's directory appeared and before anything was told of it."""
    program = SUBMITTER.format(home=str(support.HOME), root=str(root))
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    (run,) = support.store(root).list()
    wait_for(lambda: running(run))


def test_deleting_what_the_queue_wrote_loses_nothing(root: Path) -> None:
    store = support.store(root)
    first, second = submit(store, 2)
    wait_for(lambda: running(first))
    store.queue.hold(first.id)
    shutil.rmtree(root / ".queue")
    assert running(first)
    assert [run.id for run in store.list()] == [second.id, first.id]
    store.stop(first.id)
    wait_for(lambda: running(second))
    assert first.state().name == "stopped"


def test_a_damaged_order_is_the_order_of_coming(root: Path) -> None:
    store = support.store(root)
    runs = submit(store, 3)
    wait_for(lambda: running(runs[0]))
    store.queue.move(runs[2].id, 0, store.waiting())
    (root / ".queue" / ORDER).write_text('{"first": 3')
    assert store.waiting() == runs[1:]


def test_a_run_that_cannot_begin_blocks_nobody(root: Path) -> None:
    """Its spec was damaged while it waited."""
    store = support.store(root)
    first, second, third = submit(store, 3)
    wait_for(lambda: running(first))
    (second.path / SPEC).write_text("{")
    store.stop(first.id)
    wait_for(lambda: running(third))
    assert (second.state().name, second.state().cause) == ("failed", second.damage)
    store.stop(third.id)
    wait_for(lambda: not supervisors(root))


def test_there_is_one_supervisor(root: Path) -> None:
    """Ten stores see a waiting run at once and each wakes one; all but one find the lock taken and
    go."""
    run = support.store(root).start(support.spec())
    for _ in range(10):
        support.store(root).list()
    wait_for(lambda: running(run))
    wait_for(lambda: len(supervisors(root)) == 1)


class _Driver:
    """An NVIDIA driver with two GPUs of 10 GB; on the second a stranger's process, and a desktop's
    helper on both."""

    NVMLError = RuntimeError

    def __init__(self) -> None:
        self.strangers = {0: [(7, 1 << 20)], 1: [(7, 1 << 20), (1234, 3 << 30)]}

    def __getattr__(self, name: str) -> object:
        answers = {
            "nvmlInit": lambda: None,
            "nvmlShutdown": lambda: None,
            "nvmlDeviceGetCount": lambda: 2,
            "nvmlDeviceGetHandleByIndex": lambda number: number,
            "nvmlDeviceGetName": lambda number: f"Great GPU {number}",
            "nvmlDeviceGetMemoryInfo": lambda number: _Facts(free=4 << 30, total=10 << 30),
            "nvmlDeviceGetComputeRunningProcesses": lambda number: [
                _Facts(pid=pid, usedGpuMemory=used) for pid, used in self.strangers[number]
            ],
        }
        return answers[name]


class _Facts:
    def __init__(self, **facts: int) -> None:
        self.__dict__.update(facts)


def test_gpus_come_first_by_name_with_their_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "pynvml", _Driver())
    *gpus, cpu = devices.list_devices()
    assert [(gpu.id, gpu.name, gpu.free_bytes, gpu.total_bytes) for gpu in gpus] == [
        ("gpu0", "Great GPU 0", 4 << 30, 10 << 30),
        ("gpu1", "Great GPU 1", 4 << 30, 10 << 30),
    ]
    assert cpu.id == "cpu"


def test_a_strangers_gpu_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs wait for both GPUs; the free one is used, and the other run says who is in its
    way."""
    monkeypatch.setattr(devices, "pynvml", _Driver())
    store = support.store(root)
    monkeypatch.setattr("resnet.runs.supervisor.wake", lambda *_: None)
    on_free, on_busy = (store.start(support.spec(device=device)) for device in ("gpu0", "gpu1"))
    assert store.queue.next_runs([on_free, on_busy], []) == [on_free]
    assert "process 1234" in store.why_waiting(on_busy)
    assert "moment" in store.why_waiting(on_free)
