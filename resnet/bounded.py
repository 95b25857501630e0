"""Untrusted text, read within limits: JSON and YAML of bounded size, depth and number of values.

Study files, imported curves and files to check are read only here. They may come from anyone. A
server cannot stop a parser once it has started, so time and memory need limits before.
"""

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from resnet.errors import ConfigError, echo

MOST_DEPTH = 60
"""The deepest nesting of lists and tables. A study needs 6; PyYAML's time grows with the square of
it."""
MOST_PARTS = 40_000
"""Values and keys of a YAML file. A study of 500 arms with 8 settings each has 10,000; PyYAML reads
20,000 a second."""
LONGEST_NUMBER = 400
"""Characters of a number in YAML. Python's time to read one grows with the square of its length."""


def check_length(what: str, text: str, most: int) -> None:
    """Raise ConfigError for text that is longer than its reader allows."""
    if len(text) > most:
        raise ConfigError(
            f"{what} has at most {most:,} characters; received {len(text):,}: make it shorter."
        )


def read_json(text: str, *, most_parts: int = MOST_PARTS) -> Any:
    """The data of a JSON text. Keys must be unique and text must be valid. Raises ConfigError.

    `most_parts` limits the commas, since there is one between any two values. Python's stack limits
    the depth.
    """
    parts = text.count(",")
    if parts > most_parts:
        raise ConfigError(
            f"JSON has at most {most_parts:,} values here; received about {parts:,}: keep fewer."
        )
    try:
        return _sound(text, json.loads(text, object_pairs_hook=_closed))
    except RecursionError:
        raise ConfigError(
            "This JSON cannot be read: it is nested too deep; use fewer levels."
        ) from None
    except ValueError as error:
        raise ConfigError(f"This JSON cannot be read: {error}.") from None


def _closed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        _check_once(key for key, _ in pairs)
    return table


def _check_once(keys: Iterable[str]) -> None:
    """Raise ConfigError for a key given twice. Parsers would silently use the last one."""
    again = next((key for key, count in Counter(keys).items() if count > 1), None)
    if again is not None:
        raise ConfigError(f"A key is given once; received {echo(again)} twice.")


def _sound(text: str, data: Any) -> Any:
    """The data, checked for half characters such as "\\ud800", which cannot be written to a
    file."""
    waiting = [data] if "\\u" in text.lower() else []  # only an escape can create half a character
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ConfigError(
                f"Text must have whole characters; received {echo(value)}: write it without"
                " \\ud800."
            )
    return data


def read_yaml(text: str) -> Any:
    """The data of a YAML text. Keys must be unique; references are refused. Raises ConfigError."""
    import yaml  # noqa: PLC0415  only who reads YAML needs it

    try:
        return _sound(text, yaml.load(text, _loader()))
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f", line {place.line + 1}: {getattr(error, 'problem', '')}" if place else ""
        raise ConfigError(f"This YAML cannot be read{where}; JSON is YAML too.") from None
    except RecursionError:
        raise ConfigError(
            "This YAML cannot be read: it is nested too deep; use fewer levels."
        ) from None


@cache
def _loader() -> Any:
    """PyYAML's safe loader with limits. They are checked while parsing, so a text that is too deep
    is refused early."""
    import yaml  # noqa: PLC0415  as above

    class Loader(yaml.SafeLoader):
        depth = parts = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            # Refused: a reference to itself never ends, and a few lines of references to references
            # can stand for millions of values.
            if self.check_event(yaml.AliasEvent):
                raise ConfigError(
                    "A file must not use YAML references (*); received one: write the value itself."
                )
            self.parts += 1
            if self.parts > MOST_PARTS:
                raise ConfigError(
                    f"A YAML file has at most {MOST_PARTS:,} values; received more: keep fewer."
                )
            self.depth += 1
            if self.depth > MOST_DEPTH:
                raise ConfigError(
                    f"This YAML cannot be read: it is nested too deep, over {MOST_DEPTH} levels."
                )
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            number = node.tag.endswith((":int", ":float"))
            if number and len(node.value) > LONGEST_NUMBER:
                raise ConfigError(
                    f"A number has at most {LONGEST_NUMBER} characters; received"
                    f" {echo(node.value)}."
                )
            if isinstance(node, yaml.MappingNode):
                _check_once(str(key.value) for key, _ in node.value)
            # YAML reads 2026-11-45 as a date and `!!bool zz` as a truth value; both then fail here.
            try:
                return super().construct_object(node, deep)
            except (ValueError, LookupError, AttributeError, TypeError, OverflowError):
                value, kind = echo(node.value), node.tag.rpartition(":")[2]
                line = node.start_mark.line + 1
                raise ConfigError(
                    f"This YAML cannot be read, line {line}: {value} is not a valid {kind}; put"
                    " text in quotes."
                ) from None

    return Loader
