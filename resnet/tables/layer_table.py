"""The table of layers, by layer, block or stage, also as CSV, Markdown and LaTeX.

A row has the sums over its layers; its output and receptive field are those of its last layer.
`resnet.network.numbers` defines what each column counts; this is printed below the table.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from resnet.network.graph import Graph, Node
from resnet.network.metrics import LayerMetrics, Metrics
from resnet.network.operations import Shape
from resnet.tables import text_table
from resnet.tables.text_table import Cell, Column, TextTable, counted, named

Grouping = Literal["layer", "block", "stage"]


class TableRow(NamedTuple):
    """One layer, or the sum over `layers` of them; `op` is then "block" or "stage", "stem" or
    "head", or "total"."""

    id: str
    op: str
    output_shape: Shape
    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int
    layers: int


NAMED = named("id", "Layer"), named("op", "Operation"), named("output_shape", "Output")
SUMS = frozenset({"block", "stage", "stem", "head"})
"""The values of `op` in rows of several layers."""


def rows(
    metrics: Metrics, graph: Graph, by: Grouping, only: Collection[str] | None = None
) -> tuple[TableRow, ...]:
    """The table in the graph's order. With `only`, just the layers with these ids are counted.

    Stem and head are one row each, both by block and by stage.
    """
    wanted = None if only is None else frozenset(only)
    layers = [
        (node, row)
        for node, row in zip(graph.nodes, metrics.layers, strict=True)
        if wanted is None or node.id in wanted
    ]
    if by == "layer":
        return of_layers([row for _, row in layers])
    sums = []
    # groupby joins neighbours only: in the graph's order, the layers of a block are neighbours.
    for name, group in groupby(
        layers, key=lambda layer: block_of(layer[0]) if by == "block" else layer[0].section
    ):
        op = by if name.startswith("stage") else name
        sums.append(_sum(name, op, [row for _, row in group]))
    return tuple(sums)


def of_layers(layers: Iterable[LayerMetrics]) -> tuple[TableRow, ...]:
    """One row for each layer."""
    return tuple([TableRow(*row, 1) for row in layers])


def total(table: Iterable[TableRow]) -> TableRow:
    """The sums over all rows. Values that cannot be summed are empty: output shape (), receptive
    field 0."""
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


def block_of(node: Node) -> str:
    """The row by block that a layer belongs to: "stage1.block1", "stem" or "head"."""
    return f"{node.section}.block{node.block}" if node.block else node.section


def csv(table: Sequence[TableRow]) -> str:
    """Rows for a spreadsheet or a program: plain numbers, shapes as 32x32x16. Without a total,
    which a spreadsheet might sum again.

    The number of layers is written only in rows of several layers.
    """
    columns = _columns(table)
    # `layers` is the last field of a row: where it has no column, it is cut off.
    return TextTable(columns, [row[: len(columns)] for row in table]).csv()


def markdown(table: Sequence[TableRow]) -> str:
    """A pipe table with a total, and conventions in italics below."""
    return _with_total(table).markdown()


def latex(table: Sequence[TableRow]) -> str:
    """LaTeX with a total, and conventions below it and as a comment."""
    return _with_total(table).latex()


def conventions() -> tuple[str, ...]:
    """A sentence for each column that is counted, such as "MACs: multiply-adds of one forward pass
    …"."""
    return tuple([_first_sentence(text) for text in text_table.conventions(TableRow._fields)])


def _first_sentence(text: str) -> str:
    """The convention for one row: its receptive field is that of its layer, not of the last map."""
    sentence = text.partition(". ")[0].removesuffix(".")
    return sentence.replace("the last convolutional feature map", "the output") + "."


def _with_total(table: Sequence[TableRow]) -> TextTable:
    """A total has neither operation, output nor receptive field."""
    columns = _columns(table)
    last: list[Cell] = [*total(table)]
    for field in ("op", "output_shape", "receptive_field"):
        last[TableRow._fields.index(field)] = None
    lines = [line[: len(columns)] for line in (*table, last)]
    return TextTable(columns, lines, conventions(), total=True)


def _columns(table: Sequence[TableRow]) -> list[Column]:
    """The columns. In a table by layer, the number of layers is always 1 and is left out."""
    # The fields of LayerMetrics are those of NAMED first, and then only numbers.
    numbers = [counted(field) for field in LayerMetrics._fields[len(NAMED) :]]
    sums = [counted("layers", "Layers")] if any(row.op in SUMS for row in table) else []
    return [*NAMED, *numbers, *sums]
