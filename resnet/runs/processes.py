"""Who works on a run, read from /proc, and ending them without ever touching a stranger.

A process belongs to a run when it is the worker that process.json names (same number, same start,
same boot), when it is in the session that worker leads, or when it carries the run's mark in its
environment, as all that a worker starts.
"""

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from resnet.runs import clock
from resnet.runs.records import Work

MARK = "RESNET_RUN"
PROC = Path("/proc")
DEAD = {"Z", "X"}


class Process(NamedTuple):
    """A living process. The number alone may be used again; number and start together may not."""

    pid: int
    start_ticks: int
    session: int


def read(pid: int) -> Process | None:
    """The living process of this number, or None."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    if fields[0] in DEAD:
        return None
    return Process(pid, int(fields[19]), int(fields[3]))


def everyone() -> Iterator[Process]:
    """Every living process this user may see."""
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and (process := read(int(entry.name))):
            yield process


def worker(work: Work | None) -> Process | None:
    """The worker that process.json names, where that very process still lives."""
    if work is None or work.boot_id != clock.boot_id():
        return None
    process = read(work.pid)
    return process if process and process.start_ticks == work.start_ticks else None


def belonging(run: Path, work: Work | None) -> list[Process]:
    """Everything alive that works on a run: its worker first, then what the worker started."""
    leader = worker(work)
    mark = f"{MARK}={run.resolve()}".encode()
    members = [leader] if leader else []
    for process in everyone():
        in_session = leader is not None and process.session == leader.pid
        if (
            process != leader
            and process.pid != os.getpid()
            and (in_session or mark in environment(process.pid))
        ):
            members.append(process)
    return members


def environment(pid: int) -> list[bytes]:
    """What a process was started with, as KEY=VALUE; nothing where it is gone or another user's."""
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def send(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal exactly these processes: one whose number has passed to another is left alone."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            handle = os.pidfd_open(process.pid)
            try:
                if (
                    read(process.pid) == process
                ):  # asked while the handle pins the number to one process
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)
