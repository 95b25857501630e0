"""A sheet of sample images, original and augmented. No TensorFlow. Reads few more images than it
shows."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resnet import data
from resnet.data.dataset import Images
from resnet.recipes.augmented import augment
from resnet.recipes.recipe import Recipe

SAMPLES = 10
TILE = 96
GAP = 6


@dataclass(frozen=True)
class Sheet:
    """`before` and `after` are [samples, height, width, channels], 0 to 255; `class_names` has
    the class of each."""

    before: Images
    after: Images
    class_names: tuple[str, ...]

    def png(self) -> bytes:
        """Two rows of tiles about 96 pixels wide, on white: the originals above, the augmented
        images below."""
        rows = [list(map(_tile, self.before)), list(map(_tile, self.after))]
        width, height = rows[0][0].size
        paper = Image.new("RGB", (len(rows[0]) * (width + GAP) - GAP, 2 * height + GAP), "white")
        for down, row in enumerate(rows):
            for across, tile in enumerate(row):
                paper.paste(tile, (across * (width + GAP), down * (height + GAP)))
        file = io.BytesIO()
        paper.save(file, "PNG")
        return file.getvalue()


def sample_sheet(name: str, folder: Path | str, recipe: Recipe, seed: int) -> Sheet:
    """Samples of the training part, the same for the same seed. Raises UnknownNameError and
    DataError.

    Crops and flips follow the recipe, but are not those of any step of a run.
    """
    generator, class_names = np.random.default_rng(seed), data.facts(name, folder).class_names
    before, labels = data.sample(name, folder, SAMPLES, generator)
    draws = generator.random((len(before), 3), dtype=np.float32)
    fill = _fill(before, recipe)  # [channels]
    # Subtract the padding's colour, so that `augment`, which pads with zeros, pads with it.
    after = augment(before.astype(np.float32) - fill, recipe.augmentation, draws) + fill
    return Sheet(
        before, np.rint(after).astype(np.uint8), tuple(class_names[label] for label in labels)
    )


def _fill(images: Images, recipe: Recipe) -> NDArray[np.float32]:
    """The padding's colour, [channels]. Zero after normalisation is the mean, or black where no
    mean is subtracted."""
    if recipe.input_normalisation == "scale":
        return np.zeros(images.shape[-1], np.float32)
    mean: NDArray[np.float32] = np.rint(images.mean(axis=(0, 1, 2))).astype(np.float32)
    return mean


def _tile(pixels: Images) -> Image.Image:
    """The image near the size of a tile. Small images are enlarged by a whole number, so that
    pixels stay square; large ones are reduced."""
    image = Image.fromarray(pixels.squeeze()).convert("RGB")
    times = max(1, TILE // image.width)
    if image.width > TILE:
        return image.resize(
            (TILE, max(1, round(TILE * image.height / image.width))), Image.Resampling.BILINEAR
        )
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
