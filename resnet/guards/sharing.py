"""What arms share seed by seed: split, order, augmentation and initial weights.

No I/O. Before training, `streams` derives it from the specs; afterwards, `same_start` proves it
from the hashes that runs recorded at their start.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from resnet.data import FOLDER_PREFIX
from resnet.guards.differences import Specs, canonical, listed
from resnet.guards.twins import drawn_kernels
from resnet.network.config import ResNetConfig
from resnet.network.graph import Norm, build_graph
from resnet.recipes.role import STREAMS, deciding
from resnet.runs.spec import RunSpec

StreamName = Literal["split", "order", "augmentation", "initial weights"]
Proof = Literal["equal", "not equal", "not recorded"]
Environments = Mapping[str, Mapping[int, Mapping[str, Any] | None]]
"""By arm and seed, the environment.json of its run; None where there is none."""

IMAGES = {"split_hash", "first_batch"}
IN_WORDS: dict[Proof, str] = {
    "equal": "equal in all arms",
    "not equal": "not equal in all arms",
    "not recorded": "not recorded by all runs",
}


@dataclass(frozen=True, slots=True)
class Stream:
    """Something random that training depends on: the groups of arms that share it seed by seed, and
    why."""

    name: StreamName
    groups: tuple[tuple[str, ...], ...]
    why: str

    @property
    def sentence(self) -> str:
        """Whether all arms share it, and by which rule."""
        if len(self.groups) == 1:
            return f"All arms share the {self.name}: {self.why}."
        return (
            f"Arms do not all share the {self.name} ({' | '.join(map(listed, self.groups))}):"
            f" {self.why}."
        )


_WHY: dict[StreamName, str] = {
    "split": "it depends only on the data set, the number of validation images and the seed",
    "order": (
        "the images of a step depend only on the split, the batch size, the seed and the step"
    ),
    "augmentation": ("crops and flips depend on the seed, the step and the place in the batch"),
    "initial weights": (
        "each kernel is drawn from the seed and its layer's name, so layers with the same name and"
        " shape start equal"
    ),
}


def streams(specs_by_arm: Specs) -> tuple[Stream, ...]:
    """Which arms see the same split, order and augmentation and start from the same weights, seed
    by seed.

    Arms start from the same weights where every layer that both have does; a deeper network has
    more layers besides.
    """
    shared = []
    for name, why in _WHY.items():
        if name == "initial weights":
            continue
        decided = {}
        for arm, specs in specs_by_arm.items():
            decided[arm] = canonical(sorted(canonical(_decided_by(spec)[name]) for spec in specs))
        shared.append(Stream(name, _groups(decided, str.__eq__), why))
    starts = {arm: _starts(specs) for arm, specs in specs_by_arm.items()}
    return (*shared, Stream("initial weights", _groups(starts, _agree), _WHY["initial weights"]))


def _decided_by(spec: RunSpec) -> dict[StreamName, list[Any]]:
    """All that each stream of images is a function of. A named data set holds the same images in
    every folder."""
    folder = spec.data_folder if spec.dataset.startswith(FOLDER_PREFIX) else None
    recipe = spec.recipe.model_dump(mode="json")
    decided: dict[StreamName, list[Any]] = {}
    facts: list[Any] = [spec.dataset, folder]
    for stream in STREAMS:
        facts = [*facts, *[recipe[name] for name in deciding(type(spec.recipe), stream)]]
        decided[stream] = facts
    # Several devices draw crops and flips for their own share of a batch.
    decided["augmentation"] = [*facts, spec.device.count("+")]
    return decided


Starts = dict[tuple[int, str], Any]


def _starts(specs: Sequence[RunSpec]) -> Starts:
    """By seed and layer, what its initial weights depend on besides."""
    kernels = {
        (spec.recipe.seed, name): drawn
        for spec in specs
        for name, drawn in _drawn(spec.config).items()
    }
    return {**{(spec.recipe.seed, ""): None for spec in specs}, **kernels}


@lru_cache(maxsize=256)
def _drawn(config: ResNetConfig) -> dict[str, Any]:
    """Kernels, and the scale that norms start with."""
    graph = build_graph(config)
    return drawn_kernels(graph) | {
        node.id: node.op.gamma for node in graph.nodes if isinstance(node.op, Norm)
    }


def _agree(one: Starts, other: Starts) -> bool:
    """Whether both have the same seeds, and what both have is equal."""
    seeds = {seed for seed, _ in one}
    others = {seed for seed, _ in other}
    return seeds == others and all(other.get(key, drawn) == drawn for key, drawn in one.items())


def _groups(
    facts: Mapping[str, Any], alike: Callable[[Any, Any], bool]
) -> tuple[tuple[str, ...], ...]:
    """Each arm goes to the first group with all of which it agrees."""
    groups: list[list[str]] = []
    for arm, own_facts in facts.items():
        for group in groups:
            if all(alike(facts[member], own_facts) for member in group):
                group.append(arm)
                break
        else:
            groups.append([arm])
    return tuple(map(tuple, groups))


def selection(specs_by_arm: Specs) -> str:
    """What decides which weights are tested, in a sentence: validation, or nothing. Test never
    does."""
    by_validation = []
    for arm, specs in specs_by_arm.items():
        if {spec.recipe.test_weights for spec in specs} == {"best_validation"}:
            by_validation.append(arm)
    once = "once, at the end of each run; the test set chooses nothing"
    if len(by_validation) == len(specs_by_arm):
        return (
            f"Validation chooses: the weights with the lowest validation error are tested, {once}."
        )
    if not by_validation:
        return f"There is no choice: the weights of the last step are tested, {once}."
    return (
        f"Validation chooses the weights only in {listed(by_validation)}; the other arms test their"
        f" last weights, {once}."
    )


@dataclass(frozen=True, slots=True)
class SeedStart:
    """How the arms' runs of one seed began, by hash. `kernels` is how many, of those that two arms
    or more have, are equal wherever they are, and how many there are; `other_kernels` names the
    rest. `unknown` are the arms whose run wrote nothing down, or is not there yet."""

    seed: int
    split: Proof
    first_batch: Proof
    weights: Proof
    kernels: tuple[int, int]
    other_kernels: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SameStart:
    """The proof by hash that arms began with the same, seed by seed; only seeds that two arms or
    more have run."""

    seeds: tuple[SeedStart, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """One each for the split, the first batch and the weights."""
        if not self.seeds:
            return ("Not proven by hash yet: no two arms have run with the same seed.",)
        return (
            f"Split into training and validation, by hash: {self._said('split')}.",
            f"First batch as the networks see it, augmented, by hash: {self._said('first_batch')}.",
            f"Initial weights, by hash: {self._said('weights')}{self._kernels()}.",
        )

    @property
    def proven(self) -> bool:
        """Whether everything was recorded and is equal."""
        return bool(self.seeds) and all(
            (seed.split, seed.first_batch, seed.weights) == ("equal",) * 3 for seed in self.seeds
        )

    def _said(self, which: Literal["split", "first_batch", "weights"]) -> str:
        seeds: dict[Proof, list[str]] = {}
        for seed in self.seeds:
            seeds.setdefault(getattr(seed, which), []).append(str(seed.seed))
        return ", ".join(
            f"{IN_WORDS[proof]} with seed{'s' * (len(numbers) > 1)} {listed(numbers)}"
            for proof, numbers in seeds.items()
        )

    def _kernels(self) -> str:
        """How many kernels that was said of: of the seed where fewest are equal."""
        known = [seed for seed in self.seeds if seed.kernels[1]]
        if not known:
            return ""
        least = min(known, key=lambda seed: seed.kernels[0] / seed.kernels[1])
        equal, shared = least.kernels
        other = f"; not equal: {listed(least.other_kernels)}" if least.other_kernels else ""
        return f" ({equal} of {shared} kernels that two arms or more have{other})"


def same_start(environments: Environments) -> SameStart:
    """What the arms' runs wrote down about how they began, compared seed by seed.

    Read are "split_hash", "first_batch" and "initial_weights" ({layer's name: hash}). What a run
    did not write down, as older ones did not, is not recorded, and nothing is claimed for it.
    """
    seeds = sorted({seed for runs in environments.values() for seed in runs})
    starts = []
    for seed in seeds:
        arms = {arm: runs[seed] for arm, runs in environments.items() if seed in runs}
        if len(arms) > 1:
            starts.append(_seed_start(seed, arms))
    return SameStart(tuple(starts))


def _seed_start(seed: int, arms: Mapping[str, Mapping[str, Any] | None]) -> SeedStart:
    rows = {arm: row or {} for arm, row in arms.items()}
    weights = {}
    for arm, row in rows.items():
        hashes_of_arm = row.get("initial_weights")
        if isinstance(hashes_of_arm, dict) and hashes_of_arm:
            weights[arm] = hashes_of_arm
    hashes: dict[str, list[Any]] = {}
    for hashes_of_arm in weights.values():
        for name, value in hashes_of_arm.items():
            hashes.setdefault(name, []).append(value)
    shared = {name: values for name, values in hashes.items() if len(values) > 1}
    other = tuple(name for name, values in shared.items() if len(set(map(str, values))) > 1)
    complete = len(weights) == len(rows)
    return SeedStart(
        seed,
        split=_proof([row.get("split_hash") for row in rows.values()]),
        first_batch=_proof([row.get("first_batch") for row in rows.values()]),
        weights="not equal" if other else "equal" if complete and shared else "not recorded",
        kernels=(len(shared) - len(other), len(shared)),
        other_kernels=other,
        unknown=tuple(
            arm for arm, row in rows.items() if arm not in weights or not row.keys() >= IMAGES
        ),
    )


def _proof(hashes: Sequence[Any]) -> Proof:
    known = {value for value in hashes if isinstance(value, str)}
    if len(known) > 1:
        return "not equal"
    return "equal" if known and all(isinstance(value, str) for value in hashes) else "not recorded"
