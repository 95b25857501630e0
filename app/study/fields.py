"""What a study can vary, by dotted key: the kind of value, and the value of the baseline."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from resnet import bounded, data
from resnet.errors import ConfigError, echo
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.link import pairs, written
from resnet.network.settings import known_keys, parse_value, whole, with_settings
from resnet.recipes import recipes
from resnet.recipes.role import fields_of_kind
from resnet.studies.plan.factors import FOLLOW_THE_DATA, parted
from resnet.studies.plan.study import Study, arms

LONGEST_TYPED = 200_000
"""The most characters in one box of the form: 500 arms with a long line each."""

KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
}


def known(study: Study) -> dict[str, str]:
    """Every key that can be a factor, with its kind and the baseline's value. The most used come
    first."""
    base = study.baseline
    # The whole config, defaults included: each of them can be a factor, also if the baseline does
    # not change it.
    network = whole(with_settings(catalog.get(base.network).config, base.settings))
    recipe = base.recipe.model_dump(
        mode="json", exclude={*fields_of_kind(type(base.recipe), "seed")}
    )
    values = {"network": base.network, "dataset": base.dataset}
    for part, facts in (("network", network), ("recipe", recipe)):
        values |= {f"{part}.{key}": _value(facts, key) for key in known_keys(facts)}
    return {key: _about(value) for key, value in values.items() if key not in FOLLOW_THE_DATA}


def named(key: str) -> tuple[str, ...]:
    """The named values of a key, if it has names."""
    return {
        "network": catalog.names(),
        "dataset": tuple(data.names()),
        "recipe": recipes.names(),
    }.get(key, ())


def _value(facts: Any, key: str) -> Any:
    for part in key.split("."):
        facts = facts[int(part) if isinstance(facts, list) else part]
    return facts


def _about(value: Any) -> str:
    if isinstance(value, dict):
        return f"group, currently {value['kind']}" if "kind" in value else "group of settings"
    # Stages are counted by place, so "stages.0.blocks" is a key, and "stages" stands for all of
    # them.
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "list of stages"
    return f"{KINDS.get(type(value), 'none or a group')}, currently {written(value)}"


def levels_text(levels: Iterable[Any]) -> str:
    """Levels as text: "0.9, 0.99"."""
    # A group is written as JSON, since a comma inside its brackets does not separate levels.
    return ", ".join(
        json.dumps(level) if isinstance(level, dict | list) else written(level) for level in levels
    )


def levels_of(text: str, key: str = "KEY") -> tuple[Any, ...]:
    """Levels, typed as on the command line. An empty box has none. Raises ConfigError."""
    bounded.check_length("A box", text, LONGEST_TYPED)
    return tuple(map(parse_value, parted(key, text))) if text.strip() else ()


def full(key: str) -> str:
    """The full key of a setting: "norm.momentum" means "network.norm.momentum", as after --set."""
    return f"network.{key}" if key.partition(".")[0] in ResNetConfig.model_fields else key


def settings_of(text: str) -> dict[str, Any]:
    """Settings, typed as KEY=VALUE pairs separated by spaces, by their full keys. Raises
    ConfigError."""
    bounded.check_length("A box", text, LONGEST_TYPED)
    try:
        # As in a shell, so that a value with a space can be quoted, and a line can be copied to the
        # command line.
        words = shlex.split(text)
    except ValueError:
        raise ConfigError(f"A quotation mark is not closed in {echo(text)}.") from None
    return {full(key): parse_value(value) for key, value in pairs(words).items()}


def settings_text(settings: Mapping[str, Any]) -> str:
    """The same settings as text, which `settings_of` reads back."""
    return shlex.join(f"{key}={written(value)}" for key, value in settings.items())


def arms_text(study: Study) -> str:
    """One line for each arm: its name and its settings."""
    if study.design == "list":
        named = [
            (arm.name or ("baseline" if not arm.settings else f"arm {place}"), arm.settings)
            for place, arm in enumerate(study.listed)
        ]
    else:
        named = [(arm.name, dict(arm.settings)) for arm in arms(study)]
    return "\n".join(f"{name}: {settings_text(settings)}".rstrip() for name, settings in named)


def arms_of(text: str) -> list[dict[str, Any]]:
    """Lines of NAME: KEY=VALUE … as arms of a list. Raises ConfigError."""
    bounded.check_length("A box", text, LONGEST_TYPED)
    listed = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, settings = line.partition(":")
        if not colon or not name.strip():
            raise ConfigError(
                "Write each arm as NAME: KEY=VALUE …, for example plain: network.shortcut=none;"
                f" received {echo(line)}."
            )
        # Only the first colon separates: values may contain more of them, as in folder:PATH.
        listed.append({"name": name.strip(), "settings": settings_of(settings)})
    return listed
