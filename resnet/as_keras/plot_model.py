"""The picture of `keras.utils.plot_model` as DOT, written from the graph without Keras.

Nodes, labels, edges and their order are those of `keras.utils.model_to_dot` (Keras 3.15); a test
compares the two. One difference is intended: edges are never "ortho", because then Graphviz aborts
on standard models (keras issue 19717).
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from resnet.network.graph import Graph, Node
from resnet.network.operations import Shape
from resnet.network.settings import Closed

RankDir = Literal["TB", "BT", "LR", "RL"]

LONG = 2000
"""With more boxes, Graphviz's improvement of the columns is switched off (nslimit=0). On
ResNet-1202 it takes 28 s instead of 1 s, and ends with a picture twelve times as wide."""


class PlotOptions(Closed):
    """The options of `keras.utils.plot_model` that apply to a network without nested models, with
    its defaults."""

    path = "plot"
    show_shapes: bool = False
    show_dtype: bool = False
    show_layer_names: bool = False
    show_layer_activations: bool = False
    show_trainable: bool = False
    rankdir: RankDir = "TB"
    dpi: int = Field(default=200, ge=10, le=2400)


def dot(graph: Graph, options: PlotOptions) -> str:
    """DOT text; nodes are named by their ids, in the order in which Keras lists a model's
    operations."""
    nodes = operations(graph)
    shapes = {node.id: _keras_shape(node.output_shape) for node in nodes}
    lines = [
        "digraph G {",
        f"rankdir={options.rankdir};",
        "concentrate=true;",
        f"dpi={options.dpi};",
        "splines=spline;",
        *(["nslimit=0;"] if len(nodes) > LONG else []),
        "node [shape=record];",
    ]
    lines += [
        f'"{node.id}" [label=<{_table(node, shapes, options)}>, fontname=Helvetica, border=0,'
        " margin=0];"
        for node in nodes
    ]
    lines += [
        f'"{source}" -> "{node.id}" [penwidth=2];'
        for node in nodes
        for source in dict.fromkeys(node.inputs)
    ]
    return "\n".join([*lines, "}", ""])


def operations(graph: Graph) -> list[Node]:
    """Nodes in Keras's order: the farthest from the output first. Nodes at the same distance are in
    the order in which a walk back from the output finds them."""
    distance = dict.fromkeys(graph.by_id, 0)  # the longest path to the output, in layers
    for node in reversed(graph.nodes):
        for source in node.inputs:
            distance[source] = max(distance[source], distance[node.id] + 1)
    walk = {name: index for index, name in enumerate(_walk_back(graph))}
    return sorted(graph.nodes, key=lambda node: (-distance[node.id], walk[node.id]))


def _walk_back(graph: Graph) -> Iterator[str]:
    """Ids from the output to the input, depth first, a node's first input first."""
    seen: set[str] = set()
    waiting = [graph.nodes[-1].id]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting.extend(reversed(graph.by_id[name].inputs))  # the first input on top


def _table(node: Node, shapes: dict[str, str], options: PlotOptions) -> str:
    """The HTML-like label of one box: a title, the activation if any, a row of facts."""
    kind = node.op.keras.name
    title = f"<b>{node.id}</b> ({kind})" if options.show_layer_names else f"<b>{kind}</b>"
    # The title spans the cells of the row below it: input shape and output shape are two.
    columns = max(1, 2 * options.show_shapes + options.show_dtype + options.show_trainable)
    rows = [
        f'<tr><td colspan="{columns}" bgcolor="black"><font point-size="16"'
        f' color="white">{title}</font></td></tr>'
    ]
    if options.show_layer_activations and (function := node.op.keras.activation):
        rows.append(
            f'<tr><td bgcolor="white" colspan="{columns}"><font point-size="14">'
            f"Activation: <b>{function}</b></font></td></tr>"
        )
    if facts := "".join(_facts(node, shapes, options)):
        rows.append(f"<tr>{facts}</tr>")
    return (
        f'<table border="0" cellborder="1" bgcolor="black" cellpadding="10">{"".join(rows)}</table>'
    )


def _facts(node: Node, shapes: dict[str, str], options: PlotOptions) -> Iterator[str]:
    if options.show_shapes:
        if node.inputs:
            incoming = [shapes[source] for source in node.inputs]
            yield _fact(
                "Input shape", incoming[0] if len(incoming) == 1 else f"[{', '.join(incoming)}]"
            )
        yield _fact("Output shape", shapes[node.id])
    if options.show_dtype:
        yield _fact("Output dtype", "float32")
    if options.show_trainable and node.op.weighted:
        yield (
            '<td bgcolor="forestgreen"><font point-size="14"'
            ' color="white"><b>Trainable</b></font></td>'
        )


def _fact(name: str, value: str) -> str:
    return f'<td bgcolor="white"><font point-size="14">{name}: <b>{value}</b></font></td>'


def _keras_shape(shape: Shape) -> str:
    """(None, 32, 32, 3): the batch axis first, as Keras writes it."""
    return str((None, *shape))
