"""All errors, as one tree. Every message is one sentence: the rule, what was received, a way out.

ResNetLabError
├── ConfigError        an invalid network, recipe or other setting
├── UnknownNameError   no network, data set, run or key of that name (carries the nearest one)
├── DataError          images missing, cut short or of another kind
├── ExportError        a file that cannot be written, or would be illegible
├── RunError           a run that cannot be started, read or stopped
├── MissingExtraError  a package of an extra is not installed; in resnet.extras
└── NotANumberError, NoProgressError   a training that stops early; in resnet.training.failure
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

LONGEST_ECHO = 60


class ResNetLabError(Exception):
    """Base of every error that this library raises on purpose."""


class ConfigError(ResNetLabError):
    """An invalid network, recipe or other setting; the message names the field and the reason."""


class UnknownNameError(ResNetLabError):
    """An unknown name. `nearest` is the closest `known` one, or None."""

    def __init__(
        self, what: str, name: object, known: Iterable[str], nearest: str | None = None
    ) -> None:
        names = list(known)
        self.name, self.known = name, names
        received = echo(name)
        self.nearest = nearest or nearest_of(str(name), names)
        way_out = (
            f"did you mean {self.nearest!r}?"
            if self.nearest
            else f"known: {', '.join(names[:12]) or 'none yet'}."
        )
        super().__init__(f"There is no {what} {received}; {way_out}")


def nearest_of(name: str, known: Sequence[str]) -> str | None:
    """The known name that a misspelt one most likely stands for, or None."""
    close = difflib.get_close_matches(name[:LONGEST_ECHO], known, n=1, cutoff=0.5)
    return close[0] if close else None


class DataError(ResNetLabError):
    """Images that are missing, cut short or of another kind; the message says where they must
    be."""


class ExportError(ResNetLabError):
    """A file that cannot be written, or whose letters would be illegible."""


class RunError(ResNetLabError):
    """A run that cannot be started, read or stopped."""


def echo(value: object) -> str:
    """What was received, quoted on one line and shortened, so that hostile input cannot fill a
    page."""
    text = repr(value[: LONGEST_ECHO + 1] if isinstance(value, str) else value)
    return text if len(text) <= LONGEST_ECHO + 2 else text[:LONGEST_ECHO] + "…"


def explain(error: "ValidationError", prefix: str = "", known: Iterable[str] = ()) -> str:
    """One sentence for one problem that pydantic found, with the nearest known key for an unknown
    one."""
    # A misspelt key is both unknown and missing; the sentence must be about the unknown one.
    first = min(
        error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden"
    )
    where = ".".join(
        str(part) for part in (*filter(None, [prefix]), *first["loc"]) if not _is_tag(part)
    )
    if first["type"] == "extra_forbidden":
        return str(
            UnknownNameError(
                "setting", where, [f"{prefix}.{key}" if prefix else key for key in known]
            )
        )
    if first["type"] == "missing":
        return f"{where} is required, but was not given; add it."
    if text := _in_plain_words(first, where or "the settings"):
        return text
    rule = first["msg"].replace("Input should be", "must be").replace("Value should", "must")
    rule = rule.partition(", unable to")[0].replace(
        ", got a number with a fractional part", " without a fraction"
    )
    return f"{where or 'the settings'} {_lower_first(rule)}; received {echo(first['input'])}."


GROUP = '{where} is a group of settings; received {received}: write it as {{"setting": value}}.'
LIST = "{where} is a list; received {received}: write it in brackets, as in [a, b]."
PLAIN_WORDS = {
    "string_too_short": "{where} must not be empty; received {received}: write something there.",
    "string_too_long": (
        "{where} has at most {max_length:,} characters; received {received}: make it shorter."
    ),
    "too_short": "{where} needs at least {min_length:,} in its list; received {received}: add one.",
    "too_long": "{where} has at most {max_length:,} in its list; received {count}: take fewer.",
    "model_type": GROUP,
    "model_attributes_type": GROUP,
    "dataclass_type": GROUP,
    "dict_type": GROUP,
    "tuple_type": LIST,
    "list_type": LIST,
    "union_tag_invalid": "{where}.kind must be one of {expected_tags}; received {tag!r:.62}.",
    "union_tag_not_found": "{where} needs its kind; received {received}: add a kind to it.",
}
"""Pydantic's messages about tuples, instances and tags, in words for users."""


def _in_plain_words(problem: Mapping[str, Any], where: str) -> str | None:
    value = problem["input"]
    count = f"{len(value):,}" if isinstance(value, Sized) else "more"
    facts = {**problem.get("ctx", {}), "where": where, "received": echo(value), "count": count}
    words = PLAIN_WORDS.get(problem["type"])
    return words and words.format(**facts)


def _is_tag(part: object) -> bool:
    """Whether a part of pydantic's path is the class name of a union's member, unknown to users."""
    return isinstance(part, str) and ("[" in part or part.endswith(("Config", "Schedule")))


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
