"""The drawing as JSON: everything that is drawn, once, and what it costs."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import configs

from resnet import ResNetConfig, build_graph, get, measure
from resnet.diagram import Drawing, View, draw
from resnet.diagram.content.view import LEVELS
from resnet.diagram.formats.as_json import as_json

SUMMED = ("trainable_params", "non_trainable_params", "macs", "activation_bytes")
STYLES = ("detailed", "compact", "figure3")
LINK = "?network=resnet56&norm.momentum=0.99"


def drawing(name: str = "resnet56", beside: str = "", **view: Any) -> Drawing:
    other = build_graph(get(beside).config) if beside else None
    return draw(build_graph(get(name).config), View(**view), beside=other)


def read(picture: Drawing, link: str = "") -> dict[str, Any]:
    record: dict[str, Any] = json.loads(as_json(picture, link))
    return record


@settings(max_examples=25)
@given(configs(), st.sampled_from(LEVELS), st.sampled_from(STYLES))
def test_the_boxes_cost_what_the_network_costs(
    config: ResNetConfig, level: Any, style: Any
) -> None:
    """Catches a layer that stands in no box or in two, and a cost that is not the metrics'."""
    graph = build_graph(config)
    record, metrics = read(draw(graph, View(level=level, style=style))), measure(graph)
    (network,) = record["networks"]
    rows = {row["id"]: row for row in network["layers"]}
    drawn = [name for box in record["boxes"] for name in box["layers"]]
    assert sorted(drawn) == sorted(rows)
    for key in SUMMED:
        assert sum(rows[name][key] for name in drawn) == network[key] == getattr(metrics, key)


@settings(max_examples=25)
@given(configs())
def test_the_layers_are_the_graphs(config: ResNetConfig) -> None:
    """Catches a layer whose inputs, shape or receptive field is another's."""
    graph = build_graph(config)
    (network,) = read(draw(graph, View(level="network")))["networks"]
    for layer, node, row in zip(network["layers"], graph.nodes, measure(graph).layers, strict=True):
        assert (layer["id"], layer["op"], tuple(layer["inputs"])) == (
            node.id,
            node.op.kind,
            node.inputs,
        )
        assert (tuple(layer["output_shape"]), layer["receptive_field"]) == (
            node.output_shape,
            row.receptive_field,
        )
    assert ResNetConfig.model_validate_json(json.dumps(network["config"])) == config


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("level", LEVELS)
def test_it_says_where_everything_is(level: Any, style: Any) -> None:
    """Catches a box, panel or line that is left out, moved, or hangs on a name that nothing has."""
    picture = drawing(level=level, style=style)
    record = read(picture)
    assert [(box["id"], box["title"], box["repeat"]) for box in record["boxes"]] == [
        (box.id, box.title, box.repeat) for box in picture.boxes
    ]
    for said, box in zip(record["boxes"], picture.boxes, strict=True):
        place = [said[key] for key in ("x", "y", "width", "height")]
        assert place == pytest.approx([box.x, box.y, box.width, box.height], abs=0.005)
    panels = {panel["id"] for panel in record["panels"]}
    assert panels == {panel.id for panel in picture.panels}
    assert {part["parent"] for part in (*record["boxes"], *record["panels"])} <= panels | {""}
    ends = {end for edge in record["edges"] for end in (edge["source"], edge["target"])}
    assert ends <= {box["id"] for box in record["boxes"]}
    assert [edge["kind"] for edge in record["edges"]] == [edge.kind for edge in picture.edges]


def test_it_says_what_it_is() -> None:
    """Catches a file that does not say which network it shows, how, and where to see it."""
    picture = drawing(level="block", colour="macs", direction="LR")
    record = read(picture, LINK)
    assert (record["name"], record["link"], record["description"]) == (
        "resnet56",
        LINK,
        picture.description,
    )
    assert View.model_validate(record["view"]) == picture.view
    assert (record["width"], record["height"], record["paper"]) == (
        picture.width,
        picture.height,
        None,
    )


def test_two_networks_are_kept_apart() -> None:
    """Catches layers of one network that are counted in the other: their ids are the same."""
    record = read(drawing("resnet20", beside="resnet56", level="block"))
    assert [network["network"] for network in record["networks"]] == ["first", "other"]
    for network in record["networks"]:
        drawn = [
            name
            for box in record["boxes"]
            if box["network"] == network["network"]
            for name in box["layers"]
        ]
        assert sorted(drawn) == sorted(layer["id"] for layer in network["layers"])
    assert [network["depth"] for network in record["networks"]] == [20, 56]


def test_a_page_says_how_the_drawing_lies_on_it() -> None:
    """Catches places in points of the page that a reader takes for the drawing's, or the
    reverse."""
    picture = drawing(page="a4")
    paper = read(picture)["paper"]
    assert picture.paper
    assert (paper["width"], paper["height"]) == (595.28, 841.89)
    assert paper["scale"] == pytest.approx(picture.paper.scale, abs=1e-4)


def test_any_name_comes_back() -> None:
    """Catches signs that are lost or that break the file."""
    name = '"}]\\u0000\n\u2028 ×·≤ \x07 </script>'
    record = read(replace(drawing(), name=name), link=name)
    assert (record["name"], record["link"]) == (name, name)


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_drawing_gives_the_same_text(level: Any) -> None:
    """Catches an order that changes from run to run; and a file without its last newline."""
    first, second = (as_json(drawing(level=level), LINK) for _ in range(2))
    assert first == second
    assert first.endswith("}\n") and '\n "name": "resnet56",\n' in first
