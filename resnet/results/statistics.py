"""Statistics of a few seeds: means, differences with intervals, and detectable differences. No I/O.

Quantiles of t come from scipy.special, imported when first needed: the import takes a page 0.2 s,
that of scipy.stats twice as long.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resnet.errors import ConfigError, echo
from resnet.extras import needed

Method = Literal["welch", "paired"]
Spread = Literal["known", "estimated", "paired"]
Floats = NDArray[np.float64]
Seeds = tuple[Sequence[int], Sequence[int]]

# Relative: float64 has about 16 digits, so this is far above rounding and far below any noise.
ROUNDING = 1e-9
MOST_SEEDS = 10**9
STUDY_SEEDS = 200
"""The most seeds that a study may have."""


class Summary(NamedTuple):
    """Values of one arm, in their own unit. `sd` divides by n - 1 and is None for one seed; `low`
    and `high` are the lowest and the highest value."""

    n: int
    mean: float
    sd: float | None
    low: float
    high: float


class Difference(NamedTuple):
    """Arm minus baseline, and the interval of confidence `level` around it; `n` counts the pairs,
    or the seeds of the smaller arm.

    `low` and `high` are None where there is no interval: one seed, or seeds that all give exactly
    the same number, which real noise does not.
    """

    mean: float
    low: float | None
    high: float | None
    level: float
    method: Method
    n: int

    @property
    def half_width(self) -> float | None:
        """The number after ±."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def summary(values: Sequence[float]) -> Summary:
    """Mean and spread of the values. Raises ConfigError for no value, or one that isn't finite."""
    finite = _finite(values)
    spread = _sd(finite) if len(finite) > 1 else None
    return Summary(
        len(finite), float(finite.mean()), spread, float(finite.min()), float(finite.max())
    )


def difference(
    arm: Sequence[float],
    baseline: Sequence[float],
    *,
    seeds: Seeds | None = None,
    level: float = 0.95,
) -> Difference:
    """Arm minus baseline, with an interval: over pairs where seeds are shared, else Welch's, which
    allows different variances.

    `seeds` are those of the arm and of the baseline, in the order of their values. Values are
    paired where at least two seeds are shared and one arm's seeds are all in the other arm. Then
    only shared seeds count, also for the mean. Raises ConfigError for no value, one that isn't
    finite, a seed given twice, or a level outside 0 to 1.
    """
    _share("The level of an interval", level)
    first, second = _finite(arm), _finite(baseline)
    pairs = _pairs(first, second, seeds) if seeds else None
    if pairs is not None:
        apart, n = pairs[0] - pairs[1], len(pairs[0])  # [pairs]
        # Standard error of the mean of n differences, sd / √n, with n − 1 degrees of freedom.
        error = _sd(apart, size=float(np.abs(pairs).max())) / math.sqrt(n)
        return _interval(float(apart.mean()), (error, n - 1), level, "paired", n)
    mean, n = float(first.mean() - second.mean()), min(len(first), len(second))
    if n < 2:
        return Difference(mean, None, None, level, "welch", n)
    # Welch: Var[mean₁ − mean₂] = sd₁² / n₁ + sd₂² / n₂.
    parts = _sd(first) ** 2 / len(first), _sd(second) ** 2 / len(second)
    return _interval(mean, pooled(parts, (len(first), len(second))), level, "welch", n)


def pooled(parts: Sequence[float], counts: Sequence[int]) -> tuple[float, float]:
    """The standard error of a sum, and its degrees of freedom (Welch and Satterthwaite). (0, 1)
    where there is no noise.

    `parts` are the squared standard errors of the terms, each from `counts` values.
    """
    total = math.fsum(parts)
    if total == 0:
        return 0.0, 1.0
    # Welch and Satterthwaite: (Σ v)² / Σ (v² / (n − 1)), with each v divided by Σ v first, since
    # the squares of tiny variances would vanish.
    shares = [part / total for part in parts]
    terms = [share**2 / (n - 1) for share, n in zip(shares, counts, strict=True)]
    return math.sqrt(total), 1 / math.fsum(terms)


def t_quantile(level: float, freedom: float) -> float:
    """Half the width of an interval of this level, in standard errors."""
    with needed():
        from scipy import special  # noqa: PLC0415  0.2 s, and most pages need no quantile

    # A two-sided interval of 95 % ends at the quantile 0.975 = (1 + level) / 2.
    return float(special.stdtrit(freedom, (1 + level) / 2))


def detectable_difference(
    sd: float, n: int, *, power: float = 0.8, level: float = 0.95, spread: Spread = "known"
) -> float:
    """The smallest difference between two arms of `n` seeds each that is detected with the
    probability `power`, in the unit of `sd`.

    - "known": the run-to-run `sd` is known from elsewhere. The textbook's formula with z:
      (z₁ + z₂) · sd · √(2 / n).
    - "estimated": `sd` is estimated from the arms, as in `difference`. With few seeds the result is
      much larger (noncentral t).
    - "paired": estimated over pairs, as `difference` does with shared seeds. Half the degrees of
      freedom, so larger again. If a seed changes both arms alike, the true value is smaller; how
      much is unknown before the runs.

    With one seed the result is infinite. Raises ConfigError.
    """
    if not 0 <= sd < math.inf:
        raise ConfigError(f"A standard deviation is at least 0 and finite; received {echo(sd)}.")
    _share("The power of a study", power)
    _share("The level of an interval", level)
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ConfigError(f"An arm has a whole number of seeds, at least 1; received {echo(n)}.")
    if n < 2:
        return math.inf
    with needed():
        from scipy import special  # noqa: PLC0415  as above

    # `shift` is the detectable difference in units of its standard error, sd · √(2 / n).
    if spread == "known":
        # z of the interval's end + z of the power: 1.96 + 0.84 for 95 % and 80 %.
        shift = special.ndtri((1 + level) / 2) + special.ndtri(power)
    else:
        freedom = n - 1 if spread == "paired" else 2 * n - 2
        # The noncentrality at which t exceeds its critical value with probability `power`.
        shift = special.nctdtrinc(freedom, 1 - power, t_quantile(level, freedom))
    return float(max(0.0, shift)) * math.sqrt(2 / n) * sd


def seeds_needed(
    sd: float,
    difference: float,
    *,
    power: float = 0.8,
    level: float = 0.95,
    spread: Spread = "known",
) -> int:
    """Seeds for each of two arms, at least 2, to detect a difference, as `detectable_difference`
    defines it. Raises ConfigError."""
    if not 0 < difference < math.inf:
        raise ConfigError(
            f"A difference to detect is above 0 and finite; received {echo(difference)}."
        )
    at_two = detectable_difference(sd, 2, power=power, level=level) / difference
    if at_two > math.sqrt(MOST_SEEDS / 2):
        raise ConfigError(
            f"No study has the seeds to detect {difference:g} with a standard deviation of {sd:g}."
        )
    # Solve (z₁ + z₂) · sd · √(2 / n) = difference for n. `at_two` is the left side for n = 2, so
    # n = 2 · at_two². The 1 − ROUNDING keeps an exact whole number from being rounded up.
    n = max(2, math.ceil(2 * at_two**2 * (1 - ROUNDING)))
    while detectable_difference(sd, n, power=power, level=level, spread=spread) > difference * (
        1 + ROUNDING
    ):
        n += 1  # t needs a few more seeds than z, where the search starts
    return n


def seeds_to_tell(apart: Difference, sds: tuple[float | None, float | None]) -> int | None:
    """Seeds for each arm with which four of five studies detect the difference, if the true one is
    as large as the measured one.

    The noise is that of the interval. `sds` are those of the two arms; they are read where the
    interval is not over pairs. None where there is no interval or no difference, and where more
    than `STUDY_SEEDS` would be needed.
    """
    if apart.half_width is None or apart.mean == 0:
        return None
    spread: Spread = "paired" if apart.method == "paired" else "estimated"
    if spread == "paired":
        # Half width = t · sd(pair) / √n. Of two arms with equal noise, var(pair) = 2 · var(arm).
        sd = apart.half_width / t_quantile(apart.level, apart.n - 1) * math.sqrt(apart.n / 2)
    else:
        # The root of the mean variance of the two arms.
        sd = math.sqrt(math.fsum((each or 0.0) ** 2 for each in sds) / 2)
    if detectable_difference(sd, STUDY_SEEDS, level=apart.level, spread=spread) > abs(apart.mean):
        return None
    return seeds_needed(sd, abs(apart.mean), level=apart.level, spread=spread)


def error_standard_error(error_percent: float, images: int) -> float:
    """Binomial standard error, in points, of an error rate counted on so many images: 0.26 at 7 %
    on 10,000.

    How much the error would change with another sample of test images. Arms tested on the same
    images share most of it.
    Raises ConfigError.
    """
    if not 0 <= error_percent <= 100:
        raise ConfigError(f"An error is 0 to 100 percent; received {echo(error_percent)}.")
    if isinstance(images, bool) or images < 1:
        raise ConfigError(f"An error is counted on at least one image; received {echo(images)}.")
    # √(p · (1 − p) / images) with p in percent.
    return math.sqrt(error_percent * (100 - error_percent) / images)


def decimals(noise: float | None, otherwise: int = 2) -> int:
    """How many decimals the noise leaves: 1 for 0.6, 2 for 0.16, 0 for 14.5. `otherwise` where
    there is no noise.

    The rule is that of the Particle Data Group (Review of Particle Physics, Introduction, section
    5.3): the noise has two digits where its three leading digits are below 355, else one. As there,
    0.96 becomes 1.0.
    """
    if not noise or not math.isfinite(noise):
        return otherwise
    # 0.163 -> "1.63", "-01": the leading digits and the power of ten.
    digits, power = f"{abs(noise):.2e}".split("e")
    return (float(digits) < 3.55) - int(power)


def rounded(value: float, noise: float | None) -> str:
    """The value with as many decimals as the noise leaves: 8.68 at a noise of 0.16. Two decimals
    without noise."""
    return fixed(value, decimals(noise))


def fixed(value: float, places: int) -> str:
    """The value with this many decimals; a negative number rounds before the point (-1: tens). With
    a true minus sign, and none before zero."""
    # Adding 0.0 turns -0.0 into 0.0.
    text = f"{round(value, places) + 0.0:.{max(0, places)}f}"
    return (text.removeprefix("-") if float(text) == 0 else text).replace("-", "−")


def _interval(
    mean: float, noise: tuple[float, float], level: float, method: Method, n: int
) -> Difference:
    error, freedom = noise
    if error == 0:
        return Difference(mean, None, None, level, method, n)
    # Mean ± t · standard error.
    reach = t_quantile(level, freedom) * error
    return Difference(mean, mean - reach, mean + reach, level, method, n)


def _pairs(first: Floats, second: Floats, seeds: Seeds) -> tuple[Floats, Floats] | None:
    """The values of shared seeds, in one order for both arms; None where they cannot be paired."""
    by_seed = []
    for values, names in zip((first, second), seeds, strict=True):
        if len(set(names)) != len(names) or len(names) != len(values):
            raise ConfigError(
                f"Each value needs a different seed; received {len(values)} values and seeds"
                f" {list(names)}."
            )
        by_seed.append(dict(zip(names, values, strict=True)))
    arm, baseline = by_seed
    shared = sorted(arm.keys() & baseline.keys())
    if len(shared) < 2 or len(shared) < min(len(arm), len(baseline)):
        return None
    return np.array([arm[seed] for seed in shared]), np.array([baseline[seed] for seed in shared])


def _sd(values: Floats, size: float | None = None) -> float:
    """The standard deviation, with n − 1. Zero where values differ by rounding only: in floats,
    0.3 - 0.2 is not exactly 0.2 - 0.1."""
    size = float(np.abs(values).max()) if size is None else size
    return 0.0 if float(np.ptp(values)) <= ROUNDING * size else float(np.std(values, ddof=1))


def _finite(values: Sequence[float]) -> Floats:
    numbers = np.asarray(values, float)
    if not numbers.size:
        raise ConfigError("A mean needs at least one value; received none.")
    if not np.isfinite(numbers).all():
        bad = numbers[~np.isfinite(numbers)][0]
        raise ConfigError(
            f"Only finite numbers have a mean; received {bad}: leave that seed out, and say so."
        )
    return numbers


def _share(what: str, value: float) -> None:
    if not 0 < value < 1:
        raise ConfigError(f"{what} lies between 0 and 1; received {echo(value)}.")
