"""Which layers one box stands for. Folding comes from the graph and is exact: blocks fold only where every layer, shape
and path is equal, and the first block of a stage is never folded into its repeats.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from resnet.graph import Graph, Node, Relu

Level = Literal["network", "stage", "block", "layer"]
LEVELS: tuple[Level, ...] = get_args(Level)

Layers = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """Layers that are drawn once: `alike` holds them for every block that looks the same, each with its own weights.

    `block` is the number of the first of these blocks in its stage, 0 in the stem and the head.
    """

    section: str
    block: int
    alike: tuple[Layers, ...]

    @property
    def layers(self) -> Layers:
        """The layers of the first of the alike: what is drawn."""
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

    @property
    def is_stage(self) -> bool:
        return self.name.startswith("stage")

    @property
    def blocks(self) -> int:
        return sum(unit.repeat for unit in self.units)


def fold(graph: Graph, level: Level) -> tuple[Section, ...]:
    """The network's sections in order, with the units that are drawn at this level."""
    sections = []
    for name, blocks in groupby(graph.blocks(), key=lambda block: block[0]):
        numbered = [(number, layers) for _, number, layers in blocks]
        sections.append(Section(name, tuple(_units(name, numbered, level))))
    return tuple(sections)


def _units(name: str, blocks: list[tuple[int, Layers]], level: Level) -> Iterator[Unit]:
    everything = [layers for _, layers in blocks]
    if level == "network":
        yield from _whole_section(name, everything)
    elif blocks[0][0] == 0:
        yield from _runs(name, everything[0], level)
    elif level == "layer":
        for number, layers in blocks:
            yield Unit(name, number, (layers,))
    else:
        yield from _folded(name, blocks)


def _whole_section(name: str, blocks: list[Layers]) -> Iterator[Unit]:
    """One unit for all of it; the image stays by itself."""
    layers = tuple([node for block in blocks for node in block])
    if layers[0].op.kind == "input":
        yield Unit(name, 0, (layers[:1],))
        layers = layers[1:]
    yield Unit(name, 0, (layers,))


def _runs(name: str, layers: Layers, level: Level) -> Iterator[Unit]:
    """The stem's and the head's layers: alone, or a convolution together with the norm and ReLU that follow it."""
    run: list[Node] = []
    for node in layers:
        if run and not (level == "stage" and node.op.kind in ("norm", "relu")):
            yield Unit(name, 0, (tuple(run),))
            run = []
        run.append(node)
    yield Unit(name, 0, (tuple(run),))


def _folded(name: str, blocks: list[tuple[int, Layers]]) -> Iterator[Unit]:
    (first, layers), *rest = blocks
    yield Unit(name, first, (layers,))
    run: list[Layers] = []
    start, likeness = 0, None
    for number, layers in rest:
        own = signature(layers)
        if own != likeness:
            if run:
                yield Unit(name, start, tuple(run))
            run, start, likeness = [], number, own
        run.append(layers)
    if run:
        yield Unit(name, start, tuple(run))


def signature(layers: Layers) -> tuple[object, ...]:
    """Equal for two blocks exactly when all their layers, shapes and paths are: all but the block's own name."""
    prefix = len(block_name(layers)) + 1
    own = {node.id: node.id[prefix:] for node in layers}
    return tuple(
        [(own[n.id], n.op, tuple([own.get(name, "") for name in n.inputs]), n.output_shape, n.path) for n in layers]
    )


def block_name(layers: Layers) -> str:
    """ "stage1.block2" of a block's layers."""
    node = layers[0]
    return f"{node.section}.block{node.block}"


def tail(layers: Layers) -> Layers:
    """The ReLU a block ends with, behind the addition; pre-activation blocks have none."""
    return layers[-1:] if isinstance(layers[-1].op, Relu) else ()
