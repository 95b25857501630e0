"""The findings of the recipe check, the worst first. A click on a finding shows its reason, a
solution and its source."""

import re
from collections import Counter
from collections.abc import Sequence
from html import escape

import streamlit as st

from resnet.checks import rules
from resnet.checks.rules import Finding, Severity

TITLES: dict[Severity, str] = {
    "wrong": "Probably a mistake",
    "unfair": "Not comparable",
    "unusual": "Unusual",
    "note": "Good to know",
}
ICONS: dict[Severity, str] = {
    "wrong": "error",
    "unfair": "balance",
    "unusual": "help",
    "note": "info",
}
COUNTED: dict[Severity, tuple[str, str]] = {
    "wrong": ("probable mistake", "probable mistakes"),
    "unfair": ("not comparable", "not comparable"),
    "unusual": ("unusual", "unusual"),
    "note": ("note", "notes"),
}
# Names of runs before a sentence; a study may have hundreds.
SHOWN = 8
ENTRY = "margin-bottom:0.5rem;line-height:1.5"
MORE = "margin:0.25rem 0 0 1rem"
CODE = re.compile(r"`([^`]+)`")


def label(findings: Sequence[Finding]) -> str:
    """Recipe check: 2 probable mistakes, 3 not comparable."""
    counts = Counter(finding.severity for finding in findings)
    counted = [
        f"{counts[severity]} {COUNTED[severity][counts[severity] > 1]}"
        for severity in rules.SEVERITIES
        if counts[severity]
    ]
    return f"Recipe check: {', '.join(counted) or 'nothing found'}"


def show(findings: Sequence[Finding]) -> None:
    """The findings, grouped by severity."""
    for severity in rules.SEVERITIES:
        of_severity = [finding for finding in findings if finding.severity == severity]
        if of_severity:
            st.markdown(f"**:material/{ICONS[severity]}: {TITLES[severity]}**")
            st.html("".join(map(_entry, of_severity)))
    if not findings:
        st.caption("No problems found in what is known about this training.")


def _entry(finding: Finding) -> str:
    rule = rules.get(finding.rule)
    # One element of HTML for all findings of a severity: an expander for each would be dozens of
    # elements on the page.
    where = f"{', '.join(finding.where[:SHOWN])}: " if finding.where else ""
    rows = {"Why": rule.reason, "What to do": finding.way_out, "Source": rule.source}
    more = "".join(
        [f'<p style="{MORE}"><b>{word}.</b> {_words(text)}</p>' for word, text in rows.items()]
    )
    summary = _words(where + finding.sentence)
    return (
        f'<details style="{ENTRY}"><summary'
        f' style="cursor:pointer">{summary}</summary>{more}</details>'
    )


def _words(text: str) -> str:
    """Text as HTML. Text between backticks becomes code."""
    # Escaped first: names of runs and settings are typed by people and must not become tags.
    return CODE.sub(r"<code>\1</code>", escape(text))
