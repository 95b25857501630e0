"""The parts of a data set as tensors in memory: what is trained on, what chooses, and what is looked at once."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from resnet.data import Dataset
from resnet.data.dataset import Images, Labels
from resnet.training.normalise import Normalisation, fit_normalisation
from resnet.training.recipe import Recipe
from resnet.training.split import Split

Draw = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""Inside a compiled function: the batch at these positions, [batch] -> float32 images, normalised, and labels."""


class Part:
    """uint8 images [images, height, width, channels] and int32 labels [images], on the device where there is one."""

    def __init__(self, images: Images, labels: Labels, normalisation: Normalisation) -> None:
        self.size = len(images)
        self._images = tf.constant(images)
        self._labels = tf.constant(labels)
        self._normalisation = normalisation

    def draw_from(self, first_step: int) -> Draw:
        """How a training that begins at this step gets its batches. In memory, every batch is there at any time."""
        return self.batch

    def batch(self, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """float32 images, normalised, and labels at these positions."""
        pixels = tf.cast(tf.gather(self._images, positions), tf.float32)
        return pixels * self._normalisation.scale - self._normalisation.shift, tf.gather(self._labels, positions)


class Parts(NamedTuple):
    """All three are normalised by the statistics of the training part."""

    train: Part
    validation: Part
    test: Part


def load_parts(dataset: Dataset, split: Split, recipe: Recipe) -> Parts:
    """Cut the data set in three."""
    normalisation = fit_normalisation(recipe.input_normalisation, dataset.train_images[split.train])
    train, validation = (
        Part(dataset.train_images[positions], dataset.train_labels[positions], normalisation)
        for positions in (split.train, split.validation)
    )
    return Parts(train, validation, Part(dataset.test_images, dataset.test_labels, normalisation))
