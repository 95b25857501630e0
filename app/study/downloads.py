"""A study's results as files: the very bytes the command line writes, made when they are asked for."""

from functools import partial
from typing import cast

import streamlit as st

from app import exports, state
from resnet.ablation.curves.arm_curves import Options
from resnet.ablation.export.study_figure import FigureWidth, study_figure
from resnet.ablation.results.tables import written
from resnet.ablation.studies.outcome import Outcome, numbers, reading

WIDTHS: dict[FigureWidth, str] = {"column": "Column", "page": "Page"}
WIDTH_HELP = "How wide the figure is on paper: one column of two, or the whole page. Letters stay readable in both."
WIDTH = "study_figure_width"


def menu(found: Outcome) -> None:
    """Table, figure, report and zip. Nothing is made before the click."""
    popover = st.popover("Export", icon=":material/download:", key="study_export", on_change="rerun")
    if not popover.open:
        return
    stem = found.study.name
    with popover:
        st.caption("The table; CSV has every number unrounded")
        with st.container(horizontal=True):
            exports.button("CSV", f"{stem}.csv", lambda: numbers(found).csv())
            exports.button("Markdown", f"{stem}.md", lambda: written(reading(found), "markdown"))
            exports.button("LaTeX", f"{stem}.tex", lambda: written(reading(found), "latex"))
        st.caption("The figure, on white ground, as it is chosen on the page")
        width = _width()
        with st.container(horizontal=True):
            exports.button("SVG", f"{stem}.svg", partial(study_figure, found, "svg", width, look()))
            exports.button("PDF", f"{stem}.pdf", partial(study_figure, found, "pdf", width, look()))
        st.caption("A page that prints well, and all it takes to repeat the study")
        with st.container(horizontal=True):
            exports.button("Report", f"{stem}.html", partial(_report, found))
            exports.button("Zip", f"{stem}.zip", partial(_bundle, found))


def _width() -> FigureWidth:
    width = state.read(WIDTH, "column")
    st.segmented_control("Width", list(WIDTHS), default=width, key=state.seed("study_width", width), required=True,
                         format_func=WIDTHS.__getitem__, help=WIDTH_HELP,
                         on_change=lambda: state.remember(WIDTH, state.read("study_width")))  # fmt: skip
    return cast(FigureWidth, width)


def look() -> Options:
    """What the curves on the page are about, along what, and how their spread is drawn."""
    return Options(state.read("study_About") or "error", state.read("study_Along") or "step",
                   state.read("study_Spread") or "sd")  # fmt: skip


def _report(found: Outcome) -> str:
    from resnet.ablation.export.report import report  # noqa: PLC0415  most visits never ask for it

    return report(found)


def _bundle(found: Outcome) -> bytes:
    from resnet.ablation.export.bundle import packed  # noqa: PLC0415  nor for it

    return packed(found)
