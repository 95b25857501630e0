"""Curves per arm, ready to draw: mean and band over seeds, and drops of the learning rate. No I/O.

Both renderers, `figures` for papers and the app's charts, only draw these numbers and calculate
nothing.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from resnet.curves import Curve
from resnet.network import catalog
from resnet.network.catalog import HE_2015
from resnet.results.arms import ArmRuns
from resnet.results.published import Published
from resnet.studies.curves.arm_points import (
    Along,
    ArmPoints,
    Kind,
    Origin,
    Part,
    RunPoints,
    points_of,
)
from resnet.studies.curves.bands import NO_BAND, Band, BandKind, Points, band, extremes

About = Literal["error", "data_loss"]
Spread = Literal["sd", "se", "range", "lines"]

MOST_DRAWN, FEWEST_DRAWN, MOST_TOGETHER = 1000, 200, 16_000
"""Points of one line, and of all lines of a chart: about what a browser draws in a second."""

DROP = 2.0
EARLY = 0.1
SAME = 1e-6
TITLES: dict[About, str] = {"error": "error, %", "data_loss": "data loss, nats"}
SPREADS: dict[Spread, str] = {
    "sd": "mean ± standard deviation",
    "se": "mean ± standard error",
    "range": "mean, lowest to highest",
    "lines": "mean and every run",
}


@dataclass(frozen=True, slots=True)
class Options:
    """The quantity and the axis of curves. Hours do not include pauses before a resume."""

    about: About = "error"
    along: Along = "step"
    spread: Spread = "sd"


class Mark(NamedTuple):
    """The test at the end: mean and spread over the `n` tested runs. `low` and `high` are None for
    one run."""

    x: float
    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class RunLines:
    """One run's own curves, at most 1,000 points each, fewer where many share a chart."""

    seed: int | None
    training: Curve
    validation: Curve


@dataclass(frozen=True, slots=True)
class ArmCurve:
    """An arm: `n` runs are drawn, `going_on` of them not finished. A band without points was not
    recorded.

    With the spread "lines", `lines` has every run, and the bands have no low and high.
    """

    name: str
    kind: Kind
    origin: Origin
    n: int
    going_on: int
    training: Band
    validation: Band
    test: Mark | None
    lines: tuple[RunLines, ...] = ()

    @property
    def label(self) -> str:
        """The name for a legend: ResNet-56 (n = 3)."""
        counted = "imported" if self.origin == "imported" else f"n = {self.n}"
        return (
            f"{self.name} ({counted}{f', {self.going_on} not finished' if self.going_on else ''})"
        )

    @property
    def end(self) -> float | None:
        """The last value of the bold line (validation), else of training, else the test."""
        ends = [band.mean[-1] for band in (self.validation, self.training) if band.x]
        return ends[0] if ends else self.test.mean if self.test else None


@dataclass(frozen=True, slots=True)
class ArmCurves:
    """All arms, the places where a learning rate drops, and a sentence for everything that is not
    drawn."""

    options: Options
    arms: tuple[ArmCurve, ...]
    drops: tuple[float, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The title of the vertical axis, with its unit."""
        return TITLES[self.options.about]

    @property
    def extent(self) -> tuple[float, float]:
        """The range of the vertical axis: it ends above the curves' values after the first tenth of
        their length.

        With the first steps, the rest would look flat. The paper's figure 6 ends at 20 % for the
        same reason.
        """
        bands = [band for arm in self.arms for band in (arm.training, arm.validation) if band.x]
        late = [value for band in bands for value in _late(band)]
        late += [
            value
            for arm in self.arms
            if arm.test
            for value in (arm.test.mean, arm.test.high or 0.0)
        ]
        return 0.0, 1.05 * max(late, default=0.0) or 1.0

    @property
    def reach(self) -> float:
        """The end of the horizontal axis; it begins at 0."""
        ends = [
            band.x[-1] for arm in self.arms for band in (arm.training, arm.validation) if band.x
        ]
        return max([*ends, *[arm.test.x for arm in self.arms if arm.test]], default=1.0) or 1.0


def arm_curves(arms: Sequence[ArmRuns | ArmPoints], options: Options = Options()) -> ArmCurves:
    """Training and validation of each arm, reduced to what a chart can show, and the test at the
    end.

    Arms without any point are left out. Pass `ArmPoints` instead of `ArmRuns` to avoid reading them
    again for each drawing.
    """
    taken = [arm if isinstance(arm, ArmPoints) else points_of(arm) for arm in arms]
    drawn, left, drops = [], [], set[float]()
    most = points_each(taken, options)
    for arm in taken:
        curve = _arm(arm, options, most)
        left += [*arm.left_out, *_left_out(arm, curve, options)]
        if curve.n:
            drawn.append(curve)
            drops |= {drop for run in arm.runs for drop in _drops(run, options.along)}
    if options.along == "hour" and sum(curve.n for curve in drawn) > 1:
        drops.clear()  # each run reaches it at a different hour
    return ArmCurves(options, tuple(drawn), tuple(sorted(drops)), tuple(left))


def points_each(arms: Sequence[ArmPoints], options: Options) -> int:
    """The most points of each line if all these arms share a chart."""
    count = sum([_lines_of(arm, options) for arm in arms])
    return max(FEWEST_DRAWN, min(MOST_DRAWN, MOST_TOGETHER // max(1, count)))


def _lines_of(arm: ArmPoints, options: Options) -> int:
    """The number of lines of an arm: its mean, and the band's two edges or every run."""
    runs = len(arm.runs)
    return 1 if runs < 2 else 1 + (runs if options.spread == "lines" else 2)


def apart(places: Mapping[int, float], gap: float, height: float) -> dict[int, float]:
    """Heights of labels, moved until they are at least `gap` apart."""
    order = sorted(places, key=places.__getitem__)
    moved: dict[int, float] = {}
    # Upwards: each label at least `gap` above the one below. This may push the last ones out.
    floor = -1.5 * gap
    for at in order:
        moved[at] = floor = max(places[at], floor + gap)
    # Downwards from the top: push them back inside.
    roof = height + 1.5 * gap
    for at in reversed(order):
        moved[at] = roof = min(moved[at], roof - gap)
    return moved


def paper_says(rows: Iterable[Published]) -> list[str]:
    """He et al. 2015, Table 6: ResNet-56/110, 6.97 / 6.61 ± 0.16 %. One line for each table and
    kind of network."""
    by_table: dict[str, tuple[list[str], list[str]]] = {}
    for row in dict.fromkeys(rows):
        source = row.source.replace(HE_2015, HE_2015.partition(",")[0])
        config = catalog.get(row.network).config
        kind = "Plain" if config.shortcut == "none" else "ResNet"
        depths, errors = by_table.setdefault(f"{source}: {kind}", ([], []))
        depths.append(str(config.depth))
        errors.append(f"{row.error:.2f}" if row.sd is None else f"{row.error:.2f} ± {row.sd:.2f}")
    return [
        f"{what}-{'/'.join(depths)}, {' / '.join(errors)} %"
        for what, (depths, errors) in by_table.items()
    ]


def _late(band: Band) -> list[float]:
    """The upper edge of a band after the first tenth of its length."""
    begin = bisect_left(band.x, EARLY * band.x[-1])
    edge = [
        mean if high is None else high
        for mean, high in zip(band.mean[begin:], band.high[begin:], strict=True)
    ]
    return [value for value in edge if math.isfinite(value)]


def _arm(arm: ArmPoints, options: Options, most: int) -> ArmCurve:
    parts: tuple[Part, ...] = ("training", "validation", "test")
    drawn: list[tuple[RunPoints, dict[Part, Points]]] = []
    for run in arm.runs:
        points = {part: _points(run, part, options) for part in parts}
        if any(len(points[part].x) for part in parts):
            drawn.append((run, points))
    kind: BandKind = "range" if options.spread == "lines" else options.spread
    training = _band([points["training"] for _, points in drawn], kind, options, most)
    validation = _band([points["validation"] for _, points in drawn], kind, options, most)
    each: tuple[RunLines, ...] = ()
    if options.spread == "lines":
        each = tuple([_lines(run, points, most) for run, points in drawn])
    going_on = sum(run.live == "going on" for run, _ in drawn)
    test = _mark([points["test"] for _, points in drawn], kind)
    return ArmCurve(
        arm.name, arm.kind, arm.origin, len(drawn), going_on, training, validation, test, each
    )


def _points(run: RunPoints, part: Part, options: Options) -> Points:
    series = run.series.get((part, options.about))
    points = series.points(options.along) if series else None
    return Points(np.array([]), np.array([])) if points is None else points


def _band(lines: Sequence[Points], kind: BandKind, options: Options, most: int) -> Band:
    if not any(len(line.x) for line in lines):
        return NO_BAND
    drawn = band(lines, kind, drawn=most)
    if options.spread != "lines":
        return drawn
    nothing: list[float | None] = [None] * len(drawn.x)
    return drawn._replace(low=nothing, high=nothing)


def _mark(lines: Sequence[Points], kind: BandKind) -> Mark | None:
    ends = [line for line in lines if len(line.x) and math.isfinite(line.y[-1])]
    if not ends:
        return None
    # Runs may be tested at different hours; the mark is drawn at their mean place.
    place = np.array([float(np.mean([line.x[-1] for line in ends]))])
    at = band([Points(place, line.y[-1:]) for line in ends], kind)
    return Mark(at.x[0], at.mean[0], at.low[0], at.high[0], at.n[0])


def _lines(run: RunPoints, points: Mapping[Part, Points], most: int) -> RunLines:
    return RunLines(
        run.seed, *[_reduced(points[part], most) for part in ("training", "validation")]
    )


def _reduced(line: Points, most: int) -> Curve:
    places = extremes((line.y,), most) if len(line.x) else slice(0)
    return Curve(line.x[places].tolist(), line.y[places].tolist())


def _drops(run: RunPoints, along: Along) -> list[float]:
    """The places just before the learning rate falls to half or less at once, and is constant just
    before or after.

    Near its end, a cosine also halves from record to record, but it is never constant there.
    """
    series = run.series.get(("training", "learning_rate"))
    rate = series.points(along) if series else None
    if rate is None or len(rate.x) < 3:
        return []
    still = np.isclose(rate.y[1:], rate.y[:-1], rtol=SAME, atol=0)  # [points − 1]
    # Constant on the segment before this one, or on the segment after it.
    still_nearby = np.append(False, still[:-1]) | np.append(still[1:], False)
    return rate.x[:-1][(rate.y[1:] * DROP <= rate.y[:-1]) & still_nearby].tolist()  # type: ignore[no-any-return]


def _left_out(arm: ArmPoints, curve: ArmCurve, options: Options) -> list[str]:
    if options.about == "data_loss" and arm.no_loss:
        return [arm.no_loss]
    known = {
        along
        for run in arm.runs
        for key, one in run.series.items()
        if key[1] == options.about
        for along in one.along
    }
    if arm.origin == "imported" and known and options.along not in known:
        words = " and ".join(sorted([f"{along}s" for along in known]))
        return [f"{arm.name}: its file counts {words}, so it is not drawn along {options.along}s"]
    if not curve.n:
        what = "data loss" if options.about == "data_loss" else "error"
        return [
            (
                f"{arm.name}: no {what} is on record yet"
                if arm.origin == "run"
                else f"{arm.name}: its file has no {what}"
            )
        ]
    return []
