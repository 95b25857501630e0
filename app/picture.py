"""The drawings of a network on its page: ours, and Keras's."""

import streamlit as st

from app import cache, state
from app.cache import Network
from app.components.diagram import show_diagram
from resnet.diagram import Level

LEVELS: dict[Level, str] = {"network": "Network", "stage": "Stages", "block": "Blocks", "layer": "Layers"}
FIRST_LEVEL: Level = "stage"


def level_switch() -> Level:
    """How far the network is opened: its stages, their blocks, the layers in a block, or every layer."""
    levels = (FIRST_LEVEL, *(level for level in LEVELS if level != FIRST_LEVEL))
    key = state.seed("level", state.parameter("level", levels))
    level: Level = st.segmented_control("Level of detail", list(LEVELS), key=key, format_func=LEVELS.__getitem__,
                                        required=True, label_visibility="collapsed") or FIRST_LEVEL  # fmt: skip
    state.set_parameter("level", level, FIRST_LEVEL)
    return level


def drawing(network: Network, level: Level) -> None:
    """The folded drawing, under the hand."""
    wide, tall = (cache.drawing(network.config, level, direction) for direction in ("LR", "TB"))
    show_diagram(
        {"wide": wide.svg(theme="page"), "tall": tall.svg(theme="page")},
        wide.details(network.metrics) if hasattr(wide, "details") else {},
        network=network.config.fingerprint,
        label=f"Drawing of {network.config.label}",
        kind=level,
    )
