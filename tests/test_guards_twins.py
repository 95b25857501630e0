"""Plain twins: derived by removing shortcuts only, proven by count and by the hashes of what Keras
draws."""

from typing import Any

import pytest
from hypothesis import given

from resnet.errors import ConfigError
from resnet.guards.twins import compare_weights, equal_starts, prove, twin
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from resnet.network.metrics import describe
from resnet.network.settings import with_settings
from tests.strategies import configs


@given(configs(most_blocks=8, most_filters=32))
def test_a_twin_differs_by_its_shortcuts_only(config: ResNetConfig) -> None:
    """A twin that also loses a stride, a norm or a width is no twin: the notebook's plain-50 was
    one."""
    if config.shortcut == "none" or config.norm.last_gamma == "zero":
        with pytest.raises(ConfigError):
            twin(config)
        return
    plain = twin(config)
    assert with_settings(plain, {"shortcut": config.shortcut}) == config
    proof = prove(config)
    assert proof.changed_layers == ()
    assert {row.id for row in describe(plain).layers} == set(proof.equal_layers)
    more = sum(counted.trainable_params for counted in proof.extra.values())
    assert proof.trainable_params[0] - proof.trainable_params[1] == more
    assert proof.macs[0] - proof.macs[1] == sum(counted.macs for counted in proof.extra.values())
    assert bool(more) == bool(proof.projections)
    assert proof.exact == (not proof.projections)
    assert (
        proof.other_start == ()
    )  # a projection has weights of its own, and takes none from the other layers


def test_the_papers_twins_are_exact_and_projections_are_counted() -> None:
    """Option A on CIFAR has exactly the plain net's parameters; B brings projections: three on
    ImageNet's 34 layers."""
    assert prove(catalog.get("resnet56").config).exact
    proof = prove(catalog.get("resnet34").config)
    assert not proof.exact
    assert len(proof.projections) == 3
    assert proof.extra["conv"].layers == 3
    b = prove(catalog.get("resnet20").config.model_copy(update={"shortcut": "projection"}))
    assert b.trainable_params[0] - b.trainable_params[1] == 2752


def test_the_notebooks_plain_50_is_not_the_twin() -> None:
    """It does not stride in its first stage, so it works on maps four times as large."""
    residual, claimed = (catalog.get(f"binary_{kind}50").config for kind in ("resnet", "plain"))
    proof = prove(residual, claimed)
    assert "stage1.block1.conv1" in proof.changed_layers
    assert proof.verdict.startswith("Not twins:")
    assert proof.sentences()[1].startswith("Not twins:")
    assert "stage1.block1.conv1" in proof.equal_start  # a stride is no part of a kernel
    assert (
        prove(
            catalog.get("binary_resnet34").config, catalog.get("binary_plain34").config
        ).changed_layers
        == ()
    )


def test_a_plain_network_has_no_twin_to_derive() -> None:
    """Which shortcuts to add is a choice; only removing them is not."""
    with pytest.raises(ConfigError, match="give the residual network"):
        twin(catalog.get("plain20").config)


def test_weights_are_compared_layer_by_layer() -> None:
    """Equal counts of layers are no proof, and neither are layers of other names."""
    proof = compare_weights({"a": "1", "b": "2", "p": "3"}, {"a": "1", "b": "x"})
    assert (proof.equal, proof.other, proof.only_first, proof.only_second) == (
        ("a",),
        ("b",),
        ("p",),
        (),
    )
    assert (
        "1 of the 2 kernels that both have start equal; these do not: b; only in one of"
        in proof.sentence
    )
    assert "no kernels with the same name" in compare_weights({"a": "1"}, {}).sentence


def kernels(config: ResNetConfig) -> dict[str, str]:
    from resnet.as_keras.model import build_keras_model, kernel_hashes  # noqa: PLC0415

    return kernel_hashes(build_keras_model(config, seed=7))


@pytest.mark.keras
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resnet14", {"shortcut": "padded_identity"}),
        ("resnet14", {"shortcut": "projection"}),
        ("resnet14", {"shortcut": "projection_always", "initialiser": "glorot_uniform"}),
        ("resnet50", {"cardinality": 32, "base_width": 4, "input_shape": [32, 32, 3]}),
    ],
)
def test_equal_starts_are_what_keras_draws(name: str, settings: dict[str, Any]) -> None:
    """The proof says which kernels are equal under one seed; here they are drawn and hashed."""
    config = with_settings(catalog.get(name).config, settings)
    plain = twin(config)
    by_hash = compare_weights(kernels(config), kernels(plain))
    assert (
        set(by_hash.equal)
        == set(equal_starts(build_graph(config), build_graph(plain)))
        == set(kernels(plain))
    )
    assert set(by_hash.equal) == set(prove(config).equal_start)
    assert (by_hash.other, by_hash.only_second) == ((), ())
    assert set(by_hash.only_first) == set(prove(config).projections)


@pytest.mark.keras
def test_other_shapes_and_initialisers_start_otherwise_as_predicted() -> None:
    """A narrower stage, another initialiser: predicted from the graph, and found so in Keras."""
    one = catalog.get("resnet14").config
    changes = ({"stages.1.filters": 24}, {"initialiser": "he_uniform"}, {"stages.0.stride": 2})
    for other in [with_settings(one, settings) for settings in changes]:
        by_hash = compare_weights(kernels(one), kernels(other))
        assert set(by_hash.equal) == set(equal_starts(build_graph(one), build_graph(other)))
