"""The processes of a run, found with psutil, and ending them without touching other processes.

A process belongs to a run if it is the worker that process.json names (same number, same start
time, same boot), if it is in the session of that worker, or if it has the run's mark in its
environment. All processes that a worker starts have the mark.
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
    """A living process. A pid may be used again; pid and start time together are unique."""

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
    """The start time. On Linux it counts from the machine's start, so setting the clock does not
    change it. The macOS kernel stores the Unix time of each start.
    """
    if not psutil.LINUX:
        return round(process.create_time() * TICKS_PER_S)
    while True:
        boot_s = psutil.boot_time()
        # psutil adds the boot time to Linux's value, so it is subtracted again. It is read before
        # and after, in case the clock is set in between.
        created_s = psutil.Process(process.pid).create_time()
        if boot_s == psutil.boot_time():
            return round((created_s - boot_s) * TICKS_PER_S)


def worker(work: Work | None) -> Process | None:
    """The worker that process.json names, if the same process is still alive."""
    if work is None or work.boot_id != clock.boot_id():
        return None
    process = read(work.pid)
    return process if process and process.start_ticks == work.start_ticks else None


def belonging(run: Path, work: Work | None) -> list[Process]:
    """All living processes of a run: its worker first, then the processes it started."""
    leader = worker(work)
    mark = str(run.resolve())
    members = [leader] if leader else []
    for pid in psutil.pids():
        if pid == os.getpid() or (leader and pid == leader.pid):
            continue
        if environment(pid).get(MARK) == mark or (leader and _session(pid) == leader.pid):
            process = read(pid)  # last, as the slowest test
            members += [process] if process else []
    return members


def _session(pid: int) -> int | None:
    """The leader of a process's session; None where the process has ended or this is hidden."""
    with contextlib.suppress(OSError):
        return os.getsid(pid)
    return None


def environment(pid: int) -> Mapping[str, str]:
    """The environment that a process was started with; empty where it has ended or belongs to
    another user."""
    try:
        return psutil.Process(pid).environ()
    except (psutil.Error, OSError):
        return {}


def send(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal exactly these processes. A pid that another process has taken over gets no signal."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if hasattr(os, "pidfd_open"):
                _send_by_handle(process, number)
            # macOS has no such handle. psutil checks the start time once more before it sends.
            elif read(process.pid) == process:
                psutil.Process(process.pid).send_signal(number)


def _send_by_handle(process: Process, number: signal.Signals) -> None:
    handle = os.pidfd_open(process.pid)
    try:
        if read(process.pid) == process:  # the handle keeps the pid from being reused
            signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)
