"""Means over seeds and what surrounds them, point by point, fast enough for tens of long curves. No
I/O."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resnet.curves import Curve
from resnet.errors import ConfigError

BandKind = Literal["sd", "se", "range"]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]

HOLES = 0.5
MOST_POINTS = 4000
FINER = 8
"""How many times finer than what is kept the grid is looked at where seeds share no steps: all of
it costs seconds."""


class Points(NamedTuple):
    """One line as arrays, [points] each; `x` must grow, and a `y` that is no number is missing."""

    x: Floats
    y: Floats


class Band(NamedTuple):
    """A mean over seeds and what surrounds it, point by point. `n` is how many seeds are behind
    each point: where one broke off, or has no number, n drops there. `low` and `high` are None
    where one seed has no spread.
    """

    x: list[float]
    mean: list[float]
    low: list[float | None]
    high: list[float | None]
    n: list[int]


NO_BAND = Band([], [], [], [], [])


def band(
    curves: Sequence[Curve | Points],
    kind: BandKind,
    most: int = MOST_POINTS,
    drawn: int | None = None,
) -> Band:
    """Mean and standard deviation, standard error or range of some seeds' curves, whose x must
    grow.

    Where seeds were evaluated at the same steps, a step that one of them lacks is missing there,
    and n says so. Where they were not, each is interpolated between its own points, never beyond
    its ends, on all steps of all, thinned to about `most`. A value that isn't a number counts as
    missing. `drawn` keeps at most so many points of the result, the extremes of each stretch among
    them. Raises ConfigError.
    """
    lines = [
        Points(np.asarray(curve.x, float), np.asarray(curve.y, float))
        for curve in curves
        if len(curve.x)
    ]
    if not lines:
        return NO_BAND
    if any((np.diff(line.x) <= 0).any() for line in lines):
        raise ConfigError(
            "The points of a curve must be in order, each step once; sort them first."
        )
    grid, values = _on_one_grid(lines, most)
    there = np.isfinite(values)
    if not there.all():
        some = there.any(axis=0)
        grid, values, there = grid[some], values[:, some], there[:, some]
    if not grid.size:
        return NO_BAND
    counts = there.sum(axis=0)
    means = np.where(there, values, 0).sum(axis=0) / counts
    low, high = _edges(kind, values, there, means)
    if drawn is not None and len(grid) > drawn:
        at = extremes((means, low, high) if len(values) > 1 else (means,), drawn)
        grid, means, low, high, counts = grid[at], means[at], low[at], high[at], counts[at]
    return Band(grid.tolist(), means.tolist(), _or_none(low), _or_none(high), counts.tolist())


def extremes(columns: Sequence[Floats], most: int) -> Places:
    """The places of at most `most` points that draw the same: of each stretch the ends, and each
    column's extremes.

    What `curves.reduced` keeps, for several columns at once and in a thousandth of a second.
    """
    count = len(columns[0])
    if count <= most:
        return np.arange(count)
    stretches = max(1, most // (2 + 2 * len(columns)))
    width = math.ceil(count / stretches)
    begins = np.arange(0, count, width)
    kept = [begins, np.minimum(begins + width, count) - 1]
    for column in columns:
        for fill, place in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            padded = np.full(len(begins) * width, fill)
            padded[:count] = np.where(np.isfinite(column), column, fill)
            kept.append(
                np.minimum(begins + place(padded.reshape(len(begins), width), axis=1), count - 1)
            )
    return np.unique(np.concatenate(kept))


def _on_one_grid(lines: Sequence[Points], most: int) -> tuple[Floats, Floats]:
    """The common x, and a row of values for each curve, NaN where it has none."""
    grid = max([line.x for line in lines], key=len)
    if all(np.array_equal(line.x, grid) for line in lines):
        return grid, np.array([line.y for line in lines])
    places = [_places(line.x, grid) for line in lines]
    if all(place is not None for place in places):
        values = np.full((len(lines), len(grid)), np.nan)
        for row, place, line in zip(values, places, lines, strict=True):
            row[place] = line.y
        return grid, values
    step = max(1, sum([len(line.x) for line in lines]) // (FINER * most))
    ends = [end for line in lines for end in (line.x[0], line.x[-1])]
    grid = np.unique(np.concatenate([*[line.x[::step] for line in lines], ends]))
    if len(grid) > most:
        grid = np.unique([*grid[np.linspace(0, len(grid) - 1, most).astype(int)], *ends])
    return grid, np.array([np.interp(grid, line.x, line.y, math.nan, math.nan) for line in lines])


def _places(x: Floats, grid: Floats) -> Places | None:
    """Where its steps stand, if it was evaluated on this grid: all its steps are there, and it has
    most of those up to its end. Fewer than that is not a hole here and there but another interval,
    and its mean would jump.
    """
    places = np.searchsorted(grid, x)
    if places[-1] == len(grid) or not np.array_equal(grid[places], x):
        return None
    return places if len(x) > HOLES * (places[-1] - places[0] + 1) else None


def _edges(
    kind: BandKind, values: Floats, there: NDArray[np.bool_], means: Floats
) -> tuple[Floats, Floats]:
    if kind == "range":
        return np.where(there, values, np.inf).min(axis=0), np.where(there, values, -np.inf).max(
            axis=0
        )
    counts = there.sum(axis=0)
    squares = (np.where(there, values - means, 0) ** 2).sum(axis=0)
    reach = np.sqrt(squares / np.where(counts > 1, counts - 1, np.nan))
    if kind == "se":
        reach = reach / np.sqrt(counts)
    return means - reach, means + reach


def _or_none(values: Floats) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]
