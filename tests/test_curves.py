"""A chart that drops a spike, or reorders points, would tell a lie about a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.curves import Curve, reduced, smoothed

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


@given(values, st.integers(4, 50))
def test_reduction_keeps_extremes_ends_and_order(y: list[float], most: int) -> None:
    """Catches a lost spike, a cut end, and points out of order."""
    line = Curve([float(step) for step in range(len(y))], y)
    fewer = reduced(line, most)
    assert len(fewer.x) <= most or len(fewer.x) == len(y)
    assert fewer.x == sorted(set(fewer.x))
    assert (min(fewer.y), max(fewer.y), fewer.x[0], fewer.x[-1]) == (
        min(y),
        max(y),
        0.0,
        float(len(y) - 1),
    )
    assert set(zip(*fewer, strict=True)) <= set(zip(*line, strict=True))


@given(values, st.integers(0, 60))
def test_smoothing_moves_nothing_sideways_and_stays_within_the_line(
    y: list[float], width: int
) -> None:
    """Catches a shifted or shortened line, ends that fly off, and sums that lose digits."""
    line = Curve([float(step) for step in range(len(y))], y)
    smooth = smoothed(line, width)
    assert smooth.x == line.x
    assert (smooth.y[0], smooth.y[-1]) == (
        pytest.approx(y[0], abs=1e-6),
        pytest.approx(y[-1], abs=1e-6),
    )
    slack = 1e-6
    assert min(y) - slack <= min(smooth.y) <= max(smooth.y) <= max(y) + slack


def test_smoothing_keeps_a_straight_line_and_averages_a_spike() -> None:
    straight = Curve([0.0, 1.0, 2.0, 3.0], [0.0, 2.0, 4.0, 6.0])
    assert smoothed(straight, 5).y == pytest.approx(straight.y)
    assert smoothed(Curve([0.0, 1.0, 2.0], [0.0, 9.0, 0.0]), 3).y == pytest.approx([0.0, 3.0, 0.0])
