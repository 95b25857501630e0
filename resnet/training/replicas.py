"""One run on several devices: each gets its share of every batch, and all have the same weights.

This uses `tf.distribute.MirroredStrategy`, except on a single device.
"""

from collections.abc import Callable

import tensorflow as tf

from resnet.runs import devices

WRONG = 2
"""The column of `Steps` with the wrongly classified images. It is summed over the devices; the
others are averaged."""


def strategy_for(device: str) -> tf.distribute.Strategy:
    """TensorFlow's strategy for the devices of this id. Call it after `claim`."""
    count = len(devices.parts(device))
    if count == 1:
        return tf.distribute.get_strategy()
    if devices.CPU in devices.parts(device):
        processors = [f"CPU:{number}" for number in range(count)]
        return tf.distribute.MirroredStrategy(
            processors, cross_device_ops=tf.distribute.ReductionToOneDevice()
        )
    return tf.distribute.MirroredStrategy([f"GPU:{number}" for number in range(count)])


Update = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Images and labels -> a row of `Steps`."""


def shared(
    strategy: tf.distribute.Strategy, update: Update, images: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    """One update, in which each device gets its share of the batch: images [batch, height, width,
    channels] and labels [batch]. Returns the row of `Steps` for the whole batch."""
    count = strategy.num_replicas_in_sync
    if count == 1:
        return update(images, labels)
    share = images.shape[0] // count

    def one_share() -> tf.Tensor:
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * share
        return update(images[first : first + share], labels[first : first + share])

    mean = strategy.reduce(tf.distribute.ReduceOp.MEAN, strategy.run(one_share), axis=None)  # [5]
    # Losses are means, so their mean is right. Wrong answers are counts: sum = mean × devices.
    return tf.tensor_scatter_nd_update(mean, [[WRONG]], [mean[WRONG] * count])


def mean_over_devices(gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """Inside an update: the gradients of the whole batch. Shares have equal sizes, so it is the
    mean of their gradients."""
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return gradients
    reduced: list[tf.Tensor] = tf.distribute.get_replica_context().all_reduce(
        tf.distribute.ReduceOp.MEAN, gradients
    )
    return reduced


def to_be_summed(gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """Keras's optimisers sum the gradients of all devices. These are already means over the
    devices, so each device passes on 1 / devices of them."""
    count = tf.distribute.get_strategy().num_replicas_in_sync
    return gradients if count == 1 else [gradient / count for gradient in gradients]
