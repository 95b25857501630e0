"""Who works on a run, by psutil, and ending them without ever touching a stranger.

A process belongs to a run when it is the worker that process.json names (same number, same start,
same boot), when it is in the session that worker leads, or when it carries the run's mark in its
environment, as all that a worker starts.
"""

import contextlib
import os
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from resnet.runs import clock
from resnet.runs.records import Work

MARK = "RESNET_RUN"
DEAD = {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
TICKS_PER_S = 100
"""The unit of `start_ticks` in process.json, which is that of Linux's /proc."""


class Process(NamedTuple):
    """A living process. The number alone may be used again; number and start together may not."""

    pid: int
    start_ticks: int
    session: int


def read(pid: int) -> Process | None:
    """The living process of this number, or None."""
    try:
        process = psutil.Process(pid)
        if process.status() in DEAD:
            return None
        return Process(pid, _start_ticks(process), os.getsid(pid))
    except (psutil.Error, ProcessLookupError, PermissionError):
        return None


def _start_ticks(process: psutil.Process) -> int:
    """When it started. On Linux since the machine's start, so that setting the clock changes
    nothing.

    psutil adds the machine's start to what Linux counts; the same start is taken off again. It is
    looked at before and after, in case the clock is set in between. On macOS the kernel itself
    keeps the Unix time of each start.
    """
    if not psutil.LINUX:
        return round(process.create_time() * TICKS_PER_S)
    while True:
        boot_s = psutil.boot_time()
        created_s = psutil.Process(process.pid).create_time()
        if boot_s == psutil.boot_time():
            return round((created_s - boot_s) * TICKS_PER_S)


def worker(work: Work | None) -> Process | None:
    """The worker that process.json names, where that very process still lives."""
    if work is None or work.boot_id != clock.boot_id():
        return None
    process = read(work.pid)
    return process if process and process.start_ticks == work.start_ticks else None


def belonging(run: Path, work: Work | None) -> list[Process]:
    """Everything alive that works on a run: its worker first, then what the worker started."""
    leader = worker(work)
    mark = str(run.resolve())
    members = [leader] if leader else []
    for pid in psutil.pids():
        if pid == os.getpid() or (leader and pid == leader.pid):
            continue
        if environment(pid).get(MARK) == mark or (leader and _session(pid) == leader.pid):
            process = read(pid)  # looked at last: it takes longest, and nearly all are strangers
            members += [process] if process else []
    return members


def _session(pid: int) -> int | None:
    """The leader of a process's session; None where it is gone or the system does not say."""
    with contextlib.suppress(OSError):
        return os.getsid(pid)
    return None


def environment(pid: int) -> Mapping[str, str]:
    """The environment variables a process was started with; none where it is gone or another
    user's."""
    try:
        return psutil.Process(pid).environ()
    except (psutil.Error, OSError):
        return {}


def send(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal exactly these processes: one whose number has passed to another is left alone."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if hasattr(os, "pidfd_open"):
                _send_by_handle(process, number)
            elif (
                read(process.pid) == process
            ):  # macOS has no such handle; psutil looks once more before it sends
                psutil.Process(process.pid).send_signal(number)


def _send_by_handle(process: Process, number: signal.Signals) -> None:
    handle = os.pidfd_open(process.pid)
    try:
        if read(process.pid) == process:  # asked while the handle pins the number to one process
            signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)
