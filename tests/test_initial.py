"""The moving variances an untrained network begins with: Keras's ones where those are right, larger
where not."""

import numpy as np
import pytest
from hypothesis import given
from strategies import configs

from resnet import ResNetConfig, build_graph, build_keras_model, get, with_settings
from resnet.network.initial import initial_variances


@pytest.mark.parametrize("name", ["plain34", "plain50", "plain1202", "binary_plain34"])
def test_a_plain_network_begins_with_keras_s_own(name: str) -> None:
    assert set(initial_variances(build_graph(get(name).config)).values()) == {1.0}


def test_a_residual_network_grows_by_a_branch_a_block_and_not_by_doubling() -> None:
    variances = initial_variances(build_graph(get("resnet1202").config))
    first_norms = [value for name, value in variances.items() if name.endswith("norm1")]
    assert first_norms[:4] == [1, 3, 5, 7]
    assert max(variances.values()) == first_norms[-1] == 1199


def test_a_branch_that_starts_at_nothing_adds_nothing() -> None:
    config = with_settings(get("resnet56").config, {"norm.last_gamma": "zero"})
    assert set(initial_variances(build_graph(config)).values()) == {1.0}


@given(configs())
def test_every_batch_norm_has_one_and_it_is_positive(config: ResNetConfig) -> None:
    graph = build_graph(config)
    variances = initial_variances(graph)
    assert list(variances) == [node.id for node in graph.nodes if node.op.kind == "norm"]
    assert all(value > 0 for value in variances.values())


@pytest.mark.keras
@pytest.mark.parametrize("order", ["post", "pre"])
def test_an_untrained_network_predicts_on_the_scale_it_trains_on(order: str) -> None:
    """The last map of an untrained ResNet-110, in inference and in training mode: within a factor
    of four."""
    config = with_settings(
        get("resnet110").config, {"activation_order": order, "head_activation": "none"}
    )
    model = build_keras_model(config)
    images = np.random.default_rng(0).normal(size=(8, 32, 32, 3)).astype(np.float32)
    inference, training = (float(np.std(model(images, training=mode))) for mode in (False, True))
    assert 1 / 4 < inference / training < 4
