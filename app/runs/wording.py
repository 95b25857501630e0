"""The words for a run and its facts."""

from datetime import UTC, datetime
from typing import Literal

import streamlit as st

from app.elements import views
from resnet import data, quantity
from resnet.errors import ResNetLabError
from resnet.runs import Run
from resnet.runs.progress import Progress
from resnet.runs.spec import RunSpec
from resnet.runs.state import State, StateName

Colour = Literal["red", "orange", "blue", "green", "gray"]
STATES: dict[StateName, tuple[Colour, str]] = {
    "queued": ("gray", "schedule"),
    "starting": ("blue", "hourglass_top"),
    "running": ("blue", "play_arrow"),
    "stalled": ("orange", "warning"),
    "stopping": ("orange", "stop_circle"),
    "stopped": ("gray", "stop_circle"),
    "finished": ("green", "check_circle"),
    "failed": ("red", "error"),
    "crashed": ("red", "error"),
    "machine restarted": ("red", "restart_alt"),
}
NOTHING = "–"


def badge(now: State) -> None:
    """A state as a coloured word with an icon."""
    colour, icon = STATES[now.name]
    st.badge(now.name, color=colour, icon=f":material/{icon}:")


def network(spec: RunSpec | None) -> str:
    return views.title(spec.config) if spec else "Damaged run"


def dataset(spec: RunSpec | None) -> str:
    try:
        return data.title(spec.dataset) if spec else "unknown data"
    except ResNetLabError:  # a data set of another version of this program
        return spec.dataset if spec else ""


def steps(progress: Progress) -> str:
    if not progress.steps:
        return "not started"
    left = (
        f", {quantity.duration(progress.time_left_s)} left"
        if progress.time_left_s is not None
        else ""
    )
    return f"step {progress.step:,} of {progress.steps:,}{left}"


def error(value: float | None) -> str:
    """An error in percent, or a dash if it is not known yet."""
    return NOTHING if value is None else quantity.percent(value)


def started(run: Run) -> datetime:
    """When the run was requested: the start of its id, in UTC."""
    return datetime.strptime(run.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
