"""CIFAR-10: 60,000 colour images, 32×32, from the published archives or their unpacked folders."""

import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from resnet.data.cifar_batches import Batch, read_binary, read_pickle
from resnet.data.dataset import Arrays, DatasetFacts, Download, Source
from resnet.data.files import check_digest, digest_of, keras_cache, not_the_published
from resnet.errors import DataError, echo

LARGEST_MEMBER_BYTES = 64_000_000
PUBLISHER = "https://www.cs.toronto.edu/~kriz/"


@dataclass(frozen=True)
class Version:
    """One published form: its archive with its MD5, and the batches in it with their checksums, the test batch last.

    The publisher gives checksums of the archives only; those of single files are as other libraries have recorded them.
    """

    archive: str
    archive_md5: str
    folder: str
    batches: dict[str, str]
    read: Callable[[bytes, str], Batch]


PYTHON = Version(
    archive="cifar-10-python.tar.gz",
    archive_md5="c58f30108f718f92721af3b95e74349a",
    folder="cifar-10-batches-py",
    batches={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    },
    read=read_pickle,
)
BINARY = Version(
    archive="cifar-10-binary.tar.gz",
    archive_md5="c32a1d4ab5d03f1284b67883e8d87530",
    folder="cifar-10-batches-bin",
    batches={
        "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
        "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
        "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
        "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
        "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
        "test_batch.bin": "67eb016db431130d61cd03c7ad570b013799c88c",
    },
    read=read_binary,
)
VERSIONS = (PYTHON, BINARY)

FACTS = DatasetFacts(
    name="cifar10",
    title="CIFAR-10",
    image_shape=(32, 32, 3),
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    train_images=50_000,
    test_images=10_000,
    source="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
    where=(
        f"put {PYTHON.archive} or its folder {PYTHON.folder} in the data folder (the binary version, {BINARY.archive} "
        f"or {BINARY.folder}, will do too)"
    ),
)


def read(folder: Path) -> Arrays:
    """The images from the first archive or folder there is. Raises DataError."""
    found = find(folder)
    if found is None:
        raise DataError(f"{FACTS.title} is not in {folder}: {FACTS.where}.")
    return read_version(*found)


def read_version(path: Path, version: Version) -> Arrays:
    """An archive, or the folder that was in it. Raises DataError."""
    files = _from_archive(path, version) if path.is_file() else _from_folder(path, version)
    images, labels = zip(*(version.read(data, name) for name, data in files), strict=True)
    return Arrays(np.concatenate(images[:-1]), np.concatenate(labels[:-1]), images[-1], labels[-1])


def find(folder: Path) -> tuple[Path, Version] | None:
    """The first archive or folder: in the data folder, in its folder cifar10, or where keras.datasets left it."""
    for place in (folder, folder / "cifar10", keras_cache() / "cifar-10-batches-py-target", keras_cache()):
        for version in VERSIONS:
            for path in (place / version.folder, place / version.archive):
                if path.exists():
                    return path, version
    return None


def _from_folder(path: Path, version: Version) -> Iterator[tuple[str, bytes]]:
    for name, published in version.batches.items():
        file = path / name
        if not file.is_file():
            raise DataError(f"{path} holds only a part of {FACTS.title}: {name} is missing; unpack the archive anew.")
        data = file.read_bytes()
        version.read(data, str(file))  # first what is wrong with it, if anything is; only then its checksum
        check_digest(data, published, file, FACTS.title)
        yield str(file), data


def _from_archive(path: Path, version: Version) -> Iterator[tuple[str, bytes]]:
    """The batches, read without unpacking anything to the disk."""
    batches = _members(path, version)
    for name in version.batches:
        if name not in batches:
            raise DataError(f"{path} is not {FACTS.title}: it holds no {version.folder}/{name}; get the archive anew.")
        yield f"{name} in {path}", batches[name]
    if digest_of(path, version.archive_md5) != version.archive_md5:
        raise DataError(not_the_published(path, FACTS.title))


def _members(path: Path, version: Version) -> dict[str, bytes]:
    """Those files in the archive that are batches by name and not too large for one."""
    found = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = member.name.removeprefix(f"{version.folder}/")
                file = archive.extractfile(member) if name in version.batches else None
                if file and member.size <= LARGEST_MEMBER_BYTES:
                    found[name] = file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be unpacked, perhaps it is cut short: {echo(str(error))}; get it anew."
        ) from None
    return found


SOURCE = Source(
    FACTS,
    read,
    present=lambda folder: find(folder) is not None,
    downloads=(Download(PUBLISHER + PYTHON.archive, PYTHON.archive, 170_498_071, PYTHON.archive_md5),),
)
