"""What a new study would do, before it does it: its arms, runs, time, memory, and what it can tell
at all."""

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

SETS_PX = 480  # three settings of an arm, uncut


def new() -> None:
    """The form, and live below it what would be started."""
    draft = build.form()
    views.problem(draft.problem)
    if draft.study is None:
        st.button("Start the study", type="primary", icon=":material/play_arrow:", disabled=True)
        return
    try:
        made = cache.plan(draft.study, runs_cache.store().list())
        problem = _impossible(made.steps)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    views.problem(problem)
    guards.banner(cache.outlook(made).doubts)
    _start(made, disabled=problem is not None)
    views.number_row(numbers_of(made))
    _arms(made)
    when_opened("What is equal, and what differs on purpose", "study_guards", lambda: _guards(made))
    guards.recipe_check(made.study, made.steps)
    as_file(made.study)


def _impossible(steps: Sequence[Step]) -> str | None:
    """Why a run that is still to be made could not be."""
    for spec in {
        step.planned.arm.name: step.planned.spec for step in steps if step.run is None
    }.values():
        try:
            check_possible(spec)
        except ResNetLabError as error:
            return str(error)
    return None


def _start(made: Plan, disabled: bool) -> None:
    missing = made.count("make") + made.count("resume")
    label = "Start the study" if missing else "Open the study"
    if not st.button(label, type="primary", icon=":material/play_arrow:", disabled=disabled):
        return
    try:
        study = _saved(made.study)
        running.submit(made, runs_cache.store())
    except ResNetLabError as error:
        views.problem(str(error))
        return
    shelf.open_study(study.name)
    st.rerun()


def _saved(study: Study) -> Study:
    """On the shelf under a name of its own: a study that is there and asks for something else
    stays."""
    taken, name, number = cache.shelf(), study.name, 1
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


def numbers_of(made: Plan) -> list[views.Number]:
    """What a study is about to cost, and what it can tell."""
    there = len(made.steps) - made.count("make")
    reused = f"{there} of them exist and are used again" if there else "none exists yet"
    return [
        views.Number("Arms", str(len(made.arms)), "Networks and recipes that are compared."),
        views.Number(
            "Runs", str(len(made.steps)), f"Every arm with every seed; {reused}.", _below(made)
        ),
        views.Number(
            "Time",
            _needs(made, lambda: _time(made)),
            "From the images a second of finished runs like these on this device, one run after the"
            " other. Starts are left out. Not known where nothing like it was measured here.",
        ),
        views.Number(
            "Memory",
            _needs(made, lambda: f"about {quantity.size(made.memory_bytes)}"),
            "For one run of the arm that takes most: the maps kept for a batch, weights, gradients"
            " and optimiser. TensorFlow itself takes about 1 GB more.",
        ),
        _can_show(made),
    ]


def _needs(made: Plan, need: Callable[[], str]) -> str:
    """A study whose runs are all over needs nothing any more."""
    return "nothing to run" if made.time_s == 0 else need()


def _time(made: Plan) -> str:
    return "not known yet" if (time_s := made.time_s) is None else wording.about(time_s)


def _can_show(made: Plan) -> views.Number:
    """The smallest difference its seeds would show, or why they would show none."""
    if silence := made.silence():
        return views.Number("Can show", "nothing", silence)
    noise, seeds = made.noise(), len(made.study.seeds)
    points = made.detectable(noise.sd)
    more = (
        f" {count} seeds would show as little as that scatter."
        if seeds < (count := seeds_for(1))
        else ""
    )
    about = (
        f"The smallest difference in error that {seeds} seeds show in four of five studies, where"
        f" seeds scatter as in {noise.source}: by {noise.sd:.2f} points.{more}"
    )
    return views.Number("Can show", f"{points:.2f} points", about)


def _below(made: Plan) -> str:
    there = len(made.steps) - made.count("make")
    return f"{there} there already" if there else "all to be made"


def _arms(made: Plan) -> None:
    import pandas as pd  # noqa: PLC0415  a fifth of a second that other pages need not wait for

    compared, counts = references(made.study, made.arms), cache.outlook(made).counts
    frame = pd.DataFrame(
        [_row(arm, compared[arm.name], counts[arm.name], made) for arm in made.arms]
    )
    columns: dict[str, Any] = {
        NUMBERS[key].heading: st.column_config.NumberColumn(format="localized")
        for key in ("depth", "trainable_params")
    }
    columns["Sets"] = st.column_config.TextColumn("Sets", width=SETS_PX)
    st.dataframe(frame, hide_index=True, column_config=columns, key="study_arms")


def _row(arm: Arm, against: str | None, counts: Metrics, made: Plan) -> dict[str, object]:
    own = [step for step in made.steps if step.planned.arm.name == arm.name]
    return {
        "Arm": arm.name,
        "Sets": fields.settings_text(arm.settings) or "–",
        "Compared with": against or "–",
        NUMBERS["depth"].heading: counts.depth,
        NUMBERS["trainable_params"].heading: counts.trainable_params,
        "Runs": wording.states(own),
    }


def _guards(made: Plan) -> None:
    guards.sentences(promises(made.study, made.arms, made.specs))
    guards.twins(proofs(arm.config for arm in made.arms))


def as_file(study: Study) -> None:
    """The study as text, and what to type."""
    when_opened("As a file, and on the command line", "study_as_file", lambda: _as_file(study))


def _as_file(study: Study) -> None:
    text = to_text(study, "yaml")
    st.code(
        f"python -m resnet study run {shlex.quote(study.name)}.yaml",
        language="bash",
        wrap_lines=True,
    )
    st.code(text, language="yaml", wrap_lines=True)
    exports.button("YAML", f"{study.name}.yaml", lambda: text)
