"""The recipe check of a comparison: a study with the records of its runs, or runs side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from resnet.checks.facts import Facts
from resnet.checks.sources import of_arms, of_run
from resnet.guards.differences import FOLLOW_THE_DATA, differing
from resnet.recipes.recipe import Recipe
from resnet.recipes.role import fields_of_kind, roles_of
from resnet.results.arms import ArmRuns
from resnet.runs import RunSpec
from resnet.runs.journal import Line
from resnet.studies.compared import changed
from resnet.studies.plan.study import Study, arms_of, specs_of
from resnet.studies.planning import Step

TOGETHER = {
    f"recipe.{name}": f"recipe.{role.part_of}"
    for name, role in roles_of(Recipe).items()
    if role.part_of
}
"""A longer training also has a longer schedule: together they count as one change."""

NO_FACTOR = ("device", *[f"recipe.{name}" for name in fields_of_kind(Recipe, "bookkeeping")])
"""Settings that are not meant to change an error."""

Records = Mapping[tuple[str, int], Sequence[Line]]


def facts_of_study(study: Study, steps: Sequence[Step], records: Records) -> list[Facts]:
    """Every run a study asks for, arm by arm, with what it is compared with; `records`, by arm and
    seed, are what those that are there wrote down."""
    # Facts come from the plan and not from the runs, so that a study can be checked before it
    # starts.
    planned = [step.planned for step in steps]
    arms, specs = arms_of(planned), specs_of(planned)
    compared = changed(
        study, arms, {arm: own[:1] for arm, own in specs.items()}
    )  # seeds are no factor
    causes = {
        (step.planned.arm.name, step.planned.seed): step.state.cause for step in steps if step.state
    }
    found = []
    for arm in arms:
        against, factors = compared.get(arm.name, (None, None))
        for facts in of_arms({arm.name: specs[arm.name]}, study.keys, arm.images):
            # A planned run always has a seed; `facts.seed` may be None only by its type.
            key = (arm.name, facts.seed or 0)
            known = of_run(facts, records.get(key, ()), cause=causes.get(key))
            found.append(replace(known, against=against, changed=factors))
    return found


def records_of_arms(arms: Sequence[ArmRuns]) -> Records:
    """The records of the runs of arms that have been read already."""
    return {
        (arm.name, run.seed): run.records
        for arm in arms
        for run in arm.runs
        if run.seed is not None
    }


def records_of_steps(steps: Sequence[Step]) -> Records:
    """The same, read from the runs that are there. Raises RunError where one cannot be read."""
    return {
        (step.planned.arm.name, step.planned.seed): step.run.metrics()[0]
        for step in steps
        if step.run
    }


def beside(facts: Sequence[Facts], specs: Sequence[RunSpec]) -> list[Facts]:
    """Runs outside a study, each with the factors in which it differs from the first one."""
    first = facts[0].called
    return [
        (
            replace(own, against=first, changed=factors)
            if (factors := _factors(specs[0], spec))
            else own
        )
        for own, spec in zip(facts, specs, strict=True)
    ]


def _factors(one: RunSpec, other: RunSpec) -> tuple[str, ...]:
    """The settings that differ, those of one part under its name: "recipe.schedule" for a rate and
    its drops."""
    differ = [
        each.key
        for each in differing({"one": [one], "other": [other]}, ())
        if not each.key.startswith(NO_FACTOR)
    ]
    # Another data set also changes the network's input and classes. That is one change.
    keys = [key for key in differ if "dataset" not in differ or key not in FOLLOW_THE_DATA]
    parts: dict[str, list[str]] = {}
    for key in keys:
        # "recipe.schedule.drops" and "recipe.schedule.factor" are both part of "recipe.schedule".
        parts.setdefault(TOGETHER.get(key) or ".".join(key.split(".")[:2]), []).append(key)
    return tuple([own[0] if len(own) == 1 else part for part, own in parts.items()])
