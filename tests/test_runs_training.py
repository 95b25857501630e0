"""The store and the real worker, from Start to the last word."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from resnet.recipes.recipes import default_recipe
from resnet.recipes.schedule import ConstantSchedule
from resnet.runs import RunSpec, Store, processes
from resnet.runs.directory import TEMPORARY
from tests import runs_support as support
from tests.runs_support import kill_everything, supervisors, wait_for
from tests.training_support import SMALL

START_S = 180.0


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    kill_everything(tmp_path)


def small_spec(steps: int) -> RunSpec:
    """A small network on digits, at one learning rate, so that its length can be changed."""
    schedule = ConstantSchedule(learning_rate=0.05)
    changes = {
        "schedule": schedule,
        "warmup": None,
        "steps": steps,
        "evaluate_every": 20,
        "log_every": 10,
    }
    recipe = default_recipe("digits").model_copy(update=changes)
    return RunSpec(network="resnet8", config=SMALL, recipe=recipe, dataset="digits")


@pytest.mark.training
@pytest.mark.parametrize("supervised", [True, False])
def test_a_killed_worker_leaves_nothing_in_the_temporary_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch, supervised: bool
) -> None:
    """Catches a worker whose temporary files stay when it is killed: TensorFlow's generated code
    once filled /tmp so. No code is generated now, so the test adds a file.

    Where the supervisor is killed as well, the next start of the run removes them.
    """
    system = root / "tmp"
    system.mkdir()
    monkeypatch.setenv("TMPDIR", str(system))
    store = Store(root / "runs")
    run = store.start(small_spec(steps=100_000))
    wait_for(lambda: run.progress().step > 0 or run.state().over, START_S)
    own = run.directory.file(TEMPORARY)
    assert list(own.iterdir()) == []
    (own / "generated.py").touch()
    if not supervised:
        processes.send(supervisors(store.root), signal.SIGKILL)
    worker = processes.worker(run.directory.work())
    assert worker
    os.kill(worker.pid, signal.SIGKILL)
    wait_for(lambda: not run.directory.is_locked())
    if not supervised:
        assert own.exists()
        store.launcher.command = support.command("brief")
        store.resume(run.id)
        store.wait(run.id, START_S)
    wait_for(lambda: not own.exists())
    assert not list(system.rglob("*"))


@pytest.mark.training
def test_start_stop_start_and_finish(root: Path) -> None:
    """Stop makes a checkpoint and ends by itself; the run goes on from there and says that it is
    finished."""
    store = Store(root)
    run = store.start(small_spec(steps=2000))
    wait_for(lambda: run.progress().last_validation_error is not None or run.state().over, START_S)
    assert run.state().name == "running", run.state()
    assert run.progress().time_left_s > 0
    store.stop(run.id)
    store.wait(run.id, START_S)
    assert (run.state().name, run.state().cause) == ("stopped", None), run.log_tail()
    reached = run.progress().step

    run.directory.write("spec.json", small_spec(steps=reached + 30))
    store.resume(run.id)
    assert store.wait(run.id, START_S).state().name == "finished", run.log_tail()
    records, cursor = run.metrics()
    steps = [record["step"] for record in records if record["kind"] == "train"]
    assert steps == sorted(set(steps))
    assert steps[-1] == run.progress().step == reached + 30
    assert 0 <= run.progress().best_validation_error <= run.progress().last_validation_error <= 100
    assert cursor.damaged == 0
    assert run.environment()
    assert not run.directory.file(TEMPORARY).exists()
