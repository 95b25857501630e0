"""The style of a drawing as data: one colour for each operation, and one look for each kind of
mark.

The colours are based on those of Okabe and Ito, muted for large areas; a test measures that they
stay apart for readers with protanopia, deuteranopia and tritanopia. The table, the charts and the
legend read the same values.
"""

from dataclasses import dataclass
from typing import Literal

from resnet.diagram.looks import fonts
from resnet.network.operations import GROUPS, OPERATIONS, SHORTCUT_ONLY, Group

# Files are for paper: fixed colours. The page follows the theme of its reader, by CSS variables.
Theme = Literal["paper", "page"]


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour on light and on dark ground. `host` names the CSS variable of the page that it
    follows, if any."""

    light: str
    dark: str
    host: str = ""


OPERATION_COLOURS: dict[Group, Colour] = {
    "convolution": Colour("#1f55a5", "#4f93d6"),
    "normalisation": Colour("#b38600", "#e3ae35"),
    "activation": Colour("#b83a16", "#ef7a55"),
    "addition": Colour("#262b31", "#eef0f2"),
    "pooling": Colour("#0c7a58", "#3fc08c"),
    "dense": Colour("#ab4f8f", "#dc86c4"),
    "projection": Colour("#2a8ac9", "#86c5f7"),
    "padding": Colour("#838b93", "#8f99a3"),
}

TINTS = (
    Colour("#e4dcf1", "#453a5c"),
    Colour("#d5ead8", "#2c4b34"),
    Colour("#f6d9d5", "#5a3631"),
    Colour("#d3e4f4", "#29445c"),
    Colour("#f4e8c4", "#544822"),
    Colour("#d4ecec", "#244b4b"),
    Colour("#f3d8e8", "#553349"),
    Colour("#e3e6ea", "#3d434b"),
)
"""One for each stage, as figure 3 of He et al. 2015 has them; the words on the boxes say the
same."""

HEAT = (
    Colour("#ffffff", "#1a1e24"),
    Colour("#e8f1f8", "#20303f"),
    Colour("#cfe3f2", "#254058"),
    Colour("#b3d3ea", "#2a5070"),
    Colour("#95c2e1", "#2f6089"),
    Colour("#76b0d7", "#3570a0"),
    Colour("#589dcb", "#3c80b5"),
)
"""From none to the most: one hue, from light to dark, so that it also works in grey and for
colour-blind readers."""

STATUSES: dict[str, tuple[Colour, Colour]] = {
    "added": (Colour("#cfe6d6", "#24503a"), Colour("#0c7a58", "#3fc08c")),
    "removed": (Colour("#f7d9c8", "#5b3a26"), Colour("#b83a16", "#ef7a55")),
    "changed": (Colour("#e6dcf2", "#443a5e"), Colour("#6b4fa0", "#b49ae0")),
}
"""For differences between two networks: the ground of a box and the line of a shortcut."""

COLOURS: dict[str, Colour] = {
    "ink": Colour("#1f2328", "#e8eaed", host="--st-text-color"),
    "muted": Colour("#5c646d", "#a9b1ba"),
    "line": Colour("#59616a", "#a9b1ba"),
    "outline": Colour("#a3abb4", "#5a636e"),
    "card": Colour("#ffffff", "#1a1e24", host="--st-background-color"),
    "panel": Colour("#f4f6f8", "#22272e", host="--st-secondary-background-color"),
    "panel-line": Colour("#d3d9df", "#3a424c", host="--st-border-color"),
    **{str(operation): colour for operation, colour in OPERATION_COLOURS.items()},
    **{f"tint-{n}": colour for n, colour in enumerate(TINTS, 1)},
    **{f"heat-{n}": colour for n, colour in enumerate(HEAT)},
    **{f"is-{status}": ground for status, (ground, _) in STATUSES.items()},
    **{status: line for status, (_, line) in STATUSES.items()},
}

OPERATION_OF_KIND: dict[str, Group] = {
    **{op.kind: op.group for op in OPERATIONS if op.group and op not in SHORTCUT_ONLY},
    "projection": "projection",
    # Last, since a legend has this order: first what the branch does, then what shortcuts do.
    **{op.kind: op.group for op in SHORTCUT_ONLY if op.group},
}
"""The group, and so the colour, of each kind of layer, in the order of a legend; a convolution on a
shortcut is of kind "projection"."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a mark is painted. Colours are names in COLOURS, lengths are points."""

    fill: str = ""
    stroke: str = ""
    stroke_width: float = 0.0
    dash: tuple[float, ...] = ()
    fill_opacity: float = 1.0
    style: fonts.Style = "Regular"
    size: float = 0.0


LOOKS: dict[str, Look] = {
    "heading": Look(fill="ink", style="Semibold", size=9),
    "note": Look(fill="muted", size=7.5),
    "title": Look(fill="ink", style="Semibold", size=8.5),
    "row": Look(fill="ink", size=8),
    "caption": Look(fill="muted", size=7),
    "caption-painted": Look(fill="ink", size=7),
    "tag-text": Look(fill="ink", size=7),
    "panel": Look(fill="panel", stroke="panel-line", stroke_width=0.75),
    "block": Look(stroke="outline", stroke_width=0.75),
    "card": Look(fill="card", stroke="outline", stroke_width=0.75),
    "tag-identity": Look(fill="panel"),
    "tag-projection": Look(fill="card", stroke="projection", stroke_width=1),
    "tag-padded": Look(fill="card", stroke="padding", stroke_width=0.75, dash=(2, 1.5)),
    "adder": Look(fill="card", stroke="addition", stroke_width=1),
    "adder-plus": Look(stroke="addition", stroke_width=1),
    "chain": Look(stroke="line", stroke_width=0.9),
    "identity": Look(stroke="addition", stroke_width=1.1),
    "padded": Look(stroke="padding", stroke_width=1.1, dash=(3, 2)),
    "projection": Look(stroke="projection", stroke_width=1.3),
    "arc-same": Look(stroke="ink", stroke_width=0.8),
    "arc-change": Look(stroke="ink", stroke_width=0.9, dash=(1.2, 1.8)),
    "arc-head": Look(fill="ink"),
    "tag-plain": Look(fill="card"),
    "figure-image": Look(),
    "figure-plain": Look(fill="card", stroke="outline", stroke_width=0.6),
    **{
        f"figure-{n}": Look(fill=f"tint-{n}", stroke="outline", stroke_width=0.6)
        for n in range(1, 9)
    },
    **{
        f"heat-{n}": Look(fill=f"heat-{n}", stroke="outline", stroke_width=0.75)
        for n in range(len(HEAT))
    },
    "title-sign": Look(fill="ink", style="Bold", size=9),
    **{
        f"is-{status}": Look(fill=f"is-{status}", stroke="outline", stroke_width=0.75)
        for status in STATUSES
    },
    **{f"{status}-line": Look(stroke=status, stroke_width=1.8) for status in STATUSES},
    **{
        f"{status}-dotted": Look(stroke=status, stroke_width=1.8, dash=(3, 2))
        for status in STATUSES
    },
    **{f"{status}-head": Look(fill=status) for status in STATUSES},
    "chain-head": Look(fill="line"),
    "identity-head": Look(fill="addition"),
    "padded-head": Look(fill="padding"),
    "projection-head": Look(fill="projection"),
    **{f"{operation}-fill": Look(fill=operation) for operation in GROUPS},
    **{f"{operation}-tint": Look(fill=operation, fill_opacity=0.1) for operation in GROUPS},
    **{f"{operation}-stroke": Look(stroke=operation, stroke_width=1.5) for operation in GROUPS},
    # Replaces the entry of the loop above: the zeros of a padding have a dashed frame.
    "padding-stroke": Look(stroke="padding", stroke_width=1, dash=(1.5, 1)),
}

# CSS takes the first family that is there: the embedded font, then similar ones of many systems.
FONT_FAMILIES = (
    fonts.FAMILY,
    "Source Sans 3",
    "Source Sans",
    "Noto Sans",
    "Segoe UI",
    "Helvetica Neue",
    "Arial",
    "sans-serif",
)
FONT_WEIGHTS: dict[fonts.Style, int] = {"Regular": 400, "Semibold": 600, "Bold": 700}
