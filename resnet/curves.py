"""Series of numbers for a chart: fewer points, the same picture."""

from itertools import accumulate
from typing import NamedTuple


class Curve(NamedTuple):
    """One line of a chart."""

    x: list[float]
    y: list[float]


def reduced(line: Curve, most: int = 1000) -> Curve:
    """At most `most` points that draw the same: of each stretch the first, lowest, highest and last
    are kept.

    A running mean would hide a spike; this keeps every one of them, as long as a stretch is no
    wider than a pixel.
    """
    count = len(line.x)
    if count <= most:
        return line
    stretches = max(1, most // 4)
    indices: list[int] = []
    for stretch in range(stretches):
        begin, end = stretch * count // stretches, (stretch + 1) * count // stretches
        here = range(begin, end)
        indices += sorted(
            {begin, min(here, key=line.y.__getitem__), max(here, key=line.y.__getitem__), end - 1}
        )
    return Curve([line.x[index] for index in indices], [line.y[index] for index in indices])


def smoothed(line: Curve, width: int) -> Curve:
    """The mean of each point and its neighbours, `width` points in all; fewer at the ends, alike on
    both sides.

    Nothing moves sideways, and a straight line stays as it is. To be drawn over the raw line, never
    in its place.
    """
    count, reach = len(line.y), max(0, width // 2)
    sums = [0.0, *accumulate(line.y)]
    means = []
    for index in range(count):
        side = min(reach, index, count - 1 - index)
        means.append((sums[index + side + 1] - sums[index - side]) / (2 * side + 1))
    return Curve(line.x, means)
