"""The actions on a run. Each one is one call of the store."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from app import state
from app.elements import pages, views
from resnet.errors import ResNetLabError
from resnet.network.link import difference
from resnet.network.settings import with_settings
from resnet.recipes.recipe import Recipe, with_steps
from resnet.runs import Run, Store
from resnet.runs.archive import last_weights, metrics_csv, zipped
from resnet.runs.directory import MODEL
from resnet.runs.records import Notes
from resnet.runs.state import State

DELETED = "deleted_run"


def buttons(store: Store, run: Run, now: State) -> None:
    """The actions that are possible in this state, the most likely first."""
    # A waiting run can only change its turn or be cancelled: it has no process yet.
    if now.name == "queued":
        _button(
            "Run next",
            "arrow_upward",
            run,
            partial(store.queue.move, run.id, 0, store.waiting()),
        )
        turn = [waiting.id for waiting in store.waiting()]
        if run.id in turn[:-1]:
            later = partial(store.queue.move, run.id, turn.index(run.id) + 1, store.waiting())
            _button("Move down", "arrow_downward", run, later)
        if run.id in store.queue.order().held:
            _button("Release", "play_arrow", run, partial(store.queue.release, run.id))
        else:
            _button("Hold back", "pause", run, partial(store.queue.hold, run.id))
        _button("Cancel", "close", run, partial(store.stop, run.id))
    # A run that is stopping is writing its checkpoint. A second request would change nothing.
    elif now.alive and now.name != "stopping":
        _button("Stop", "stop_circle", run, partial(store.stop, run.id))
    elif now.over:
        if now.name != "finished" and not run.damage:
            _button("Resume", "play_arrow", run, partial(store.resume, run.id))
        _button("Delete", "delete", run, partial(_delete, store, run.id))
    # A waiting run mostly has no checkpoint to continue from, and a damaged one no recipe to
    # change.
    if now.name != "queued" and run.spec:
        _fork(store, run, run.spec.recipe)


def queue(store: Store, runs: Sequence[Run]) -> None:
    """Pause or resume the queue. Shown only if a run is waiting or the queue is paused."""
    paused = store.queue.order().paused
    # A paused queue stays visible without runs: otherwise later runs would wait and the page would
    # not say why.
    if not paused and not any(run.unfinished and not run.directory.is_locked() for run in runs):
        return
    if paused:
        label, icon, act = "Resume the queue", "play_arrow", store.queue.go_on
    else:
        label, icon, act = "Pause the queue", "pause", store.queue.pause
    if st.button(label, icon=f":material/{icon}:"):
        _do(act)


def undo(store: Store) -> None:
    """Restore a run that was just deleted."""
    # Only the run that was deleted last in this visit. The command line can restore the others.
    run_id = state.read(DELETED)
    if not run_id:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Deleted `{run_id}`.", width="content")
        if st.button("Undo", icon=":material/undo:"):
            state.forget(DELETED)
            _do(partial(store.restore, run_id))


def empty_bin(store: Store) -> None:
    """Empty the bin. Deleted runs use disk space until a person empties it."""
    count = len(store.deleted())
    if not count:
        return
    many = "1 deleted run" if count == 1 else f"{count} deleted runs"
    with st.popover(f"Bin: {many}", icon=":material/delete:", key="bin"):
        st.markdown(
            "Runs in the bin still use disk space. Runs removed from the bin cannot be restored."
        )
        if st.button(f"Remove {many} permanently", key="empty_bin"):
            state.forget(DELETED)
            _do(store.empty_bin)


def downloads(run: Run) -> None:
    """The model (or the last weights, if the run is not finished), the curve, and the whole
    folder."""
    with st.container(horizontal=True):
        # The model is written at the end of a run. Before that, the newest checkpoint is what can
        # be loaded.
        if (model := run.directory.file(MODEL)).exists():
            # The method and not its result: the file is read when a person clicks, not at each
            # refresh.
            _download("Model", model.read_bytes, f"{run.id}.keras")
        elif (weights := last_weights(run)) is not None:
            _download("Weights", weights.read_bytes, f"{run.id}-{weights.parent.name}.npz")
        for label, make, ending in (
            ("Metrics", metrics_csv, "csv"),
            ("Whole folder", zipped, "zip"),
        ):
            _download(label, partial(make, run), f"{run.id}.{ending}")


def _download(label: str, make: Callable[[], str | bytes], file_name: str) -> None:
    """A download button. The file is made after the click."""
    st.download_button(
        label, make, file_name=file_name, on_click="ignore", icon=":material/download:"
    )


def _fork(store: Store, run: Run, recipe: Recipe) -> None:
    """A new run from the last checkpoint, with other steps, learning rate or weight decay. All else
    stays."""
    popover = st.popover(
        "Continue with changes",
        icon=":material/call_split:",
        key=f"fork-{run.id}",
        on_change="rerun",
    )
    if not popover.open:
        return
    with popover:
        st.caption("Starts a new run from the last checkpoint of this run, with a changed recipe.")
        steps = st.number_input("Steps", 1, value=recipe.steps, step=100)
        rate = st.number_input(
            "Learning rate", value=recipe.schedule.learning_rate, step=0.01, format="%g"
        )
        decay = st.number_input(
            "Weight decay", value=recipe.weight_decay.value, step=1e-4, format="%g"
        )
        if st.button("Start the new run", type="primary"):
            # First the steps, which also move the drops of the schedule; then the typed numbers.
            changes = {"schedule.learning_rate": rate, "weight_decay.value": decay}
            try:
                # Only what differs from the parent's recipe, so that the fork records what was
                # changed.
                longer = difference(recipe, with_settings(with_steps(recipe, steps), changes))
                forked = store.fork(run.id, longer)
            except ResNetLabError as error:
                views.problem(str(error))
            else:
                st.switch_page(pages.RUNS, query_params={"run": forked.id})


def notes(run: Run) -> None:
    """A person's note and tags for a run."""
    current = run.notes()
    note = st.text_area(
        "Note",
        current.note,
        key=f"note-{run.id}",
        label_visibility="collapsed",
        placeholder="A note",
    )
    tags = st.multiselect(
        "Tags",
        list(current.tags),
        default=list(current.tags),
        key=f"tags-{run.id}",
        accept_new_options=True,
        placeholder="Tags",
    )
    # The widgets report their values in each rerun; the file is written only after a change.
    if (note, tuple(tags)) != (current.note, current.tags):
        _do(partial(run.annotate, Notes(note=note, tags=tuple(tags))))


def _button(label: str, icon: str, run: Run, act: Callable[[], object]) -> None:
    if st.button(label, icon=f":material/{icon}:", key=f"{label}-{run.id}"):
        _do(act)


def _do(act: Callable[[], object]) -> None:
    try:
        act()
    except ResNetLabError as error:
        views.problem(str(error))
    else:
        # The table above was drawn before the action. Without a rerun it would show the old state
        # until the next refresh.
        st.rerun()


def _delete(store: Store, run_id: str) -> None:
    store.delete(run_id)
    state.remember(DELETED, run_id)
