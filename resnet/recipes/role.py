"""What a recipe's field means when trainings are compared. The role is written at the field itself.

No other place lists the fields by hand. A field without a role gets the strictest one: another
value is another experiment and changes every random stream. So a forgotten role can prevent a
claim, but never allow a wrong one.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import BaseModel

Kind = Literal["experiment", "left open", "bookkeeping", "seed"]
"""What a different value of the field means:

- "experiment": another experiment.
- "left open": another experiment too, but He et al. 2015 do not say which value they used.
- "bookkeeping": it changes neither a weight nor an error.
- "seed": one more sample of the same experiment.
"""

Stream = Literal["split", "order", "augmentation"]
"""The random draws of a training. Each also depends on the fields that decide the streams before
it."""

STREAMS: tuple[Stream, ...] = ("split", "order", "augmentation")


@dataclass(frozen=True, slots=True)
class Role:
    """`words` name the field in a sentence: "another batch size". `decides` is the first random
    stream that changes with the field. `part_of` names a field that changes together with it: both
    count as one change."""

    kind: Kind
    words: str
    decides: Stream | None = None
    part_of: str | None = None


def unknown(name: str) -> Role:
    """The strictest role, for a field without one."""
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
    """The names of the fields that decide a stream and none before it."""
    return tuple([name for name, role in roles_of(recipe).items() if role.decides == stream])
