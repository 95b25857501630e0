"""Rules for comparisons: what arms must have in common before their errors can be compared."""

from collections.abc import Sequence
from statistics import fmean

from resnet.checks.facts import Arms, Facts, arm_label
from resnet.checks.rule import HE_CIFAR, KERAS, NOTEBOOK, Rule, Said, short
from resnet.guards.differences import listed

FITTED = 0.1
"""In percent. Below it, an arm fits its training images: less than 1 in 1,000 is wrong."""

RUN_TO_RUN = "He et al. 2015, Table 6: 6.61 ± 0.16 over five runs"


def _one_seed(arms: Arms) -> Said | None:
    # _trainings is None where one of the counts is unknown. Such an arm is not reported.
    single = [arm_label(arm) for arm in arms if _trainings(arm) == 1]
    if not single:
        return None
    which = (
        "Every arm was"
        if len(single) == len(arms)
        else f"{listed(single)} {'was' if len(single) == 1 else 'were'}"
    )
    return Said(
        f"{which} trained with one seed, so a difference between arms cannot be told from a"
        " difference between seeds.",
        "Train each arm with three seeds or more: `study` adds seeds without repeating any.",
    )


def _two_seeds(arms: Arms) -> Said | None:
    # Half width = t · sd / √n: t is 12.7 with 1 degree of freedom, 4.3 with 2.
    double = [arm_label(arm) for arm in arms if _trainings(arm) == 2]
    if not double:
        return None
    return Said(
        f"{listed(double)}: two seeds leave one degree of freedom, so a 95 % interval is 12.7/√2 ="
        " 9.0 standard deviations wide to each side; with three seeds it is 2.5.",
        "Add a third seed.",
    )


def _trainings(arm: Sequence[Facts]) -> int | None:
    counts = [facts.trainings for facts in arm]
    # An imported curve may be a mean over several trainings, so counts are added and not the runs.
    return sum([count for count in counts if count]) or None if None not in counts else None


def _seeds_not_shared(arms: Arms) -> Said | None:
    seeds: dict[str, list[int]] = {}
    for arm in arms:
        known = {facts.seed for facts in arm if facts.seed is not None}
        if known:
            seeds[arm_label(arm)] = sorted(known)
    # Two arms with known seeds are needed, and the same list in both is what is wanted.
    if len(seeds) < 2 or len(set(map(tuple, seeds.values()))) == 1:
        return None
    numbers = "; ".join(
        [
            f"{name} {listed(list(map(str, numbers_of_arm)))}"
            for name, numbers_of_arm in seeds.items()
        ]
    )
    return Said(
        f"The arms have different seeds ({numbers}), so they differ in validation images, order and"
        " starting weights.",
        "Give all arms the same seeds; differences can then be taken in pairs.",
    )


def _both_fitted(arms: Arms) -> Said | None:
    means = []
    for arm in arms:
        errors = [facts.train_error for facts in arm if facts.train_error is not None]
        # An arm whose training error is unknown may not fit its images: nothing can be said.
        if not errors:
            return None
        means.append(fmean(errors))
    # One arm that does not fit is enough: degradation could still be seen.
    if max(means) >= FITTED:
        return None
    return Said(
        f"Every arm fits its training images (at most {max(means):.2f} % wrong), so degradation, a"
        " higher training error, cannot be seen.",
        "Choose harder or more images, or deeper networks.",
    )


def _optimisers_differ(arms: Arms) -> Said | None:
    # The first run stands for its arm: runs of one arm differ only in seed and results.
    known = {arm_label(arm): arm[0].optimiser for arm in arms if arm[0].optimiser}
    networks = {arm[0].network for arm in arms}
    if (
        len(set(known.values())) < 2
        # Arms with one network compare optimisers, and then different ones are the question itself.
        or len(networks) == 1
        or any(arm[0].varies("optimiser") for arm in arms)
    ):
        return None
    numbers = "; ".join([f"{name} {optimiser}" for name, optimiser in known.items()])
    return Said(
        f"The arms differ in network and in optimiser: {numbers}.",
        "Train all arms with one optimiser, or declare it as a factor and cross it with the"
        " network.",
    )


def _one_rate_each(arms: Arms) -> Said | None:
    rates: dict[str, set[float]] = {}
    for facts in [facts for arm in arms for facts in arm]:
        if facts.optimiser and facts.learning_rate is not None:
            rates.setdefault(facts.optimiser, set()).add(facts.learning_rate)
    # A second rate of any optimiser shows that rates were searched.
    if len(rates) < 2 or any(len(values) > 1 for values in rates.values()):
        return None
    numbers = listed(
        [f"{name} at {short(rate)}" for name, values in rates.items() for rate in values]
    )
    return Said(
        f"Optimisers are compared at one learning rate each, {numbers}: that ranks settings, not"
        " optimisers.",
        'Say "at these settings", or give each optimiser a few rates and let validation choose.',
    )


def _some_continue(arms: Arms) -> Said | None:
    begins = {arm_label(arm): arm[0].begins for arm in arms if arm[0].begins}
    continued = [name for name, begin in begins.items() if begin == "continued"]
    # If all arms continued, they are equal in this point.
    if not continued or len(continued) == len(begins):
        return None
    return Said(
        f"{listed(continued)} continued an earlier training; the other arms started from fresh"
        " weights.",
        "Start every arm from fresh weights, or every arm from a checkpoint of the same step.",
    )


def _steps_differ(arms: Arms) -> Said | None:
    # Steps that a study varies on purpose are its factor.
    known = {arm_label(arm): arm[0].steps for arm in arms if arm[0].steps}
    if len(set(known.values())) < 2 or any(arm[0].varies("steps", "schedule") for arm in arms):
        return None
    numbers = "; ".join([f"{name} {steps:,}" for name, steps in known.items()])
    return Said(
        f"The arms train for different numbers of steps: {numbers}.",
        "Give all arms the same steps.",
    )


def _libraries_differ(arms: Arms) -> Said | None:
    known = {arm_label(arm): arm[0].library for arm in arms if arm[0].library}
    if len(set(known.values())) < 2:
        return None
    numbers = "; ".join([f"{name} {library}" for name, library in known.items()])
    return Said(
        f"The arms were trained by different libraries ({numbers}): a 3×3 with stride 2 pads (0, 1)"
        " in Keras and (1, 1) in PyTorch and Caffe.",
        "Train all arms with one library, or say so next to the numbers.",
    )


RULES = (
    Rule(
        key="one_seed",
        subject="comparison",
        title="One seed",
        reason="Two trainings that differ only in their seed also differ in error.",
        source=f"{RUN_TO_RUN}; {NOTEBOOK}",
        severity="unfair",
        arms=_one_seed,
    ),
    Rule(
        key="two_seeds",
        subject="comparison",
        title="Two seeds",
        reason="Two numbers are too few to estimate a spread.",
        source="Student 1908; the 97.5 % quantile of t with one degree of freedom is 12.7",
        severity="note",
        arms=_two_seeds,
    ),
    Rule(
        key="seeds_not_shared",
        subject="comparison",
        title="Seeds that are not shared",
        reason=(
            "A seed decides the validation images, their order and the starting weights; with the"
            " same seeds, this noise cancels in a difference."
        ),
        source="Bouthillier et al. 2021, Accounting for Variance in Machine Learning Benchmarks",
        severity="note",
        arms=_seeds_not_shared,
    ),
    Rule(
        key="both_fitted",
        subject="comparison",
        title="Every arm at zero training error",
        reason=(
            "The paper's claim is about training error; a data set that every network fits cannot"
            " test it."
        ),
        source="He et al. 2015, figure 1 and section 4.2",
        severity="note",
        arms=_both_fitted,
    ),
    Rule(
        key="optimisers_differ",
        subject="comparison",
        title="Arms with different optimisers",
        reason="If two things change at once, the cause of a difference cannot be known.",
        source=f"{NOTEBOOK}: Adam for the plain networks and SGD for the residual ones",
        severity="unfair",
        arms=_optimisers_differ,
    ),
    Rule(
        key="one_rate_each",
        subject="comparison",
        title="Optimisers at one learning rate each",
        reason="How optimisers rank depends on how well each of them is tuned.",
        source="Choi et al. 2019, On Empirical Comparisons of Optimizers for Deep Learning",
        severity="note",
        arms=_one_rate_each,
    ),
    Rule(
        key="some_continue",
        subject="comparison",
        title="Some arms continue an earlier training",
        reason="An arm that has trained before has had more steps than the curve shows.",
        source=f"{NOTEBOOK}; {HE_CIFAR}: all networks from scratch",
        severity="unfair",
        arms=_some_continue,
    ),
    Rule(
        key="steps_differ",
        subject="comparison",
        title="Arms trained for different numbers of steps",
        reason="More steps lower the error of almost any network.",
        source=f"{HE_CIFAR}: 64k iterations at every depth",
        severity="unfair",
        arms=_steps_differ,
    ),
    Rule(
        key="libraries_differ",
        subject="comparison",
        title="Arms trained by different libraries",
        reason=(
            "Libraries differ in padding, in what batch norm's momentum means and in their"
            " defaults."
        ),
        source=f'{KERAS}, Conv2D(padding="same"); PyTorch documentation, Conv2d',
        severity="note",
        arms=_libraries_differ,
    ),
)
