"""Writing a file whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resnet.errors import ExportError, echo

REASONS = {
    errno.ENOENT: "its folder does not exist; make the folder first, or choose another.",
    errno.ENOTDIR: "its folder is a file; choose another.",
    errno.ENOSPC: "the disk is full; free some room, or choose another disk.",
    errno.EDQUOT: "your share of the disk is used up; free some room, or choose another disk.",
    errno.EROFS: "the disk is read-only; choose another folder.",
    errno.EACCES: "you may not write there; choose another folder.",
    errno.EPERM: "you may not write there; choose another folder.",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one.",
}


NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""How a file system says that it does not have an operation at all. Which of them it says differs
from disk to disk."""


def sync(descriptor: int) -> None:
    """Return once what was written would survive a power cut, as far as the disk can promise it.
    Raises OSError.

    Some file systems cannot flush a folder, some not even a file (CIFS, several of FUSE). That is
    no reason to write nothing there.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise


def sync_folder(path: Path) -> None:
    """Return once the names in a folder would survive a power cut, as far as the disk can promise
    it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def check_writable(path: Path) -> None:
    """Raise ExportError now where `replacing` would later, after minutes of work."""
    with _folder_beside(_target(path)) as aside:
        (aside / path.name).touch()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path on the same disk to write to. It takes the place of `path` when the block ends well,
    else it is gone.

    Raises ExportError, in one sentence, where the disk refuses.
    """
    target = _target(path)
    with _folder_beside(target) as aside:
        draft = aside / target.name
        yield draft
        with draft.open("rb") as file:
            sync(file.fileno())  # else a power cut may leave the new name on an empty file
        draft.replace(target)


def _target(path: Path) -> Path:
    """The file behind `path`, links followed."""
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
    """`path` holds exactly `content` afterwards, or what it held before. Raises ExportError."""
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as draft, draft.open("wb") as file:
        file.write(data)
