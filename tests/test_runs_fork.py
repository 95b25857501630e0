"""Forks: where they begin, what they keep of their parent, what is refused, and that a worker goes
on from there."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resnet.errors import ConfigError, RunError, UnknownNameError
from resnet.recipes.recipes import default_recipe
from resnet.recipes.schedule import ConstantSchedule
from resnet.runs import Run, RunSpec, Store, checkpoint
from resnet.runs import store as stores
from resnet.runs.checkpoint import Checkpoint
from resnet.runs.directory import CHECKPOINTS, LOG, REQUEST, SPEC, RunDirectory
from resnet.runs.launcher import Launcher
from tests import runs_support as support
from tests.runs_support import kill_everything, wait_for
from tests.training_support import SMALL

PARENT_ID = "20261124-062501-resnet20-digits-0001"
START_S = 180.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """No worker begins by itself: the queue is paused."""
    store = Store(tmp_path / "runs", Launcher(support.command("brief")), support.HASTY)
    store.root.mkdir()
    store.queue.pause()
    yield store
    kill_everything(store.root)


def parent(store: Store, step: int | None = 100, **state: Any) -> Run:
    """A run of 500 steps that was stopped, with a checkpoint at this step, or none."""
    directory = RunDirectory(store.root / PARENT_ID)
    directory.path.mkdir(parents=True)
    directory.write(SPEC, support.spec())
    if step is not None:
        save(directory, step, **state)
    with directory.lock():
        directory.write_exit("stopped")
    return Run(directory.path)


def save(directory: RunDirectory, step: int, **state: Any) -> Path:
    weights = {"stem.conv/kernel": np.full((3, 3, 1, 4), step, np.float32)}
    slots = {"00000.momentum": np.full(3, step, np.float32)}
    known = {"config": support.spec().config.fingerprint, "warm": False, "running": {"steps": 5}}
    return checkpoint.save(
        directory.file(CHECKPOINTS), Checkpoint(step, weights, slots, known | state)
    )


def beginning(run: Run) -> Checkpoint:
    found = checkpoint.load_last(run.directory.file(CHECKPOINTS), pytest.fail)
    assert found
    return found


def test_a_fork_begins_at_the_last_checkpoint_with_the_changed_recipe(store: Store) -> None:
    first = parent(store)
    save(first.directory, 200)
    fork = store.fork(first.id, {"schedule.learning_rate": 0.01})
    assert fork.spec
    assert first.spec
    assert fork.spec.recipe.schedule.learning_rate == 0.01
    assert fork.spec.model_copy(update={"recipe": first.spec.recipe}) == first.spec.model_copy(
        update={"data_folder": fork.spec.data_folder}
    )
    there = beginning(fork)
    assert there.step == 200
    assert np.array_equal(
        there.weights["stem.conv/kernel"], beginning(first).weights["stem.conv/kernel"]
    )
    assert np.array_equal(
        there.optimiser["00000.momentum"], beginning(first).optimiser["00000.momentum"]
    )
    assert (there.state["warm"], "running" in there.state) == (False, False)
    assert fork.metrics()[0] == []


def test_a_fork_knows_its_parent_and_outlives_it(store: Store) -> None:
    first = parent(store)
    fork = store.fork(first.id, {})
    assert first.parent is None
    assert fork.parent
    assert (fork.parent.id, fork.parent.step) == (first.id, 100)
    shutil.rmtree(first.path)
    assert store.get(fork.id).parent == fork.parent
    assert beginning(fork).step == 100


def test_the_lineage_is_no_part_of_the_spec(store: Store) -> None:
    """A spec with a new field would be unreadable to every earlier version; and a run from before
    has no parent."""
    first = parent(store)
    fork = store.fork(first.id, {})
    spec = json.loads((fork.path / SPEC).read_text())
    assert spec.keys() == json.loads((first.path / SPEC).read_text()).keys()
    request = json.loads((fork.path / REQUEST).read_text())
    assert request.pop("parent") == {"id": first.id, "step": 100}
    fork.directory.write_json(REQUEST, request)
    assert fork.parent is None


def test_the_parent_is_left_as_it_was(store: Store) -> None:
    first = parent(store)
    before = {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    store.fork(first.id, {"steps": 900})
    assert {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()} == before
    assert first.state().name == "stopped"


def test_another_optimiser_begins_anew_with_the_same_weights(store: Store) -> None:
    """SGD's velocities mean nothing to Adam; handing them over would be refused by the worker,
    minutes later."""
    there = beginning(store.fork(parent(store).id, {"optimiser": {"kind": "adam"}}))
    assert there.optimiser == {}
    assert there.weights.keys() == {"stem.conv/kernel"}


def test_another_warm_up_is_not_over_because_the_parents_was(store: Store) -> None:
    first = parent(store, warm=True)
    warmup = {"kind": "error", "learning_rate": 0.01, "error": 50}
    assert "warm" not in beginning(store.fork(first.id, {"warmup": warmup})).state
    assert beginning(store.fork(first.id, {"steps": 600})).state["warm"] is True


def test_a_broken_checkpoint_is_passed_over_with_a_word(store: Store) -> None:
    first = parent(store)
    (save(first.directory, 200) / "weights.npz").write_bytes(b"cut short")
    fork = store.fork(first.id, {})
    assert beginning(fork).step == 100
    assert "step-00000200 is damaged" in (fork.path / LOG).read_text()


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (
            {"steps": 100, "schedule.steps": 90},
            ConfigError,
            "must be above 100, the step of the checkpoint",
        ),
        ({"seed": 1}, ConfigError, "keeps its parent's recipe.seed, 0"),
        (
            {"validation_images": 200},
            ConfigError,
            "keeps its parent's recipe.validation_images, 300",
        ),
        ({"steppes": 900}, UnknownNameError, "did you mean 'steps'"),
        ({"steps": 10}, ConfigError, "must end within the run"),
        ({"batch_size": 1300}, ConfigError, "at most the 1,200"),
    ],
)
def test_what_cannot_go_on_is_refused_and_leaves_nothing(
    store: Store, settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    first = parent(store)
    with pytest.raises(error, match=words) as refusal:
        store.fork(first.id, settings)
    assert "\n" not in str(refusal.value)
    assert [run.id for run in store.list()] == [first.id]


def test_no_checkpoint_is_refused_with_a_way_out(store: Store) -> None:
    with pytest.raises(RunError, match=r"has none\. Its first is written at step 100"):
        store.fork(parent(store, step=None).id, {})


def test_a_checkpoint_of_another_network_is_refused(store: Store) -> None:
    with pytest.raises(
        RunError, match="belongs to another network: it was made for the config 'abc'"
    ):
        store.fork(parent(store, config="abc").id, {})


def test_an_unreadable_parent_is_refused(store: Store) -> None:
    first = parent(store)
    (first.path / SPEC).write_text("{")
    with pytest.raises(RunError, match="needs its parent's spec"):
        store.fork(first.id, {})


def test_forking_twice_is_forking_once_but_a_fork_is_no_start(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tabs, a double click; and the same spec started from nothing at the same moment is
    another run."""
    monkeypatch.setattr(stores, "TWIN_S", 3600.0)  # on a busy machine two seconds may be over
    first = parent(store)
    fork = store.fork(first.id, {})
    assert store.fork(first.id, {}) == fork
    assert fork.spec
    assert store.start(fork.spec) != fork
    assert store.fork(first.id, {"steps": 600}, token="t") == store.fork(
        first.id, {"steps": 700}, token="t"
    )


@pytest.mark.training
def test_a_fork_is_queued_and_begun_as_any_run(store: Store) -> None:
    fork = store.fork(parent(store).id, {})
    assert fork.state().name == "queued"
    store.queue.go_on()
    wait_for(lambda: fork.state().over)
    assert fork.state().name == "finished"


def small_spec(steps: int) -> RunSpec:
    changes = {
        "schedule": ConstantSchedule(learning_rate=0.05),
        "warmup": None,
        "steps": steps,
        "evaluate_every": 20,
        "checkpoint_every": 20,
        "log_every": 10,
    }
    recipe = default_recipe("digits").model_copy(update=changes)
    return RunSpec(network="resnet8", config=SMALL, recipe=recipe, dataset="digits")


@pytest.mark.training
def test_a_real_worker_goes_on_from_the_parents_checkpoint(tmp_path: Path) -> None:
    """Forked at two thirds with nothing changed, a fork ends as its parent; another optimiser takes
    over as told."""
    store = Store(tmp_path / "runs")
    first = store.start(small_spec(steps=60))
    assert store.wait(first.id, START_S).state().name == "finished", first.log_tail()
    at_the_end = beginning(first)
    shutil.rmtree(checkpoint.steps(first.directory.file(CHECKPOINTS))[-1])
    same = store.fork(first.id, {})
    other = store.fork(
        first.id, {"steps": 50, "optimiser": {"kind": "adam"}, "schedule.learning_rate": 0.001}
    )
    for run in (same, other):
        assert store.wait(run.id, START_S).state().name == "finished", run.log_tail()
    assert all(
        np.array_equal(beginning(same).weights[name], values)
        for name, values in at_the_end.weights.items()
    )
    assert trained(same) == [record for record in trained(first) if record["step"] > 40]
    assert [(record["step"], record["learning_rate"]) for record in trained(other)] == [
        (50, pytest.approx(0.001))
    ]
    start = same.metrics()[0][0]
    assert (start["kind"], start["resumed_from"], start["steps"]) == ("start", 40, 60)
    wrote = [
        set(run.environment() or {}) & {"initial_weights", "first_batch"} for run in (first, same)
    ]
    assert wrote == [
        {"initial_weights", "first_batch"},
        set(),
    ]  # a fork begins with its parent's weights


def trained(run: Run) -> list[dict[str, Any]]:
    """The log records without what a clock decides."""
    times = ("time_s", "images_per_s")
    records = []
    for record in run.metrics()[0]:
        if record["kind"] == "train":
            records.append({key: value for key, value in record.items() if key not in times})
    return records
