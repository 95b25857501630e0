"""What a field of a recipe means where trainings are compared: it stands on the field itself.

Nothing else lists a recipe's fields by hand. A field without a role counts as the worst: another
value is another experiment, and it changes every random stream. So no claim is made that it could
spoil.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import BaseModel

Kind = Literal["experiment", "left open", "bookkeeping", "seed"]
"""What another value of the field is:

- "experiment": another experiment.
- "left open": another experiment too, but He et al. 2015 do not say which value they used.
- "bookkeeping": it changes neither a weight nor an error.
- "seed": one more sample of the same experiment.
"""

Stream = Literal["split", "order", "augmentation"]
"""What is drawn at random for training. Each is drawn from what decides the ones before it, too."""

STREAMS: tuple[Stream, ...] = ("split", "order", "augmentation")


@dataclass(frozen=True, slots=True)
class Role:
    """`words` call the field in a sentence: "another batch size". `decides` is the first random
    stream that changes with it. A field that changes only together with another one is `part_of`
    that: both are one change."""

    kind: Kind
    words: str
    decides: Stream | None = None
    part_of: str | None = None


def unknown(name: str) -> Role:
    """The role of a field that has none."""
    return Role("experiment", name.replace("_", " "), decides="split")


@cache
def roles_of(recipe: type[BaseModel]) -> dict[str, Role]:
    """The role of each field, by its name, in the order of the fields."""
    roles = {}
    for name, field in recipe.model_fields.items():
        given = [each for each in field.metadata if isinstance(each, Role)]
        roles[name] = given[0] if given else unknown(name)
    return roles


def fields_of_kind(recipe: type[BaseModel], *kinds: Kind) -> tuple[str, ...]:
    """The names of the fields whose role is of one of these kinds."""
    return tuple([name for name, role in roles_of(recipe).items() if role.kind in kinds])


def deciding(recipe: type[BaseModel], stream: Stream) -> tuple[str, ...]:
    """The names of the fields that decide a stream, not counting those that decide one before."""
    return tuple([name for name, role in roles_of(recipe).items() if role.decides == stream])
