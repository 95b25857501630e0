"""Batch normalisation in one kernel instead of a dozen.

Keras computes mean, variance and the normalised map with separate operations. Each reads the whole
map from memory. On two CPU cores this takes a third of a ResNet-20's time (figures in
docs/decisions). Weights, results and moving averages are the same as Keras's.
"""

from typing import Any

import keras
import tensorflow as tf

from resnet.as_keras.model import deep_recursion
from resnet.recipes.recipe import BatchNormStatistics


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # Keras has no types
    """Takes [batch, height, width, channels]."""

    def add_weight(self, *args: Any, **settings: Any) -> keras.Variable:
        # On several devices the moving averages are averaged over the devices.
        settings["aggregation"] = "none" if settings.get("trainable", True) else "mean"
        return super().add_weight(*args, **settings)

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        if training and self.synchronized:
            return super().call(inputs, training=training, mask=mask)
        # Not tf.compat.v1.nn.fused_batch_norm: it silently raises an epsilon of 1e-5 to 1.001e-5.
        fused = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            # In training the kernel computes the statistics; it expects empty tensors then.
            mean=tf.zeros([0]) if training else self.moving_mean.value,
            variance=tf.zeros([0]) if training else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=bool(training),
        )
        if training:
            values = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
            self._follow(self.moving_mean, fused.batch_mean)
            # The kernel divides by n − 1 (unbiased), Keras by n = batch · height · width.
            self._follow(self.moving_variance, fused.batch_variance * (values - 1) / values)
        return fused.y

    def _follow(self, average: keras.Variable, value: tf.Tensor) -> None:
        # Keras's momentum: the share of the old value that is kept.
        average.assign(average.value * self.momentum + value * (1.0 - self.momentum))


def with_fused_norms(
    model: keras.Model, statistics: BatchNormStatistics = "per_device"
) -> keras.Model:
    """The same network, layer for layer, with fused batch norms. Weights are drawn again; with
    layer seeds they are the same."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if type(layer) is not keras.layers.BatchNormalization:
            return type(layer).from_config(layer.get_config())
        config = layer.get_config() | {"synchronized": statistics == "synchronised"}
        return FusedBatchNormalization.from_config(config)

    with deep_recursion():
        return keras.models.clone_model(model, clone_function=clone)
