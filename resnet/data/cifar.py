"""The common part of the two CIFAR data sets, read from the published archives or their unpacked
folders."""

import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from resnet.data.cifar_batches import Batch, BatchLayout
from resnet.data.dataset import Arrays, Dataset, DatasetFacts, Download, Sample, Source
from resnet.data.files import check_digest, digest_of, keras_cache, not_the_published
from resnet.errors import DataError, echo

# The largest batch, CIFAR-100 for training, has 50,000 images of 3,072 bytes: 154 MB, and labels.
LARGEST_MEMBER_BYTES = 200_000_000
PUBLISHER = "https://www.cs.toronto.edu/~kriz/"


@dataclass(frozen=True)
class Version:
    """One published form: its archive with its MD5, and the batches in it with their checksums, the
    test batch last.

    The publisher gives checksums of the archives only; those of single files are as other libraries
    have recorded them.
    """

    archive: str
    archive_md5: str
    folder: str
    batches: dict[str, str]
    read: Callable[[bytes, str, BatchLayout], Batch]


@dataclass(frozen=True)
class Cifar:
    """One of the two data sets: its facts, its published forms, and what a training file and the
    test file hold."""

    facts: DatasetFacts
    python: Version
    binary: Version
    train: BatchLayout
    test: BatchLayout
    archive_bytes: int

    def read(self, folder: Path) -> Dataset:
        """The images from the first archive or folder there is. Raises DataError."""
        return Dataset(self.facts, self.read_version(*self._found(folder)))

    def read_version(self, path: Path, version: Version) -> Arrays:
        """An archive, or the folder that was in it. Raises DataError."""
        files = (
            self._from_archive(path, version)
            if path.is_file()
            else self._from_folder(path, version)
        )
        batches = [
            version.read(content, where, self._layout(version, name))
            for name, where, content in files
        ]
        # The test batch is the last one of a version.
        images, labels = zip(*batches, strict=True)
        return Arrays(
            np.concatenate(images[:-1]), np.concatenate(labels[:-1]), images[-1], labels[-1]
        )

    def sample(self, folder: Path, count: int, generator: np.random.Generator) -> Sample:
        """Some of the first training file; its checksum is left for the run to check. Raises
        DataError."""
        path, version = self._found(folder)
        name = next(iter(version.batches))
        content = (
            _members(path, version, (name,)).get(name)
            if path.is_file()
            else (path / name).read_bytes()
        )
        if content is None:
            raise DataError(f"{path} holds no {version.folder}/{name}; get the archive again.")
        images, labels = version.read(content, f"{name} in {path}", self._layout(version, name))
        chosen = generator.choice(len(images), count, replace=False)
        return images[chosen], labels[chosen]

    def find(self, folder: Path) -> tuple[Path, Version] | None:
        """The first archive or folder: in the data folder, in its folder of that name, where
        keras.datasets left it."""
        cache = keras_cache()
        for place in (
            folder,
            folder / self.facts.name,
            # Keras 3 unpacks an archive into a folder with this ending.
            cache / f"{self.python.folder}-target",
            cache,
        ):
            for version in (self.python, self.binary):
                for path in (place / version.folder, place / version.archive):
                    if path.exists():
                        return path, version
        return None

    @property
    def source(self) -> Source:
        archive = self.python.archive
        download = Download(
            PUBLISHER + archive, archive, self.archive_bytes, self.python.archive_md5
        )
        return Source(self.facts, self.read, self.is_present, self.sample, (download,))

    def is_present(self, folder: Path) -> bool:
        return self.find(folder) is not None

    def _found(self, folder: Path) -> tuple[Path, Version]:
        place_and_version = self.find(folder)
        if place_and_version is None:
            raise DataError(f"{self.facts.title} is not in {folder}: {self.facts.where}.")
        return place_and_version

    def _layout(self, version: Version, name: str) -> BatchLayout:
        return self.test if name == list(version.batches)[-1] else self.train

    def _from_folder(self, path: Path, version: Version) -> Iterator[tuple[str, str, bytes]]:
        """Name, place and content of each batch."""
        title = self.facts.title
        for name, published in version.batches.items():
            file = path / name
            if not file.is_file():
                raise DataError(
                    f"{path} holds only a part of {title}: {name} is missing; unpack the archive"
                    " again."
                )
            data = file.read_bytes()
            # First what is wrong with it, if anything is; only then its checksum.
            version.read(data, str(file), self._layout(version, name))
            check_digest(data, published, file, title)
            yield name, str(file), data

    def _from_archive(self, path: Path, version: Version) -> Iterator[tuple[str, str, bytes]]:
        """The same, read without unpacking anything to the disk."""
        title, batches = self.facts.title, _members(path, version, tuple(version.batches))
        for name in version.batches:
            if name not in batches:
                raise DataError(
                    f"{path} is not {title}: it holds no {version.folder}/{name}; get the archive"
                    " again."
                )
            yield name, f"{name} in {path}", batches[name]
        # Last, since hashing takes seconds: a wrong or cut archive is reported sooner.
        if digest_of(path, version.archive_md5) != version.archive_md5:
            raise DataError(not_the_published(path, title))


def where(python: Version, binary: Version) -> str:
    """Which files to put in which folder, for a data set's facts."""
    return (
        f"put {python.archive} or its folder {python.folder} in the data folder (the binary"
        f" version, {binary.archive} or {binary.folder}, works too)"
    )


def _members(path: Path, version: Version, names: tuple[str, ...]) -> dict[str, bytes]:
    """Those files in the archive that have these names and are not too large for a batch; stops
    once it has all."""
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = member.name.removeprefix(f"{version.folder}/")
                # Read in memory and by name: nothing is written outside the data folder.
                file = archive.extractfile(member) if name in names else None
                if file and member.size <= LARGEST_MEMBER_BYTES:
                    contents[name] = file.read()
                if len(contents) == len(names):
                    break
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be unpacked, perhaps it is cut short: {echo(str(error))}; get it again."
        ) from None
    return contents
