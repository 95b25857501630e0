"""Colours that colour-blind readers can tell apart, on light and on dark ground, and that hold in
grey."""

from itertools import combinations
from typing import Literal

import pytest

from resnet.diagram.looks.glyphs import glyph
from resnet.diagram.looks.style import (
    COLOURS,
    LOOKS,
    OPERATION_COLOURS,
    OPERATION_OF_KIND,
    OPERATIONS,
)

Rgb = tuple[float, float, float]
Ground = Literal["light", "dark"]

SEEN_BY: dict[
    str, tuple[Rgb, Rgb, Rgb]
] = {  # Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB
    "everyone else": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}
LEAST_DIFFERENCE = 10.0
"""CIE76. About 2.3 can just be seen side by side; small signs need more. Shape tells them apart as
well."""

LETTERS_CONTRAST, SIGNS_CONTRAST = 4.5, 3.0
"""WCAG 2.2: 1.4.3 for text, 1.4.11 for graphical objects."""


def linear(colour: str) -> Rgb:
    values = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return red, green, blue


def times(matrix: tuple[Rgb, Rgb, Rgb], vector: Rgb) -> Rgb:
    def row_times(row: Rgb) -> float:
        return sum(a * b for a, b in zip(row, vector, strict=True))

    first, second, third = map(row_times, matrix)
    return first, second, third


def lab(rgb: Rgb) -> Rgb:
    """CIE L*a*b* under D65."""
    xyz = times(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)), rgb)
    scaled = [max(v, 0) / white for v, white in zip(xyz, (0.9505, 1, 1.089), strict=True)]
    x, y, z = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in scaled]
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def luminance(colour: str) -> float:
    return times(((0.2126, 0.7152, 0.0722),) * 3, linear(colour))[0]


def contrast(one: str, other: str) -> float:
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("ground", ["light", "dark"])
def test_operations_have_colours_of_their_own(eyes: str, ground: Ground) -> None:
    """Two operations that look alike to some readers."""
    seen = {
        name: lab(times(SEEN_BY[eyes], linear(getattr(colour, ground))))
        for name, colour in OPERATION_COLOURS.items()
    }
    for one, other in combinations(OPERATIONS, 2):
        difference = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert difference >= LEAST_DIFFERENCE, (one, other, difference)


@pytest.mark.parametrize("ground", ["light", "dark"])
@pytest.mark.parametrize("behind", ["card", "panel"])
def test_words_and_signs_stand_out_from_their_ground(ground: Ground, behind: str) -> None:
    """Grey words on grey; a sign that vanishes on a dark screen."""
    paper = getattr(COLOURS[behind], ground)
    for name in ("ink", "muted"):
        assert contrast(getattr(COLOURS[name], ground), paper) >= LETTERS_CONTRAST, name
    for name in ("line", *OPERATIONS):
        assert contrast(getattr(COLOURS[name], ground), paper) >= SIGNS_CONTRAST, name


def test_every_operation_has_a_sign_of_its_own_shape() -> None:
    """Colour must never be needed: take it away and the signs still differ."""
    signs = {}
    for kind in OPERATION_OF_KIND:
        signs[kind] = [mark._replace(look="") for mark in glyph(kind, 0, 0)]
    signs.pop("global_pool")  # pooling is one operation
    assert all(signs.values())
    for one, other in combinations(signs, 2):
        assert signs[one] != signs[other], (one, other)


def test_every_look_names_colours_that_exist() -> None:
    for look in LOOKS.values():
        assert {look.fill, look.stroke} - {""} <= COLOURS.keys()
