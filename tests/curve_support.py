"""Files of curves as other programs write them, to the byte, for tests that read them."""

import struct
from pathlib import Path

from resnet.imports.event_files import masked_crc
from resnet.imports.imported import ImportedCurve, read_curve


def curve_of(folder: Path, content: str | bytes, name: str = "curve.csv") -> ImportedCurve:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_curve(path)


def values(curve: ImportedCurve, name: str) -> tuple[float | None, ...]:
    column = curve.column(name)
    assert column, f"no column {name}"
    return column.y


def field(number: int, wire: int, payload: bytes) -> bytes:
    key = bytes([number << 3 | wire])
    return key + bytes([len(payload)]) + payload if wire == 2 else key + payload


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return (
        length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))
    )


def event(step: int, tag: str, value: float) -> bytes:
    summary = field(1, 2, field(1, 2, tag.encode()) + field(2, 5, struct.pack("<f", value)))
    return record(field(2, 0, bytes([step])) + field(5, 2, summary))


EVENTS = (
    event(0, "epoch_loss", 2.0)
    + event(1, "epoch_loss", 1.0)
    + event(7, "evaluation_loss_vs_iterations", 0.5)
)
