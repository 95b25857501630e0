"""The rule about differences below the noise: what it says is what the table says."""

from dataclasses import replace

import pytest
from scipy import stats

from resnet.checks.rules import Facts, check
from resnet.results.arms import plus_minus

PLAIN, RESIDUAL, OTHER = (8.0, 9.5, 7.0), (7.4, 8.8, 6.7), (7.9, 7.8, 8.2)


def arm(
    name: str, errors: tuple[float, ...], against: str | None = None, first_seed: int = 0
) -> list[Facts]:
    """The runs of an arm, a seed each."""
    return [
        Facts(arm=name, against=against, seed=seed, test_error=error, validation_error=50.0)
        for seed, error in enumerate(errors, first_seed)
    ]


def said(*arms: list[Facts]) -> str | None:
    found = check(*[facts for own in arms for facts in own])
    return next((finding.sentence for finding in found if finding.rule == "within_noise"), None)


def test_pairs_of_seeds_are_taken_as_the_table_takes_them() -> None:
    """Catches two standard errors of each arm: these differ by 0.53 ± 0.52 in pairs, though the
    seeds scatter by 1."""
    interval = stats.ttest_rel(RESIDUAL, PLAIN).confidence_interval()
    assert interval.high < 0
    assert said(arm("plain", PLAIN), arm("residual", RESIDUAL)) is None
    apart = stats.ttest_ind(RESIDUAL, PLAIN, equal_var=False).confidence_interval()
    assert apart.high > 0
    half = (apart.high - apart.low) / 2
    unpaired = said(arm("plain", PLAIN), arm("residual", RESIDUAL, first_seed=7))
    assert unpaired and plus_minus(0.5333, half) in unpaired


def test_only_what_a_study_compares() -> None:
    """Catches a finding about two residual networks of different depths, which the study never
    compares."""
    arms = arm("plain", PLAIN), arm("residual", RESIDUAL, "plain"), arm("other", OTHER, "elsewhere")
    assert said(*arms) is None
    unpaired = []
    for facts in arms:
        unpaired.append([replace(each, against=None) for each in facts])
    free = said(*unpaired)
    assert free and "other" in free


def test_one_run_against_several_is_no_claim() -> None:
    """Catches an interval from one number, and one from a test error beside a validation error."""
    assert said(arm("plain", PLAIN), arm("residual", (7.9,))) is None
    untested = [
        replace(facts, test_error=None, validation_error=7.0 + facts.test_error / 10)
        for facts in arm("other", OTHER)
        if facts.test_error
    ]
    assert (
        said(arm("plain", PLAIN), untested) is None
    )  # 50 against 7.8 on validation, not 8.2 against 7.8


@pytest.mark.parametrize("error", [7.0, 50.0])
def test_seeds_that_agree_to_the_last_digit_are_no_noise(error: float) -> None:
    """Catches a division by an interval of no width."""
    assert said(arm("plain", (error,) * 3), arm("residual", (error,) * 3)) is None


def test_two_runs_of_one_seed_are_not_paired() -> None:
    """Catches a check that ends in an error because an arm holds the same seed twice, as imported
    curves may."""
    twice = [replace(facts, seed=0) for facts in arm("residual", RESIDUAL)]
    half = stats.ttest_ind(RESIDUAL, PLAIN, equal_var=False).confidence_interval()
    unpaired = said(arm("plain", PLAIN), twice)
    assert unpaired and plus_minus(0.5333, (half.high - half.low) / 2) in unpaired
