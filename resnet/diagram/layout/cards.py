"""Boxes without a position: their size and what is painted in them.

The marks of a card are placed from its upper left corner, so equal cards are one object, no matter
how often they are drawn.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from resnet.diagram.content.wording import Row, ShortcutKind
from resnet.diagram.looks.glyphs import GLYPH, glyph
from resnet.diagram.looks.shapes import Circle, Commands, Mark, Path, Point, Rect, Text
from resnet.diagram.looks.style import OPERATION_OF_KIND
from resnet.diagram.looks.text import width
from resnet.network.operations import ATTACHED

PAD = 7.0
TITLE_LINE = 11.5
CAPTION_LINE = 9.0
ROW_HEIGHT = 14.0
LAYER_HEIGHT = 16.0
ROW_STEP = 15.5
GLYPH_STEP = GLYPH + 2.5
STACK = 2.5
"""How far each outline behind a box of repeats is offset."""

ADDER = 6.5
"""Radius of an addition's circle."""


class Content(NamedTuple):
    """The texts of a card from top to bottom: a title and the lines under it, rows of layers,
    captions; and `behind`, the layers that follow it in the chain."""

    title: str
    under_title: tuple[str, ...]
    rows: tuple[Row, ...]
    captions: tuple[str, ...]
    behind: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The title, or the only row where there is none."""
        return self.title or self.rows[0].text

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines under the heading."""
        rows = self.rows if self.title else self.rows[1:]
        return (*self.under_title, *[row.text for row in rows], *self.captions)


@dataclass(frozen=True, slots=True)
class Arc:
    """A shortcut's line, from where it leaves the chain to the addition, with the tag that sits on
    it."""

    kind: ShortcutKind
    label: str
    start: Point
    end: Point
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A box without a position. `trunk` is where the chain runs through it, from the left edge. The
    chain arrives `entry` below the top edge and leaves at the bottom edge."""

    width: float
    height: float
    trunk: float
    content: Content
    marks: tuple[Mark, ...]
    arcs: tuple[Arc, ...] = field(default=())
    entry: float = 0.0


def natural_width(content: Content, room: str = "") -> float:
    """The width of the widest line, `room` included: the longest caption that a plain or residual
    twin of the network has here, so that twins have boxes of one width."""
    indent = _indent(content.rows)
    return max(
        2 * PAD + width(content.title, "title"),
        *[
            2 * PAD + width(text, "caption")
            for text in (*content.under_title, *content.captions, room)
        ],
        *[2 * PAD + indent + width(row.text, "row") for row in content.rows],
    )


def _indent(rows: tuple[Row, ...]) -> float:
    signs = max([len(row.kinds) for row in rows], default=0)
    return signs * GLYPH_STEP + 1.5 if signs else 0


def card(content: Content, card_width: float, *, sheets: int = 0) -> Card:
    """A plain card. `sheets`: how many offset outlines are drawn behind it to show repetition."""
    marks: list[Mark] = []
    # y is the lower end of what is placed so far. A text is placed by its baseline, 2 or 3 points
    # above that: letters such as "p" reach below their baseline.
    y = PAD - 2
    if content.title:
        y += TITLE_LINE
        marks.append(Text(PAD, y - 3, content.title, "title"))
    for text in content.under_title:
        y += CAPTION_LINE
        marks.append(Text(PAD, y - 3, text, "caption"))
    y += 1.5 if content.title and content.rows else 0
    for row in content.rows:
        marks += _row_marks(row, y, card_width, _indent(content.rows))
        y += ROW_STEP
    for text in content.captions:
        y += CAPTION_LINE
        marks.append(Text(PAD, y - 2, text, "caption"))
    height = y + PAD - 3
    # From the back to the front, so that each outline covers the one behind it.
    behind = [
        Rect(step * STACK, step * STACK, card_width, height, 4, "card")
        for step in range(sheets, -1, -1)
    ]
    reach = sheets * STACK
    return Card(card_width + reach, height + reach, card_width / 2, content, (*behind, *marks))


def first_row_bottom(content: Content) -> float:
    """How far below the card's upper edge its first row ends."""
    titles = TITLE_LINE * bool(content.title) + CAPTION_LINE * len(content.under_title)
    return PAD - 2 + titles + 1.5 + ROW_HEIGHT


def _row_marks(row: Row, y: float, card_width: float, indent: float) -> list[Mark]:
    marks: list[Mark] = []
    if row.kinds:
        tint = f"{OPERATION_OF_KIND[_main_kind(row)]}-tint"
        marks.append(Rect(PAD - 3, y, card_width - 2 * PAD + 6, ROW_HEIGHT, 2.5, tint))
    for index, kind in enumerate(row.kinds):
        marks += glyph(kind, PAD + index * GLYPH_STEP, y + (ROW_HEIGHT - GLYPH) / 2)
    # From the middle of the row to the baseline: half the height of a capital of 8 points.
    marks.append(Text(PAD + indent, y + ROW_HEIGHT / 2 + 2.75, row.text, "row"))
    return marks


def layer_card(row: Row, content: Content, card_width: float) -> Card:
    """A layer, or a few consecutive layers, in one line: its heading."""
    marks: list[Mark] = [Rect(0, 0, card_width, LAYER_HEIGHT, 3.5, "card")]
    if row.kinds:
        marks.append(
            Rect(0, 0, card_width, LAYER_HEIGHT, 3.5, f"{OPERATION_OF_KIND[_main_kind(row)]}-tint")
        )
    for index, kind in enumerate(row.kinds):
        marks += glyph(kind, PAD - 2 + index * GLYPH_STEP, (LAYER_HEIGHT - GLYPH) / 2)
    indent = max(1, len(row.kinds)) * GLYPH_STEP
    marks.append(Text(PAD + indent, LAYER_HEIGHT / 2 + 2.75, content.heading, "row"))
    return Card(card_width, LAYER_HEIGHT, card_width / 2, content, tuple(marks))


def layer_width(row: Row) -> float:
    """The width that holds a layer's line."""
    return 2 * PAD + max(1, len(row.kinds)) * GLYPH_STEP + width(row.text, "row") - 2


def _main_kind(row: Row) -> str:
    return next((kind for kind in row.kinds if kind not in ATTACHED), row.kinds[0])


def adder_card() -> Card:
    """The circle where residual branch and shortcut meet."""
    radius = ADDER
    marks = (Circle(radius, radius, radius - 0.5, "adder"), *plus(radius, radius))
    return Card(2 * radius, 2 * radius, radius, Content("add", (), (), ()), marks)


def plus(x: float, y: float) -> tuple[Mark, ...]:
    """The sign in an addition's circle."""
    arm = 3.0
    across: Commands = (("M", x - arm, y), ("L", x + arm, y))
    upright: Commands = (("M", x, y - arm), ("L", x, y + arm))
    return Path(across, "adder-plus"), Path(upright, "adder-plus")
