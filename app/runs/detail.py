"""One run: its state and the reason, numbers, curves, log, settings and downloads."""

import json
from typing import Any, TypeVar

import streamlit as st

from app.elements import charts, pages, views
from app.elements.controls import when_opened
from app.runs import actions, cache, facts, wording
from resnet import history, quantity
from resnet.errors import ResNetLabError
from resnet.network.link import choice_of
from resnet.runs import Run, Store
from resnet.runs.command import command
from resnet.runs.journal import Line
from resnet.runs.progress import Progress
from resnet.runs.spec import RunSpec
from resnet.runs.state import State

LOG_LINES = 40
PHASES = {
    "compiling": "TensorFlow is compiling the training step",
    "starting": "TensorFlow is starting",
}
T = TypeVar("T")
ALONG: tuple[charts.Along, ...] = ("step", "epoch", "hour")
SCALES: tuple[charts.Scale, ...] = ("linear", "log")
SMOOTHING = (1, 5, 20, 100)


def show(store: Store, run: Run) -> None:
    """Everything about a run, as it is in its folder now."""
    # Read once, so that all parts of the page show the same moment. Each is a read from the disk.
    now, spec = run.state(), run.spec
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(
            f"{wording.network(spec)} on {wording.dataset(spec)}", anchor=False, width="content"
        )
        with st.container(key="state", width="content"):
            wording.badge(now)
        if spec:
            st.page_link(
                pages.ARCHITECTURE,
                label="Architecture",
                icon=":material/account_tree:",
                query_params=choice_of(spec.config).to_query(),
            )
        actions.buttons(store, run, now)
    _cause(now)
    if parent := run.parent:
        st.caption(
            views.plain(
                f"Continues run {parent.id} from step {parent.step:,}, with a changed recipe."
            )
        )
    try:
        progress, records = run.progress(), cache.journal(run.id).catch_up(run)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    facts.warnings(records)
    _figures(now, progress, records)
    facts.small_print(records, _environment(run))
    _curves(store, run, now, records, progress.steps or 1)
    when_opened(
        "Log",
        "log",
        lambda: st.code(run.log_tail(LOG_LINES) or "Nothing was printed yet.", language=None),
    )
    when_opened("Settings and downloads", "made_of", lambda: _made_of(run, spec))
    when_opened("Note and tags", "notes", lambda: actions.notes(run))


def _environment(run: Run) -> dict[str, Any] | None:
    """The environment that the worker recorded. None if there is no record yet or it cannot be
    read; the settings below say why."""
    try:
        return run.environment()
    except ResNetLabError:
        return None


def _cause(now: State) -> None:
    """Why a run is stalled or has ended. Unwanted ends are shown in red."""
    if now.cause and (now.over or now.name == "stalled"):
        # A person asked for these ends, so they are not errors.
        wanted = now.name in ("stopped", "finished")
        st.markdown(views.plain(now.cause) if wanted else f":red[{views.plain(now.cause)}]")


def _figures(now: State, progress: Progress, records: list[Line]) -> None:
    if progress.steps and not now.over:
        st.progress(min(1.0, progress.step / progress.steps), text=wording.steps(progress))
    cells = {
        "Validation error": wording.error(progress.last_validation_error),
        "Best validation error": wording.error(progress.best_validation_error),
    }
    cells |= facts.test_cells(records)
    if progress.learning_rate is not None and not now.over:
        cells["Learning rate"] = f"{progress.learning_rate:.3g}"
    if progress.images_per_s:
        cells["Images per second"] = f"{progress.images_per_s:,.0f}"
    # A run that does not work at the moment has no time left to estimate.
    if now.alive and progress.time_left_s is not None:
        cells["Time left"] = quantity.duration(progress.time_left_s)
    if now.over and progress.steps:
        cells["Steps"] = f"{progress.step:,} of {progress.steps:,}"
    with st.container(key="numbers", horizontal=True):
        for label, value in cells.items():
            st.metric(label, value, width="content")


def _curves(store: Store, run: Run, now: State, records: list[Line], steps: int) -> None:
    # Before the first point, the page says what the run is doing, for example compiling.
    if not any(history.is_of(line, history.Train, history.Evaluation) for line in records):
        if now.name == "queued":
            st.caption(views.plain(store.why_waiting(run)))
        elif not now.over:
            st.caption(
                f"{PHASES.get(now.cause or '', 'Working')}. The first point appears after the first"
                " steps."
            )
            st.caption(views.plain(run.log_tail(1)))
        return
    # The key has the run's id: each run keeps its zoom.
    chart = charts.run_chart(records, _look(), steps)
    st.plotly_chart(chart, key=f"curve-{run.id}", config=charts.QUIET)


def _look() -> charts.Look:
    """Quantity, horizontal axis, scale and smoothing of the curves, kept for the whole visit."""
    with st.container(horizontal=True):
        about, along, scale = (
            _choice("about", tuple(charts.AXES)),
            _choice("along", ALONG),
            _choice("scale", SCALES),
        )
        return charts.Look(about, along, scale, _choice("smoothing", SMOOTHING), views.scheme())


def _choice(label: str, options: tuple[T, ...]) -> T:
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=f"curve_{label}",
        label_visibility="collapsed",
        # Streamlit forgets a widget that is not drawn, also while another run without points is
        # selected.
        persist_state="session",
        format_func=_spoken,
    )


def _spoken(option: str | int) -> str:
    if isinstance(option, int):
        return "Raw" if option == 1 else f"Mean of {option}"
    return {"step": "Steps", "epoch": "Epochs", "hour": "Hours"}.get(option, option.capitalize())


def _made_of(run: Run, spec: RunSpec | None) -> None:
    if spec:
        _specified(run, spec)
    actions.downloads(run)


def _specified(run: Run, spec: RunSpec) -> None:
    if typed := command(run):
        st.caption("The same run from the command line")
        st.code(typed, language="bash", wrap_lines=True)
    facts.differences(spec)
    left, right = st.columns(2)
    left.caption("Network and recipe")
    left.code(spec.model_dump_json(indent=2), language="json", height=320)
    right.caption("Environment")
    try:
        environment = run.environment()
    except ResNetLabError as error:
        right.markdown(views.plain(str(error)))
    else:
        right.code(
            json.dumps(environment, indent=2, ensure_ascii=False), language="json", height=320
        )
