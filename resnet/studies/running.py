"""Running a study: missing runs join the queue, runs that ended too early are resumed, and `wait`
waits for all of them."""

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
    """Put missing runs on the queue, resume those that ended too early, and return all runs in the
    plan's order.

    A second call changes nothing, even at the same moment: the token of a start is the run's
    fingerprint. Where an arm cannot run on this machine, nothing is started: ConfigError. Raises
    RunError as `Store.start` and `Store.resume` do; runs submitted before that stay, and
    the next plan finds them.
    """
    missing = {step.planned.arm.name: step.planned.spec for step in made.steps if step.run is None}
    # All arms are checked before the first start, so that an impossible one starts nothing.
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
        # The token finds the run of an earlier start. If its files are damaged, it cannot be used,
        # so a new run is started without a token.
        return store.start(spec) if run.damage else run
    if step.action == "resume":
        try:
            _resume(step.run, store)
        except UnknownNameError:  # deleted since it was planned
            return _submitted(Step(step.planned, "make"), store)
    return step.run


def _resume(run: Run, store: Store) -> None:
    """Resume a run. Another terminal may have resumed it at the same moment: then its error is
    ignored, since the run is running."""
    try:
        store.resume(run.id)
    except RunError:
        # Still over: the other terminal did not resume it either, so the error is real.
        if run.state().over and run.state().name != "finished":
            raise


class Status(NamedTuple):
    """The progress of a study: the number of runs in each state, and steps done of all steps."""

    states: Mapping[str, int]
    step: int
    steps: int
    over: bool


def status(there: Sequence[Run]) -> Status:
    """The state of these runs now."""
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
    """Wait until every run is over or the time is up. `show` is called about once a second.

    A run whose process dies, or whose machine was restarted, is resumed at most `attempts` times:
    a run that needs too much memory would die again each time. A failed or stopped run is not
    resumed.
    """
    give_up_s = time.monotonic() + timeout_s
    died = Counter[str]()
    while True:
        store.list()  # also starts the supervisor, if runs wait without one
        for run in there:
            # By run: one run that dies again and again does not use up the attempts of the others.
            if died[run.id] < attempts and run.state().name in DIED:
                died[run.id] += 1
                _resume(run, store)
        now = status(there)
        show(now)
        if now.over or time.monotonic() > give_up_s:
            return now
        time.sleep(POLL_S)
