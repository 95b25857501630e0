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
        "Mean ± standard deviation (seeds). A difference is the arm minus the arm it is compared"
        " with, ± half its interval: over pairs where seeds are shared, else Welch's. Intervals are"
        " not corrected for multiple comparisons."
    ),
    "The test set was read once, at the end of each run; no choice was made with it.",
)
LINE = 100
WIDTHS: dict[TableFormat, int] = {"text": 28, "latex": 24}
"""The most characters in a line of a text column."""

GAP = "  "
LATIN = 0xFF
TYPESET = "–—‘’“”"


def reading_table(
    results: Sequence[ArmResult],
    measures: Sequence[Measure] = tuple(TITLES),
    paper: Mapping[str, str] | None = None,
) -> TextTable:
    """For people: mean ± standard deviation (seeds), with sentences below. Columns without numbers
    are left out.

    `paper` has, by an arm's name, its comparison with the paper; without it there is no such
    column.
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
        against_paper = [] if paper is None else [paper.get(result.arm.name, "")]
        lines.append(
            [
                result.arm.name,
                *cells,
                result.arm.trainable_params,
                result.arm.macs,
                apart,
                *against_paper,
            ]
        )
    sentences = [f"{text}." for result in results for text in (result.sentence, *result.left_out)]
    sentences += _more_seeds(results)
    levels = sorted(
        {f"Intervals: {100 * gap.level:g} %." for result in results if (gap := result.difference)}
    )
    counted_notes = conventions(("trainable_params", "macs"))
    return TextTable(columns, lines, [*sentences, *NOTES, *levels, *counted_notes])


def _more_seeds(results: Sequence[ArmResult]) -> list[str]:
    """How many seeds would detect a difference that is within noise now, if the true one is as
    large as the measured one. Without this sentence, readers take "within noise" for "no
    effect"."""
    by_name = {result.arm.name: result for result in results}
    needed = {}
    for result in results:
        apart, against = result.difference, by_name.get(result.arm.against or "")
        if apart and against and apart.half_width is not None and not apart.beyond_noise:
            # The measure of the comparison, which need not be the first column.
            arm, against_arm = [each.summaries.get(result.measure) for each in (result, against)]
            count = seeds_to_tell(apart, (arm and arm.sd, against_arm and against_arm.sd))
            needed[result.arm.name] = f"about {count}" if count else f"more than {STUDY_SEEDS}"
    if not needed:
        return []
    counts = ", ".join(f"{count} ({name})" for name, count in needed.items())
    return [
        "Within noise does not mean equal. If the true difference is as large as the measured one,"
        f" four of five studies would detect it with this many seeds in each arm: {counts}."
    ]


def numbers_table(results: Sequence[ArmResult]) -> TextTable:
    """For programs, as CSV: one column for each number, unrounded, in percent, nats or seconds. An
    unknown number is an empty cell."""
    keys = [f"{measure}_{part}" for measure in TITLES for part in Summary._fields]
    apart = [f"difference_{part}" for part in ("measure", "against", *Difference._fields)]
    lines: list[list[Cell]] = []
    for result in results:
        # An unknown measure still fills all its columns, so every line has equally many cells.
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
    """The table as text in this format, with a line feed at the end. Raises UnknownNameError."""
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
    """The character, or a similar one that pdflatex knows without extra packages. It stops at
    unknown characters, and names may contain any."""
    plain = sign if sign in TYPESET else unicodedata.normalize("NFKD", sign)[0]
    return plain if ord(plain) <= LATIN or plain in TYPESET else "?"


def plain_text(table: TextTable) -> str:
    """For a terminal: each column is as wide as its widest cell. A cell may have several lines. The
    notes follow the table."""
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
        padded = [
            part.rjust(width) if column.side == "r" else part.ljust(width)
            for part, column, width in zip(parts, columns, widths, strict=True)
        ]
        lines.append(GAP.join(padded).rstrip())
    return lines


def read_cell(cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    return quantity.exact(cell) if isinstance(cell, int) else str(cell)


def _width(lines: Sequence[str]) -> int:
    """The width of a cell of several lines, in characters."""
    return max(map(len, lines))


def _narrowed(table: TextTable, width: int) -> TextTable:
    """The same table with its text columns at most `width` characters wide."""
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
    """Two lines, with the number of seeds on the second, so that the column stays narrow."""
    if summary is None:
        return None
    if measure == "duration_s":
        return f"{quantity.duration(summary.mean)}\n({summary.n})"
    return spread(summary).replace(" (", "\n(")


def signed(apart: Difference) -> str:
    """−4.1 ± 0.6, or the difference alone where there is no interval."""
    number = abs(apart.mean)
    text = f"{number:.2f}" if apart.half_width is None else plus_minus(number, apart.half_width)
    # A difference that rounds to 0.0 gets no sign: +0.0 would claim a direction.
    bare = float(text.split()[0])
    return text if bare == 0 else ("−" if apart.mean < 0 else "+") + text
