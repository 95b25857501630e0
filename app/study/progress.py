"""The progress of a study: which runs are finished, active or missing, and buttons to act on
them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import streamlit as st

from app import state
from app.elements import pages, views
from app.study import cache, wording
from resnet.errors import ResNetLabError
from resnet.runs import Store
from resnet.studies import planning, running
from resnet.studies.plan.study import arms_of, grown
from resnet.studies.planning import Plan, Step

PROBLEM, START = "study_problem", "play_arrow"
MOST_LINKS = 120
"""The most links to runs; more would make the page slow. The Runs page lists all runs."""


def busy(plan: Plan) -> bool:
    """Whether a run of the study is waiting or active."""
    return plan.count("wait") > 0


def show(plan: Plan, store: Store) -> None:
    """The progress bar, the buttons and the runs. If an action was refused, the page says why."""
    if problem := state.read(PROBLEM):
        # Shown once. The action was refused in the rerun before this one, which then started anew.
        state.forget(PROBLEM)
        views.problem(problem)
    # A finished study needs no bar.
    if plan.count("reuse") < len(plan.steps):
        done, of = _steps(plan.steps)
        st.progress(min(1.0, done / of), text=_line(plan, done, of))
    with st.container(key="study_acts", horizontal=True):
        _acts(plan, store)
    if busy(plan) and store.queue.order().paused:
        st.caption("The queue is paused, so no run starts. Resume it on the Runs page.")
    # Streamlit keeps an expander open or closed by its key. Two keys: open while runs are active,
    # and closed again at the end.
    label = f"{wording.counted(len(plan.steps), 'run')}: {wording.states(plan.steps)}"
    with st.expander(
        label, key=f"study_runs_{'now' if busy(plan) else 'then'}", expanded=busy(plan)
    ):
        _grid(plan.steps)


def _steps(steps: Sequence[Step]) -> tuple[int, int]:
    """Finished optimiser updates, and all updates of the study."""
    done = sum(_done(step) for step in steps)
    # At least 1, because the caller divides by it.
    return done, max(1, sum(step.planned.spec.recipe.steps for step in steps))


def _done(step: Step) -> int:
    """The finished steps of a run. A curve that cannot be read affects only its own run."""
    if step.action == "reuse":
        return step.planned.spec.recipe.steps
    try:
        return step.run.progress().step if step.run else 0
    except ResNetLabError:
        return 0


def _line(plan: Plan, done: int, of: int) -> str:
    parts = [f"{plan.count('reuse')} of {wording.counted(len(plan.steps), 'run')} finished"]
    parts.append(f"step {done:,} of {of:,}")
    if busy(plan) and (left_s := _time_left_s(plan)) is not None:
        parts.append(f"{wording.about(left_s)} of training left")
    return " · ".join(parts)


def _time_left_s(plan: Plan) -> float | None:
    """Estimated from the speed of finished runs of the same kind. None until each kind of arm was
    measured."""
    try:
        return plan.time_s
    except ResNetLabError:
        return None


def _acts(plan: Plan, store: Store) -> None:
    # While runs wait or are active, the only useful action is to stop them.
    if busy(plan):
        _button("Stop", "stop_circle", partial(_stop, plan, store))
        return
    missing, failed = plan.count("make") + plan.count("resume"), plan.count("leave")
    if missing:
        _button("Start missing runs", START, partial(running.submit, plan, store))
    if failed:
        again = partial(_again, plan, store)
        _button(f"Repeat {wording.counted(failed, 'failed run')}", "refresh", again)
    if not missing:
        _button("Add a seed", "add", partial(_add_a_seed, plan, store))


def _button(label: str, icon: str, act: Callable[[], object]) -> None:
    """An action may change the study, so the whole page is rerun."""
    way: Literal["primary", "secondary"] = "primary" if icon == START else "secondary"
    if not st.button(label, icon=f":material/{icon}:", key=f"study {label}", type=way):
        return
    try:
        act()
    except ResNetLabError as error:
        state.remember(PROBLEM, str(error))
    st.rerun()


def _stop(plan: Plan, store: Store) -> None:
    """Waiting runs are cancelled first, so that none starts while the others stop."""
    waiting = [step for step in plan.steps if step.action == "wait" and step.run]
    for step in sorted(waiting, key=lambda step: wording.state_of(step) != "queued"):
        if step.run and not step.run.state().over:
            store.stop(step.run.id)


def _again(plan: Plan, store: Store) -> None:
    running.submit(planning.plan(plan.study, store.list(), "retry"), store)


def _add_a_seed(plan: Plan, store: Store) -> None:
    """Add a seed to the study. Existing runs are not repeated."""
    # The largest seed and 1: a seed that was left out on purpose is not added.
    larger = grown(plan.study, seeds=[max(plan.study.seeds) + 1])
    cache.shelf().save(larger)
    running.submit(planning.plan(larger, store.list()), store)


def _grid(steps: Sequence[Step]) -> None:
    """A line for each arm, with a symbol for each seed that links to its run."""
    linked = len(steps) <= MOST_LINKS
    for arm in arms_of(step.planned for step in steps):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(views.plain(arm.name), width=140)
            for step in steps:
                if step.planned.arm.name == arm.name:
                    _dot(step, linked)


def _dot(step: Step, linked: bool) -> None:
    name = wording.state_of(step)
    colour, icon = wording.SIGNS[name]
    label = f":{colour}[:material/{icon}:] seed {step.planned.seed}"
    if step.run and linked:
        st.page_link(pages.RUNS, label=label, query_params={"run": step.run.id}, help=name)
    else:
        st.markdown(label, width="content", help=name)
