"""Curves that were made elsewhere: CSV, Keras's CSVLogger, JSON histories and TensorBoard's event files.

What a file does not say stays unknown (None), and whatever had to be decided while reading it stands in `notes`.
"""

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from resnet import files
from resnet.ablation import event_files
from resnet.ablation.losses import Decay, KerasL2, LossItem, Observed
from resnet.config import Closed, ResNetConfig
from resnet.errors import ConfigError, DataError, ResNetLabError, UnknownNameError, echo
from resnet.training.recipe import DecayCovers, Recipe, WeightDecayConfig

Along = Literal["epoch", "step", "record"]
Cells = list[float | None]
MOST_BYTES, MOST_COLUMNS, MOST_CELLS = 1 << 26, 200, 2_000_000
SUFFIX = ".import.json"

EPOCHS, STEPS = ("epoch", "epochs"), ("step", "steps", "iteration", "iterations", "global_step", "batch")
KINDS = {"loss": "loss", "acc": "accuracy", "accuracy": "accuracy", "error": "error", "binary_accuracy": "accuracy",
         "categorical_accuracy": "accuracy", "sparse_categorical_accuracy": "accuracy"}  # fmt: skip
SPELLINGS = {"": "", "train_": "", "training_": "", "val_": "val_", "validation_": "val_", "test_": "test_"}
NAMES = {mark + word: ours + kind for mark, ours in SPELLINGS.items() for word, kind in KINDS.items()}
NAMES |= {
    f"{word}_{mark[:-1]}": ours + kind for mark, ours in SPELLINGS.items() for word, kind in KINDS.items() if mark
}
NAMES["lr"] = "learning_rate"
"""Other people's words for a column, and ours. Whatever is not here keeps its name."""

RECIPE_FACTS = (*Recipe.model_fields, "dataset", "epochs", "decay_argument", "shuffle", "begins")


class Column(Closed):
    """One curve. `x` counts `along`: finished epochs, steps, or "record", where nobody knows what was counted.

    Accuracies are fractions, errors percent, losses nats as the file has them, step_ms milliseconds.
    """

    path = "column"
    name: str = Field(min_length=1, max_length=200)
    along: Along
    x: tuple[float, ...]
    y: tuple[float | None, ...]

    def check(self) -> None:
        if len(self.x) != len(self.y):
            raise ConfigError(f"A column has as many x as y; received {len(self.x)} and {len(self.y)}.")


class Given(Closed):
    """What a person says of a curve; None is unknown.

    `decay` is the number as typed, and `decay_meaning` what it does: "keras_l2" adds decay · Σw² to the loss, "l2" half
    of that, "decoupled" nothing. `penalty_in_loss`: whether the loss on record has it inside, as Keras prints it.
    `recipe` holds dotted keys of a recipe, and dataset, epochs, decay_argument (old Keras's `decay`), shuffle, begins.
    """

    path = "import"
    network: str | None = Field(default=None, max_length=200)
    config: ResNetConfig | None = None
    decay: float | None = Field(default=None, ge=0, lt=1)
    decay_meaning: Literal["l2", "keras_l2", "decoupled"] = "keras_l2"
    decay_covers: DecayCovers = "conv_kernels"
    penalty_in_loss: Literal["yes", "no"] | None = None
    seeds: tuple[int, ...] | None = None
    recipe: dict[str, Any] = Field(default_factory=dict)

    def check(self) -> None:
        for key in self.recipe:
            if key.partition(".")[0] not in RECIPE_FACTS:
                raise UnknownNameError("setting", key, RECIPE_FACTS)

    def decay_in_loss(self) -> Decay | None:
        """How the decay enters the loss on record; None where that is unknown."""
        if self.penalty_in_loss == "no":
            return KerasL2(0.0, self.decay_covers)
        if self.decay is None:
            return None
        if self.decay_meaning == "keras_l2":
            return KerasL2(self.decay, self.decay_covers)
        return WeightDecayConfig(value=self.decay, semantics=self.decay_meaning, covers=self.decay_covers)


class ImportedCurve(Closed):
    """A training that was done elsewhere: what its file says, and what a person says of it."""

    path = "import"
    format_version: Literal[1] = 1
    name: str = Field(min_length=1, max_length=200)
    source: Literal["csv", "json", "tensorboard"]
    columns: tuple[Column, ...] = Field(min_length=1, max_length=MOST_COLUMNS)
    notes: tuple[str, ...] = ()
    given: Given = Given()

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What neither the file nor a person says, in words."""
        said, columns = self.given, [column.name for column in self.columns]
        facts = (("network", said.config), ("λ", said.decay), ("seeds", said.seeds), ("penalty", said.penalty_in_loss))
        missing = [fact for fact, value in facts if value is None]
        missing += [key for key in ("optimiser", "schedule", "batch_size") if key not in said.recipe]
        missing += [name for name in ("loss", "accuracy", "val_loss", "val_accuracy") if name not in columns]
        return (*missing, *(["epochs or steps"] if any(column.along == "record" for column in self.columns) else []))

    def as_loss_item(self) -> LossItem:
        """For `losses.explain`: the loss on record, with the penalty inside unless a person says it is not."""
        column, alone = self.column("loss"), self.given.penalty_in_loss == "no"
        points = [(x, y) for x, y in zip(column.x, column.y, strict=True) if y is not None] if column else []
        along = column.along if column else "record"
        course = [Observed(x, along, y, y, 0.0) if alone else Observed(x, along, y) for x, y in points]
        return LossItem(self.name, "imported", self.given.config, self.given.decay_in_loss(), tuple(course))


def read_curve(path: Path, given: Given | None = None) -> ImportedCurve:
    """The curve in a file, whatever its ending says. Raises DataError, in one sentence, where it holds none."""
    notes: list[str] = []
    source: Literal["csv", "json", "tensorboard"] = "tensorboard"
    try:
        with path.open("rb") as file:
            start = file.read(event_files.HEADER_BYTES)
            events = event_files.is_event_file(start)
            text = "" if events else (start + file.read(MOST_BYTES)).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"Cannot read {echo(path.name)}: {reason}; give a CSV, JSON or event file.") from None
    if len(text) > MOST_BYTES:
        raise DataError(f"A curve's file may hold {MOST_BYTES:,} bytes; {echo(path.name)} holds more: keep fewer rows.")
    if events:
        name, columns = path.absolute().parent.name, _from_events(path, notes)
    else:
        source = "json" if text.lstrip()[:1] in ("{", "[") else "csv"
        table = _from_json(path, text) if source == "json" else _from_csv(path, text, notes)
        name, columns = path.stem, _columns(table, notes)
    if not (settled := tuple(_settled(columns, notes))):
        raise DataError(f"{echo(path.name)} holds no column of numbers; give a file with a loss or an accuracy in it.")
    name = name[:200] or "curve"
    return ImportedCurve(name=name, source=source, columns=settled, notes=tuple(notes), given=given or Given())


def write_import(folder: Path, curve: ImportedCurve) -> Path:
    """Keep a curve in a folder, whole or not at all; the same curve twice is one file. Raises ExportError."""
    content = curve.model_dump_json(indent=1)
    path = folder / f"{_word(curve.name)[:40] or 'curve'}-{hashlib.sha256(content.encode()).hexdigest()[:8]}{SUFFIX}"
    with suppress(OSError):  # `files.write` says better why there is no folder
        folder.mkdir(parents=True, exist_ok=True)
    files.write(path, content)
    return path


class Imports(NamedTuple):
    """The curves in a folder by their file's name, and a sentence for each file that could not be read."""

    curves: dict[str, ImportedCurve]
    damaged: tuple[str, ...]


def read_imports(folder: Path) -> Imports:
    """Every curve kept in a folder. No folder: none."""
    curves, damaged = {}, []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            curves[path.name] = ImportedCurve.model_validate(json.loads(path.read_bytes()))
        except (ResNetLabError, OSError, ValueError, RecursionError) as error:
            damaged.append(f"{echo(path.name)} cannot be used as an imported curve: {error}")
    return Imports(curves, tuple(damaged))


def _from_csv(path: Path, text: str, notes: list[str]) -> dict[str, Cells]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except csv.Error as error:
        raise DataError(f"{echo(path.name)} is not CSV: {error}; save it again.") from None
    heads = [head.strip() for head in lines[0]] if lines else []
    if len(lines) < 2 or all(_number(head) is not None for head in heads):
        raise DataError(f"{echo(path.name)} needs a line that names the columns, and a row below it; add them.")
    if len(set(heads)) < len(heads) or len(heads) > MOST_COLUMNS or len(heads) * len(lines) > MOST_CELLS:
        raise DataError(
            f"A CSV names each of up to {MOST_COLUMNS} columns once, over up to {MOST_CELLS:,} cells; received "
            f"{len(heads)} and {len(lines):,} lines in {echo(path.name)}: rename columns, or keep fewer."
        )
    if not text.endswith(("\n", "\r")):
        cut = len(lines[-1]) < len(heads)
        notes.append(f"The last line has no end: {'left out' if cut else 'its last number may be cut short'}.")
        lines = lines[:-1] if cut else lines
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(heads):
            what = f"row {number} of {echo(path.name)} has {len(line)} for {len(heads)}"
            raise DataError(f"Every row has a cell for each column; {what}: repair that row.")
    point = "," if delimiter == ";" else "."
    cells = [[_number(cell.replace(point, ".")) for cell in column] for column in zip(*lines[1:], strict=True)]
    return dict(zip(heads, cells, strict=False))  # no row may be left


def _from_json(path: Path, text: str) -> dict[str, Cells]:
    """Keras's History.history, that inside {"history": …, "epoch": …}, or a list of records."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{echo(path.name)} is not whole JSON: {echo(str(error))}; save it again.") from None
    if isinstance(data, list) and data and all(isinstance(record, dict) for record in data):
        names = dict.fromkeys(name for record in data for name in record)
        data = {name: [record.get(name) for record in data] for name in names} if len(names) <= MOST_COLUMNS else {}
    if isinstance(data, dict) and isinstance(data.get("history"), dict):
        data = data["history"] | {key: value for key, value in data.items() if key in EPOCHS}
    lists = {key: value for key, value in data.items() if isinstance(value, list)} if isinstance(data, dict) else {}
    if not lists or len(lists) > MOST_COLUMNS or sum(map(len, lists.values())) > MOST_CELLS:
        rule = f"A JSON history maps up to {MOST_COLUMNS} names to lists of numbers, or lists records"
        raise DataError(f"{rule}; {echo(path.name)} does not: save `history.history`.")
    return {key: [_number(cell) for cell in value] for key, value in lists.items()}


def _number(cell: object) -> float | None:
    """A finite number, or None: unknown."""
    try:
        number = float(cell) if isinstance(cell, str | int | float) and not isinstance(cell, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _columns(table: Mapping[str, Cells], notes: list[str]) -> list[Column]:
    """Columns of numbers along epochs or steps where one column counts them, else along the records."""
    words = {head: _word(head) for head in table}
    along: Along = "record"
    counts: list[float] = []
    for head, cells in table.items():
        known = [cell for cell in cells if cell is not None]
        kind: Along = "epoch" if words[head] in EPOCHS else "step" if words[head] in STEPS else "record"
        if kind != "record" and along != "epoch" and known and len(known) == len(cells):
            along, counts = kind, known
    notes += ["No column counts epochs or steps, so it is unknown what a row is."] if along == "record" else []
    columns = []
    for head, cells in table.items():
        if words[head] not in ("", "index", "unnamed_0", *EPOCHS, *STEPS) and any(cell is not None for cell in cells):
            name = NAMES.get(words[head], words[head])
            fits = bool(counts) and len(cells) == len(counts)
            x = counts if fits else [float(number) for number in range(1, len(cells) + 1)]
            columns.append(_column(name, along if fits else "record", x, cells))
    return columns


def _from_events(path: Path, notes: list[str]) -> list[Column]:
    """Keras's "epoch_…" count epochs, its "batch_…" and "…_vs_iterations" steps; what others count is unknown."""
    found = event_files.read_scalars(path)
    notes += [found.damage] if found.damage else []
    prefix = "val_" if path.absolute().parent.name in ("validation", "val") else ""
    columns = []
    for tag, (steps, values) in event_files.by_tag(found.scalars).items():
        word = _word(tag)
        along: Along = "epoch" if word.startswith("epoch_") else "record"
        along = "step" if word.startswith("batch_") or word.endswith("_vs_iterations") else along
        word = prefix + word.removeprefix("epoch_") if along == "epoch" else word
        columns.append(_column(NAMES.get(word, word), along, [float(step) for step in steps], map(_number, values)))
    return columns[:MOST_COLUMNS]


def _word(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name[:200].lower()).strip("_")


def _column(name: str, along: Along, x: Sequence[float], y: Iterable[float | None]) -> Column:
    first = 1 if along == "epoch" and min(x, default=1) == 0 else 0  # Keras counts from 0; here epochs are finished
    return Column(name=name or "unnamed", along=along, x=tuple([at + first for at in x]), y=tuple(y))


def _settled(columns: Sequence[Column], notes: list[str]) -> list[Column]:
    """Each name once, accuracies as fractions and errors as percent; all of a kind are on one scale in a file."""
    kept = list({column.name: column for column in reversed(columns)}.values())[::-1]
    notes += ["Several columns mean the same; the first was kept."] if len(kept) < len(columns) else []
    for kind, divisors in (("accuracy", (1.0, 100.0)), ("error", (0.01, 1.0))):
        found = [column for column in kept if column.name.endswith(kind)]
        values = [y for column in found for y in column.y if y is not None]
        percent = max(values, default=0.0) > 1
        if values and not 0 <= min(values) <= max(values) <= 100:
            notes.append(f"The column {kind} is neither a fraction nor percent, so it was left out.")
            kept = [column for column in kept if column not in found]
        elif values:
            notes.append(f"By its range, up to {max(values):g}, {kind} is in {'percent' if percent else 'fractions'}.")
            scaled = {one.name: tuple([y if y is None else y / divisors[percent] for y in one.y]) for one in found}
            kept = [one.model_copy(update={"y": scaled.get(one.name, one.y)}) for one in kept]
    if any(later <= earlier for column in kept for earlier, later in pairwise(column.x)):
        notes.append("The count goes back on the way: begun again, or gone on from an earlier training.")
    return kept
