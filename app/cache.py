"""Results about networks, kept between reruns and shared by all visitors. Only files named cache.py
use `@st.cache_*`.

Everything here is a pure function of a config, so results can be shared. The number of entries is
limited, so that sixty people who click through the catalogue do not fill the memory.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from resnet import exports
from resnet.as_keras.plot_model import PlotOptions
from resnet.diagram import View, draw
from resnet.diagram.formats.scene import layers, scene
from resnet.network.config import ResNetConfig
from resnet.network.graph import Graph, build_graph
from resnet.network.metrics import Metrics, measure
from resnet.tables.comparison import Comparison, compare
from resnet.tables.family import FamilyRow, family

# Streamlit needs a hash of each argument and cannot make one of these by itself. Two configs with
# one fingerprint are the same network, so the fingerprint is enough.
BY_FINGERPRINT: dict[str | type[Any], Callable[[Any], Any]] = {
    ResNetConfig: lambda config: config.fingerprint,
    PlotOptions: PlotOptions.model_dump_json,
    View: View.model_dump_json,
}


MOST_MEMBERS = 40
"""The most members of a family that are computed; a chart needs no more points."""


@dataclass(frozen=True, slots=True)
class Network:
    """A config with its graph and its counts."""

    config: ResNetConfig
    graph: Graph
    metrics: Metrics


# cache_resource hands out the object itself; cache_data would copy it for each rerun. That is safe
# because graphs and counts are frozen.
@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def network(config: ResNetConfig) -> Network:
    """Graph and counts of a config."""
    graph = build_graph(config)
    return Network(config, graph, measure(graph))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def scene_of(config: ResNetConfig, view: View) -> dict[str, Any]:
    """The drawing in one view, in the form that the page receives."""
    return scene(draw(network(config).graph, view))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def pair_scene(first: ResNetConfig, second: ResNetConfig, view: View) -> dict[str, Any]:
    """Two networks drawn side by side, in the form that the page receives."""
    return scene(draw(network(first).graph, view, beside=network(second).graph))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def comparison(first: ResNetConfig, second: ResNetConfig) -> Comparison:
    """What differs between two networks."""
    return compare(first, second)


@st.cache_resource(max_entries=8, show_spinner=False)
def family_rows(most: int, settings: tuple[tuple[str, Any], ...]) -> tuple[FamilyRow, ...]:
    """The numbers of the CIFAR networks with n from 1 to `most`, for at most MOST_MEMBERS of them.
    Raises ConfigError."""
    # Spread evenly from 1 to `most`. In a short family several places round to the same n, and the
    # set keeps one of them.
    members = {round(1 + (most - 1) * index / (MOST_MEMBERS - 1)) for index in range(MOST_MEMBERS)}
    return family(sorted(members), ("resnet", "plain"), dict(settings))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def layers_of(config: ResNetConfig) -> dict[str, Any]:
    """The layer table for the details panel of a drawing."""
    known = network(config)
    return layers(known.graph, known.metrics)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def keras_picture(config: ResNetConfig, options: PlotOptions) -> str:
    """Keras's picture as SVG. Raises ExportError."""
    return exports.plot(config, "svg", options).decode()


# A PNG of a deep network is large, so only the last two are kept.
@st.cache_data(max_entries=2, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def keras_png(config: ResNetConfig, options: PlotOptions) -> bytes:
    """Keras's picture as PNG. Raises ExportError if its text would be too small to read."""
    return exports.plot(config, "png", options)


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Called once, at the end of the first page. Imported modules are never freed, so the garbage
    collector need not look through them.

    Python still collects garbage at times, as in any program. Streamlit's full collection after
    every rerun is switched off (`postScriptGC` in .streamlit/config.toml), because each click
    became slower the more pages other visitors had opened.
    """
    gc.freeze()
