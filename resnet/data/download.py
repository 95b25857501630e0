"""Fetching published files into the data folder: checked, resumed where it broke off, one process at a time."""

import fcntl
import logging
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from resnet.data.dataset import Download
from resnet.data.files import digest_of
from resnet.errors import DataError

TIMEOUT_S = 20
CHUNK_BYTES = 1 << 18
TOLD_EVERY_BYTES = 10_000_000
UNFINISHED = ".part"

log = logging.getLogger(__name__)


def fetch(download: Download, folder: Path) -> None:
    """Make sure the file is in the data folder. Raises OSError or HTTPException, DataError where it comes out wrong.

    Another process that fetches the same file is waited for. What has arrived stays for the next attempt.
    """
    target = folder / download.path
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + UNFINISHED)
    with _alone(target.parent):
        if target.exists():
            return
        _receive(download, unfinished)
        if digest_of(unfinished, download.md5) != download.md5:
            unfinished.unlink()
            raise DataError(f"{download.url} sent something else than the published file; try again later.")
        unfinished.replace(target)


def _receive(download: Download, unfinished: Path) -> None:
    """Append what is still missing; a server that cannot send a part sends the whole anew."""
    have = unfinished.stat().st_size if unfinished.exists() else 0
    if have == download.size_bytes:
        return
    request = urllib.request.Request(download.url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        resumed = response.status == HTTPStatus.PARTIAL_CONTENT
        with unfinished.open("ab" if resumed else "wb") as file:
            for chunk in _chunks(response, download.size_bytes + 1):
                before = file.tell()
                file.write(chunk)
                if before // TOLD_EVERY_BYTES != file.tell() // TOLD_EVERY_BYTES:
                    log.info("%s: %d %%", unfinished.name, 100 * file.tell() // download.size_bytes)
    if unfinished.stat().st_size < download.size_bytes:
        raise HTTPException("the connection broke off")


def _chunks(response: HTTPResponse, most_bytes: int) -> Iterator[bytes]:
    """What the server sends, and no more than `most_bytes`."""
    received = 0
    while received < most_bytes and (chunk := response.read(CHUNK_BYTES)):
        received += len(chunk)
        yield chunk


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder itself, waiting for whoever holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
