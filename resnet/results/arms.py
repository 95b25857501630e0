"""The results of a study's arms from their runs: numbers for a table, and a sentence for each arm.

Choices are made on validation data. Each run reads its test error once, at its end; the lowest test
error of a run is never computed. Losses are data losses, without penalties.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resnet import history
from resnet.errors import ConfigError, UnknownNameError
from resnet.network.metrics import describe
from resnet.results import statistics
from resnet.results.statistics import Difference, Summary
from resnet.runs.journal import Line
from resnet.runs.run import Run
from resnet.runs.state import StateName

ErrorMeasure = Literal[
    "test_error", "best_validation_error", "last_validation_error", "train_error"
]
Measure = Literal[ErrorMeasure, "validation_data_loss", "train_data_loss", "duration_s"]
Ending = Literal["finished", "unfinished", "failed"]
Seeded = list[tuple[int | None, float]]
Numbers = Mapping[Measure, Seeded]

LEVEL = 0.95
TITLES: dict[Measure, str] = {
    "test_error": "Test error, %",
    "best_validation_error": "Best validation error, %",
    "last_validation_error": "Last validation error, %",
    "train_error": "Training error, %",
    "validation_data_loss": "Validation data loss, nats",
    "train_data_loss": "Training data loss, nats",
    "duration_s": "Time",
}
IN_WORDS: dict[ErrorMeasure, str] = {
    "test_error": "",  # an error without further words is the test error
    "best_validation_error": " of best validation error",
    "last_validation_error": " of last validation error",
    "train_error": " of training error",
}
BRIEF = re.compile(r"[.;] |\.$")
"""The end of a cause's first sentence; advice follows it."""
LONGEST_CAUSE = 200


@dataclass(frozen=True, slots=True)
class SeedRun:
    """One run: its records as in metrics.jsonl, how it ended, and the cause of a failure.

    `seed` is None where an imported curve has none.
    """

    seed: int | None
    records: Sequence[Line]
    ending: Ending = "finished"
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class ArmRuns:
    """The runs of one arm. `against` is the name of the arm it is compared with, None for the
    baseline.

    Sentences use `change` ("residual"), or the name where it is empty, and `where` ("at depth 56").
    `shortcut` is the network's: "none" for a plain network, None where unknown.
    """

    name: str
    runs: Sequence[SeedRun]
    against: str | None = None
    change: str = ""
    where: str = ""
    trainable_params: int | None = None
    macs: int | None = None
    shortcut: str | None = None


@dataclass(frozen=True, slots=True)
class ArmResult:
    """The result of an arm's finished runs. `difference` is in `measure`; None without a baseline,
    or where one of the two arms has no number.

    `left_out` has one sentence for each run that is not counted.
    """

    arm: ArmRuns
    summaries: Mapping[Measure, Summary]
    measure: ErrorMeasure
    difference: Difference | None
    sentence: str
    left_out: tuple[str, ...] = ()


def seed_run(run: Run) -> SeedRun:
    """A run as its directory is now. Raises RunError or ConfigError where it cannot be read."""
    spec, state = run.spec, run.state()
    if spec is None:
        raise ConfigError(run.damage or f"The spec of run {run.id} cannot be read.")
    return SeedRun(spec.recipe.seed, run.metrics()[0], ending(state.name), state.cause)


def ending(state: StateName) -> Ending:
    """How a run in this state ended; "unfinished" where it has not."""
    if state == "finished":
        return "finished"
    if state in ("failed", "crashed", "machine restarted"):
        return "failed"
    return "unfinished"


def arm_of(
    name: str, runs: Sequence[Run], *, against: str | None = None, change: str = "", where: str = ""
) -> ArmRuns:
    """An arm of real runs, with its network's counts. Raises RunError or ConfigError where one
    cannot be read."""
    read = [seed_run(run) for run in runs]
    # Runs whose spec cannot be read are reported by `seed_run` above.
    configs = {spec.config for run in runs if (spec := run.spec)}
    if len(configs) > 1:
        raise ConfigError(
            f"The runs of an arm share one network; those of {name} have {len(configs)}: divide"
            " them."
        )
    config = configs.pop() if configs else None
    if config is None:
        return ArmRuns(name, read, against, change, where)
    counts = describe(config)
    return ArmRuns(
        name,
        read,
        against,
        change,
        where,
        counts.trainable_params,
        counts.macs,
        shortcut=config.shortcut,
    )


def measured(records: Sequence[Line]) -> dict[Measure, float]:
    """The measures of one run, from its records. A measure that was never recorded, or is not a
    number, is left out."""
    test = history.last_of(records, history.Test) or history.Test()
    last = history.last_of(records, history.Evaluation) or history.Evaluation()
    errors = history.values(records, history.Evaluation, "validation_error")
    numbers: dict[Measure, float | None] = {
        "test_error": test.test_error,
        "best_validation_error": min(
            [error for error in errors if error is not None], default=None
        ),
        "last_validation_error": last.validation_error,
        # Of the last evaluation: without augmentation, and in inference mode.
        "train_error": last.train_error_clean,
        "validation_data_loss": last.validation_data_loss,
        "train_data_loss": last.train_data_loss_clean,
        "duration_s": history.duration_s(records),
    }
    return {measure: value for measure in TITLES if (value := numbers[measure]) is not None}


def results(
    arms: Sequence[ArmRuns], *, measure: ErrorMeasure | None = None, level: float = LEVEL
) -> list[ArmResult]:
    """One result for each arm, in order. All arms use the same measure, because their differences
    share one column.

    The default for `measure` is the test error if all finished runs of all arms have it, else the
    best validation error. Only finished runs count. Raises ConfigError for a name or a seed given
    twice, UnknownNameError where the arm to compare with does not exist.
    """
    names = [arm.name for arm in arms]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"The arms need different names; received {twice[0]!r} more than once.")
    numbers = {arm.name: _collected(arm) for arm in arms}
    compared = measure or _compared(numbers.values())
    references = {arm.against for arm in arms}
    return [_result(arm, numbers, compared, level, references) for arm in arms]


def _compared(numbers: Iterable[Numbers]) -> ErrorMeasure:
    """The measure that all arms have. Arms without a finished run, and runs without an evaluation,
    do not count."""
    evaluated = [arm for arm in numbers if "best_validation_error" in arm]
    tested = all(
        len(arm.get("test_error", ())) >= len(arm["best_validation_error"]) for arm in evaluated
    )
    # One run without a test error would make the arms incomparable, so all or none.
    return "test_error" if evaluated and tested else "best_validation_error"


def _result(
    arm: ArmRuns,
    numbers: Mapping[str, Numbers],
    measure: ErrorMeasure,
    level: float,
    references: Collection[str | None],
) -> ArmResult:
    if arm.against is not None and arm.against not in numbers:
        raise UnknownNameError("arm", arm.against, numbers)
    by_measure = numbers[arm.name]
    difference = None
    if arm.against is not None:
        other = numbers[arm.against].get(measure, [])
        difference = _difference(by_measure.get(measure, []), other, level)
    summaries = {each: statistics.summary(_values(by_measure[each])) for each in by_measure}
    sentence = _sentence(arm, summaries.get(measure), measure, difference, references)
    return ArmResult(arm, summaries, measure, difference, sentence, _left_out(arm))


def _values(seeded: Seeded) -> list[float]:
    return [value for _, value in seeded]


def _collected(arm: ArmRuns) -> dict[Measure, Seeded]:
    """Of each measure, the seeds and values of the finished runs that have it."""
    known = [run.seed for run in arm.runs if run.seed is not None]
    if twice := [seed for seed in known if known.count(seed) > 1]:
        raise ConfigError(
            f"An arm has each seed once; {arm.name} has seed {twice[0]} more than once."
        )
    numbers: dict[Measure, Seeded] = {}
    for run in arm.runs:
        for measure, value in measured(run.records).items() if run.ending == "finished" else ():
            # An unfinished run has lower or higher errors than at its end: only finished ones
            # count.
            numbers.setdefault(measure, []).append((run.seed, value))
    return numbers


def _difference(first: Seeded, second: Seeded, level: float) -> Difference | None:
    """`first` minus `second`, paired by seed where all seeds are known; None where one is empty."""
    if not first or not second:
        return None
    # Pairing removes what a seed does to both arms alike; without all seeds it would mix pairs.
    seeds = _seeds(first), _seeds(second)
    known = len(seeds[0]) == len(first) and len(seeds[1]) == len(second)
    return statistics.difference(
        _values(first), _values(second), seeds=seeds if known else None, level=level
    )


def _seeds(seeded: Seeded) -> list[int]:
    return [seed for seed, _ in seeded if seed is not None]


def _left_out(arm: ArmRuns) -> tuple[str, ...]:
    """A sentence for each run that is not counted, with the reason."""
    sentences = []
    for run in arm.runs:
        if why := _why_left_out(run):
            which = "one run" if run.seed is None else f"seed {run.seed}"
            sentences.append(begun(f"{arm.name}: {which} {why}"))
    return tuple(sentences)


def _why_left_out(run: SeedRun) -> str:
    match run.ending:
        case "failed":
            return f"failed and is not counted{_because(run)}"
        case "unfinished":
            return "is not finished and not counted"
    return "" if measured(run.records) else "is finished, but has no number on record"


def _because(run: SeedRun) -> str:
    """The first sentence of a failure's cause, in brackets."""
    if not run.cause:
        return ""
    return f" ({BRIEF.split(' '.join(run.cause.split()))[0][:LONGEST_CAUSE]})"


def _sentence(
    arm: ArmRuns,
    summary: Summary | None,
    measure: ErrorMeasure,
    apart: Difference | None,
    references: Collection[str | None],
) -> str:
    """The claim that the numbers allow. Where the sentence does not contain the arm's name, it is
    added in brackets, so that readers find the arm's row in the table.

    A lower error is better. `references` are the arms that others are compared with.
    """
    place = f" {arm.where}" if arm.where else ""
    what = arm.change or arm.name
    who = f"{what}{place}"
    row = "" if arm.name in who else f" ({arm.name})"
    if summary is None:
        return begun(f"{who}{row}: no finished run has a number yet")
    if arm.against is None:
        role = (
            "what others are compared with"
            if arm.name in references
            else "compared with no other arm"
        )
        return begun(
            f"{who}{row} is {role}: {TITLES[measure].partition(',')[0].lower()} {spread(summary)}"
        )
    if apart is None:
        return begun(f"{who}{row}: {arm.against} has no finished run to compare with yet")
    # From here on the arm has a baseline. Claims from weakest to strongest: one seed, seeds
    # without any spread, an interval that includes zero, an interval that excludes it.
    if apart.n == 1:
        short = "one seed" if summary.n == 1 else f"one seed of {arm.against}"
        return begun(f"{who}{row}, {short}: no interval, so no claim")
    if apart.half_width is None:
        return begun(
            f"{who}{row}: seeds agree to the last digit, which noise does not; no interval, so no"
            " claim"
        )
    points = plus_minus(abs(apart.mean), apart.half_width)
    if not apart.beyond_noise:
        subject = f"{arm.where} the difference" if arm.where else f"the difference of {who}"
        named = f"{arm.name}: " if row or arm.where else ""
        return begun(
            f"{subject}{IN_WORDS[measure]} is within noise ({named}{points} points, {apart.n}"
            " seeds)"
        )
    # The difference is arm − baseline in percent of errors: below 0 the arm is better.
    effect = "helps" if apart.mean < 0 else "hurts"
    return begun(f"{what} {effect} by {points} points{IN_WORDS[measure]}{place}{row}")


def begun(sentence: str) -> str:
    """With a capital letter, unless it begins with a name such as resnet56."""
    first = sentence.partition(" ")[0].strip(":,")
    return sentence[:1].upper() + sentence[1:] if first.isalpha() else sentence


def plus_minus(value: float, noise: float) -> str:
    """4.1 ± 0.6, with digits no finer than the noise; one digit more where the two would look
    equal."""
    places = statistics.decimals(noise)
    texts = [statistics.fixed(number, places) for number in (value, noise)]
    if texts[0] == texts[1]:
        texts = [statistics.fixed(number, places + 1) for number in (value, noise)]
    return " ± ".join(texts)


def spread(summary: Summary) -> str:
    """6.61 ± 0.16 (5): mean, standard deviation and number of seeds. Without ± for one seed."""
    mean = statistics.fixed(summary.mean, 2)
    if summary.sd is None:
        text = mean
    elif summary.sd == 0:
        text = f"{mean} ± 0"
    else:
        text = plus_minus(summary.mean, summary.sd)
    return f"{text} ({summary.n})"
