"""Real processes and real signals: what the page says about a run is true whatever dies, and
when."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resnet.errors import RunError
from resnet.runs import Patience, Run, Store, processes
from resnet.runs.directory import EXIT, LOCK, WORK
from resnet.runs.launcher import Launcher
from resnet.runs.state import PATIENT
from tests import runs_support as support
from tests.runs_support import LONGEST_WAIT_S, NERVOUS, kill_everything, supervisors, wait_for

pytestmark = pytest.mark.training  # real worker processes, though without TensorFlow


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder for runs; whatever still works on them at the end of the test is killed."""
    folder = tmp_path / "runs"
    yield folder
    kill_everything(folder)


def begun(run: Run) -> Run:
    """The run, once it has taken steps."""
    wait_for(lambda: run.state().name == "running" and run.progress().step > 2)
    return run


def worker_of(run: Run) -> processes.Process:
    process = processes.worker(run.directory.work())
    assert process
    return process


def living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if processes.read(pid)]


def test_a_run_goes_from_start_to_finish(root: Path) -> None:
    run = support.store(root, "brief").start(support.spec())
    wait_for(lambda: run.state().over)
    assert run.state().name == "finished"
    assert run.progress().step == run.progress().steps == 3
    assert not run.directory.is_locked()


def test_a_started_run_never_looks_dead(root: Path) -> None:
    """The lock is handed to the worker: there is no gap between the starter letting go and the
    worker taking it."""
    run = support.store(root, "obedient", PATIENT).start(support.spec())
    seen: list[str] = []
    while run.progress().step < 3:
        seen.append(run.state().name)
    order = ["queued", "starting", "running"]
    assert set(seen) <= set(order)
    assert seen == sorted(seen, key=order.index)


def test_kill_9_is_a_crash_with_its_signal(root: Path) -> None:
    run = begun(support.store(root).start(support.spec()))
    os.kill(worker_of(run).pid, signal.SIGKILL)
    wait_for(lambda: not run.directory.is_locked())
    assert run.state().name == "crashed"
    wait_for(lambda: "signal 9 (SIGKILL)" in (run.state().cause or ""))


def test_no_zombie_is_left(root: Path) -> None:
    run = support.store(root, "brief").start(support.spec())
    wait_for(lambda: run.directory.work() is not None)
    pid = run.directory.work().pid
    wait_for(lambda: not Path(f"/proc/{pid}").exists())


def test_a_worker_that_never_got_going_is_a_crash_with_its_last_words(root: Path) -> None:
    run = support.store(root, "mumbling").start(support.spec())
    wait_for(lambda: "exit code 1" in (run.state().cause or ""))
    assert run.state().name == "crashed"
    assert "No module named 'tensorflow'" in run.state().cause
    assert "No module named 'tensorflow'" in run.log_tail()


def test_a_worker_that_cannot_be_started_says_so(root: Path) -> None:
    run = Store(root, Launcher(["/nowhere/python"])).start(support.spec())
    wait_for(lambda: run.state().over)
    assert run.state().name == "failed"
    assert (
        run.state().cause
        == "The process could not be started: No such file or directory; see /nowhere/python."
    )


def test_a_worker_says_why_it_failed(root: Path) -> None:
    run = support.store(root, "failing").start(support.spec())
    wait_for(lambda: run.state().over)
    assert (run.state().name, run.state().cause) == (
        "failed",
        "the images are missing; put them into data/",
    )


SERVER = """
import sys, time
sys.path.insert(0, {home!r})
from tests import runs_support
run = runs_support.store({root!r}).start(runs_support.spec())
print(run.id, flush=True)
time.sleep(600)
"""


def test_a_run_outlives_the_server_that_started_it(root: Path) -> None:
    """The server is killed with -9, its whole process group too; a new store finds the run at work,
    and can stop it."""
    program = SERVER.format(home=str(support.HOME), root=str(root))
    server = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert server.stdout
    run_id = server.stdout.readline().strip()
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()

    store = support.store(root, patience=PATIENT)
    run = begun(store.get(run_id))
    before = run.progress().step
    wait_for(lambda: run.progress().step > before)
    store.stop(run_id)
    assert store.wait(run_id, LONGEST_WAIT_S).state().name == "stopped"


def test_a_killed_worker_whose_starter_is_gone_is_a_crash(root: Path) -> None:
    """Nobody saw how it ended, and the page says no more than is known."""
    run = begun(support.store(root).start(support.spec()))
    processes.send(supervisors(root), signal.SIGKILL)
    os.kill(worker_of(run).pid, signal.SIGKILL)
    wait_for(lambda: not run.directory.is_locked())
    assert (run.state().name, run.state().cause) == (
        "crashed",
        "its process ended without recording a cause",
    )


def test_stop_asks_first(root: Path) -> None:
    store = support.store(root, patience=PATIENT)
    run = begun(store.start(support.spec()))
    state = store.stop(run.id).state()
    assert state.name in {"stopping", "stopped"}
    assert store.wait(run.id, LONGEST_WAIT_S).state().name == "stopped"
    assert run.state().cause is None
    assert not run.directory.is_locked()


def test_stop_has_a_deadline_that_is_shown(root: Path) -> None:
    store = support.store(root, "deaf", Patience(grace_s=500))
    run = begun(store.start(support.spec()))
    state = store.stop(run.id).state()
    assert state.name == "stopping"
    assert state.deadline_s == pytest.approx(time.time() + 500, abs=60)
    asked = run.directory.control()
    store.stop(run.id)
    assert run.directory.control() == asked, "asking again must not move the deadline"


def test_a_deaf_worker_is_ended_with_all_it_started(root: Path) -> None:
    """SIGTERM is ignored, so SIGKILL follows; a child in a session of its own does not escape."""
    store = support.store(root, "deaf")
    run = begun(store.start(support.spec()))
    children = [int(line) for line in run.log_tail().split()]
    assert len(living(children)) == 2
    store.stop(run.id)
    store.wait(run.id, LONGEST_WAIT_S)
    assert run.state().name == "stopped"
    assert "SIGKILL" in run.state().cause
    wait_for(lambda: not living(children))


def test_a_crashed_worker_leaves_no_orphans(root: Path) -> None:
    run = begun(support.store(root, "deaf").start(support.spec()))
    children = [int(line) for line in run.log_tail().split()]
    os.kill(worker_of(run).pid, signal.SIGKILL)
    wait_for(lambda: not living(children))
    assert run.state().name == "crashed"


def test_a_stop_is_carried_out_though_the_asker_died(root: Path) -> None:
    """The deadline stands in control.json: whoever waits for the run next enforces it."""
    run = begun(support.store(root, "deaf").start(support.spec()))
    run.directory.ask_stop()
    assert support.store(root).wait(run.id, LONGEST_WAIT_S).state().name == "stopped"


def test_a_frozen_worker_is_stalled_and_then_runs_again(root: Path) -> None:
    run = begun(support.store(root, patience=NERVOUS).start(support.spec()))
    process = worker_of(run)
    os.kill(process.pid, signal.SIGSTOP)
    wait_for(lambda: run.state().name == "stalled")
    assert "no heartbeat" in run.state().cause
    os.kill(process.pid, signal.SIGCONT)
    wait_for(lambda: run.state().name == "running")


def test_a_worker_without_any_sign_of_life_is_stalled(root: Path) -> None:
    run = support.store(root, "silent", NERVOUS).start(support.spec())
    wait_for(lambda: run.state().name == "stalled")
    assert "since it was started" in run.state().cause


def test_a_reused_number_is_never_killed(root: Path) -> None:
    """process.json names the number of a process that is a stranger: same number, another start."""
    store = support.store(root, "deaf")
    run = begun(store.start(support.spec()))
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    try:
        run.directory.write(WORK, run.directory.work().model_copy(update={"pid": stranger.pid}))
        store.stop(run.id)
        store.wait(run.id, LONGEST_WAIT_S)
        assert stranger.poll() is None, "a stranger was killed"
        assert run.state().name == "stopped"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_signal_reaches_only_the_process_that_was_meant(root: Path) -> None:
    """Between the look and the signal the number may pass to another process."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        process = processes.read(child.pid)
        assert process
        processes.send([process._replace(start_ticks=process.start_ticks - 1)], signal.SIGKILL)
        processes.send([process], signal.SIGTERM)
        assert child.wait() == -signal.SIGTERM
    finally:
        child.kill()
        child.wait()


def test_two_starts_with_one_token_are_one_run(root: Path) -> None:
    """From two threads at once, and again later."""
    store = support.store(root)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: store.start(support.spec(), token="tab"), range(4)))
    assert len({run.id for run in [*runs, store.start(support.spec(seed=1), token="tab")]}) == 1
    assert len(store.list()) == 1


def test_two_tabs_in_one_second_are_one_run_and_another_seed_is_another(root: Path) -> None:
    store = support.store(root, "brief")
    first = store.start(support.spec(), token="one tab")
    assert store.start(support.spec(), token="another tab") == first
    assert store.start(support.spec(seed=1), token="a third") != first


def test_a_second_worker_is_refused(root: Path) -> None:
    store = support.store(root)
    run = begun(store.start(support.spec()))
    with pytest.raises(RunError, match="Only one process may work on a run"):
        store.launcher.launch(run.directory)
    assert run.state().name == "running"


def test_a_stopped_run_goes_on_and_forgets_how_it_ended(root: Path) -> None:
    """Stop then Start: the old stop, exit and heartbeat must not speak for the new process."""
    store = support.store(root, patience=PATIENT)
    run = begun(store.start(support.spec()))
    store.stop(run.id)
    store.wait(run.id, LONGEST_WAIT_S)
    store.resume(run.id)
    assert run.directory.read_json(EXIT) is None
    begun(run)
    with pytest.raises(RunError, match="Only a run that ended too early can be resumed"):
        store.resume(run.id)


def test_a_full_disk_is_the_cause_and_the_curve_stays_whole(root: Path) -> None:
    """The kernel refuses a line in its middle; no half line is left, and what was written is still
    read."""
    run = support.store(root, "full").start(support.spec())
    wait_for(lambda: run.state().over)
    assert run.state().name == "failed"
    assert "Cannot read or write" in run.state().cause
    records, cursor = run.metrics()
    assert cursor.offset == run.metrics_path.stat().st_size <= 20_000
    assert cursor.damaged == 0
    assert records[-1]["step"] > 50


STARVED = """
import resource, sys
sys.path.insert(0, {home!r})
from tests import runs_support
from resnet.errors import RunError
runs_support.spec()
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
try:
    runs_support.store({root!r}).start(runs_support.spec())
except RunError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "limit", [10, 400, 8000], ids=["in the spec", "after a part of it", "in the reserve"]
)
def test_a_start_on_a_full_disk_leaves_nothing(root: Path, limit: int) -> None:
    program = STARVED.format(home=str(support.HOME), root=str(root), limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Cannot read or write")
    assert done.stdout.count("\n") == 1
    assert list(root.iterdir()) == []


def test_a_forked_child_does_not_keep_a_dead_run_alive(root: Path) -> None:
    """A flock is shared by fork; a data loader that outlives the worker must not hold it."""
    folder = root / "20261124-062501-resnet20-digits-3fa9"
    folder.mkdir(parents=True)
    program = (
        "import os, sys, time\n"
        "from resnet.runs.directory import RunDirectory\n"
        "with RunDirectory(sys.argv[1]).lock():\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        os.close(1)\n"
        "        time.sleep(600)\n"
        "    print(child, flush=True)\n"
        "    os._exit(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, folder], stdout=subprocess.PIPE, text=True, check=False
    )
    child = int(done.stdout)
    try:
        assert processes.read(child)
        assert (folder / LOCK).exists()
        assert not Run(folder).directory.is_locked()
    finally:
        os.kill(child, signal.SIGKILL)
