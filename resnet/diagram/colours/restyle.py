"""A drawing with other looks in the same places; blocks that still look the same stay stamps of one
template."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Box, Edge
from resnet.diagram.drawing.stamp import Stamp, Template
from resnet.diagram.layout.legend import MARGIN, Entry, spread
from resnet.diagram.looks.shapes import Circle, Mark, Rect

# Beginnings of looks, for str.startswith: figure 3 has "figure-1" to "figure-8".
FACES = ("card", "figure-", "tag-plain")

RestyleBox = Callable[[Box], Box]
RestyleEdge = Callable[[Edge], Edge]


def restyled(
    drawing: Drawing, box: RestyleBox, edge: RestyleEdge, legend: Sequence[Entry]
) -> Drawing:
    """`box` and `edge` give each part its new marks and keep its position; `legend` replaces the
    old legend."""
    templates: dict[tuple[object, ...], Template] = {}
    placed = [
        box(part) if isinstance(part, Box) else _stamp(part, box, edge, templates)
        for part in drawing.placed
    ]
    lines = [edge(line) for line in drawing.lines]
    marks, right, bottom = spread(legend, MARGIN, _below(drawing), drawing.width - MARGIN)
    return replace(
        drawing,
        placed=tuple(placed),
        lines=tuple(lines),
        legend=marks,
        width=max(drawing.width, right + MARGIN),
        height=max(drawing.height, bottom + MARGIN),
    )


def _stamp(
    stamp: Stamp, box: RestyleBox, edge: RestyleEdge, templates: dict[tuple[object, ...], Template]
) -> Stamp:
    template = stamp.template
    boxes = [box(each) for each in stamp.boxes()]
    edges = [edge(each) for each in stamp.named_edges()]
    # Blocks of one template may get different colours; each new look needs a new template.
    key = (id(template), *[each.marks for each in boxes], *[each.marks for each in edges])
    if key not in templates:
        pairs = zip(template.boxes, boxes, strict=True)
        templates[key] = replace(
            template,
            boxes=tuple([replace(old, marks=new.marks, lines=new.lines) for old, new in pairs]),
            edges=tuple(
                [
                    replace(old, marks=new.marks)
                    for old, new in zip(template.edges, edges, strict=True)
                ]
            ),
        )
    return replace(stamp, template=templates[key])


def face_of(marks: tuple[Mark, ...]) -> Mark | None:
    """The largest card of a box, the one on top of its repeats (a smaller one is the ReLU behind
    it); or the circle of an addition."""
    cards = [mark for mark in marks if isinstance(mark, Rect) and mark.look.startswith(FACES)]
    if cards:
        # The outlines of repeats all have one size, and max() keeps the first of equals. Reversed,
        # the first is the outline that is painted last, on top.
        return max(reversed(cards), key=lambda card: card.width * card.height)
    return next((mark for mark in marks if isinstance(mark, Circle) and mark.look == "adder"), None)


def _below(drawing: Drawing) -> float:
    """Just below everything that is drawn."""
    stamps = [stamp.y + stamp.template.panel.height for stamp in drawing.stamps]
    boxes = [part.y + part.height for part in drawing.placed if isinstance(part, Box)]
    return max([*stamps, *boxes, *[panel.y + panel.height for panel in drawing.grounds]]) + 12
