"""The random networks of the other tests must really reach every choice, or those tests prove little."""

from typing import get_args

import pytest
from hypothesis import find, given, settings

from resnet.config import HeadActivation, NormKind, ResNetConfig, Shortcut
from resnet.graph import build_graph
from tests.strategies import configs

QUICK = settings(max_examples=2000, database=None)


@given(configs())
def test_every_random_network_is_valid_and_can_be_built(config: ResNetConfig) -> None:
    """Catches a strategy that draws a combination the config refuses."""
    assert build_graph(config).nodes


@pytest.mark.parametrize("shortcut", get_args(Shortcut))
@pytest.mark.parametrize("order", ["pre", "post"])
def test_every_shortcut_is_reached_in_both_orders(shortcut: str, order: str) -> None:
    find(configs(), lambda config: (config.shortcut, config.activation_order) == (shortcut, order), settings=QUICK)


@pytest.mark.parametrize("kind", get_args(NormKind))
@pytest.mark.parametrize("head", get_args(HeadActivation))
def test_every_norm_and_head_is_reached(kind: str, head: str) -> None:
    find(configs(), lambda config: (config.norm.kind, config.head_activation) == (kind, head), settings=QUICK)


def test_eight_stages_and_grouped_convolutions_are_reached() -> None:
    find(configs(), lambda config: len(config.stages) == 8, settings=QUICK)
    find(configs(), lambda config: config.cardinality > 1 and config.stride_on == "3x3", settings=QUICK)
    find(configs(), lambda config: config.norm.kind == "group" and config.norm.groups > 1, settings=QUICK)
    find(configs(), lambda config: config.norm.last_gamma == "zero", settings=QUICK)
