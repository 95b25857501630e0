"""File locks of runs. A flock on the file `lock` shows that a run is alive; its worker holds it
from its first instruction to its end.

The starter takes the lock and hands the locked file to the worker (`Lock.inherited`), so a started
run never looks dead. The kernel releases the lock when the worker ends, even if it is killed.
"""

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from resnet.errors import RunError
from resnet.files import NOT_OFFERED

try:
    import fcntl
except ImportError:  # Windows: commands that need no run still work there
    fcntl = None  # type: ignore[assignment]

HANDED_OVER = "RESNET_RUN_LOCK_FD"
PATIENCE_S = 0.5
PAUSE_S = 0.005

NO_LOCKS = {errno.ENOLCK, *NOT_OFFERED}
"""Errors of a disk without file locks: NFS without its lock service, some FUSE file systems."""

TURN = ".turn"
"""The file that is locked where a folder cannot be. NFS locks only what is open for writing, and
folders are not."""

_held: set[int] = set()


def _close_in_child() -> None:
    """A forked child shares the lock. If it outlived the worker, the run would still look alive."""
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


class Lock:
    """A held lock: a context manager that releases it at its end. Created by `take` or `inherited`;
    never blocks for long."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        _held.add(descriptor)

    @classmethod
    def take(cls, path: Path) -> Self:
        """Take the lock. Raises RunError where another process has it or the disk has no locks,
        OSError where the file cannot be created.
        """
        check_possible()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        # `is_held` of a reader takes a shared lock for microseconds: try again before refusing.
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return cls(descriptor)
            except OSError as error:
                if not isinstance(error, BlockingIOError):
                    os.close(descriptor)
                    raise _refusal(error, path.parent) from None
                if time.monotonic() > give_up:
                    os.close(descriptor)
                    raise RunError(
                        f"Only one process may work on a run; {path.parent.name} already has one:"
                        " stop it first."
                    ) from None
                time.sleep(PAUSE_S)

    @classmethod
    def inherited(cls, path: Path) -> Self | None:
        """The lock that the starter handed over; None where there is none, as when started by
        hand."""
        text = os.environ.pop(HANDED_OVER, "")
        if not text.isdecimal():
            return None
        descriptor = int(text)
        try:
            # A wrong number in the environment must not be taken for the lock of this run.
            if not os.path.samestat(os.fstat(descriptor), path.stat()):
                return None
        except OSError:
            return None
        # Children of the worker must not hold the lock after its end.
        os.set_inheritable(descriptor, False)
        return cls(descriptor)

    def close(self) -> None:
        """Release the lock. A process that it was handed to keeps it."""
        if self.descriptor in _held:
            _held.discard(self.descriptor)
            os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def check_possible() -> None:
    """Raise RunError on a system without flock, which is Windows."""
    if fcntl is None:
        raise RunError(
            "Training and runs need file locks, which this system lacks; use Linux or macOS, or on"
            " Windows the Windows Subsystem for Linux."
        )


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """A short critical section for a folder, such as starting a run. Blocks; the kernel releases it
    where the holder dies. Raises RunError where the disk has no locks.
    """
    check_possible()
    descriptor = _locked_folder(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked_folder(folder: Path) -> int:
    """A descriptor that holds the folder's lock: on the folder itself, or on a file in it where the
    disk cannot lock folders. All processes use the same one, since the disk answers them alike.
    """
    for path, flags in (
        (folder, os.O_RDONLY | os.O_DIRECTORY),
        (folder / TURN, os.O_RDWR | os.O_CREAT),
    ):
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            return descriptor
        except OSError as error:
            os.close(descriptor)
            refused = error
            # EBADF: this disk locks only files that are open for writing, so try the file.
            if error.errno != errno.EBADF:
                break
    raise _refusal(refused, folder)


def _refusal(error: OSError, folder: Path) -> Exception:
    """The error to raise where a lock is refused."""
    if error.errno not in NO_LOCKS:
        return error
    return RunError(
        f"Runs need file locks, so that two processes never work on one run; the disk of"
        f" {folder.name!r} has none. Choose a folder on another disk, with --runs or"
        " RESNET_LAB_RUNS."
    )


def is_held(path: Path) -> bool:
    """Whether a process holds the lock now. Tests with a shared lock, so that two readers do not
    take each other for a worker."""
    check_possible()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:  # a disk without locks: not held
            if isinstance(error, BlockingIOError):
                return True
            raise
    finally:
        os.close(descriptor)
    return False
