"""The architecture page without a browser: what the controls, the numbers and the link say to each
other."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import state
from resnet import quantity
from resnet.network import catalog
from resnet.network.link import Choice, from_query
from resnet.network.metrics import describe

APP = Path(__file__).parents[1] / "streamlit_app.py"


def visit(**parameters: str) -> AppTest:
    """A fresh visit by a link with these parameters."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for closed in ("more", "norm_numbers"):  # their controls are built when they are opened
        app.session_state[closed] = True
    for key, value in parameters.items():
        app.query_params[key] = value
    return app.run()


def numbers(app: AppTest) -> dict[str, str]:
    [row] = [html.proto.body for html in app.get("html") if html.proto.body.startswith("<dl")]
    return {
        label: unescape(value) for label, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", row)
    }


def expected(choice: Choice) -> dict[str, str]:
    metrics = describe(choice.config())
    return {
        "Depth": quantity.exact(metrics.depth),
        "Total params": quantity.exact(metrics.total_params),
        "Trainable params": quantity.exact(metrics.trainable_params),
        "Non-trainable params": quantity.exact(metrics.non_trainable_params),
        "MACs": quantity.short(metrics.macs),
        "Activation memory": quantity.size(metrics.activation_bytes),
    }


def link(app: AppTest) -> Choice:
    """The network the address bar names."""
    return from_query(
        {key: value for key, value in app.query_params.items() if key not in state.VIEW_KEYS}
    )


def warnings(app: AppTest) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", warning.value) for warning in app.warning]


def assert_shows(app: AppTest, choice: Choice) -> None:
    assert not app.exception
    assert expected(choice).items() <= numbers(app).items()
    assert link(app).config() == choice.config()


def press(app: AppTest, key: str, value: Any) -> AppTest:
    return app.button_group(key=key).set_value(value).run()


def test_the_first_screen_is_already_a_network() -> None:
    """Catches an empty form as the first thing a newcomer sees."""
    assert_shows(visit(), Choice("resnet56"))


def test_slider_and_number_are_one_n() -> None:
    """Catches two controls for one thing that disagree."""
    app = visit().slider(key="n_slider").set_value(18).run()
    assert_shows(app, Choice("resnet110"))
    assert app.number_input(key="n_number").value == 18
    app = app.number_input(key="n_number").set_value(200).run()
    assert_shows(app, Choice("resnet1202"))
    assert app.slider(key="n_slider").value == 200


def test_every_variant_can_be_reached_by_hand() -> None:
    """Catches a control that leads to another network than it says."""
    app = visit()
    for kind, name in (("plain", "plain56"), ("resnet", "resnet56")):
        assert_shows(app := press(app, "kind", kind), Choice(name))
    assert_shows(
        app := press(app, "shortcut", "projection_always"),
        Choice("resnet56", {"shortcut": "projection_always"}),
    )
    app = press(app, "family", "imagenet")
    for depth in catalog.RESIDUAL_DEPTHS:
        assert_shows(app := press(app, "depth", depth), Choice(f"resnet{depth}"))
    assert_shows(app := press(app, "kind", "plain"), Choice("resnet152", {"shortcut": "none"}))
    assert_shows(app := press(app, "depth", 34), Choice("plain34"))
    app = press(app, "family", "binary")
    assert_shows(app, Choice("binary_resnet34"))
    assert_shows(app := press(app, "depth", 50), Choice("binary_resnet50"))
    assert_shows(press(app, "kind", "plain"), Choice("binary_plain50"))


def test_the_cifar_networks_with_imagenet_names_have_twins_of_their_own() -> None:
    """resnet50, resnet152 and plain50 exist twice: catches a twin of the other family."""
    for n, plain, residual in (
        (8, "plain50_cifar", "resnet50_cifar"),
        (25, "plain152", "resnet152_cifar"),
    ):
        app = visit().slider(key="n_slider").set_value(n).run()
        assert_shows(app := press(app, "kind", "plain"), Choice(plain))
        assert_shows(press(app, "kind", "resnet"), Choice(residual))


def test_norm_settings_travel_from_family_to_family() -> None:
    """Catches momentum and epsilon that fall back silently when another network is chosen."""
    app = visit().number_input(key="norm.momentum").set_value(0.99).run()
    app = press(app, "family", "imagenet")
    assert_shows(app, Choice("resnet50", {"norm.momentum": 0.99}))
    assert_shows(press(app, "depth", 18), Choice("resnet18", {"norm.momentum": 0.99}))


def test_a_setting_back_at_its_default_leaves_the_link() -> None:
    app = visit(network="resnet20", **{"norm.momentum": "0.99"})
    assert link(app).settings == {"norm.momentum": 0.99}
    assert link(app.number_input(key="norm.momentum").set_value(0.9).run()) == Choice("resnet20")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("norm.momentum", 1.0, "norm.momentum must be less than 1"),
        ("norm.momentum", -0.1, "norm.momentum must be greater than or equal to 0"),
        ("norm.epsilon", 0.0, "norm.epsilon must be greater than 0"),
        ("classes", 0, "classes must be greater than or equal to 1"),
        ("classes", 1, "Softmax over one class"),
        ("stages.1.blocks", 0, "blocks must be greater than or equal to 1"),
        ("stages.2.filters", 8, "cannot|can add channels, not drop them"),
        ("input_shape.0", 2, "shrink to nothing"),
    ],
)
def test_bad_input_gets_one_sentence_and_the_page_lives_on(
    key: str, value: float, says: str
) -> None:
    """Catches a traceback, a page without its drawing, and a link to a network that cannot be."""
    app = visit(network="resnet20").number_input(key=key).set_value(value).run()
    [sentence] = warnings(app)
    assert re.search(says, sentence)
    assert_shows(app, Choice("resnet20"))
    assert app.number_input(key=key).value == value, "what was typed must stay, to be mended"


def test_groups_that_do_not_divide_are_refused_and_mended() -> None:
    app = press(visit(network="resnet20"), "norm.kind", "group")
    assert_shows(app, Choice("resnet20", {"norm.kind": "group"}))
    app = app.number_input(key="norm.groups").set_value(7).run()
    assert "must divide the channels" in warnings(app)[0]
    app = app.number_input(key="norm.groups").set_value(4).run()
    assert not warnings(app)
    assert_shows(app, Choice("resnet20", {"norm.kind": "group", "norm.groups": 4}))


@pytest.mark.parametrize(
    "parameters",
    [
        {"network": "resnet57"},
        {"network": "<script>alert(1)</script>"},
        {"network": "../../../etc/passwd"},
        {"network": "resnet20", "norm.momentum": "nan"},
        {"network": "resnet20", "stages": "x" * 100_000},
        {"network": "resnet20", "__proto__": "1"},
    ],
)
def test_a_broken_link_says_so_and_shows_a_network(parameters: dict[str, str]) -> None:
    """Catches a link that breaks the page of whoever it is sent to, or that is swallowed in
    silence."""
    app = visit(**parameters)
    [sentence] = warnings(app)
    assert sentence.startswith("The link could not be read")
    assert len(sentence) < 500
    assert_shows(app, Choice("resnet56"))
    assert not warnings(app.slider(key="n_slider").set_value(3).run()), (
        "it is about the link, not about what came after"
    )


def test_nothing_is_lost_by_visiting_another_page() -> None:
    """Catches widgets whose values go with their page."""
    app = visit(network="resnet110", **{"norm.momentum": "0.95", "shortcut": "projection"})
    app = app.switch_page("app/pages/train.py").run()
    assert not app.exception
    app = app.switch_page("app/pages/architecture.py").run()
    assert_shows(app, Choice("resnet110", {"norm.momentum": 0.95, "shortcut": "projection"}))


@pytest.mark.parametrize("view", ["Layers", "Code", "nonsense"])
def test_the_link_holds_the_view(view: str) -> None:
    """Catches a view that a link cannot show, and one that breaks the page."""
    app = visit(network="plain20", view=view)
    assert_shows(app, Choice("plain20"))
    shown = app.button_group(key="view").value
    assert shown == (view if view != "nonsense" else "Drawing")


def test_the_layer_table_adds_up() -> None:
    [table] = visit(network="resnet20", view="Layers").dataframe
    assert table.value["trainable_params"].sum() == 269_722
    assert table.value["macs"].sum() == 40_551_040


def test_the_code_view_says_what_the_link_says() -> None:
    """Catches a snippet that builds another network than the one shown."""
    app = visit(network="resnet20", view="Code", **{"norm.momentum": "0.99"})
    python, shell, keras, json = (block.value for block in app.code)
    namespace: dict[str, Any] = {}
    exec(python.rpartition("\n")[0], namespace)
    assert namespace["config"] == Choice("resnet20", {"norm.momentum": 0.99}).config()
    assert "describe resnet20 --set norm.momentum=0.99" in shell
    compile(keras, "keras", "exec")
    assert "momentum=0.99" in keras
    assert type(namespace["config"]).model_validate_json(json) == namespace["config"]
