"""All trainings end when their machine goes away, and what waited waits on."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from runs_support import HOME, kill_everything, spec, store, wait_for

from resnet.runs.shutdown import ENDED, all_ended


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
    with all_ended(root, within_s=30) as working:
        assert working == []
        assert first.state().name == "stopped"
        time.sleep(1.1)  # two looks of the supervisor
        assert second.state().name == "queued"
        kill_everything(root)  # as the kernel does with all that is left in a container
    assert second.state().name == "queued"


def test_the_program_says_when_and_keeps_waiting_runs_waiting(root: Path) -> None:
    """Catches a run that begins between the last word of the program and the container's end."""
    runs = store(root)
    first, second = runs.start(spec(0)), runs.start(spec(1))
    wait_for(lambda: first.state().name == "running")
    command = [sys.executable, "-m", "resnet.runs.shutdown", str(root)]
    program = subprocess.Popen(
        command, cwd=HOME, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with program:
        assert program.stdout and program.stdin
        assert program.stdout.readline().strip() == ENDED
        time.sleep(1.1)
        assert (first.state().name, second.state().name) == ("stopped", "queued")
        program.stdin.close()
        wait_for(lambda: second.state().name == "running")
    assert ENDED in (HOME / "tools" / "contained.sh").read_text()


def test_a_run_that_does_not_end_is_named(root: Path) -> None:
    """Catches a wait without an end, which the engine would answer with a kill."""
    run = store(root, "deaf").start(spec())
    wait_for(lambda: run.state().name == "running")
    with all_ended(root, within_s=0.3) as working:
        assert [left.id for left in working] == [run.id]


def test_there_may_be_no_runs_yet(tmp_path: Path) -> None:
    with all_ended(tmp_path / "runs") as working:
        assert working == []


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    """Catches a traceback in the container's log; no disk takes a name of 300 letters."""
    command = [sys.executable, "-m", "resnet.runs.shutdown", str(tmp_path / ("x" * 300))]
    done = subprocess.run(
        command, cwd=HOME, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
