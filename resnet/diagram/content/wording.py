"""The texts of the boxes: layers as in the paper's Table 1, blocks and stages, shapes and
counts."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from resnet import quantity
from resnet.diagram.content.fold import Layers, Section, Unit, tail
from resnet.network.config import EXPANSION, ActivationOrder
from resnet.network.graph import Graph, Node
from resnet.network.metrics import count
from resnet.network.operations import Shape

ShortcutKind = Literal["identity", "padded", "projection"]

ADD = "add"
OWN_WEIGHTS = "each with its own weights"
FREE = "no params"


class Row(NamedTuple):
    """One line of a box: the kinds of its layers in the order of computation, and the text after
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


def step_kind(step: Layers) -> str:
    """The kind of the layer that a step is named after."""
    main = [node for node in step if node.op.role == "main"] or step
    return kind_of(main[0])


def body(layers: Layers) -> Layers:
    """The layers of a block's residual branch: those before the addition."""
    ending = tail(layers)
    return tuple(
        [n for n in layers if n.path != "shortcut" and n.op.kind != "add" and n not in ending]
    )


def block_rows(layers: Layers, activation_order: ActivationOrder) -> tuple[Row, ...]:
    """A row for each of the runs of a block's residual branch."""
    return tuple([row_of(run) for run in block_runs(layers, activation_order)])


def block_runs(layers: Layers, activation_order: ActivationOrder) -> list[Layers]:
    """Each convolution of the residual branch with the norms and ReLUs after it ("post") or before
    it ("pre").

    The first norm and ReLU of a "pre" block are a separate run, since a projection starts after
    them.
    """
    runs: list[list[Node]] = [[]]
    for step in steps(body(layers)):
        is_main = not follows(step)
        has_main = any(node.op.role == "main" for node in runs[-1])
        # "post" is convolution, norm, ReLU: a convolution begins a run. "pre" is norm, ReLU,
        # convolution: a run ends at its convolution; and the first norm and ReLU stay alone.
        begins = is_main if activation_order == "post" else has_main or (is_main and len(runs) == 1)
        # Zero padding belongs to the convolution after it: never cut between the two.
        led = bool(runs[-1]) and runs[-1][-1].op.role == "leads"
        if begins and runs[-1] and not led:
            runs.append([])
        runs[-1] += step
    return [tuple(run) for run in runs]


def steps(layers: Layers) -> list[Layers]:
    """Consecutive layers. Those between a fork and the join of its arms are one step, since on a
    chain they would seem to read each other."""
    place = {node.id: index for index, node in enumerate(layers)}
    last_first: list[Layers] = []
    end = earliest = len(layers)
    for index in reversed(range(len(layers))):
        # All later layers read this layer or later ones: the chain can be cut after it.
        if earliest >= index:
            if index + 1 < end:
                last_first.append(layers[index + 1 : end])
            end = index + 1
        reads = [place[name] for name in layers[index].inputs if name in place]
        earliest = min([earliest, *reads])
    return [step for step in [layers[:end], *reversed(last_first)] if step]


def follows(step: Layers) -> bool:
    """Whether a step is drawn with the one before it."""
    return all(node.op.role == "follows" for node in step)


def named(step: Layers) -> bool:
    """Whether a box can be named after the step."""
    return any(node.op.role == "main" for node in step)


def row_of(layers: Layers) -> Row:
    """One row for consecutive layers, named after the one with the weights; a
    step of several layers is named after the last, where its arms meet."""
    kinds = tuple([kind_of(node) for node in layers])
    every = steps(layers)
    main = [step for step in every if named(step)] or every
    text = ", ".join([step[-1].op.short_text for step in main])
    return Row(tuple([kind for kind in kinds if kind != "input"]), text)


def shortcut_of(graph: Graph, layers: Layers) -> Shortcut | None:
    """The block's shortcut; None in a plain network."""
    add = next((node for node in layers if node.op.kind == "add"), None)
    if add is None:
        return None
    own = tuple([node for node in layers if node.path == "shortcut"])
    # An addition reads the residual branch first and the shortcut second.
    source = own[0].inputs[0] if own else add.inputs[1]
    shape = shape_text(add.output_shape)
    if any(node.op.weighted for node in own):
        cost = f"{quantity.short(trainable_params(graph, own))} params"
        return Shortcut("projection", source, own, (shortcut_row(own).text, shape, cost))
    if own:
        return Shortcut("padded", source, own, (shortcut_row(own).text, shape, FREE))
    return Shortcut("identity", source, own, ("identity", shape, FREE))


def shortcut_row(layers: Layers) -> Row:
    """A shortcut's own layers in one line, the last first: "1×1 conv, /2" or "pad, /2"."""
    kinds = tuple([kind_of(node) for node in layers])
    main = [node.op.tag_text for node in layers if node.op.role == "main"]
    return Row(kinds, ", ".join(reversed(main)))


def possible_tags(graph: Graph) -> Iterator[tuple[str, ...]]:
    """The texts that any twin of this network may have on a shortcut; zeros stand for any digits,
    which have the same width."""
    expansion = EXPANSION[graph.config.block]
    for number, stage in enumerate(graph.config.stages, 1):
        shape = next(n for n in reversed(graph.nodes) if n.section == f"stage{number}").output_shape
        # A block's output has filters × expansion channels: 4 times its filters in a bottleneck.
        text = shape_text((*shape[:2], stage.filters * expansion))
        yield f"1×1 conv, /{stage.stride}", text, "000.0 k params"
        if graph.config.downsampling == "average_pool":
            yield f"1×1 conv, avg-pool, /{stage.stride}", text, "000.0 k params"
        yield f"pad, /{stage.stride}", text, FREE
        yield "identity", text, FREE


def behind(layers: Layers) -> tuple[str, ...]:
    """The layers after a block's card in the chain: the addition, the last ReLU."""
    return tuple(
        [node.op.text for node in layers if node.op.kind == "add"]
        + [node.op.text for node in tail(layers)]
    )


def block_title(unit: Unit) -> str:
    """ "Block 1" for one block, "8 more blocks" for a box of repeats."""
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
