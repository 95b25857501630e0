"""A study at work: what it reuses, what it starts, and that running it again repeats nothing."""

import math
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resnet.errors import ConfigError
from resnet.guards.sharing import same_start
from resnet.runs import Run, Store, processes
from resnet.runs.run import runs_in
from resnet.studies import running
from resnet.studies.plan.factors import Baseline, Factor
from resnet.studies.plan.study import Study, grown
from resnet.studies.planning import EXAMPLE, Failed, Plan, plan
from resnet.studies.running import Status, submit, wait
from tests.runs_support import kill_everything, store, wait_for
from tests.training_support import recipe_of

STEPS, PATIENCE_S = 200, 240.0


SHORT = {"evaluate_every": 60, "checkpoint_every": 20, "log_every": 20}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks more often than a person needs."""
    monkeypatch.setattr(running, "POLL_S", 0.05)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "runs"
    yield folder
    kill_everything(folder)


def study(seeds: tuple[int, ...] = (0, 1), steps: int = STEPS) -> Study:
    base = Baseline(network="resnet8", recipe=recipe_of(steps, SHORT), dataset="digits")
    factors = (Factor(key="network.shortcut", levels=("none",)),)
    return Study(name="tiny", baseline=base, factors=factors, seeds=seeds)


def planned(made: Study, there: Store, failed: Failed = "leave") -> Plan:
    return plan(made, there.list(), failed)


def actions(made: Plan) -> list[str]:
    return [step.action for step in made.steps]


def quiet(now: Status) -> None:
    pass


def run(made: Study, there: Store, **options: Any) -> tuple[tuple[Run, ...], Status]:
    found = submit(planned(made, there), there)
    return found, wait(found, there, quiet, timeout_s=PATIENCE_S, **options)


def test_running_twice_is_running_once_and_growing_adds_only_what_is_new(root: Path) -> None:
    """The same run trained twice costs a night; a run of another study that is equal need not be
    made either."""
    there = store(root, "brief")
    first, status = run(study((0,)), there)
    assert status.states == {"finished": 2}
    again, _ = run(study((0,)).model_copy(update={"name": "another"}), there)
    assert [one.id for one in again] == [one.id for one in first]
    larger = grown(study((0,)), levels={"network.shortcut": ["projection"]}, seeds=[2])
    made = planned(larger, there)
    assert (made.count("reuse"), made.count("make")) == (2, 4)
    submit(made, there)
    assert len(there.list()) == 6
    assert planned(larger, there).count("make") == 0


def test_two_terminals_at_once_start_each_run_once(root: Path) -> None:
    """Both plan before either submits."""
    there = store(root, "brief")
    plans = [planned(study(), there) for _ in range(2)]
    first, second = [submit(made, there) for made in plans]
    assert [one.id for one in first] == [one.id for one in second]
    assert len(there.list()) == 4


def test_nothing_starts_where_one_arm_cannot(root: Path) -> None:
    """Ten runs of a night, then the eleventh refuses: a batch larger than the training part."""
    there = store(root, "brief")
    factors = (Factor(key="recipe.batch_size", levels=(32, 1600)),)
    with pytest.raises(
        ConfigError,
        match=r"Nothing was started, since arm batch_size 1600 cannot run here: .*1,600",
    ):
        submit(planned(study().model_copy(update={"factors": factors}), there), there)
    assert there.list() == []


def test_only_runs_of_the_same_device_are_reused_but_from_whichever_folder_of_data(
    root: Path, tmp_path: Path
) -> None:
    """A float differs between devices; a named data set is the same images in every folder, a
    bundle's too."""
    there = store(root, "brief")
    made = study((0,))
    run(made, there)
    moved = made.baseline.model_copy(update={"data_folder": str(tmp_path / "elsewhere")})
    assert actions(planned(made.model_copy(update={"baseline": moved}), there)) == ["reuse"] * 2
    shared = made.baseline.model_copy(update={"device": "cpu+cpu"})
    again = planned(made.model_copy(update={"baseline": shared}), there)
    assert actions(again) == ["make"] * 2
    assert set(again.images_per_s.values()) == {None}


def test_runs_in_a_folder_without_their_processes_are_reused(root: Path, tmp_path: Path) -> None:
    """What was exported elsewhere has no lock, no request and no heartbeat: only what tells of the
    result."""
    run(study((0,)), store(root, "brief"))
    copies = tmp_path / "bundle"
    for one in runs_in(root):
        (copies / one.id).mkdir(parents=True)
        for name in ("spec.json", "exit.json", "metrics.jsonl"):
            shutil.copy(one.path / name, copies / one.id / name)
    made = plan(study(), runs_in(copies))
    assert actions(made) == ["reuse", "reuse", "make", "make"]
    assert made.images_per_s["baseline"] == 500.0


def test_a_study_cut_short_while_it_submits_goes_on(root: Path) -> None:
    """Killed between two starts, what is missing is made and nothing else."""
    there = store(root, "brief")
    there.start(planned(study(), there).steps[2].planned.spec)
    assert actions(planned(study(), there)).count("make") == 3
    _, status = run(study(), there)
    assert status.states == {"finished": 4}
    assert len(there.list()) == 4


def test_runs_at_work_and_waiting_are_waited_for(root: Path) -> None:
    """Planned while they run, they must not be started again."""
    there = store(root)
    found = submit(planned(study(), there), there)
    wait_for(lambda: any(one.state().alive for one in found))
    assert actions(planned(study(), there)) == ["wait"] * 4
    for one in found:
        there.stop(one.id)
    wait_for(lambda: running.status(found).over)
    assert actions(planned(study(), there)) == ["resume"] * 4


def test_a_failed_run_is_left_alone_unless_asked(root: Path) -> None:
    """Divergence is a result, and would be reached again; a full disk is not, so trying again can
    be asked for."""
    there = store(root, "failing")
    _, status = run(study((0,)), there)
    assert status.states == {"failed": 2}
    assert actions(planned(study((0,)), there)) == ["leave", "leave"]
    assert actions(planned(study((0,)), there, "retry")) == ["resume", "resume"]
    found = submit(planned(study((0,)), there), there)
    assert running.status(found).states == {"failed": 2}


def test_a_run_that_dies_goes_on_by_itself_but_not_for_ever(root: Path) -> None:
    """One that is killed for want of memory each time would keep the device from all others."""
    there = store(root, "mumbling")
    found, status = run(study((0,)), there, attempts=2)
    assert status.states == {"crashed": 2}
    assert all(one.log_tail(50).count("ModuleNotFoundError") == 3 for one in found)


def test_a_fork_is_never_taken_for_a_run_from_the_beginning(root: Path) -> None:
    """It has an equal spec where nothing was changed, and another run's first half."""
    there = store(root, "brief")
    found, _ = run(study((0,)), there)
    from resnet.runs.records import Parent, Request  # noqa: PLC0415

    asked = found[0].request()
    assert asked
    parent = Parent(id=found[1].id, step=1)
    found[0].directory.write(
        "request.json", Request.model_validate(asked.model_dump() | {"parent": parent})
    )
    assert actions(planned(study((0,)), there)) == ["make", "reuse"]


def test_time_comes_from_what_was_measured_here_and_else_is_unknown(root: Path) -> None:
    """A guess shown as a measurement: nobody would know that the night is not enough."""
    there = store(root, "brief")
    assert planned(study(), there).time_s is None
    run(study((0,)), there)
    made = planned(study((0, 1)), there)
    assert set(made.images_per_s.values()) == {500.0}
    batch = made.study.baseline.recipe.batch_size
    assert made.time_s == pytest.approx(2 * STEPS * batch / 500)
    assert planned(study((0,)), there).time_s == 0
    assert made.memory_bytes > 1e6


def test_what_seeds_can_detect() -> None:
    """Two seeds promise little, one nothing."""
    there = Store("nowhere")
    assert math.isinf(planned(study((0,)), there).detectable(0.2))
    assert (
        planned(study((0, 1)), there).detectable(0.2)
        > planned(study((0, 1, 2)), there).detectable(0.2)
        > 0.2
    )


def test_noise_is_measured_from_the_arms_where_there_is_any(root: Path) -> None:
    """A spread between arms taken for a spread between seeds, or the paper's shown as if measured
    here."""
    there = store(root, "brief")
    found, _ = run(study(), there)
    assert planned(study(), there).noise() == EXAMPLE  # equal errors in all seeds are no scatter
    errors = {
        ("baseline", 0): 1.0,
        ("baseline", 1): 2.0,
        ("shortcut none", 0): 40.0,
        ("shortcut none", 1): 43.0,
    }
    for step in planned(study(), there).steps:
        assert step.run
        value = errors[step.planned.arm.name, step.planned.seed]
        step.run.directory.append_metric({"kind": "test", "step": 3, "test_error": value})
    noise = planned(study(), there).noise()
    assert noise.measured
    assert noise.sd == pytest.approx(((0.5 + 4.5) / 2) ** 0.5)
    assert noise.source == "the test error of 4 finished runs of this study"
    assert planned(study((0,)), there).noise() == EXAMPLE
    assert len(found) == 4


@pytest.mark.training
def test_a_study_to_its_end_through_a_killed_worker(root: Path) -> None:
    """Real workers: one is killed in the middle; running the study again finishes it, and repeats
    nothing. What both wrote down proves that they began with the same images and weights."""
    there, made = Store(root), study((0,), steps=60)
    found = submit(planned(made, there), there)
    victim = found[1]
    wait_for(lambda: victim.progress().step >= 40, PATIENCE_S)
    worker = processes.worker(victim.directory.work())
    assert worker
    os.kill(worker.pid, signal.SIGKILL)
    status = wait(found, there, quiet, attempts=0, timeout_s=PATIENCE_S)
    assert status.states == {"finished": 1, "crashed": 1}
    ended = found[0].metrics_path.stat().st_mtime_ns
    assert actions(planned(made, there)) == ["reuse", "resume"]
    again, status = run(made, there)
    assert status.states == {"finished": 2}
    assert [one.id for one in again] == [one.id for one in found]
    assert found[0].metrics_path.stat().st_mtime_ns == ended
    assert actions(planned(made, there)) == ["reuse"] * 2
    assert len(there.list()) == 2
    steps = [record["step"] for record in victim.metrics()[0] if record.get("kind") == "train"]
    assert steps == list(range(20, 61, 20))
    start = same_start(
        {
            step.planned.arm.name: {0: step.run.environment()}
            for step in planned(made, there).steps
            if step.run
        }
    )
    assert start.proven
    assert start.seeds[0].kernels == (8, 8)
