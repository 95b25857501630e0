"""What arms with the same seed share: split, order, augmentation and initial weights.

No I/O. Before training, `streams` derives it from the specs. Afterwards, `same_start` proves it
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
from resnet.network.graph import build_graph
from resnet.network.operations import Norm
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
    """One kind of random draw in a training: the groups of arms in which equal seeds give equal
    draws, and why."""

    name: StreamName
    groups: tuple[tuple[str, ...], ...]
    why: str

    @property
    def sentence(self) -> str:
        """Whether all arms share it, and the reason."""
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
    """Which arms have the same split, order, augmentation and initial weights with the same seed.

    Initial weights count as shared if all layers that both arms have start equal; a deeper network
    has more layers in addition.
    """
    shared = []
    for name, why in _WHY.items():
        # Weights depend on the layers of each network, and images do not. So they are compared in
        # another way below.
        if name == "initial weights":
            continue
        decided = {}
        for arm, specs in specs_by_arm.items():
            decided[arm] = canonical(sorted(canonical(_decided_by(spec)[name]) for spec in specs))
        shared.append(Stream(name, _groups(decided, str.__eq__), why))
    starts = {arm: _starts(specs) for arm, specs in specs_by_arm.items()}
    return (*shared, Stream("initial weights", _groups(starts, _agree), _WHY["initial weights"]))


def _decided_by(spec: RunSpec) -> dict[StreamName, list[Any]]:
    """All settings that each stream of images depends on. A named data set has the same images in
    every folder."""
    folder = spec.data_folder if spec.dataset.startswith(FOLDER_PREFIX) else None
    recipe = spec.recipe.model_dump(mode="json")
    decided: dict[StreamName, list[Any]] = {}
    facts: list[Any] = [spec.dataset, folder]
    for stream in STREAMS:
        # Each stream depends on everything that the streams before it depend on.
        facts = [*facts, *[recipe[name] for name in deciding(type(spec.recipe), stream)]]
        decided[stream] = facts
    # On several devices, each draws crops and flips for its share of a batch.
    decided["augmentation"] = [*facts, spec.device.count("+")]
    return decided


Starts = dict[tuple[int, str], Any]


def _starts(specs: Sequence[RunSpec]) -> Starts:
    """By seed and layer: the shape and initialiser that its initial weights depend on."""
    kernels = {
        (spec.recipe.seed, name): drawn
        for spec in specs
        for name, drawn in _drawn(spec.config).items()
    }
    # The empty name stands for the seed itself, so that `_agree` also compares the sets of seeds.
    return {**{(spec.recipe.seed, ""): None for spec in specs}, **kernels}


@lru_cache(maxsize=256)
def _drawn(config: ResNetConfig) -> dict[str, Any]:
    """Kernels, and the initial scale of norms."""
    graph = build_graph(config)
    return drawn_kernels(graph) | {
        node.id: node.op.gamma for node in graph.nodes if isinstance(node.op, Norm)
    }


def _agree(one: Starts, other: Starts) -> bool:
    """Whether both have the same seeds, and all layers that both have start equal."""
    seeds = {seed for seed, _ in one}
    others = {seed for seed, _ in other}
    # A layer that only one arm has does not count: `get` returns its own value.
    return seeds == others and all(other.get(key, drawn) == drawn for key, drawn in one.items())


def _groups(
    facts: Mapping[str, Any], alike: Callable[[Any, Any], bool]
) -> tuple[tuple[str, ...], ...]:
    """Put each arm into the first group whose members all agree with it."""
    groups: list[list[str]] = []
    for arm, facts_of_arm in facts.items():
        for group in groups:
            # All members, not only the first: agreement on shared layers is not transitive.
            if all(alike(facts[member], facts_of_arm) for member in group):
                group.append(arm)
                break
        else:
            groups.append([arm])
    return tuple(map(tuple, groups))


def selection(specs_by_arm: Specs) -> str:
    """A sentence about the choice of the tested weights: by validation, or without a choice. The
    test set never chooses."""
    by_validation = []
    for arm, specs in specs_by_arm.items():
        # All runs of the arm: with one other run, the sentence would be wrong for the arm.
        if {spec.recipe.test_weights for spec in specs} == {"best_validation"}:
            by_validation.append(arm)
    once = "once, at the end of each run; the test set is not used for any choice"
    if len(by_validation) == len(specs_by_arm):
        return (
            f"Validation chooses: the weights with the lowest validation error are tested, {once}."
        )
    if not by_validation:
        return f"No weights are chosen: those of the last step are tested, {once}."
    return (
        f"Validation chooses the weights only in {listed(by_validation)}; the other arms test their"
        f" last weights, {once}."
    )


@dataclass(frozen=True, slots=True)
class SeedStart:
    """The start of the arms' runs with one seed, by hash. `kernels` counts (equal, all) kernels
    that at least two arms have; `other_kernels` names the unequal ones. `unknown` are the arms
    whose run recorded nothing or does not exist yet."""

    seed: int
    split: Proof
    first_batch: Proof
    weights: Proof
    kernels: tuple[int, int]
    other_kernels: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SameStart:
    """The proof by hash that arms began with the same weights and images, for each seed that at
    least two arms have run."""

    seeds: tuple[SeedStart, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """One each for the split, the first batch and the weights."""
        if not self.seeds:
            return ("Not proven by hash yet: no two arms have run with the same seed.",)
        return (
            f"Split into training and validation, by hash: {self._proofs('split')}.",
            "First batch as the networks see it, augmented, by hash:"
            f" {self._proofs('first_batch')}.",
            f"Initial weights, by hash: {self._proofs('weights')}{self._kernels()}.",
        )

    @property
    def proven(self) -> bool:
        """Whether everything was recorded and is equal."""
        return bool(self.seeds) and all(
            (seed.split, seed.first_batch, seed.weights) == ("equal",) * 3 for seed in self.seeds
        )

    def _proofs(self, which: Literal["split", "first_batch", "weights"]) -> str:
        seeds: dict[Proof, list[str]] = {}
        for seed in self.seeds:
            seeds.setdefault(getattr(seed, which), []).append(str(seed.seed))
        return ", ".join(
            f"{IN_WORDS[proof]} with seed{'s' * (len(numbers) > 1)} {listed(numbers)}"
            for proof, numbers in seeds.items()
        )

    def _kernels(self) -> str:
        """The counted kernels, of the seed with the fewest equal ones."""
        known = [seed for seed in self.seeds if seed.kernels[1]]
        if not known:
            return ""
        least = min(known, key=lambda seed: seed.kernels[0] / seed.kernels[1])
        equal, shared = least.kernels
        other = f"; not equal: {listed(least.other_kernels)}" if least.other_kernels else ""
        return f" ({equal} of {shared} kernels that two arms or more have{other})"


def same_start(environments: Environments) -> SameStart:
    """Compare the recorded starts of the arms' runs, for each seed.

    It reads "split_hash", "first_batch" and "initial_weights" ({layer's name: hash}). Older runs
    did not record them; then nothing is claimed.
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
    # A kernel that only one arm has cannot be compared.
    shared = {name: values for name, values in hashes.items() if len(values) > 1}
    other = tuple(name for name, values in shared.items() if len(set(map(str, values))) > 1)
    # "equal" needs the hashes of all arms; one unequal pair is enough for "not equal".
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
