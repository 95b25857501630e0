"""A rule is data: what it is called, why it is one, who says so, how bad it is, and a pure function
that looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from resnet.checks.facts import Arms, Facts

Severity = Literal["wrong", "unfair", "unusual", "note"]
SEVERITIES: tuple[Severity, ...] = ("wrong", "unfair", "unusual", "note")
"""The worst first: not what was meant; not comparable; not what others do; good to know."""

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
    """What a rule says where it speaks: a sentence with the numbers filled in, and a way out."""

    sentence: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and in which arms or runs. `rule` is the key of the rule that says why."""

    rule: str
    severity: Severity
    sentence: str
    way_out: str
    where: tuple[str, ...] = ()


LooksAtOne = Callable[[Facts], Said | None]
LooksAtArms = Callable[[Arms], Said | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`reason` is one sentence a student understands; `source` a paper, a library's documentation
    or a notebook.

    It has one of two ways to look: `each` at every run by itself, `arms` at what is compared: two
    arms or more.
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
        """A finding for each sentence it has to say; runs of which the same is true share one."""
        said: dict[Said, list[str]] = {}
        for facts in everything if self.each else ():
            if self.each and (found := self.each(facts)):
                said.setdefault(found, []).append(facts.called)
        if self.arms and len(arms) > 1 and (found := self.arms(arms)):
            said[found] = []
        return tuple(
            [
                Finding(self.key, self.severity, *words, where=tuple(dict.fromkeys(names)))
                for words, names in said.items()
            ]
        )


HE_CIFAR = "He et al. 2015, Deep Residual Learning, section 4.2"
HE_IMAGENET = "He et al. 2015, Deep Residual Learning, Table 1"
KERAS = "Keras 3 documentation"
NOTEBOOK = "the ResNet ablation notebook this project grew from (binary cats_vs_dogs)"


def short(number: float) -> str:
    """0.0001, 1e-05, 0.25: three significant digits."""
    return f"{number:.3g}"


def times(ratio: float) -> str:
    """How much more or less: "20 times", "a tenth of", read before "the usual one"."""
    if ratio < 1e-6:
        return "less than a millionth of"
    if ratio >= 1:
        return f"{ratio:.3g} times"
    return "a tenth of" if round(1 / ratio, 1) == 10 else f"1/{1 / ratio:.3g} of"
