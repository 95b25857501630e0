"""A drawing as DOT, for Graphviz: the same boxes in clusters, the same lines, without our places.

A closed block with a shortcut becomes two nodes, the block and its addition, so that the shortcut
has where to go.
"""

from typing import TYPE_CHECKING

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Box, Edge, EdgeKind
from resnet.diagram.looks.style import COLOURS, OPERATION_OF_KIND

if TYPE_CHECKING:
    from graphviz import Digraph

FONT = "Source Sans Pro"
# constraint=false: Graphviz then ranks the nodes by the chain alone, and a shortcut does not change
# the order of the layers.
EDGE_STYLES: dict[EdgeKind, dict[str, str]] = {
    "chain": {"color": COLOURS["line"].light},
    "identity": {"color": COLOURS["addition"].light, "penwidth": "1.5", "constraint": "false"},
    "padded": {
        "color": COLOURS["padding"].light,
        "penwidth": "1.5",
        "style": "dashed",
        "constraint": "false",
    },
    "projection": {"color": COLOURS["projection"].light, "penwidth": "1.5", "constraint": "false"},
}


def dot(drawing: Drawing, link: str = "") -> str:
    """DOT text, always the same."""
    from graphviz import Digraph  # noqa: PLC0415  # a tenth of a second, and few ask for DOT

    # A closed block's shortcut leads from the block to itself, see Edge.
    arcs = {edge.source: edge for edge in drawing.edges if edge.source == edge.target}
    rounded = {"fontname": FONT, "style": "rounded,filled"}
    graph = Digraph(
        _literal(drawing.name),
        graph_attr={
            **rounded,
            "comment": _literal(f"{drawing.description} {link}".strip()),
            "fillcolor": "#f4f6f8",
            "fontsize": "11",
            "label": _literal(drawing.name),
            "labeljust": "l",
            "rankdir": drawing.view.direction,
        },
        node_attr={**rounded, "fillcolor": "#ffffff", "fontsize": "10", "shape": "box"},
        edge_attr={"fontname": FONT, "fontsize": "9", "arrowsize": "0.6"},
    )
    _add_boxes(graph, drawing, arcs, parent="")
    _add_edges(graph, drawing, arcs)
    return str(graph.source)


def _add_boxes(graph: "Digraph", drawing: Drawing, arcs: dict[str, Edge], parent: str) -> None:
    """The nodes of one panel, then the panels inside it."""
    for box in drawing.boxes:
        if box.parent == parent:
            apart = box.id in arcs
            _add_box(graph, box, box.lines if apart else (*box.lines, *box.behind))
            if apart:
                graph.node(_adder(box.id), _literal("\n".join(box.behind)))
    for panel in drawing.panels:
        if panel.parent == parent:
            # Graphviz draws a frame around a subgraph whose name begins with "cluster".
            title = {"label": _literal(panel.title)}
            with graph.subgraph(name=f"cluster {panel.id}", graph_attr=title) as cluster:
                _add_boxes(cluster, drawing, arcs, panel.id)


def _add_box(graph: "Digraph", box: Box, lines: tuple[str, ...]) -> None:
    operation = OPERATION_OF_KIND.get(box.kind)
    colour = {"color": COLOURS[operation].light} if operation else {}
    graph.node(box.id, _literal("\n".join([box.title, *lines])), **colour)


def _add_edges(graph: "Digraph", drawing: Drawing, arcs: dict[str, Edge]) -> None:
    """After a block with an addition, the chain continues from the addition; the block's shortcut
    leads from the box before the block to the addition."""
    before: dict[str, str] = {}
    for edge in drawing.edges:
        if edge.source != edge.target:
            source = _adder(edge.source) if edge.source in arcs else edge.source
            # What a block reads is also what its shortcut reads.
            before[edge.target] = source
            _add_edge(graph, source, edge.target, edge.kind, edge.label)
    for block, arc in arcs.items():
        _add_edge(graph, block, _adder(block), "chain", "")
        _add_edge(graph, before[block], _adder(block), arc.kind, arc.label)


def _add_edge(graph: "Digraph", source: str, target: str, kind: EdgeKind, label: str) -> None:
    text = {"label": _literal(label)} if label else {}
    graph.edge(source, target, **EDGE_STYLES[kind], **text)


def _adder(block: str) -> str:
    return f"{block}.add"


def _literal(text: str) -> str:
    """Text that DOT shows letter by letter: a backslash begins no escape and "<b>" no HTML; a line
    is broken by \\n."""
    from graphviz import escape, nohtml  # noqa: PLC0415  # as above

    literal: str = nohtml(escape(text).replace("\n", "\\n"))
    return literal
