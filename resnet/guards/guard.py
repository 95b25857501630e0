"""Whether only one setting differs: between all arms of a comparison, and between an arm and its
reference. No I/O."""

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
    """Whether only declared factors differ. Where `purity` is "undeclared", the page shows the
    sentence as a warning."""

    purity: Purity
    sentence: str
    found: tuple[Differing, ...]

    @property
    def undeclared(self) -> tuple[Differing, ...]:
        """The differences outside all declared factors; the warning names them."""
        return tuple(each for each in self.found if each.factor is None)


def one_factor(specs_by_arm: Specs, factors: Iterable[str]) -> OneFactor:
    """The verdict on a comparison. Its sentence names each undeclared setting that differs."""
    differences = differing(specs_by_arm, factors)
    undeclared = [each for each in differences if each.factor is None]
    names = list(dict.fromkeys(each.factor for each in differences if each.factor))
    # The worst case first: with an undeclared difference, the declared ones prove nothing.
    if undeclared:
        more = (
            "more than the declared factors differ"
            if names
            else "settings differ that are not declared"
        )
        return OneFactor(
            "undeclared",
            f"Not a fair comparison: {more}: {', '.join(map(str, undeclared))}.",
            differences,
        )
    if not differences:
        sentence = ALONE if len(specs_by_arm) == 1 else "The arms do not differ in any setting."
        return OneFactor("no difference", sentence, differences)
    if len(names) > 1:
        return OneFactor(
            "several factors",
            f"{len(names)} declared factors differ, and nothing else: {listed(names)}.",
            differences,
        )
    # From here on there is one factor. It may be a group, "recipe.optimiser", with several settings
    # in it.
    if len(differences) == 1:
        return OneFactor("one factor", f"Only {differences[0].key} differs.", differences)
    keys = listed([each.key for each in differences])
    sentence = (
        f"Only the factor {names[0]} differs, and it changes {len(differences)} settings at once:"
        f" {keys}."
    )
    return OneFactor("one factor, several settings", sentence, differences)


def several_changed(against: str, name: str, factors: Sequence[str]) -> str:
    """The warning for an arm that differs in several factors from its reference."""
    return f"{len(factors)} factors differ between {against} and {name}: {listed(factors)}."


def between(
    specs_by_arm: Specs, references: Mapping[str, str | None], factors: Sequence[str]
) -> str:
    """A sentence with the settings that differ between each arm and its reference; "" without any
    reference.

    In a grid all factors vary, but each comparison may be of one factor.
    """
    verdicts: dict[str, list[str]] = {}
    for arm, reference in references.items():
        if reference is not None:
            pair = {name: specs_by_arm[name] for name in (reference, arm)}
            differences = one_factor(pair, factors).found
            verdicts.setdefault(listed([each.key for each in differences]) or "nothing", []).append(
                arm
            )
    if not verdicts:
        return ""
    # All comparisons change the same settings, so one sentence is enough.
    if len(verdicts) == 1:
        return (
            f"Between an arm and the one it is compared with, this differs: {next(iter(verdicts))}."
        )
    clauses = [f"{keys} in {listed(names)}" for keys, names in verdicts.items()]
    return f"Between an arm and the one it is compared with, this differs: {'; '.join(clauses)}."
