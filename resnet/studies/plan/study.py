"""A study as data: a baseline, the varied factors, the design, the seeds, and the resulting arms.

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

# Of the file. It must grow if an old program would read a new file wrongly.
FORMAT_VERSION = 1

Images = Mapping[str, DatasetFacts]
"""Facts of data sets by name, so that their files need not be read."""

LARGEST_SEED = 2**31 - 1


def _seeds(value: Any) -> Any:
    """Check the seeds, with messages for users. YAML's `yes` would otherwise be seed 1. Raises
    ConfigError."""
    if value in ([], ()):
        raise ConfigError("A study needs at least one seed, as in 0,1,2; received none.")
    if not isinstance(value, list | tuple):
        raise ConfigError(f"Seeds must be a list, as in [0, 1, 2]; received {echo(value)}.")
    for seed in value:
        # bool is a subclass of int in Python, so True would pass as 1.
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
    """The runs that answer a question. `name`, `question` and `source` are for readers and not part
    of the fingerprint. Design "grid" combines all levels. "one_at_a_time" has the baseline, and
    changes one factor of it in each other arm.
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
        """Twelve hex digits that are equal exactly when two studies have the same runs."""
        return digest(self.model_dump(mode="json", exclude={"name", "question", "source"}))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the declared factors."""
        return tuple(factor.key for factor in self.factors)

    def check(self) -> None:
        """Raise ConfigError or UnknownNameError for parts that contradict each other, or an
        impossible arm."""
        if self.format_version != FORMAT_VERSION:
            received = f"must be {FORMAT_VERSION}; received {self.format_version}"
            raise ConfigError(
                f"study.format_version {received}: open it with the program that wrote it."
            )
        # Arms without a name get one from their settings; `_told_apart` makes those names
        # different.
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
        # Last, because it builds every arm: one impossible arm refuses the whole study, before any
        # run.
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
    # A grid has the product of the levels. One at a time has the baseline and one arm for each
    # level.
    if (count := prod(counts) if study.design == "grid" else 1 + sum(counts)) > MOST_ARMS:
        raise ConfigError(
            f"A study has at most {MOST_ARMS} arms; received levels for {count:,}: take fewer."
        )


@dataclass(frozen=True, slots=True)
class Arm:
    """A network, fitted to its data set, and a recipe. `settings` are those of the study. `changes`
    has every difference from the baseline's full configs, as (before, after); it is empty for the
    baseline. `images` are the facts of the data set."""

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
    """The arms before they are fitted to their images. Reads no file; some may be equal."""
    changes = [{}, *[settings for _, settings in _changed(study)]]
    return tuple([made(study.baseline, settings) for settings in changes])


def arms(study: Study, known: Images | None = None) -> tuple[Arm, ...]:
    """The arms in the order of the levels. Outside a grid, the baseline is first. Equal arms occur
    once.

    An arm's name says how it differs from the baseline, or is the network's name where only
    networks are compared. So names do not change when the study grows. Facts of images that are not
    `known` are looked up, for a folder of images on the disk. Raises ConfigError, also where two
    listed arms are equal, DataError or UnknownNameError.
    """
    baseline, by_digest = study.baseline, dict[str, Arm]()
    images = cache(lambda name: (known or {}).get(name) or data.facts(name, baseline.data_folder))
    # Two baselines: `usual` before the images are known, for names; `base` after, for the real
    # differences.
    plain = made(baseline, {})
    usual = leaves(*plain[1:]) | {"network": baseline.network}
    base = leaves(*fitted(plain, images(plain.dataset))[1:])
    for name, settings in _changed(study):
        bare = made(baseline, settings)
        arm = fitted(bare, images(bare.dataset))
        facts = leaves(*arm[1:])
        differs = changes(base, facts)
        called = (
            name
            or _network(study, settings, bare)
            or (name_of(settings, usual) if differs else BASELINE)
        )
        first = by_digest.setdefault(
            digest(facts), Arm(called, settings, *arm, differs, images(arm.dataset))
        )
        # Equal arms of a grid are merged, since resnet20 without shortcuts is plain20. A person who
        # lists both made a mistake.
        if name and first.name != name:
            raise ConfigError(
                f"Listed arms must differ; received {echo(name)}, which equals"
                f" {echo(first.name)}: remove one of them."
            )
    # sorted() is stable and False comes before True: the arm without changes moves to the front,
    # and the others keep their order.
    in_order = sorted(
        by_digest.items(), key=lambda item: study.design != "grid" and bool(item[1].changes)
    )
    count = Counter(arm.name for _, arm in in_order)
    return tuple(
        arm if count[arm.name] == 1 else _told_apart(arm, digest) for digest, arm in in_order
    )


def runs(study: Study, known: Images | None = None) -> tuple[PlannedRun, ...]:
    """Every arm with every seed: the first seed of all arms, then the second. So a first comparison
    is possible early.

    `known`, and what it raises, as in `arms`.
    """
    baseline, arms_of_study = study.baseline, arms(study, known)
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
        for arm in arms_of_study
    )


def arms_of(planned: Iterable[PlannedRun]) -> tuple[Arm, ...]:
    """The arms of these runs, each once, in order."""
    return tuple({run.arm.name: run.arm for run in planned}.values())


def specs_of(planned: Iterable[PlannedRun]) -> dict[str, list[RunSpec]]:
    """The specs of these runs by arm, one for each seed."""
    specs: dict[str, list[RunSpec]] = {}
    for run in planned:
        specs.setdefault(run.arm.name, []).append(run.spec)
    return specs


def run_fingerprint(spec: RunSpec) -> str:
    """Twelve hex digits that are equal exactly when two runs train the same on the same device.

    The network's name does not count. The data folder counts only for a `folder:` of images,
    because a named data set has the same images in every folder.
    """
    # The config decides, not its name: resnet20 and the same settings by hand are one run.
    facts = spec.model_dump(mode="json", exclude={"network", "data_folder"})
    in_folder = spec.dataset.startswith(data.FOLDER_PREFIX)
    return digest(facts | ({"data_folder": spec.data_folder} if in_folder else {}))


def grown(
    study: Study, *, levels: Mapping[str, Iterable[Any]] | None = None, seeds: Iterable[int] = ()
) -> Study:
    """The study with more levels of its factors, or more seeds. Its earlier runs stay part of it.
    Raises the errors of `Study`."""
    if levels and study.design == "list":
        raise ConfigError(
            "A study of design 'list' grows by arms in `listed`; received more levels, which it"
            " ignores."
        )
    factors = study.model_dump(mode="json")["factors"]
    for key, more in (levels or {}).items():
        if key not in study.keys:
            raise UnknownNameError("factor of this study", key, study.keys)
        # Only new levels are added, at the end: earlier arms and their order do not change.
        levels_so_far = factors[study.keys.index(key)]["levels"]
        levels_so_far += [
            level
            for level in map(typed, more)
            if canonical(level) not in set(map(canonical, levels_so_far))
        ]
    fields = study.model_dump(mode="json") | {"factors": factors}
    return Study.model_validate(fields | {"seeds": list(dict.fromkeys([*study.seeds, *seeds]))})


def _changed(study: Study) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """(name, settings) of each arm, from the design."""
    if study.design == "list":
        yield from ((arm.name, dict(arm.settings)) for arm in study.listed)
    elif study.design == "grid":
        # The last factor varies fastest, so arms to compare are next to each other.
        for combined in product(*[factor.levels for factor in study.factors]):
            yield None, dict(zip(study.keys, combined, strict=True))
    else:
        yield None, {}
        yield from (
            (None, {factor.key: level}) for factor in study.factors for level in factor.levels
        )


def _network(study: Study, settings: Mapping[str, Any], arm: Made) -> str | None:
    """The network's name, "plain20", where the study compares only networks and their shortcuts;
    else None."""
    if "network" not in study.keys or not set(study.keys) <= {"network", "network.shortcut"}:
        return None
    entry = entry_of(arm.config)
    return (
        entry.name if entry else name_of({"network": study.baseline.network} | dict(settings), {})
    )


def _told_apart(arm: Arm, mark: str) -> Arm:
    return replace(arm, name=f"{arm.name} ({mark[:4]})") if arm.changes else arm
