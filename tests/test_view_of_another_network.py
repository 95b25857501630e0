"""A view made for one network and used for others: boxes opened in one, looked for in another.

Views travel in links, from page to page, and from one choice of a form to the next. Each test takes
a random view of one network to another network, and expects a drawing, or one sentence.
"""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_app_compare import visit

from app import state
from resnet import exports, get
from resnet.diagram import View, draw
from resnet.diagram.content.fold import refolded, revealed
from resnet.diagram.content.view import places
from resnet.errors import ExportError, ResNetLabError
from resnet.exports import DrawingFormat, view_query
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from tests.strategies import configs, views

NETWORKS = ("resnet20", "resnet110", "plain34", "resnet50", "wrn_28_10")
PAGES = ("free", "a4", "column")


@st.composite
def views_of_another(draw: Any) -> View:
    """A random view of a deep network, with boxes that few others have."""
    view: View = draw(views(get("resnet110").config))
    return view.model_copy(update={"page": draw(st.sampled_from(PAGES))})


@given(
    configs(most_blocks=8),
    configs(most_blocks=8),
    views_of_another(),
    st.sampled_from(get_args(DrawingFormat)),
)
def test_every_export_of_any_pair_works_with_a_view_of_another(
    first: ResNetConfig, second: ResNetConfig, view: View, form: DrawingFormat
) -> None:
    """Catches an export of the Compare page that dies of a box which neither network has."""
    graphs = [build_graph(config) for config in (first, second)]
    try:
        assert exports.drawing(first, form, view.within(*graphs), second)
        assert exports.drawing(first, form, view.within(graphs[0]))
    except ExportError as error:  # nothing fits the page that was asked for
        assert "choose a larger page" in str(error)


@given(configs(most_blocks=8), views_of_another(), st.data())
def test_every_act_works_on_a_view_of_another(
    config: ResNetConfig, view: View, data: st.DataObject
) -> None:
    """Catches a click on a network that does not have what the view says is open."""
    graph = build_graph(config)
    name = data.draw(
        st.sampled_from(sorted(places(graph) | places(build_graph(get("resnet110").config))))
    )
    layer = data.draw(st.sampled_from([node.id for node in graph.nodes]))
    for acted in (view.toggle(name), refolded(graph, view, name), revealed(graph, view, layer)):
        draw(graph, acted.model_copy(update={"page": "free"}).within(graph))


@given(configs(most_blocks=8), views_of_another())
def test_without_care_an_unknown_box_is_one_sentence(config: ResNetConfig, view: View) -> None:
    """Catches a traceback on the command line, where a box that is not there is a typing error."""
    try:
        exports.drawing(config, "svg", view)
    except ResNetLabError as error:
        assert "\n" not in str(error)


@settings(max_examples=10)
@given(
    st.sampled_from(NETWORKS),
    st.sampled_from(NETWORKS),
    views_of_another(),
    st.sampled_from(["compare", ""]),
)
def test_a_link_with_a_view_of_another_network_opens(
    first: str, second: str, view: View, page: str
) -> None:
    """Catches a link, or a change of network, that ends in an error box."""
    link = view_query(view) | {"network": first, "beside": second, "selected": "stage3.block17"}
    app = visit(page or "architecture", **link)
    assert not app.exception
    assert app.get("bidi_component")  # a drawing is there


def test_what_is_open_on_architecture_is_left_out_of_compare_where_no_network_has_it() -> None:
    """Catches the drawing that died: resnet56, Blocks, a box of stage 3 open, n = 3, Compare."""
    app = visit("architecture", network="resnet56", level="block", toggled="stage3.block9")
    app.slider(key="n_slider").set_value(3).run()
    assert not app.exception
    app = app.switch_page("app/pages/compare.py").run()
    assert not app.exception
    assert app.get("bidi_component")


def test_a_view_is_kept_for_the_network_that_has_it() -> None:
    """Catches a view that is lost by passing through a smaller network."""
    app = visit("compare", network="resnet20", beside="plain20", toggled="stage3.block9")
    assert app.session_state[state.VIEW]["toggled"] == "stage3.block9"
    app.selectbox(key="second_name").set_value("resnet56").run()
    assert not app.exception


@pytest.mark.parametrize("colour", ["difference", "macs"])
@pytest.mark.parametrize("page", ["architecture", "compare"])
def test_colours_of_one_page_open_on_the_other(page: str, colour: str) -> None:
    """Catches a colour that only two networks have, kept for one."""
    assert not visit(page, network="resnet20", colour=colour).exception
