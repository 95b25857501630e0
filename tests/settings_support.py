"""Every enumerated setting of a pydantic model, found by looking at the model, and few cases that
cover them.

A setting is enumerated where it is a Literal with several values, a bool, or a group of settings in
several kinds. A value that is added to the model is found here without further work.
"""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Case = dict[str, Any]
"""A value for each setting, by its dotted key."""

Choice = frozenset[tuple[str, Any]]
"""A value for one setting, or for each of two."""

PLAIN = (int, float, str)
"""Types without a list of values: what they allow is a range, which other tests look at."""


@dataclass(frozen=True)
class Setting:
    """One enumerated setting. `needs` is the (key, value) without which it does not exist: SGD has
    `nesterov`, Adam does not."""

    key: str
    values: tuple[Any, ...]
    needs: tuple[tuple[str, Any], ...] = ()


def enumerated(
    model: type[BaseModel], prefix: str = "", needs: tuple[tuple[str, Any], ...] = ()
) -> Iterator[Setting]:
    """Every enumerated setting of the model and of the groups in it. Fails for a kind of field it
    does not know."""
    for name, field in model.model_fields.items():
        yield from _of_annotation(f"{prefix}{name}", field.annotation, needs)


def _of_annotation(
    key: str, annotation: Any, needs: tuple[tuple[str, Any], ...]
) -> Iterator[Setting]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _of_annotation(key, get_args(annotation)[0], needs)
    elif origin is Literal:
        if len(values := get_args(annotation)) > 1:
            yield Setting(key, values, needs)
    elif annotation is bool:
        yield Setting(key, (False, True), needs)
    elif origin in (Union, UnionType):
        yield from _of_union(key, _arms(annotation), needs)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from enumerated(annotation, f"{key}.", needs)
    elif origin is tuple:
        for item in {item for item in get_args(annotation) if item is not Ellipsis}:
            yield from _of_annotation(key, item, needs)
    elif annotation not in PLAIN:
        raise AssertionError(
            f"{key}: teach tests/settings_support.py which values {annotation} has"
        )


def _arms(annotation: Any) -> list[Any]:
    arms = [
        get_args(arm)[0] if get_origin(arm) is Annotated else arm for arm in get_args(annotation)
    ]
    nested = [_arms(arm) if get_origin(arm) in (Union, UnionType) else [arm] for arm in arms]
    return [arm for part in nested for arm in part]


def _of_union(
    key: str, arms: Sequence[Any], needs: tuple[tuple[str, Any], ...]
) -> Iterator[Setting]:
    """Groups told apart by their kind, and None where there may be none."""
    groups = [arm for arm in arms if isinstance(arm, type) and issubclass(arm, BaseModel)]
    # A number or nothing, as the stem's filters, has no values to list.
    others = [arm for arm in arms if arm not in (NoneType, *PLAIN) and arm not in groups]
    if others:
        raise AssertionError(f"{key}: teach tests/settings_support.py which values {arms} has")
    kinds = {
        kind: group for group in groups for kind in get_args(group.model_fields["kind"].annotation)
    }
    none = (None,) if NoneType in arms else ()
    yield Setting(f"{key}.kind", (*none, *kinds), needs)
    for kind, group in kinds.items():
        for setting in enumerated(group, f"{key}.", (*needs, (f"{key}.kind", kind))):
            if setting.key != f"{key}.kind":  # the group's own kinds are among those of the union
                yield setting


def choices(settings: Sequence[Setting], size: int) -> set[Choice]:
    """Every value of every setting (size 1), or every two values that can exist together (size
    2)."""
    found = set()
    for some in itertools.combinations(settings, size):
        for values in itertools.product(*[setting.values for setting in some]):
            chosen = [(setting.key, value) for setting, value in zip(some, values, strict=True)]
            together = chosen + [need for setting in some for need in setting.needs]
            if len(dict(together)) == len(set(together)):  # else one needs what the other excludes
                found.add(frozenset(chosen))
    return found


def covering(
    settings: Sequence[Setting], size: int, allowed: Callable[[Case], bool], start: Case
) -> tuple[list[Case], set[Choice]]:
    """Few allowed cases in which every choice stands at least once, and the choices that no case
    was found for.

    Greedy: each case begins with a choice not covered yet, then each further setting takes the
    value that covers most. `start` is an allowed case with a value for every setting.
    """
    chance = random.Random(0)  # the same cases every time
    left, impossible = choices(settings, size), set[Choice]()
    cases = list[Case]()
    while left:
        wanted = min(left, key=lambda choice: sorted(map(str, choice)))
        case = _with_choice(wanted, settings, allowed, start)
        if case is None:
            impossible.add(wanted)
            left.discard(wanted)
            continue
        order = [setting for setting in settings if setting.key not in _fixed(wanted, settings)]
        chance.shuffle(order)
        for setting in order:
            candidates = [case | {setting.key: value} for value in setting.values]
            candidates.sort(
                key=lambda changed: len(left & _choices_in(changed, settings, size)), reverse=True
            )
            case = next(filter(allowed, candidates), case)
        cases.append(active(case, settings))
        left -= _choices_in(case, settings, size)
    return cases, impossible


def _fixed(choice: Choice, settings: Sequence[Setting]) -> dict[str, Any]:
    """The choice together with what its settings need to exist."""
    by_key = {setting.key: setting for setting in settings}
    return {key: value for name, _ in choice for key, value in by_key[name].needs} | dict(choice)


def _with_choice(
    choice: Choice, settings: Sequence[Setting], allowed: Callable[[Case], bool], start: Case
) -> Case | None:
    """An allowed case that holds the choice, with at most one further setting changed for it; None
    where none is."""
    fixed = _fixed(choice, settings)
    case = dict(start) | fixed
    if allowed(case):
        return case
    for setting in settings:
        for value in setting.values if setting.key not in fixed else ():
            changed = case | {setting.key: value}
            if allowed(changed):
                return changed
    return None


def active(case: Case, settings: Sequence[Setting]) -> Case:
    """The case without the settings that do not exist in it."""
    exists = {}
    for setting in settings:
        if all(case.get(key) == value for key, value in setting.needs):
            exists[setting.key] = case[setting.key]
    return exists


def _choices_in(case: Case, settings: Sequence[Setting], size: int) -> set[Choice]:
    return {
        frozenset(some) for some in itertools.combinations(active(case, settings).items(), size)
    }
