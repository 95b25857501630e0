"""The table of layers, by layer, block or stage, and as text to paste: CSV, Markdown, LaTeX.

Sums over a row's layers; its output and its receptive field are those of its last layer. What each column counts is
`resnet.metrics.CONVENTIONS`, written below the table.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from resnet import quantity
from resnet.graph import Graph, Node, Shape
from resnet.metrics import CONVENTIONS, LayerMetrics, Metrics

Grouping = Literal["layer", "block", "stage"]


class TableRow(NamedTuple):
    """One layer, or the sum over `layers` of them; `op` is then "block" or "stage", "stem" or "head", or "total"."""

    id: str
    op: str
    output_shape: Shape
    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int
    layers: int


HEADINGS = {
    "id": "Layer",
    "op": "Operation",
    "output_shape": "Output",
    "trainable_params": "Parameters",
    "non_trainable_params": "Not trained",
    "macs": "MACs",
    "activation_bytes": "Memory, bytes",
    "receptive_field": "Sees, pixels",
    "layers": "Layers",
}
SUMS = frozenset({"block", "stage", "stem", "head"})
"""What `op` is where a row is not a layer."""
TEXT_COLUMNS = 3
"""Id, operation and output stand to the left, numbers to the right."""


def rows(metrics: Metrics, graph: Graph, by: Grouping, only: Collection[str] | None = None) -> tuple[TableRow, ...]:
    """The table in the graph's order; `only` keeps layers with these ids, before anything is summed.

    The stem and the head are one row each, by block as by stage.
    """
    kept = None if only is None else frozenset(only)
    layers = [
        (node, row)
        for node, row in zip(graph.nodes, metrics.layers, strict=True)
        if kept is None or node.id in kept
    ]  # fmt: skip
    if by == "layer":
        return tuple([TableRow(*row, 1) for _, row in layers])
    named = _block_name if by == "block" else _stage_name
    sums = []
    for name, group in groupby(layers, key=lambda layer: named(layer[0])):
        op = by if name.startswith("stage") else name
        sums.append(_sum(name, op, [row for _, row in group]))
    return tuple(sums)


def total(table: Iterable[TableRow]) -> TableRow:
    """The sums over all rows. What cannot be summed is left empty: no output shape, and 0 for the receptive field."""
    listed = list(table)
    return _sum("total", "total", listed)._replace(
        output_shape=(), receptive_field=0, layers=sum([row.layers for row in listed])
    )


def _sum(name: str, op: str, listed: Sequence[LayerMetrics | TableRow]) -> TableRow:
    return TableRow(
        id=name,
        op=op,
        output_shape=listed[-1].output_shape if listed else (),
        trainable_params=sum([row.trainable_params for row in listed]),
        non_trainable_params=sum([row.non_trainable_params for row in listed]),
        macs=sum([row.macs for row in listed]),
        activation_bytes=sum([row.activation_bytes for row in listed]),
        receptive_field=listed[-1].receptive_field if listed else 0,
        layers=len(listed),
    )


def _block_name(node: Node) -> str:
    return f"{node.section}.block{node.block}" if node.block else node.section


def _stage_name(node: Node) -> str:
    return node.section


def csv(table: Sequence[TableRow]) -> str:
    """Rows for a spreadsheet or a program: plain numbers, shapes as 32x32x16, no total, which would be summed again.

    By layer this is `resnet.exports.layers_csv`, column for column; the number of layers is written for sums only.
    """
    columns = _columns(table)
    lines = [columns, *(tuple([_plain(row, column) for column in columns]) for row in table)]
    # No value holds a comma, a quote or a line break, so there is nothing to quote.
    return "".join([",".join(line) + "\n" for line in lines])


def markdown(table: Sequence[TableRow]) -> str:
    """A pipe table with a total, numbers to the right, and what they count in italics below."""
    columns = _columns(table)
    rules = [":--" if place < TEXT_COLUMNS else "--:" for place in range(len(columns))]
    head = [[HEADINGS[column] for column in columns], rules]
    body = [[_shown(row, column, quantity.shape) for column in columns] for row in (*table, total(table))]
    lines = [f"| {' | '.join(cells)} |" for cells in (*head, *body)]
    return "\n".join([*lines, "", f"*{' '.join(conventions())}*", ""])


def latex(table: Sequence[TableRow]) -> str:
    """A `tabular` with a total that needs no package, and what the numbers count below it and as a comment.

    Small and tight, since nine columns are wide. A `tabular` does not break across pages: by layer, a deep network is
    longer than one.
    """
    columns = _columns(table)
    lines = [[_shown(row, column, _latex_shape) for column in columns] for row in (*table, total(table))]
    body = [" & ".join([cell if "$" in cell else _escaped(cell) for cell in cells]) + r" \\" for cells in lines]
    notes = conventions()
    return "\n".join(
        [
            *[f"% {note}" for note in notes],
            r"\begingroup\footnotesize\setlength{\tabcolsep}{3pt}\noindent",
            rf"\begin{{tabular}}{{{'l' * TEXT_COLUMNS}{'r' * (len(columns) - TEXT_COLUMNS)}}}",
            r"\hline",
            " & ".join([_escaped(HEADINGS[column]) for column in columns]) + r" \\",
            r"\hline",
            *body[:-1],
            r"\hline",
            body[-1],
            r"\hline",
            r"\end{tabular}",
            "",
            rf"\smallskip\noindent {_escaped(' '.join(notes))}\par",
            r"\endgroup",
            "",
        ]
    )


def conventions() -> tuple[str, ...]:
    """A sentence for each column that is counted, such as "MACs: multiply-adds of one forward pass …"."""
    counted = [column for column in HEADINGS if column in CONVENTIONS]
    return tuple([f"{HEADINGS[column]}: {_first_sentence(CONVENTIONS[column])}" for column in counted])


def _first_sentence(text: str) -> str:
    """In the middle of a line. A row's field is its own layer's, where a network's is that of its last map."""
    sentence = text.partition(". ")[0].removesuffix(".").replace("the last convolutional feature map", "the output")
    return f"{sentence[:1].lower()}{sentence[1:]}."


def _columns(table: Sequence[TableRow]) -> tuple[str, ...]:
    """Layer by layer, a column that says 1 everywhere is left out."""
    summed = any(row.op in SUMS for row in table)
    return TableRow._fields if summed else LayerMetrics._fields


def _plain(row: TableRow, column: str) -> str:
    value = getattr(row, column)
    return "x".join(map(str, value)) if column == "output_shape" else str(value)


def _shown(row: TableRow, column: str, shape: Callable[[Shape], str]) -> str:
    """As people read it; a total has neither operation nor receptive field."""
    value = getattr(row, column)
    if row.op == "total" and column in ("op", "output_shape", "receptive_field"):
        return ""
    if column == "output_shape":
        return shape(value)
    return quantity.exact(value) if isinstance(value, int) else str(value)


def _latex_shape(sides: Shape) -> str:
    """The braces take away the gaps around the sign."""
    return "$" + r"{\times}".join(map(str, sides)) + "$"


LATEX = str.maketrans(
    {sign: f"\\{sign}" for sign in "%&#_{}$"} | {"\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}
)


def _escaped(text: str) -> str:
    return text.translate(LATEX)
