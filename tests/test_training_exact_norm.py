"""Exact batch norm statistics beside numpy's mean and variance of what the layer receives."""

import keras
import numpy as np
import pytest

from resnet import build_keras_model, data, with_settings
from resnet.network import catalog
from resnet.training.exact_norm import exact_statistics, images_counted
from resnet.training.fused_norm import with_fused_norms
from resnet.training.normalise import fit_normalisation
from resnet.training.parts import Part

pytestmark = pytest.mark.training

IMAGES, BATCH = 70, 16


def part() -> Part:
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 8, 8, 1), np.uint8)
    return Part(images, np.zeros(IMAGES, np.int32), fit_normalisation("scale", images))


def network(**settings: object) -> keras.Model:
    config = data.fit_config(catalog.get("resnet8").config, data.facts("digits"))
    return with_fused_norms(
        build_keras_model(with_settings(config, {"head_activation": "none", **settings}))
    )


def test_the_first_layer_is_numpy_over_all_full_batches() -> None:
    """A mean of the batches' variances alone would leave out how far their means lie apart."""
    model, images = network(), part()
    first = next(
        layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)
    )
    receives = keras.Model(model.inputs, first.input)
    counted = images_counted(images, BATCH)
    assert counted == 64
    values = receives(images.batch(np.arange(counted))[0]).numpy().astype(np.float64)
    before, momentum = first.moving_mean.numpy(), first.momentum
    found = exact_statistics(model, images, BATCH, lambda: None)
    assert found[first.moving_mean.path] == pytest.approx(values.mean(axis=(0, 1, 2)), abs=1e-5)
    assert found[first.moving_variance.path] == pytest.approx(values.var(axis=(0, 1, 2)), rel=1e-4)
    assert first.momentum == momentum != 0
    assert not np.allclose(before, found[first.moving_mean.path])


def test_without_batch_norm_there_is_nothing_to_count() -> None:
    assert (
        exact_statistics(
            network(**{"norm.kind": "group", "norm.groups": 4}), part(), BATCH, lambda: None
        )
        == {}
    )
