"""Groups of settings that come in kinds: which there are, and what a changed kind begins with.

SGD has a momentum and Adam two betas: a field that may hold either is told apart by its `kind`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NoReturn, get_args, get_origin

from pydantic import BaseModel

from resnet.errors import ConfigError, UnknownNameError, echo, nearest_of

KIND = "kind"

Kinds = Mapping[str, type[BaseModel]]


def kinds_of(model: type[BaseModel], field: str) -> dict[str, type[BaseModel]]:
    """The kinds a field's group may have, each with the record that holds its settings; none where
    it has no kinds."""
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


def begun(kinds: Kinds, kind: Any, there: Mapping[str, Any]) -> dict[str, Any] | None:
    """The group a changed kind begins with: its own defaults, and what has none as it was (a
    schedule's learning rate), or None where nothing says it. The answer is None where the settings
    stay: the kinds of a norm share theirs.
    """
    group = kinds.get(kind) if isinstance(kind, str) else None
    now = there.get(KIND)
    if group is None or (now is not None and group is kinds.get(now)):
        return None
    fields = group.model_fields.items()
    own = {
        name: there.get(name) if field.is_required() else field.get_default()
        for name, field in fields
    }
    return own | {KIND: kind}


def check_whole(field: str, group: Mapping[str, Any]) -> None:
    """Raise ConfigError where a group that `begun` made still lacks what has no default."""
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
    key: str, known: Sequence[str], kinds: Kinds, there: Mapping[str, Any]
) -> NoReturn:
    """Raise for a key that is not `known`: UnknownNameError, or ConfigError where another kind of
    the group has it.

    `kinds` are those of the key's group, and `there` is what it holds now: nothing where there is
    no such group yet.
    """
    field = key.partition(".")[0]
    names = [name for group in kinds.values() for name in group.model_fields if name != KIND]
    elsewhere = [other for name in names if (other := f"{field}.{name}") not in known]
    nearest = nearest_of(key, [*known, *elsewhere])
    if (
        nearest == field and kinds
    ):  # "did you mean 'warmup'?" would lead to the next error, since that is a group
        inside = [name for name in known if name.startswith(f"{field}.")]
        raise UnknownNameError(
            "setting", key, [*inside, *elsewhere] if inside else [f"{field}.{KIND}"]
        )
    if nearest is None or nearest not in elsewhere:
        raise UnknownNameError("setting", key, known)
    name = nearest.removeprefix(f"{field}.")
    kind = next(kind for kind, group in kinds.items() if name in group.model_fields)
    has = f"this {field} is {there[KIND]!r}" if there else f"there is no {field}"
    way_out = (
        f"{nearest} belongs to {field}.kind={kind}, and {has}: leave it out, or set"
        f" {field}.kind={kind}"
    )
    way_out += f"{_needed_too(field, kinds[kind], {**there, name: ...})}."
    if nearest == key:
        raise ConfigError(way_out)
    raise ConfigError(f"There is no setting {echo(key)}; did you mean {nearest!r}? {way_out}")


def check_group(
    key: str, values: Iterable[Any], there: Any, kinds: Kinds, what: str = "set"
) -> None:
    """Raise ConfigError where a group of settings is given a plain value: `there` is what stands at
    `key`."""
    if not isinstance(there, Mapping):
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
        name = KIND if KIND in there else next(iter(there))
        example = f"{name}={there[name]}"
    if what == "set":
        kind = named[0] if named else there.get(KIND)
        example += _needed_too(key, kinds[kind], there) if isinstance(kind, str) else ""
    raise ConfigError(
        f"{key} is a group of settings; received {echo(odd)}; {what} one of them, as in"
        f" {key}.{example}."
    )


def _needed_too(key: str, group: type[BaseModel], there: Mapping[str, Any]) -> str:
    """What a group of this kind needs besides: the settings without a default that are not there
    yet."""
    fields = group.model_fields.items()
    lacking = [name for name, field in fields if field.is_required() and there.get(name) is None]
    return f" with {' and '.join([f'{key}.{name}=…' for name in lacking])}" if lacking else ""
