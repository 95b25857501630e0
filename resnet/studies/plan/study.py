"""A study as data: a baseline, the factors that are varied, how levels are combined, the seeds, and
the arms they make.

    baseline = Baseline(network="resnet20", recipe="digits_quick", dataset="digits")
    shortcut = Factor(key="network.shortcut", levels=["projection"])
    study = Study(name="shortcuts", baseline=baseline, factors=[shortcut], seeds=[0, 1, 2])

A factor's key is "network" (a catalogue name), a setting of it ("network.norm.momentum"), "recipe"
(a catalogue name or a whole recipe), a setting of it ("recipe.weight_decay.semantics",
"recipe.optimiser"), or "dataset".
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from math import prod
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from resnet import data
from resnet.data import DatasetFacts
from resnet.errors import ConfigError, UnknownNameError, echo
from resnet.guards.differences import SettingChange, canonical, changes, digest, leaves
from resnet.network.config import ResNetConfig
from resnet.network.settings import Closed
from resnet.recipes.recipe import Recipe
from resnet.results.statistics import STUDY_SEEDS
from resnet.runs.spec import RunSpec
from resnet.studies.plan.factors import MOST_ARMS, Baseline, Factor, Listed, Text, twice, typed
from resnet.studies.plan.making import BASELINE, Made, check_levels, entry_of, fitted, made, name_of

Design = Literal["grid", "one_at_a_time", "list"]

FORMAT_VERSION = 1

Images = Mapping[str, DatasetFacts]
"""By its name, what is known of a data set without a look at it."""

LARGEST_SEED = 2**31 - 1


def _seeds(value: Any) -> Any:
    """Checked in words of their own; YAML's `yes` would be seed 1. Raises ConfigError."""
    if value in ([], ()):
        raise ConfigError("A study needs at least one seed, as in 0,1,2; received none.")
    if not isinstance(value, list | tuple):
        raise ConfigError(f"Seeds stand in a list, as in [0, 1, 2]; received {echo(value)}.")
    for seed in value:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
            rule = f"Seeds are whole numbers from 0 to {LARGEST_SEED:,}, as in 0,1,2"
            raise ConfigError(f"{rule}; received {echo(seed)}.")
    return value


def _named(value: Any) -> Any:
    """Raises ConfigError for a name that is empty."""
    if not value and isinstance(value, str):
        raise ConfigError(f"A study needs a name, as in shortcuts; received {echo(value)}.")
    return value


Name = Annotated[Text, BeforeValidator(_named)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_seeds), Field(max_length=STUDY_SEEDS)]


class Study(Closed):
    """Which runs answer a question. `name`, `question` and `source` are for the reader, and no part
    of the fingerprint. "grid" combines all levels; "one_at_a_time" has the baseline, and one factor
    of it changed in each other arm.
    """

    path: ClassVar[str] = "study"
    format_version: int = FORMAT_VERSION
    name: Name
    question: str = Field(default="", max_length=1000)
    source: str = Field(default="", max_length=1000)
    baseline: Baseline
    factors: tuple[Factor, ...] = Field(default=(), max_length=50)
    design: Design = "one_at_a_time"
    listed: tuple[Listed, ...] = Field(default=(), max_length=MOST_ARMS)
    seeds: Seeds = (0, 1, 2)

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that are equal exactly when two studies ask for the same."""
        return digest(self.model_dump(mode="json", exclude={"name", "question", "source"}))

    @property
    def keys(self) -> tuple[str, ...]:
        """The declared factors: what the guard takes as said."""
        return tuple(factor.key for factor in self.factors)

    def check(self) -> None:
        """Raise ConfigError or UnknownNameError where parts contradict each other, or an arm cannot
        exist."""
        if self.format_version != FORMAT_VERSION:
            received = f"must be {FORMAT_VERSION}; received {self.format_version}"
            raise ConfigError(
                f"study.format_version {received}: open it with the program that wrote it."
            )
        names = [arm.name for arm in self.listed if arm.name]
        for what, values in {
            "seeds": self.seeds,
            "factors": self.keys,
            "names of its arms": names,
        }.items():
            if (again := twice(values)) is not None:
                raise ConfigError(f"A study's {what} must differ; received {echo(again)} twice.")
        _check_design(self)
        check_levels(self.baseline, self.factors)
        unfitted(self)


def _check_design(study: Study) -> None:
    if study.design == "list":
        if not study.listed:
            raise ConfigError("Design 'list' needs at least one arm in `listed`; received none.")
        odd = next(
            (key for arm in study.listed for key in arm.settings if key not in study.keys), None
        )
        if odd is not None:
            raise ConfigError(
                f"A listed arm changes declared factors; received {echo(odd)}: add it to `factors`."
            )
        return
    if study.listed:
        raise ConfigError(f"`listed` belongs to design 'list'; received it with {study.design!r}.")
    if empty := next((factor.key for factor in study.factors if not factor.levels), None):
        raise ConfigError(
            f"Design {study.design!r} needs at least one level of each factor; {echo(empty)} has"
            " none."
        )
    counts = [len(factor.levels) for factor in study.factors]
    if (count := prod(counts) if study.design == "grid" else 1 + sum(counts)) > MOST_ARMS:
        raise ConfigError(
            f"A study has at most {MOST_ARMS} arms; received levels for {count:,}: take fewer."
        )


@dataclass(frozen=True, slots=True)
class Arm:
    """A network, fitted to its data set, and a recipe. `settings` are the study's words for it;
    `changes` is all that differs from the baseline's full configs, as (was, is): nothing in the
    baseline itself. `images` is what is known of the data set."""

    name: str
    settings: Mapping[str, Any]
    network: str
    config: ResNetConfig
    recipe: Recipe
    dataset: str
    changes: Mapping[str, SettingChange]
    images: DatasetFacts


class PlannedRun(NamedTuple):
    """One run of a study."""

    arm: Arm
    seed: int
    spec: RunSpec


def unfitted(study: Study) -> tuple[Made, ...]:
    """What is asked for, before it is fitted to its images: no file is looked at, and some may be
    equal."""
    changes = [{}, *[settings for _, settings in _changed(study)]]
    return tuple([made(study.baseline, settings) for settings in changes])


def arms(study: Study, known: Images | None = None) -> tuple[Arm, ...]:
    """The arms in the order of the levels, but the baseline first where they are no grid; of equal
    ones the first.

    A name says how an arm differs from the baseline, or which network it is where networks are all
    that is compared; so it stays when the study grows. Looks up the size of images that are not
    among the `known` ones, for a folder of them on the disk. Raises ConfigError, also where an arm
    with a name of its own is another one again, DataError or UnknownNameError.
    """
    baseline, found = study.baseline, dict[str, Arm]()
    images = cache(lambda name: (known or {}).get(name) or data.facts(name, baseline.data_folder))
    plain = made(baseline, {})
    usual = leaves(*plain[1:]) | {"network": baseline.network}
    base = leaves(*fitted(plain, images(plain.dataset))[1:])
    for name, settings in _changed(study):
        bare = made(baseline, settings)
        arm = fitted(bare, images(bare.dataset))
        facts = leaves(*arm[1:])
        differs = changes(base, facts)
        said = (
            name
            or _network(study, settings, bare)
            or (name_of(settings, usual) if differs else BASELINE)
        )
        there = found.setdefault(
            digest(facts), Arm(said, settings, *arm, differs, images(arm.dataset))
        )
        if name and there.name != name:
            raise ConfigError(
                f"Listed arms must differ; received {echo(name)}, which is {echo(there.name)} in"
                " other words: take one away."
            )
    in_order = sorted(
        found.items(), key=lambda item: study.design != "grid" and bool(item[1].changes)
    )
    count = Counter(arm.name for _, arm in in_order)
    return tuple(
        arm if count[arm.name] == 1 else _told_apart(arm, digest) for digest, arm in in_order
    )


def runs(study: Study, known: Images | None = None) -> tuple[PlannedRun, ...]:
    """Every arm with every seed: the first seed of all arms, then the second, so that a comparison
    is there early.

    `known`, and what it raises, as in `arms`.
    """
    baseline, found = study.baseline, arms(study, known)
    return tuple(
        PlannedRun(
            arm,
            seed,
            RunSpec(
                network=arm.network,
                config=arm.config,
                recipe=arm.recipe.model_copy(update={"seed": seed}),
                dataset=arm.dataset,
                data_folder=baseline.data_folder,
                device=baseline.device,
            ),
        )
        for seed in study.seeds
        for arm in found
    )


def arms_of(planned: Iterable[PlannedRun]) -> tuple[Arm, ...]:
    """The arms of these runs, each once, in order."""
    return tuple({run.arm.name: run.arm for run in planned}.values())


def specs_of(planned: Iterable[PlannedRun]) -> dict[str, list[RunSpec]]:
    """What these runs are, by the arm's name: a spec for each seed."""
    specs: dict[str, list[RunSpec]] = {}
    for run in planned:
        specs.setdefault(run.arm.name, []).append(run.spec)
    return specs


def run_fingerprint(spec: RunSpec) -> str:
    """Twelve hex digits that are equal exactly when two runs do the same, on the same device.

    What a network is called does not count, nor where a data set lies that has a name of its own:
    its images are the same in every folder. A `folder:` of images is another one in another place.
    """
    facts = spec.model_dump(mode="json", exclude={"network", "data_folder"})
    own = spec.dataset.startswith(data.FOLDER_PREFIX)
    return digest(facts | ({"data_folder": spec.data_folder} if own else {}))


def grown(
    study: Study, *, levels: Mapping[str, Iterable[Any]] | None = None, seeds: Iterable[int] = ()
) -> Study:
    """The study with more levels of its factors, or more seeds; every run it had stays. Raises as
    `Study` does."""
    if levels and study.design == "list":
        raise ConfigError(
            "A study of design 'list' grows by arms in `listed`; received more levels, which it"
            " ignores."
        )
    factors = study.model_dump(mode="json")["factors"]
    for key, more in (levels or {}).items():
        if key not in study.keys:
            raise UnknownNameError("factor of this study", key, study.keys)
        there = factors[study.keys.index(key)]["levels"]
        there += [
            level
            for level in map(typed, more)
            if canonical(level) not in set(map(canonical, there))
        ]
    fields = study.model_dump(mode="json") | {"factors": factors}
    return Study.model_validate(fields | {"seeds": list(dict.fromkeys([*study.seeds, *seeds]))})


def _changed(study: Study) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """(name, settings) of each arm as it is asked for."""
    if study.design == "list":
        yield from ((arm.name, dict(arm.settings)) for arm in study.listed)
    elif study.design == "grid":
        for combined in product(*[factor.levels for factor in study.factors]):
            yield None, dict(zip(study.keys, combined, strict=True))
    else:
        yield None, {}
        yield from (
            (None, {factor.key: level}) for factor in study.factors for level in factor.levels
        )


def _network(study: Study, settings: Mapping[str, Any], arm: Made) -> str | None:
    """Which network an arm is, where networks and their shortcuts are all that is compared:
    "plain20"."""
    if "network" not in study.keys or not set(study.keys) <= {"network", "network.shortcut"}:
        return None
    entry = entry_of(arm.config)
    return (
        entry.name if entry else name_of({"network": study.baseline.network} | dict(settings), {})
    )


def _told_apart(arm: Arm, mark: str) -> Arm:
    return replace(arm, name=f"{arm.name} ({mark[:4]})") if arm.changes else arm
