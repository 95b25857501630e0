"""The device that a worker may use, or several of them.

`hide_others` comes before TensorFlow is imported, `claim` after.
"""

import os

from resnet.errors import RunError
from resnet.recipes.recipe import Recipe
from resnet.runs import devices


def hide_others(device: str) -> None:
    """Hide all other devices from this process, and TensorFlow's status messages from the log."""
    # By default CUDA counts GPUs by speed; the driver and `devices` count them by bus.
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    numbers = [one.removeprefix("gpu") for one in devices.parts(device) if one != devices.CPU]
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(numbers) or "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def claim(device: str, recipe: Recipe) -> None:
    """Configure TensorFlow on its device as the recipe requires. Raises RunError where it cannot
    use the device."""
    import keras  # noqa: PLC0415  only now may TensorFlow look at the devices
    import tensorflow as tf  # noqa: PLC0415

    gpus = tf.config.list_physical_devices("GPU")
    ids = devices.parts(device)
    if devices.CPU not in ids and len(gpus) < len(ids):
        raise RunError(
            f"TensorFlow cannot use {device}: install its CUDA variant (tensorflow[and-cuda]) and a"
            " recent driver, or choose the CPU."
        )
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)  # not the whole memory at once
    # Several CPUs are one processor cut in logical devices: tests of several devices need no GPU.
    if len(ids) > 1 and not gpus:
        (processor,) = tf.config.list_physical_devices("CPU")
        equal = [tf.config.LogicalDeviceConfiguration() for _ in ids]
        tf.config.set_logical_device_configuration(processor, equal)
    keras.config.set_dtype_policy(recipe.precision)
    keras.utils.set_random_seed(recipe.seed)
    if recipe.deterministic:
        tf.config.experimental.enable_op_determinism()
