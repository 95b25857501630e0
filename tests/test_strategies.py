"""The random networks of the other tests must really reach every choice, or those tests prove
little."""

from typing import get_args

from hypothesis import given, seed, settings

from resnet.network.config import ActivationOrder, HeadActivation, NormKind, ResNetConfig, Shortcut
from resnet.network.graph import build_graph
from tests.strategies import configs


def test_random_networks_are_valid_and_reach_every_choice() -> None:
    """Catches a strategy that draws what the config refuses, or that never draws some choice."""
    drawn: list[ResNetConfig] = []

    @seed(2015)
    @settings(max_examples=300, database=None, deadline=None)
    @given(configs())
    def collect(config: ResNetConfig) -> None:
        assert build_graph(config).nodes
        drawn.append(config)

    collect()
    assert {(c.shortcut, c.activation_order) for c in drawn} == {
        (shortcut, order) for shortcut in get_args(Shortcut) for order in get_args(ActivationOrder)
    }
    assert {c.norm.kind for c in drawn} == set(get_args(NormKind))
    assert {c.head_activation for c in drawn} == set(get_args(HeadActivation))
    assert {len(c.stages) for c in drawn} == set(range(1, 9))
    assert any(c.norm.kind == "group" and c.norm.groups > 1 for c in drawn)
    assert any(c.norm.last_gamma == "zero" for c in drawn)
    assert any(c.cardinality > 1 and c.stride_on == "3x3" for c in drawn)
    assert any(c.input_shape[0] != c.input_shape[1] for c in drawn)
