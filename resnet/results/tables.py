"""What arms' runs say as tables: one for people, one for programs, and either as plain text for a
terminal."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Literal

from resnet import quantity
from resnet.errors import UnknownNameError
from resnet.results.arms import TITLES, ArmResult, Measure, plus_minus, spread
from resnet.results.statistics import STUDY_SEEDS, Difference, Summary, seeds_to_tell
from resnet.tables.text_table import Cell, Column, TextTable, conventions, counted, named

TableFormat = Literal["text", "csv", "markdown", "latex"]

NOTES = (
    (
        "Mean ± standard deviation (seeds). A difference is arm minus what it is compared with ±"
        " half its interval, over pairs where seeds are shared, else after Welch; each interval"
        " stands by itself."
    ),
    "Test decides nothing: the test set was read once, at the end of each run.",
)
LINE = 100
WIDTHS: dict[TableFormat, int] = {"text": 28, "latex": 24}
"""Letters in a column of words."""

GAP = "  "
LATIN = 0xFF
TYPESET = "–—‘’“”"


def reading_table(
    found: Sequence[ArmResult],
    measures: Sequence[Measure] = tuple(TITLES),
    paper: Mapping[str, str] | None = None,
) -> TextTable:
    """For people: mean ± standard deviation (seeds); columns nobody has a number for are left out.
    Sentences below.

    `paper` says of each arm, by its name, how it stands against the paper; without it there is no
    such column.
    """
    shown = [
        measure for measure in measures if any(measure in result.summaries for result in found)
    ]
    columns = [
        named("arm", "Arm"),
        *[Column((measure,), TITLES[measure], "r") for measure in shown],
    ]
    columns += [
        counted("trainable_params"),
        counted("macs"),
        Column(("difference",), "Difference, points", "r"),
    ]
    columns += [] if paper is None else [named("paper", "Against the paper")]
    lines: list[list[Cell]] = []
    for result in found:
        cells = [_cell(measure, result.summaries.get(measure)) for measure in shown]
        apart = signed(result.difference) if result.difference else ""
        beside = [] if paper is None else [paper.get(result.arm.name, "")]
        lines.append(
            [result.arm.name, *cells, result.arm.trainable_params, result.arm.macs, apart, *beside]
        )
    said = [f"{text}." for result in found for text in (result.sentence, *result.left_out)]
    said += _more_seeds(found)
    levels = sorted(
        {f"Intervals: {100 * gap.level:g} %." for result in found if (gap := result.difference)}
    )
    return TextTable(
        columns, lines, [*said, *NOTES, *levels, *conventions(("trainable_params", "macs"))]
    )


def _more_seeds(found: Sequence[ArmResult]) -> list[str]:
    """How many seeds would tell what is within noise, if it is what was measured: else it is read
    as "no effect"."""
    by_name = {result.arm.name: result for result in found}
    needed = {}
    for result in found:
        apart, against = result.difference, by_name.get(result.arm.against or "")
        if apart and against and apart.half_width is not None and not apart.beyond_noise:
            own, other = [each.summaries.get(result.measure) for each in (result, against)]
            count = seeds_to_tell(apart, (own and own.sd, other and other.sd))
            needed[result.arm.name] = f"about {count}" if count else f"more than {STUDY_SEEDS}"
    if not needed:
        return []
    counts = ", ".join(f"{count} ({name})" for name, count in needed.items())
    return [
        "Within noise does not mean equal: if what was measured is real, four of five studies"
        f" would show it with so many seeds an arm: {counts}."
    ]


def numbers_table(found: Sequence[ArmResult]) -> TextTable:
    """For programs, as CSV: every number by itself and unrounded, percent, nats or seconds; nothing
    where unknown."""
    keys = [f"{measure}_{part}" for measure in TITLES for part in Summary._fields]
    apart = [f"difference_{part}" for part in ("measure", "against", *Difference._fields)]
    lines: list[list[Cell]] = []
    for result in found:
        nothing = (None,) * len(Summary._fields)
        numbers = [
            number for measure in TITLES for number in result.summaries.get(measure, nothing)
        ]
        gap = result.difference
        compared = (
            (None,) * len(apart) if gap is None else (result.measure, result.arm.against, *gap)
        )
        texts = [None if each is None else str(each) for each in (*numbers, *compared)]
        lines.append(
            [result.arm.name, result.arm.trainable_params, result.arm.macs, *texts, result.sentence]
        )
    heads = ["arm", "trainable_params", "macs", *keys, *apart, "sentence"]
    return TextTable([named(key, key) for key in heads], lines)


def written(table: TextTable, form: TableFormat) -> str:
    """The table as text of this format, which ends with a line feed. Raises UnknownNameError."""
    writers = {
        "text": plain_text,
        "csv": TextTable.csv,
        "markdown": TextTable.markdown,
        "latex": TextTable.latex,
    }
    if form not in writers:
        raise UnknownNameError("format of a table", form, writers)
    text = writers[form](_narrowed(table, WIDTHS[form]) if form in WIDTHS else table)
    return "".join(map(_set, text)) if form == "latex" else text


def _set(sign: str) -> str:
    """A sign pdflatex knows without further packages: one it lacks stops it, and names may hold
    any."""
    plain = sign if sign in TYPESET else unicodedata.normalize("NFKD", sign)[0]
    return plain if ord(plain) <= LATIN or plain in TYPESET else "?"


def plain_text(table: TextTable) -> str:
    """For a terminal: columns as wide as their widest cell, a cell's lines below each other, the
    notes below all."""
    head = [
        column.heading.replace(" ", "\n") if column.side == "r" else column.heading
        for column in table.columns
    ]
    rows = [
        [text.split("\n") for text in row]
        for row in (head, *[map(read_cell, line) for line in table.lines])
    ]
    widths = [
        max(len(line) for row in rows for line in row[place]) for place in range(len(table.columns))
    ]
    rule = GAP.join("-" * width for width in widths)
    first, *others = ["\n".join(_aligned(row, table.columns, widths)) for row in rows]
    notes = [line for note in table.notes for line in wrap(note, LINE, subsequent_indent="  ")]
    return "\n".join([first, rule, *others, *([""] * bool(notes)), *notes, ""])


def _aligned(
    row: Sequence[list[str]], columns: Sequence[Column], widths: Sequence[int]
) -> list[str]:
    lines = []
    for index in range(max(map(len, row))):
        parts = [cell[index] if index < len(cell) else "" for cell in row]
        put = [
            part.rjust(width) if column.side == "r" else part.ljust(width)
            for part, column, width in zip(parts, columns, widths, strict=True)
        ]
        lines.append(GAP.join(put).rstrip())
    return lines


def read_cell(cell: Cell) -> str:
    """As people read it."""
    return quantity.exact(cell) if isinstance(cell, int) else "" if cell is None else str(cell)


def _narrowed(table: TextTable, width: int) -> TextTable:
    """With columns of words no wider than so many letters."""
    lines = [
        [
            "\n".join(wrap(cell, width)) if column.side == "l" and isinstance(cell, str) else cell
            for cell, column in zip(line, table.columns, strict=True)
        ]
        for line in table.lines
    ]
    return replace(table, lines=lines)


def _cell(measure: Measure, own: Summary | None) -> Cell:
    """A narrow column may break it before the number of seeds."""
    if own is None or measure != "duration_s":
        return own and spread(own).replace(" (", "\n(")
    return f"{quantity.duration(own.mean)}\n({own.n})"


def signed(apart: Difference) -> str:
    """−4.1 ± 0.6, or the bare difference where there is no interval."""
    number = abs(apart.mean)
    text = f"{number:.2f}" if apart.half_width is None else plus_minus(number, apart.half_width)
    bare = float(text.split()[0])
    return text if bare == 0 else ("−" if apart.mean < 0 else "+") + text
