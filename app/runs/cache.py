"""What is known of runs, devices and images, kept between reruns and shared by all visitors.

Apart from `app.cache`, since the first drawing must not wait for what only training needs.
"""

import os
import threading
from base64 import b64encode
from dataclasses import dataclass, field

import streamlit as st

from resnet.recipes.recipe import Recipe
from resnet.recipes.samples import sample_sheet
from resnet.runs import Store
from resnet.runs.devices import Device, offered
from resnet.runs.journal import START, Cursor, Line
from resnet.runs.run import Run
from resnet.runs.store import DEFAULT_ROOT
from resnet.runs.usage import Meter


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
            self.records = (
                fresh if cursor.restarts != self.cursor.restarts else [*self.records, *fresh]
            )
            self.cursor = cursor
            return self.records


@st.cache_resource(max_entries=32, show_spinner=False)
def journal(run_id: str) -> Journal:
    """What is known of a run's curve, shared by everyone who looks at it."""
    return Journal()


@st.cache_resource(show_spinner=False)
def meter() -> Meter:
    """One for all visitors: each look tells what happened since the last one."""
    return Meter()


@st.cache_data(ttl=10, show_spinner=False)
def devices() -> list[Device]:
    """What a run can be computed on; free memory is at most ten seconds old."""
    return offered()


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs={Recipe: Recipe.model_dump_json})
def sheet(dataset: str, folder: str, recipe: Recipe) -> str:
    """Samples before and after augmentation, as the address of a PNG that it holds. Raises
    DataError.

    A file of Streamlit's would be a JPEG, and gone when a browser asks for it after the page was
    left.
    """
    png = sample_sheet(dataset, folder, recipe, recipe.seed).png()
    return f"data:image/png;base64,{b64encode(png).decode()}"
