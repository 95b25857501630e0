"""The results of a study: curves, a table, a sentence for each arm, the paper's numbers, and why
losses differ."""

from collections.abc import Container, Sequence

import streamlit as st

from app.elements import charts, views
from app.elements.controls import when_opened
from app.elements.curve_controls import ABOUTS, ALONGS, SPREADS, choice
from app.study import downloads, guards
from resnet.guards.sharing import selection
from resnet.studies.curves.arm_curves import Options, arm_curves
from resnet.studies.export.study_figure import drawable, published
from resnet.studies.outcome import Outcome, reading
from resnet.tables.text_table import TextTable
from resnet.why_loss import losses

PAGE = "study"
SAID_BELOW = ("paper",)
"""Columns that are left out of the table, because the page has sentences for them."""


def show(outcome: Outcome) -> None:
    """All results so far, after the warnings about unfair comparisons."""
    guards.banner(outcome.banners)
    # Without an evaluation, a table would have only empty cells.
    if not drawable(outcome):
        st.caption(
            "No run has been evaluated yet. Curves, a table and a sentence for each arm will"
            " appear here."
        )
        _failed(outcome)
        return
    _sentences(outcome)
    _failed(outcome)
    look = _chart(outcome)
    # Only finished runs count in the table. Curves also show runs that are still active.
    if outcome.finished:
        above = {
            f"{' '.join(result.sentence.split())}."
            for result in outcome.results
            if result.summaries
        }
        _table(reading(outcome), above)
        _paper(outcome)
    st.caption(selection(outcome.specs))
    with st.container(key="study_results", horizontal=True):
        downloads.menu(outcome, look)
    when_opened("What is equal and what differs", "study_equal", lambda: _equal(outcome))
    guards.recipe_check(outcome.study, outcome.steps, outcome.arms)
    when_opened("Why do these losses differ?", "study_losses", lambda: _losses(outcome))


def _chart(outcome: Outcome) -> Options:
    """The curves. Returns how they are shown, so that an exported figure looks the same."""
    # Loads Plotly; other pages need not wait for it.
    from app.elements import arm_charts  # noqa: PLC0415

    with st.container(horizontal=True):
        look = Options(
            choice("About", PAGE, ABOUTS, "error"),
            choice("Along", PAGE, ALONGS, "step"),
            choice("Spread", PAGE, SPREADS, "sd"),
        )
    curves = arm_curves(outcome.arms, look)
    figure = arm_charts.arms_chart(curves, views.scheme(), published=published(outcome))
    # The fingerprint is in the key: another study starts with its own zoom.
    st.plotly_chart(figure, key=f"study_chart_{outcome.study.fingerprint}", config=charts.QUIET)
    return look


def _table(results: TextTable, above: Container[str]) -> None:
    """The table, and the meaning of its columns in an expander. Notes in `above`, which are on the
    page already, are left out."""
    shown = [
        place for place, column in enumerate(results.columns) if column.keys[0] not in SAID_BELOW
    ]
    lines = []
    for line in results.lines:
        # The verdict against the paper is a sentence below; in a cell it would make the table too
        # wide.
        lines.append([line[place] for place in shown])
    views.table(TextTable([results.columns[place] for place in shown], lines), "Results")
    with st.expander("How to read the table"):
        st.markdown(
            "\n".join(f"- {views.plain(note)}" for note in results.notes if note not in above)
        )


def _sentences(outcome: Outcome) -> None:
    """One sentence for each arm with finished runs: what the results show."""
    if known := [result for result in outcome.results if result.summaries]:
        guards.sentences([f"{result.sentence}." for result in known])


def _failed(outcome: Outcome) -> None:
    """The runs that failed, and why."""
    if failed := [
        text for result in outcome.results for text in result.left_out if "failed" in text
    ]:
        st.caption(views.plain(f"{'. '.join(failed)}."))


def _paper(outcome: Outcome) -> None:
    """Each arm compared with the paper's error. Arms with the same text share one line."""
    by_text: dict[str, list[str]] = {}
    for name, verdict in outcome.verdicts.items():
        by_text.setdefault(verdict.text, []).append(name)
    if not by_text:
        return
    lines = [
        f"{'All arms' if len(names) == len(outcome.arms) > 1 else ', '.join(names)}: {text}."
        for text, names in by_text.items()
    ]
    st.markdown("**Against the paper**")
    guards.sentences(lines)


def _equal(outcome: Outcome) -> None:
    guards.sentences(outcome.guards)
    guards.twins(outcome.twins)


def _losses(outcome: Outcome) -> None:
    from app.runs import loss_parts  # noqa: PLC0415  Plotly, as above

    loss_parts.show(_items(outcome), max(len(arm.runs) for arm in outcome.arms))


def _items(outcome: Outcome) -> Sequence[losses.LossItem]:
    """Each arm, with the curve of its first run."""
    planned = {arm.name: arm for arm in outcome.planned}
    return [
        losses.LossItem(
            arm.name,
            "run",
            planned[arm.name].config,
            planned[arm.name].recipe.weight_decay,
            losses.course_of(arm.runs[0].records),
        )
        for arm in outcome.arms
        if arm.runs
    ]
