"""The 1,797 handwritten digits that come with scikit-learn: real scans, no download."""

import importlib.util
from pathlib import Path

import numpy as np

from resnet.data.dataset import Arrays, Dataset, DatasetFacts, Sample, Source
from resnet.errors import DataError
from resnet.extras import installed, require

TEST_IMAGES = 297
BRIGHTEST = 16

FACTS = DatasetFacts(
    name="digits",
    title="Digits",
    image_shape=(8, 8, 1),
    class_names=tuple("0123456789"),
    train_images=1500,
    test_images=TEST_IMAGES,
    source=(
        "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits (UCI), as bundled with"
        " scikit-learn"
    ),
    where="it comes with scikit-learn: pip install 'resnet-lab[data]'",
)


def read(folder: Path) -> Dataset:
    """The scans in their published order; the last 297 are always the test set.

    A scan counts the dark pixels of each 4×4 square, 0 to 16; here that becomes 0 to 255. Raises
    DataError.
    """
    table = np.loadtxt(_bundled(), np.uint8, delimiter=",")  # 64 pixels and the label in each line
    # (scans, 64) becomes (scans, 8, 8, 1), and 0…16 becomes 0…255.
    images = np.rint(table[:, :-1].reshape(-1, 8, 8, 1) * (255 / BRIGHTEST)).astype(np.uint8)
    labels = table[:, -1].astype(np.int32)
    parts = Arrays(
        images[:-TEST_IMAGES], labels[:-TEST_IMAGES], images[-TEST_IMAGES:], labels[-TEST_IMAGES:]
    )
    return Dataset(FACTS, parts)


def _bundled() -> Path:
    """Scikit-learn's file; importing scikit-learn to read it would take seconds."""
    require("sklearn")
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.origin:
        raise DataError(
            "Digits come with scikit-learn, whose files are incomplete here; install it again."
        )
    return Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"


def sample(folder: Path, count: int, generator: np.random.Generator) -> Sample:
    """Some training images; there are so few that all are read."""
    dataset = read(folder)
    chosen = generator.choice(len(dataset.train_images), count, replace=False)
    return dataset.train_images[chosen], dataset.train_labels[chosen]


SOURCE = Source(FACTS, read, present=lambda folder: installed("sklearn"), sample=sample)
