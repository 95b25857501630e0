"""Whether only one setting was changed: between all arms of a comparison, and between an arm and
its reference. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resnet.guards.differences import Differing, Specs, differing, listed

Purity = Literal[
    "no difference", "one factor", "one factor, several settings", "several factors", "undeclared"
]

ALONE = "There is only one arm, so nothing is compared."


@dataclass(frozen=True, slots=True)
class OneFactor:
    """Whether only what was declared differs; where `purity` is "undeclared", the sentence is a
    banner."""

    purity: Purity
    sentence: str
    found: tuple[Differing, ...]

    @property
    def undeclared(self) -> tuple[Differing, ...]:
        """The differences that belong to no declared factor: what the banner names."""
        return tuple(each for each in self.found if each.factor is None)


def one_factor(specs_by_arm: Specs, factors: Iterable[str]) -> OneFactor:
    """The verdict on a comparison, in a sentence that names each setting that was not declared."""
    found = differing(specs_by_arm, factors)
    undeclared = [each for each in found if each.factor is None]
    names = list(dict.fromkeys(each.factor for each in found if each.factor))
    if undeclared:
        more = (
            "more than the declared factors differ"
            if names
            else "settings differ that are not declared"
        )
        return OneFactor(
            "undeclared",
            f"Not a fair comparison: {more}: {', '.join(map(str, undeclared))}.",
            found,
        )
    if not found:
        sentence = ALONE if len(specs_by_arm) == 1 else "The arms do not differ in any setting."
        return OneFactor("no difference", sentence, found)
    if len(names) > 1:
        return OneFactor(
            "several factors",
            f"{len(names)} declared factors differ, and nothing else: {listed(names)}.",
            found,
        )
    if len(found) == 1:
        return OneFactor("one factor", f"Only {found[0].key} differs.", found)
    keys = listed([each.key for each in found])
    sentence = (
        f"Only the factor {names[0]} differs, and it changes {len(found)} settings at once: {keys}."
    )
    return OneFactor("one factor, several settings", sentence, found)


def several_changed(against: str, name: str, factors: Sequence[str]) -> str:
    """The doubt about an arm that differs in several factors from the one it is compared with."""
    return f"{len(factors)} factors differ between {against} and {name}: {listed(factors)}."


def between(
    specs_by_arm: Specs, references: Mapping[str, str | None], factors: Sequence[str]
) -> str:
    """What differs between each arm and the one it is compared with, in a sentence; nothing where
    none is compared.

    In a grid all factors differ somewhere, and yet each comparison may be of one.
    """
    verdicts: dict[str, list[str]] = {}
    for arm, reference in references.items():
        if reference is not None:
            pair = {name: specs_by_arm[name] for name in (reference, arm)}
            found = one_factor(pair, factors).found
            verdicts.setdefault(listed([each.key for each in found]) or "nothing", []).append(arm)
    if not verdicts:
        return ""
    if len(verdicts) == 1:
        return (
            f"Between an arm and the one it is compared with, this differs: {next(iter(verdicts))}."
        )
    differences = [f"{keys} in {listed(names)}" for keys, names in verdicts.items()]
    return (
        f"Between an arm and the one it is compared with, this differs: {'; '.join(differences)}."
    )
