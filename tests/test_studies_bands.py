"""A band drawn around the wrong mean, or over seeds that are not there, would be believed."""

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from resnet.curves import Curve
from resnet.errors import ConfigError
from resnet.studies.curves.bands import Band, BandKind, Points, band, extremes

SEEDS = [Curve([1.0, 2.0, 3.0], [9.0, 6.0, 3.0]), Curve([1.0, 2.0, 3.0], [7.0, 4.0, 4.0])]


@pytest.mark.parametrize(("kind", "reach"), [("sd", 2**0.5), ("se", 1.0), ("range", 1.0)])
def test_a_band_around_the_mean(kind: BandKind, reach: float) -> None:
    """Catches a standard error drawn as a standard deviation."""
    found = band(SEEDS, kind)
    assert (found.x, found.mean, found.n) == ([1.0, 2.0, 3.0], [8.0, 5.0, 3.5], [2, 2, 2])
    assert found.low[0] == pytest.approx(8 - reach)
    assert found.high[1] == pytest.approx(5 + reach)


def test_a_seed_that_broke_off_is_missed_from_there_on() -> None:
    """Catches a last value carried on, and an n in the legend that was true only at the start."""
    found = band([*SEEDS, Curve([1.0], [8.0])], "sd")
    assert found.n == [3, 2, 2]
    assert band([SEEDS[0], Curve([1.0], [8.0])], "sd").low == [
        pytest.approx(8.5 - 0.5**0.5),
        None,
        None,
    ]


def test_a_value_that_is_missing_is_not_interpolated_on_common_steps() -> None:
    """Catches a diverged evaluation bridged by its neighbours."""
    gap = Curve([1.0, 3.0], [8.0, 5.0])
    assert band([*SEEDS, gap], "range").n == [3, 2, 3]
    assert band([*SEEDS, Curve([1.0, 2.0, 3.0], [8.0, math.nan, 5.0])], "range").n == [3, 2, 3]
    assert band([Curve([1.0], [math.nan])], "range") == Band([], [], [], [], [])


def test_other_steps_are_interpolated_and_never_beyond_a_curves_ends() -> None:
    """Catches extrapolation, and a step of some seeds that vanishes from the picture."""
    found = band([Curve([0.0, 10.0], [0.0, 10.0]), Curve([5.0, 20.0], [5.0, 20.0])], "range")
    assert (found.x, found.mean, found.n) == (
        [0.0, 5.0, 10.0, 20.0],
        [0.0, 5.0, 10.0, 20.0],
        [1, 2, 2, 1],
    )


def test_an_interpolated_gap_stays_a_gap() -> None:
    """Catches a line drawn across values that were no numbers."""
    found = band(
        [Curve([0.0, 4.0, 8.0], [0.0, math.nan, 8.0]), Curve([1.0, 5.0, 7.0], [1.0, 1.0, 1.0])],
        "range",
    )
    assert dict(zip(found.x, found.n, strict=True)) == {
        0.0: 1,
        1.0: 1,
        4.0: 1,
        5.0: 1,
        7.0: 1,
        8.0: 1,
    }


def test_many_long_curves_are_thinned_with_their_ends_kept() -> None:
    """Catches a grid of millions of points."""
    curves = [Curve(list(np.arange(0.0, 3000.0) + seed / 10), [1.0] * 3000) for seed in range(9)]
    found = band(curves, "se", most=500)
    assert len(found.x) <= 500 + 18
    assert (found.x[0], found.x[-1]) == (0.0, 2999.8)


def test_points_out_of_order_are_refused_in_one_sentence() -> None:
    """Catches two trainings in one curve, whose mean would be of nothing."""
    with pytest.raises(
        ConfigError,
        match=r"^The points of a curve must be in order, each step once; sort them first.$",
    ):
        band([Curve([2.0, 1.0], [1.0, 1.0])], "sd")


values = st.floats(-1e3, 1e3)


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.lists(st.lists(values, min_size=n, max_size=n), min_size=2, max_size=6)
    )
)
def test_a_band_is_scipys(rows: list[list[float]]) -> None:
    """Catches a spread that divides by n, and a sum over the wrong axis."""
    assume((np.ptp(rows, axis=0) > 0.1).all())  # scipy warns where all values are one
    x = np.arange(float(len(rows[0])))
    lines = [Points(x, np.array(row)) for row in rows]
    spread: dict[Literal["sd", "se"], object] = {
        "sd": stats.tstd(rows, axis=0),
        "se": stats.sem(rows, axis=0),
    }
    for kind, oracle in spread.items():
        found = band(lines, kind)
        assert found.mean == pytest.approx(np.mean(rows, axis=0), abs=1e-9)
        reach = (np.array(found.high, float) - np.array(found.low, float)) / 2
        assert reach == pytest.approx(oracle, rel=1e-6, abs=1e-6)


def test_a_reduced_band_keeps_every_spike_and_the_ends() -> None:
    """Catches a spike of one seed that is lost because the mean hardly moves there."""
    rng = np.random.default_rng(0)
    x = np.arange(64_000.0)
    rows = rng.normal(10, 0.1, (3, len(x)))
    rows[1, 31_337], rows[2, 777] = 40.0, -20.0
    found = band([Points(x, row) for row in rows], "range", drawn=1000)
    assert 500 < len(found.x) <= 1000
    assert (found.x[0], found.x[-1]) == (0.0, 63_999.0)
    assert found.high[found.x.index(31_337)] == 40
    assert found.low[found.x.index(777)] == -20


@given(st.integers(1, 5000), st.integers(8, 1200), st.integers(1, 3))
def test_what_is_kept_is_in_order_and_within_its_bound(count: int, most: int, columns: int) -> None:
    """Catches a place beyond the end where the last stretch is short, and more points than were
    asked for."""
    rows = np.random.default_rng(count).normal(size=(columns, count))
    rows[:, :: max(2, count // 3)] = np.nan
    kept = extremes(tuple(rows), most)
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, count - 1)
    assert len(kept) <= max(most, 2 + 2 * columns)
    for row in rows:
        if np.isfinite(row).any():
            assert {np.nanargmin(row), np.nanargmax(row)} <= set(kept)
