"""Common parts of all file readers: the folders to look in, and the check against published
checksums."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from resnet.errors import DataError

CHUNK_BYTES = 1 << 20
ALGORITHMS = {
    32: "md5",
    40: "sha1",
    64: "sha256",
}  # by length of the hexadecimal digest; what was published varies


def digest_of(path: Path, like: str) -> str:
    """The file's checksum, by the algorithm of a published one."""
    # Against damage, not against an attack: without the flag, a system in FIPS mode refuses MD5.
    digest = hashlib.new(ALGORITHMS[len(like)], usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def check_digest(data: bytes, published: str, path: Path, title: str) -> None:
    """Raise DataError where a complete file is not the published one: what the page calls by a name
    must be that."""
    if (
        hashlib.new(ALGORITHMS[len(published)], data, usedforsecurity=False).hexdigest()
        != published
    ):
        raise DataError(not_the_published(path, title))


def not_the_published(path: Path, title: str) -> str:
    return (
        f"{path} is complete but its checksum is not that of {title}, so its images are others or"
        " were changed; replace it by the published file."
    )


def keras_cache() -> Path:
    """The folder in which keras.datasets stores its downloads."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def first_folder(folders: Iterable[Path], names: Iterable[str]) -> Path | None:
    """The first folder that holds any of these files; None where none does."""
    wanted = list(names)
    for folder in folders:
        if any((folder / name).is_file() for name in wanted):
            return folder
    return None
