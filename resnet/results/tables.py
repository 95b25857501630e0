"""Results of arms as tables: one for people and one for programs, as text, CSV, Markdown, LaTeX."""

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
"""The most letters in a line of a column of words."""

GAP = "  "
LATIN = 0xFF
TYPESET = "–—‘’“”"


def reading_table(
    results: Sequence[ArmResult],
    measures: Sequence[Measure] = tuple(TITLES),
    paper: Mapping[str, str] | None = None,
) -> TextTable:
    """For people: mean ± standard deviation (seeds), with sentences below. A column without any
    number is left out.

    `paper` says of each arm, by its name, how it compares with the paper; without it there is no
    such column.
    """
    recorded = {measure for result in results for measure in result.summaries}
    shown = [measure for measure in measures if measure in recorded]
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
    for result in results:
        cells = [_cell(measure, result.summaries.get(measure)) for measure in shown]
        apart = signed(result.difference) if result.difference else ""
        beside = [] if paper is None else [paper.get(result.arm.name, "")]
        lines.append(
            [result.arm.name, *cells, result.arm.trainable_params, result.arm.macs, apart, *beside]
        )
    sentences = [f"{text}." for result in results for text in (result.sentence, *result.left_out)]
    sentences += _more_seeds(results)
    levels = sorted(
        {f"Intervals: {100 * gap.level:g} %." for result in results if (gap := result.difference)}
    )
    counted_notes = conventions(("trainable_params", "macs"))
    return TextTable(columns, lines, [*sentences, *NOTES, *levels, *counted_notes])


def _more_seeds(results: Sequence[ArmResult]) -> list[str]:
    """How many seeds would show a difference that is within noise now, if the true one is as large
    as what was measured. Without this, "within noise" is read as "no effect"."""
    by_name = {result.arm.name: result for result in results}
    needed = {}
    for result in results:
        apart, against = result.difference, by_name.get(result.arm.against or "")
        if apart and against and apart.half_width is not None and not apart.beyond_noise:
            arm, against_arm = [each.summaries.get(result.measure) for each in (result, against)]
            count = seeds_to_tell(apart, (arm and arm.sd, against_arm and against_arm.sd))
            needed[result.arm.name] = f"about {count}" if count else f"more than {STUDY_SEEDS}"
    if not needed:
        return []
    counts = ", ".join(f"{count} ({name})" for name, count in needed.items())
    return [
        "Within noise does not mean equal: if what was measured is real, four of five studies"
        f" would show it with so many seeds an arm: {counts}."
    ]


def numbers_table(results: Sequence[ArmResult]) -> TextTable:
    """For programs, as CSV: every number in a column of its own, unrounded, in percent, nats or
    seconds; an empty cell where unknown."""
    keys = [f"{measure}_{part}" for measure in TITLES for part in Summary._fields]
    apart = [f"difference_{part}" for part in ("measure", "against", *Difference._fields)]
    lines: list[list[Cell]] = []
    for result in results:
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
    """The sign, or one like it that pdflatex knows without further packages: it stops at others,
    and a name may hold any."""
    plain = sign if sign in TYPESET else unicodedata.normalize("NFKD", sign)[0]
    return plain if ord(plain) <= LATIN or plain in TYPESET else "?"


def plain_text(table: TextTable) -> str:
    """For a terminal: columns as wide as their widest cell, a cell's lines below each other, the
    notes below all."""
    heads = [column.heading for column in table.columns]
    # A heading of numbers is broken at each space, since numbers are narrower than words.
    rows = [
        [
            (head.split() or [""]) if column.side == "r" else head.split("\n")
            for head, column in zip(heads, table.columns, strict=True)
        ]
    ]
    for cells in table.lines:
        rows.append([read_cell(cell).split("\n") for cell in cells])
    widths = [max(map(_width, cells)) for cells in zip(*rows, strict=True)]
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
    """A cell as people read it."""
    if cell is None:
        return ""
    return quantity.exact(cell) if isinstance(cell, int) else str(cell)


def _width(lines: Sequence[str]) -> int:
    """Of a cell of several lines, in letters."""
    return max(map(len, lines))


def _narrowed(table: TextTable, width: int) -> TextTable:
    """The same table with its columns of words no wider than so many letters."""
    lines = []
    for cells in table.lines:
        lines.append(
            [
                "\n".join(wrap(cell, width))
                if column.side == "l" and isinstance(cell, str)
                else cell
                for cell, column in zip(cells, table.columns, strict=True)
            ]
        )
    return replace(table, lines=lines)


def _cell(measure: Measure, summary: Summary | None) -> Cell:
    """On two lines, the number of seeds on the second, so that the column is narrow."""
    if summary is None:
        return None
    if measure == "duration_s":
        return f"{quantity.duration(summary.mean)}\n({summary.n})"
    return spread(summary).replace(" (", "\n(")


def signed(apart: Difference) -> str:
    """−4.1 ± 0.6, or the bare difference where there is no interval."""
    number = abs(apart.mean)
    text = f"{number:.2f}" if apart.half_width is None else plus_minus(number, apart.half_width)
    bare = float(text.split()[0])
    return text if bare == 0 else ("−" if apart.mean < 0 else "+") + text
