"""A colour for each arm, the same in figures and on screen, distinct for colour-blind readers. No
I/O.

Pairs of plain and residual arms always have the same two colours; shallower pairs have lighter
shades.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from resnet.studies.curves.arm_curves import ArmCurve

Scheme = Literal["light", "dark"]

KINDS: dict[str, dict[Scheme, str]] = {
    "residual": {"light": "#0072b2", "dark": "#56b4e9"},
    "plain": {"light": "#c9512a", "dark": "#f08a63"},
}
PALETTE: dict[Scheme, tuple[str, ...]] = {
    "light": (
        "#0072b2",
        "#c9512a",
        "#008f68",
        "#b8558c",
        "#a87400",
        "#23282b",
        "#3f9bd1",
        "#6b7378",
    ),
    "dark": (
        "#56b4e9",
        "#f08a63",
        "#2fc79a",
        "#e29fc6",
        "#e6b84a",
        "#e3e6e6",
        "#4f8fe0",
        "#a7b0ba",
    ),
}
"""The colours of Okabe and Ito; light ones are darkened so that they are visible on white."""

GROUND: dict[Scheme, str] = {"light": "#ffffff", "dark": "#14181a"}
MOST_SHADES = 4
PALEST = 0.7


def colours(arms: Sequence[ArmCurve], scheme: Scheme) -> list[str]:
    """One colour for each arm, in order. After eight they are repeated, paler."""
    counts = Counter(arm.kind for arm in arms)
    pairs = counts["residual"] == counts["plain"] and not counts["other"]
    if len(arms) == 1 and arms[0].kind in KINDS:
        return [KINDS[arms[0].kind][scheme]]
    # Kind is the colour, depth the shade. More than four shades of one colour cannot be told apart.
    if pairs and counts["plain"] <= MOST_SHADES:
        seen = dict.fromkeys(KINDS, 0)
        shades = []
        for arm in arms:
            seen[arm.kind] += 1
            shades.append(
                _paler(
                    KINDS[arm.kind][scheme],
                    PALEST * (1 - seen[arm.kind] / counts[arm.kind]),
                    scheme,
                )
            )
        return shades
    palette = PALETTE[scheme]
    return [
        _paler(palette[at % len(palette)], 0.4 * (at // len(palette) % 2), scheme)
        for at in range(len(arms))
    ]


def _paler(colour: str, share: float, scheme: Scheme) -> str:
    """The colour mixed with a share of the background."""
    ground = GROUND[scheme]
    mixed = [
        round((1 - share) * int(colour[at : at + 2], 16) + share * int(ground[at : at + 2], 16))
        for at in (1, 3, 5)
    ]
    return "#" + "".join([f"{part:02x}" for part in mixed])
