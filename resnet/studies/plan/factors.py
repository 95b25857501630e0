"""The parts of a study: its baseline, the varied factors, and listed arms."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from resnet import data
from resnet.errors import ConfigError, echo
from resnet.guards.differences import canonical
from resnet.network.settings import Closed, parse_value
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe

FOLLOW_THE_DATA = ("network.input_shape", "network.classes")
"""Settings that `data.fit_config` always overwrites, so a level of them would have no effect."""

# Arms, also the most levels of one factor; and letters of an arm's name.
MOST_ARMS = 500
LONGEST_NAME = 60

Text = Annotated[str, Field(min_length=1, max_length=200)]


def typed(value: Any) -> Any:
    """A level, with text parsed as a number or list where possible: YAML 1.1 reads 1e-4 as text.
    Raises ConfigError."""
    value = parse_value(value) if isinstance(value, str) else value
    try:
        # JSON has neither NaN nor infinity. A level must be written to a file and read back as the
        # same value.
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        what = "is text, a number, a list or a table, as in JSON"
        raise ConfigError(f"A level {what}; received {echo(value)}: put text in quotes.") from None
    return value


def parted(key: str, text: str) -> tuple[str, ...]:
    """Levels typed as A,B,C, still as text. Commas inside brackets do not separate: {"a":1,"b":2}
    is one level.

    Raises ConfigError for an empty level.
    """
    levels, depth, begins = [], 0, 0
    for place, letter in enumerate(text):
        # Booleans count as 0 and 1: plus one at an opening bracket, minus one at a closing one.
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth <= 0:
            levels.append(text[begins:place])
            begins = place + 1
    levels.append(text[begins:])
    if not all(level.strip() for level in levels):
        raise ConfigError(
            f"Levels are separated by single commas, as in {key}=A,B,C; received {echo(text)}."
        )
    return tuple(level.strip() for level in levels)


def twice(values: Iterable[Hashable]) -> Any:
    """A value that occurs twice, or None."""
    return next((value for value, count in Counter(values).items() if count > 1), None)


def recipe_of(value: Any) -> Any:
    """The recipe of a catalogue name; other values unchanged. Raises UnknownNameError."""
    return recipes.get(value).recipe if isinstance(value, str) else value


Level = Annotated[Any, BeforeValidator(typed)]


class Baseline(Closed):
    """The start of every arm: a catalogue network with changed settings, a recipe, a data set, a
    device.

    In a file, the recipe may be a catalogue name, "he2015_cifar". Its seed must be 0, because the
    study sets the seed of each run.
    """

    path: ClassVar[str] = "baseline"
    network: Text
    settings: dict[str, Level] = Field(default_factory=dict)
    recipe: Annotated[Recipe, BeforeValidator(recipe_of)]
    dataset: Text
    data_folder: Text = data.DEFAULT_FOLDER
    device: Text = "cpu"

    def check(self) -> None:
        if seed := self.recipe.seed:
            raise ConfigError(
                f"Seeds belong in `seeds`; received baseline.recipe.seed {seed}: leave it at 0."
            )


class Factor(Closed):
    """A varied setting: a dotted key, and its values. In design "list" the arms have the values."""

    path: ClassVar[str] = "factors"
    key: Text
    levels: tuple[Level, ...] = Field(default=(), max_length=MOST_ARMS)

    def check(self) -> None:
        if self.key in ("seed", "seeds", "recipe.seed"):
            raise ConfigError(
                "Seeds cannot be a factor, since every arm is run with all of them; list them "
                "in `seeds`."
            )
        # Arms with different levels of it would be equal, and the study would compare a network
        # with itself.
        if self.key in FOLLOW_THE_DATA:
            raise ConfigError(
                f"{self.key} is set by the data set and cannot be a factor; vary 'dataset' instead."
            )
        if (level := twice(map(canonical, self.levels))) is not None:
            raise ConfigError(f"The levels of {self.key} must differ; received {level} twice.")


class Listed(Closed):
    """An arm of design "list": its changes of the baseline, by the keys of declared factors."""

    path: ClassVar[str] = "listed"
    name: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    settings: dict[str, Level] = Field(default_factory=dict)
