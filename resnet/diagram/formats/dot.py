"""A drawing as DOT, for Graphviz: the same boxes in clusters, the same lines, without our places.

A closed block with a shortcut becomes two nodes, the block and its addition, so that the shortcut
has where to go.
"""

from collections.abc import Iterator

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Box, Edge, EdgeKind
from resnet.diagram.looks.style import COLOURS, OPERATION_OF_KIND

EDGE_STYLES: dict[EdgeKind, str] = {
    "chain": f'color="{COLOURS["line"].light}"',
    "identity": f'color="{COLOURS["addition"].light}", penwidth=1.5, constraint=false',
    "padded": f'color="{COLOURS["padding"].light}", penwidth=1.5, style=dashed, constraint=false',
    "projection": f'color="{COLOURS["projection"].light}", penwidth=1.5, constraint=false',
}


def dot(drawing: Drawing, link: str = "") -> str:
    """DOT text, always the same."""
    arcs = {edge.source: edge for edge in drawing.edges if edge.source == edge.target}
    about = f"{drawing.description} {link}".strip()
    lines = [
        f"digraph {_quoted(drawing.name)} {{",
        (
            f"  rankdir={drawing.view.direction}; label={_quoted(drawing.name)};"
            f" comment={_quoted(about)};"
        ),
        (
            '  graph [fontname="Source Sans Pro", fontsize=11, labeljust=l, style="rounded,filled",'
            ' fillcolor="#f4f6f8"];'
        ),
        (
            '  node [fontname="Source Sans Pro", fontsize=10, shape=box, style="rounded,filled",'
            ' fillcolor="#ffffff"];'
        ),
        '  edge [fontname="Source Sans Pro", fontsize=9, arrowsize=0.6];',
        *_cluster(drawing, arcs, parent="", indent="  "),
        *_edges(drawing, arcs),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _cluster(drawing: Drawing, arcs: dict[str, Edge], parent: str, indent: str) -> Iterator[str]:
    """The nodes of one panel, then the panels inside it."""
    for box in drawing.boxes:
        if box.parent == parent:
            apart = box.id in arcs
            yield indent + _node(box, box.lines if apart else (*box.lines, *box.behind))
            if apart:
                yield (
                    f"{indent}{_quoted(_adder(box.id))}"
                    f" [label={_quoted(chr(10).join(box.behind))}];"
                )
    for panel in drawing.panels:
        if panel.parent == parent:
            yield f"{indent}subgraph {_quoted('cluster ' + panel.id)} {{"
            yield f"{indent}  label={_quoted(panel.title)};"
            yield from _cluster(drawing, arcs, panel.id, indent + "  ")
            yield f"{indent}}}"


def _node(box: Box, lines: tuple[str, ...]) -> str:
    operation = OPERATION_OF_KIND.get(box.kind)
    colour = f', color="{COLOURS[operation].light}"' if operation else ""
    return f"{_quoted(box.id)} [label={_quoted(chr(10).join([box.title, *lines]))}{colour}];"


def _edges(drawing: Drawing, arcs: dict[str, Edge]) -> Iterator[str]:
    """After a block with an addition, the chain continues from the addition; the block's shortcut
    leads from the box before the block to the addition."""
    before: dict[str, str] = {}
    for edge in drawing.edges:
        if edge.source != edge.target:
            before[edge.target] = source = (
                _adder(edge.source) if edge.source in arcs else edge.source
            )
            yield _edge(source, edge.target, edge.kind, edge.label)
    for block, arc in arcs.items():
        yield _edge(block, _adder(block), "chain", "")
        yield _edge(before[block], _adder(block), arc.kind, arc.label)


def _edge(source: str, target: str, kind: EdgeKind, label: str) -> str:
    text = f", label={_quoted(label)}" if label else ""
    return f"  {_quoted(source)} -> {_quoted(target)} [{EDGE_STYLES[kind]}{text}];"


def _adder(block: str) -> str:
    return f"{block}.add"


def _quoted(text: str) -> str:
    """A DOT string: the backslash and the quote escaped, lines broken by \\n."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
