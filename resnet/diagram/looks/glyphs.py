"""The small sign of each operation. The signs differ in shape, so colour is never needed.

Every glyph fills a square of GLYPH points with its corner at the origin.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from resnet.diagram.looks.shapes import Circle, Command, Mark, Path, Rect, moved
from resnet.diagram.looks.style import OPERATION_OF_KIND

GLYPH = 8.0

Sign = Callable[[float, float, str, str], Iterator[Mark]]
"""Draws a sign with its corner at x, y; the words are the looks of areas and of lines."""


@lru_cache(maxsize=1024)
def glyph(kind: str, x: float, y: float) -> tuple[Mark, ...]:
    """The sign of a node's kind, with its corner at x, y. The image has none. Raises KeyError for a
    kind without a sign."""
    if kind == "input":
        return ()
    operation = OPERATION_OF_KIND[kind]
    return tuple(SIGNS[kind](x, y, f"{operation}-fill", f"{operation}-stroke"))


def _square(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    yield Rect(x, y, GLYPH, GLYPH, 1.5, fill)


def _bars(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    for row in (0.25, 3, 5.75):
        yield Rect(x, y + row, GLYPH, 2, 0.75, fill)


def _bent_line(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    # The graph of ReLU; y runs down, so 7.2 is near the lower end.
    yield _line(stroke, (x, y + 7.2), (x + 4, y + 7.2), (x + 7.6, y + 0.8))


def _sigmoid(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    curve: tuple[Command, ...] = (("M", 0, 7.2), ("C", 5, 7.2, 3, 0.8, 8, 0.8))
    yield Path(moved(curve, x, y), stroke)


# ⊕ and ⊗ as in mathematics: an addition of two maps, and a multiplication of channels by their
# gates.
def _plus_in_a_circle(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    yield Circle(x + 4, y + 4, 3.6, "adder")
    yield _line("adder-plus", (x + 4, y + 1.8), (x + 4, y + 6.2))
    yield _line("adder-plus", (x + 1.8, y + 4), (x + 6.2, y + 4))


def _cross_in_a_circle(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    yield Circle(x + 4, y + 4, 3.6, "adder")
    yield _line("adder-plus", (x + 2.4, y + 2.4), (x + 5.6, y + 5.6))
    yield _line("adder-plus", (x + 5.6, y + 2.4), (x + 2.4, y + 5.6))


def _funnel(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    sides = [(0, 0.75), (8, 0.75), (5.6, 7.5), (2.4, 7.5)]
    yield Path(moved(_closed(sides), x, y), fill)


def _funnel_over_a_bar(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    sides = [(0, 0), (8, 0), (5.6, 4.5), (2.4, 4.5)]
    yield Path(moved(_closed(sides), x, y), fill)
    yield Rect(x, y + 6, GLYPH, 2, 0.75, fill)


def _disc(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    yield Circle(x + 4, y + 4, 4, fill)


def _diamond(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    corners = [(4, -0.4), (8.4, 4), (4, 8.4), (-0.4, 4)]
    yield Path(moved(_closed(corners), x, y), fill)


def _dashed_square(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    yield Rect(x + 0.5, y + 0.5, 7, 7, 0.5, stroke)


def _four_dots(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    for corner_x, corner_y in ((1.75, 1.75), (6.25, 1.75), (1.75, 6.25), (6.25, 6.25)):
        yield Circle(x + corner_x, y + corner_y, 1.4, fill)


def _framed_square(x: float, y: float, fill: str, stroke: str) -> Iterator[Mark]:
    yield Rect(x + 0.5, y + 0.5, 7, 7, 0.5, stroke)
    yield Rect(x + 2.5, y + 2.5, 3, 3, 0.5, fill)


SIGNS: dict[str, Sign] = {
    "conv": _square,
    "norm": _bars,
    "relu": _bent_line,
    "activation": _sigmoid,
    "add": _plus_in_a_circle,
    "scale": _cross_in_a_circle,
    "pool": _funnel,
    "global_pool": _funnel,
    "dense": _disc,
    "zero_pad": _framed_square,
    "avg_pool": _funnel_over_a_bar,
    "projection": _diamond,
    "pad": _dashed_square,
    "subsample": _four_dots,
}
"""One for each kind in `OPERATION_OF_KIND`; operations with one noun may share a sign."""


def _closed(corners: list[tuple[float, float]]) -> tuple[Command, ...]:
    first, *rest = corners
    return (("M", *first), *[("L", *corner) for corner in rest], ("Z",))


def _line(look: str, *points: tuple[float, float]) -> Path:
    first, *rest = points
    return Path((("M", *first), *(("L", *point) for point in rest)), look)
