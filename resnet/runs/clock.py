"""Clocks for runs. Ages use the time since the machine's start, which cannot be set back; Unix time
is for display."""

import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Reading(NamedTuple):
    """A moment: `time_s` is Unix time, for display; `uptime_s` counts from the machine's start, for
    differences."""

    time_s: float
    uptime_s: float


def read() -> Reading:
    return Reading(now_s(), uptime_s())


def now_s() -> float:
    """Unix time. The clock may be set, so never subtract two of these."""
    return time.time()


def uptime_s() -> float:
    """Seconds since this machine started, sleep included, the same in every process."""
    # macOS has no CLOCK_BOOTTIME; its CLOCK_MONOTONIC counts sleep too.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@cache
def boot_id() -> str:
    """An id that changes with every start of this machine.

    Linux has a random one. Other systems get the time of the start, which changes when the clock is
    set.
    """
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return f"started {psutil.boot_time():.0f}"
