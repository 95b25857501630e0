"""The guards of a comparison: one factor, an exact twin, the same data. No I/O.

What differs is found in `differences`, twins in `twins`, what arms share in `sharing`; all of it is to be had here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from resnet.ablation.differences import Differing, Specs, canonical, differing, leaves, listed, undeclared
from resnet.ablation.sharing import SameStart, Stream, same_start, streams
from resnet.ablation.twins import TwinProof, WeightsProof, compare_weights, equal_starts, prove, twin

__all__ = [
    "Differing",
    "OneFactor",
    "Purity",
    "SameStart",
    "Specs",
    "Stream",
    "TwinProof",
    "WeightsProof",
    "canonical",
    "compare_weights",
    "differing",
    "equal_starts",
    "leaves",
    "one_factor",
    "prove",
    "same_start",
    "streams",
    "twin",
    "undeclared",
]

Purity = Literal["no difference", "one factor", "one factor, several settings", "several factors", "undeclared"]


@dataclass(frozen=True, slots=True)
class OneFactor:
    """Whether only what was declared differs; where `purity` is "undeclared", the sentence is a banner."""

    purity: Purity
    sentence: str
    found: tuple[Differing, ...]


def one_factor(specs_by_arm: Specs, factors: Iterable[str]) -> OneFactor:
    """The verdict on a comparison, in a sentence that names each setting nobody declared."""
    found = differing(specs_by_arm, factors)
    loose = [each for each in found if each.factor is None]
    names = list(dict.fromkeys(each.factor for each in found if each.factor))
    if loose:
        more = "more than the declared factors differ" if names else "settings differ that nobody declared"
        return OneFactor("undeclared", f"Not a fair comparison: {more}: {', '.join(map(str, loose))}.", found)
    if not found:
        return OneFactor("no difference", "The arms do not differ in any setting.", found)
    if len(names) > 1:
        return OneFactor(
            "several factors", f"{len(names)} declared factors differ, and nothing else: {listed(names)}.", found
        )
    if len(found) == 1:
        return OneFactor("one factor", f"Only {found[0].key} differs.", found)
    keys = listed([each.key for each in found])
    said = f"Only the factor {names[0]} differs, and it changes {len(found)} settings at once: {keys}."
    return OneFactor("one factor, several settings", said, found)
