"""Arms that differ in more than one factor from the arm they are compared with."""

from resnet.checks.facts import Arms, arm_label
from resnet.checks.rule import NOTEBOOK, Rule, Said
from resnet.guards.guard import several_changed

MOST = 3
"""More comparisons than this are counted."""


def _several_factors(arms: Arms) -> Said | None:
    said = []
    for first, *_ in arms:
        if first.against is not None and len(first.changed or ()) > 1:
            said.append(several_changed(first.against, arm_label([first]), first.changed or ()))
    if not said:
        return None
    more = (
        [f"{len(said) - MOST} more comparisons change several factors."] if len(said) > MOST else []
    )
    return Said(
        " ".join([*said[:MOST], *more]),
        "Add an arm for each factor alone, or cross them in a grid; else say that both were"
        " changed.",
    )


RULES = (
    Rule(
        key="several_factors",
        subject="comparison",
        title="Several factors changed at once",
        reason="Where two things change at once, nobody can say which made the difference.",
        source=f"{NOTEBOOK}: network, weight decay and optimiser changed together",
        severity="unfair",
        arms=_several_factors,
    ),
)
