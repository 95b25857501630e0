"""A preview of a new study: its arms, runs, time and memory, and the smallest difference it can
detect."""

import shlex
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app.architecture import exports
from app.elements import views
from app.elements.controls import when_opened
from app.runs import cache as runs_cache
from app.study import build, cache, fields, guards, shelf, wording
from resnet import quantity
from resnet.errors import ResNetLabError
from resnet.guards.twins import proofs
from resnet.network.metrics import Metrics
from resnet.network.numbers import NUMBERS
from resnet.runs.spec import check_possible
from resnet.studies import running
from resnet.studies.compared import promises, references
from resnet.studies.plan.study import Arm, Study
from resnet.studies.plan.study_files import to_text
from resnet.studies.planning import Plan, Step, seeds_for

SETTINGS_PX = 480  # three settings of an arm fit in this width


def new() -> None:
    """The form, and below it a live preview of the study."""
    draft = build.form()
    views.problem(draft.problem)
    # The button stays in its place, so that the page does not jump while a person types.
    if draft.study is None:
        st.button("Start the study", type="primary", icon=":material/play_arrow:", disabled=True)
        return
    try:
        plan = cache.plan(draft.study, runs_cache.store().list())
        problem = _impossible(plan.steps)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    views.problem(problem)
    guards.banner(cache.outlook(plan).doubts)
    _start(plan, disabled=problem is not None)
    views.number_row(numbers_of(plan))
    _arms(plan)
    when_opened("What is equal and what differs", "study_guards", lambda: _guards(plan))
    guards.recipe_check(plan.study, plan.steps)
    as_file(plan.study)


def _impossible(steps: Sequence[Step]) -> str | None:
    """Why a missing run cannot be started, or None."""
    # Once for each arm: its runs differ only in the seed, which cannot make a run impossible.
    for spec in {
        step.planned.arm.name: step.planned.spec for step in steps if step.run is None
    }.values():
        try:
            check_possible(spec)
        except ResNetLabError as error:
            return str(error)
    return None


def _start(plan: Plan, disabled: bool) -> None:
    missing = plan.count("make") + plan.count("resume")
    label = "Start the study" if missing else "Open the study"
    if not st.button(label, type="primary", icon=":material/play_arrow:", disabled=disabled):
        return
    try:
        # Saved before the runs are started: if the start fails halfway, the study is on the shelf
        # and can be continued.
        study = _saved(plan.study)
        running.submit(plan, runs_cache.store())
    except ResNetLabError as error:
        views.problem(str(error))
        return
    shelf.open_study(study.name)
    st.rerun()


def _saved(study: Study) -> Study:
    """Save the study under an unused name. A different study with the same name is not
    overwritten."""
    taken, name, number = cache.shelf(), study.name, 1
    # ":new" and ":example" are values of the same control, so a study must not have these names.
    while name in shelf.TITLES or (name in taken.names() and not _asks_the_same(study, name)):
        number += 1
        name = f"{study.name}_{number}"
    named = study.model_copy(update={"name": name})
    taken.save(named)
    return named


def _asks_the_same(study: Study, name: str) -> bool:
    try:
        return (
            cache.shelf().get(name).fingerprint
            == study.model_copy(update={"name": name}).fingerprint
        )
    except ResNetLabError:
        return False


def numbers_of(plan: Plan) -> list[views.Number]:
    """How much a study will take, and what it can detect."""
    # All but "make" have a run already, also those that are still waiting or have failed.
    existing = len(plan.steps) - plan.count("make")
    reused = f"{existing} of them exist and are reused" if existing else "none exist yet"
    return [
        views.Number(
            "Arms", str(len(plan.arms)), "Number of networks and recipes that are compared."
        ),
        views.Number(
            "Runs", str(len(plan.steps)), f"Each arm with each seed; {reused}.", _below(plan)
        ),
        views.Number(
            "Time",
            _needs(plan, lambda: _time(plan)),
            "Estimated from the images per second of finished runs of the same kind on this"
            " device, for one run after the other. Start times are not included. Not known if no"
            " such run has finished here.",
        ),
        views.Number(
            "Memory",
            _needs(plan, lambda: f"about {quantity.size(plan.memory_bytes)}"),
            "For one run of the largest arm: feature maps of a batch, weights, gradients and"
            " optimiser. TensorFlow needs about 1 GB more.",
        ),
        _can_show(plan),
    ]


def _needs(plan: Plan, need: Callable[[], str]) -> str:
    """A study without missing runs needs nothing."""
    # None means "not measured yet" and is not 0.
    return "nothing to run" if plan.time_s == 0 else need()


def _time(plan: Plan) -> str:
    return "not known yet" if (time_s := plan.time_s) is None else wording.about(time_s)


def _can_show(plan: Plan) -> views.Number:
    """The smallest difference that its seeds can detect, or why they can detect none."""
    if silence := plan.silence():
        return views.Number("Detectable difference", "none", silence)
    noise, seeds = plan.noise(), len(plan.study.seeds)
    points = plan.detectable(noise.sd)
    more = (
        f" With {count} seeds, a difference as small as this standard deviation can be detected."
        # The hint helps only studies with fewer seeds than it names.
        if seeds < (count := seeds_for(1))
        else ""
    )
    about = (
        f"The smallest difference in error that {seeds} seeds detect in four of five studies, if"
        f" the standard deviation between seeds is {noise.sd:.2f} points, as in"
        f" {noise.source}.{more}"
    )
    return views.Number("Detectable difference", f"{points:.2f} points", about)


def _below(plan: Plan) -> str:
    existing = len(plan.steps) - plan.count("make")
    return f"{existing} exist already" if existing else "all to run"


def _arms(plan: Plan) -> None:
    import pandas as pd  # noqa: PLC0415  takes 0.2 s, which other pages need not wait for

    compared, counts = references(plan.study, plan.arms), cache.outlook(plan).counts
    frame = pd.DataFrame(
        [_row(arm, compared[arm.name], counts[arm.name], plan) for arm in plan.arms]
    )
    columns: dict[str, Any] = {
        NUMBERS[key].heading: st.column_config.NumberColumn(format="localized")
        for key in ("depth", "trainable_params")
    }
    columns["Settings"] = st.column_config.TextColumn("Settings", width=SETTINGS_PX)
    st.dataframe(frame, hide_index=True, column_config=columns, key="study_arms")


def _row(arm: Arm, against: str | None, counts: Metrics, plan: Plan) -> dict[str, object]:
    steps = [step for step in plan.steps if step.planned.arm.name == arm.name]
    return {
        "Arm": arm.name,
        "Settings": fields.settings_text(arm.settings) or "–",
        "Compared with": against or "–",
        NUMBERS["depth"].heading: counts.depth,
        NUMBERS["trainable_params"].heading: counts.trainable_params,
        "Runs": wording.states(steps),
    }


def _guards(plan: Plan) -> None:
    guards.sentences(promises(plan.study, plan.arms, plan.specs))
    guards.twins(proofs(arm.config for arm in plan.arms))


def as_file(study: Study) -> None:
    """The study as a file, and the command that runs it."""
    when_opened("File and command line", "study_as_file", lambda: _as_file(study))


def _as_file(study: Study) -> None:
    text = to_text(study, "yaml")
    st.code(
        f"python -m resnet study run {shlex.quote(study.name)}.yaml",
        language="bash",
        wrap_lines=True,
    )
    st.code(text, language="yaml", wrap_lines=True)
    exports.button("YAML", f"{study.name}.yaml", lambda: text)
