"""Tables as text: CSV for programs, Markdown and LaTeX for people, from one description.

For a number of `resnet.network.numbers`, the heading and the convention below the table come from
there.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from resnet import quantity
from resnet.network.numbers import NUMBERS
from resnet.network.operations import Shape


class Compared(NamedTuple):
    """A number in two networks, and after − before; None where a network lacks it."""

    before: int | None
    after: int | None
    difference: int | None


Cell = int | str | Shape | Compared | None


class Column(NamedTuple):
    """One column. `keys` are its headings in CSV: one, or three where its cells are `Compared`.
    Numbers are aligned right, words left."""

    keys: tuple[str, ...]
    heading: str
    side: Literal["l", "r"]


def named(key: str, heading: str) -> Column:
    """A column of names, kinds or shapes."""
    return Column((key,), heading, "l")


def counted(key: str, heading: str | None = None) -> Column:
    """A column of whole numbers; without a `heading`, `key` is one of `NUMBERS`."""
    return Column((key,), heading or NUMBERS[key].heading, "r")


def compared(key: str) -> Column:
    """A column of `Compared`; `key` is one of `NUMBERS`."""
    keys = tuple([f"{key}_{part}" for part in Compared._fields])
    return Column(keys, NUMBERS[key].heading, "r")


def conventions(keys: Iterable[str]) -> tuple[str, ...]:
    """The conventions of these `NUMBERS`, such as "MACs: multiply-adds of one forward pass …"."""
    notes = []
    for key in keys:
        if key in NUMBERS:
            number = NUMBERS[key]
            text = number.convention
            notes.append(f"{number.heading}: {text[:1].lower()}{text[1:]}")
    return tuple(notes)


TableKind = Literal["tabular", "longtable"]
SHORT: TableKind = "tabular"
LONG: TableKind = "longtable"
"""Environments of LaTeX; only the second can continue on a new page."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """Columns, lines with as many cells, and notes below. `total`: whether the last line is a
    total."""

    columns: Sequence[Column]
    lines: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    total: bool = False

    def csv(self) -> str:
        """Plain numbers, shapes as 32x32x16, empty cells for None; quoted where necessary (RFC
        4180); without notes. Text is `guarded`."""
        lines = [[guarded(key) for column in self.columns for key in column.keys]]
        for cells in self.lines:
            lines.append([text for cell in cells for text in _plain(cell)])
        return "".join([",".join(map(_quoted, line)) + "\n" for line in lines])

    def markdown(self) -> str:
        """A pipe table of numbers such as 4,608 or "4,608 → 9,216 (+4,608)", with the notes in
        italics below."""
        # The colons of Markdown's second line align a column: `:--` left, `--:` right.
        rules = [":--" if column.side == "l" else "--:" for column in self.columns]
        rows = [[column.heading for column in self.columns], rules]
        for line in self.lines:
            rows.append([in_markdown(_read(cell)) for cell in line])
        lines = [f"| {' | '.join(cells)} |" for cells in rows]
        return "\n".join([*lines, "", f"*{in_markdown(' '.join(self.notes))}*", ""])

    def latex(self) -> str:
        """Small, narrow tables with as many columns as fit on a page; each repeats the first
        column. Notes are below them and in comments. No package is needed, except longtable for a
        table longer than a page, which repeats its heading on each.

        `LINE_POINTS` wide at most: one column of the class `article`, or both of two inside
        `table*`.
        """
        # One word a line: a heading must not make its column wider than its numbers need.
        rows = [[column.heading.replace(" ", "\n") for column in self.columns]]
        for line in self.lines:
            rows.append([_read(cell) for cell in line])
        # LaTeX cannot break a `tabular` at the end of a page.
        long = sum([_height(row) for row in rows]) > MOST_LINES
        use, kind = (LONG_USE, LONG) if long else (SHORT_USE, SHORT)
        parts = [self._part(rows, places, kind) for places in _parts(rows)]
        return "\n".join(
            [
                *[f"% {line}" for line in use],
                *[f"% {note}" for note in self.notes],
                r"\par\smallskip\begingroup\scriptsize\setlength{\tabcolsep}{3pt}",
                *parts,
                rf"\noindent {_escaped(' '.join(self.notes))}\par",
                r"\endgroup",
                "",
            ]
        )

    def _part(
        self,
        rows: Sequence[Sequence[str]],
        places: Sequence[int],
        kind: TableKind,
    ) -> str:
        """One table with the columns at these places."""
        sides = "".join([self.columns[place].side for place in places])
        # A row is aligned at the last lines of the headings, next to the rule, and at the first
        # lines of other cells.
        head = _line(rows[0], places, sides, "b")
        body = [_line(row, places, sides, "t") for row in rows[1:]]
        if self.total and len(body) > 1:
            # A rule above the total, which is the last line.
            body.insert(-1, r"\hline")
        if kind == LONG:
            begin = [
                rf"\begin{{longtable}}[l]{{{sides}}}",
                # longtable repeats on each page what stands before \endhead and \endfoot.
                rf"\hline {head} \hline \endhead",
                r"\hline \endfoot",
            ]
            end = [
                r"\end{longtable}",
                r"\addtocounter{table}{-1}% without a caption it takes no number",
            ]
        else:
            begin = [rf"\noindent\begin{{tabular}}{{{sides}}}", rf"\hline {head} \hline"]
            end = [r"\hline", r"\end{tabular}\par\smallskip"]
        return "\n".join([*begin, *body, *end])


# TeX's points, 72.27 an inch.
LINE_POINTS, GAP_POINTS = 325.0, 6.0
"""The width of a table, and the gap between two columns. A line of `article` is 345 points wide;
with letters of 11 points a table needs a fifteenth more."""

MOST_LINES = 50
"""The most lines of a table on one page."""

SHORT_USE = (
    r"Needs no package. In one column as it stands: \input it; of two columns it takes both:",
    r"\begin{table*} \input{...} \caption{...} \end{table*}",
)
LONG_USE = (
    (
        r"Needs \usepackage{longtable}. Longer than a page: in a paper of two columns it needs"
        r" \onecolumn before it."
    ),
)
POINTS = {
    **dict.fromkeys("ijl.,;:'|!`", 2.4),
    **dict.fromkeys("frst()[]-I/ ", 3.3),
    **dict.fromkeys("mw", 6.4),
    **dict.fromkeys("0123456789abcdeghknopquvxyz", 4.1),
}
"""Widths of letters in \\scriptsize, in points, slightly too large. Other letters have `WIDEST`."""

WIDEST = 7.3


def _height(row: Sequence[str]) -> int:
    """The number of text lines in a row."""
    return max([text.count("\n") + 1 for text in row], default=0)


def _points(text: str) -> float:
    """The width of the longest line."""
    return max([sum(map(_letter_points, line)) for line in text.split("\n")])


def _letter_points(letter: str) -> float:
    return POINTS.get(letter, WIDEST)


def _parts(rows: Sequence[Sequence[str]]) -> list[list[int]]:
    """Divide the columns into as few tables as possible, about equally wide. Each has the first
    column."""
    widths = [max(map(_points, column)) + GAP_POINTS for column in zip(*rows, strict=True)]
    fewest = len(_filled(widths, LINE_POINTS))
    # The smallest limit that gives no more tables divides the columns most evenly.
    limits = [LINE_POINTS * share / 20 for share in range(1, 21)]
    return next(parts for limit in limits if len(parts := _filled(widths, limit)) == fewest)


def _filled(widths: Sequence[float], limit: float) -> list[list[int]]:
    """Fill a table with columns until it would be wider than `limit`, then begin the next."""
    parts: list[list[int]] = [[]]
    for place, width in enumerate(widths):
        # At least one column besides the repeated first one, even if it is too wide.
        if len(parts[-1]) > 1 and sum([widths[at] for at in parts[-1]]) + width > limit:
            parts.append([0])
        parts[-1].append(place)
    return parts


def _plain(cell: Cell) -> Iterable[str]:
    """The CSV cells of a cell: one, or three for a `Compared`."""
    # Asked before `tuple`: a Compared is a tuple too, and so is a shape.
    if isinstance(cell, Compared):
        return ["" if value is None else str(value) for value in cell]
    if isinstance(cell, tuple):
        return ["x".join(map(str, cell))]
    return ["" if cell is None else guarded(cell) if isinstance(cell, str) else str(cell)]


FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""The start of a cell that a spreadsheet takes for a formula, or of a guarded one."""


def guarded(text: str) -> str:
    """Text for a CSV cell: an apostrophe before text that a spreadsheet would run as a formula.
    Numbers are not changed.

    All CSV files of this project use it; `unguarded` reverses it.
    """
    return f"'{text}" if FORMULA.match(text) and not _is_number(text) else text


def unguarded(text: str) -> str:
    """The original text of `guarded` text."""
    # FORMULA matches apostrophes at the start too, so a text that had one already gets it back.
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    # float() also accepts other scripts' digits, spaces and 1_000, which are text elsewhere.
    return text.isascii() and text == text.strip() and "_" not in text


def _quoted(text: str) -> str:
    """The text, quoted where it contains a separator. Spreadsheets of many countries separate cells
    at semicolons or tabs."""
    divides = any(sign in text for sign in ',;"\t\r\n')
    return '"' + text.replace('"', '""') + '"' if divides else text


def _read(cell: Cell) -> str:
    """A cell as people read it. A line break marks where a narrow column may break it."""
    match cell:
        case None:
            return ""
        case Compared():
            return _change(cell)
        case int():
            return quantity.exact(cell)
        case str():
            return cell
    return quantity.shape(cell)


def _change(cell: Compared) -> str:
    """ "4,608 → 9,216 (+4,608)", one number where nothing changes, "– → 4,608" where there was
    none."""
    before, after, difference = cell
    was, now = ["–" if value is None else quantity.exact(value) for value in (before, after)]
    if before == after:
        return "" if before is None else was
    if before is None or after is None or difference is None:
        return f"{was} → {now}"
    # A minus sign is as wide as the plus; a hyphen is shorter.
    return f"{was} → {now}\n" + f"({difference:+,})".replace("-", "−")


MARKUP = re.compile(r"[\\`*~\[<&|]|(?<![^\W_])_|_(?![^\W_])")
"""Characters with a meaning in Markdown. An underscore inside a word has none, so identifiers stay
readable."""


def in_markdown(text: str) -> str:
    """Text on one line without Markdown: a name that a person typed cannot end a column or load an
    image."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines()))


SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "%&#_{}$"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
    | {"[": "{[}"}  # after a line's end it would begin an option
    | {"→": r"$\to$", "−": "$-$", "–": "--", "×": r"$\times$"}
)
"""Characters that LaTeX reads as commands, or lacks in its standard fonts."""


def _line(
    row: Sequence[str], places: Sequence[int], sides: str, baseline: Literal["t", "b"]
) -> str:
    """A row of LaTeX with the columns at these places."""
    cells = zip(places, sides, strict=True)
    return " & ".join([_set(row[place], side, baseline) for place, side in cells]) + r" \\"


def _set(text: str, side: str, baseline: Literal["t", "b"] = "t") -> str:
    """A cell, which may have several lines. `baseline`: whether the row is aligned with the cell's
    first line ("t") or last line ("b")."""
    lines = r" \\ ".join([_escaped(line) for line in text.split("\n")])
    if "\n" not in text:
        return lines
    # A table inside the cell: LaTeX breaks a line in a cell only where its width is given. @{}
    # removes the space at its sides.
    return rf"\begin{{tabular}}[{baseline}]{{@{{}}{side}@{{}}}}{lines}\end{{tabular}}"


def _escaped(text: str) -> str:
    return text.translate(SIGNS)
