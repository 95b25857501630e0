"""IDX files (LeCun's MNIST format), gzipped or not: a magic number, the sizes, then unsigned
bytes."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resnet.data.files import check_digest
from resnet.errors import DataError, echo

# The header: two bytes of 0, the type of a value, the number of dimensions; then the size of each
# dimension in 4 bytes, the high byte first.
UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path, shape: tuple[int, ...], published: str, title: str) -> NDArray[np.uint8]:
    """The array of a file that must have this shape and, unpacked, this checksum. Raises DataError.

    Never unpacks more than the shape asks for, so a small file cannot fill the memory.
    """
    header_bytes = 4 + 4 * len(shape)
    size_bytes = header_bytes + int(np.prod(shape))
    # One byte more than needed is enough to see that a file is too long.
    data = _unpack(path, size_bytes + 1)
    _check_header(data[:header_bytes], shape, path, title)
    if len(data) < size_bytes:
        raise DataError(
            f"{path} is cut short: it holds {len(data):,} of {size_bytes:,} bytes; get the file"
            " again and replace it."
        )
    if len(data) > size_bytes:
        raise DataError(
            f"{path} is longer than its {size_bytes:,} bytes; get the file again and replace it."
        )
    check_digest(data, published, path, title)
    return np.frombuffer(data, np.uint8, offset=header_bytes).reshape(shape)


def read_first(path: Path, shape: tuple[int, ...], count: int, title: str) -> NDArray[np.uint8]:
    """The first `count` entries of a file that must have this shape, without its checksum. Raises
    DataError."""
    header_bytes = 4 + 4 * len(shape)
    size_bytes = header_bytes + count * int(np.prod(shape[1:]))
    data = _unpack(path, size_bytes)
    _check_header(data[:header_bytes], shape, path, title)
    if len(data) < size_bytes:
        raise DataError(f"{path} is cut short; get the file again and replace it.")
    return np.frombuffer(data, np.uint8, offset=header_bytes).reshape(count, *shape[1:])


def _unpack(path: Path, most_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            # By its first bytes and not by its name: a packed file may have lost its ending .gz.
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            return gzip.GzipFile(fileobj=file).read(most_bytes) if packed else file.read(most_bytes)
    except EOFError:
        raise DataError(
            f"{path} is cut short in the middle of its gzip data; get the file again."
        ) from None
    except (OSError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read: {echo(str(error))}; get the file again and replace it."
        ) from None


def _check_header(header: bytes, shape: tuple[int, ...], path: Path, title: str) -> None:
    magic = bytes((0, 0, UNSIGNED_BYTE, len(shape)))
    if header[:4] != magic:
        raise DataError(
            f"{path} is not an IDX file of {len(shape)} dimensions: it begins with"
            f" {header[:4].hex(' ') or 'nothing'} instead of {magic.hex(' ')}; put {title}'s own"
            " file there."
        )
    if len(header) < 4 + 4 * len(shape):
        raise DataError(
            f"{path} is cut short inside its header; get the file again and replace it."
        )
    received = struct.unpack(f">{len(shape)}I", header[4:])
    if received != shape:
        raise DataError(
            f"{path} holds {_by(received)} values where {title} has {_by(shape)}: it belongs to"
            f" another data set; put {title}'s own file there."
        )


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(f"{side:,}" for side in shape)
