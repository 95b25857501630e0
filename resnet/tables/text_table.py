"""Tables as text to paste: CSV for programs, Markdown and LaTeX for people, from one description.

A column of `resnet.network.numbers` has its heading from there, and its convention below the table.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from resnet import quantity
from resnet.network.graph import Shape
from resnet.network.numbers import NUMBERS


class Compared(NamedTuple):
    """A number in two networks, and after − before; None where a network lacks it."""

    before: int | None
    after: int | None
    difference: int | None


Cell = int | str | Shape | Compared | None


class Column(NamedTuple):
    """One column. `keys` are its headings in CSV: one, or three where its cells are `Compared`.
    Numbers are set to the right, words to the left."""

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
    """What the columns of `NUMBERS` count, such as "MACs: multiply-adds of one forward pass …"."""
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
"""Environments of LaTeX; only the second may run over several pages."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """Columns, lines of as many cells, and notes below. `total` tells whether the last line is a
    total."""

    columns: Sequence[Column]
    lines: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    total: bool = False

    def csv(self) -> str:
        """Plain numbers, shapes as 32x32x16, nothing for None; quoted where it has to be (RFC
        4180); no notes. Text is `guarded`."""
        lines = [[guarded(key) for column in self.columns for key in column.keys]]
        for cells in self.lines:
            lines.append([text for cell in cells for text in _plain(cell)])
        return "".join([",".join(map(_quoted, line)) + "\n" for line in lines])

    def markdown(self) -> str:
        """A pipe table of numbers such as 4,608 or "4,608 → 9,216 (+4,608)", with the notes in
        italics below."""
        rules = [":--" if column.side == "l" else "--:" for column in self.columns]
        rows = [[column.heading for column in self.columns], rules]
        for line in self.lines:
            rows.append([in_markdown(_read(cell)) for cell in line])
        lines = [f"| {' | '.join(cells)} |" for cells in rows]
        return "\n".join([*lines, "", f"*{in_markdown(' '.join(self.notes))}*", ""])

    def latex(self) -> str:
        """Small, tight tables of as many columns as a page takes, each with the first one; the
        notes below them and as comments. No package is needed, but longtable for one that is longer
        than a page: its heading is said again on each.

        `LINE_POINTS` wide at most: one column of the class `article`, or both of two inside
        `table*`.
        """
        rows = [[column.heading.replace(" ", "\n") for column in self.columns]]
        for line in self.lines:
            rows.append([_read(cell) for cell in line])
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
        """One table, of the columns at these places."""
        sides = "".join([self.columns[place].side for place in places])
        head = _line(rows[0], places, sides, "b")
        body = [_line(row, places, sides, "t") for row in rows[1:]]
        if self.total and len(body) > 1:
            body.insert(-1, r"\hline")
        if kind == LONG:
            begin = [
                rf"\begin{{longtable}}[l]{{{sides}}}",
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


LINE_POINTS, GAP_POINTS = 325.0, 6.0
"""The width of a table, and of the gap between two columns. `article` is 345 points wide; with
letters of 11 points a table needs a fifteenth more."""

MOST_LINES = 50
"""The most lines of a table that stands on one page."""

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
"""Letters of \\scriptsize in points, rather too wide; any other takes `WIDEST`."""

WIDEST = 7.3


def _height(row: Sequence[str]) -> int:
    """How many lines of text a row takes."""
    return max([text.count("\n") + 1 for text in row], default=0)


def _points(text: str) -> float:
    """The width of its longest line."""
    return max([sum(map(_letter_points, line)) for line in text.split("\n")])


def _letter_points(letter: str) -> float:
    return POINTS.get(letter, WIDEST)


def _parts(rows: Sequence[Sequence[str]]) -> list[list[int]]:
    """How the columns are divided into tables, each with the first column: into as few as fit on a
    page, about equally wide."""
    widths = [max(map(_points, column)) + GAP_POINTS for column in zip(*rows, strict=True)]
    fewest = len(_filled(widths, LINE_POINTS))
    # The narrowest limit that needs no further table divides the columns most evenly.
    limits = [LINE_POINTS * share / 20 for share in range(1, 21)]
    return next(parts for limit in limits if len(parts := _filled(widths, limit)) == fewest)


def _filled(widths: Sequence[float], limit: float) -> list[list[int]]:
    """Columns put into a table until it would be wider than `limit`, then into the next."""
    parts: list[list[int]] = [[]]
    for place, width in enumerate(widths):
        if len(parts[-1]) > 1 and sum([widths[at] for at in parts[-1]]) + width > limit:
            parts.append([0])
        parts[-1].append(place)
    return parts


def _plain(cell: Cell) -> Iterable[str]:
    """The cells in CSV: one, or three of a `Compared`."""
    if isinstance(cell, Compared):
        return ["" if value is None else str(value) for value in cell]
    if isinstance(cell, tuple):
        return ["x".join(map(str, cell))]
    return ["" if cell is None else guarded(cell) if isinstance(cell, str) else str(cell)]


FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""How a cell begins that a spreadsheet takes for a formula, and one that was kept from it."""


def guarded(text: str) -> str:
    """For a cell of a CSV: text that a spreadsheet would run as a formula gets an apostrophe.
    Numbers stay as they are.

    Every CSV of this project is written through this; `unguarded` gives the text back.
    """
    return f"'{text}" if FORMULA.match(text) and not _is_number(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` made this of."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and text == text.strip() and "_" not in text


def _quoted(text: str) -> str:
    """Quoted at semicolons and tabs too: in many countries a spreadsheet divides cells there."""
    divides = any(sign in text for sign in ',;"\t\r\n')
    return '"' + text.replace('"', '""') + '"' if divides else text


def _read(cell: Cell) -> str:
    """As people read it; a line break is where a narrow column may break it."""
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
    return f"{was} → {now}\n" + f"({difference:+,})".replace("-", "−")


MARKUP = re.compile(r"[\\`*~\[<&|]|(?<![^\W_])_|_(?![^\W_])")
"""Signs with a meaning in Markdown. An underscore inside a word has none, so identifiers stay
legible."""


def in_markdown(text: str) -> str:
    """On one line, every sign a plain letter: a name that a person typed can neither end a column
    nor load an image."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines()))


SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "%&#_{}$"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
    | {"[": "{[}"}  # after a line's end it would begin an option
    | {"→": r"$\to$", "−": "$-$", "–": "--", "×": r"$\times$"}
)
"""What LaTeX reads as commands, and what its plain letters lack."""


def _line(
    row: Sequence[str], places: Sequence[int], sides: str, baseline: Literal["t", "b"]
) -> str:
    """A row of LaTeX, of the columns at these places."""
    cells = zip(places, sides, strict=True)
    return " & ".join([_set(row[place], side, baseline) for place, side in cells]) + r" \\"


def _set(text: str, side: str, baseline: Literal["t", "b"] = "t") -> str:
    """A cell, of several lines where the text has them. `baseline` says whether the row's line runs
    through the first of them ("t") or the last ("b")."""
    lines = r" \\ ".join([_escaped(line) for line in text.split("\n")])
    if "\n" not in text:
        return lines
    return rf"\begin{{tabular}}[{baseline}]{{@{{}}{side}@{{}}}}{lines}\end{{tabular}}"


def _escaped(text: str) -> str:
    return text.translate(SIGNS)
