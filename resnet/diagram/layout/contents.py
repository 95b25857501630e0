"""The texts in closed boxes: single layers with their norm and ReLU, blocks, whole sections."""

from itertools import groupby

from resnet.diagram.content import wording
from resnet.diagram.content.fold import Layers, Section, Unit, runs
from resnet.diagram.content.wording import OWN_WEIGHTS
from resnet.diagram.layout.cards import Content
from resnet.network.graph import Graph, Node


def unit_content(graph: Graph, unit: Unit) -> Content:
    """A closed unit of an opened section."""
    return block_content(graph, unit) if unit.block else plain_content(graph, unit)


def plain_content(graph: Graph, unit: Unit) -> Content:
    """A layer of the stem or head, with the norm and ReLU that belong to it."""
    row = wording.row_of(unit.layers)
    return Content("", (), (row,), _captions(graph, unit.layers, unit.layers[-1]))


def block_content(graph: Graph, unit: Unit) -> Content:
    """A block, or the repeats of one: the brackets of the paper's Table 1."""
    rows = wording.block_rows(unit.layers, graph.config.activation_order)
    under_title = (OWN_WEIGHTS,) if unit.repeat > 1 else ()
    captions = _captions(graph, unit.layers, unit.layers[-1], unit.repeat)
    return Content(
        wording.block_title(unit), under_title, rows, captions, wording.behind(unit.layers)
    )


def section_content(graph: Graph, section: Section, unit: Unit) -> Content:
    """The stem, a stage or the head as one box."""
    if unit.layers[0].op.kind == "input":
        return plain_content(graph, unit)
    captions = _captions(graph, unit.layers, unit.layers[-1])
    # The stem and the head have no blocks, so each layer with its norm and ReLU gets a row.
    if not section.is_stage:
        rows = tuple([wording.row_of(layers) for layers in runs(unit.layers)])
        return Content(wording.section_title(section), (), rows, captions)
    blocks = [tuple(layers) for _, layers in groupby(unit.layers, key=lambda node: node.block)]
    # The last block, since the first may begin with other layers than its repeats.
    rows = wording.block_rows(blocks[-1], graph.config.activation_order)
    under_title = (wording.blocks_text(len(blocks)), *([OWN_WEIGHTS] if len(blocks) > 1 else []))
    return Content(wording.section_title(section), under_title, rows, captions)


def _captions(graph: Graph, layers: Layers, last: Node, repeat: int = 1) -> tuple[str, ...]:
    shape = wording.shape_text(last.output_shape)
    params = wording.trainable_params(graph, layers)
    return (shape, wording.params_text(params, repeat)) if params else (shape,)


def caption_room(graph: Graph, unit: Unit) -> str:
    """The longest count that this unit has in any twin of the network: with a projection and its
    norm in every block. Boxes that keep this much room do not move when the shortcuts change."""
    if unit.section in ("stem", "head"):
        return ""
    blocks = [tuple(layers) for _, layers in groupby(unit.layers, key=lambda node: node.block)]
    most = wording.params_text(
        sum(_with_projection(graph, layers) for layers in blocks), unit.repeat
    )
    # Digits have one width, so zeros measure any number of as many digits.
    return "".join("0" if sign.isdigit() else sign for sign in most)


def _with_projection(graph: Graph, layers: Layers) -> int:
    branch = tuple([node for node in layers if node.path != "shortcut"])
    channels, incoming = (
        layers[-1].output_shape[-1],
        graph.by_id[layers[0].inputs[0]].output_shape[-1],
    )
    # 1×1 kernel: incoming · channels weights; its norm: γ and β for each channel.
    return wording.trainable_params(graph, branch) + channels * incoming + 2 * channels
