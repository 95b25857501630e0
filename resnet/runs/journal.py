"""metrics.jsonl: one JSON object per line, appended by one worker, read by others while it
grows."""

import errno
import json
import math
import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from resnet.files import sync

Line = dict[str, Any]

BLOCK_BYTES = 1 << 14
CHECKED_BYTES = 64


class Cursor(NamedTuple):
    """A reader's position. Pass it to `read` to get only new records.

    `check` is a checksum of the bytes before `offset`. Where these have changed, because a resumed
    run deleted its last records, reading starts again and `restarts` is one higher: the reader must
    replace its records instead of extending them. `damaged` counts the skipped lines that were not
    a JSON object.
    """

    offset: int = 0
    check: int = 0
    restarts: int = 0
    damaged: int = 0


START = Cursor()


class Writer:
    """Appends records, each with a single write. Opening deletes an incomplete last line of a
    worker that died. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        self._size = _end_of_last_line(self._descriptor)
        os.ftruncate(self._descriptor, self._size)

    def append(self, record: Mapping[str, Any]) -> None:
        """One line. A full disk leaves the file as it was before."""
        line = encode(record)
        try:
            if os.write(self._descriptor, line) < len(line):
                # A write to a file is incomplete only on a full disk.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(line)

    def sync(self) -> None:
        """Return when all appended records would survive a power cut."""
        sync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


def encode(record: Mapping[str, Any]) -> bytes:
    """A record as one line of strict JSON. Infinities and not-a-number become null, since JSON
    lacks them."""
    finite = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }
    return (
        json.dumps(finite, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        + b"\n"
    )


def read(path: Path, after: Cursor = START) -> tuple[list[Line], Cursor]:
    """The records after the cursor, and the new cursor. An incomplete last line is left for the
    next call. No records where the file does not exist."""
    # Read again the last bytes before the offset, to compare them with the checksum.
    seen = min(after.offset, CHECKED_BYTES)
    try:
        with path.open("rb") as file:
            file.seek(after.offset - seen)
            data = file.read()
    except FileNotFoundError:
        data = b""
    if zlib.crc32(data[:seen]) != after.check:
        # The file was cut back and has grown again: start from the beginning.
        return read(path, Cursor(restarts=after.restarts + 1))
    whole = data[: data.rfind(b"\n", seen) + 1]
    lines = whole[seen:].split(b"\n")[:-1]
    if not lines:
        return [], after
    records = _decode_all(lines)
    cursor = Cursor(
        offset=after.offset + len(whole) - seen,
        check=zlib.crc32(whole[-CHECKED_BYTES:]),
        restarts=after.restarts,
        damaged=after.damaged + len(lines) - len(records),
    )
    return records, cursor


def _decode_all(lines: list[bytes]) -> list[Line]:
    """The records of the undamaged lines. Parsing all lines as one list is twice as fast; only
    where this fails are they parsed one by one."""
    try:
        records = json.loads(f"[{b','.join(lines).decode()}]")
    except (ValueError, RecursionError):
        records = []
    if len(records) == len(lines) and all(isinstance(record, dict) for record in records):
        return list(records)
    return [record for line in lines if (record := decode(line)) is not None]


def decode(line: bytes) -> Line | None:
    """The record on a line, or None where the line is damaged."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def read_backwards(path: Path, enough: Callable[[Line], bool]) -> list[Line]:
    """The last records, back to the first for which `enough` is true (or all), in order of step.

    Reads the file in blocks from its end, so a long run takes no more time than a short one.
    """
    records: list[Line] = []  # newest first
    try:
        with path.open("rb") as file:
            position = _end_of_last_line(file.fileno())
            rest = b""
            while position:
                start = max(0, position - BLOCK_BYTES)
                lines = (os.pread(file.fileno(), position - start, start) + rest).split(b"\n")
                # The block may begin inside a line: keep that part for the block before it.
                rest = lines.pop(0) if start else b""
                for line in reversed(lines):
                    if line and (record := decode(line)) is not None:
                        records.append(record)
                        if enough(record):
                            return records[::-1]
                position = start
    except FileNotFoundError:
        pass
    return records[::-1]


def first(path: Path) -> Line:
    """The first record; empty where there is none or it is damaged."""
    with path.open("rb") as file:
        return decode(file.readline()) or {}


def lines_of(path: Path, kind: str) -> list[Line]:
    """The records of a kind. Other lines are skipped without parsing."""
    mark = f'"{kind}"'.encode()
    with path.open("rb") as file:
        records = [decode(line) or {} for line in file if mark in line]
    return [record for record in records if record.get("kind") == kind]


def truncate(path: Path, step: int) -> None:
    """Delete every record after `step`, so that a resumed run continues its records without gap or
    overlap."""
    keep = 0
    with path.open("r+b") as file:
        for line in file:
            record = decode(line) if line.endswith(b"\n") else None
            if not line.endswith(b"\n") or (record is not None and record.get("step", 0) > step):
                break
            keep += len(line)
        file.truncate(keep)
        sync(file.fileno())


def _end_of_last_line(descriptor: int) -> int:
    """Bytes up to and including the last line feed."""
    position = os.fstat(descriptor).st_size
    while position:
        start = max(0, position - BLOCK_BYTES)
        line_feed = os.pread(descriptor, position - start, start).rfind(b"\n")
        if line_feed >= 0:
            return start + line_feed + 1
        position = start
    return 0
