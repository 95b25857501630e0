"""Results about runs, devices and images, kept between reruns and shared by all visitors.

Not in `app.cache`, because the first drawing must not wait for modules that only training needs.
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
    """The runs of this server. The store holds no runs; it reads their folders again at each
    call."""
    return Store(os.environ.get("RESNET_LAB_RUNS", DEFAULT_ROOT))


@dataclass
class Journal:
    """The records of a run that were read so far. `catch_up` reads only the new ones."""

    records: list[Line] = field(default_factory=list)
    cursor: Cursor = START
    turn: threading.Lock = field(default_factory=threading.Lock)

    def catch_up(self, run: Run) -> list[Line]:
        with self.turn:  # two visitors at the same time must not add the same records twice
            fresh, cursor = run.metrics(self.cursor)
            self.records = (
                # A file that was replaced or cut is read again from its start, so the old records
                # are dropped. The list is replaced and not extended: another visitor may be drawing
                # the old one.
                fresh if cursor.restarts != self.cursor.restarts else [*self.records, *fresh]
            )
            self.cursor = cursor
            return self.records


@st.cache_resource(max_entries=32, show_spinner=False)
def journal(run_id: str) -> Journal:
    """The records of a run, shared by all visitors."""
    return Journal()


@st.cache_resource(show_spinner=False)
def meter() -> Meter:
    """One meter for all visitors. Each reading covers the time since the last one."""
    return Meter()


@st.cache_data(ttl=10, show_spinner=False)
def devices() -> list[Device]:
    """The devices that a run can use. The free memory is at most ten seconds old."""
    return offered()


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs={Recipe: Recipe.model_dump_json})
def sheet(dataset: str, folder: str, recipe: Recipe) -> str:
    """Samples before and after augmentation, as a data URL of a PNG. Raises DataError.

    Streamlit would make a JPEG file, which is gone if a browser asks for it after the page was
    left.
    """
    png = sample_sheet(dataset, folder, recipe, recipe.seed).png()
    return f"data:image/png;base64,{b64encode(png).decode()}"
