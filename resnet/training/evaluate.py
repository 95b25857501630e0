"""Error and loss on a whole part of the data set: in inference mode, without augmentation,
including the last, shorter batch."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from resnet.training.loss import data_losses, wrong
from resnet.training.parts import AnyPart

EVALUATION_BATCH = 250


class Evaluation(NamedTuple):
    """`error` in percent; `data_loss` is the mean cross-entropy, without the penalty."""

    error: float
    data_loss: float


class Evaluator:
    """Evaluates one model, with its weights at the time of the call."""

    def __init__(self, model: keras.Model) -> None:
        def batch(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
            logits = model(images, training=False)  # [batch, classes]
            return tf.stack(
                [wrong(logits, labels), tf.reduce_sum(data_losses(logits, labels))]
            )  # [2]

        # The last batch is shorter: relaxed shapes avoid a second compilation.
        self._batch = tf.function(batch, reduce_retracing=True, autograph=False)

    def __call__(self, part: AnyPart, images: int, between: Callable[[], None]) -> Evaluation:
        """Evaluate the first `images` images. `between` is called before each batch and may raise
        to end it early."""
        sums = np.zeros(2)  # images classified wrongly, and the sum of their losses
        for start in range(0, images, EVALUATION_BATCH):
            between()
            positions = tf.range(start, min(start + EVALUATION_BATCH, images))
            sums += self._batch(*part.batch(positions)).numpy()
        wrong_images, loss = (sums / images).tolist()
        return Evaluation(100 * wrong_images, loss)
