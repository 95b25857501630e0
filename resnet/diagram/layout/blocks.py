"""A closed block: its card, the lane with its shortcut, its addition, and the ReLU after it."""

from dataclasses import dataclass

from resnet.diagram.content.wording import ADD, Shortcut, ShortcutKind
from resnet.diagram.layout.cards import (
    ADDER,
    GLYPH_STEP,
    STACK,
    Arc,
    Card,
    Content,
    card,
    first_row_bottom,
    plus,
)
from resnet.diagram.looks.glyphs import GLYPH, glyph
from resnet.diagram.looks.shapes import (
    Circle,
    Mark,
    Path,
    Point,
    Rect,
    Text,
    arrow_head,
    rounded,
    shifted,
)
from resnet.diagram.looks.text import width

FORK = 9.0
LEAVES = 1.0
"""How far below a block's upper edge its shortcut leaves the chain (LEAVES) and the chain reaches
the card (FORK)."""
# All in points. The tail is the ReLU after the addition; the lane is the strip at the right of the
# card, where the shortcut runs.
ABOVE_TAIL = 5.0
TAIL_HEIGHT = 12.0
BELOW_CARD = 13.0
LANE_GAP = 9.0
LANE_END = 3.0
TAG_LINE = 8.5
CORNER = 9.0


def tag_width(lines: tuple[str, ...]) -> float:
    return max([width(line, "tag-text") for line in lines], default=0) + 7


@dataclass(frozen=True, slots=True)
class BlockFrame:
    """Sizes that all block cards of a drawing share, so that plain and residual twins have them in
    the same places."""

    card_width: float
    tag_width: float

    @property
    def lane(self) -> float:
        """Room next to the card for the shortcut; a plain block has the same room, empty."""
        return LANE_GAP + self.tag_width + LANE_END

    @property
    def lane_x(self) -> float:
        """Where the shortcut runs, from the card's left edge."""
        return self.card_width + LANE_GAP + self.tag_width / 2


def block_card(
    content: Content,
    frame: BlockFrame,
    shortcut: Shortcut | None,
    *,
    sheets: int,
    leaves_inside: bool,
) -> Card:
    """A block: the card, the shortcut next to it, the addition and the ReLU after it.

    `leaves_inside` says that the shortcut reads the block's first row and not the block's input.
    """
    face = card(content, frame.card_width, sheets=sheets)
    # The outlines of repeats reach below the card, but the chain leaves the card itself.
    x, below = face.trunk, FORK + face.height - sheets * STACK
    adder_y = below + BELOW_CARD + ADDER
    # Plain blocks keep the room of the addition, so that twins have equal heights.
    bottom = end = adder_y + ADDER
    marks: list[Mark] = []
    arcs: tuple[Arc, ...] = ()
    if shortcut:
        # A pre-activation projection reads the first norm and ReLU: its line leaves the right edge
        # of the card, at the lower end of that row. Every other shortcut leaves the chain above the
        # card.
        start = (
            (frame.card_width, FORK + first_row_bottom(content)) if leaves_inside else (x, LEAVES)
        )
        arcs = (_arc(shortcut, start, (x + ADDER, adder_y), frame),)
        marks += [Circle(x, adder_y, ADDER - 0.5, "adder"), *plus(x, adder_y)]
    # `behind` ends with the ReLU in post-activation order. In pre-activation order it ends with the
    # addition, or is empty in a plain network: then no tail is drawn.
    if content.behind[-1:] not in ((), (ADD,)):
        marks += _tail_marks(content.behind[-1], x, bottom + ABOVE_TAIL)
        end = bottom + ABOVE_TAIL + TAIL_HEIGHT
    line = Path((("M", x, below), ("L", x, end)), "chain")
    painted = (line, *[shifted(mark, 0, FORK) for mark in face.marks], *marks)
    return Card(frame.card_width + frame.lane, end, x, content, painted, arcs, FORK)


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
    # The line ends 3 points before the arrow's tip, inside its head: so the tip stays sharp.
    line = rounded([start, (x, start[1]), (x, end[1]), (end[0] + 3, end[1])], CORNER)
    marks: list[Mark] = [Path(line, kind), Path(arrow_head(end, (-1, 0)), f"{kind}-head")]
    if shortcut.tag:
        marks += tag_marks(shortcut.tag, kind, x, (start[1] + end[1]) / 2)
    return Arc(kind, ", ".join(shortcut.tag), start, end, tuple(marks))


def tag_marks(lines: tuple[str, ...], kind: ShortcutKind, x: float, y: float) -> list[Mark]:
    """The small box on a shortcut's line, centred on x, y."""
    box_width, height = tag_width(lines), TAG_LINE * len(lines) + 4.5
    top = y - height / 2
    texts = [
        Text(x, top + 8.2 + index * TAG_LINE, line, "tag-text", "middle")
        for index, line in enumerate(lines)
    ]
    return [Rect(x - box_width / 2, top, box_width, height, 2.5, f"tag-{kind}"), *texts]
