"""A study at work: what is missing is put on the queue, what ended too early goes on, and all of it
is waited for."""

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from resnet.errors import ConfigError, ResNetLabError, RunError, UnknownNameError
from resnet.runs import Run, Store
from resnet.runs.spec import check_possible
from resnet.studies.plan.study import run_fingerprint
from resnet.studies.planning import Plan, Step

POLL_S = 1.0
DIED = ("crashed", "machine restarted")


def submit(made: Plan, store: Store) -> tuple[Run, ...]:
    """Put what is missing on the queue, let what ended too early go on, and return all runs in the
    plan's order.

    Doing it twice is doing it once, at the same moment too: the token of a start is the run's
    fingerprint. Where an arm cannot run on this machine, nothing is started: ConfigError. Raises
    RunError as `Store.start` and `Store.resume` do; what was submitted by then stays, and is found
    by the next plan.
    """
    missing = {step.planned.arm.name: step.planned.spec for step in made.steps if step.run is None}
    for name, spec in missing.items():
        try:
            check_possible(spec)
        except ResNetLabError as error:
            raise ConfigError(
                f"Nothing was started, since arm {name} cannot run here: {error}"
            ) from None
    return tuple(_submitted(step, store) for step in made.steps)


def _submitted(step: Step, store: Store) -> Run:
    if step.run is None:
        spec = step.planned.spec
        run = store.start(spec, token=f"study-{run_fingerprint(spec)}")
        return store.start(spec) if run.damage else run
    if step.action == "resume":
        try:
            _go_on(step.run, store)
        except UnknownNameError:  # deleted since it was planned
            return _submitted(Step(step.planned, "make"), store)
    return step.run


def _go_on(run: Run, store: Store) -> None:
    """Another terminal may have let it go on just now: then it is at work, and nobody needs to
    know."""
    try:
        store.resume(run.id)
    except RunError:
        if run.state().over and run.state().name != "finished":
            raise


class Status(NamedTuple):
    """Where a study stands: how many of its runs are in which state, and steps done of all
    steps."""

    states: Mapping[str, int]
    step: int
    steps: int
    over: bool


def status(there: Sequence[Run]) -> Status:
    """Where these runs stand now."""
    states = [run.state() for run in there]
    progress = [run.progress() for run in there]
    step, steps = sum(one.step for one in progress), sum(one.steps or 0 for one in progress)
    return Status(
        Counter(state.name for state in states), step, steps, all(state.over for state in states)
    )


def wait(
    there: Sequence[Run],
    store: Store,
    show: Callable[[Status], None],
    *,
    attempts: int = 1,
    timeout_s: float = math.inf,
) -> Status:
    """Until every run is over, or the time is up. `show` is called at every look, about once a
    second.

    A run whose process dies, or whose machine was restarted, goes on by itself, at most `attempts`
    times: one that dies for want of memory would for ever. One that failed or was stopped stays as
    it is.
    """
    give_up_s = time.monotonic() + timeout_s
    died = Counter[str]()
    while True:
        store.list()  # looking sees to it that what waits has its supervisor
        for run in there:
            if died[run.id] < attempts and run.state().name in DIED:
                died[run.id] += 1
                _go_on(run, store)
        now = status(there)
        show(now)
        if now.over or time.monotonic() > give_up_s:
            return now
        time.sleep(POLL_S)
