"""Time as a run needs it. Ages are taken from the time since boot, which no one can set back; dates
are for people."""

import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Reading(NamedTuple):
    """A moment: `time_s` is Unix time, to be shown; `uptime_s` counts from the machine's start, to
    be subtracted."""

    time_s: float
    uptime_s: float


def read() -> Reading:
    return Reading(now_s(), uptime_s())


def now_s() -> float:
    """Unix time. It may jump: never take a difference of two."""
    return time.time()


def uptime_s() -> float:
    """Seconds since this machine started, sleep included, the same in every process."""
    # macOS has no CLOCK_BOOTTIME; its CLOCK_MONOTONIC counts sleep too.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@cache
def boot_id() -> str:
    """A name for the time between two starts of this machine.

    Linux has a random one. Elsewhere it is the moment of the start, which changes when somebody
    sets the clock.
    """
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return f"started {psutil.boot_time():.0f}"
