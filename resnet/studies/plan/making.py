"""An arm from a baseline and settings: by dotted keys, the broader ones first; and its name."""

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
    """The network, recipe and data set of an arm."""

    network: str
    config: ResNetConfig
    recipe: Recipe
    dataset: str


def made(base: Baseline, settings: Mapping[str, Any]) -> Made:
    """The baseline with these settings, not yet fitted to its images. Reads no file.

    Raises UnknownNameError for an unknown key or name, and ConfigError for settings that contradict
    each other.
    """
    by_part: dict[str, dict[str, Any]] = {"network": {}, "recipe": {}}
    for key, value in settings.items():
        part, dot, rest = key.partition(".")
        if part not in by_part and key != "dataset":
            parts = {"network": catalog.get(base.network).config, "recipe": base.recipe}
            known = known_keys({name: whole(config) for name, config in parts.items()})
            raise UnknownNameError("factor", key, ["dataset", *known])
        # A key without a dot, "network" or "recipe", replaces the whole part. It is read below.
        if dot:
            by_part[part][rest] = value
    network, dataset = settings.get("network", base.network), settings.get("dataset", base.dataset)
    for word, name in (("network", network), ("dataset", dataset)):
        if not isinstance(name, str):
            raise ConfigError(f"A level of {word} is a name; received {echo(name)}.")
    # For its error: an unknown data set is named here and not when a run starts.
    data.title(dataset)
    # A whole recipe first, then single settings of it, so that both can be factors of one study.
    recipe = Recipe.model_validate(recipe_of(settings.get("recipe", base.recipe)))
    try:
        # A level "network.norm" replaces the group, so a baseline setting inside it,
        # "norm.momentum", must not come back.
        usual = {
            key: value
            for key, value in base.settings.items()
            if not _within(key, by_part["network"])
        }
        config = _set("network", catalog.get(network).config, usual | by_part["network"])
        recipe = _set("recipe", recipe, by_part["recipe"])
    except ConfigError as error:
        raise ConfigError(f"Arm {name_of(settings, {})} cannot be: {error}") from None
    entry = entry_of(config)
    return Made(entry.name if entry else config.label, config, recipe, dataset)


@lru_cache(maxsize=1024)
def entry_of(config: ResNetConfig) -> catalog.Entry | None:
    """The catalogue entry of a config, cached: the search through four hundred networks would take
    most of a study's time."""
    return catalog.find(config)


def _within(key: str, others: Iterable[str]) -> bool:
    """Whether a key is one of these, or inside one."""
    return any(key == other or key.startswith(f"{other}.") for other in others)


def _set(part: str, config: AnyConfig, settings: dict[str, Any]) -> AnyConfig:
    """The config with these settings."""
    # Broader keys first: "optimiser" would otherwise undo "optimiser.momentum".
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
    """Raise ConfigError where a factor is a group of settings, such as "norm", but its levels are
    plain values, as for "norm.kind"."""
    parts = {
        "network": with_settings(catalog.get(base.network).config, base.settings),
        "recipe": base.recipe,
    }
    for factor in factors:
        part, _, key = factor.key.partition(".")
        if part in parts and key in type(parts[part]).model_fields:
            # A level of a group such as "optimiser" is a table with its kind, not a plain value.
            group = whole(parts[part])[key]
            check_group(factor.key, factor.levels, group, kinds_of(type(parts[part]), key), "vary")


def fitted(arm: Made, images: DatasetFacts) -> Made:
    """The arm with the input and classes of its data set. Raises ConfigError where the images are
    too small for the network."""
    return arm._replace(config=data.fit_config(arm.config, images))


def name_of(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    """The settings that differ from the usual ones, in a few words: "resnet32, shortcut none"."""
    words = [
        _in_words(key, value) for key, value in settings.items() if usual.get(key, ...) != value
    ]
    return ", ".join(words) or BASELINE


def _in_words(key: str, value: Any) -> str:
    text = value["kind"] if isinstance(value, dict) and value.keys() == {"kind"} else written(value)
    # A long value, such as a list of stages, is told apart by a checksum.
    text = text if len(text) <= LONGEST_NAME else digest(value)
    return (
        text
        if key == "network"
        else f"{key.removeprefix('network.').removeprefix('recipe.')} {text}"
    )
