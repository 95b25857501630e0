"""Runs and imported curves side by side: one chart, what differs, why the losses differ, and the
recipe check."""

from collections.abc import Sequence

import streamlit as st

from app.elements import findings, views
from app.elements.controls import when_opened
from app.runs.board import REFRESH_S, listed
from app.side_by_side import bring, cache, chart, check, choose, factor, losses
from resnet.checks.rules import Finding
from resnet.imports.imported import IMPORTS
from resnet.runs import Run, Store

DAMAGED_SHOWN = 3


def show(store: Store) -> None:
    """The whole view. The lower part refreshes itself while a chosen run is active."""
    folder = store.root / IMPORTS
    runs, (imports, damaged) = listed(store), cache.imported(folder)
    keys = choose.chooser(runs, imports)
    bring.show(folder, imports)
    _damaged(damaged)
    if not keys:
        choose.nothing_yet(runs, imports)
        bring.example(folder)
        return
    # As on the runs' table: the fragment refreshes itself only while there is something new to
    # draw.
    watching = _busy(runs, keys)
    st.fragment(_compared, run_every=REFRESH_S if watching else None)(store, keys, watching)


def _busy(runs: Sequence[Run], keys: Sequence[str]) -> bool:
    return any(run.unfinished and not run.state().over for run in runs if run.id in keys)


def _compared(store: Store, keys: Sequence[str], watching: bool) -> None:
    # Read again, because a refresh runs only this function: runs may have ended or been deleted.
    runs, (imports, _) = listed(store), cache.imported(store.root / IMPORTS)
    if watching and not _busy(runs, keys):  # stop the automatic refresh
        st.rerun()
    chosen = choose.chosen(keys, runs, imports)
    chart.show(chosen)
    declared = factor.show(chosen)
    problems: list[str] = []
    issues = check.found(chosen, declared, problems)
    for sentence in problems:
        views.problem(sentence)
    when_opened("Why do these losses differ?", "beside_losses", lambda: losses.show(chosen))
    when_opened(findings.label(issues), "beside_check", lambda: _checked(issues, chosen))


def _checked(issues: Sequence[Finding], chosen: choose.Chosen) -> None:
    findings.show(issues)
    check.against_the_paper(chosen)


def _damaged(sentences: Sequence[str]) -> None:
    """One sentence for each file that cannot be used. The rest of the page still works."""
    for sentence in sentences[:DAMAGED_SHOWN]:
        views.problem(sentence)
    if (more := len(sentences) - DAMAGED_SHOWN) > 0:
        views.problem(f"{more} more imported files cannot be used.")
