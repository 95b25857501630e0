"""What the boxes say: layers as in the paper's Table 1, blocks and stages in sentences, shapes and
counts."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from resnet import quantity
from resnet.diagram.content.fold import Layers, Section, Unit, tail
from resnet.network.config import EXPANSION, NORM_NAMES, ActivationOrder
from resnet.network.graph import (
    Activation,
    Conv,
    Dense,
    Graph,
    MaxPool,
    Node,
    Norm,
    PadChannels,
    Shape,
    Subsample,
)
from resnet.network.metrics import count

ShortcutKind = Literal["identity", "padded", "projection"]

ADD = "add"
NAMES = {"input": "input", "relu": "ReLU", "add": ADD, "global_pool": "global average pool"}
OWN_WEIGHTS = "each with its own weights"
FREE = "no params"


class Row(NamedTuple):
    """One line of a box: the kinds of its layers in the order they work, and what is written behind
    their signs."""

    kinds: tuple[str, ...]
    text: str


class Shortcut(NamedTuple):
    """How a block's input reaches its addition. `source` is the layer it reads, `layers` are its
    own."""

    kind: ShortcutKind
    source: str
    layers: Layers
    tag: tuple[str, ...]


def kind_of(node: Node) -> str:
    """The node's kind; a convolution on a shortcut is a "projection"."""
    return "projection" if node.path == "shortcut" and node.op.kind == "conv" else node.op.kind


def layer_text(node: Node) -> str:
    """A layer as the paper writes it: "3×3 conv, 64, /2"."""
    match node.op:
        case Conv(filters, kernel, stride, groups):
            text = (
                f"{kernel}×{kernel} conv,"
                f" {filters}{f', {groups} groups' if groups > 1 else ''}{_strides(stride)}"
            )
        case Norm(kind, groups=groups):
            text = f"{NORM_NAMES[kind]}, {groups} groups" if kind == "group" else NORM_NAMES[kind]
        case MaxPool(side, stride):
            text = f"{side}×{side} max-pool{_strides(stride)}"
        case Subsample(stride):
            text = f"subsample{_strides(stride)}"
        case PadChannels(extra):
            text = f"pad, +{extra} channels"
        case Dense(units):
            text = f"dense, {units}"
        case Activation(function):
            text = function
        case op:
            text = NAMES[op.kind]
    return text


def _strides(stride: int) -> str:
    return f", /{stride}" if stride > 1 else ""


def body(layers: Layers) -> Layers:
    """The layers of a block's residual branch: what stands before the addition."""
    ending = tail(layers)
    return tuple(
        [n for n in layers if n.path != "shortcut" and n.op.kind != "add" and n not in ending]
    )


def block_rows(layers: Layers, activation_order: ActivationOrder) -> tuple[Row, ...]:
    """A row for each of the runs of a block's residual branch."""
    return tuple([row_of(run) for run in block_runs(layers, activation_order)])


def block_runs(layers: Layers, activation_order: ActivationOrder) -> list[Layers]:
    """Each convolution of the residual branch with the norms and ReLUs behind it ("post") or in
    front of it ("pre").

    The norm and ReLU a "pre" block begins with are a run of their own, since a projection leaves
    from behind them.
    """
    runs: list[list[Node]] = [[]]
    for node in body(layers):
        is_conv = node.op.kind == "conv"
        has_conv = any(other.op.kind == "conv" for other in runs[-1])
        begins = is_conv if activation_order == "post" else has_conv or (is_conv and len(runs) == 1)
        if begins and runs[-1]:
            runs.append([])
        runs[-1].append(node)
    return [tuple(run) for run in runs]


def row_of(layers: Layers) -> Row:
    """One row for layers that work one behind the other, named after the one with the weights."""
    kinds = tuple([kind_of(node) for node in layers])
    main = [node for node in layers if node.op.kind not in ("norm", "relu")] or list(layers)
    text = ", ".join(
        [
            layer_text(node).partition(",")[0] if node.op.kind == "norm" else layer_text(node)
            for node in main
        ]
    )
    return Row(tuple([kind for kind in kinds if kind != "input"]), text)


def shortcut_of(graph: Graph, layers: Layers) -> Shortcut | None:
    """The block's shortcut; None in a plain network."""
    add = next((node for node in layers if node.op.kind == "add"), None)
    if add is None:
        return None
    own = tuple([node for node in layers if node.path == "shortcut"])
    source = own[0].inputs[0] if own else add.inputs[1]
    shape = shape_text(add.output_shape)
    kinds = {node.op.kind for node in own}
    if "conv" in kinds:
        cost = f"{quantity.short(trainable_params(graph, own))} params"
        return Shortcut("projection", source, own, (shortcut_row(own).text, shape, cost))
    if own:
        return Shortcut("padded", source, own, (shortcut_row(own).text, shape, FREE))
    return Shortcut("identity", source, own, ("identity", shape, FREE))


def shortcut_row(layers: Layers) -> Row:
    """A shortcut's own layers in one line: "1×1 conv, /2" or "pad, /2"."""
    kinds = tuple([kind_of(node) for node in layers])
    first = layers[0].op
    if isinstance(first, Conv):
        return Row(kinds, f"{first.kernel}×{first.kernel} conv{_strides(first.stride)}")
    parts = [
        "pad" if isinstance(node.op, PadChannels) else f"/{node.op.stride}"
        for node in layers
        if isinstance(node.op, PadChannels | Subsample)
    ]
    return Row(kinds, ", ".join(reversed(parts)))


def possible_tags(graph: Graph) -> Iterator[tuple[str, ...]]:
    """What any twin of this network may have written on a shortcut; figures stand for figures as
    wide."""
    expansion = EXPANSION[graph.config.block]
    for number, stage in enumerate(graph.config.stages, 1):
        shape = next(n for n in reversed(graph.nodes) if n.section == f"stage{number}").output_shape
        text = shape_text((*shape[:2], stage.filters * expansion))
        yield f"1×1 conv, /{stage.stride}", text, "000.0 k params"
        yield f"pad, /{stage.stride}", text, FREE
        yield "identity", text, FREE


def behind(layers: Layers) -> tuple[str, ...]:
    """What follows a block's card in the chain: the addition, the last ReLU."""
    return tuple(
        [layer_text(node) for node in layers if node.op.kind == "add"]
        + [layer_text(n) for n in tail(layers)]
    )


def block_title(unit: Unit) -> str:
    """ "Block 1" where it is drawn for itself, "8 more blocks" where it stands for repeats."""
    return f"{unit.repeat} more blocks" if unit.repeat > 1 else f"Block {unit.block}"


def section_title(section: Section) -> str:
    """ "Stem", "Stage 2" or "Head"."""
    return (
        f"Stage {section.name.removeprefix('stage')}"
        if section.is_stage
        else section.name.capitalize()
    )


def blocks_text(count: int) -> str:
    return f"{count} blocks" if count > 1 else "1 block"


def shape_text(shape: Shape) -> str:
    return quantity.shape(shape)


def trainable_params(graph: Graph, layers: Layers) -> int:
    """Weights the optimiser changes in these layers together."""
    shapes = graph.by_id
    return sum(
        [
            count(node, shapes[node.inputs[0]].output_shape).trainable_params
            for node in layers
            if node.inputs
        ]
    )


def params_text(count: int, repeat: int = 1) -> str:
    """ "4,672 parameters", or "8 × 4,672 parameters" for blocks that have as many each."""
    number = quantity.exact(count)
    return f"{repeat} × {number} parameters" if repeat > 1 else f"{number} parameters"
