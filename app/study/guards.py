"""Sentences: whether only one thing was changed, whether the arms get the same data, and what the
recipe check finds."""

from collections.abc import Sequence

import streamlit as st

from app.elements import findings, views
from app.elements.controls import when_opened
from app.study import cache
from resnet.errors import ResNetLabError
from resnet.guards.twins import TwinProof
from resnet.results.arms import ArmRuns
from resnet.studies.plan.study import Study
from resnet.studies.planning import Step

MOST_BANNERS = 3


def banner(sentences: Sequence[str]) -> None:
    """Warnings to read before the numbers."""
    more = len(sentences) - MOST_BANNERS
    shown = [
        *sentences[:MOST_BANNERS],
        *([f"{more} more comparisons change several factors."] if more > 0 else []),
    ]
    if shown:
        with st.container(key="study_banner"):
            # Two spaces before a line break make a new line in Markdown.
            st.warning("  \n".join(map(views.plain, shown)), icon=":material/warning:")


def sentences(lines: Sequence[str]) -> None:
    """One line for each sentence."""
    st.markdown("\n".join(f"- {views.plain(sentence)}" for sentence in lines))


def twins(proofs: Sequence[TwinProof]) -> None:
    """For each residual network and its plain twin in the study: what is equal, and what is not."""
    for proof in proofs:
        st.markdown(f"**{views.title(proof.residual)} and {views.title(proof.plain)}**")
        sentences(proof.sentences())


def recipe_check(study: Study, steps: Sequence[Step], arms: Sequence[ArmRuns] = ()) -> None:
    """The findings, the worst first, in an expander that shows their number. `arms` are the runs so
    far."""
    try:
        issues = cache.findings(study, steps, arms)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    when_opened(findings.label(issues), "study_check", lambda: findings.show(issues))
