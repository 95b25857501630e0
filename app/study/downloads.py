"""A study's results as files, with the same bytes as the command line. A file is made when it is
clicked."""

from functools import partial

import streamlit as st

from app.architecture import exports
from app.elements.controls import switch
from resnet.studies.curves.arm_curves import Options
from resnet.studies.export.study_figure import FigureWidth, study_figure
from resnet.studies.outcome import Outcome, exported

WIDTHS: dict[FigureWidth, str] = {"column": "Column", "page": "Page"}
WIDTH_HELP = (
    "Width of the figure on paper: one of two columns, or the whole page. Letters are readable in"
    " both."
)


def menu(outcome: Outcome, look: Options) -> None:
    """Table, figure, report and zip. The figure looks like the chart on the page. A file is made
    only after the click."""
    popover = st.popover(
        "Export", icon=":material/download:", key="study_export", on_change="rerun"
    )
    if not popover.open:
        return
    stem = outcome.study.name
    with popover:
        st.caption("The table. CSV has unrounded numbers")
        with st.container(horizontal=True):
            # Made from the outcome on the page, so that a file never has other numbers than the
            # table beside it.
            exports.button("CSV", f"{stem}.csv", lambda: exported(outcome, "csv"))
            exports.button("Markdown", f"{stem}.md", lambda: exported(outcome, "markdown"))
            exports.button("LaTeX", f"{stem}.tex", lambda: exported(outcome, "latex"))
        st.caption("The chart as shown, on white")
        width = switch("Width", "study_width", WIDTHS, "column", help=WIDTH_HELP)
        with st.container(horizontal=True):
            exports.button("SVG", f"{stem}.svg", partial(study_figure, outcome, "svg", width, look))
            exports.button("PDF", f"{stem}.pdf", partial(study_figure, outcome, "pdf", width, look))
        st.caption("A report to print, and a zip to repeat the study")
        with st.container(horizontal=True):
            exports.button("Report", f"{stem}.html", partial(_report, outcome))
            exports.button("Zip", f"{stem}.zip", partial(_bundle, outcome))


def _report(outcome: Outcome) -> str:
    from resnet.studies.export.report import report  # noqa: PLC0415  most visits never need it

    return report(outcome)


def _bundle(outcome: Outcome) -> bytes:
    from resnet.studies.export.bundle import packed  # noqa: PLC0415  as above

    return packed(outcome)
