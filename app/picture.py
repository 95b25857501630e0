"""The drawings of a network on its page: ours, and Keras's."""

from typing import Any, cast

import streamlit as st

from app import cache, state
from app.cache import Network
from app.components.diagram import show_diagram
from resnet.diagram import Level
from resnet.diagram.plot_model import PlotOptions

LEVELS: tuple[Level, ...] = ("stage", "network", "block", "layer")
"""The first is the one a visitor sees first."""
LEVEL_TITLES: dict[Level, str] = {"network": "Network", "stage": "Stages", "block": "Blocks", "layer": "Layers"}

MOST_BOXES_TWICE = 500
"""A larger drawing is sent for one shape of screen only."""
MOST_LAYERS_LISTED = 40
PANEL_FACTS = ("title", "sentence", "input_shape", "output_shape", "trainable_params", "non_trainable_params", "macs",
               "activation_bytes", "receptive_field", "share")  # fmt: skip

PLOT_OPTIONS = {
    "show_shapes": "Shapes",
    "show_layer_names": "Names",
    "show_dtype": "Types",
    "show_layer_activations": "Activations",
    "show_trainable": "Trainable",
}
SHOW, SHOWN = "plot_pills", "plot_shown"
FIRST_SHOWN = ["show_shapes", "show_layer_names"]


def level_switch() -> Level:
    """How far the network is opened: its stages, their blocks, the layers in a block, or every layer."""
    level = state.view("level", LEVELS)
    st.segmented_control("Level of detail", list(LEVEL_TITLES), default=level, key=state.seed("level", level),
                         format_func=LEVEL_TITLES.__getitem__, required=True, label_visibility="collapsed",
                         on_change=state.look, args=("level", LEVELS))  # fmt: skip
    return cast(Level, level)


def drawing(network: Network, level: Level) -> None:
    """The folded drawing, under the hand; on a narrow screen from top to bottom."""
    wide = cache.drawing(network.config, level, "LR")
    svgs = {"wide": wide.svg(theme="page")}
    if len(wide.boxes) <= MOST_BOXES_TWICE:
        svgs["tall"] = cache.drawing(network.config, level, "TB").svg(theme="page")
    show_diagram(
        svgs,
        {name: _panel(facts) for name, facts in wide.details(network.metrics).items()},
        network=network.config.fingerprint,
        label=f"Drawing of {network.config.label}",
        kind=level,
    )


def _panel(facts: dict[str, Any]) -> dict[str, Any]:
    """What the details panel shows of a box: the layers of a block, but not the hundreds of a stage."""
    layers = facts["layers"] if 1 < len(facts["layers"]) <= MOST_LAYERS_LISTED else []
    rows = [[row["text"], row["output_shape"], row["trainable_params"]] for row in layers]
    return {key: facts[key] for key in PANEL_FACTS} | {"layers": rows}


def plot_model(network: Network) -> None:
    """Keras's own picture of this model, from the graph, with Keras's options."""
    shown = state.read(SHOWN, FIRST_SHOWN)
    st.pills("Show", list(PLOT_OPTIONS), selection_mode="multi", default=shown, key=state.seed(SHOW, shown),
             format_func=PLOT_OPTIONS.__getitem__, label_visibility="collapsed",
             on_change=lambda: state.remember(SHOWN, state.read(SHOW)))  # fmt: skip
    options = plot_options()
    layers = len(network.graph.nodes)
    with st.spinner(f"Graphviz draws {layers:,} layers", show_time=True):
        svg = cache.keras_picture(network.config, options)
    show_diagram(
        {"wide": svg},
        {},
        network=network.config.fingerprint,
        label=f"Keras's picture of {network.config.label}",
        kind="plot_model",
        scheme="light",
    )


def plot_options() -> PlotOptions:
    """Keras's options as they were last chosen."""
    return PlotOptions(**dict.fromkeys(state.read(SHOWN, FIRST_SHOWN), True))
