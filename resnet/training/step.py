"""Several optimiser updates in one compiled call, on images that stay in memory."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from resnet.recipes.recipe import Recipe
from resnet.training.augment import augment
from resnet.training.batches import Indices
from resnet.training.loss import data_losses, decayed, l2_penalty, wrong
from resnet.training.parts import Draw
from resnet.training.replicas import mean_over_devices, shared, to_be_summed


class Steps(NamedTuple):
    """The measurements of several steps, [steps] each. `learning_rate` is read back from the
    optimiser."""

    data_loss: NDArray[np.float32]
    l2_penalty: NDArray[np.float32]
    wrong: NDArray[np.float32]
    gradient_norm: NDArray[np.float32]
    learning_rate: NDArray[np.float32]


StepFunction = Callable[[int, Indices, NDArray[np.float32]], Steps]
"""(first step, [steps, batch] positions in the training part, [steps] learning rates) ->
measurements."""


def compile_steps(
    model: keras.Model,
    optimiser: keras.optimizers.Optimizer,
    recipe: Recipe,
    draw: Draw,
    strategy: tf.distribute.Strategy | None = None,
) -> StepFunction:
    """Trace the training step once, for any number of steps per call. The model gives logits.

    `strategy` is that of several devices, under which model and optimiser were made.
    """
    over = strategy or tf.distribute.get_strategy()

    def one(step: tf.Tensor, positions: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        images, labels = draw(positions)  # [batch, height, width, channels], [batch]
        images = augment(images, recipe.augmentation, recipe.seed, step)
        optimiser.learning_rate = rate
        return shared(over, partial(update, model, optimiser, recipe), images, labels)

    def several(first_step: tf.Tensor, positions: tf.Tensor, rates: tf.Tensor) -> tf.Tensor:
        count = tf.shape(rates)[0]
        rows = tf.TensorArray(tf.float32, size=count, element_shape=[len(Steps._fields)])

        def after(index: tf.Tensor, rows: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            row = one(first_step + index, positions[index], rates[index])
            return index + 1, rows.write(index, row)

        _, rows = tf.while_loop(lambda index, _: index < count, after, (tf.constant(0), rows))
        return tf.transpose(rows.stack())  # [fields of Steps, steps]

    # The loop is written out, so nothing needs autograph: rewriting the code of all that is called
    # would take a fifth of a short training.
    traced = tf.function(several, autograph=False).get_concrete_function(
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([None, recipe.batch_size], tf.int32),  # [steps, batch]
        tf.TensorSpec([None], tf.float32),  # [steps] learning rates
    )

    def run(first_step: int, positions: Indices, rates: NDArray[np.float32]) -> Steps:
        columns = traced(tf.constant(first_step), tf.constant(positions), tf.constant(rates))
        return Steps(*columns.numpy())

    return run


def update(
    model: keras.Model,
    optimiser: keras.optimizers.Optimizer,
    recipe: Recipe,
    images: tf.Tensor,
    labels: tf.Tensor,
) -> tf.Tensor:
    """One update with a batch. Returns the row of `Steps`, [5]. The gradient is that of data loss
    plus penalty."""
    decay = recipe.weight_decay
    penalised = decayed(model, decay) if decay.semantics == "l2" else []
    weights = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        logits = model(images, training=True)  # [batch, classes]
        loss = tf.reduce_mean(data_losses(logits, labels))
        penalty = l2_penalty(penalised, decay.value)
        total = optimiser.scale_loss(loss + penalty)  # by 1, except in float16
    gradients = mean_over_devices(tape.gradient(total, weights))
    # In float16 the loss is scaled up so that small gradients do not become 0. Divide the norm by
    # the same factor.
    norm = tf.linalg.global_norm(gradients) / optimiser.scale_loss(tf.constant(1.0))
    optimiser.apply(to_be_summed(gradients), model.trainable_variables)
    # Read back from the optimiser, so that the record has the rate that was really used.
    applied = tf.convert_to_tensor(optimiser.learning_rate)
    return tf.stack([loss, penalty, wrong(logits, labels), norm, applied])
