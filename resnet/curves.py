"""Series of numbers for a chart: reduced without visible change, and smoothed."""

from itertools import accumulate
from typing import NamedTuple


class Curve(NamedTuple):
    """One line of a chart."""

    x: list[float]
    y: list[float]


def reduced(line: Curve, most: int = 1000) -> Curve:
    """At most `most` points that look the same in a chart: the first, lowest, highest and last of
    each stretch.

    A running mean would hide spikes. This keeps every spike, if a stretch is at most one pixel
    wide.
    """
    count = len(line.x)
    if count <= most:
        return line
    # Four points are kept of each stretch.
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
    """The centred mean over `width` points. Near the ends the window is smaller, and still
    symmetric.

    So nothing moves sideways, and a straight line does not change. Draw it over the raw line, not
    instead of it.
    """
    count, reach = len(line.y), max(0, width // 2)
    sums = [0.0, *accumulate(line.y)]  # sums[i] is the sum of the first i values
    means = []
    for index in range(count):
        # As many neighbours on the left as on the right.
        side = min(reach, index, count - 1 - index)
        means.append((sums[index + side + 1] - sums[index - side]) / (2 * side + 1))
    return Curve(line.x, means)
