"""The three parts of a data set, in memory or streamed: training, validation, and test."""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import tensorflow as tf

from resnet.data import Dataset, Streamed
from resnet.data.dataset import FileImages, Images, Labels
from resnet.recipes.recipe import Recipe
from resnet.recipes.split import Split
from resnet.training.batches import Indices, batch_indices
from resnet.training.normalise import Normalisation, fit_chunks, fit_normalisation

READERS, AHEAD = 2, 4
"""The number of batches that are read in parallel, and the number that are kept ready."""

Shape = tuple[int, int, int]

Draw = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""Inside a compiled function: positions [batch] -> their normalised float32 images, and labels."""


class Part:
    """uint8 images [images, height, width, channels] and int32 labels [images], in the device's
    memory."""

    def __init__(self, images: Images, labels: Labels, normalisation: Normalisation) -> None:
        self.size = len(images)
        self._images = tf.constant(images)
        self._labels = tf.constant(labels)
        self._normalisation = normalisation

    def draw_from(self, first_step: int) -> Draw:
        """The function that gives a training its batches from this step on. In memory, all batches
        are available at any time."""
        return self.batch

    def batch(self, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """float32 images, normalised, and labels at these positions."""
        pixels = tf.gather(self._images, positions)  # [batch, height, width, channels]
        return normalised(pixels, self._normalisation), tf.gather(self._labels, positions)


class StreamedPart:
    """The same for images that stay in their files. They are decoded ahead of the training, in the
    order of its batches."""

    def __init__(
        self, images: FileImages, normalisation: Normalisation, shape: Shape, recipe: Recipe
    ) -> None:
        self.size = len(images)
        self._images, self._shape = images, shape
        self._normalisation = normalisation
        self._recipe = recipe

    def draw_from(self, first_step: int) -> Draw:
        """The training always asks for the positions of `batch_indices`. So the stream computes
        them in advance, and ignores the positions it receives."""
        size = self._recipe.batch_size

        def order() -> Iterator[Indices]:
            for step in itertools.count(first_step):
                yield batch_indices(self._recipe.seed, self.size, size, step, 1)[0]

        positions = tf.data.Dataset.from_generator(
            order, output_signature=tf.TensorSpec([size], tf.int32)
        )
        # `deterministic` keeps the order of the batches, although several are read in parallel.
        batches = positions.map(
            self._fetched, num_parallel_calls=READERS, deterministic=True
        ).prefetch(AHEAD)
        stream = iter(batches)

        def draw(_: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            pixels, labels = stream.get_next()
            return normalised(pixels, self._normalisation), labels

        return draw

    def batch(self, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """float32 images, normalised, and labels at these positions, read at once."""
        pixels, labels = self._fetched(positions)
        return normalised(pixels, self._normalisation), labels

    def _fetched(self, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels = tf.numpy_function(self._images.read, [positions], tf.uint8, stateful=False)
        # A numpy function's result has no known shape, but the compiled step needs one.
        pixels = tf.ensure_shape(pixels, [positions.shape[0], *self._shape])
        return pixels, tf.gather(self._images.labels, positions)


def normalised(pixels: tf.Tensor, normalisation: Normalisation) -> tf.Tensor:
    """uint8 pixels [batch, height, width, channels] to float32 network input of that shape."""
    return tf.cast(pixels, tf.float32) * normalisation.scale - normalisation.shift


AnyPart = Part | StreamedPart


class Parts(NamedTuple):
    """The three parts, all normalised with the statistics of the training part."""

    train: AnyPart
    validation: AnyPart
    test: AnyPart


def load_parts(dataset: Dataset | Streamed, split: Split, recipe: Recipe) -> Parts:
    """Cut the data set into its three parts."""
    if isinstance(dataset, Streamed):
        return _streamed_parts(dataset, split, recipe)
    normalisation = fit_normalisation(recipe.input_normalisation, dataset.train_images[split.train])
    train, validation = (
        Part(dataset.train_images[positions], dataset.train_labels[positions], normalisation)
        for positions in (split.train, split.validation)
    )
    return Parts(train, validation, Part(dataset.test_images, dataset.test_labels, normalisation))


def _streamed_parts(dataset: Streamed, split: Split, recipe: Recipe) -> Parts:
    train, validation = dataset.train.subset(split.train), dataset.train.subset(split.validation)
    normalisation = fit_chunks(recipe.input_normalisation, train.chunks())
    shape = dataset.facts.image_shape
    return Parts(
        *(
            StreamedPart(part, normalisation, shape, recipe)
            for part in (train, validation, dataset.test)
        )
    )
