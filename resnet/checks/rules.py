"""The recipe check: rules, each with a reason and a source, over networks, recipes, studies, runs
and imported curves.

    check(*facts)                      the findings, the worst first
    follows(recipe, network, dataset)  where a training follows section 4.2 of He et al. 2015

Facts come from `resnet.checks.sources`. An unknown fact is None; rules do not guess.
"""

from collections.abc import Sequence

from resnet.checks import comparison, decay, devices, images, network, noise, rate, several
from resnet.checks.facts import Facts, arms_of
from resnet.checks.paper import Conformity, PaperPoint, follows
from resnet.checks.rule import SEVERITIES, Finding, Rule, Severity
from resnet.errors import UnknownNameError

__all__ = [
    "RULES",
    "SEVERITIES",
    "Conformity",
    "Facts",
    "Finding",
    "PaperPoint",
    "Rule",
    "Severity",
    "check",
    "follows",
    "get",
]

RULES: tuple[Rule, ...] = (
    *decay.RULES,
    *network.RULES,
    *rate.RULES,
    *images.RULES,
    *devices.RULES,
    *several.RULES,
    *comparison.RULES,
    *noise.RULES,
)

_BY_KEY = {rule.key: rule for rule in RULES}


def get(key: str) -> Rule:
    """The rule of this key: a finding's reason and source. Raises UnknownNameError."""
    if key not in _BY_KEY:
        raise UnknownNameError("rule", key, _BY_KEY)
    return _BY_KEY[key]


def check(*facts: Facts, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """The findings of all rules, the most severe first; equal ones in the order of the rules.

    Every run is checked alone. Several arms are also compared: `arms_of` says which runs are one
    arm.
    """
    arms = arms_of(facts)
    findings = [finding for rule in rules for finding in rule.look(facts, arms)]
    # sorted() is stable, so findings of one severity keep the order of the rules.
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
