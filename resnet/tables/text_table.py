"""Tables as text to paste: CSV for programs, Markdown and LaTeX for people. What stands in a table
is said once.

What the columns count is `resnet.network.metrics.CONVENTIONS`, written below the table for people.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from resnet import quantity
from resnet.network.metrics import CONVENTIONS
from resnet.network.operations import Shape

HEADINGS = {
    "depth": "Depth",
    "trainable_params": "Parameters",
    "non_trainable_params": "Not trained",
    "macs": "MACs",
    "activation_bytes": "Memory, bytes",
    "receptive_field": "Sees, pixels",
}
"""What people read above a column that `resnet.network.metrics` counts."""


class Compared(NamedTuple):
    """A number in two networks, and after − before; None where there is nothing to say."""

    before: int | None
    after: int | None
    difference: int | None


Cell = int | str | Shape | Compared | None


class Column(NamedTuple):
    """`keys` head it in CSV: one, or three where its cells are `Compared`. Numbers stand to the
    right, words left."""

    keys: tuple[str, ...]
    heading: str
    side: Literal["l", "r"]


def named(key: str, heading: str) -> Column:
    """A column of names, kinds or shapes."""
    return Column((key,), heading, "l")


def counted(key: str, heading: str | None = None) -> Column:
    """A column of whole numbers; what `resnet.network.metrics` counts has its heading here."""
    return Column((key,), heading or HEADINGS[key], "r")


def compared(key: str) -> Column:
    """A column of `Compared`."""
    return Column(tuple([f"{key}_{part}" for part in Compared._fields]), HEADINGS[key], "r")


def conventions(keys: Iterable[str]) -> tuple[str, ...]:
    """What each column that is counted counts, such as "MACs: multiply-adds of one forward pass
    …"."""
    texts = {HEADINGS[key]: CONVENTIONS[key] for key in keys if key in CONVENTIONS}
    return tuple([f"{heading}: {text[:1].lower()}{text[1:]}" for heading, text in texts.items()])


@dataclass(frozen=True, slots=True)
class TextTable:
    """Columns, lines of as many cells, `notes` below; where there is a `total`, it is the last
    line."""

    columns: Sequence[Column]
    lines: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    total: bool = False

    def csv(self) -> str:
        """Plain numbers, shapes as 32x32x16, nothing for None; quoted where it has to be (RFC
        4180); no notes. Text is `guarded`."""
        head = [guarded(key) for column in self.columns for key in column.keys]
        body = [[text for cell in line for text in _plain(cell)] for line in self.lines]
        return "".join([",".join(map(_quoted, line)) + "\n" for line in (head, *body)])

    def markdown(self) -> str:
        """A pipe table of numbers such as 4,608 or "4,608 → 9,216 (+4,608)", with the notes in
        italics below."""
        rules = [":--" if column.side == "l" else "--:" for column in self.columns]
        heading = [column.heading for column in self.columns]
        body = [[in_markdown(_read(cell)) for cell in line] for line in self.lines]
        lines = [f"| {' | '.join(cells)} |" for cells in (heading, rules, *body)]
        return "\n".join([*lines, "", f"*{in_markdown(' '.join(self.notes))}*", ""])

    def latex(self) -> str:
        """Small, tight tables of as many columns as a page takes, each with the first one; the
        notes below them and as comments. No package is needed, but longtable for one that is longer
        than a page: its heading is said again on each.

        `LINE_POINTS` wide at most: one column of the class `article`, or both of two inside
        `table*`.
        """
        heading = [column.heading.replace(" ", "\n") for column in self.columns]
        rows = [heading, *[[_read(cell) for cell in line] for line in self.lines]]
        long = sum([max(text.count("\n") + 1 for text in row) for row in rows if row]) > MOST_LINES
        use = LONG_USE if long else SHORT_USE
        parts = [
            self._part(rows, part, "longtable" if long else "tabular") for part in _parts(rows)
        ]
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
        kind: Literal["tabular", "longtable"],
    ) -> str:
        """The columns at these places."""
        sides = "".join([self.columns[place].side for place in places])
        head, *body = [
            " & ".join(
                [
                    _set(row[at], side, "t" if place else "b")
                    for at, side in zip(places, sides, strict=True)
                ]
            )
            + r" \\"
            for place, row in enumerate(rows)
        ]
        if self.total and len(body) > 1:
            body.insert(-1, r"\hline")
        if kind == "longtable":
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
"""Of a table and between its columns. `article` is 345 pt wide; with letters of 11 pt they need a
fifteenth more."""

MOST_LINES = 50
"""Of a table that stands on one page."""

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


def _points(text: str) -> float:
    """The width of its longest line."""
    return max(sum([POINTS.get(letter, WIDEST) for letter in line]) for line in text.split("\n"))


def _parts(rows: Sequence[Sequence[str]]) -> list[list[int]]:
    """Places of columns that stand side by side beside the first one: in as few tables as fit,
    about equally wide."""
    widths = [max(map(_points, column)) + GAP_POINTS for column in zip(*rows, strict=True)]
    fewest = len(_filled(widths, LINE_POINTS))
    limits = [LINE_POINTS * share / 20 for share in range(1, 21)]
    return next(parts for limit in limits if len(parts := _filled(widths, limit)) == fewest)


def _filled(widths: Sequence[float], limit: float) -> list[list[int]]:
    parts: list[list[int]] = [[]]
    for place, width in enumerate(widths):
        if len(parts[-1]) > 1 and sum([widths[at] for at in parts[-1]]) + width > limit:
            parts.append([0])
        parts[-1].append(place)
    return parts


def _plain(cell: Cell) -> Iterable[str]:
    """What a cell is in CSV: three of them if compared."""
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

    Every CSV of this project is written through this; `unguarded` gives the text back, whatever it
    was.
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
    """Also where another sign than the comma may part cells: a spreadsheet splits at semicolons in
    half of Europe."""
    return (
        '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',;"\t\r\n') else text
    )


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
"""What Markdown obeys inside a line. An underscore within a word is a letter to it: identifiers
stay legible."""


def in_markdown(text: str) -> str:
    """On one line, and a letter for a letter: a name somebody typed ends no column, and fetches
    nothing when read."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines()))


SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "%&#_{}$"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
    | {"[": "{[}"}  # after a line's end it would begin an option
    | {"→": r"$\to$", "−": "$-$", "–": "--", "×": r"$\times$"}
)
"""What LaTeX reads as commands, and what its plain letters lack."""


def _set(text: str, side: str, baseline: Literal["t", "b"] = "t") -> str:
    """A cell, of several lines where the text has them; its row stands on the first or on the
    last."""
    lines = r" \\ ".join([_escaped(line) for line in text.split("\n")])
    return (
        rf"\begin{{tabular}}[{baseline}]{{@{{}}{side}@{{}}}}{lines}\end{{tabular}}"
        if "\n" in text
        else lines
    )


def _escaped(text: str) -> str:
    return text.translate(SIGNS)
