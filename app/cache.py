"""Results worth keeping between reruns, shared by all visitors. The only file with `@st.cache_*`.

Everything here is a pure function of a config, so a result can be shared; sizes are bounded, so that a class of sixty
that clicks through the catalogue does not fill the memory.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from resnet import exports
from resnet.config import ResNetConfig
from resnet.data.sheet import sample_sheet
from resnet.diagram import Direction, Drawing, Level, draw
from resnet.diagram.plot_model import PlotOptions
from resnet.graph import Graph, build_graph
from resnet.metrics import Metrics, measure
from resnet.runs import Store
from resnet.runs.devices import Device, list_devices
from resnet.runs.journal import START, Cursor, Line
from resnet.runs.run import Run
from resnet.runs.store import DEFAULT_ROOT
from resnet.training.recipe import Recipe

BY_FINGERPRINT: dict[str | type[Any], Callable[[Any], Any]] = {
    ResNetConfig: lambda config: config.fingerprint,
    PlotOptions: PlotOptions.model_dump_json,
    Recipe: Recipe.model_dump_json,
}


@dataclass(frozen=True, slots=True)
class Network:
    """A config with what follows from it."""

    config: ResNetConfig
    graph: Graph
    metrics: Metrics


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def network(config: ResNetConfig) -> Network:
    """Graph and counts of a config."""
    graph = build_graph(config)
    return Network(config, graph, measure(graph))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def drawing(config: ResNetConfig, level: Level, direction: Direction = "TB") -> Drawing:
    """The folded drawing at a level."""
    return draw(network(config).graph, level=level, direction=direction)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def keras_picture(config: ResNetConfig, options: PlotOptions) -> str:
    """Keras's picture as SVG. Raises ExportError."""
    return exports.plot(config, "svg", options).decode()


@st.cache_data(max_entries=2, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def keras_png(config: ResNetConfig, options: PlotOptions) -> bytes:
    """Keras's picture as PNG. Raises ExportError where its letters could not be read."""
    return exports.plot(config, "png", options)


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The runs of this server. Holds no run: what it says is read anew each time."""
    return Store(os.environ.get("RESNET_LAB_RUNS", DEFAULT_ROOT))


@dataclass
class Journal:
    """The records of a run read so far; the next look reads only what was written since."""

    records: list[Line] = field(default_factory=list)
    cursor: Cursor = START
    turn: threading.Lock = field(default_factory=threading.Lock)

    def catch_up(self, run: Run) -> list[Line]:
        with self.turn:  # two visitors who look at once must not add the same records twice
            fresh, cursor = run.metrics(self.cursor)
            self.records = fresh if cursor.restarts != self.cursor.restarts else [*self.records, *fresh]
            self.cursor = cursor
            return self.records


@st.cache_resource(max_entries=32, show_spinner=False)
def journal(run_id: str) -> Journal:
    """What is known of a run's curve, shared by everyone who looks at it."""
    return Journal()


@st.cache_data(ttl=10, show_spinner=False)
def devices() -> list[Device]:
    """What a run can be computed on; free memory is at most ten seconds old."""
    return list_devices()


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def sheet(dataset: str, folder: str, recipe: Recipe) -> bytes:
    """Samples before and after augmentation, as PNG. Raises DataError."""
    return sample_sheet(dataset, folder, recipe, recipe.seed).png()
