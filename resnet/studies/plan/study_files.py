"""Studies as text: JSON or YAML. Reading a written study gives an equal one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from resnet import bounded, files, quantity
from resnet.errors import ConfigError, echo
from resnet.studies.plan.study import Study

Form = Literal["json", "yaml"]

FORMS: Mapping[str, Form] = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}
LARGEST_FILE_BYTES = 1 << 20
LINE_BREAKS = frozenset("\x85\u2028\u2029")
"""Characters that YAML would read back as another line break if they were not escaped."""


def to_text(study: Study, form: Form) -> str:
    """The study as a file's text, which `from_text` reads back to an equal one."""
    facts = study.model_dump(mode="json")
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    if form == "json":
        return text
    import yaml  # noqa: PLC0415  only who writes or reads YAML needs it

    # The order of the fields is the order in which a person reads a study.
    return str(
        yaml.safe_dump(
            facts, sort_keys=False, allow_unicode=LINE_BREAKS.isdisjoint(text), width=120
        )
    )


def from_text(text: str, form: Form) -> Study:
    """A study written by a person or a program. Raises ConfigError or UnknownNameError, in one
    sentence."""
    bounded.check_length("A study's file", text, LARGEST_FILE_BYTES)
    facts = bounded.read_json(text) if form == "json" else bounded.read_yaml(text)
    if not isinstance(facts, dict):
        raise ConfigError(
            "A study is a table with keys such as name, baseline and factors; received"
            f" {echo(facts)}."
        )
    return Study.model_validate(facts)


def read(path: Path) -> Study:
    """The study in a file that ends in .json, .yaml or .yml. Raises ConfigError or
    UnknownNameError."""
    form = form_of(path)
    try:
        # Before reading, so that a wrong file of gigabytes does not fill the memory.
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ConfigError(
                f"A study's file has at most {quantity.size(LARGEST_FILE_BYTES)}; {path} has more."
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"The study {path} cannot be read: {reason}.") from None
    return from_text(text, form)


def write(study: Study, path: Path) -> None:
    """Raises ConfigError for another ending, and ExportError where the disk refuses."""
    files.write(path, to_text(study, form_of(path)))


def form_of(path: Path) -> Form:
    """The format of a file's ending. Raises ConfigError."""
    if (form := FORMS.get(path.suffix.lower())) is None:
        raise ConfigError(f"A study's file ends in {', '.join(FORMS)}; received {echo(path.name)}.")
    return form
