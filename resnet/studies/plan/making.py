"""How settings make an arm of a baseline: by dotted keys, the broader ones first, and what the arm
is called."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from resnet import data
from resnet.data import DatasetFacts
from resnet.errors import ConfigError, UnknownNameError, echo
from resnet.guards.differences import digest
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.kinds import check_group, kinds_of
from resnet.network.link import written
from resnet.network.settings import AnyConfig, known_keys, whole, with_settings
from resnet.recipes.recipe import Recipe
from resnet.studies.plan.factors import LONGEST_NAME, Baseline, Factor, recipe_of

BASELINE = "baseline"


class Made(NamedTuple):
    """What an arm trains."""

    network: str
    config: ResNetConfig
    recipe: Recipe
    dataset: str


def made(base: Baseline, settings: Mapping[str, Any]) -> Made:
    """The baseline with these settings, not yet fitted to its images. No file is looked at.

    Raises ConfigError, UnknownNameError for a key or a name that is none, or where the two cannot
    be together.
    """
    own: dict[str, dict[str, Any]] = {"network": {}, "recipe": {}}
    for key, value in settings.items():
        part, dot, rest = key.partition(".")
        if part not in own and key != "dataset":
            parts = {"network": catalog.get(base.network).config, "recipe": base.recipe}
            known = known_keys({name: whole(config) for name, config in parts.items()})
            raise UnknownNameError("factor", key, ["dataset", *known])
        if dot:
            own[part][rest] = value
    network, dataset = settings.get("network", base.network), settings.get("dataset", base.dataset)
    for word, name in (("network", network), ("dataset", dataset)):
        if not isinstance(name, str):
            raise ConfigError(f"A level of {word} is a name; received {echo(name)}.")
    data.title(dataset)
    recipe = Recipe.model_validate(recipe_of(settings.get("recipe", base.recipe)))
    try:
        usual = {
            key: value for key, value in base.settings.items() if not _within(key, own["network"])
        }
        config = _set("network", catalog.get(network).config, usual | own["network"])
        recipe = _set("recipe", recipe, own["recipe"])
    except ConfigError as error:
        raise ConfigError(f"Arm {name_of(settings, {})} cannot be: {error}") from None
    entry = entry_of(config)
    return Made(entry.name if entry else config.label, config, recipe, dataset)


@lru_cache(maxsize=1024)
def entry_of(config: ResNetConfig) -> catalog.Entry | None:
    """The search through four hundred networks takes most of a study's time where it is not
    remembered."""
    return catalog.find(config)


def _within(key: str, others: Iterable[str]) -> bool:
    """Whether it is one of them, or a part of one."""
    return any(key == other or key.startswith(f"{other}.") for other in others)


def _set(part: str, config: AnyConfig, settings: dict[str, Any]) -> AnyConfig:
    """The broader ones first, whatever their order: "optimiser" would undo what
    "optimiser.momentum" has set."""
    for key in sorted(settings, key=lambda key: key.count(".")):
        if any(_within(other, [key]) for other in settings if other != key):
            config = _set(part, config, {key: settings[key]})
            settings = {other: value for other, value in settings.items() if other != key}
    try:
        return with_settings(config, settings)
    except UnknownNameError as error:
        raise UnknownNameError(
            "setting", f"{part}.{error.name}", [f"{part}.{key}" for key in error.known]
        ) from None


def check_levels(base: Baseline, factors: Iterable[Factor]) -> None:
    """Raise ConfigError where a factor is a whole group of settings and its levels are plain
    values: "norm", not "norm.kind"."""
    parts = {
        "network": with_settings(catalog.get(base.network).config, base.settings),
        "recipe": base.recipe,
    }
    for factor in factors:
        part, _, key = factor.key.partition(".")
        if part in parts and key in type(parts[part]).model_fields:
            there = whole(parts[part])[key]
            check_group(factor.key, factor.levels, there, kinds_of(type(parts[part]), key), "vary")


def fitted(arm: Made, images: DatasetFacts) -> Made:
    """With the input and the classes of its data set. Raises ConfigError where such images would
    shrink to nothing."""
    return arm._replace(config=data.fit_config(arm.config, images))


def name_of(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    """What is unusual, in a few words: "resnet32, shortcut none"."""
    said = [_said(key, value) for key, value in settings.items() if usual.get(key, ...) != value]
    return ", ".join(said) or BASELINE


def _said(key: str, value: Any) -> str:
    text = value["kind"] if isinstance(value, dict) and value.keys() == {"kind"} else written(value)
    text = text if len(text) <= LONGEST_NAME else digest(value)
    return (
        text
        if key == "network"
        else f"{key.removeprefix('network.').removeprefix('recipe.')} {text}"
    )
