"""Downloads published files into the data folder: checked, resumed after an interruption, one
process at a time."""

import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO

from resnet.data.dataset import Download
from resnet.data.files import digest_of
from resnet.errors import DataError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

TIMEOUT_S = 20
CHUNK_BYTES = 1 << 18
TOLD_EVERY_PERCENT = 10
PAUSE_S = 1
UNFINISHED = ".part"

log = logging.getLogger(__name__)


def fetch(download: Download, folder: Path) -> None:
    """Make sure the file is in the data folder. Raises OSError or HTTPException, DataError where it
    comes out wrong.

    Another process that fetches the same file is waited for. What has arrived stays for the next
    attempt.
    """
    if fcntl is None:
        raise DataError(
            "Downloads need Linux or macOS, since they rest on file locks that this system lacks; "
            f"fetch {download.url} by hand and save it as {folder / download.path}."
        )
    target = folder / download.path
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + UNFINISHED)
    with _alone(unfinished, target) as file:
        if file is None:
            return
        _receive(download, file)
        if digest_of(unfinished, download.md5) != download.md5:
            unfinished.unlink()
            raise DataError(
                f"{download.url} sent something else than the published file; try again later."
            )
        # Renamed only after the check: a file under its final name is always whole.
        unfinished.replace(target)
        log.info("%s: complete", target.name)


def _receive(download: Download, file: BinaryIO) -> None:
    """Append what is missing; after an interruption, resume as long as each attempt brings some
    bytes."""
    if file.tell() > download.size_bytes:
        _restart(file)
    while (before := file.tell()) < download.size_bytes:
        log.info("%s: downloading, %s", download.path, _share(before, download))
        try:
            _receive_some(download, file)
        except (OSError, HTTPException) as error:
            # An HTTP error is an answer of the server, and an attempt without a new byte would be
            # repeated for ever: both end the download.
            if isinstance(error, urllib.error.HTTPError) or file.tell() <= before:
                raise
            log.info("%s: interrupted (%s); resuming", download.path, error)
            time.sleep(PAUSE_S)
        file.flush()
        if file.tell() <= before:
            raise HTTPException("the connection broke off")


def _receive_some(download: Download, file: BinaryIO) -> None:
    """One connection. A server that cannot send a part sends the whole file again."""
    have = file.tell()
    # "bytes=1000-": everything from byte 1000 on, which counts from 0.
    request = urllib.request.Request(
        download.url, headers={"Range": f"bytes={have}-"} if have else {}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        if have and not _goes_on_at(response, have):
            _restart(file)
        # One byte more than published is enough to see that the file is a different one.
        for chunk in _chunks(response, download.size_bytes + 1 - file.tell()):
            told = _percent(file.tell(), download) // TOLD_EVERY_PERCENT
            file.write(chunk)
            if _percent(file.tell(), download) // TOLD_EVERY_PERCENT > told:
                log.info("%s: %s", download.path, _share(file.tell(), download))


def _goes_on_at(response: HTTPResponse, have: int) -> bool:
    """Whether a server sends what was asked for: some send the whole file, some another part."""
    told = response.headers["Content-Range"]
    # 206 is a part; 200 would be the whole file from its start.
    return response.status == HTTPStatus.PARTIAL_CONTENT and (
        told is None or told.startswith(f"bytes {have}-")
    )


def _restart(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()


def _chunks(response: HTTPResponse, most_bytes: int) -> Iterator[bytes]:
    """What the server sends, and no more than `most_bytes`."""
    received = 0
    while received < most_bytes and (chunk := response.read(CHUNK_BYTES)):
        received += len(chunk)
        yield chunk


def _percent(have: int, download: Download) -> int:
    return 100 * have // download.size_bytes


def _share(have: int, download: Download) -> str:
    return f"{_percent(have, download)} % of {download.size_bytes / 1e6:.1f} MB"


@contextmanager
def _alone(unfinished: Path, target: Path) -> Iterator[BinaryIO | None]:
    """The unfinished file, locked, open at its end; None where the target is there, perhaps since
    the lock's last holder finished it. The kernel releases the lock when its holder dies."""
    while not target.exists():
        with unfinished.open("ab") as file:
            # The previous holder may have renamed the file while we waited for its lock; then the
            # lock protects a file that no path leads to, and the loop looks again.
            _lock(file, target.name)
            if _is_still(file, unfinished):
                try:
                    yield file
                finally:
                    # Nothing arrived: leave no empty file behind.
                    if _is_still(file, unfinished) and not unfinished.stat().st_size:
                        unfinished.unlink()
                return
    yield None


def _lock(file: BinaryIO, name: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("%s: waiting for another run that downloads it", name)
        fcntl.flock(file, fcntl.LOCK_EX)


def _is_still(file: BinaryIO, path: Path) -> bool:
    """Whether the path leads to the open file: its last holder may have renamed or removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
