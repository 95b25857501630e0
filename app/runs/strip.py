"""How busy the machine is: one line for each device."""

from collections.abc import Iterable

import streamlit as st

from app.elements import views
from app.runs import cache
from resnet import quantity
from resnet.runs import Run
from resnet.runs.usage import Usage


def devices(runs: Iterable[Run]) -> None:
    """What each device does now. Processes that do not belong to ResNet Lab are named."""
    # A run holds its lock while its process lives, so only these can own a process on a device.
    works = [run.directory.work() for run in runs if run.directory.is_locked()]
    for usage in cache.meter().look({work.pid for work in works if work}):
        st.caption(views.plain(line(usage)))


def line(usage: Usage) -> str:
    """Name, utilisation, memory, power and other processes, if the device reports them."""
    parts = [usage.name]
    if usage.utilisation is not None:
        parts.append(f"{usage.utilisation:.0f} % busy")
    if usage.used_bytes is not None and usage.total_bytes is not None:
        parts.append(
            f"{quantity.size(usage.used_bytes)} of {quantity.size(usage.total_bytes)} in use"
        )
    if usage.power_w is not None:
        limit = f" of {usage.limit_w:.0f}" if usage.limit_w is not None else ""
        parts.append(f"{usage.power_w:.0f}{limit} W")
    parts += [f"process {stranger.pid} is not a run of ResNet Lab" for stranger in usage.strangers]
    return " · ".join(parts)
