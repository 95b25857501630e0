"""Hashes of a run's initial weights and first batch. They prove that two arms started from the
same."""

import hashlib
from typing import Any

import keras
import tensorflow as tf

from resnet.as_keras.model import kernel_hashes
from resnet.recipes.recipe import Recipe
from resnet.training.augment import augment
from resnet.training.batches import batch_indices
from resnet.training.parts import Parts


def beginning(model: keras.Model, parts: Parts, recipe: Recipe) -> dict[str, Any]:
    """`initial_weights`: a hash of each kernel, by its layer's name. `first_batch`: a hash of the
    first step's images (normalised and augmented) and labels. Sixteen hex digits each.

    The model must not be trained yet.
    """
    positions = batch_indices(
        recipe.seed, parts.train.size, recipe.batch_size, first_step=0, steps=1
    )[0]
    images, labels = parts.train.batch(tf.constant(positions))
    images = augment(images, recipe.augmentation, recipe.seed, tf.constant(0))
    digest = hashlib.sha256(images.numpy().tobytes() + labels.numpy().tobytes())
    return {"initial_weights": kernel_hashes(model), "first_batch": digest.hexdigest()[:16]}
