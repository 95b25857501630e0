"""TensorBoard's event files, read without TensorFlow: records with checksums around protocol
buffers.

A record is its length (8 bytes), a checksum of those, the data, and a checksum of that (TensorFlow,
record_writer.cc). The data is an Event: fields 2 step and 5 summary. A Summary's values have a tag
(1) and a simple_value (2, as TensorFlow 1 wrote) or a tensor (8, as TensorFlow 2 writes). All other
fields are skipped.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from resnet.errors import DataError, echo

HEADER_BYTES, FOOTER_BYTES = 12, 4
LONGEST_READ_BYTES = 1 << 16
"""A summary of scalars is far shorter; longer records hold graphs and images, and are skipped
unread."""
MOST_BYTES = 1 << 30
MOST_SCALARS = 1_000_000

NAME = "tfevents"
"""Part of the name of every event file: "events.out.tfevents.1700000000.host"."""

# CRC-32C: its polynomial with the bits reversed; the mask is TensorFlow's (crc32c.h).
CASTAGNOLI = 0x82F63B78
MASK_DELTA = 0xA282EAD8

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FORMATS = {
    1: "<f",
    2: "<d",
    3: "<i",
    9: "<q",
    19: "<e",
}  # TensorFlow's DataType: float, double, int32, int64, half
LISTS = {1: (5, "<f"), 2: (6, "<d")}  # where a tensor keeps floats and doubles, if not as raw bytes


class Scalar(NamedTuple):
    """One number of one tag. `step` is what the writer counted: epochs for Keras's "epoch_…", else
    updates."""

    tag: str
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class EventFile:
    """The scalars in the order they were written. `passed_over` counts the longer records, of
    graphs or images.

    `damage` is one sentence where a record is damaged or cut short, else None.
    """

    scalars: tuple[Scalar, ...]
    passed_over: int = 0
    damage: str | None = None


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        # Eight divisions for each of the 256 bytes, done once; then one look-up for each byte of a
        # record.
        for _ in range(8):
            value = value >> 1 ^ (CASTAGNOLI if value & 1 else 0)  # noqa: PLW2901  the polynomial's division
        table.append(value)
    return tuple(table)


TABLE = _table()


def masked_crc(data: bytes) -> int:
    """CRC-32C, rotated and shifted by a constant, as TensorFlow stores it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    # rotate right by 15 bits, then add the constant, in 32 bits
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF


def is_event_file(start: bytes) -> bool:
    """Whether a file with this beginning is an event file: its first length has the right
    checksum."""
    return len(start) >= HEADER_BYTES and masked_crc(start[:8]) == int.from_bytes(
        start[8:12], "little"
    )


def check_named(path: Path, start: bytes) -> None:
    """Raise DataError for a file with an event file's name but not its beginning: it is not a CSV
    file either."""
    if NAME not in path.name or path.suffix.lower() in (".csv", ".json"):
        return
    what = "damaged at" if len(start) == HEADER_BYTES else "empty, or cut before"
    raise DataError(
        f"Cannot read {echo(path.name)}: this event file is {what} its first record; copy it again,"
        " or give another one."
    )


def read_scalars(path: Path) -> EventFile:
    """Every scalar up to the first damaged record. Raises DataError where nothing can be read."""
    scalars: list[Scalar] = []
    passed_over = 0
    damage = None
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DataError(
                f"An event file may hold {MOST_BYTES:,} bytes; received {size:,}: write fewer"
                " images into it."
            )
        with path.open("rb") as file:
            for record in _records(file, size):
                if record is None:
                    passed_over += 1
                else:
                    scalars += _scalars(record)
                if len(scalars) > MOST_SCALARS:
                    raise DataError(
                        f"An event file may hold {MOST_SCALARS:,} scalars; received more: log less"
                        " often."
                    )
    except _DamagedError as error:
        damage = f"{echo(path.name)} was read up to its last whole record: {error}."
    except OSError as error:
        raise DataError(
            f"Cannot read {echo(path.name)}: {error.strerror or error}; check the path."
        ) from None
    if damage and not scalars and not passed_over:
        raise DataError(
            f"{echo(path.name)} holds no whole record with a number: the file is damaged; copy it"
            " again."
        )
    return EventFile(tuple(scalars), passed_over, damage)


class _DamagedError(Exception):
    """The rest of the file cannot be trusted; the message says why, in a few words."""


def _records(file: BinaryIO, size: int) -> Iterator[bytes | None]:
    """The data of each record, None for a record too long to hold scalars. Raises _DamagedError
    for a record that is damaged or cut short."""
    position = 0
    while position < size:
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            raise _DamagedError(f"it is cut short at byte {position:,}")
        if not is_event_file(header):
            raise _DamagedError(f"the length at byte {position:,} has another checksum")
        length = int.from_bytes(header[:8], "little")
        # A length beyond the end of the file means that the writer stopped in this record.
        after = position + HEADER_BYTES + length + FOOTER_BYTES
        if after > size:
            raise _DamagedError(f"it is cut short at byte {position:,}")
        if length > LONGEST_READ_BYTES:
            file.seek(after)
            yield None
        else:
            data, footer = file.read(length), file.read(FOOTER_BYTES)
            if len(footer) < FOOTER_BYTES or masked_crc(data) != int.from_bytes(footer, "little"):
                raise _DamagedError(f"the record at byte {position:,} has another checksum")
            yield data
        position = after


Field = tuple[int, int, int | bytes]
"""Number, wire type, and the value: a whole number for a varint, else the bytes."""


def _fields(data: bytes) -> Iterator[Field]:
    """A message's fields. Raises _DamagedError where it is none."""
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        # A field's key holds its number and, in the lowest three bits, its wire type.
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, position = _varint(data, position)
            yield number, wire, value
            continue
        if wire == BYTES:
            length, position = _varint(data, position)
        elif wire in (FIXED32, FIXED64):
            length = 4 if wire == FIXED32 else 8
        else:
            raise _DamagedError(f"a record holds wire type {wire}, which no event has")
        if position + length > end:
            raise _DamagedError("a record's message is longer than the record")
        yield number, wire, data[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number of up to 64 bits, seven to a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise _DamagedError("a record holds a number that does not end")


def _scalars(event: bytes) -> list[Scalar]:
    step, summaries = 0, []
    for number, wire, value in _fields(event):
        if number == 2 and isinstance(value, int):
            step = value if value < 1 << 63 else value - (1 << 64)  # int64, two's complement
        elif number == 5 and wire == BYTES and isinstance(value, bytes):
            summaries.append(value)
    values = [value for summary in summaries for value in _messages(summary, 1)]
    numbers = [_scalar(value) for value in values]
    return [Scalar(tag, step, number) for tag, number in filter(None, numbers)]


def _messages(data: bytes, wanted: int) -> list[bytes]:
    return [
        value
        for number, wire, value in _fields(data)
        if number == wanted and isinstance(value, bytes)
    ]


def _scalar(data: bytes) -> tuple[str, float] | None:
    """A summary value's tag and number, or None where it holds something else: a picture, a
    histogram, a text."""
    tag, number = "", None
    for field, wire, value in _fields(data):
        if not isinstance(value, bytes):
            continue
        if field == 1 and wire == BYTES:
            tag = value.decode("utf-8", "replace")
        elif field == 2 and wire == FIXED32:
            number = _number(value, "<f")
        elif field == 8 and wire == BYTES:
            number = _tensor(value)
    return None if number is None else (tag, number)


def _tensor(data: bytes) -> float | None:
    """The number in a tensor that holds exactly one, without dimensions; None for any other."""
    kind, content, lists = 0, b"", dict[int, bytes]()
    for number, _, value in _fields(data):
        if number == 1 and isinstance(value, int):
            kind = value
        # Field 2 is the shape, with one message for each dimension. A scalar has no dimensions.
        elif number == 2 and isinstance(value, bytes) and _messages(value, 2):
            return None
        elif number == 4 and isinstance(value, bytes):
            content = value
        elif isinstance(value, bytes):
            lists[number] = value
    if content:
        return _number(content, FORMATS[kind]) if kind in FORMATS else None
    number, form = LISTS.get(kind, (0, ""))
    return _number(lists[number], form) if number in lists else None


def _number(data: bytes, form: str) -> float | None:
    return float(struct.unpack(form, data)[0]) if len(data) == struct.calcsize(form) else None


def by_tag(scalars: Iterable[Scalar]) -> dict[str, tuple[list[int], list[float]]]:
    """The steps and the values of each tag, in the order they were written."""
    series: dict[str, tuple[list[int], list[float]]] = {}
    for tag, step, value in scalars:
        steps, values = series.setdefault(tag, ([], []))
        steps.append(step)
        values.append(value)
    return series
