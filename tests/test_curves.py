"""A chart that drops a spike, or reorders points, would tell a lie about a run."""

from hypothesis import given
from hypothesis import strategies as st

from resnet.curves import Curve, curve, reduced

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


@given(values, st.integers(4, 50))
def test_reduction_keeps_extremes_ends_and_order(y: list[float], most: int) -> None:
    """Catches a lost spike, a cut end, and points out of order."""
    line = Curve([float(step) for step in range(len(y))], y)
    fewer = reduced(line, most)
    assert len(fewer.x) <= most or len(fewer.x) == len(y)
    assert fewer.x == sorted(set(fewer.x))
    assert (min(fewer.y), max(fewer.y), fewer.x[0], fewer.x[-1]) == (min(y), max(y), 0.0, float(len(y) - 1))
    assert set(zip(*fewer, strict=True)) <= set(zip(*line, strict=True))


def test_a_curve_takes_one_kind_and_skips_what_is_missing() -> None:
    records: list[dict[str, object]] = [
        {"kind": "train", "step": 10, "train_error": 50.0},
        {"kind": "evaluation", "step": 10, "validation_error": 40.0},
        {"kind": "evaluation", "step": 20},
        {"kind": "evaluation", "step": 30, "validation_error": None},
    ]
    assert curve(records, "evaluation", "validation_error") == Curve([10.0], [40.0])
