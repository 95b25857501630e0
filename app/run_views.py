"""Runs on the page: the list, and one run with its curve. Refreshed by itself while anything is at work."""

from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st

from app import cache, charts, launch, state, views
from resnet import data, quantity
from resnet.curves import curve
from resnet.errors import ResNetLabError
from resnet.link import choice_of
from resnet.runs import Store
from resnet.runs.progress import Progress
from resnet.runs.run import Run
from resnet.runs.spec import RunSpec
from resnet.runs.state import State, StateName

REFRESH_S = 2.0
BUSY = "runs_busy"
LOG_LINES = 30
TABLE_HEADER, TABLE_ROW, TABLE_HEIGHT = 37, 35, 262
PHASES = {"compiling": "TensorFlow compiles the training step", "starting": "TensorFlow starts"}
Colour = Literal["red", "orange", "blue", "green", "gray"]
STATES: dict[StateName, tuple[Colour, str]] = {
    "queued": ("gray", "schedule"),
    "starting": ("blue", "hourglass_top"),
    "running": ("blue", "play_arrow"),
    "stalled": ("orange", "warning"),
    "stopping": ("orange", "stop_circle"),
    "stopped": ("gray", "stop_circle"),
    "finished": ("green", "check_circle"),
    "failed": ("red", "error"),
    "crashed": ("red", "error"),
    "machine restarted": ("red", "restart_alt"),
}

COLUMNS = {
    "state": st.column_config.TextColumn("State"),
    "network": st.column_config.TextColumn("Network"),
    "data": st.column_config.TextColumn("Data"),
    "progress": st.column_config.ProgressColumn("Steps", format="percent", min_value=0.0, max_value=1.0),
    "best": st.column_config.NumberColumn("Best validation error", format="%.2f %%"),
    "last": st.column_config.NumberColumn("Last", format="%.2f %%"),
    "started": st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm"),
    "id": st.column_config.TextColumn("Run"),
}


def live(store: Store, selected: str | None) -> None:
    """The list and the selected run. Looks again every two seconds while a run is at work, else not at all."""
    runs = _listed(store)
    st.fragment(_board, run_every=REFRESH_S if _busy(runs) else None)(store, selected)


def recent(store: Store) -> None:
    """What is at work now, in one line each."""
    for run in [run for run in _listed(store) if not run.state().over]:
        progress = run.progress()
        with st.container(horizontal=True, vertical_alignment="center"):
            badge(run.state())
            st.markdown(f"{_network(run.spec)} on {_data(run.spec)}: {_steps(progress)}")
            st.page_link("app/pages/runs.py", label="Watch", query_params={"run": run.id})


def badge(now: State) -> None:
    """A state as a coloured word with a sign of its own."""
    colour, icon = STATES[now.name]
    st.badge(now.name, color=colour, icon=f":material/{icon}:")


def _board(store: Store, selected: str | None) -> None:
    runs = _listed(store)
    if not runs:
        _empty()
        return
    chosen = _table(runs, selected)
    run = next((run for run in runs if run.id == chosen), runs[0])
    state.select_run(run.id)
    _run(store, run)
    if state.read(BUSY) and not _busy(runs):  # nothing will change by itself any more: look no further
        state.remember(BUSY, False)
        st.rerun()
    state.remember(BUSY, _busy(runs))


def _busy(runs: list[Run]) -> bool:
    return any(not run.state().over for run in runs)


def _empty() -> None:
    st.markdown("No run yet. A run trains the chosen network on real images, and its validation error appears here.")
    st.page_link("app/pages/train.py", label="Start the first one", icon=":material/play_arrow:")


def _table(runs: list[Run], selected: str | None) -> str:
    frame = pd.DataFrame([_row(run) for run in runs])
    ids = list(frame["id"])
    height = min(TABLE_HEADER + TABLE_ROW * len(runs), TABLE_HEIGHT)
    event: Any = st.dataframe(frame, column_config=COLUMNS, hide_index=True, on_select="rerun", key="runs",
                              selection_mode="single-row", placeholder="–", height=height)  # fmt: skip
    rows = event.selection.rows
    if rows and rows[0] < len(ids):
        return str(ids[rows[0]])
    return str(selected) if selected in ids else str(ids[0])


def _row(run: Run) -> dict[str, Any]:
    progress, spec = run.progress(), run.spec
    return {
        "state": run.state().name,
        "network": _network(spec),
        "data": _data(spec),
        "progress": progress.step / progress.steps if progress.steps else None,
        "best": progress.best_validation_error,
        "last": progress.last_validation_error,
        "started": _started(run),
        "id": run.id,
    }


def _run(store: Store, run: Run) -> None:
    now, progress, spec = run.state(), run.progress(), run.spec
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{_network(spec)} on {_data(spec)}", anchor=False, width="content")
        with st.container(key="state", width="content"):
            badge(now)
        if spec:
            st.page_link("app/pages/architecture.py", label="Architecture", icon=":material/account_tree:",
                         query_params=choice_of(spec.config).to_query())  # fmt: skip
        if not now.over and now.name != "stopping":
            launch.stop_button(store, run)
    _cause(now)
    _figures(now, progress)
    records = cache.journal(run.id).catch_up(run)
    validation = curve(records, "evaluation", "validation_error")
    training = curve(records, "train", "train_error")
    if validation.x or training.x:
        st.plotly_chart(charts.error_chart(validation, training, progress.steps or 1), key=f"curve-{run.id}",
                        config=charts.QUIET)  # fmt: skip
    elif not now.over:
        st.caption(f"{PHASES.get(now.cause or '', 'At work')}: the first point appears after the first evaluation.")
    with st.expander("Log", key="log"):
        st.code(run.log_tail(LOG_LINES) or "Nothing was printed yet.", language=None)


def _cause(now: State) -> None:
    """Why a run stands still or is over; an end that nobody wanted is red."""
    if now.cause and (now.over or now.name == "stalled"):
        wanted = now.name in ("stopped", "finished")
        st.markdown(views.plain(now.cause) if wanted else f":red[{views.plain(now.cause)}]")


def _figures(now: State, progress: Progress) -> None:
    if progress.steps:
        st.progress(min(1.0, progress.step / progress.steps), text=_steps(progress))
    last = quantity.percent(progress.last_validation_error) if progress.last_validation_error is not None else "–"
    best = quantity.percent(progress.best_validation_error) if progress.best_validation_error is not None else "–"
    cells = {"Validation error": last, "Best": best}
    if progress.learning_rate is not None:
        cells["Learning rate"] = f"{progress.learning_rate:.3g}"
    if progress.images_per_s:
        cells["Images a second"] = f"{progress.images_per_s:,.0f}"
    if now.alive and progress.time_left_s is not None:
        cells["Time left"] = quantity.duration(progress.time_left_s)
    with st.container(key="numbers", horizontal=True):
        for label, value in cells.items():
            st.metric(label, value, width="content")


def _listed(store: Store) -> list[Run]:
    try:
        return store.list()
    except ResNetLabError as error:
        st.warning(views.plain(str(error)), icon=":material/error:")
        return []


def _steps(progress: Progress) -> str:
    left = f", {quantity.duration(progress.time_left_s)} left" if progress.time_left_s is not None else ""
    return f"step {progress.step:,} of {progress.steps:,}{left}" if progress.steps else "not begun"


def _network(spec: RunSpec | None) -> str:
    return views.title(spec.config) if spec else "Unreadable run"


def _data(spec: RunSpec | None) -> str:
    return data.facts(spec.dataset).title if spec else "unknown data"


def _started(run: Run) -> datetime:
    return datetime.strptime(run.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
