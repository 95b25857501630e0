"""The layers that one box stands for. Folding follows the graph exactly: blocks fold only where
every layer, shape and path is equal, and the first block of a stage is never folded into its
repeats.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from resnet.diagram.content.view import View, places
from resnet.errors import UnknownNameError
from resnet.network.graph import Graph, Node
from resnet.network.operations import Relu

Layers = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """Layers that are drawn once: `alike` holds them for every block that looks the same, each with
    its own weights.

    `block` is the number of the first of these blocks in its stage, 0 in the stem and the head.
    `opened` says whether its layers are drawn, or one box for all of them. `like` names the first
    block of the stage that looks the same.
    """

    section: str
    block: int
    alike: tuple[Layers, ...]
    opened: bool = False
    like: str = ""

    @property
    def layers(self) -> Layers:
        """The layers of the first of these blocks: what is drawn."""
        return self.alike[0]

    @property
    def repeat(self) -> int:
        return len(self.alike)

    @property
    def node_ids(self) -> tuple[str, ...]:
        return tuple([node.id for layers in self.alike for node in layers])


@dataclass(frozen=True, slots=True)
class Section:
    """The stem, a stage or the head."""

    name: str
    units: tuple[Unit, ...]
    opened: bool = True

    @property
    def is_stage(self) -> bool:
        return self.name.startswith("stage")

    @property
    def blocks(self) -> int:
        return sum(unit.repeat for unit in self.units)


def fold(graph: Graph, view: View) -> tuple[Section, ...]:
    """The network's sections in order, with the units that are drawn. Raises UnknownNameError where
    the view toggles or unfolds what the network does not have."""
    known = places(graph) if view.toggled or view.unfolded else frozenset()
    for name in (*view.toggled, *view.unfolded):
        if name not in known:
            raise UnknownNameError("box", name, sorted(known))
    sections = []
    for name, blocks in groupby(graph.blocks(), key=lambda block: block[0]):
        numbered = [(number, layers) for _, number, layers in blocks]
        opened = view.opens_section(name)
        units = (
            _units(name, numbered, view)
            if opened
            else _whole_section(name, [layers for _, layers in numbered])
        )
        sections.append(Section(name, tuple(units), opened))
    return tuple(sections)


def _units(name: str, blocks: list[tuple[int, Layers]], view: View) -> Iterator[Unit]:
    # Blocks count from 1. The layers of the stem and of the head come as one block with number 0.
    return _stage(name, blocks, view) if blocks[0][0] else _runs(name, blocks[0][1], view)


def _whole_section(name: str, blocks: list[Layers]) -> Iterator[Unit]:
    """One unit for the whole section; the image is a separate unit."""
    layers = tuple([node for block in blocks for node in block])
    if layers[0].op.kind == "input":
        yield Unit(name, 0, (layers[:1],))
        layers = layers[1:]
    yield Unit(name, 0, (layers,))


def _runs(name: str, layers: Layers, view: View) -> Iterator[Unit]:
    """The stem's and the head's layers: a convolution together with the norm and ReLU that follow
    it."""
    for run in runs(layers):
        yield Unit(name, 0, (run,), opened=len(run) > 1 and view.opens_run(run[0].id))


def runs(layers: Layers) -> list[Layers]:
    """Norms and ReLUs join the layer before them, zero padding joins the layer after it."""
    grouped: list[list[Node]] = []
    for node in layers:
        # A norm or an activation "follows", zero padding "leads"; every other layer is "main" and
        # begins a run.
        if grouped and (node.op.role == "follows" or grouped[-1][-1].op.role == "leads"):
            grouped[-1].append(node)
        else:
            grouped.append([node])
    return [tuple(run) for run in grouped]


def _stage(name: str, blocks: list[tuple[int, Layers]], view: View) -> Iterator[Unit]:
    """The first block alone, then stretches of equal blocks."""
    for stretch in _stretches(blocks):
        # The whole stretch keeps the name of its first block, folded or not: links store only this
        # name.
        first = f"{name}.block{stretch[0][0]}"
        if len(stretch) == 1 or view.unfolds(first):
            for number, layers in stretch:
                yield Unit(
                    name, number, (layers,), view.opens_block(f"{name}.block{number}"), first
                )
        else:
            alike = tuple([layers for _, layers in stretch])
            yield Unit(name, stretch[0][0], alike, view.opens_block(first), first)


def _stretches(blocks: list[tuple[int, Layers]]) -> Iterator[list[tuple[int, Layers]]]:
    # The first block may change the shape; it stays alone even where it is equal.
    first, *rest = blocks
    yield [first]
    for _, alike in groupby(rest, key=lambda block: signature(block[1])):
        yield list(alike)


def revealed(graph: Graph, view: View, layer: str) -> View:
    """The view with everything opened that hides this layer. Raises KeyError for a layer the
    network does not have."""
    where = graph.by_id[layer]
    if not view.opens_section(where.section):
        view = view.toggle(where.section)
    # Without `within`, fold would refuse names that only another network has.
    section = next(part for part in fold(graph, view.within(graph)) if part.name == where.section)
    unit = next(unit for unit in section.units if layer in unit.node_ids)
    # A unit of one layer has nothing to open: its box is the layer's.
    if unit.opened or len(unit.layers) == 1:
        return view
    if unit.block:
        return view.toggle(block_name(unit.layers))
    return view.toggle(unit.layers[0].id) if view.style == "detailed" else view


def refolded(graph: Graph, view: View, name: str) -> View:
    """The view with the repeats of a block drawn one by one, or as one again; all those of a stage
    if it is one."""
    if "." in name:
        return view.refold(name)
    blocks = [
        (number, layers) for section, number, layers in graph.blocks() if section == name and number
    ]
    firsts = (
        [f"{name}.block{stretch[0][0]}" for stretch in _stretches(blocks) if len(stretch) > 1]
        if blocks
        else []
    )
    # Some drawn one by one, some not: fold all first; the next click unfolds all.
    unfolded = [first for first in firsts if view.unfolds(first)]
    for first in unfolded or firsts:
        view = view.refold(first)
    return view


def signature(layers: Layers) -> tuple[object, ...]:
    """Equal for two blocks exactly when all their layers, shapes and paths are equal; the name of
    the block does not count."""
    # The block's name and the dot behind it.
    prefix = len(block_name(layers)) + 1
    short = {node.id: node.id[prefix:] for node in layers}
    described: list[object] = []
    for node in layers:
        # An input from outside the block becomes "": which block came before does not matter.
        inputs = tuple([short.get(name, "") for name in node.inputs])
        described.append((short[node.id], node.op, inputs, node.output_shape, node.path))
    return tuple(described)


def block_name(layers: Layers) -> str:
    """ "stage1.block2" of a block's layers."""
    node = layers[0]
    return f"{node.section}.block{node.block}"


def tail(layers: Layers) -> Layers:
    """The ReLU after the addition, at the end of a block; pre-activation blocks have none."""
    return layers[-1:] if isinstance(layers[-1].op, Relu) else ()
