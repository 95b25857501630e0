"""One run on several devices: each takes its share of every batch, and all keep the same weights.

`tf.distribute.MirroredStrategy` does the work. On one device it is not used.
"""

from collections.abc import Callable

import tensorflow as tf

from resnet.runs import devices

WRONG = 2
"""The column of `Steps` that is a sum over the devices, images classified wrongly; the others are
means."""


def strategy_for(device: str) -> tf.distribute.Strategy:
    """How to train on the devices behind this id, after `claim`."""
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
    """Let each device update by its share of the batch: images [batch, height, width, channels] and
    labels [batch]. Gives the row of `Steps` for the whole batch."""
    count = strategy.num_replicas_in_sync
    if count == 1:
        return update(images, labels)
    share = images.shape[0] // count

    def mine() -> tf.Tensor:
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * share
        return update(images[first : first + share], labels[first : first + share])

    mean = strategy.reduce(tf.distribute.ReduceOp.MEAN, strategy.run(mine), axis=None)  # [5]
    # Losses are means over the batch, but wrong answers are counted: mean × devices is their sum.
    return tf.tensor_scatter_nd_update(mean, [[WRONG]], [mean[WRONG] * count])


def mean_over_devices(gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """Inside an update: the gradients of the whole batch from those of the shares."""
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return gradients
    reduced: list[tf.Tensor] = tf.distribute.get_replica_context().all_reduce(
        tf.distribute.ReduceOp.MEAN, gradients
    )
    return reduced


def to_be_summed(gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """Keras's optimisers sum the gradients of all devices. These hold the mean over devices
    already, so each passes on its part of it."""
    count = tf.distribute.get_strategy().num_replicas_in_sync
    return gradients if count == 1 else [gradient / count for gradient in gradients]
