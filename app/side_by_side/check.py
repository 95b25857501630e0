"""The recipe check of the chosen runs and imported curves, and how closely the runs follow the
paper."""

import contextlib
from dataclasses import replace

import streamlit as st

from app.elements import views
from app.side_by_side import cache
from app.side_by_side.arms import Arm
from app.side_by_side.choose import Chosen
from resnet import data
from resnet.checks import rules, sources
from resnet.checks.imported import of_import
from resnet.checks.rules import Facts, Finding
from resnet.data import DatasetFacts
from resnet.errors import ResNetLabError
from resnet.runs import Run
from resnet.runs.spec import RunSpec


def found(chosen: Chosen, declared: str | None, problems: list[str]) -> tuple[Finding, ...]:
    """The findings for everything chosen. `problems` receives a sentence for each run or curve that
    cannot be checked."""
    facts = [one for arm in chosen.arms for one in _of_arm(arm, problems)]
    for imported in chosen.imports:
        try:
            facts.append(of_import(imported.curve))
        except ResNetLabError as error:
            problems.append(f"{imported.curve.name} cannot be checked: {error}")
    if declared:
        # A declared setting is varied on purpose, so the rules do not report it.
        facts = [replace(one, declared=(declared,)) for one in facts]
    return rules.check(*facts)


def against_the_paper(chosen: Chosen) -> None:
    """How closely each arm follows the paper."""
    sentences = [f"{arm.name}: {sentence}" for arm in chosen.arms if (sentence := follows(arm))]
    if sentences:
        st.markdown("**Against the paper**")
        st.markdown("\n".join([f"- {views.plain(sentence)}" for sentence in sentences]))


def follows(arm: Arm) -> str | None:
    """How closely an arm follows section 4.2 of the paper. None for networks that are not for
    CIFAR."""
    spec = arm.spec
    # Section 4.2 is about CIFAR-10. Its points do not fit a network with an ImageNet stem.
    if spec.config.stem != "cifar":
        return None
    return rules.follows(spec.recipe, spec.config, _dataset(spec)).sentence


def _of_arm(arm: Arm, problems: list[str]) -> list[Facts]:
    facts = []
    for run, spec in zip(arm.runs, arm.specs, strict=True):
        try:
            facts.append(replace(_of_run(run, spec), arm=arm.name))
        except ResNetLabError as error:
            problems.append(f"Run {run.id} cannot be checked: {error}")
    return facts


def _of_run(run: Run, spec: RunSpec) -> Facts:
    planned = sources.of_spec(spec, _dataset(spec), run.id)
    return sources.of_run(planned, cache.records(run), continued=run.parent is not None)


def _dataset(spec: RunSpec) -> DatasetFacts | None:
    """The facts of the data set, or None if the images are not on this machine."""
    with contextlib.suppress(ResNetLabError):
        return data.facts(spec.dataset, spec.data_folder)
    return None
