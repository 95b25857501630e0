"""One block of a network as a picture: a part of the network's drawing, labelled with x, F(x) and
y."""

from collections.abc import Iterator
from html import escape

from resnet import quantity
from resnet.diagram import Box, Drawing, Panel, View, draw
from resnet.diagram.formats.svg import marks_text
from resnet.network.graph import Graph, Node
from resnet.network.operations import Add, Shape

ROOM, LEFT, EDGE = 30.0, 42.0, 8.0
"""Space in points: above and below the block for x and y, left of it for F(x), and around the
picture."""

SCALE = 1.5
"""The most pixels of the page for one point of the drawing."""


def blocks(graph: Graph) -> dict[str, str]:
    """The blocks to choose from, each with its title. For each stage: the first block, and the
    second, which is the same as all later ones."""
    titles = {}
    for number, stage in enumerate(graph.config.stages, 1):
        titles[f"stage{number}.block1"] = f"Stage {number}, block 1"
        # Only the first block of a stage has a stride or other channels. The others are drawn once.
        if stage.blocks > 1:
            more = f"blocks 2 to {stage.blocks}" if stage.blocks > 2 else "block 2"
            titles[f"stage{number}.block2"] = f"Stage {number}, {more}"
    return titles


def nodes_of(graph: Graph, block: str) -> tuple[Node, ...]:
    """The layers of a block."""
    return tuple(
        [
            node
            for node in graph.nodes
            if node.block and f"{node.section}.block{node.block}" == block
        ]
    )


def shapes_of(graph: Graph, block: str) -> tuple[Shape, Shape]:
    """The shapes of the input and the output, (height, width, channels)."""
    nodes = nodes_of(graph, block)
    return graph.by_id[nodes[0].inputs[0]].output_shape, nodes[-1].output_shape


def picture(graph: Graph, block: str) -> str:
    """The block as SVG, for `app.learn.still`."""
    # The whole network is drawn with one stage and one block open. Then the picture shows only the
    # part around that block: viewBox is a window on the drawing.
    view = View(level="network", direction="TB", toggled=(block.partition(".")[0], block))
    drawing = draw(graph, view)
    [panel] = [panel for panel in drawing.panels if panel.id == block]
    left, top = panel.x - LEFT, panel.y - ROOM
    width, height = panel.width + LEFT + EDGE, panel.height + 2 * ROOM
    before, after = shapes_of(graph, block)
    label = escape(
        f"The block: x of {quantity.shape(before)} goes in, y of {quantity.shape(after)} comes out."
    )
    return (
        f'<svg class="lab-drawing" role="img" aria-label="{label}"'
        ' xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}" style="max-width:{width * SCALE:g}px">'
        f"{''.join(_parts(drawing, graph, panel))}</svg>"
    )


def _parts(drawing: Drawing, graph: Graph, panel: Panel) -> Iterator[str]:
    boxes = {box.id: box for box in drawing.boxes if box.parent == panel.id}
    # In this order, because SVG paints later elements over earlier ones: the panel, the lines, then
    # the boxes over the ends of the lines.
    yield _placed(panel)
    for edge in drawing.edges:
        if edge.target in boxes:
            yield marks_text(edge.marks)
    yield from map(_placed, boxes.values())
    nodes = nodes_of(graph, panel.id)
    # x enters and y leaves on the column of the trunk; the shortcut runs beside it.
    trunk = [node for node in nodes if node.path != "shortcut"]
    middle = boxes[trunk[0].id].x + boxes[trunk[0].id].width / 2
    before, after = shapes_of(graph, panel.id)
    bottom = panel.y + panel.height
    yield _text(middle + 6, panel.y - 14, f"x   {quantity.shape(before)}")
    yield f'<path class="chain" d="M{middle:g} {panel.y - ROOM:g}V{panel.y + 2:g}"/>'
    yield _text(middle + 6, bottom + 20, f"y   {quantity.shape(after)}")
    last = boxes[trunk[-1].id]
    yield f'<path class="chain" d="M{middle:g} {last.y + last.height:g}V{bottom + ROOM - 4:g}"/>'
    yield f'<path class="chain-head" d="M{middle:g} {bottom + ROOM:g}l-2.2 -5h4.4z"/>'
    # The addition and what follows are not part of F(x): y = ReLU(F(x) + x).
    branch = [boxes[node.id] for node in trunk if not isinstance(node.op, Add)]
    yield from _bracket(panel.x - 6, branch[0], _last_before_addition(branch, trunk))


def _last_before_addition(branch: list[Box], trunk: list[Node]) -> Box:
    """The end of F(x): the input of the addition, or in a plain block the last box before the
    ReLU."""
    # The first input of an addition is the branch, the second one is the shortcut.
    added = next(
        (node.inputs[0] for node in trunk if isinstance(node.op, Add)), trunk[-1].inputs[0]
    )
    return next(box for box in branch if box.id == added)


def _bracket(x: float, first: Box, last: Box) -> Iterator[str]:
    top, bottom = first.y, last.y + last.height
    yield f'<path class="chain" fill="none" d="M{x:g} {top:g}h-5V{bottom:g}h5"/>'
    yield _text(x - 30, (top + bottom) / 2 + 3, "F(x)")


def _placed(part: Box | Panel) -> str:
    return f'<g transform="translate({part.x:g} {part.y:g})">{marks_text(part.marks)}</g>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text class="heading" x="{x:g}" y="{y:g}">{escape(text)}</text>'
