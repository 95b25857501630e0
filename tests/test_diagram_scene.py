"""What the page receives: rows that stand for exactly the boxes, panels and lines of the
drawing."""

import json
from typing import Any

from hypothesis import given
from strategies import configs, looks

from resnet import ResNetConfig, build_graph, get, measure
from resnet.diagram import View, draw
from resnet.diagram.formats.scene import layers, scene

LARGEST = 130_000
"""Bytes for ResNet-1202 with every box open."""


def expanded(rows: dict[str, Any]) -> dict[str, tuple[float, ...]]:
    """The boxes as the page makes them from rows and stamps: places, first layer, repeats and
    steps, by id."""
    boxes = {row[0]: (*row[3:7], row[8], row[10], row[11]) for row in rows["boxes"]}
    for template, name, _, x, y, _, _, first, repeat, step in rows["stamps"]:
        for suffix, _, _, dx, dy, width, height, places, _ in rows["templates"][template]["boxes"]:
            boxes[name + suffix] = (x + dx, y + dy, width, height, first + places[0], repeat, step)
    return boxes


@given(looks(configs(most_blocks=30)))
def test_rows_are_the_boxes(look: tuple[ResNetConfig, View]) -> None:
    """Catches a stamp at the wrong place, and a box that counts the layers of another."""
    config, view = look
    graph = build_graph(config)
    drawing = draw(graph, view)
    found = expanded(json.loads(json.dumps(scene(drawing))))
    number = {node.id: index for index, node in enumerate(graph.nodes)}
    assert found.keys() == {box.id for box in drawing.boxes}
    for box in drawing.boxes:
        x, y, width, height, first, repeat, step = found[box.id]
        assert (
            abs(x - box.x) + abs(y - box.y) + abs(width - box.width) + abs(height - box.height)
            < 0.05
        )
        assert (first, repeat) == (number[box.node_ids[0]], box.repeat)
        if box.repeat > 1:
            assert number[box.node_ids[len(box.node_ids) // box.repeat]] == first + step


@given(looks(configs(most_blocks=30)))
def test_lines_keep_their_ends(look: tuple[ResNetConfig, View]) -> None:
    """Catches a shortcut that leaves a block it does not belong to."""
    config, view = look
    drawing = draw(build_graph(config), view)
    rows = scene(drawing)
    ends = [tuple(row[:2]) for row in rows["edges"]]
    for template, name, _, _, _, _, source, *_rest in rows["stamps"]:
        for start, end, *_looks in rows["templates"][template]["edges"]:
            ends.append((source if start == "entry" else name + start, name + end))
    assert sorted(ends) == sorted((edge.source, edge.target) for edge in drawing.edges)


def starts(table: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Each block's prefix and pattern, and the number of its first layer."""
    found, start = [], 0
    for prefix, pattern in table["blocks"]:
        found.append((prefix, pattern, start))
        start += len(table["patterns"][pattern])
    return found


@given(configs(most_blocks=30))
def test_layers_carry_every_count(config: ResNetConfig) -> None:
    """Catches kinds of layers that are taken for one another: the table must add up to the
    network."""
    graph = build_graph(config)
    metrics = measure(graph)
    table = layers(graph, metrics)
    rows = [
        (prefix + name, kind, start, inputs)
        for prefix, pattern, start in starts(table)
        for name, kind, inputs in table["patterns"][pattern]
    ]
    for row, (name, kind, start, inputs), seen in zip(
        metrics.layers, rows, table["seen"], strict=True
    ):
        said = table["kinds"][kind]
        assert name == row.id
        assert [rows[start + number][0] for number in inputs] == list(graph.by_id[name].inputs)
        assert tuple(said["out"]) == row.output_shape
        for key in ("trainable_params", "non_trainable_params", "macs", "activation_bytes"):
            assert said[key] == getattr(row, key)
        assert max(seen[1] - seen[0], seen[-1] - seen[-2]) + 1 == row.receptive_field


def test_a_thousand_layers_are_few_bytes() -> None:
    """Catches a scene that says the same block six hundred times."""
    drawing = draw(build_graph(get("resnet1202").config), View(level="layer"))
    assert len(drawing.boxes) > 4000
    assert len(json.dumps(scene(drawing))) < LARGEST
    assert len(json.dumps(layers(drawing.graph, measure(drawing.graph)))) < LARGEST
