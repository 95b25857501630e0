"""The few shapes that every file format can paint. Coordinates are points, y runs downwards; looks
are names in style.LOOKS."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

Command = tuple[str | float, ...]
"""("M", x, y), ("L", x, y), ("C", x1, y1, x2, y2, x, y) or ("Z",)."""

Commands = tuple[Command, ...]


class Rect(NamedTuple):
    """A rectangle; `radius` rounds its corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    look: str


class Circle(NamedTuple):
    x: float
    y: float
    radius: float
    look: str


class Path(NamedTuple):
    commands: Commands
    look: str


class Text(NamedTuple):
    """One line; `y` is the baseline."""

    x: float
    y: float
    text: str
    look: str
    anchor: Literal["start", "middle", "end"] = "start"


Mark = Rect | Circle | Path | Text

Point = tuple[float, float]

ROUND = 0.5523
"""Length of a Bézier curve's handles for a quarter of a circle: 4/3 · (√2 − 1), radius 1."""


def moved(commands: Commands, dx: float, dy: float) -> Commands:
    """The same path at another position."""
    return tuple((command[0], *_moved(command[1:], dx, dy)) for command in commands)


def _moved(numbers: Command, dx: float, dy: float) -> Iterator[float]:
    for index, number in enumerate(numbers):
        # Numbers alternate: x, y, x, y, …
        yield float(number) + (dy if index % 2 else dx)


def shifted(mark: Mark, dx: float, dy: float) -> Mark:
    """The same mark at another position."""
    if isinstance(mark, Path):
        return mark._replace(commands=moved(mark.commands, dx, dy))
    return mark._replace(x=mark.x + dx, y=mark.y + dy)


def rounded(points: list[Point], radius: float) -> Commands:
    """A line through points, every corner rounded; corners are square turns, and segments may be of
    length 0."""
    commands: list[Command] = [("M", *points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        # At most half of each segment, so that two corners never meet.
        reach = min(radius, _distance(before, corner) / 2, _distance(corner, after) / 2)
        # Three points on one line make no corner.
        if reach == 0 or before[0] == corner[0] == after[0] or before[1] == corner[1] == after[1]:
            continue
        start, end = _towards(corner, before, reach), _towards(corner, after, reach)
        handles = (*_towards(start, corner, reach * ROUND), *_towards(end, corner, reach * ROUND))
        commands += [("L", *start), ("C", *handles, *end)]
    commands.append(("L", *points[-1]))
    return tuple(commands)


def arrow_head(tip: Point, direction: Point, size: float = 3.5) -> Commands:
    """A filled triangle whose tip is `tip`, pointing along `direction` (a unit vector)."""
    (x, y), (dx, dy) = tip, direction
    # (−dy, dx) is the direction turned by 90°. The triangle is 1.3 · size long and size wide.
    back_x, back_y, half = x - dx * size * 1.3, y - dy * size * 1.3, size * 0.5
    left, right = (back_x - dy * half, back_y + dx * half), (back_x + dy * half, back_y - dx * half)
    return (("M", x, y), ("L", *left), ("L", *right), ("Z",))


def _distance(one: Point, other: Point) -> float:
    # Segments run along one axis, so this is their length.
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: Point, end: Point, length: float) -> Point:
    whole = _distance(start, end)
    share = length / whole if whole else 0.0
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
