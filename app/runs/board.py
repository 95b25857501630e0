"""All runs in a table, and the selected one below. The page refreshes itself while a run is
active."""

from typing import Any

import streamlit as st

from app import state
from app.elements import pages, views
from app.elements.controls import choose, switch
from app.runs import actions, detail, strip, wording
from resnet.errors import ResNetLabError
from resnet.runs import Run, Store
from resnet.runs.progress import Progress

REFRESH_S = 2.0
BUSY, LAST = "runs_busy", "runs_last"
LOOK, LOOKS = "runs_look", ("One run", "Side by side")
LINKED = "runs_linked"
"""The curves that a link names for "Side by side", until that view is opened."""
# Pixels of Streamlit's table. A short table ends below its last row; a long one scrolls.
TABLE_HEADER, TABLE_ROW, TABLE_HEIGHT = 37, 35, 262

COLUMNS = {
    "state": st.column_config.TextColumn("State"),
    "network": st.column_config.TextColumn("Network"),
    "data": st.column_config.TextColumn("Data set"),
    "progress": st.column_config.ProgressColumn(
        "Steps", format="percent", min_value=0.0, max_value=1.0
    ),
    "best": st.column_config.NumberColumn("Best validation error", format="%.2f %%"),
    "last": st.column_config.NumberColumn("Last validation error", format="%.2f %%"),
    "started": st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm"),
    "id": st.column_config.TextColumn("Run"),
}


def look_switch() -> str:
    """One run, or several runs and imported curves side by side. A link can set it; it is kept for
    the visit."""
    # Before the switch is drawn, because a widget's value cannot be set after that.
    if state.arrived(state.RUN):
        choose(LOOK, LOOKS[0])
    if linked := state.arrived(state.CURVE):
        choose(LOOK, LOOKS[1])
        state.remember(LINKED, linked)
    return switch(
        "View", LOOK, {look: look for look in LOOKS}, LOOKS[0], label_visibility="collapsed"
    )


def live(store: Store, selected: str | None) -> None:
    """The table and the selected run. It refreshes every two seconds, only while a run is
    active."""
    # run_every is fixed when the fragment starts. So `_board` reruns the page when the last run
    # ends, and the refresh stops.
    st.fragment(_board, run_every=REFRESH_S if _busy(listed(store)) else None)(store, selected)


def recent(store: Store) -> None:
    """One line for each run that is active or waiting."""
    for run in [run for run in listed(store) if not run.state().over]:
        with st.container(horizontal=True, vertical_alignment="center"):
            wording.badge(run.state())
            what = (
                f"{wording.network(run.spec)} on {wording.dataset(run.spec)}:"
                f" {wording.steps(_progress(run))}"
            )
            st.markdown(views.plain(what), width="content")
            st.page_link(pages.RUNS, label="Watch", query_params={"run": run.id})


def _board(store: Store, selected: str | None) -> None:
    runs = listed(store)
    actions.undo(store)
    if not runs:
        actions.empty_bin(store)
        st.markdown(
            "There are no runs yet. A run trains the chosen network on real images. Its validation"
            " error appears here."
        )
        st.page_link(pages.TRAIN, label="Start the first run", icon=":material/play_arrow:")
        return
    # A link first, then the run of the last visit to this page.
    chosen = _table(runs, selected or state.read(LAST))
    strip.devices(runs)
    actions.queue(store, runs)
    run = next((run for run in runs if run.id == chosen), runs[0])
    # Inside the fragment: the selection changes here, and the address has to follow it.
    state.address_runs(state.RUN, [run.id])
    state.remember(LAST, run.id)
    detail.show(store, run)
    actions.empty_bin(store)
    if state.read(BUSY) != _busy(runs):  # start or stop the automatic refresh
        state.remember(BUSY, _busy(runs))
        st.rerun()


def _busy(runs: list[Run]) -> bool:
    """Whether a run is active. Only the states of unfinished runs are read, because reading two
    hundred would be slow."""
    return any(run.unfinished and not run.state().over for run in runs)


def _table(runs: list[Run], selected: str | None) -> str:
    import pandas as pd  # noqa: PLC0415  takes 0.2 s, which other pages need not wait for

    # The table has no key for a row. Streamlit reports a selection by its place, and `ids` turns
    # places into runs.
    frame = pd.DataFrame([_row(run) for run in runs])
    ids = list(frame["id"])
    height = min(TABLE_HEADER + TABLE_ROW * len(runs), TABLE_HEIGHT)
    event: Any = st.dataframe(
        frame,
        column_config=COLUMNS,
        hide_index=True,
        on_select="rerun",
        key="runs",
        selection_mode="single-row",
        placeholder=wording.NOTHING,
        height=height,
    )
    rows = event.selection.rows
    # The browser may report a row of the table before a run was deleted.
    if rows and rows[0] < len(ids):
        return str(ids[rows[0]])
    return str(selected) if selected in ids else str(ids[0])


def _row(run: Run) -> dict[str, Any]:
    progress, spec = _progress(run), run.spec
    return {
        "state": run.state().name,
        "network": wording.network(spec),
        "data": wording.dataset(spec),
        "progress": progress.step / progress.steps if progress.steps else None,
        "best": progress.best_validation_error,
        "last": progress.last_validation_error,
        "started": wording.started(run),
        "id": run.id,
    }


def _progress(run: Run) -> Progress:
    """The progress of a run. A curve that cannot be read affects only its own row."""
    try:
        return run.progress()
    except ResNetLabError:
        return Progress()


def listed(store: Store) -> list[Run]:
    """Every run. If the folder cannot be read: none, and the reason on the page."""
    try:
        return store.list()
    except ResNetLabError as error:
        views.problem(str(error))
        return []
