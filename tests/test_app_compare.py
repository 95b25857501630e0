"""The compare page and the layer table without a browser: what is said is what the library
finds."""

import json
import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from test_app_architecture import APP, warnings

from resnet import get, measure
from resnet.network import catalog
from resnet.network.graph import build_graph
from resnet.network.link import beside_of
from resnet.network.search import find
from resnet.tables import layer_table
from resnet.tables.comparison import compare


def visit(to: str, /, **parameters: str) -> AppTest:
    """A fresh visit of a page by a link with these parameters."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.session_state["norm_numbers"] = True
    for key, value in parameters.items():
        app.query_params[key.replace("__", ".")] = value
    app = app.run().switch_page(f"app/pages/{to}.py")
    for key, value in parameters.items():
        app.query_params[key.replace("__", ".")] = value
    return app.run()


def said(app: AppTest) -> str:
    """The sentence in bold."""
    [sentence] = [
        found for text in app.markdown for found in re.findall(r"\*\*(.*)\*\*\.$", text.value)
    ]
    return re.sub(r"\\(.)", r"\1", sentence)


def assert_says(app: AppTest, first: str, second: str) -> None:
    assert not app.exception
    assert said(app) == compare(get(first).config, get(second).config).sentence


def test_a_network_is_compared_with_its_twin_first() -> None:
    """Catches an empty page, and a twin that is not one."""
    assert_says(visit("compare", network="resnet20"), "resnet20", "plain20")
    assert_says(visit("compare", network="plain34"), "plain34", "resnet34")


def test_any_two_networks_and_the_link_names_both() -> None:
    """Catches a second network that the address bar forgets."""
    app = visit("compare", network="plain56")
    app.selectbox(key="second_name").set_value("resnet110").run()
    assert_says(app, "plain56", "resnet110")
    second = beside_of(dict(app.query_params.items()))
    assert second is not None
    assert second.network == "resnet110"


def test_swapping_turns_the_sentence_round() -> None:
    app = visit("compare", network="plain20", beside="resnet20")
    next(button for button in app.button if button.label == "Swap").click().run()
    assert_says(app, "resnet20", "plain20")


def test_changes_are_typed_as_on_the_command_line() -> None:
    """Catches a setting that is dropped, and a mistake that costs what was there."""
    app = visit("compare", network="resnet20", beside="resnet20")
    app.text_input(key="second_changes").set_value("norm.momentum=0.99").run()
    assert "norm.momentum 0.9 → 0.99 in 19 layers" in said(app)
    app.text_input(key="second_changes").set_value("norm.momentum=2").run()
    assert "norm.momentum 0.9 → 0.99 in 19 layers" in said(app)
    assert any("momentum" in warning for warning in warnings(app))
    app.text_input(key="second_changes").set_value("norm.momentum=0.5").run()
    assert not warnings(app)


@pytest.mark.parametrize("beside", ["resnet57", "<script>alert(1)</script>", "x" * 10_000])
def test_a_broken_second_network_is_one_sentence(beside: str) -> None:
    """Catches a link that breaks the page of whoever it is sent to."""
    app = visit("compare", network="resnet20", beside=beside)
    assert_says(app, "resnet20", "plain20")
    assert any("second network could not be read" in warning for warning in warnings(app))


@pytest.mark.parametrize("rows", ["Stages", "Blocks", "Layers"])
def test_the_table_of_differences_adds_up(rows: str) -> None:
    """Catches a row that is left out of one of the tables."""
    app = visit("compare", network="resnet20", beside="resnet32", view="Differences")
    app.button_group(key="difference_rows").set_value(rows).run()
    [table] = app.dataframe
    wanted = compare(get("resnet20").config, get("resnet32").config).totals.difference
    assert table.value["Trainable params"].sum() == wanted.trainable_params
    assert table.value["MACs"].sum() == wanted.macs


def test_a_family_is_a_table_of_its_networks() -> None:
    """Catches an n that is missing from the chart's table."""
    app = visit("compare", network="resnet20", view="Family")
    [table] = app.dataframe
    assert len(table.value) == 2 * 18
    named = table.value.set_index("name")["trainable_params"]
    assert (
        named["resnet110"] == measure(build_graph(catalog.get("resnet110").config)).trainable_params
    )


@pytest.mark.parametrize("by", ["layer", "block", "stage"])
def test_the_layer_table_filters_and_sums(by: Any) -> None:
    """Catches a filter that does not reach the sums."""
    app = visit("architecture", network="resnet50", view="Layers", rows=by)
    app.text_input(key="layer_filter").set_value("projection").run()
    [table] = app.dataframe
    graph = build_graph(get("resnet50").config)
    metrics = measure(graph)
    wanted = layer_table.rows(metrics, graph, by, set(find(graph, metrics, "projection")))
    assert list(table.value["id"]) == [row.id for row in wanted]
    assert table.value["trainable_params"].sum() == layer_table.total(wanted).trainable_params > 0


def test_a_filter_that_cannot_be_read_is_one_sentence() -> None:
    app = visit("architecture", network="resnet20", view="Layers")
    app.text_input(key="layer_filter").set_value("params > many").run()
    assert not app.exception
    [sentence] = warnings(app)
    assert "many" in sentence


@pytest.mark.parametrize(
    "parameters",
    [
        {"network": "resnet50", "norm__last_gamma": "zero"},  # its plain twin would pass no signal
        {"network": "plain20", "stages__2__filters": "8"},  # its twin would drop channels
    ],
)
def test_a_twin_that_makes_no_sense_is_replaced_and_named(parameters: dict[str, str]) -> None:
    """Catches a traceback where only the twin of a network is impossible."""
    app = visit("compare", **parameters)
    assert not app.exception
    assert any("twin" in warning for warning in warnings(app))


def test_an_impossible_draft_does_not_reach_the_twin() -> None:
    """Catches a page that breaks because of what was left half typed on another."""
    app = visit("architecture", network="resnet20", norm__kind="group")
    app.number_input(key="norm.groups").set_value(7).run()
    app = app.switch_page("app/pages/compare.py").run()
    assert not app.exception


def test_a_new_link_replaces_both_networks() -> None:
    """Catches a link of which only the first half is read in a session that has already
    compared."""
    app = visit("compare", network="resnet20", beside="resnet50")
    for parameters in (
        {"network": "resnet44", "beside": "resnet34"},
        {"network": "resnet44", "beside": "plain44"},
    ):
        for key, value in parameters.items():
            app.query_params[key] = value
        app.run()
        assert_says(app, parameters["network"], parameters["beside"])


@pytest.mark.parametrize("page", ["architecture", "compare"])
def test_a_figure_s_own_link_opens_a_drawing_that_can_be_opened(page: str) -> None:
    """Catches a drawing folded for a page of paper on a screen, where its boxes would not open."""
    app = visit(page, network="resnet20", page="column")
    assert not app.exception
    assert not warnings(app)
    sent = json.loads(app.get("bidi_component")[0].proto.json)[0]
    assert len(sent["scenes"]["wide"]["boxes"]) > 8
