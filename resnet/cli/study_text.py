"""What a study will do, in lines for people and as facts for programs."""

import contextlib
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from resnet import quantity
from resnet.ablation.guards import guard
from resnet.ablation.guards.guard import SameStart
from resnet.ablation.results import statistics
from resnet.ablation.studies.compared import references
from resnet.ablation.studies.running import Plan
from resnet.ablation.studies.study import Arm, Study, arms
from resnet.errors import RunError
from resnet.runs import Run, RunSpec

SAID = {"make": "to run", "wait": "at work", "resume": "to go on", "reuse": "finished", "leave": "failed"}
WIDEST = 40


def extent(study: Study) -> str:
    """4 arms × 3 seeds."""
    found = len(arms(study))
    return f"{found} arm{'s' * (found != 1)} × {len(study.seeds)} seed{'s' * (len(study.seeds) != 1)}"


def lines_of(plan: Plan) -> list[str]:
    """The question, the arms and what is there of each, the guards, and what the rest needs."""
    study, specs = plan.study, specs_of(plan)
    lines = [f"{study.name}   {extent(study)}   {study.fingerprint}", *filter(None, [study.question])]
    lines += [f"Source: {study.source}."] if study.source else []
    lines += ["", *_arms(plan), "", guard.one_factor(specs, study.keys).sentence]
    if study.design == "grid" and len(study.factors) > 1:
        lines.append(guard.between(specs, references(study, _planned(plan)), study.keys))
    lines += [stream.sentence for stream in guard.streams(specs)]
    lines += same_start(plan).sentences if any(step.run for step in plan.steps) else ()
    return [*lines, guard.selection(specs), "", *_needs(plan)]


def specs_of(plan: Plan) -> dict[str, list[RunSpec]]:
    """The specs of each arm, one for each seed."""
    specs: dict[str, list[RunSpec]] = {}
    for step in plan.steps:
        specs.setdefault(step.planned.arm.name, []).append(step.planned.spec)
    return specs


def same_start(plan: Plan) -> SameStart:
    """What the runs that are there wrote down about how they began."""
    found: dict[str, dict[int, Mapping[str, Any] | None]] = {}
    for step in plan.steps:
        if step.run and (environment := _environment(step.run)):
            found.setdefault(step.planned.arm.name, {})[step.planned.seed] = environment
    return guard.same_start(found)


def _environment(run: Run) -> Mapping[str, Any] | None:
    with contextlib.suppress(RunError):
        return run.environment()
    return None


def _planned(plan: Plan) -> tuple[Arm, ...]:
    return tuple({step.planned.arm.name: step.planned.arm for step in plan.steps}.values())


def _arms(plan: Plan) -> list[str]:
    found = _planned(plan)
    width = min(WIDEST, max(len(arm.name) for arm in found))
    lines = []
    for arm in found:
        actions = Counter(SAID[step.action] for step in plan.steps if step.planned.arm.name == arm.name)
        doing = ", ".join(f"{count} {word}" for word, count in actions.items())
        speed = plan.images_per_s[arm.name]
        measured = f"{speed:,.0f} images/s measured here" if speed else "speed not measured here yet"
        lines.append(f"  {arm.name:{width}}   {arm.network:18} {doing:24} {measured}")
    return lines


def _needs(plan: Plan) -> list[str]:
    words = {"make": "to run", "resume": "to go on", "wait": "at work or waiting", "reuse": "there already and reused",
             "leave": "failed and left alone"}  # fmt: skip
    counts = [f"{plan.count(action)} {word}" for action, word in words.items() if plan.count(action)]  # type: ignore[arg-type]
    lines = [f"{len(plan.steps)} run{'s' * (len(plan.steps) != 1)}: {', '.join(counts)}."]
    time_s = plan.time_s
    if time_s is None:
        lines.append("Time: not known yet: on this device each arm's network is measured by its first run.")
    elif time_s:
        lines.append(f"Time: about {quantity.duration(time_s)} of training; starts and evaluations come on top.")
    if time_s != 0:
        lines.append(f"Memory: at least {quantity.size(plan.memory_bytes)} for one run, beside TensorFlow's own.")
    return [*lines, _detectable(plan)]


def _detectable(plan: Plan) -> str:
    seeds = len(plan.study.seeds)
    if seeds == 1:
        return "One seed shows no difference at all: there is nothing to tell it from chance; take three or more."
    noise = plan.noise()
    points = plan.detectable(noise.sd)
    return (
        f"{seeds} seeds an arm show, in four of five such studies, a difference of {plan.detectable(1):.1f} standard "
        f"deviations between seeds: {statistics.rounded(points, points / 10)} points at a standard deviation of "
        f"{statistics.rounded(noise.sd, noise.sd / 10)}, which is that of {noise.source}."
    )


def facts_of(plan: Plan) -> dict[str, Any]:
    """What `show --json` prints. Seconds, bytes, points of error; null where nothing is known."""
    specs, noise = specs_of(plan), plan.noise()
    alone = len(plan.study.seeds) == 1
    verdict = guard.one_factor(specs, plan.study.keys)
    start = same_start(plan)
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
        "between": guard.between(specs, references(plan.study, _planned(plan)), plan.study.keys),
        "selection": guard.selection(specs),
        "undeclared": [str(found) for found in verdict.found if found.factor is None],
        "streams": {stream.name: stream.groups for stream in guard.streams(specs)},
        "same_start": {"proven": start.proven, "sentences": start.sentences},
        "images_per_s": dict(plan.images_per_s),
        "time_s": plan.time_s,
        "memory_bytes": plan.memory_bytes,
        "noise": noise._asdict(),
        "detectable_in_sd": None if alone else plan.detectable(1),
        "detectable_points": None if alone or not math.isfinite(noise.sd) else plan.detectable(noise.sd),
    }
