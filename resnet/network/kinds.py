"""Groups of settings that come in kinds: which there are, and what a changed kind begins with.

SGD has a momentum and Adam two betas: a field that may hold either is told apart by its `kind`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from resnet.errors import ConfigError, echo

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
    if group is None or group is kinds.get(there[KIND]):
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


def check_group(
    key: str, values: Iterable[Any], there: Any, kinds: Iterable[str], what: str = "set"
) -> None:
    """Raise ConfigError where a group of settings is given a plain value: `there` is what stands at
    `key`."""
    if not isinstance(there, Mapping):
        return
    values, kinds = list(values), list(kinds)
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
    raise ConfigError(
        f"{key} is a group of settings; received {echo(odd)}; {what} one of them, as in"
        f" {key}.{example}."
    )
