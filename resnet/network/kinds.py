"""Groups of settings that have a `kind`: which kinds exist, and the defaults of a new kind.

SGD has a momentum, Adam has two betas. The field `kind` tells which of them a group holds.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NoReturn, get_args, get_origin

from pydantic import BaseModel

from resnet.errors import ConfigError, UnknownNameError, echo, nearest_of

KIND = "kind"

Kinds = Mapping[str, type[BaseModel]]


def kinds_of(model: type[BaseModel], field: str) -> dict[str, type[BaseModel]]:
    """The kinds that a field may hold, each with the class of its settings. Empty for a field
    without kinds."""
    info = model.model_fields.get(field)
    groups = [
        group for group in _groups(info.annotation if info else None) if KIND in group.model_fields
    ]
    return {
        kind: group for group in groups for kind in get_args(group.model_fields[KIND].annotation)
    }


def _groups(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) is Annotated:
        yield from _groups(get_args(annotation)[0])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    else:
        for part in get_args(annotation):
            yield from _groups(part)


def begun(kinds: Kinds, kind: Any, current: Mapping[str, Any]) -> dict[str, Any] | None:
    """The settings of a group whose kind changes: the defaults of the new kind.

    A setting without a default keeps its current value (a schedule's learning rate), or is None.
    The answer is None where no setting changes: the kinds of a norm share their settings.
    """
    group = kinds.get(kind) if isinstance(kind, str) else None
    now = current.get(KIND)
    if group is None or (now is not None and group is kinds.get(now)):
        return None
    fields = group.model_fields.items()
    settings = {
        name: current.get(name) if field.is_required() else field.get_default()
        for name, field in fields
    }
    return settings | {KIND: kind}


def check_whole(field: str, group: Mapping[str, Any]) -> None:
    """Raise ConfigError where a group from `begun` still lacks a setting that has no default."""
    if lacking := [name for name, value in group.items() if value is None]:
        example = json.dumps(
            {name: "…" if value is None else value for name, value in group.items()},
            ensure_ascii=False,
        )
        raise ConfigError(
            f"{field}.kind {group[KIND]!r} needs {field}.{lacking[0]} too, which has no default;"
            f" give it, or all of {field}, as in {example}."
        )


def refuse_unknown(
    key: str, known: Sequence[str], kinds: Kinds, current: Mapping[str, Any]
) -> NoReturn:
    """Raise for a key that is not `known`: UnknownNameError, or ConfigError where another kind of
    the group has it.

    `kinds` are those of the key's group. `current` holds the group's settings; it is empty where
    the group does not exist yet.
    """
    field = key.partition(".")[0]
    names = [name for group in kinds.values() for name in group.model_fields if name != KIND]
    elsewhere = [other for name in names if (other := f"{field}.{name}") not in known]
    nearest = nearest_of(key, [*known, *elsewhere])
    # "did you mean 'warmup'?" would lead to the next error, since 'warmup' is a group.
    if nearest == field and kinds:
        inside = [name for name in known if name.startswith(f"{field}.")]
        raise UnknownNameError(
            "setting", key, [*inside, *elsewhere] if inside else [f"{field}.{KIND}"]
        )
    if nearest is None or nearest not in elsewhere:
        raise UnknownNameError("setting", key, known)
    name = nearest.removeprefix(f"{field}.")
    kind = next(kind for kind, group in kinds.items() if name in group.model_fields)
    has = f"this {field} is {current[KIND]!r}" if current else f"there is no {field}"
    way_out = (
        f"{nearest} belongs to {field}.kind={kind}, and {has}: leave it out, or set"
        f" {field}.kind={kind}"
    )
    way_out += f"{_needed_too(field, kinds[kind], {**current, name: ...})}."
    if nearest == key:
        raise ConfigError(way_out)
    raise ConfigError(f"There is no setting {echo(key)}; did you mean {nearest!r}? {way_out}")


def check_group(
    key: str, values: Iterable[Any], current: Any, kinds: Kinds, what: str = "set"
) -> None:
    """Raise ConfigError where a group of settings is given a plain value. `current` is the value at
    `key`."""
    if not isinstance(current, Mapping):
        return
    values = list(values)
    odd = next(
        (value for value in values if value is not None and not isinstance(value, Mapping)), None
    )
    if odd is None:
        return
    if named := [value for value in values if isinstance(value, str) and value in kinds]:
        example = f"{KIND}={','.join(dict.fromkeys(named))}"
    else:
        name = KIND if KIND in current else next(iter(current))
        example = f"{name}={current[name]}"
    if what == "set":
        kind = named[0] if named else current.get(KIND)
        example += _needed_too(key, kinds[kind], current) if isinstance(kind, str) else ""
    raise ConfigError(
        f"{key} is a group of settings; received {echo(odd)}; {what} one of them, as in"
        f" {key}.{example}."
    )


def _needed_too(key: str, group: type[BaseModel], current: Mapping[str, Any]) -> str:
    """ " with …": the settings of this kind that have no default and no value yet."""
    fields = group.model_fields.items()
    lacking = [name for name, field in fields if field.is_required() and current.get(name) is None]
    return f" with {' and '.join([f'{key}.{name}=…' for name in lacking])}" if lacking else ""
