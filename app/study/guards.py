"""Whether only one thing was changed, whether arms see the same data, and what the recipe check finds: in sentences."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import views
from app.runs.wording import Colour
from app.study import wording
from resnet import data
from resnet.ablation import lint
from resnet.ablation.guards.guard import TwinProof
from resnet.ablation.results.arms import ArmRuns
from resnet.ablation.rules.sources import of_arms, of_run
from resnet.ablation.studies import compared
from resnet.ablation.studies.running import Step
from resnet.ablation.studies.study import Study
from resnet.errors import ResNetLabError
from resnet.runs.spec import RunSpec

SEVERITIES: Mapping[lint.Severity, tuple[Colour, str]] = {
    "wrong": ("red", "error"),
    "unfair": ("orange", "balance"),
    "unusual": ("blue", "info"),
    "note": ("gray", "info"),
}
MOST_BANNERS = 3
Specs = Mapping[str, Sequence[RunSpec]]


def specs_of(steps: Sequence[Step]) -> dict[str, list[RunSpec]]:
    """What each arm's runs are, by the arm's name."""
    specs: dict[str, list[RunSpec]] = {}
    for step in steps:
        specs.setdefault(step.planned.arm.name, []).append(step.planned.spec)
    return specs


def several(study: Study, steps: Sequence[Step]) -> tuple[str, ...]:
    """A sentence for each comparison that changes more than one factor."""
    return compared.several(study, wording.arms_of(steps), specs_of(steps))


def banner(sentences: Sequence[str]) -> None:
    """What has to be read before any number."""
    more = len(sentences) - MOST_BANNERS
    shown = [*sentences[:MOST_BANNERS], *([f"{more} more comparisons change several factors."] if more > 0 else [])]
    if shown:
        with st.container(key="study_banner"):
            st.warning("  \n".join(map(views.plain, shown)), icon=":material/warning:")


def sentences(found: Sequence[str]) -> None:
    """What is known to be equal, one line each."""
    st.markdown("\n".join(f"- {views.plain(sentence)}" for sentence in found))


def twins(proofs: Sequence[TwinProof]) -> None:
    """For each residual network with its plain twin in the study, what is equal between them and what is not."""
    for proof in proofs:
        st.markdown(f"**{views.title(proof.residual)} and {views.title(proof.plain)}**")
        sentences(proof.sentences())


def recipe_check(study: Study, steps: Sequence[Step], arms: Sequence[ArmRuns] = ()) -> None:
    """The findings, the worst first, in an expander that says how many there are. `arms` are what was run so far."""
    records = {(arm.name, run.seed): run.records for arm in arms for run in arm.runs}
    try:
        dataset = data.facts(study.baseline.dataset, study.baseline.data_folder)
        planned = of_arms(specs_of(steps), study.keys, dataset)
        found = lint.check(*[of_run(one, records.get((one.arm or "", one.seed), ())) for one in planned])
    except ResNetLabError as error:
        views.problem(str(error))
        return
    counted = wording.counted(len(found), "finding") if found else "nothing found"
    expander = st.expander(f"Recipe check: {counted}", key="study_check", on_change="rerun")
    if expander.open:
        with expander:
            for finding in found:
                _finding(finding)
            if not found:
                st.caption("No rule has anything to say against these recipes, as far as the facts go.")


def _finding(finding: lint.Finding) -> None:
    rule = lint.get(finding.rule)
    colour, icon = SEVERITIES[finding.severity]
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(finding.severity, color=colour, icon=f":material/{icon}:")
            st.markdown(f"**{views.plain(rule.title)}**", width="content")
        st.markdown(views.plain(f"{finding.sentence} {finding.way_out}"))
        where = f"In {', '.join(finding.where)}. " if finding.where else ""
        st.caption(views.plain(f"{where}{rule.reason} Source: {rule.source}."))
