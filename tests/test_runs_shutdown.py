"""All trainings end when their machine goes away, and what waited waits on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from runs_support import kill_everything, spec, store, wait_for

from resnet.runs.shutdown import end_all


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "runs"
    yield folder
    kill_everything(folder)


def test_a_run_at_work_ends_by_itself_and_the_next_one_does_not_begin(root: Path) -> None:
    """Catches a container that is killed without a checkpoint, or with a run begun in its last
    second."""
    runs = store(root)
    first, second = runs.start(spec(0)), runs.start(spec(1))
    wait_for(lambda: first.state().name == "running")
    assert end_all(root, within_s=30) == []
    assert first.state().name == "stopped"
    assert second.state().name == "queued"
    kill_everything(root)  # as the kernel does with all that is left in a container
    assert second.state().name == "queued"


def test_a_run_that_does_not_end_is_named(root: Path) -> None:
    """Catches a wait without an end, which the engine would answer with a kill."""
    run = store(root, "deaf").start(spec())
    wait_for(lambda: run.state().name == "running")
    assert [left.id for left in end_all(root, within_s=0.3)] == [run.id]


def test_there_may_be_no_runs_yet(tmp_path: Path) -> None:
    assert end_all(tmp_path / "runs") == []
