"""All runs in a list, and the chosen one below. Refreshed by itself while anything is at work."""

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
"""What a link names side by side, until that is looked at."""
TABLE_HEADER, TABLE_ROW, TABLE_HEIGHT = 37, 35, 262

COLUMNS = {
    "state": st.column_config.TextColumn("State"),
    "network": st.column_config.TextColumn("Network"),
    "data": st.column_config.TextColumn("Data"),
    "progress": st.column_config.ProgressColumn(
        "Steps", format="percent", min_value=0.0, max_value=1.0
    ),
    "best": st.column_config.NumberColumn("Best validation error", format="%.2f %%"),
    "last": st.column_config.NumberColumn("Last", format="%.2f %%"),
    "started": st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm"),
    "id": st.column_config.TextColumn("Run"),
}


def look_switch() -> str:
    """One run, or several beside imported curves; as a link says, and kept for the visit."""
    if state.arrived(state.RUN):
        choose(LOOK, LOOKS[0])
    if linked := state.arrived(state.CURVE):
        choose(LOOK, LOOKS[1])
        state.remember(LINKED, linked)
    return switch(
        "Look at", LOOK, {look: look for look in LOOKS}, LOOKS[0], label_visibility="collapsed"
    )


def live(store: Store, selected: str | None) -> None:
    """The list and the selected run. Looks again every two seconds while a run is at work, else not
    at all."""
    st.fragment(_board, run_every=REFRESH_S if _busy(listed(store)) else None)(store, selected)


def recent(store: Store) -> None:
    """What is at work now, in one line each."""
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
            "No run yet. A run trains the chosen network on real images; its validation error"
            " appears here."
        )
        st.page_link(pages.TRAIN, label="Start the first one", icon=":material/play_arrow:")
        return
    chosen = _table(runs, selected or state.read(LAST))
    strip.devices(runs)
    actions.queue(store, runs)
    run = next((run for run in runs if run.id == chosen), runs[0])
    state.address_runs(state.RUN, [run.id])
    state.remember(LAST, run.id)
    detail.show(store, run)
    actions.empty_bin(store)
    if state.read(BUSY) != _busy(runs):  # begin to look again by itself, or cease to
        state.remember(BUSY, _busy(runs))
        st.rerun()


def _busy(runs: list[Run]) -> bool:
    """Asks for a state only where one may be open: two hundred states a look would be felt."""
    return any(run.unfinished and not run.state().over for run in runs)


def _table(runs: list[Run], selected: str | None) -> str:
    import pandas as pd  # noqa: PLC0415  a fifth of a second that the pages which name this module need not wait for

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
    """A curve that cannot be read spoils its own row only."""
    try:
        return run.progress()
    except ResNetLabError:
        return Progress()


def listed(store: Store) -> list[Run]:
    """Every run; none, and the reason on the page, where the folder cannot be read."""
    try:
        return store.list()
    except ResNetLabError as error:
        views.problem(str(error))
        return []
