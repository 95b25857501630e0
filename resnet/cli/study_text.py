"""The plan of a study, as lines for people and as facts for programs."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from resnet import quantity
from resnet.guards import guard, sharing
from resnet.guards.recorded import environments
from resnet.results import statistics
from resnet.studies.compared import promises, references
from resnet.studies.plan.study import Arm, Study
from resnet.studies.planning import Action, Plan, runs_of, seeds_for

IN_WORDS = {
    "make": "to run",
    "wait": "running or waiting",
    "resume": "to resume",
    "reuse": "finished",
    "leave": "failed",
}


def extent(study: Study, arms: Sequence[Arm]) -> str:
    """4 arms × 3 seeds."""
    return (
        f"{len(arms)} arm{'s' * (len(arms) != 1)} × {len(study.seeds)}"
        f" seed{'s' * (len(study.seeds) != 1)}"
    )


def lines_of(plan: Plan) -> list[str]:
    """The question, the arms with their runs, the guards, and the needs of the remaining runs."""
    study, arms = plan.study, plan.arms
    lines = [
        f"{study.name}   {extent(study, arms)}   {study.fingerprint}",
        *filter(None, [study.question]),
    ]
    lines += [f"Source: {study.source}."] if study.source else []
    lines += ["", *_arms(plan), "", *promises(study, arms, plan.specs)]
    # Hashes exist only after a run has begun.
    if existing := runs_of(plan.steps):
        lines += sharing.same_start(environments(existing)).sentences
    return [*lines, "", *_needs(plan)]


def _arms(plan: Plan) -> list[str]:
    rows = []
    for arm in plan.arms:
        actions = Counter(
            IN_WORDS[step.action] for step in plan.steps if step.planned.arm.name == arm.name
        )
        doing = ", ".join(f"{count} {word}" for word, count in actions.items())
        speed = plan.images_per_s[arm.name]
        measured = (
            f"{speed:,.0f} images/s measured here" if speed else "speed not measured here yet"
        )
        rows.append((arm.name, arm.network, doing, measured))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "   ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _needs(plan: Plan) -> list[str]:
    words: dict[Action, str] = {
        "make": "to run",
        "resume": "to resume",
        "wait": "running or waiting",
        "reuse": "finished already and reused",
        "leave": "failed and not started again",
    }
    counts = [
        f"{plan.count(action)} {word}" for action, word in words.items() if plan.count(action)
    ]
    lines = [f"{len(plan.steps)} run{'s' * (len(plan.steps) != 1)}: {', '.join(counts)}."]
    time_s = plan.time_s
    if time_s is None:
        lines.append(
            "Time: not known yet; the first run of each arm measures its network on this device."
        )
    elif time_s:
        lines.append(
            f"Time: about {quantity.duration(time_s)} of training, plus starts and evaluations."
        )
    # A study that needs no time needs no memory. None means "not measured", and then memory is
    # still useful.
    if time_s != 0:
        lines.append(
            f"Memory: about {quantity.size(plan.memory_bytes)} for one run, plus TensorFlow's own"
            " memory."
        )
    return [*lines, _detectable(plan)]


def _detectable(plan: Plan) -> str:
    if silence := plan.silence():
        return silence
    seeds, noise = len(plan.study.seeds), plan.noise()
    points = plan.detectable(noise.sd)
    more = seeds_for(1)
    rest = (
        f" To detect one standard deviation, {more} seeds in each arm are needed."
        if seeds < more
        else ""
    )
    return (
        f"Smallest detectable difference, in four of five such studies with {seeds} seeds in each"
        f" arm: {plan.detectable(1):.1f} standard deviations between seeds. That is"
        # Rounded to a tenth of the value: the estimate is not more exact.
        f" {statistics.rounded(points, points / 10)} points at a standard deviation of"
        f" {statistics.rounded(noise.sd, noise.sd / 10)}, that of {noise.source}.{rest}"
    )


def facts_of(plan: Plan) -> dict[str, Any]:
    """The output of `show --json`. Seconds, bytes, points of error; null where unknown."""
    specs, noise = plan.specs, plan.noise()
    silent = plan.silence() is not None
    verdict = guard.one_factor(specs, plan.study.keys)
    start = sharing.same_start(environments(runs_of(plan.steps)))
    return {
        "study": plan.study.model_dump(mode="json"),
        "fingerprint": plan.study.fingerprint,
        "runs": [
            {
                "arm": step.planned.arm.name,
                "network": step.planned.arm.network,
                "seed": step.planned.seed,
                "action": step.action,
                "run": step.run.id if step.run else None,
                "state": step.state.name if step.state else None,
            }
            for step in plan.steps
        ],
        "one_factor": {"purity": verdict.purity, "sentence": verdict.sentence},
        "between": guard.between(specs, references(plan.study, plan.arms), plan.study.keys),
        "selection": sharing.selection(specs),
        "undeclared": list(map(str, verdict.undeclared)),
        "streams": {stream.name: stream.groups for stream in sharing.streams(specs)},
        "same_start": {"proven": start.proven, "sentences": start.sentences},
        "images_per_s": dict(plan.images_per_s),
        "time_s": plan.time_s,
        "memory_bytes": plan.memory_bytes,
        "noise": noise._asdict(),
        # JSON has no infinity, and one seed would give it.
        "detectable_in_sd": None if silent else plan.detectable(1),
        "seeds_for_one_sd": seeds_for(1),
        "detectable_points": None if silent else plan.detectable(noise.sd),
    }
