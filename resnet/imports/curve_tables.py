"""Files of other programs as columns of numbers: CSV, Keras's CSVLogger, JSON histories and
TensorBoard's event files.

Names become ours, accuracies fractions and errors percent; `notes` says what had to be guessed.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import Field

from resnet import bounded
from resnet.errors import ConfigError, DataError, echo
from resnet.imports import event_files
from resnet.network.settings import Closed

Along = Literal["epoch", "step", "record"]
Cells = list[float | None]
# 64 MiB of text, columns, and cells of a whole file.
MOST_BYTES, MOST_COLUMNS, MOST_CELLS = 1 << 26, 200, 2_000_000

EPOCHS, STEPS = (
    ("epoch", "epochs"),
    ("step", "steps", "iteration", "iterations", "global_step", "batch"),
)
KINDS = {
    "loss": "loss",
    "acc": "accuracy",
    "accuracy": "accuracy",
    "error": "error",
    "binary_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
}
SPELLINGS = {
    "": "",
    "train_": "",
    "training_": "",
    "val_": "val_",
    "validation_": "val_",
    "test_": "test_",
}
NAMES = {
    mark + word: ours + kind for mark, ours in SPELLINGS.items() for word, kind in KINDS.items()
}
NAMES |= {
    f"{word}_{mark[:-1]}": ours + kind
    for mark, ours in SPELLINGS.items()
    for word, kind in KINDS.items()
    if mark
}
NAMES["lr"] = "learning_rate"
"""Names of columns in other programs, and ours. Other columns keep their names."""


class CurveColumn(Closed):
    """One curve. `x` counts `along`: finished epochs, steps, or "record" where it is unknown what
    was counted.

    Accuracies are fractions, errors percent, losses nats as the file has them, step_ms
    milliseconds.
    """

    path = "column"
    name: str = Field(min_length=1, max_length=200)
    along: Along
    x: tuple[float, ...]
    y: tuple[float | None, ...]

    def check(self) -> None:
        if len(self.x) != len(self.y):
            raise ConfigError(
                f"A column has as many x as y; received {len(self.x)} and {len(self.y)}."
            )


def from_csv(path: Path, text: str, notes: list[str]) -> dict[str, Cells]:
    """The columns of a CSV by their heads. Raises DataError."""
    # The separator that occurs most often in the first line.
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    count = text.count(delimiter) + text.count("\n")
    # Counted before reading, since parsed cells take about fifty times the memory of their text.
    if count > 2 * MOST_CELLS:
        raise DataError(
            f"A CSV has up to {MOST_CELLS:,} cells; {echo(path.name)} has about {count:,}: keep"
            " fewer."
        )
    try:
        lines = [
            line
            for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            if any(line)
        ]
    except csv.Error as error:
        raise DataError(f"{echo(path.name)} is not CSV: {error}; save it again.") from None
    heads = [head.strip() for head in lines[0]] if lines else []
    # A first line of numbers is data: the file has no names of columns.
    if len(lines) < 2 or all(_number(head) is not None for head in heads):
        raise DataError(
            f"{echo(path.name)} needs a line that names the columns, and a row below it; add them."
        )
    if (
        len(set(heads)) < len(heads)
        or len(heads) > MOST_COLUMNS
        or len(heads) * len(lines) > MOST_CELLS
    ):
        raise DataError(
            f"A CSV may have up to {MOST_COLUMNS} columns with different names and up to"
            f" {MOST_CELLS:,} cells; {echo(path.name)} has {len(heads)} columns and {len(lines):,}"
            " lines: rename columns, or keep fewer."
        )
    if not text.endswith(("\n", "\r")):
        # The program that wrote it was stopped in this line. A short last line is dropped; a whole
        # one may have lost digits.
        cut = len(lines[-1]) < len(heads)
        notes.append(
            "The last line does not end with a line break:"
            f" {'it was left out' if cut else 'its last number may be cut short'}."
        )
        lines = lines[:-1] if cut else lines
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(heads):
            what = f"row {number} of {echo(path.name)} has {len(line)} for {len(heads)}"
            raise DataError(f"Every row needs a cell for each column; {what}: repair that row.")
    # Programs that write "1,5" separate cells by semicolons.
    point = "," if delimiter == ";" else "."
    columns = []
    for cells in zip(*lines[1:], strict=True):
        columns.append([_number(cell.replace(point, ".")) for cell in cells])
    return dict(zip(heads, columns, strict=False))  # no row may be left


def from_json(path: Path, text: str) -> dict[str, Cells]:
    """Keras's History.history, that inside {"history": …, "epoch": …}, or a list of records."""
    try:
        data = bounded.read_json(
            text, most_parts=2 * MOST_CELLS
        )  # a cell, and room for the names of records
    except ConfigError as error:
        raise DataError(
            f"{echo(path.name)} is not complete JSON: {echo(str(error))}; save it again."
        ) from None
    if isinstance(data, list) and data and all(isinstance(record, dict) for record in data):
        names = dict.fromkeys(name for record in data for name in record)
        if len(names) > MOST_COLUMNS:
            names = {}
        columns = {}
        for name in names:
            columns[name] = [record.get(name) for record in data]
        data = columns
    if isinstance(data, dict) and isinstance(data.get("history"), dict):
        # "epoch" stands beside "history" in Keras's History object.
        data = data["history"] | {key: value for key, value in data.items() if key in EPOCHS}
    lists = (
        {key: value for key, value in data.items() if isinstance(value, list)}
        if isinstance(data, dict)
        else {}
    )
    if not lists or len(lists) > MOST_COLUMNS or sum(map(len, lists.values())) > MOST_CELLS:
        rule = (
            f"A JSON history maps up to {MOST_COLUMNS} names to lists of numbers, or is a list of"
            " records"
        )
        raise DataError(f"{rule}; {echo(path.name)} does not: save `history.history`.")
    return {key: list(map(_number, cells)) for key, cells in lists.items()}


def _number(cell: object) -> float | None:
    """A finite number, or None: unknown."""
    try:
        number = (
            float(cell)
            if isinstance(cell, str | int | float) and not isinstance(cell, bool)
            else math.nan
        )
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def columns_of(table: Mapping[str, Cells], notes: list[str]) -> list[CurveColumn]:
    """Columns of numbers along epochs or steps where one column counts them, else along the
    records."""
    words = {head: lowered(head) for head in table}
    along: Along = "record"
    counts: list[float] = []
    for head, cells in table.items():
        known = [cell for cell in cells if cell is not None]
        kind: Along = (
            "epoch" if words[head] in EPOCHS else "step" if words[head] in STEPS else "record"
        )
        # If a file counts both, epochs win. A count with gaps cannot be an axis.
        if kind != "record" and along != "epoch" and known and len(known) == len(cells):
            along, counts = kind, known
    notes += (
        ["No column counts epochs or steps, so it is not known what a row stands for."]
        if along == "record"
        else []
    )
    columns = []
    for head, cells in table.items():
        if words[head] not in ("", "index", "unnamed_0", *EPOCHS, *STEPS) and any(
            cell is not None for cell in cells
        ):
            name = NAMES.get(words[head], words[head])
            # A JSON history may have lists of different lengths, such as validation every second
            # epoch.
            fits = bool(counts) and len(cells) == len(counts)
            x = counts if fits else [float(number) for number in range(1, len(cells) + 1)]
            columns.append(_column(name, along if fits else "record", x, cells))
    return columns


def from_events(path: Path, notes: list[str]) -> list[CurveColumn]:
    """Keras's "epoch_…" count epochs, its "batch_…" and "…_vs_iterations" steps; what others count
    is unknown."""
    events = event_files.read_scalars(path)
    notes += [events.damage] if events.damage else []
    # Keras's TensorBoard callback writes the same tags for both, into the folders "train" and
    # "validation".
    prefix = "val_" if path.absolute().parent.name in ("validation", "val") else ""
    columns = []
    for tag, (steps, values) in event_files.by_tag(events.scalars).items():
        word = lowered(tag)
        along: Along = "epoch" if word.startswith("epoch_") else "record"
        along = "step" if word.startswith("batch_") or word.endswith("_vs_iterations") else along
        word = prefix + word.removeprefix("epoch_") if along == "epoch" else word
        columns.append(
            _column(
                NAMES.get(word, word), along, [float(step) for step in steps], map(_number, values)
            )
        )
    return columns[:MOST_COLUMNS]


def lowered(name: str) -> str:
    """A name of lower-case letters, digits and underscores, fit for files and columns."""
    return re.sub(r"[^a-z0-9]+", "_", name[:200].lower()).strip("_")


def _column(name: str, along: Along, x: Sequence[float], y: Iterable[float | None]) -> CurveColumn:
    # Keras counts epochs from 0; here the first finished epoch is 1.
    first = 1 if along == "epoch" and min(x, default=1) == 0 else 0
    return CurveColumn(
        name=name or "unnamed", along=along, x=tuple([at + first for at in x]), y=tuple(y)
    )


def settled(columns: Sequence[CurveColumn], notes: list[str]) -> list[CurveColumn]:
    """Each name once, accuracies as fractions and errors as percent. Within a file, all columns of
    one kind have the same scale."""
    # Reversed twice: of several columns with one name, the first one stays, in the order of the
    # file.
    distinct = list({column.name: column for column in reversed(columns)}.values())[::-1]
    notes += (
        ["Several columns mean the same; the first was used."]
        if len(distinct) < len(columns)
        else []
    )
    for kind, divisors in (("accuracy", (1.0, 100.0)), ("error", (0.01, 1.0))):
        of_kind = [column for column in distinct if column.name.endswith(kind)]
        values = [y for column in of_kind for y in column.y if y is not None]
        # A fraction never exceeds 1. All columns of a kind are judged together, so that one
        # very small error is not read as a fraction next to a large one in percent.
        percent = max(values, default=0.0) > 1
        if values and not 0 <= min(values) <= max(values) <= 100:
            notes.append(
                f"The column {kind} is neither a fraction nor percent, so it was left out."
            )
            distinct = [column for column in distinct if column not in of_kind]
        elif values:
            notes.append(
                f"{kind.capitalize()} goes up to {max(values):g}, so it is read as"
                f" {'percent' if percent else 'a fraction'}."
            )
            divisor = divisors[percent]
            scaled = {}
            for one in of_kind:
                scaled[one.name] = tuple([y if y is None else y / divisor for y in one.y])
            distinct = [
                one.model_copy(update={"y": scaled.get(one.name, one.y)}) for one in distinct
            ]
    if any(later <= earlier for column in distinct for earlier, later in pairwise(column.x)):
        notes.append(
            "The step count restarts in this file: it holds more than one training, or one that was"
            " continued."
        )
    return distinct
