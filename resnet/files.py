"""Writing a file completely or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resnet.errors import ExportError, echo

REASONS = {
    errno.ENOENT: "its folder does not exist; create the folder first, or choose another.",
    errno.ENOTDIR: "its folder is a file; choose another.",
    errno.ENOSPC: "the disk is full; free some space, or choose another disk.",
    errno.EDQUOT: "your share of the disk is used up; free some space, or choose another disk.",
    errno.EROFS: "the disk is read-only; choose another folder.",
    errno.EACCES: "you may not write there; choose another folder.",
    errno.EPERM: "you may not write there; choose another folder.",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one.",
}


NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""Errors of file systems that lack an operation. Different file systems use different ones."""


def sync(descriptor: int) -> None:
    """Return when the written data would survive a power cut, as far as the disk allows. Raises
    OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot flush a folder, some not even a file (CIFS, some FUSE). Files can
        # still be written there.
        if error.errno not in NOT_OFFERED:
            raise


def sync_folder(path: Path) -> None:
    """Return when the names in a folder would survive a power cut, as far as the disk allows."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def check_writable(path: Path) -> None:
    """Raise now the ExportError that `replacing` would raise later, after minutes of work."""
    with _folder_beside(_target(path)) as aside:
        (aside / path.name).touch()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path on the same disk. It replaces `path` when the block succeeds; otherwise it
    is removed.

    Raises ExportError, in one sentence, where the disk refuses.
    """
    target = _target(path)
    with _folder_beside(target) as aside:
        draft = aside / target.name
        yield draft
        with draft.open("rb") as file:
            sync(file.fileno())  # else a power cut may leave an empty file under the new name
        draft.replace(target)


def _target(path: Path) -> Path:
    """The file of `path`, with links followed."""
    try:
        target = path.resolve()
        if not target.exists() or target.is_file():
            return target
    except OSError as error:
        raise _refusal(path, error) from None
    except (ValueError, RuntimeError):  # a null character; a link to itself
        pass
    raise ExportError(
        f"Cannot write {echo(path.name or str(path))}: it is not an ordinary file; choose another"
        " name."
    )


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A temporary folder on the same disk, removed with its content when the block ends."""
    try:
        with tempfile.TemporaryDirectory(prefix=".resnet-", dir=target.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise _refusal(target, error) from error


def _refusal(path: Path, error: OSError) -> ExportError:
    reason = REASONS.get(error.errno or 0) or f"{error.strerror or error}; choose another place."
    return ExportError(f"Cannot write {echo(path.name)}: {reason}")


def write(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`. After a failure `path` is unchanged. Raises ExportError."""
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as draft, draft.open("wb") as file:
        file.write(data)
