"""Rules for differences between arms that chance can explain."""

from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from typing import Literal, NamedTuple

from resnet.checks.comparison import RUN_TO_RUN
from resnet.checks.facts import Arms, Facts, arm_label
from resnet.checks.images import TWO_SIGMA
from resnet.checks.rule import Rule, Said
from resnet.results.arms import plus_minus
from resnet.results.statistics import difference, error_standard_error

EvaluatedPart = Literal["test", "validation"]


class Measured(NamedTuple):
    """An arm's errors in percent, their seeds where all are known, and the number of images they
    were measured on."""

    name: str
    against: str | None
    errors: tuple[float, ...]
    seeds: tuple[int, ...] | None
    images: int | None


def _measured(arm: Sequence[Facts], part: EvaluatedPart) -> Measured:
    errors = [(getattr(facts, f"{part}_error"), facts.seed) for facts in arm]
    known = [(error, seed) for error, seed in errors if error is not None]
    # Seeds count only if all are known and no two runs share one: a pair is one run of each arm.
    seeds = tuple(dict.fromkeys([seed for _, seed in known if seed is not None]))
    return Measured(
        name=arm_label(arm),
        against=arm[0].against,
        errors=tuple([error for error, _ in known]),
        seeds=seeds if len(seeds) == len(known) else None,
        images=getattr(arm[0], f"{part}_images"),
    )


def _one_measure(arms: Arms) -> list[Measured]:
    """Test errors where every evaluated arm has them, else validation errors. Never a mixture."""
    tested = [_measured(arm, "test") for arm in arms]
    validated = [_measured(arm, "validation") for arm in arms]
    # An arm without any error does not decide; it is left out below.
    whole = all(
        test.errors or not other.errors for test, other in zip(tested, validated, strict=True)
    )
    return [arm for arm in (tested if whole else validated) if arm.errors]


def _pairs(measured: Sequence[Measured]) -> list[tuple[Measured, Measured]]:
    """The pairs that a study compares. Without a study, every pair."""
    by_name = {arm.name: arm for arm in measured}
    if not any(arm.against for arm in measured):
        return list(combinations(measured, 2))
    # References themselves have no `against`, and a reference without an error is not in `by_name`.
    return [(arm, by_name[arm.against]) for arm in measured if arm.against in by_name]


def _difference(one: Measured, two: Measured) -> tuple[float, float | None]:
    """The difference as in the results table, with half its interval. Between two single runs, the
    noise is that of their test or validation images."""
    # With equal seeds the difference is taken in pairs, as in the results.
    seeds = (one.seeds, two.seeds) if one.seeds and two.seeds else None
    apart = difference(one.errors, two.errors, seeds=seeds)
    if len(one.errors) == len(two.errors) == 1 and one.images and two.images:
        scatter = [error_standard_error(arm.errors[0], arm.images or 1) ** 2 for arm in (one, two)]
        # Var[a − b] is the sum of both squared standard errors.
        return apart.mean, TWO_SIGMA * sqrt(sum(scatter))
    return apart.mean, apart.half_width


def _within_noise(arms: Arms) -> Said | None:
    pairs = _pairs(_one_measure(arms))
    close = []
    for one, two in pairs:
        apart, noise = _difference(one, two)
        if noise and abs(apart) < noise:
            # The pair nearest to zero, in units of its noise, is named; the others are counted.
            close.append((abs(apart), noise, f"{one.name} and {two.name}"))
    if not close:
        return None
    apart, noise, names = min(close, key=lambda each: each[0] / each[1])
    others = f"; so are {len(close) - 1} more of {len(pairs)} pairs" if len(close) > 1 else ""
    return Said(
        f"{names} differ by {plus_minus(apart, noise)} points, which is within noise{others}.",
        "Say that no difference was found, or train more seeds.",
    )


RULES = (
    Rule(
        key="within_noise",
        subject="comparison",
        title="A difference below the noise",
        reason=(
            "A difference whose interval contains zero often appears between arms that are equal."
        ),
        source=f"{RUN_TO_RUN}; on 10,000 images an error near 7 % has a standard error of 0.26",
        severity="note",
        arms=_within_noise,
    ),
)
