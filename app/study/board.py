"""One study: its question, the progress of its runs, and its results. It refreshes itself while a
run is active."""

import streamlit as st

from app import state
from app.elements import controls, pages, views
from app.runs import board as runs_board
from app.runs import cache as runs_cache
from app.study import cache, preview, progress, results, shelf, wording
from resnet.errors import ResNetLabError
from resnet.studies.plan.study import Study
from resnet.studies.planning import Plan

REFRESH_S = 2.0
BUSY = "study_busy"


def live(chosen: shelf.Chosen) -> None:
    """The study on the page. Everything is in its file and its runs, so nothing is lost if a tab or
    the server is closed."""
    # A new study is drawn by `preview`, so None here means a damaged file.
    if chosen.study is None:
        if chosen.key != shelf.NEW:
            st.markdown("This study's file cannot be read. Repair it or choose another study.")
        return
    if chosen.key == shelf.EXAMPLE:
        _example(chosen.study)
        return
    # Planned twice in this rerun, but the second time comes from the cache. Here it decides on the
    # refresh.
    plan = _planned(chosen.study)
    busy = plan is not None and progress.busy(plan)
    st.fragment(_own, run_every=REFRESH_S if busy else None)(chosen.study)


def _own(study: Study) -> None:
    plan = _planned(study)
    if plan is None:
        return
    _heading(plan)
    progress.show(plan, runs_cache.store())
    _found(plan)
    _more(plan)
    # A fragment cannot change its own interval. Only a rerun of the whole page can start it anew.
    if bool(state.read(BUSY)) != progress.busy(plan):  # start or stop the automatic refresh
        state.remember(BUSY, progress.busy(plan))
        st.rerun()


def _example(study: Study) -> None:
    try:
        # The example's runs lie next to its file and not in the store of this server.
        plan = cache.plan(study, cache.example().runs)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    _heading(plan)
    _found(plan)
    st.button(
        "Copy this study",
        icon=":material/content_copy:",
        on_click=shelf.open_new,
        args=(shelf.EXAMPLE,),
    )
    _how_it_was_made(cache.example().readme)
    preview.as_file(study)


def _how_it_was_made(readme: str) -> None:
    """Command, time and machine. The title is left out, because the page has one."""
    text = readme.partition("\n")[2].strip()
    if text:
        controls.when_opened("How these results were made", "study_made", lambda: st.markdown(text))


def _planned(study: Study) -> Plan | None:
    try:
        return cache.plan(study, runs_cache.store().list())
    except ResNetLabError as error:
        views.problem(str(error))
        return None


def _heading(plan: Plan) -> None:
    study = plan.study
    st.subheader(views.plain(study.question or study.name), anchor=False)
    source = f" · {study.source}" if study.source else ""
    st.caption(views.plain(f"{wording.extent(plan.steps)}{source}"))


def _found(plan: Plan) -> None:
    try:
        outcome = cache.outcome_of(plan)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    results.show(outcome)


def _more(plan: Plan) -> None:
    """Actions that change the whole page, not only the part that refreshes itself."""
    with st.container(horizontal=True):
        if st.button("Copy this study", icon=":material/content_copy:"):
            shelf.open_new(plan.study.name)
            st.rerun()
        # Runs that do not exist yet have no curve to compare.
        ids = [step.run.id for step in plan.steps if step.run]
        if ids and st.button("Compare with other runs", icon=":material/stacked_line_chart:"):
            _beside(ids)
        popover = st.popover("Remove", icon=":material/delete:")
        popover.markdown("This deletes the study's file. Its runs stay on the Runs page.")
        if popover.button("Remove the study"):
            _remove(plan.study.name)
            st.rerun()
    preview.as_file(plan.study)


def _beside(ids: list[str]) -> None:
    """Open the Runs page, where runs of other studies and imported curves can be added."""
    # Loaded only when a person compares runs.
    from app.side_by_side import choose  # noqa: PLC0415

    choose.only(ids)
    controls.choose(runs_board.LOOK, runs_board.LOOKS[1])
    st.switch_page(pages.RUNS)


def _remove(name: str) -> None:
    try:
        cache.shelf().delete(name)
    except ResNetLabError as error:
        state.remember(progress.PROBLEM, str(error))
    else:
        shelf.forget()
