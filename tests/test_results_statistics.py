"""A statistic that is wrong, or that claims more than its seeds can, would be published under
somebody's name."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from resnet.errors import ConfigError
from resnet.results.statistics import (
    Spread,
    detectable_difference,
    difference,
    error_standard_error,
    rounded,
    seeds_needed,
    seeds_to_tell,
    summary,
)

errors = st.integers(0, 10_000).map(lambda wrong: wrong / 100)
arms = st.lists(errors, min_size=2, max_size=8).filter(lambda values: len(set(values)) > 1)
levels = st.floats(0.5, 0.999)


@given(arms)
def test_a_summary_is_numpys(values: list[float]) -> None:
    """Catches a standard deviation that divides by n."""
    found = summary(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.sd == pytest.approx(np.std(values, ddof=1))
    assert (found.low, found.high) == (min(values), max(values))


def test_one_seed_has_no_spread() -> None:
    """Catches a zero, or a NaN, where nothing is known."""
    assert summary([7.0]) == (1, 7.0, None, 7.0, 7.0)


@given(arms, arms, levels)
def test_welch_is_scipys(arm: list[float], baseline: list[float], level: float) -> None:
    """Catches pooled variances, and degrees of freedom of Student's test."""
    found = difference(arm, baseline, level=level)
    oracle = stats.ttest_ind(arm, baseline, equal_var=False).confidence_interval(level)
    assert (found.method, found.n, found.level) == ("welch", min(len(arm), len(baseline)), level)
    assert found.mean == pytest.approx(np.mean(arm) - np.mean(baseline), abs=1e-9)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), rel=1e-6, abs=1e-6)


@given(arms, errors)
def test_welch_with_one_arm_that_does_not_vary(arm: list[float], constant: float) -> None:
    """Catches a division by that arm's variance: the interval is then the other arm's own."""
    found = difference(arm, [constant] * 3)
    oracle = stats.ttest_1samp(np.subtract(arm, constant), 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), rel=1e-6, abs=1e-6)


@given(st.lists(st.tuples(errors, errors), min_size=2, max_size=8), levels, st.randoms())
def test_pairs_are_scipys_in_whatever_order_the_seeds_come(
    pairs: list[tuple[float, float]], level: float, chance: object
) -> None:
    """Catches values paired by their place instead of by their seed."""
    arm, baseline = [list(values) for values in zip(*pairs, strict=True)]
    assume(np.ptp(np.subtract(arm, baseline)) > 1e-3)
    order = list(range(len(pairs)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    found = difference(
        arm, [baseline[index] for index in order], seeds=(range(len(pairs)), [*order]), level=level
    )
    oracle = stats.ttest_rel(arm, baseline).confidence_interval(level)
    assert (found.method, found.n) == ("paired", len(pairs))
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), rel=1e-6, abs=1e-6)


def test_pairing_takes_the_noise_out_that_seeds_share() -> None:
    """Catches an interval as wide as Welch's where every seed says nearly the same."""
    arm, baseline, seeds = [8.0, 9.0, 10.0], [9.1, 10.0, 11.05], [0, 1, 2]
    assert not difference(arm, baseline).beyond_noise
    assert difference(arm, baseline, seeds=(seeds, seeds)).beyond_noise


def test_what_is_paired() -> None:
    """Catches pairs made of other seeds, and values dropped where arms share only some."""
    arm, baseline = [1.0, 2.0, 4.0], [0.5, 1.6, 2.0]
    nested = difference(arm[:2], [9.0, *baseline[:2]], seeds=([1, 2], [0, 1, 2]))
    assert (nested.method, nested.n, nested.mean) == ("paired", 2, pytest.approx(0.45))
    assert difference(arm, baseline, seeds=([0, 1, 2], [1, 2, 3])).method == "welch"
    assert difference(arm, baseline, seeds=([0, 1, 2], [3, 4, 5])).method == "welch"
    assert difference(arm[:1], baseline, seeds=([0], [0, 1, 2])).method == "welch"


@pytest.mark.parametrize(
    ("arm", "baseline"), [([1.0], [2.0]), ([1.0], [2.0, 3.0]), ([1.0, 1.0], [2.0, 2.0])]
)
def test_no_interval_where_there_is_no_noise_to_see(
    arm: list[float], baseline: list[float]
) -> None:
    """Catches a certainty of zero width from one seed, or from seeds that were never applied."""
    found = difference(arm, baseline)
    assert (found.low, found.high, found.half_width, found.beyond_noise) == (
        None,
        None,
        None,
        False,
    )


def test_rounding_is_not_noise() -> None:
    """Catches the 1e-16 between 0.3 - 0.2 and 0.2 - 0.1, from which a paired test would make a
    certainty."""
    seeds = [0, 1, 2]
    assert difference([0.3, 0.2, 90.1], [0.2, 0.1, 90.0], seeds=(seeds, seeds)).half_width is None
    assert summary([0.1 + 0.2, 0.3]).sd == 0


def test_95_percent_intervals_hold_the_truth_in_95_percent() -> None:
    """Catches a level used for one side, and an interval that is another quantity's. 3 standard
    errors of 4,000."""
    chance = np.random.default_rng(7)
    drawn = chance.normal(0, (1.0, 0.3), (4000, 3, 2))
    holds = [
        not difference(study[:, 0].tolist(), study[:, 1].tolist()).beyond_noise for study in drawn
    ]
    assert np.mean(holds) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 4000)


@pytest.mark.parametrize(("wanted", "seeds"), [(0.5, 2), (0.3, 5), (0.2, 11)])
def test_seeds_needed_for_the_published_spread(wanted: float, seeds: int) -> None:
    """shared/anchors.md: 80 % power with a known run-to-run sd of 0.16 points."""
    assert seeds_needed(0.16, wanted) == seeds
    assert detectable_difference(0.16, seeds) <= wanted
    assert seeds == 2 or detectable_difference(0.16, seeds - 1) > wanted


@pytest.mark.parametrize(("wanted", "seeds"), [(0.5, 3), (0.3, 6), (0.2, 12)])
def test_arms_that_must_tell_their_own_spread_need_one_more(wanted: float, seeds: int) -> None:
    """Catches z where t is due: scipy's noncentral t passes 80 % exactly there."""
    assert seeds_needed(0.16, wanted, spread="estimated") == seeds
    assert _power(wanted / 0.16, seeds, 0.95) >= 0.8 > _power(wanted / 0.16, seeds - 1, 0.95)


def _power(effect: float, n: int, level: float) -> float:
    """Of a two-sided t test to show an effect in its own direction."""
    freedom = 2 * n - 2
    return float(
        stats.nct.sf(stats.t.ppf((1 + level) / 2, freedom), freedom, effect * math.sqrt(n / 2))
    )


@given(st.integers(2, 40), st.floats(0.3, 0.95), st.floats(0.8, 0.99), st.floats(0.01, 5))
def test_the_detectable_difference_has_the_power_it_says(
    n: int, power: float, level: float, sd: float
) -> None:
    """Catches a formula that only holds at 80 and 95 %."""
    found = detectable_difference(sd, n, power=power, level=level, spread="estimated")
    assert _power(found / sd, n, level) == pytest.approx(power, abs=1e-4)
    known = detectable_difference(sd, n, power=power, level=level)
    z = stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power)
    assert known == pytest.approx(z * sd * math.sqrt(2 / n))
    assert known < found


def test_power_by_simulation() -> None:
    """Catches a power that our own interval does not have: 5 seeds, the difference said to be
    detectable."""
    wanted = detectable_difference(0.16, 5, spread="estimated")
    drawn = np.random.default_rng(3).normal(0, 0.16, (3000, 2, 5))
    shown = [difference((a + wanted).tolist(), b.tolist()).beyond_noise for a, b in drawn]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.03)


@given(st.floats(0.01, 2), st.floats(0.05, 5), st.sampled_from(["known", "estimated"]))
def test_seeds_needed_is_the_first_number_that_is_enough(
    sd: float, wanted: float, spread: Spread
) -> None:
    """Catches a seed too many or too few."""
    n = seeds_needed(sd, wanted, spread=spread)
    assert detectable_difference(sd, n, spread=spread) <= wanted * (1 + 1e-6)
    assert n == 2 or detectable_difference(sd, n - 1, spread=spread) > wanted * (1 - 1e-6)


@pytest.mark.parametrize("paired", [True, False])
def test_so_many_seeds_do_tell_what_was_measured(paired: bool) -> None:
    """Catches seeds counted with the noise of one arm where a pair's is meant, or half of it:
    simulated."""
    base, apart = np.array([9.0, 9.6, 8.5, 9.3]), np.array([0.9, -0.3, 0.5, -0.1])
    seeds = (range(4), range(4)) if paired else None
    found = difference((base + apart).tolist(), base.tolist(), seeds=seeds)
    spreads = summary((base + apart).tolist()).sd, summary(base.tolist()).sd
    count = seeds_to_tell(found, spreads)
    assert not found.beyond_noise
    assert count
    chance = np.random.default_rng(5)
    common = chance.normal(0, 1, (1000, count)) * paired  # what a seed does to both arms alike
    noise = (
        np.std(apart, ddof=1) / math.sqrt(2) if paired else math.sqrt(np.mean(np.square(spreads)))
    )
    one, other = (common + chance.normal(mean, noise, (1000, count)) for mean in (found.mean, 0.0))
    own = (range(count), range(count)) if paired else None
    shown = [
        difference(a.tolist(), b.tolist(), seeds=own).beyond_noise
        for a, b in zip(one, other, strict=True)
    ]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.04)


def test_nothing_measured_takes_no_number_of_seeds() -> None:
    """Catches a loop to a billion seeds for a difference of nothing, and a count made of no
    interval."""
    three = (range(3), range(3))
    assert (
        seeds_to_tell(difference([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], seeds=three), (1.0, 1.0)) is None
    )
    assert (
        seeds_to_tell(difference([1.0, 2.0, 3.001], [1.0, 3.0, 2.0], seeds=three), (1.0, 1.0))
        is None
    )
    assert seeds_to_tell(difference([1.0], [2.0]), (None, None)) is None


def test_one_seed_detects_nothing() -> None:
    """Catches a promise made before a study of one seed starts."""
    assert detectable_difference(0.16, 1) == math.inf


@pytest.mark.parametrize(
    ("value", "noise", "text"),
    [
        (4.1234, 0.6, "4.1"),
        (8.6789, 0.16, "8.68"),
        (6.614, 0.05, "6.61"),
        (53.7, 12.0, "54"),
        (-4.12, 0.6, "−4.1"),
        (-0.04, 0.6, "0.0"),
        (8.75, 0.0, "8.75"),
        (8.75, None, "8.75"),
        (99.96, 0.5, "100.0"),
        (8.6, 1.0, "8.6"),
        (-44.78, 14.5, "−45"),
        (8.59, 23.5, "9"),
        (1.234, 0.354, "1.23"),
        (1.234, 0.355, "1.2"),
        (1.234, 0.96, "1.2"),
    ],
)
def test_rounded(value: float, noise: float | None, text: str) -> None:
    """Catches digits below the noise, "-0.0", and a hyphen for a minus."""
    assert rounded(value, noise) == text


@given(st.floats(-100, 100), st.floats(1e-4, 100))
def test_rounding_stays_within_half_of_the_noise(value: float, noise: float) -> None:
    """Catches a place too few, which would lose what was measured."""
    assert (
        abs(float(rounded(value, noise).replace("−", "-")) - value)
        <= noise / 2 * (1 + 1e-6) + 1e-12
    )


def test_the_standard_error_of_an_error_rate() -> None:
    """shared/anchors.md: near 7 %, 0.26 points on 10,000 test images and 0.36 on 5,000 validation
    images."""
    assert round(error_standard_error(7, 10_000), 2) == 0.26
    assert round(error_standard_error(7, 5_000), 2) == 0.36


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: summary([]), "A mean needs at least one value; received none."),
        (
            lambda: summary([1.0, math.nan]),
            "Only finite numbers have a mean; received nan: leave that seed out, and say so.",
        ),
        (
            lambda: difference([1.0, math.inf], [1.0, 2.0]),
            "Only finite numbers have a mean; received inf: leave that seed out, and say so.",
        ),
        (
            lambda: difference([1.0, 2.0], [1.0, 2.0], seeds=([1, 1], [1, 2])),
            "Each value needs a different seed; received 2 values and seeds [1, 1].",
        ),
        (
            lambda: difference([1.0, 2.0], [1.0, 2.0], level=95),
            "The level of an interval lies between 0 and 1; received 95.",
        ),
        (
            lambda: detectable_difference(math.nan, 3),
            "A standard deviation is at least 0 and finite; received nan.",
        ),
        (
            lambda: detectable_difference(1.0, 0),
            "An arm has a whole number of seeds, at least 1; received 0.",
        ),
        (
            lambda: detectable_difference(1.0, 3, power=1.0),
            "The power of a study lies between 0 and 1; received 1.0.",
        ),
        (
            lambda: seeds_needed(0.16, 0.0),
            "A difference to detect is above 0 and finite; received 0.0.",
        ),
        (
            lambda: seeds_needed(1.0, 1e-300),
            "No study has the seeds to detect 1e-300 with a standard deviation of 1.",
        ),
        (lambda: error_standard_error(107, 10), "An error is 0 to 100 percent; received 107."),
        (
            lambda: error_standard_error(7, 0),
            "An error is counted on at least one image; received 0.",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(call: object, sentence: str) -> None:
    """Catches a NaN that reaches a table."""
    with pytest.raises(ConfigError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == sentence


def test_a_page_that_needs_no_quantile_does_not_load_scipy() -> None:
    """Catches 0.2 s added to every start."""
    code = "import sys; import resnet.results.published; assert 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
