"""Errors and losses from logits, and the penalty kept apart from them."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from resnet.recipes.recipe import WeightDecayConfig

CONV_KERNEL_RANK = 4
"""Height, width, channels in, channels out. The classifier's kernel has only the last two."""


def data_losses(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Cross-entropies [batch] from logits [batch, classes] and labels [batch]: of softmax over the
    classes, or of a sigmoid where there is a single logit."""
    # In mixed precision logits are 16 bits wide, too few for the exponentials of a loss.
    logits = tf.cast(logits, tf.float32)
    if logits.shape[-1] == 1:
        return tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(labels, tf.float32), logits[:, 0])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def wrong(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """How many of the batch are classified wrongly, as a float [] so that it can be summed with the
    losses. A single logit above 0 means the second class."""
    if logits.shape[-1] == 1:
        answers = tf.cast(logits[:, 0] > 0, labels.dtype)  # [batch]
    else:
        answers = tf.argmax(logits, axis=-1, output_type=labels.dtype)  # [batch]
    return tf.reduce_sum(tf.cast(answers != labels, tf.float32))


def decayed(model: keras.Model, decay: WeightDecayConfig) -> list[keras.Variable]:
    """The variables that weight decay covers."""
    kernels = [
        variable for variable in model.trainable_variables if variable.path.endswith("/kernel")
    ]
    match decay.covers:
        case "all":
            return list(model.trainable_variables)
        case "kernels":
            return kernels
        case "conv_kernels":
            return [kernel for kernel in kernels if len(kernel.shape) == CONV_KERNEL_RANK]


def l2_penalty(variables: Sequence[keras.Variable], value: float) -> tf.Tensor:
    """(value / 2) · Σw², whose gradient is value · w: weight decay as He et al. 2015 mean it."""
    if not variables or not value:
        return tf.constant(0.0)
    # TensorFlow's l2_loss is Σw² / 2. In float32, because the sum would overflow in float16.
    halves = [tf.nn.l2_loss(tf.cast(variable.value, tf.float32)) for variable in variables]
    return value * tf.add_n(halves)
