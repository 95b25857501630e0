"""Numbers that are cut or scaled wrongly would be believed."""

import pytest

from resnet import quantity


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (4064, "4.06 k"),
        (99_940, "99.9 k"),
        (853_018, "0.85 M"),
        (1_727_962, "1.73 M"),
        (125_485_696, "125.5 M"),
        (2_829_238_912, "2.83 G"),
        (999_999_999, "1000.0 M"),
    ],
)
def test_short_numbers_read_as_in_the_paper(number: int, text: str) -> None:
    """Catches 0.85 M written as 853 k, and a prefix off by a thousand."""
    assert quantity.short(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 m 00 s"), (80, "1 m 20 s"), (11_100, "3 h 05 m")],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    """Catches 60 s, and nine decimals."""
    assert quantity.duration(seconds) == text


def test_sizes_percents_and_shapes() -> None:
    assert quantity.size(7_508_304) == "7.51 MB"
    assert quantity.size(12) == "12 B"
    assert quantity.percent(6.966) == "6.97 %"
    assert quantity.exact(853018) == "853,018"
    assert quantity.shape((32, 32, 16)) == "32×32×16"
