"""ResNet-1202 as a Keras model takes half a minute to build: once per test run is enough."""

from functools import cache

import keras

from resnet import build_keras_model, get

DEEPEST = "resnet1202"


@cache
def deepest() -> keras.Model:
    """Treat it as read-only."""
    return build_keras_model(get(DEEPEST).config)
