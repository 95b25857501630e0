"""The small sign of each operation: told apart by shape, so that colour is never needed.

Every glyph fills a square of GLYPH points with its corner at the origin.
"""

from collections.abc import Iterator
from functools import lru_cache

from resnet.diagram.looks.shapes import Circle, Command, Mark, Path, Rect, moved
from resnet.diagram.looks.style import OPERATION_OF_KIND

GLYPH = 8.0


@lru_cache(maxsize=1024)
def glyph(kind: str, x: float, y: float) -> tuple[Mark, ...]:
    """The sign of a node's kind, with its corner at x, y. Unknown kinds, such as the input, have
    none."""
    return tuple(_marks(kind, x, y))


def _marks(kind: str, x: float, y: float) -> Iterator[Mark]:
    operation = OPERATION_OF_KIND.get(kind, "")
    fill, stroke = f"{operation}-fill", f"{operation}-stroke"
    match kind:
        case "conv":
            yield Rect(x, y, GLYPH, GLYPH, 1.5, fill)
        case "norm":
            for row in (0.25, 3, 5.75):
                yield Rect(x, y + row, GLYPH, 2, 0.75, fill)
        case "relu":
            yield _line(stroke, (x, y + 7.2), (x + 4, y + 7.2), (x + 7.6, y + 0.8))
        case "activation":
            curve: tuple[Command, ...] = (("M", 0, 7.2), ("C", 5, 7.2, 3, 0.8, 8, 0.8))
            yield Path(moved(curve, x, y), stroke)
        case "add":
            yield Circle(x + 4, y + 4, 3.6, "adder")
            yield _line("adder-plus", (x + 4, y + 1.8), (x + 4, y + 6.2))
            yield _line("adder-plus", (x + 1.8, y + 4), (x + 6.2, y + 4))
        case "pool" | "global_pool":
            funnel: tuple[Command, ...] = (
                ("M", 0, 0.75),
                ("L", 8, 0.75),
                ("L", 5.6, 7.5),
                ("L", 2.4, 7.5),
                ("Z",),
            )
            yield Path(moved(funnel, x, y), fill)
        case "dense":
            yield Circle(x + 4, y + 4, 4, fill)
        case "projection":
            diamond: tuple[Command, ...] = (
                ("M", 4, -0.4),
                ("L", 8.4, 4),
                ("L", 4, 8.4),
                ("L", -0.4, 4),
                ("Z",),
            )
            yield Path(moved(diamond, x, y), fill)
        case "pad":
            yield Rect(x + 0.5, y + 0.5, 7, 7, 0.5, stroke)
        case "subsample":
            for corner_x, corner_y in ((1.75, 1.75), (6.25, 1.75), (1.75, 6.25), (6.25, 6.25)):
                yield Circle(x + corner_x, y + corner_y, 1.4, fill)


def _line(look: str, *points: tuple[float, float]) -> Path:
    first, *rest = points
    return Path((("M", *first), *(("L", *point) for point in rest)), look)
