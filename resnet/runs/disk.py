"""Writing a run's files so that readers never see half a file, even after a full disk or a power
cut."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from resnet.errors import RunError
from resnet.files import NOT_OFFERED, REASONS, sync, sync_folder

MODE = 0o666  # minus the umask, so that a run can be read from outside a container


@contextlib.contextmanager
def one_sentence(path: Path) -> Iterator[None]:
    """Turn an OSError about `path` into a RunError."""
    try:
        yield
    except OSError as error:
        raise RunError(explain(error, path)) from error


def explain(error: OSError, path: Path) -> str:
    """The failed operation and a way out, in one sentence."""
    reason = REASONS.get(error.errno or 0) or f"{error.strerror or error}."
    return f"Cannot read or write {path.parent.name}/{path.name}: {reason}"


def replace(path: Path, content: bytes) -> None:
    """Write `content` to `path`. After a failure or a power cut, `path` has either the old or the
    new content. Raises OSError."""
    with _aside(path, content) as (aside, descriptor):
        sync(descriptor)
        aside.replace(path)
    # Order: content flushed, then renamed, then the new name flushed.
    sync_folder(path.parent)


def replace_fleeting(path: Path, content: bytes) -> None:
    """The same without waiting for the disk, for content that is useless after a power cut."""
    with _aside(path, content) as (aside, _):
        aside.replace(path)


@contextlib.contextmanager
def _aside(path: Path, content: bytes) -> Iterator[tuple[Path, int]]:
    """A temporary file in the same folder, written and open. Removed where the block fails."""
    # In the same folder: a rename replaces a file in one step only within one file system.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            yield aside, descriptor
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def allocate(path: Path, size_bytes: int) -> None:
    """A file that really takes up this much of the disk. Raises OSError.

    Opened for reading too: where the file system has no fallocate, the C library emulates it by
    reading and writing a byte of each existing block. Where there is no emulation (musl), the
    kernel refuses the call, or the system lacks it (macOS), zeros are written here.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    try:
        if not _fallocated(descriptor, size_bytes):
            _write_zeros(descriptor, size_bytes)
    finally:
        os.close(descriptor)


def _fallocated(descriptor: int, size_bytes: int) -> bool:
    """Whether fallocate worked. Raises OSError for a full disk."""
    if not hasattr(os, "posix_fallocate"):
        return False
    try:
        os.posix_fallocate(descriptor, 0, size_bytes)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise
        return False
    return True


def _write_zeros(descriptor: int, size_bytes: int) -> None:
    written = 0
    while written < size_bytes:
        written += os.pwrite(descriptor, bytes(size_bytes - written), written)
