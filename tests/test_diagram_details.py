"""The numbers behind each box: they add up to the network's, and JSON can carry them."""

import json

from hypothesis import given
from hypothesis import strategies as st
from strategies import configs

from resnet import ResNetConfig, build_graph, get, measure
from resnet.diagram import Level, View, draw
from resnet.diagram.details import SUMMED
from resnet.diagram.view import LEVELS


@given(configs(), st.sampled_from(LEVELS))
def test_the_boxes_add_up_to_the_network(config: ResNetConfig, level: Level) -> None:
    """A layer counted twice, or a repeat counted once, at any level."""
    graph = build_graph(config)
    metrics = measure(graph)
    facts = draw(graph, View(level=level)).details(metrics)
    for key in SUMMED:
        total = getattr(metrics, key)
        assert sum(box[key] for box in facts.values()) == total
        assert abs(sum(box["share"][key] for box in facts.values()) - bool(total)) < 1e-3
        assert all(box["each"][key] * box["repeat"] == box[key] for box in facts.values())


@given(configs(), st.sampled_from(LEVELS))
def test_details_are_json_by_box(config: ResNetConfig, level: Level) -> None:
    drawing = draw(build_graph(config), View(level=level))
    facts = drawing.details(measure(drawing.graph))
    assert list(facts) == [box.id for box in drawing.boxes]
    assert json.loads(json.dumps(facts)) == facts


def test_what_the_panel_shows_of_eight_blocks() -> None:
    """Exact for one well-known box: the eight equal blocks of ResNet-56's second stage."""
    graph = build_graph(get("resnet56").config)
    facts = draw(graph).details(measure(graph))["stage2.block2"]
    assert facts["title"] == "8 more blocks"
    assert facts["sentence"] == "8 blocks, each with its own weights"
    assert (facts["input_shape"], facts["output_shape"]) == ([16, 16, 32], [16, 16, 32])
    assert facts["each"]["trainable_params"] == 2 * (9 * 32 * 32 + 2 * 32)
    assert facts["trainable_params"] == 8 * 18_560
    assert facts["non_trainable_params"] == 8 * 128
    assert facts["each"]["macs"] == 2 * 16 * 16 * 9 * 32 * 32
    assert [layer["text"] for layer in facts["layers"]] == [
        "3×3 conv, 32", "batch norm", "ReLU", "3×3 conv, 32", "batch norm", "add", "ReLU"
    ]  # fmt: skip
    assert facts["share"]["trainable_params"] == round(8 * 18_560 / 853_018, 6)
    assert facts["receptive_field"] == 109


def test_the_image_has_no_input() -> None:
    graph = build_graph(get("resnet20").config)
    facts = draw(graph).details(measure(graph))["input"]
    assert (facts["input_shape"], facts["output_shape"]) == (None, [32, 32, 3])
    assert facts["sentence"] == "1 layer"
