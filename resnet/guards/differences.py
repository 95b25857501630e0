"""How the full configs of runs differ: settings by dotted keys, and the declared factor each
belongs to. No I/O."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet.network.config import ResNetConfig, whole
from resnet.network.kinds import KIND
from resnet.network.link import written
from resnet.recipes.recipe import Recipe
from resnet.runs.spec import RunSpec

Change = tuple[Any, Any]
Specs = Mapping[str, Sequence[RunSpec]]

ABSENT = "absent"
SHOWN = 6
FOLLOW_THE_DATA = frozenset({"network.input_shape", "network.classes", "network.head_activation"})
"""What `data.fit_config` may change: another data set explains it."""


def canonical(value: Any) -> str:
    """JSON in one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """Twelve hex digits that are equal exactly when two pieces of JSON are."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]


def leaves(config: ResNetConfig, recipe: Recipe, dataset: str) -> dict[str, Any]:
    """Every setting by its dotted key, "network.norm.momentum"; the seed is none."""
    facts = {
        "network": whole(config),
        "recipe": recipe.model_dump(mode="json", exclude={"seed"}),
    }
    return dict(_leaves(facts, "")) | {"dataset": dataset}


def _leaves(facts: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in facts.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _leaves(
                {str(place): row for place, row in enumerate(value)}, f"{prefix}{key}."
            )
        elif isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Change]:
    """The leaves that differ, as (was, is); ABSENT where only the other has it: Adam's beta_1
    beside SGD."""
    pairs = {key: (was.get(key, ABSENT), now.get(key, ABSENT)) for key in [*was, *now]}
    return {
        key: (before, after)
        for key, (before, after) in pairs.items()
        if canonical(before) != canonical(after)
    }


@dataclass(frozen=True, slots=True)
class Differing:
    """A setting that is not the same in all arms: its values by arm, several where an arm disagrees
    with itself.

    `factor` is the declared factor it belongs to, None where nobody declared it.
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
    """Every setting that differs between the arms, or inside one, by dotted key; seeds and names
    are none."""
    declared = sorted(factors, key=len, reverse=True)
    facts = {
        arm: [leaves(s.config, s.recipe, s.dataset) | {"device": s.device} for s in specs]
        for arm, specs in specs_by_arm.items()
    }
    keys = dict.fromkeys(key for rows in facts.values() for row in rows for key in row)
    found = []
    for key in keys:
        values = {
            arm: _distinct(row.get(key, ABSENT) for row in rows) for arm, rows in facts.items()
        }
        if len(_distinct(value for several in values.values() for value in several)) > 1:
            lacking = any(ABSENT in several for several in values.values())
            found.append(
                Differing(
                    key,
                    values,
                    _factor(key, declared) or (_kind(key, declared) if lacking else None),
                )
            )
    return tuple(found)


def _distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple({canonical(value): value for value in values}.values())


def _factor(key: str, declared: Iterable[str]) -> str | None:
    """The narrowest declared factor that covers a key; the network's input and output follow the
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
    """The declared kind of the group a setting stands in, where only some kinds have that setting:
    Adam's beta_1."""
    group = key.rpartition(".")[0]
    return next((factor for factor in declared if factor == f"{group}.{KIND}"), None)


def listed(names: Sequence[str], most: int = SHOWN) -> str:
    """ "a, b and c"; of more than one too many the first, and how many more."""
    more = len(names) - most
    shown = names if more <= 1 else [*names[:most], f"{more} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
