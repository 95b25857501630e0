"""Arms that differ in more than one factor from the arm they are compared with."""

from resnet.checks.facts import Arms, arm_label
from resnet.checks.rule import NOTEBOOK, Rule, Said
from resnet.guards.guard import several_changed

MOST = 3
"""The number of comparisons that are named; the rest are counted."""


def _several_factors(arms: Arms) -> Said | None:
    sentences = []
    for first, *_ in arms:
        # The first run stands for its arm: all seeds change the same factors.
        if first.against is not None and len(first.changed or ()) > 1:
            sentence = several_changed(first.against, arm_label([first]), first.changed or ())
            sentences.append(sentence)
    if not sentences:
        return None
    named, others = sentences[:MOST], len(sentences) - MOST
    if others > 0:
        named.append(f"{others} more comparisons change several factors.")
    return Said(
        " ".join(named),
        "Add an arm for each factor alone, or cross the factors in a grid; otherwise say that both"
        " were changed.",
    )


RULES = (
    Rule(
        key="several_factors",
        subject="comparison",
        title="Several factors changed at once",
        reason="If two things change at once, the cause of a difference cannot be known.",
        source=f"{NOTEBOOK}: network, weight decay and optimiser changed together",
        severity="unfair",
        arms=_several_factors,
    ),
)
