"""Time as a run needs it. Ages are taken from the time since boot, which no one can set back; dates are for people."""

import time
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def now_s() -> float:
    """Unix time, for showing. It may jump: never take a difference of two."""
    return time.time()


def uptime_s() -> float:
    """Seconds since this machine started, sleep included, the same in every process."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """A name for the time between two starts of this machine."""
    return BOOT_ID.read_text().strip()


def start_ticks(pid: int) -> int | None:
    """When a process began, in the kernel's ticks since boot, or None where it is gone. With its number, who it is."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[19])
