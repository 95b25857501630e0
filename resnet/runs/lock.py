"""The proof that a run lives: a flock on `lock`, held by its worker from before its first
instruction to its last.

Whoever starts a worker takes the lock first and hands the locked file over (`Lock.inherited`), so
there is no moment in which a started run looks dead. The kernel frees the lock when the worker
ends, however it ends.
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
except ImportError:  # Windows: what needs no run still works there
    fcntl = None  # type: ignore[assignment]

HANDED_OVER = "RESNET_RUN_LOCK_FD"
PATIENCE_S = 0.5
PAUSE_S = 0.005

NO_LOCKS = {errno.ENOLCK, *NOT_OFFERED}
"""What a disk without file locks answers: a share of NFS without its lock service, some of FUSE."""

TURN = ".turn"
"""The file that stands in for a folder's own lock. NFS locks only what is open for writing, which
no folder is."""

_held: set[int] = set()


def _close_in_child() -> None:
    """A forked child shares the lock; were it to outlive the worker, the run would look alive."""
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


class Lock:
    """A held lock: a context manager that lets go at its end. Made by `take` or `inherited`, never
    blocked for long."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        _held.add(descriptor)

    @classmethod
    def take(cls, path: Path) -> Self:
        """Take the lock. Raises RunError where another process has it or the disk has no locks,
        OSError where the file cannot be made.

        Readers touch the lock for microseconds to see whether it is free (`is_held`), hence the
        little patience.
        """
        check_possible()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
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
        """The lock this process was started with, or None where it was started without one (by
        hand)."""
        text = os.environ.pop(HANDED_OVER, "")
        if not text.isdecimal():
            return None
        descriptor = int(text)
        try:
            if not os.path.samestat(os.fstat(descriptor), path.stat()):
                return None
        except OSError:
            return None
        os.set_inheritable(descriptor, False)
        return cls(descriptor)

    def close(self) -> None:
        """Let go. A process this lock was handed to keeps it."""
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
            "Training and runs need Linux or macOS, since they rest on file locks that this system"
            " lacks; on Windows use them in the Windows Subsystem for Linux."
        )


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """A short critical section for each folder, such as starting a run. Waits; the kernel releases
    it where a holder dies. Raises RunError where the disk has no locks.
    """
    check_possible()
    descriptor = _locked_folder(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked_folder(folder: Path) -> int:
    """A descriptor that holds the folder's lock: that of the folder itself, or of a file in it
    where the disk locks no folders. All processes meet at the same one, since the disk answers all
    of them alike.
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
            if error.errno != errno.EBADF:
                break
    raise _refusal(refused, folder)


def _refusal(error: OSError, folder: Path) -> Exception:
    """The error to raise where a lock is refused."""
    if error.errno not in NO_LOCKS:
        return error
    return RunError(
        f"The disk of {folder.name!r} has no file locks, and without them two processes could work"
        " on one run; choose a folder on another disk, with --runs or RESNET_LAB_RUNS."
    )


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock now. Shared, so that two readers never take each other for a
    worker."""
    check_possible()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:  # where there are no locks, none is held
            if isinstance(error, BlockingIOError):
                return True
            raise
    finally:
        os.close(descriptor)
    return False
