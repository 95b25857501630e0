"""A network as a short, readable address: a catalogue name and the settings that differ from it.

The page's address bar, the command line (`NAME --set KEY=VALUE`) and a figure's metadata all use
the same words, for example network=resnet56&norm.momentum=0.99.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from resnet.errors import ConfigError, echo
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.settings import Closed, parse_value, whole, with_settings

NETWORK = "network"
DEFAULT_NETWORK = "resnet56"
LONGEST_VALUE = 2000
SHORT = 24


@dataclass(frozen=True, slots=True)
class Choice:
    """A catalogue name and what is changed: dotted keys as in `with_settings`."""

    network: str
    settings: dict[str, Any] = field(default_factory=dict)

    def config(self) -> ResNetConfig:
        """The network it stands for. Raises ConfigError or UnknownNameError."""
        return with_settings(catalog.get(self.network).config, self.settings)

    def to_query(self) -> dict[str, str]:
        """The parameters of a link to this network."""
        return {NETWORK: self.network} | {
            key: written(value) for key, value in self.settings.items()
        }

    def query_string(self) -> str:
        """`to_query`, percent-encoded."""
        return urlencode(self.to_query())


BESIDE = "beside"
"""The prefix of the second network's parameters, in a link to two networks."""


def beside_query(choice: Choice) -> dict[str, str]:
    """The parameters of a link that name the second of two networks:
    beside=plain56&beside.norm.momentum=0.99."""
    return {
        BESIDE if key == NETWORK else f"{BESIDE}.{key}": value
        for key, value in choice.to_query().items()
    }


def beside_of(parameters: Mapping[str, str]) -> Choice | None:
    """The second network a link names, if it names one. Raises ConfigError or UnknownNameError for
    a broken one."""
    if BESIDE not in parameters:
        return None
    second = {
        key.removeprefix(f"{BESIDE}."): value
        for key, value in parameters.items()
        if key.startswith(f"{BESIDE}.")
    }
    return from_query({NETWORK: parameters[BESIDE], **second})


def is_beside(key: str) -> bool:
    """Whether a parameter belongs to the second network."""
    return key == BESIDE or key.startswith(f"{BESIDE}.")


def from_query(parameters: Mapping[str, str]) -> Choice:
    """The network a link names. Raises ConfigError or UnknownNameError for a broken or hostile
    one."""
    for key, value in parameters.items():
        if len(value) > LONGEST_VALUE:
            raise ConfigError(
                f"A link's values have at most {LONGEST_VALUE} characters; {echo(key)} has"
                f" {len(value)}."
            )
    settings = {key: parse_value(value) for key, value in parameters.items() if key != NETWORK}
    choice = Choice(parameters.get(NETWORK, DEFAULT_NETWORK), settings)
    choice.config()
    return choice


def choice_of(config: ResNetConfig) -> Choice:
    """The choice with the fewest settings that gives exactly this config."""
    names = dict.fromkeys([catalog.name_of(config), *_relatives(config), "resnet18", "resnet20"])
    choices = [
        Choice(name, difference(catalog.get(name).config, config))
        for name in names
        if name in catalog.names()
    ]
    return min(choices, key=lambda choice: len(choice.settings))


def difference(base: Closed, config: Closed) -> dict[str, Any]:
    """The settings that turn `base` into `config`, both of one kind: networks, or recipes."""
    return dict(_changes(whole(base), whole(config), ""))


def _changes(
    before: dict[str, Any], after: dict[str, Any], prefix: str
) -> Iterator[tuple[str, Any]]:
    """Single settings where both values have the same keys. Else the whole value: another number of
    stages, another kind of schedule."""
    for key, value in after.items():
        old = before[key]
        if value == old:
            continue
        if _alike(old, value):
            yield from _changes(old, value, f"{prefix}{key}.")
        elif _rows(value) and _rows(old) and len(value) == len(old):
            for index, (was, now) in enumerate(zip(old, value, strict=True)):
                yield from _changes(was, now, f"{prefix}{key}.{index}.")
        else:
            yield prefix + key, value


def _alike(old: Any, value: Any) -> bool:
    return isinstance(old, dict) and isinstance(value, dict) and old.keys() == value.keys()


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def title(config: ResNetConfig) -> str:
    """A name that says what is changed: "resnet34, shortcut padded_identity"; a long value is only
    named."""
    choice = choice_of(config)
    texts = {key: written(value) for key, value in choice.settings.items()}
    changes = [
        f"{key} {value}" if len(value) <= SHORT else f"other {key}" for key, value in texts.items()
    ]
    return ", ".join([choice.network, *changes])


def pairs(words: Iterable[str]) -> dict[str, str]:
    """Settings typed as KEY=VALUE. Raises ConfigError."""
    return dict(map(_pair, words))


def _pair(setting: str) -> tuple[str, str]:
    key, sign, value = setting.partition("=")
    if not sign or not key:
        raise ConfigError(
            f"A setting is written KEY=VALUE, as in norm.momentum=0.9; received {echo(setting)}."
        )
    return key, value


def written(value: Any) -> str:
    """A setting's value as a person would type it after `--set KEY=`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return ",".join(map(str, value))
    return json.dumps(value, separators=(",", ":"))


def _relatives(config: ResNetConfig) -> list[str]:
    """Names of networks with the same depth, or with as many blocks in some stage. They differ from
    the config in the fewest settings."""
    kind: catalog.Kind = "plain" if config.shortcut == "none" else "resnet"
    names = [f"{kind}{config.depth}", f"resnet{config.depth}", f"binary_{kind}{config.depth}"]
    counts = {stage.blocks for stage in config.stages}
    # A CIFAR network's n is its number of blocks in a stage, so each stage suggests one name.
    names += [catalog.cifar_name(n, kind) for n in sorted(counts) if n in catalog.N_RANGE]
    if config.block == "bottleneck" and config.stem == "cifar":
        order = config.activation_order
        bottlenecks = [n for n in sorted(counts) if n in catalog.BOTTLENECK_N]
        names += [catalog.bottleneck_name(n, order) for n in bottlenecks]
    return names
