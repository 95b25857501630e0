"""The recipe check over all that is chosen: what is wrong, unfair or unusual, why, and the way out."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from app import views
from app.beside import cache
from app.beside.arms import Arm
from app.beside.choose import Chosen
from resnet import data
from resnet.ablation import lint
from resnet.ablation.lint import Facts, Finding, Severity
from resnet.ablation.rules import sources
from resnet.ablation.rules.imported import of_import
from resnet.data import DatasetFacts
from resnet.errors import ResNetLabError
from resnet.runs import Run
from resnet.runs.spec import RunSpec

TITLES: dict[Severity, str] = {
    "wrong": "Not what was meant",
    "unfair": "Not comparable",
    "unusual": "Not what others do",
    "note": "Good to know",
}
ICONS: dict[Severity, str] = {"wrong": "error", "unfair": "balance", "unusual": "help", "note": "info"}
COUNTED: dict[Severity, tuple[str, str]] = {
    "wrong": ("wrong", "wrong"),
    "unfair": ("unfair", "unfair"),
    "unusual": ("unusual", "unusual"),
    "note": ("note", "notes"),
}
SHOWN = 8
ENTRY = "margin-bottom:0.5rem;line-height:1.5"
MORE = "margin:0.25rem 0 0 1rem"
CODE = re.compile(r"`([^`]+)`")


def found(chosen: Chosen, declared: str | None, said: list[str]) -> tuple[Finding, ...]:
    """What the rules say of everything chosen; `said` receives a sentence for each that cannot be checked."""
    facts = [one for arm in chosen.arms for one in _of_arm(arm, said)]
    for kept in chosen.imports:
        try:
            facts.append(of_import(kept.curve))
        except ResNetLabError as error:
            said.append(f"{kept.curve.name} cannot be checked: {error}")
    if declared:
        facts = [replace(one, declared=(declared,)) for one in facts]
    return lint.check(*facts)


def headline(findings: Sequence[Finding]) -> str:
    """Recipe check: 2 wrong, 3 unfair."""
    if not findings:
        return "Recipe check: nothing to say against it, as far as the facts go."
    counts = {severity: sum(finding.severity == severity for finding in findings) for severity in lint.SEVERITIES}
    said = [f"{count} {COUNTED[severity][count > 1]}" for severity, count in counts.items() if count]
    return f"Recipe check: {', '.join(said)}."


def show(findings: Sequence[Finding], chosen: Chosen) -> None:
    """By severity, each with its reason, way out and source a click away; then how far each arm follows the paper."""
    for severity in lint.SEVERITIES:
        own = [finding for finding in findings if finding.severity == severity]
        if own:
            st.markdown(f"**:material/{ICONS[severity]}: {TITLES[severity]}**")
            st.html("".join(map(_entry, own)))
    sentences = [f"{arm.name}: {sentence}" for arm in chosen.arms if (sentence := follows(arm))]
    if sentences:
        st.markdown("**Against the paper**")
        st.markdown("\n".join([f"- {views.plain(sentence)}" for sentence in sentences]))


def follows(arm: Arm) -> str | None:
    """How far an arm keeps to the paper's section 4.2; None for a network that it is not about."""
    spec = arm.spec
    if spec.config.stem != "cifar":
        return None
    return lint.follows(spec.recipe, spec.config, _dataset(spec)).sentence


def _entry(finding: Finding) -> str:
    rule = lint.get(finding.rule)
    where = f"{', '.join(finding.where[:SHOWN])}: " if finding.where else ""
    rows = {"Why": rule.reason, "Way out": finding.way_out, "Source": rule.source}
    more = "".join([f'<p style="{MORE}"><b>{label}.</b> {_words(text)}</p>' for label, text in rows.items()])
    summary = _words(where + finding.sentence)
    return f'<details style="{ENTRY}"><summary style="cursor:pointer">{summary}</summary>{more}</details>'


def _words(text: str) -> str:
    """Text as HTML; what stands between backticks is code."""
    return CODE.sub(r"<code>\1</code>", escape(text))


def _of_arm(arm: Arm, said: list[str]) -> list[Facts]:
    facts = []
    for run, spec in zip(arm.runs, arm.specs, strict=True):
        try:
            facts.append(replace(_of_run(run, spec), arm=arm.name))
        except ResNetLabError as error:
            said.append(f"Run {run.id} cannot be checked: {error}")
    return facts


def _of_run(run: Run, spec: RunSpec) -> Facts:
    planned = sources.of_spec(spec, _dataset(spec), run.id)
    return sources.of_run(planned, cache.records(run), continued=run.parent is not None)


def _dataset(spec: RunSpec) -> DatasetFacts | None:
    """What is known of the images, or None where this machine lacks them."""
    with contextlib.suppress(ResNetLabError):
        return data.facts(spec.dataset, spec.data_folder)
    return None
