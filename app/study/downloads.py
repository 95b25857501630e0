"""A study's results as files: the very bytes the command line writes, made when they are asked
for."""

from functools import partial

import streamlit as st

from app.architecture import exports
from app.elements.controls import switch
from resnet.studies.curves.arm_curves import Options
from resnet.studies.export.study_figure import FigureWidth, study_figure
from resnet.studies.outcome import Outcome, exported

WIDTHS: dict[FigureWidth, str] = {"column": "Column", "page": "Page"}
WIDTH_HELP = (
    "How wide the figure is on paper: one column of two, or the whole page. Letters stay readable"
    " in both."
)


def menu(found: Outcome, look: Options) -> None:
    """Table, figure, report and zip; the figure has the page's look. Nothing is made before the
    click."""
    popover = st.popover(
        "Export", icon=":material/download:", key="study_export", on_change="rerun"
    )
    if not popover.open:
        return
    stem = found.study.name
    with popover:
        st.caption("The table; CSV has every number unrounded")
        with st.container(horizontal=True):
            exports.button("CSV", f"{stem}.csv", lambda: exported(found, "csv"))
            exports.button("Markdown", f"{stem}.md", lambda: exported(found, "markdown"))
            exports.button("LaTeX", f"{stem}.tex", lambda: exported(found, "latex"))
        st.caption("The figure, on white ground, as it is chosen on the page")
        width = switch("Width", "study_width", WIDTHS, "column", help=WIDTH_HELP)
        with st.container(horizontal=True):
            exports.button("SVG", f"{stem}.svg", partial(study_figure, found, "svg", width, look))
            exports.button("PDF", f"{stem}.pdf", partial(study_figure, found, "pdf", width, look))
        st.caption("A page that prints well, and all it takes to repeat the study")
        with st.container(horizontal=True):
            exports.button("Report", f"{stem}.html", partial(_report, found))
            exports.button("Zip", f"{stem}.zip", partial(_bundle, found))


def _report(found: Outcome) -> str:
    from resnet.studies.export.report import report  # noqa: PLC0415  most visits never ask for it

    return report(found)


def _bundle(found: Outcome) -> bytes:
    from resnet.studies.export.bundle import packed  # noqa: PLC0415  nor for it

    return packed(found)
