"""Studies as text: JSON or YAML, written and read back to an equal one."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from resnet import files, quantity
from resnet.errors import ConfigError, echo
from resnet.studies.plan.factors import twice
from resnet.studies.plan.study import Study

Form = Literal["json", "yaml"]

FORMS: Mapping[str, Form] = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}
LARGEST_FILE_BYTES = 1_000_000
LINE_BREAKS = frozenset("\x85\u2028\u2029")
"""Signs that YAML reads back as another line break where they are not escaped."""


def to_text(study: Study, form: Form) -> str:
    """The study as a file's text, which `from_text` reads back to an equal one."""
    facts = study.model_dump(mode="json")
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    if form == "json":
        return text
    import yaml  # noqa: PLC0415  only who writes or reads YAML needs it

    return str(
        yaml.safe_dump(
            facts, sort_keys=False, allow_unicode=LINE_BREAKS.isdisjoint(text), width=120
        )
    )


def from_text(text: str, form: Form) -> Study:
    """A study written by a person or a program. Raises ConfigError or UnknownNameError, in one
    sentence."""
    try:
        facts = _parse_json(text) if form == "json" else _parse_yaml(text)
    except RecursionError:
        raise ConfigError(
            f"This is no {form.upper()} that can be read: it is nested too deep."
        ) from None
    if not isinstance(facts, dict):
        raise ConfigError(
            "A study is a table with keys such as name, baseline and factors; received"
            f" {echo(facts)}."
        )
    return Study.model_validate(facts)


def _parse_json(text: str) -> Any:
    def closed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        _check_once(key for key, _ in pairs)
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=closed)
    except ValueError as error:
        raise ConfigError(f"This is no JSON that can be read: {error}.") from None


def _parse_yaml(text: str) -> Any:
    """Without references: one to itself never ends, and a few lines of them make a table of
    millions."""
    import yaml  # noqa: PLC0415  as above

    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise ConfigError(
                "A study's file says everything in full; received a YAML reference (*): write it"
                " out."
            )
        waiting = [yaml.compose(text, yaml.SafeLoader)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.MappingNode):
                _check_once(str(key.value) for key, _ in node.value)
                waiting += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                waiting += node.value
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f", line {place.line + 1}: {getattr(error, 'problem', '')}" if place else ""
        raise ConfigError(f"This is no YAML that can be read{where}; JSON is YAML too.") from None


def _check_once(keys: Iterable[str]) -> None:
    """Readers silently keep the last of two equal keys."""
    if (again := twice(keys)) is not None:
        raise ConfigError(f"A key is given once; received {echo(again)} twice.")


def read(path: Path) -> Study:
    """The study in a file that ends in .json, .yaml or .yml. Raises ConfigError or
    UnknownNameError."""
    form = form_of(path)
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ConfigError(
                f"A study's file has at most {quantity.size(LARGEST_FILE_BYTES)}; {path} has more."
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ConfigError(f"The study {path} cannot be read: {reason}.") from None
    return from_text(text, form)


def write(study: Study, path: Path) -> None:
    """Raises ConfigError for another ending, and ExportError where the disk refuses."""
    files.write(path, to_text(study, form_of(path)))


def form_of(path: Path) -> Form:
    """What a file's ending stands for. Raises ConfigError."""
    if (form := FORMS.get(path.suffix.lower())) is None:
        raise ConfigError(f"A study's file ends in {', '.join(FORMS)}; received {echo(path.name)}.")
    return form
