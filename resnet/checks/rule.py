"""Rules as data: each has a name, a reason, a source, a severity, and a pure function that applies
it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from resnet.checks.facts import Arms, Facts

Severity = Literal["wrong", "unfair", "unusual", "note"]
SEVERITIES: tuple[Severity, ...] = ("wrong", "unfair", "unusual", "note")
"""The most severe first: probably a mistake; an unfair comparison; unusual; good to know."""

Subject = Literal[
    "weight decay",
    "network",
    "batch norm",
    "learning rate",
    "steps",
    "data",
    "devices",
    "comparison",
]


class Said(NamedTuple):
    """A rule's problem: a sentence with its numbers, and a way out."""

    sentence: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, and the arms or runs that have it. `rule` is the key of the rule that found
    it."""

    rule: str
    severity: Severity
    sentence: str
    way_out: str
    where: tuple[str, ...] = ()


LooksAtOne = Callable[[Facts], Said | None]
LooksAtArms = Callable[[Arms], Said | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`reason` is one sentence that a student understands; `source` a paper, a library's
    documentation or a notebook.

    A rule has one of two functions: `each` looks at one run, `arms` compares two arms or more.
    """

    key: str
    subject: Subject
    title: str
    reason: str
    source: str
    severity: Severity
    each: LooksAtOne | None = None
    arms: LooksAtArms | None = None

    def look(self, everything: Sequence[Facts], arms: Arms) -> tuple[Finding, ...]:
        """The findings. Runs with the same sentence share one."""
        places: dict[Said, list[str]] = {}
        # The key is the problem itself: three seeds with one mistake are one finding with three
        # places.
        for facts in everything if self.each else ():
            if self.each and (problem := self.each(facts)):
                places.setdefault(problem, []).append(facts.called)
        if self.arms and len(arms) > 1 and (problem := self.arms(arms)):
            # A comparison names its arms in the sentence.
            places[problem] = []
        findings = []
        for (sentence, way_out), names in places.items():
            where = tuple(dict.fromkeys(names))
            findings.append(Finding(self.key, self.severity, sentence, way_out, where))
        return tuple(findings)


HE_CIFAR = "He et al. 2015, Deep Residual Learning, section 4.2"
HE_IMAGENET = "He et al. 2015, Deep Residual Learning, Table 1"
KERAS = "Keras 3 documentation"
NOTEBOOK = "the ResNet ablation notebook this project grew from (binary cats_vs_dogs)"


def short(number: float) -> str:
    """0.0001, 1e-05, 0.25: three significant digits."""
    return f"{number:.3g}"


def times(ratio: float) -> str:
    """A ratio in words, before "the usual one": "20 times", "a tenth of"."""
    if ratio < 1e-6:
        return "less than a millionth of"
    if ratio >= 1:
        return f"{ratio:.3g} times"
    return "a tenth of" if round(1 / ratio, 1) == 10 else f"1/{1 / ratio:.3g} of"
