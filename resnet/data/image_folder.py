"""Any folder of images with one subfolder for each class: `folder:PATH`, or `folder:PATH@SIZE` to
bring them to one size.

A path that does not begin with / is looked for in the data folder. Images are held in memory where
they fit; else they stay in their files, and a run reads them as it needs them.
"""

import hashlib
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from resnet.data.dataset import (
    READ_AT_ONCE,
    Arrays,
    Dataset,
    DatasetFacts,
    FileImages,
    Images,
    Sample,
    Source,
    Streamed,
)
from resnet.data.decode import read_pixels
from resnet.data.listing import Listing, common_size, count_tests, list_images
from resnet.errors import DataError, echo

PREFIX = "folder:"
SMALLEST_SIDE, LARGEST_SIDE = 8, 1024
LARGEST_BYTES = 2_000_000_000
LONGEST_TITLE = 40

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageFolder:
    """Images under `path`, of the shape that `facts` say.

    With a `side`, they are resized to it; without, they must have their shape already. Files
    without `mark` near their beginning count as broken.
    """

    path: Path
    facts: DatasetFacts
    side: int | None = None
    mark: bytes = b""

    def read(self) -> Dataset:
        """All images; the first fifth is the test part. Raises DataError, and OSError where the
        disk refuses."""
        listing = list_images(self.path)
        check_memory(self.facts, len(listing.files))
        images = np.empty((len(listing.files), *self.facts.image_shape), np.uint8)
        labels: list[int] = []
        for label, _, pixels in self._pictures(listing):
            # A broken file leaves no gap: the next whole image takes its place.
            images[len(labels)] = pixels
            labels.append(label)
        self._check_complete(labels)
        images, numbers, tests = (
            images[: len(labels)],
            np.array(labels, np.int32),
            count_tests(len(labels)),
        )
        facts = self._counted(listing, labels)
        return Dataset(
            facts, Arrays(images[tests:], numbers[tests:], images[:tests], numbers[:tests])
        )

    def stream(self) -> Streamed:
        """The same images in the same order, left in their files. Looks at each once. Raises as
        `read` does."""
        listing = list_images(self.path)
        # Permanently: threads read images until the process ends, and warning filters are shared by
        # all threads.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        digest = hashlib.sha256()
        files: list[Path] = []
        labels: list[int] = []
        for label, file, pixels in self._pictures(listing):
            digest.update(np.ascontiguousarray(pixels).data)
            # 4 bytes, the low one first, on every machine: one folder, one checksum.
            digest.update(label.to_bytes(4, "little"))
            files.append(file)
            labels.append(label)
        self._check_complete(labels)
        every = FileImages(tuple(files), np.array(labels, np.int32), self._decode())
        tests = count_tests(len(labels))
        train, test = (
            every.subset(part) for part in (np.arange(tests, len(labels)), np.arange(tests))
        )
        return Streamed(self._counted(listing, labels), train, test, digest.hexdigest())

    def _counted(self, listing: Listing, labels: list[int]) -> DatasetFacts:
        """The facts of those that are whole, whose labels these are."""
        tests = count_tests(len(labels))
        return replace(
            self.facts,
            train_images=len(labels) - tests,
            test_images=tests,
            broken_files=len(listing.files) - len(labels),
            class_sizes=_sizes(labels[tests:], self.facts.classes),
        )

    def _decode(self) -> Callable[[Path], Images | None]:
        return partial(read_pixels, side=self.side, mark=self.mark)

    def sample(self, count: int, generator: np.random.Generator) -> Sample:
        """Some images that are surely not in the test part, fewer where there are fewer. Raises as
        `read` does."""
        files, labels = list_images(self.path)[1:]
        decode = self._decode()
        # The test part is the first fifth of the whole images; the second half of the files is
        # outside of it even if many files are broken.
        later = generator.permutation(np.arange(len(files) // 2, len(files)))
        pictures: list[tuple[Images, int]] = []
        with _quiet_pillow():
            for position in later:
                pixels = decode(files[position])
                if pixels is not None:
                    pictures.append((self._checked(files[position], pixels), labels[position]))
                if len(pictures) == count:
                    break
        if not pictures:
            raise DataError(
                f"None of the files in {self.path} is an image that can be read; put readable"
                " ones there."
            )
        return np.stack([pixels for pixels, _ in pictures]), np.array(
            [label for _, label in pictures], np.int32
        )

    def _pictures(self, listing: Listing) -> Iterator[tuple[int, Path, Images]]:
        """Label, file and pixels of every image that is not broken, in order."""
        files, decode = listing.files, self._decode()
        told = 0
        with _quiet_pillow(), ThreadPoolExecutor() as pool:
            for first in range(0, len(files), READ_AT_ONCE):
                # pool.map starts all of its files at once; in parts, only so many images wait in
                # memory.
                some = files[first : first + READ_AT_ONCE]
                for label, file, pixels in zip(
                    listing.labels[first:], some, pool.map(decode, some), strict=False
                ):
                    if pixels is not None:
                        yield label, file, self._checked(file, pixels)
                percent = 100 * (first + len(some)) // len(files)
                if percent // 10 > told:
                    told = percent // 10
                    log.info(
                        "%s: %d %% of %s images read", self.facts.title, percent, f"{len(files):,}"
                    )

    def _checked(self, file: Path, pixels: Images) -> Images:
        if pixels.shape != self.facts.image_shape:
            height, width = pixels.shape[:2]
            raise DataError(
                f"All images must have one size; {file} is {height}×{width}: {self.facts.where}."
            )
        return pixels

    def _check_complete(self, labels: list[int]) -> None:
        counts = np.bincount(labels, minlength=self.facts.classes)
        if not counts.all():
            name = self.facts.class_names[int(np.argmin(counts))]
            raise DataError(
                f"Every class needs images; none of those of class {echo(name)} in {self.path} can"
                " be read: put readable ones there."
            )


def source(name: str, data_folder: Path) -> Source:
    """The data set behind a name that begins with `folder:`. Raises DataError."""
    text, side = with_size(name.removeprefix(PREFIX))
    # `/` joins paths: an absolute one at its right replaces the data folder.
    path = data_folder / os.path.expanduser(text)  # noqa: PTH111  Path's own raises where there is no such person
    facts = _describe(name, path, side)
    images = ImageFolder(path, facts, side)
    return Source(
        facts,
        read=lambda _: images.read(),
        present=lambda _: True,
        sample=lambda _, count, generator: images.sample(count, generator),
        stream=(
            None
            if fits(facts, facts.train_images + facts.test_images)
            else lambda _: images.stream()
        ),
    )


def title(name: str) -> str:
    """The folder's own name."""
    text = re.sub(r"@\d+$", "", name.removeprefix(PREFIX))
    return Path(text).name[:LONGEST_TITLE] or text[:LONGEST_TITLE] or "images"


def with_size(text: str) -> tuple[str, int | None]:
    """The text before an @SIZE, and the size, if there is one. Raises DataError."""
    sized = re.fullmatch(r"(.*)@(\d+)", text, re.DOTALL)
    if not sized:
        return text, None
    # Six digits are too large already, and int() refuses a number of some thousand digits.
    digits = sized[2][:6]
    if not SMALLEST_SIDE <= int(digits) <= LARGEST_SIDE:
        raise DataError(
            f"The size after @ is the images' side in pixels, from {SMALLEST_SIDE} to"
            f" {LARGEST_SIDE}; received {echo(sized[2])}."
        )
    return sized[1], int(digits)


def fits(facts: DatasetFacts, images: int) -> bool:
    """Whether so many images may be held in memory."""
    return images * int(np.prod(facts.image_shape)) <= LARGEST_BYTES


def check_memory(facts: DatasetFacts, images: int) -> None:
    """Raise DataError where so many images exceed the memory allowed for them."""
    if not fits(facts, images):
        size_bytes = images * int(np.prod(facts.image_shape))
        # images · side² · 3 bytes ≤ LARGEST_BYTES, rounded down to a multiple of 8.
        side = int((LARGEST_BYTES / images / 3) ** 0.5) // 8 * 8
        raise DataError(
            f"To be loaded, images must fit into {LARGEST_BYTES / 1e9:.0f} GB; {images:,} of"
            f" {facts.title} take {size_bytes / 1e9:.1f} GB at"
            f" {facts.image_shape[0]}×{facts.image_shape[1]}: give a smaller size, as in"
            f" {facts.name.partition('@')[0]}@{side}."
        )


def _describe(name: str, path: Path, side: int | None) -> DatasetFacts:
    """Facts from the names of the files, and from their headers where no size is given."""
    listing = list_images(path)
    plain = name if side is None else name.rpartition("@")[0]
    height, width = (side, side) if side else common_size(path, f"{plain}@64")
    images, tests = len(listing.files), count_tests(len(listing.files))
    return DatasetFacts(
        name=name,
        title=title(name),
        image_shape=(height, width, 3),
        class_names=listing.class_names,
        class_sizes=_sizes(listing.labels[tests:], len(listing.class_names)),
        train_images=images - tests,
        test_images=tests,
        source=f"The folder {path}; one image in five, always the same, is for the test",
        where=(
            f"put one subfolder of images for each class into {path}, or give the size to bring"
            f" them to: {plain}@64"
        ),
    )


def _sizes(labels: Sequence[int], classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(labels, minlength=classes).tolist())


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Without Pillow's warnings: it either repairs such a picture, or the picture counts as broken
    here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
