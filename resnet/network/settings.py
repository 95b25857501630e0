"""The base class of all configs. Unknown keys are refused; dotted keys such as "norm.momentum"
change a setting.

Networks, recipes, studies and views are such configs.
"""

import json
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from resnet.errors import ConfigError, echo, explain
from resnet.network.kinds import (
    KIND,
    Kinds,
    begun,
    check_group,
    check_whole,
    kinds_of,
    refuse_unknown,
)


class Closed(BaseModel):
    """A frozen record that refuses unknown keys and explains itself in one sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    path: ClassVar[str] = ""

    @model_validator(mode="wrap")
    @classmethod
    def _one_sentence(cls, data: Any, handler: Any) -> Self:
        cls._no_truth_for_a_number(data)
        try:
            config: Self = handler(data)
        except ValidationError as error:
            raise ConfigError(explain(error, cls.path, cls.model_fields)) from None
        config.check()
        return config

    @classmethod
    def _no_truth_for_a_number(cls, data: Any) -> None:
        """Refuse true and false for numbers. In Python True == 1, so pydantic would accept it."""
        for name, value in data.items() if isinstance(data, dict) else ():
            field = cls.model_fields.get(name)
            if isinstance(value, bool) and field and field.annotation is not bool:
                where = f"{cls.path}.{name}" if cls.path else name
                raise ConfigError(
                    f"{where} is not a matter of true or false; received {echo(value)}."
                )

    def check(self) -> None:
        """Raise ConfigError where fields that are each allowed make no sense together."""


WHOLE = {"fields": "all"}
"""The serialization context in which no field is left out."""


def whole(config: BaseModel) -> dict[str, Any]:
    """Every field as JSON data, those included that files leave out at their defaults."""
    return config.model_dump(mode="json", context=WHOLE)


AnyConfig = TypeVar("AnyConfig", bound=Closed)


def with_settings(config: AnyConfig, settings: dict[str, Any]) -> AnyConfig:
    """The same network with some fields changed, addressed by dotted keys such as "norm.momentum"
    or "stages.0.blocks".

    A recipe takes the same: "schedule.learning_rate".

    Values may be Python values or the text a person typed. Broader keys are set before narrower
    ones. Another kind of optimiser, schedule or warm-up begins with that kind's defaults, then the
    rest of it is set. Raises ConfigError or UnknownNameError.
    """
    data, fresh = whole(config), dict[str, dict[str, Any]]()
    # Order matters: "optimiser" before "optimiser.momentum", since the broader key replaces the
    # whole group; and a group's ".kind" first, since it resets the group to defaults.
    for key in sorted(settings, key=lambda key: (key.count("."), not key.endswith(f".{KIND}"))):
        value = parse_value(settings[key]) if isinstance(settings[key], str) else settings[key]
        field, _, last = key.partition(".")
        group, kinds = data.get(field), kinds_of(type(config), field)
        if last == KIND and kinds:
            group = data[field] = group or {KIND: None}  # for example the first warm-up
            if new_group := begun(kinds, value, group):
                data[field] = fresh[field] = new_group
        _assign(data, key, value, kinds)
    for field, group in fresh.items():
        check_whole(field, group)
    return type(config).model_validate(data)


def parse_value(text: str) -> Any:
    """Typed text as data: parsed as JSON if possible, as a list if it has commas ("32,32,3"), else
    the text itself."""
    # "32,32,3" is not JSON, "[32,32,3]" is; text that is neither stays text: projection.
    for candidate in (text, f"[{text}]") if "," in text else (text,):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return text


def _assign(data: dict[str, Any], key: str, value: Any, kinds: Kinds) -> None:
    if key not in (known := known_keys(data)):
        group = data.get(key.partition(".")[0]) if kinds else None
        refuse_unknown(key, known, kinds, group if isinstance(group, dict) else {})
    *parents, last = key.split(".")
    place: Any = data
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    at = int(last) if isinstance(place, list) else last
    no_group_yet = not parents and kinds and place[at] is None
    check_group(key, [value], {KIND: next(iter(kinds))} if no_group_yet else place[at], kinds)
    place[at] = value


def known_keys(data: dict[str, Any], prefix: str = "") -> list[str]:
    """Every dotted key that `with_settings` takes for this config."""
    keys: list[str] = []
    for name, value in data.items():
        keys.append(prefix + name)
        if isinstance(value, dict):
            keys += known_keys(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for index, item in enumerate(value):
                keys += known_keys(item, f"{prefix}{name}.{index}.")
    return keys
