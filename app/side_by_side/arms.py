"""Groups runs that differ only in their seed into arms, and names the arms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.elements import views
from app.runs import wording
from resnet.guards import differences
from resnet.network.link import written
from resnet.runs import Parent, Run
from resnet.runs.spec import RunSpec

# Settings in a name, and letters of one setting.
SHOWN, LONGEST = 3, 60


@dataclass(frozen=True, slots=True)
class Arm:
    """One or more runs whose specs differ only in the seed, ordered by seed. Each seed occurs
    once."""

    name: str
    runs: tuple[Run, ...]
    specs: tuple[RunSpec, ...]

    @property
    def spec(self) -> RunSpec:
        return self.specs[0]


@dataclass(frozen=True, slots=True)
class Grouped:
    """The arms, and a sentence for each run that belongs to none."""

    arms: tuple[Arm, ...]
    left_out: tuple[str, ...]


def grouped(runs: Sequence[Run]) -> Grouped:
    """The arms, in the order of `runs`. If runs repeat each other, the newest finished one is
    used."""
    left_out: list[str] = []
    by_spec: dict[str, dict[int, Run]] = {}
    # The best run first: of two runs with the same spec and seed, the first one is kept. Ids begin
    # with the start time, so the newest comes before older ones.
    for run in sorted(runs, key=_worth, reverse=True):
        if (spec := run.spec) is None:
            left_out.append(run.damage or f"The spec of run {run.id} cannot be read.")
            continue
        seeds = by_spec.setdefault(_same(spec, run.parent), {})
        if spec.recipe.seed in seeds:
            other = seeds[spec.recipe.seed].id
            left_out.append(
                f"Run {run.id} repeats run {other} with the same seed, so only {other} is counted."
            )
        else:
            seeds[spec.recipe.seed] = run
    # Back to the order of the caller, which is the order of the colours and of the legend.
    place = {run.id: number for number, run in enumerate(runs)}
    ordered = sorted(
        by_spec.values(), key=lambda seeds: min(place[run.id] for run in seeds.values())
    )
    members: list[list[Run]] = []
    specs: list[list[RunSpec]] = []
    for seeds in ordered:
        members.append([seeds[seed] for seed in sorted(seeds)])
        specs.append([run.spec for run in members[-1] if run.spec])
    named = names([arm_specs[0] for arm_specs in specs], [runs[0].id for runs in members])
    arms = [
        Arm(name, tuple(runs), tuple(arm_specs))
        for name, runs, arm_specs in zip(named, members, specs, strict=True)
    ]
    return Grouped(tuple(arms), tuple(left_out))


def _worth(run: Run) -> tuple[bool, str]:
    return run.state().name == "finished", run.id


def _same(spec: RunSpec, parent: Parent | None) -> str:
    """A text that is equal for all runs of one arm. A fork is not in the arm of its parent, because
    it starts from a checkpoint."""
    return differences.canonical(
        [settings(spec), spec.data_folder, parent and parent.model_dump(mode="json")]
    )


def settings(spec: RunSpec) -> dict[str, object]:
    """Every setting by its dotted key, including the device but not the seed."""
    return differences.leaves(spec.config, spec.recipe, spec.dataset) | {"device": spec.device}


def names(specs: Sequence[RunSpec], ids: Sequence[str]) -> list[str]:
    """A name for each arm: the network; the data set if the arms differ in it; if needed, other
    settings or the id."""
    one = len({spec.dataset for spec in specs}) == 1
    titles = [
        views.title(spec.config) + ("" if one else f" on {wording.dataset(spec)}") for spec in specs
    ]
    result = list(titles)
    # Only arms with the same title get more words. "ResNet-56" alone stays short.
    for name in {name for name in titles if titles.count(name) > 1}:
        alike = [number for number, other in enumerate(titles) if other == name]
        told = _told_apart([settings(specs[number]) for number in alike])
        for number, tag in zip(alike, told, strict=True):
            # Settings may be too many or too long for a name. Then the end of the run's id tells
            # the arms apart.
            twice = told.count(tag) > 1 or not tag
            result[number] = (
                f"{name}, {', '.join(filter(None, [tag, ids[number][-4:] if twice else '']))}"
            )
    return result


def _told_apart(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The first few settings that differ, for each row: "shortcut projection, norm momentum
    0.99"."""
    keys = []
    for key in dict.fromkeys(key for row in rows for key in row):
        if len({differences.canonical(row.get(key)) for row in rows}) > 1:
            keys.append(key)
    tags = []
    for row in rows:
        tags.append(", ".join([_tag(key, row[key]) for key in keys[:SHOWN] if key in row]))
    return tags


def _tag(key: str, value: object) -> str:
    text = "none" if value is None else written(value)
    words = " ".join(key.split(".")[1:][-2:] or [key]).replace("_", " ")
    return f"{words} {text}"[:LONGEST]
