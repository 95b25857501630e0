"""The table of layers: sums lose nothing, and each export says the same numbers."""

import csv as csv_module
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import configs

from resnet import Graph, Metrics, ResNetConfig, build_graph, exports, get, measure
from resnet.network.metrics import LayerMetrics
from resnet.network.numbers import OF_LAYERS
from resnet.tables.layer_table import (
    Grouping,
    TableRow,
    conventions,
    csv,
    latex,
    markdown,
    rows,
    total,
)

GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
SUMMED = ("trainable_params", "non_trainable_params", "macs", "activation_bytes")
groupings = st.sampled_from(GROUPINGS)


def network(name: str) -> tuple[Metrics, Graph]:
    graph = build_graph(get(name).config)
    return measure(graph), graph


@given(configs(), groupings)
def test_no_grouping_loses_anything(config: ResNetConfig, by: Grouping) -> None:
    graph = build_graph(config)
    metrics = measure(graph)
    whole = total(rows(metrics, graph, by))
    assert {key: getattr(whole, key) for key in SUMMED} == {
        key: getattr(metrics, key) for key in SUMMED
    }
    assert whole.layers == len(graph.nodes)


@given(configs(), groupings, st.data())
def test_layers_are_chosen_before_they_are_summed(
    config: ResNetConfig, by: Grouping, data: st.DataObject
) -> None:
    graph = build_graph(config)
    metrics = measure(graph)
    only = data.draw(st.sets(st.sampled_from([node.id for node in graph.nodes])))
    kept = [row for row in metrics.layers if row.id in only]
    table = rows(metrics, graph, by, only)
    for key in SUMMED:
        assert getattr(total(table), key) == sum(getattr(row, key) for row in kept)
    assert sum(row.layers for row in table) == len(kept)
    assert all(row.layers for row in table)
    if kept:
        assert (table[-1].output_shape, table[-1].receptive_field) == (
            kept[-1].output_shape,
            kept[-1].receptive_field,
        )


@given(configs())
def test_each_block_and_each_stage_is_one_row(config: ResNetConfig) -> None:
    graph = build_graph(config)
    metrics = measure(graph)
    blocks = [
        f"{section}.block{block}" if block else section for section, block, _ in graph.blocks()
    ]
    assert [row.id for row in rows(metrics, graph, "block")] == blocks
    stages = ["stem", *(f"stage{number}" for number, _ in enumerate(config.stages, 1)), "head"]
    assert [row.id for row in rows(metrics, graph, "stage")] == stages
    assert [row[:-1] for row in rows(metrics, graph, "layer")] == list(metrics.layers)


def test_rows_of_resnet20() -> None:
    metrics, graph = network("resnet20")
    stages = rows(metrics, graph, "stage")
    assert [row.op for row in stages] == ["stem", "stage", "stage", "stage", "head"]
    assert stages[2] == TableRow(
        "stage2", "stage", (16, 16, 32), 51_072, 384, 12_976_128, 737_280, 37, 23
    )
    block = rows(metrics, graph, "block")[4]
    assert block == TableRow(
        "stage2.block1", "block", (16, 16, 32), 13_952, 128, 3_538_944, 278_528, 21, 9
    )
    only = rows(metrics, graph, "stage", ["stage2.block1.conv1", "stage2.block1.conv2"])
    assert only == (TableRow("stage2", "stage", (16, 16, 32), 13_824, 0, 3_538_944, 65_536, 21, 2),)
    assert total(stages) == TableRow(
        "total", "total", (), 269_722, 1376, 40_551_040, 2_691_408, 0, 74
    )


def test_no_layers_are_no_rows() -> None:
    metrics, graph = network("resnet20")
    for by in GROUPINGS:
        assert rows(metrics, graph, by, ()) == ()
    assert total(()) == TableRow("total", "total", (), 0, 0, 0, 0, 0, 0)
    assert csv(()) == ",".join(LayerMetrics._fields) + "\n"


@pytest.mark.parametrize("name", ["resnet20", "resnet50", "plain34"])
def test_the_csv_by_layer_is_the_one_that_is_exported(name: str) -> None:
    metrics, graph = network(name)
    assert csv(rows(metrics, graph, "layer")) == exports.layers_csv(metrics)


@given(configs(), groupings)
def test_the_csv_reads_back(config: ResNetConfig, by: Grouping) -> None:
    graph = build_graph(config)
    table = rows(measure(graph), graph, by)
    header, *lines = csv_module.reader(csv(table).splitlines())
    assert tuple(header) == (LayerMetrics if by == "layer" else TableRow)._fields
    read = [
        TableRow(
            cells[0],
            cells[1],
            tuple(map(int, cells[2].split("x"))),
            *map(int, cells[3:8]),
            int((*cells, 1)[8]),
        )
        for cells in lines
    ]
    assert tuple(read) == table


def number(cell: str) -> int:
    return int(cell.replace(",", "") or 0)


@given(configs(), groupings)
def test_the_markdown_table_is_even_and_complete(config: ResNetConfig, by: Grouping) -> None:
    graph = build_graph(config)
    table = rows(measure(graph), graph, by)
    *lines, blank, notes = markdown(table).splitlines()
    cells = []
    for line in lines:
        cells.append([cell.strip() for cell in line[1:-1].split("|")])
    width = 8 if by == "layer" else 9
    assert {len(line) for line in cells} == {width}
    assert cells[1] == [":--"] * 3 + ["--:"] * (width - 3)
    assert [[line[0], *map(number, line[3:])] for line in cells[2:]] == [
        [row.id, *row[3:width]] for row in (*table, total(table))
    ]
    assert blank == ""
    assert re.fullmatch(r"\*[^*]+\.\*", notes)


def test_numbers_are_written_as_people_read_them() -> None:
    metrics, graph = network("resnet20")
    text = markdown(rows(metrics, graph, "stage"))
    assert "| stage2 | stage | 16×16×32 | 51,072 | 384 | 12,976,128 | 737,280 | 37 | 23 |" in text
    assert "| total |  |  | 269,722 | 1,376 | 40,551,040 | 2,691,408 |  | 74 |" in text


def test_conventions_are_one_sentence_each() -> None:
    notes = conventions()
    assert len(notes) == len(OF_LAYERS)
    assert all(note.endswith(".") and ". " not in note for note in notes)
    assert notes[1] == (
        "Non-trainable params: batch norm's moving mean and variance: kept, never trained."
    )
    assert "the last convolutional" not in " ".join(
        notes
    )  # true of a network's field, not of a row's


@given(configs(), groupings)
def test_the_latex_has_a_line_for_each_row_and_a_total(config: ResNetConfig, by: Grouping) -> None:
    graph = build_graph(config)
    table = rows(measure(graph), graph, by)
    parts = re.findall(
        r"\\begin\{(?:tabular|longtable)\}(?:\[l\])?\{[lr]+\}\n(.*?)\n\\end",
        latex(table),
        re.DOTALL,
    )
    columns = 0
    for part in parts:  # each begins with the first column
        lines = [line for line in part.splitlines() if line.endswith(r"\\")]
        (count,) = {line.count(" & ") for line in lines}
        columns += count
        assert [line.partition(" & ")[0] for line in lines] == [*[row.id for row in table], "total"]
    assert columns == (8 if by == "layer" else 9) - 1


def test_names_and_shapes_in_latex() -> None:
    metrics, graph = network("resnet50")
    assert r"head.pool & global\_pool & 2048 & 0 " in latex(rows(metrics, graph, "layer"))
    assert r"stem & stem & 56$\times$56$\times$64 & 9,536 &" in latex(rows(metrics, graph, "block"))
