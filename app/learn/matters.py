"""Section 4: whether shortcuts matter, shown by the study that comes with the project."""

import streamlit as st

from app.elements import arm_charts, pages, views
from app.elements import charts as house
from app.study import cache
from resnet import shipped
from resnet.errors import ResNetLabError
from resnet.studies.curves.arm_curves import Options, arm_curves
from resnet.studies.outcome import Outcome


def section() -> None:
    """Errors of plain and residual networks, each trained with several seeds. Nothing is shown if
    the study's files are missing."""
    # An installation may come without the example study. The page then ends with the other
    # sections.
    if not (shipped.folder() / "study.yaml").is_file():
        return
    st.subheader("4 · Does it matter?", anchor="matters")
    try:
        example = cache.example()
        outcome = cache.outcome_of(cache.plan(example.study, example.runs))
    except ResNetLabError as error:
        views.problem(str(error))
        return
    st.markdown(
        "One trained network proves little: another seed gives another error. So this is a study:"
        " each network is trained with several seeds, and nothing else changes. The line is the"
        " mean over the seeds, and the band shows how much they differ."
    )
    _chart(outcome)
    for result in outcome.results:
        if result.difference:
            st.markdown(f"- {views.plain(_whole(result.sentence))}")
    st.page_link(pages.STUDY, label="Open this study", icon=":material/science:")
    st.caption(
        "The question is from He et al. 2015, figure 6 and Table 6; these are short runs on the"
        " digits. In the paper's long training on CIFAR-10, the error of the plain network with 56"
        " layers is closer to the others."
    )


@st.fragment
def _chart(outcome: Outcome) -> None:
    # Fixed options and no controls: the Study page has them all, and a link below leads there.
    curves = arm_curves(outcome.arms, Options(about="error", along="step", spread="sd"))
    st.plotly_chart(
        arm_charts.arms_chart(curves, views.scheme()), config=house.QUIET, key="learn_arms"
    )


def _whole(clause: str) -> str:
    """With a capital and a full stop."""
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}."
