"""Means over seeds with their bands, point by point, fast enough for tens of long curves. No
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
"""Where seeds share no steps, the grid is first built this many times finer than the result. With
all points it would take seconds."""


class Points(NamedTuple):
    """One line as arrays, [points] each. `x` must grow; a `y` that is not a number is missing."""

    x: Floats
    y: Floats


class Band(NamedTuple):
    """A mean over seeds with a band, point by point. `n` is the number of seeds at each point; it
    is lower where a seed has ended or has no number. `low` and `high` are None where a single seed
    has no spread.
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
    """Mean and standard deviation, standard error or range over the curves of several seeds, whose
    x must grow.

    If seeds were evaluated at the same steps, a missing step only lowers n there. Otherwise each
    curve is interpolated between its points, never beyond its ends, at the steps of all curves,
    reduced to about `most`. A value that is not a number counts as missing. `drawn` limits the
    points of the result, and keeps the extremes of each stretch. Raises ConfigError.
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
    grid, values = _on_one_grid(lines, most)  # [points], [seeds, points]
    known = np.isfinite(values)  # [seeds, points]
    if not known.all():
        some = known.any(axis=0)  # [points]: at least one seed has a value
        grid, values, known = grid[some], values[:, some], known[:, some]
    if not grid.size:
        return NO_BAND
    counts = known.sum(axis=0)  # [points]
    means = np.where(known, values, 0).sum(axis=0) / counts  # [points], over the known values
    low, high = _edges(kind, values, known, means)  # [points] each
    if drawn is not None and len(grid) > drawn:
        at = extremes((means, low, high) if len(values) > 1 else (means,), drawn)
        grid, means, low, high, counts = grid[at], means[at], low[at], high[at], counts[at]
    return Band(grid.tolist(), means.tolist(), _or_none(low), _or_none(high), counts.tolist())


def extremes(columns: Sequence[Floats], most: int) -> Places:
    """The places of at most `most` points that look the same in a chart: of each stretch its ends,
    and the extremes of each column.

    Like `curves.reduced`, for several columns at once and in a thousandth of a second.
    """
    count = len(columns[0])
    if count <= most:
        return np.arange(count)
    # Kept of each stretch: two ends, and the lowest and highest of each column.
    stretches = max(1, most // (2 + 2 * len(columns)))
    width = math.ceil(count / stretches)
    begins = np.arange(0, count, width)  # [stretches]
    places = [begins, np.minimum(begins + width, count) - 1]
    for column in columns:
        for fill, extreme in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            # The last stretch is filled up to the full width with values that are never extreme.
            padded = np.full(len(begins) * width, fill)
            padded[:count] = np.where(np.isfinite(column), column, fill)
            places.append(
                np.minimum(begins + extreme(padded.reshape(len(begins), width), axis=1), count - 1)
            )
    return np.unique(np.concatenate(places))


def _on_one_grid(lines: Sequence[Points], most: int) -> tuple[Floats, Floats]:
    """The common x, [points], and the values [curves, points], NaN where a curve has none."""
    # First case: all curves have the same steps.
    grid = max([line.x for line in lines], key=len)
    if all(np.array_equal(line.x, grid) for line in lines):
        return grid, np.array([line.y for line in lines])
    # Second case: all have steps of the longest curve, with a few missing.
    places = [_places(line.x, grid) for line in lines]
    if all(place is not None for place in places):
        values = np.full((len(lines), len(grid)), np.nan)
        for row, place, line in zip(values, places, lines, strict=True):
            row[place] = line.y
        return grid, values
    # Third case: different steps. Take the steps of all curves, thinned, and always their ends.
    step = max(1, sum([len(line.x) for line in lines]) // (FINER * most))
    ends = [end for line in lines for end in (line.x[0], line.x[-1])]
    grid = np.unique(np.concatenate([*[line.x[::step] for line in lines], ends]))
    if len(grid) > most:
        grid = np.unique([*grid[np.linspace(0, len(grid) - 1, most).astype(int)], *ends])
    return grid, np.array([np.interp(grid, line.x, line.y, math.nan, math.nan) for line in lines])


def _places(x: Floats, grid: Floats) -> Places | None:
    """The places of a curve's steps in the grid; None where it was not evaluated on this grid.

    All its steps must be in the grid, and it must have more than half of the grid's steps between
    its ends. With fewer it has another interval, and the mean would jump.
    """
    places = np.searchsorted(grid, x)
    if places[-1] == len(grid) or not np.array_equal(grid[places], x):
        return None
    return places if len(x) > HOLES * (places[-1] - places[0] + 1) else None


def _edges(
    kind: BandKind, values: Floats, known: NDArray[np.bool_], means: Floats
) -> tuple[Floats, Floats]:
    if kind == "range":
        lowest = np.where(known, values, np.inf).min(axis=0)
        return lowest, np.where(known, values, -np.inf).max(axis=0)
    counts = known.sum(axis=0)  # [points]
    squares = (np.where(known, values - means, 0) ** 2).sum(axis=0)  # [points]
    # sd = √(Σ (y − mean)² / (n − 1)), NaN for one seed.
    reach = np.sqrt(squares / np.where(counts > 1, counts - 1, np.nan))
    if kind == "se":
        reach = reach / np.sqrt(counts)  # se = sd / √n
    return means - reach, means + reach


def _or_none(values: Floats) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]
