"""Keras's picture, without Keras: equal to what `keras.utils.model_to_dot` makes of the built
model."""

import inspect
import re
from itertools import product
from typing import Any

import keras
import pytest
from hypothesis import given, settings
from strategies import configs

from resnet import ConfigError, ResNetConfig, build_graph, build_keras_model, get, names
from resnet.as_keras.model import keras_dot
from resnet.as_keras.plot_model import PlotOptions, dot
from resnet.network import catalog

SWITCHES = (
    "show_shapes",
    "show_dtype",
    "show_layer_names",
    "show_layer_activations",
    "show_trainable",
)
EVERY_OPTION = [
    PlotOptions.model_validate(
        dict(zip(SWITCHES, switches, strict=True)) | {"rankdir": rankdir, "dpi": dpi}
    )
    for switches, (rankdir, dpi) in product(
        product([False, True], repeat=len(SWITCHES)),
        [("TB", 200), ("LR", 96), ("BT", 72), ("RL", 300)],
    )
]
EVERYTHING = PlotOptions.model_validate(dict.fromkeys(SWITCHES, True))
PUBLISHED = {entry.name for entry in catalog.published()}
DRAWN = [
    name
    for name in names()
    if (depth := get(name).config.depth) <= 38 or (name in PUBLISHED and depth <= 164)
]
"""Every published network and every shallow one of each family. The others repeat their blocks."""


def structure(config: ResNetConfig) -> keras.Model:
    """The built model without values in its weights: a picture needs none, and they take half of
    the time."""
    with keras.StatelessScope(initialize_variables=False):
        return build_keras_model(config)


def numbered(text: str) -> str:
    """DOT text with its nodes renamed 0, 1, 2 … in order, since Keras names them by memory
    addresses."""
    names = re.findall(r"^(\S+) \[label=", text, flags=re.MULTILINE)
    number = {name: str(index) for index, name in enumerate(names)}
    return re.sub(
        r"^(\S+)(?: -> (\S+))?(?= \[(?:label|penwidth)=)",
        lambda match: " -> ".join(number[name] for name in match.groups() if name),
        text,
        flags=re.MULTILINE,
    ).strip()


def assert_same(config: ResNetConfig, model: keras.Model, options: PlotOptions) -> None:
    """Graph attributes, nodes, labels, edges and their order: the whole text."""
    assert numbered(dot(build_graph(config), options)) == numbered(keras_dot(model, options))


@pytest.mark.keras
@pytest.mark.parametrize("name", DRAWN)
def test_a_catalogue_network_is_drawn_as_keras_draws_it(name: str) -> None:
    """Every combination of options appears on some network."""
    config = get(name).config
    model = structure(config)
    start = DRAWN.index(name)
    for options in (PlotOptions(), EVERYTHING, *EVERY_OPTION[start :: len(DRAWN)]):
        assert_same(config, model, options)


@pytest.mark.keras
def test_every_combination_of_options_is_drawn_as_keras_draws_it() -> None:
    config = get("binary_resnet34").config
    model = structure(config)
    for options in EVERY_OPTION:
        assert_same(config, model, options)


@pytest.mark.keras
def test_resnet1202_is_drawn_as_keras_draws_it() -> None:
    config = get("resnet1202").config
    model = structure(config)
    for options in (PlotOptions(), EVERYTHING):
        assert_same(config, model, options)


@pytest.mark.keras
@settings(max_examples=15)
@given(configs(most_blocks=3, most_filters=16, largest_side=20))
def test_any_network_is_drawn_as_keras_draws_it(config: ResNetConfig) -> None:
    """Would catch a layer kind, a norm or an order of two arms that no catalogue network has."""
    assert_same(config, structure(config), EVERYTHING)


@pytest.mark.keras
def test_options_and_defaults_are_those_of_plot_model() -> None:
    signature = inspect.signature(keras.utils.plot_model).parameters
    theirs = {key: signature[key].default for key in PlotOptions.model_fields}
    assert PlotOptions().model_dump() == theirs
    left_out = set(signature) - set(theirs)
    assert left_out == {"model", "to_file", "expand_nested", "splines", "kwargs"}


def test_numbering_would_show_a_difference() -> None:
    """The comparison itself: another order, label or edge must not come out equal."""
    text = dot(build_graph(get("resnet20").config), EVERYTHING)
    lines = text.splitlines()
    swapped = "\n".join([*lines[:7], lines[8], lines[7], *lines[9:]])
    assert numbered(text) == numbered(text.replace('"stem.conv"', "140123"))
    for other in (
        swapped,
        text.replace("(None, 16, 16, 32)", "(None, 16, 16, 33)", 1),
        "\n".join(lines[:-2] + lines[-1:]),
    ):
        assert numbered(other) != numbered(text)


def test_edges_are_never_ortho() -> None:
    """Graphviz aborts on stock models with orthogonal edges."""
    for entry in catalog.published():
        assert "ortho" not in dot(build_graph(entry.config), EVERYTHING)


def test_the_same_network_gives_the_same_text() -> None:
    graph = build_graph(get("resnet56").config)
    assert dot(graph, EVERYTHING) == dot(build_graph(get("resnet56").config), EVERYTHING)


@pytest.mark.parametrize(
    "wrong", [{"dpi": 0}, {"dpi": "many"}, {"rankdir": "diagonal"}, {"splines": "ortho"}]
)
def test_an_option_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        PlotOptions.model_validate(wrong)
