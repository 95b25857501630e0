"""Blocks opened to their layers: the residual branch on the chain, the shortcut's layers in a lane beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from resnet.config import EXPANSION
from resnet.diagram import wording
from resnet.diagram.cards import ADDER, Card, Content, adder_card, layer_card, layer_width
from resnet.diagram.drawing import Panel
from resnet.diagram.fold import Section, Unit, block_name, tail
from resnet.diagram.pieces import ClosedPiece, Piece, halves
from resnet.diagram.shapes import Mark, Rect, Text
from resnet.diagram.sheet import BoxFacts, Sheet
from resnet.diagram.text import width
from resnet.diagram.wording import OWN_WEIGHTS, Shortcut
from resnet.graph import Graph, Node

PAD = 7.0
HEADER = 25.0
FORK = 7.0
"""How far above the first layer the shortcut leaves the chain."""
GAP = 9.0
BELOW = 3.0
"""How far below a layer a shortcut that reads it leaves the chain."""
LANE_GAP = 14.0


@dataclass(frozen=True, slots=True)
class LayerFrame:
    """Widths that all opened blocks of a drawing share; the lane is as wide where nothing is in it."""

    width: float
    lane_width: float

    @property
    def lane_x(self) -> float:
        """Where the shortcut runs, from the trunk."""
        return self.width / 2 + LANE_GAP + self.lane_width / 2


class LayerCards:
    """A card for each layer; equal layers share one."""

    def __init__(self, graph: Graph, frame: LayerFrame) -> None:
        self.graph, self.frame = graph, frame
        self.made: dict[tuple[object, ...], Card] = {}
        self.adder = adder_card()

    def card(self, node: Node) -> Card:
        """What the layer looks like on the chain, or in the lane if it belongs to a shortcut."""
        if node.op.kind == "add":
            return self.adder
        incoming = self.graph.by_id[node.inputs[0]].output_shape if node.inputs else ()
        key = (node.op, node.path, node.output_shape, incoming)
        if key not in self.made:
            self.made[key] = self._make(node)
        return self.made[key]

    def _make(self, node: Node) -> Card:
        params = wording.trainable_params(self.graph, (node,))
        captions = (wording.shape_text(node.output_shape), *([wording.params_text(params)] if params else []))
        wide = self.frame.lane_width if node.path == "shortcut" else self.frame.width
        content = Content(wording.layer_text(node), (), (), captions)
        return layer_card(wording.kind_of(node), content, wide)


@dataclass(frozen=True, slots=True)
class OpenedPiece:
    """A block, or the first of blocks that are alike, with every layer a box."""

    unit: Unit
    cards: LayerCards

    @property
    def left(self) -> float:
        return self.cards.frame.width / 2 + PAD

    @property
    def right(self) -> float:
        return self.cards.frame.lane_x + self.cards.frame.lane_width / 2 + PAD

    @property
    def height(self) -> float:
        """Room for the addition is kept where there is none."""
        layers = (*wording.body(self.unit.layers), *tail(self.unit.layers))
        return HEADER + sum([self.cards.card(node).height + GAP for node in layers]) + 2 * ADDER + PAD

    def place(self, sheet: Sheet, x: float, y: float, parent: str) -> None:
        layers = self.unit.layers
        name = block_name(layers)
        sheet.panels.append(self._panel(name, x - self.left, y, parent))
        run = _Run(sheet, self, name, x, y + HEADER)
        entered = Fork(sheet.tip.box if sheet.tip else "", y + HEADER - FORK)
        forks = run.down(wording.body(layers))
        adder_y = run.y + ADDER
        shortcut = wording.shortcut_of(layers)
        if shortcut:
            run.down([node for node in layers if node.op.kind == "add"])
            run.beside(shortcut, forks.get(shortcut.source, entered), adder_y)
        run.y = adder_y + ADDER + GAP
        run.down(tail(layers))

    def facts(self, node: Node, parent: str) -> BoxFacts:
        """The box of this layer stands for the same layer of every block that is alike."""
        index = self.unit.layers.index(node)
        ids = tuple([layers[index].id for layers in self.unit.alike])
        return BoxFacts(node.id, wording.kind_of(node), ids, len(ids), parent)

    def _panel(self, name: str, x: float, y: float, parent: str) -> Panel:
        title = wording.block_title(self.unit)
        whole = self.left + self.right
        marks: list[Mark] = [Rect(0, 0, whole, self.height, 5, "block"), Text(PAD, 12, title, "title")]
        if self.unit.repeat > 1:
            marks.append(Text(whole - PAD, 12, OWN_WEIGHTS, "caption", "end"))
        return Panel(name, "block", title, x, y, whole, self.height, parent, tuple(marks))


class Fork(NamedTuple):
    """Where a shortcut leaves the chain: behind which box, and at which height."""

    source: str
    y: float


class _Run:
    """Places the layers of one block, one below the other."""

    def __init__(self, sheet: Sheet, piece: OpenedPiece, name: str, x: float, y: float) -> None:
        self.sheet, self.piece, self.name = sheet, piece, name
        self.x, self.y = x, y

    def down(self, layers: Sequence[Node]) -> dict[str, Fork]:
        """Layers along the chain; a shortcut may leave behind each."""
        forks = {}
        for node in layers:
            card = self.piece.cards.card(node)
            self.sheet.put(card, self.x - card.trunk, self.y, self.piece.facts(node, self.name))
            self.y += card.height
            self.sheet.chain(node.id, (self.x, self.y - card.height), (self.x, self.y))
            forks[node.id] = Fork(node.id, self.y + BELOW)
            self.y += GAP
        return forks

    def beside(self, shortcut: Shortcut, fork: Fork, adder_y: float) -> None:
        """The shortcut from its fork through its own layers, if any, into the addition from the side."""
        cards = [self.piece.cards.card(node) for node in shortcut.layers]
        lane = self.x + self.piece.cards.frame.lane_x
        y = (fork.y + adder_y - sum(card.height + GAP for card in cards) + GAP) / 2
        source, points = fork.source, [(self.x, fork.y), (lane, fork.y)]
        for node, card in zip(shortcut.layers, cards, strict=True):
            self.sheet.put(card, lane - card.trunk, y, self.piece.facts(node, self.name))
            self.sheet.line(source, node.id, shortcut.kind, [*points, (lane, y)])
            y += card.height
            source, points = node.id, [(lane, y)]
            y += GAP
        into = f"{self.name}.add"
        self.sheet.line(source, into, shortcut.kind, [*points, (lane, adder_y), (self.x + ADDER, adder_y)])


def opened_pieces(graph: Graph, sections: Sequence[Section]) -> list[list[Piece]]:
    """For each section its blocks as panels of layers, and the stem's and head's layers as cards of one width."""
    cards = LayerCards(graph, _frame(graph, sections))
    return [[_piece(unit, cards) for unit in section.units] for section in sections]


def _piece(unit: Unit, cards: LayerCards) -> Piece:
    if unit.block:
        return OpenedPiece(unit, cards)
    (node,) = unit.layers
    return ClosedPiece(cards.card(node), BoxFacts(node.id, wording.kind_of(node), unit.node_ids))


def _frame(graph: Graph, sections: Sequence[Section]) -> LayerFrame:
    units = [unit for section in sections for unit in section.units]
    texts = {wording.layer_text(node) for unit in units for node in unit.layers if node.path != "shortcut"}
    titles = {wording.block_title(unit) for unit in units if unit.block}
    titles_width = 2 * max(width(title, "title") + 4 for title in titles)
    return LayerFrame(
        halves(max(titles_width, *[layer_width(text) for text in texts])),
        halves(max(layer_width(text) for text in _lane_texts(graph))),
    )


def _lane_texts(graph: Graph) -> Iterator[str]:
    """All that any twin of the network has on a shortcut."""
    expansion = EXPANSION[graph.config.block]
    for stage in graph.config.stages:
        channels = stage.filters * expansion
        yield f"1×1 conv, {channels}, /{stage.stride}"
        yield f"pad, +{channels} channels"
    yield "subsample, /4"
    norm = graph.by_id.get("stem.norm")
    if norm:
        yield wording.layer_text(norm)
