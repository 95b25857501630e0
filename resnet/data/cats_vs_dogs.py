"""Cats and dogs (Asirra): the folder PetImages as published. `cats_vs_dogs` is 128×128;
`cats_vs_dogs@SIZE` another.

Of its 25,000 files, those without the mark JFIF near their beginning are skipped: by the same rule
TensorFlow Datasets, and the ablation study that uses it, kept 23,262 images, 18,610 of them for
training.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from resnet.data.dataset import Dataset, DatasetFacts, Sample, Source
from resnet.data.image_folder import ImageFolder, fits, with_size
from resnet.errors import DataError

NAME = "cats_vs_dogs"
DEFAULT_SIDE = 128
CLASS_FOLDERS = ("Cat", "Dog")
FILES = 25_000

FACTS = DatasetFacts(
    name=NAME,
    title="Cats vs dogs",
    image_shape=(DEFAULT_SIDE, DEFAULT_SIDE, 3),
    class_names=("cat", "dog"),
    train_images=18_610,
    test_images=4_652,
    source=(
        "Elson, Douceur, Howell and Saul 2007, Asirra: a CAPTCHA that Exploits Interest-Aligned"
        " Manual Image Categorization; some are files without an image, and one image in five is"
        " for the test"
    ),
    where=(
        "unpack the published archive and put its folder PetImages, with the folders Cat and Dog in"
        " it, in the data folder"
    ),
)


def source(name: str) -> Source:
    """The data set at the size in its name. Raises DataError."""
    side = with_size(name)[1] or DEFAULT_SIDE
    facts = replace(FACTS, name=name, image_shape=(side, side, 3))

    def images(folder: Path) -> ImageFolder:
        place_of = find(folder)
        if place_of is None:
            raise DataError(f"{FACTS.title} is not in {folder}: {FACTS.where}.")
        return ImageFolder(place_of, facts, side, mark=b"JFIF")

    def read(folder: Path) -> Dataset:
        return images(folder).read()

    def sample(folder: Path, count: int, generator: np.random.Generator) -> Sample:
        return images(folder).sample(count, generator)

    stream = None if fits(facts, FILES) else lambda folder: images(folder).stream()
    return Source(facts, read, lambda folder: find(folder) is not None, sample, stream=stream)


def find(folder: Path) -> Path | None:
    """The first place that holds both classes and nothing else."""
    for place in (folder / NAME / "PetImages", folder / NAME, folder / "PetImages"):
        if place.is_dir() and sorted(
            path.name for path in place.iterdir() if path.is_dir()
        ) == list(CLASS_FOLDERS):
            return place
    return None
