"""The differences between the full configs of runs: settings by dotted keys, and the declared
factor of each. No I/O."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet.network.config import ResNetConfig
from resnet.network.kinds import KIND
from resnet.network.link import written
from resnet.network.settings import whole
from resnet.recipes.recipe import Recipe
from resnet.recipes.role import fields_of_kind
from resnet.runs.spec import RunSpec

SettingChange = tuple[Any, Any]
Specs = Mapping[str, Sequence[RunSpec]]

ABSENT = "absent"
SHOWN = 6
FOLLOW_THE_DATA = frozenset({"network.input_shape", "network.classes", "network.head_activation"})
"""Settings that `data.fit_config` changes to fit the data set."""


# Python counts 1, 1.0 and True as equal. In JSON they are different texts, and so different
# settings.
def canonical(value: Any) -> str:
    """JSON in canonical form: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """Twelve hex digits that are equal exactly when two pieces of JSON are."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]


def leaves(config: ResNetConfig, recipe: Recipe, dataset: str) -> dict[str, Any]:
    """Every setting by its dotted key, "network.norm.momentum"; the seed is not a setting."""
    facts = {
        "network": whole(config),
        "recipe": recipe.model_dump(mode="json", exclude={*fields_of_kind(type(recipe), "seed")}),
    }
    return dict(_leaves(facts, "")) | {"dataset": dataset}


def _leaves(facts: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in facts.items():
        # Stages: each field of each stage is a setting, "network.stages.0.blocks". Other lists,
        # such as drops, are one value.
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _leaves(
                {str(place): row for place, row in enumerate(value)}, f"{prefix}{key}."
            )
        elif isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, SettingChange]:
    """The leaves that differ, as (before, after). ABSENT where only one has the key, such as Adam's
    beta_1 compared with SGD."""
    pairs = {key: (was.get(key, ABSENT), now.get(key, ABSENT)) for key in [*was, *now]}
    return {
        key: (before, after)
        for key, (before, after) in pairs.items()
        if canonical(before) != canonical(after)
    }


@dataclass(frozen=True, slots=True)
class Differing:
    """A setting that is not the same in all arms: its values by arm, with several values where the
    runs of one arm differ.

    `factor` is the declared factor that covers it; None if it is not declared.
    """

    key: str
    values: Mapping[str, tuple[Any, ...]]
    factor: str | None

    def __str__(self) -> str:
        arms: dict[str, list[str]] = {}
        for arm, values in self.values.items():
            arms.setdefault(" or ".join(map(written, values)), []).append(arm)
        return (
            f"{self.key}"
            f" ({'; '.join(f'{value}: {listed(names)}' for value, names in arms.items())})"
        )


def differing(specs_by_arm: Specs, factors: Iterable[str]) -> tuple[Differing, ...]:
    """Every setting that differs between arms, or inside an arm, by dotted key. Seeds and names are
    not settings."""
    declared = sorted(factors, key=len, reverse=True)  # the narrowest key first
    settings: dict[str, list[dict[str, object]]] = {}
    for arm, specs in specs_by_arm.items():
        settings[arm] = [
            leaves(spec.config, spec.recipe, spec.dataset) | {"device": spec.device}
            for spec in specs
        ]
    keys = dict.fromkeys(key for rows in settings.values() for row in rows for key in row)
    differing_keys = []
    for key in keys:
        values: dict[str, tuple[object, ...]] = {}
        for arm, rows in settings.items():
            values[arm] = _distinct(row.get(key, ABSENT) for row in rows)
        if len(_distinct(value for several in values.values() for value in several)) == 1:
            continue
        factor = _factor(key, declared)
        # A declared "recipe.optimiser.kind" explains why one arm has beta_1 and another one
        # momentum.
        if factor is None and any(ABSENT in several for several in values.values()):
            factor = _kind(key, declared)
        differing_keys.append(Differing(key, values, factor))
    return tuple(differing_keys)


def _distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple({canonical(value): value for value in values}.values())


def _factor(key: str, declared: Iterable[str]) -> str | None:
    """The narrowest declared factor that covers a key. The network's input and output belong to the
    data set."""
    for factor in declared:
        if (
            key == factor
            or key.startswith(f"{factor}.")
            or (factor == "dataset" and key in FOLLOW_THE_DATA)
        ):
            return factor
    return None


def _kind(key: str, declared: Iterable[str]) -> str | None:
    """The declared kind of a setting's group, for settings that only some kinds have: Adam's
    beta_1."""
    group = key.rpartition(".")[0]
    return next((factor for factor in declared if factor == f"{group}.{KIND}"), None)


def listed(names: Sequence[str], most: int = SHOWN) -> str:
    """ "a, b and c". Names beyond `most` are counted: "a, b and 4 more"."""
    more = len(names) - most
    # "and 1 more" is no shorter than the name itself.
    shown = names if more <= 1 else [*names[:most], f"{more} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
