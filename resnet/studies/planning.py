"""What a study needs before it starts: which of its runs exist already, time, memory, and which
difference its seeds can detect.

The progress of a study is not stored. Its runs are looked up each time by comparing specs, so
running it again, from another terminal or after a crash, repeats nothing.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple

from resnet import data, history
from resnet.recipes.memory import memory_bytes
from resnet.results.published import PAPERS_SD
from resnet.results.statistics import detectable_difference, seeds_needed, summary
from resnet.runs import Run, RunSpec, State
from resnet.studies.images import First, absolute, known_images
from resnet.studies.plan.study import (
    Arm,
    PlannedRun,
    Study,
    arms_of,
    run_fingerprint,
    runs,
    specs_of,
)

Action = Literal["make", "wait", "resume", "reuse", "leave"]
Failed = Literal["leave", "retry"]

BETTER_FIRST: tuple[Action, ...] = ("reuse", "wait", "resume", "leave")


class Step(NamedTuple):
    """A run of the study and what to do about it; `run` is the existing run, in this `state`."""

    planned: PlannedRun
    action: Action
    run: Run | None = None
    state: State | None = None


MOST_POINTS = 100.0
"""Errors are at most 100 %, so no difference between two of them is larger."""


class Noise(NamedTuple):
    """How far the results of seeds scatter: a standard deviation in points of error, and its
    source, as a part of a sentence.

    `measured` is False for the paper's value: the example used where no arm has two finished seeds.
    """

    sd: float
    source: str
    measured: bool


EXAMPLE = Noise(
    PAPERS_SD,
    "the paper's ResNet-110 on CIFAR-10 (five runs, Table 6), as an example",
    measured=False,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What running a study will do. `images_per_s` is by arm, None where nothing like it was
    measured here; `memory_bytes` is an estimate for the arm that takes most,
    TensorFlow's own left out."""

    study: Study
    steps: tuple[Step, ...]
    images_per_s: Mapping[str, float | None]
    memory_bytes: int

    @property
    def arms(self) -> tuple[Arm, ...]:
        """In the study's order."""
        return arms_of(step.planned for step in self.steps)

    @property
    def specs(self) -> dict[str, list[RunSpec]]:
        """By arm, a spec for each seed."""
        return specs_of(step.planned for step in self.steps)

    def count(self, action: Action) -> int:
        """How many runs get this action."""
        return sum(step.action == action for step in self.steps)

    @property
    def time_s(self) -> float | None:
        """Seconds of training until the study is done, one run after the other; starts and
        evaluations come on top. None where an arm was never measured here."""
        total = 0.0
        for step in self.steps:
            # Finished runs need no time, and failed ones are not started again.
            if step.action in ("reuse", "leave"):
                continue
            speed = self.images_per_s[step.planned.arm.name]
            if not speed:
                return None
            recipe = step.planned.spec.recipe
            # A run that is resumed has done a part of its steps already.
            done = step.run.progress().step if step.run else 0
            total += max(0, recipe.steps - done) * recipe.batch_size / speed
        return total

    def detectable(self, sd: float) -> float:
        """The smallest difference between two arms that this study would detect in four of five
        repetitions, in the unit of `sd`, the standard deviation from seed to seed. The spread of
        the pairs is estimated from the pairs. Infinite for one seed.
        """
        return detectable_difference(sd, len(self.study.seeds), spread="paired")

    def silence(self) -> str | None:
        """Why the study can show no difference, in a sentence; None where it can."""
        if len(self.arms) == 1:
            return "One arm shows no difference: there is nothing to compare it with."
        if len(self.study.seeds) == 1:
            return (
                "One seed shows no difference: there is nothing to tell it from chance; take three"
                " or more."
            )
        noise = self.noise()
        if self.detectable(noise.sd) >= MOST_POINTS:
            return (
                f"{len(self.study.seeds)} seeds show no difference: where they scatter as in"
                f" {noise.source}, it would have to be more than {MOST_POINTS:.0f} points; take"
                " more seeds."
            )
        return None

    def noise(self) -> Noise:
        """Pooled over the arms with two finished seeds or more; the paper's where there is none, or
        no scatter."""
        finished: dict[str, list[Run]] = {}
        for step in self.steps:
            if step.action == "reuse" and step.run:
                finished.setdefault(step.planned.arm.name, []).append(step.run)
        # Test errors first, as in the results; else validation errors, which every evaluated run
        # has.
        ways: dict[str, Callable[[Run], float | None]] = {
            "test error": _test_error,
            "best validation error": lambda run: run.progress().best_validation_error,
        }
        for what, error in ways.items():
            values = [list(map(error, runs)) for runs in finished.values()]
            if (sd := _pooled(values)) is not None:
                count = sum(len(arm_runs) for arm_runs in finished.values() if len(arm_runs) > 1)
                return Noise(
                    sd, f"the {what} of {count} finished runs of this study", measured=True
                )
        return EXAMPLE


def seeds_for(sds: float) -> int:
    """Seeds in each arm that detect a difference of this many standard deviations in four of five
    studies."""
    return seeds_needed(1.0, sds, spread="paired")


def runs_of(steps: Iterable[Step]) -> dict[tuple[str, int], Run]:
    """By arm and seed, the runs that exist, finished or not."""
    return {(step.planned.arm.name, step.planned.seed): step.run for step in steps if step.run}


def moved(steps: Iterable[Step]) -> tuple[str, ...]:
    """A sentence for each folder of images that is not where the runs had it; their records say
    what it held."""
    places = dict[str, str]()
    for step in steps:
        spec = step.run.spec if step.run else None
        if spec and spec.dataset.startswith(data.FOLDER_PREFIX):
            place = absolute(spec.data_folder)
            places |= {spec.dataset: place} if place != step.planned.spec.data_folder else {}
    return tuple(
        [
            f"The images of {name} are not here; what is said of them was recorded by the runs,"
            f" which had them in {place}."
            for name, place in places.items()
        ]
    )


def plan(study: Study, there: Sequence[Run], failed: Failed = "leave") -> Plan:
    """What running the study will do and what it needs. Starts nothing; `there` and what it raises
    as in `steps_of`."""
    steps = steps_of(study, there, failed, "images")
    # Read once: each `run.spec` is a read from the disk.
    known = [(spec, run) for run in there if (spec := run.spec)]
    specs = {step.planned.arm.name: step.planned.spec for step in steps}
    # Once for each arm: seeds do not change the speed.
    speeds = {name: measured_speed(spec, known) for name, spec in specs.items()}
    needed = [memory_bytes(spec.config, spec.recipe) for spec in specs.values()]
    # Runs of one device follow one another, so the largest arm decides.
    return Plan(study, steps, speeds, max(needed))


def steps_of(
    study: Study, there: Sequence[Run], failed: Failed = "leave", first: First = "records"
) -> tuple[Step, ...]:
    """Which runs exist and are used again, which wait or go on, and which are missing.

    `there` are all runs to look among, as `Store.list()` or `runs_in(folder)` give them. A run with
    an equal spec belongs to the study, no matter how it was started; a fork never does, since it
    did not start at step 0. A failed run is not repeated unless `failed` says so: it would most
    likely fail again. Of equal runs the oldest is taken. `first` says what describes a folder of
    images: the records of its runs or the images; see `known_images`. Raises ConfigError, DataError
    or UnknownNameError.
    """
    images = known_images(study, there, first)
    known: dict[str, list[Run]] = {}
    # Ids begin with the time of the start, so `min` in `_step` takes the oldest of equal runs.
    for run in sorted(there, key=lambda run: run.id):
        if (spec := run.spec) is not None and run.parent is None:
            known.setdefault(run_fingerprint(images.brought(spec)), []).append(run)
    planned = [one._replace(spec=images.brought(one.spec)) for one in runs(study, images.facts)]
    return tuple(_step(one, known.get(run_fingerprint(one.spec), []), failed) for one in planned)


def _step(planned: PlannedRun, equal_runs: Sequence[Run], failed: Failed) -> Step:
    steps = [Step(planned, _action(state := run.state(), failed), run, state) for run in equal_runs]
    return min(
        steps, key=lambda step: BETTER_FIRST.index(step.action), default=Step(planned, "make")
    )


def _action(state: State, failed: Failed) -> Action:
    if state.name == "finished":
        return "reuse"
    if not state.over:
        return "wait"
    # Stopped, crashed and interrupted runs can go on. A failed one met an error that would most
    # likely come again.
    return "leave" if state.name == "failed" and failed == "leave" else "resume"


def measured_speed(spec: RunSpec, there: Sequence[tuple[RunSpec, Run]]) -> float | None:
    """Images a second of runs of the same network on the same device, in one precision: the median
    of those with the same batch, where there are any, else of all; None where nothing was measured
    here. Runs at work count too.
    """
    alike = [(other, run) for other, run in there if _alike(other, spec)]
    same = [
        (other, run) for other, run in alike if other.recipe.batch_size == spec.recipe.batch_size
    ]
    for candidates in (same, alike):
        if speeds := [speed for _, run in candidates if (speed := run.progress().images_per_s)]:
            return median(speeds)
    return None


def _alike(one: RunSpec, other: RunSpec) -> bool:
    return (one.config, one.device, one.recipe.precision) == (
        other.config,
        other.device,
        other.recipe.precision,
    )


def _pooled(arms: Sequence[Sequence[float | None]]) -> float | None:
    """The standard deviation within arms; None where a value is missing, no arm has two, or nothing
    scatters."""
    if any(value is None for values in arms for value in values):
        return None
    spreads = []
    for values in arms:
        if len(values) > 1:
            spreads.append(summary([value for value in values if value is not None]))
    # Pooled variance: Σ (n − 1)·sd² / Σ (n − 1), over the arms with two seeds or more.
    squares = math.fsum((each.n - 1) * each.sd**2 for each in spreads if each.sd is not None)
    return math.sqrt(squares / sum(each.n - 1 for each in spreads)) if squares else None


def _test_error(run: Run) -> float | None:
    """The test error, measured once, at the end of the run; only the end of its records is read."""
    lines = run.directory.last_metrics(
        lambda line: history.is_of(line, history.Test, history.Evaluation)
    )
    test = history.last_of(lines, history.Test)
    return test.test_error if test else None
