"""Boxes without a place: how large each is and what is painted in it.

A card's marks count from its upper left corner, so equal cards are one object however often they are drawn.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from resnet.diagram.glyphs import GLYPH, glyph
from resnet.diagram.shapes import Circle, Commands, Mark, Path, Point, Rect, Text, arrow_head, rounded, shifted
from resnet.diagram.style import OPERATION_OF_KIND
from resnet.diagram.text import width
from resnet.diagram.wording import Row, Shortcut, ShortcutKind

PAD = 7.0
TITLE_LINE = 11.5
CAPTION_LINE = 9.0
ROW_HEIGHT = 14.0
ROW_STEP = 15.5
GLYPH_STEP = GLYPH + 2.5
STACK = 2.5
"""How far each of the two sheets behind a box of repeats looks out."""

FORK = 9.0
ADDER = 6.5
TAIL_HEIGHT = 12.0
BELOW_CARD = 8.0
LANE_GAP = 9.0
LANE_END = 3.0
TAG_LINE = 8.5
CORNER = 9.0


class Content(NamedTuple):
    """What a card says, from top to bottom: a title with what stands under it, rows of layers, captions."""

    title: str
    under_title: tuple[str, ...]
    rows: tuple[Row, ...]
    captions: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The title, or the only row where there is none."""
        return self.title or self.rows[0].text

    @property
    def lines(self) -> tuple[str, ...]:
        """All that stands under the heading."""
        rows = self.rows if self.title else self.rows[1:]
        return (*self.under_title, *[row.text for row in rows], *self.captions)


@dataclass(frozen=True, slots=True)
class Arc:
    """A shortcut's line, from where it leaves the chain to the addition, with the tag that sits on it."""

    kind: ShortcutKind
    start: Point
    end: Point
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """`trunk` is where the chain runs through, from the left edge; it arrives `entry` below the top edge and leaves at
    the bottom edge."""

    width: float
    height: float
    trunk: float
    content: Content
    marks: tuple[Mark, ...]
    arcs: tuple[Arc, ...] = field(default=())
    entry: float = 0.0


def natural_width(content: Content, room: str = "") -> float:
    """The width that holds every line of this content, and `room`, a caption some twin of the network may have."""
    indent = _indent(content.rows)
    return max(
        2 * PAD + width(content.title, "title"),
        *[2 * PAD + width(text, "caption") for text in (*content.under_title, *content.captions, room)],
        *[2 * PAD + indent + width(row.text, "row") for row in content.rows],
    )


def _indent(rows: tuple[Row, ...]) -> float:
    signs = max([len(row.kinds) for row in rows], default=0)
    return signs * GLYPH_STEP + 1.5 if signs else 0


def card(content: Content, card_width: float, *, sheets: int = 0) -> Card:
    """A plain card; `sheets` look out from behind it where it stands for repeats."""
    marks: list[Mark] = []
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
    behind = [Rect(step * STACK, step * STACK, card_width, height, 4, "card") for step in range(sheets, -1, -1)]
    reach = sheets * STACK
    return Card(card_width + reach, height + reach, card_width / 2, content, (*behind, *marks))


def _row_marks(row: Row, y: float, card_width: float, indent: float) -> list[Mark]:
    main = next((kind for kind in row.kinds if kind not in ("norm", "relu")), row.kinds[0] if row.kinds else "")
    marks: list[Mark] = []
    if main:
        tint = f"{OPERATION_OF_KIND[main]}-tint"
        marks.append(Rect(PAD - 3, y, card_width - 2 * PAD + 6, ROW_HEIGHT, 2.5, tint))
    for index, kind in enumerate(row.kinds):
        marks += glyph(kind, PAD + index * GLYPH_STEP, y + (ROW_HEIGHT - GLYPH) / 2)
    marks.append(Text(PAD + indent, y + ROW_HEIGHT / 2 + 2.75, row.text, "row"))
    return marks


def layer_card(kind: str, text: str, card_width: float) -> Card:
    """One layer, one line."""
    content = Content(text, (), (), ())
    operation = OPERATION_OF_KIND.get(kind)
    marks: list[Mark] = [Rect(0, 0, card_width, LAYER_HEIGHT, 3.5, "card")]
    if operation:
        marks.append(Rect(0, 0, card_width, LAYER_HEIGHT, 3.5, f"{operation}-tint"))
    marks += glyph(kind, PAD - 2, (LAYER_HEIGHT - GLYPH) / 2)
    marks.append(Text(PAD + GLYPH_STEP, LAYER_HEIGHT / 2 + 2.75, text, "row"))
    return Card(card_width, LAYER_HEIGHT, card_width / 2, content, tuple(marks))


LAYER_HEIGHT = 16.0


def layer_width(text: str) -> float:
    return 2 * PAD + GLYPH_STEP + width(text, "row") - 2


def adder_card() -> Card:
    """The circle where residual branch and shortcut meet."""
    radius = ADDER
    marks = (Circle(radius, radius, radius - 0.5, "adder"), *_plus(radius, radius))
    return Card(2 * radius, 2 * radius, radius, Content("add", (), (), ()), marks)


def _plus(x: float, y: float) -> tuple[Mark, ...]:
    arm = 3.0
    across: Commands = (("M", x - arm, y), ("L", x + arm, y))
    upright: Commands = (("M", x, y - arm), ("L", x, y + arm))
    return Path(across, "adder-plus"), Path(upright, "adder-plus")


def tag_width(lines: tuple[str, ...]) -> float:
    return max([width(line, "tag-text") for line in lines], default=0) + 7


@dataclass(frozen=True, slots=True)
class BlockFrame:
    """What all block cards of a drawing share, so that plain and residual twins have them in the same places."""

    card_width: float
    tag_width: float

    @property
    def lane(self) -> float:
        """Room beside the card for the shortcut, kept free where there is none."""
        return LANE_GAP + self.tag_width + LANE_END

    @property
    def lane_x(self) -> float:
        """Where the shortcut runs, from the card's left edge."""
        return self.card_width + LANE_GAP + self.tag_width / 2


def block_card(content: Content, frame: BlockFrame, shortcut: Shortcut | None, *, sheets: int, ends: str,
               leaves_inside: bool) -> Card:  # fmt: skip
    """A block: the card, its shortcut beside it, the addition and what follows below.

    `ends` is the text of the ReLU behind the addition, or "". `leaves_inside` says that the shortcut reads the block's
    first row and not the block's input.
    """
    face = card(content, frame.card_width, sheets=sheets)
    x = face.trunk
    adder_y = FORK + face.height - sheets * STACK + BELOW_CARD + STACK * 2 + ADDER
    bottom = adder_y + ADDER
    end = bottom + 5 + TAIL_HEIGHT if ends else bottom
    below = FORK + face.height - sheets * STACK
    marks: list[Mark] = [Path((("M", x, below), ("L", x, end)), "chain")]
    marks += [shifted(mark, 0, FORK) for mark in face.marks]
    if shortcut:
        marks += [Circle(x, adder_y, ADDER - 0.5, "adder"), *_plus(x, adder_y)]
    if ends:
        marks += _tail_marks(ends, x, bottom + 5)
    arcs: tuple[Arc, ...] = ()
    if shortcut:
        inside = _first_row_bottom(content)
        start = (frame.card_width, FORK + inside) if leaves_inside else (x, 1)
        arcs = (_arc(shortcut, start, (x + ADDER, adder_y), frame),)
    return Card(frame.card_width + frame.lane, end, x, content, tuple(marks), arcs, FORK)


def _first_row_bottom(content: Content) -> float:
    titles = TITLE_LINE * bool(content.title) + CAPTION_LINE * len(content.under_title)
    return PAD - 2 + titles + 1.5 + ROW_HEIGHT


def _tail_marks(text: str, x: float, y: float) -> list[Mark]:
    whole = GLYPH_STEP + width(text, "tag-text") + 8
    left = x - whole / 2
    return [
        Rect(left, y, whole, TAIL_HEIGHT, TAIL_HEIGHT / 2, "card"),
        *glyph("relu", left + 4, y + (TAIL_HEIGHT - GLYPH) / 2),
        Text(left + 4 + GLYPH_STEP, y + TAIL_HEIGHT / 2 + 2.4, text, "tag-text"),
    ]


def _arc(shortcut: Shortcut, start: Point, end: Point, frame: BlockFrame) -> Arc:
    kind, x = shortcut.kind, frame.lane_x
    line = rounded([start, (x, start[1]), (x, end[1]), (end[0] + 3, end[1])], CORNER)
    marks: list[Mark] = [Path(line, kind), Path(arrow_head(end, (-1, 0)), f"{kind}-head")]
    if shortcut.tag:
        marks += tag_marks(shortcut.tag, kind, x, (start[1] + end[1]) / 2)
    return Arc(kind, start, end, tuple(marks))


def tag_marks(lines: tuple[str, ...], kind: ShortcutKind, x: float, y: float) -> list[Mark]:
    """The small box on a shortcut's line, centred on x, y."""
    box_width, height = tag_width(lines), TAG_LINE * len(lines) + 4.5
    top = y - height / 2
    texts = [Text(x, top + 8.2 + index * TAG_LINE, line, "tag-text", "middle") for index, line in enumerate(lines)]
    return [Rect(x - box_width / 2, top, box_width, height, 2.5, f"tag-{kind}"), *texts]
