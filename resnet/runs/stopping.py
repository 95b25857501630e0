"""Ending a run: first a request, then SIGTERM, then SIGKILL, each after a deadline. The supervisor
and processes that wait for a run enforce the deadlines."""

import contextlib
import signal

from resnet.errors import RunError
from resnet.runs import clock, lock, processes
from resnet.runs.directory import CONTROL, RunDirectory
from resnet.runs.state import Patience


def enforce(directory: RunDirectory, patience: Patience) -> None:
    """Send the signal that is due to a run that was asked to stop. Does not wait; may be called at
    any time.

    The deadline counts from the request on the disk, so it applies even after the requesting
    process has ended.
    """
    control = directory.control()
    if control is None or not control.stop or control.uptime_s is None or not directory.is_locked():
        return
    # Uptime and not the date: setting the clock must not kill a run that still has time.
    overdue_s = clock.uptime_s() - control.uptime_s - patience.grace_s
    if overdue_s < 0:
        return
    number = signal.SIGTERM if overdue_s < patience.terminate_s else signal.SIGKILL
    if control.forced == number.name == signal.SIGTERM.name:
        return  # sent already; wait for the next deadline
    if members := processes.belonging(directory.path, directory.work()):
        with contextlib.suppress(RunError):  # the run must end, also on a full disk
            directory.write(CONTROL, control.model_copy(update={"forced": number.name}))
        processes.send(members, number)


def clear_away(directory: RunDirectory) -> None:
    """End the processes that a dead worker left behind, and remove its temporary files. Does
    nothing where the worker is alive."""
    # A start takes this turn too, so no new worker can begin between the check and the signals.
    with lock.turn(directory.path):
        if not directory.is_locked():
            processes.send(processes.belonging(directory.path, None), signal.SIGKILL)
            directory.remove_temporary_files()
