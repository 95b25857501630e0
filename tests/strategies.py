"""Hypothesis strategies: random networks that make sense, over every field of the config.

    @given(configs())
    def test_something(config: ResNetConfig) -> None: ...

Networks are built so that they are valid, not filtered until they are. Shrinking leads to the
plainest ones: one stage, one block, basic, CIFAR stem.
"""

from collections.abc import Callable
from functools import reduce
from math import gcd
from typing import Any, get_args

from hypothesis import strategies as st

from resnet.diagram.content.view import View, places
from resnet.network.config import (
    EXPANSION,
    ActivationOrder,
    Block,
    HeadActivation,
    Initialiser,
    NormKind,
    ResNetConfig,
    Shortcut,
    Stem,
    StrideOn,
)
from resnet.network.graph import build_graph

Draw = Callable[[st.SearchStrategy[Any]], Any]

STEM_STRIDES: dict[Stem, tuple[int, ...]] = {"cifar": (), "imagenet": (2, 2)}
BASE_WIDTHS = (64, 32, 16, 8, 4, 96, 128)
CARDINALITIES = (1, 2, 3, 8, 32)


@st.composite
def configs(
    draw: Draw, *, most_blocks: int = 24, most_filters: int = 96, largest_side: int = 70
) -> ResNetConfig:
    """A valid network: 1 to 8 stages, at most `most_blocks` blocks in all, 3×3 convolutions of
    about `most_filters` filters at most, images up to `largest_side` high and wide. Give smaller
    limits where Keras models are built.
    """
    block = draw(_one_of(Block, first="basic"))
    shortcut = draw(_one_of(Shortcut, first="padded_identity"))
    order = draw(_one_of(ActivationOrder, first="post"))
    stem = draw(_one_of(Stem, first="cifar"))
    blocks = draw(_blocks(most_blocks))
    height, width, strides = draw(_sides_and_strides(stem, len(blocks), largest_side))
    cardinality, base_width = draw(_widths(block))
    filters = draw(
        _filters(len(blocks), base_width, most_filters, rising=shortcut == "padded_identity")
    )
    activation = draw(_one_of(HeadActivation, first="softmax"))
    channels = _channels(block, filters, base_width, cardinality)
    return ResNetConfig.model_validate(
        {
            "input_shape": (height, width, draw(st.integers(1, 4))),
            "classes": draw(st.integers(2 if activation == "softmax" else 1, 20)),
            "head_activation": activation,
            "stem": stem,
            "stages": [
                {"blocks": count, "filters": size, "stride": stride}
                for count, size, stride in zip(blocks, filters, strides, strict=True)
            ],
            "block": block,
            "cardinality": cardinality,
            "base_width": base_width,
            "shortcut": shortcut,
            "stride_on": draw(_one_of(StrideOn, first="1x1")),
            "activation_order": order,
            "conv_bias": draw(st.booleans()),
            "norm": draw(_norms(channels, zero_allowed=shortcut != "none" and order == "post")),
            "initialiser": draw(_one_of(Initialiser, first="he_normal")),
        }
    )


def _one_of(choices: Any, first: str) -> st.SearchStrategy[Any]:
    """A value of a Literal; shrinks to `first`."""
    return st.sampled_from(sorted(get_args(choices), key=lambda choice: choice != first))


@st.composite
def _blocks(draw: Draw, most: int) -> list[int]:
    """Blocks per stage: mostly few, sometimes all the room there is in one stage."""
    stages = draw(st.integers(1, min(8, most)))
    counts = []
    for left in range(stages - 1, -1, -1):
        room = most - sum(counts) - left
        counts.append(draw(st.integers(1, min(3, room)) | st.integers(1, room)))
    return counts


@st.composite
def _sides_and_strides(
    draw: Draw, stem: Stem, stages: int, largest: int
) -> tuple[int, int, list[int]]:
    """An image, and strides that never ask for less than one pixel; images may be oblong and of odd
    sides."""
    smallest = 3 if stem == "imagenet" else 1
    height, width = draw(st.integers(smallest, largest)), draw(st.integers(smallest, largest))
    side = reduce(lambda side, stride: -(-side // stride), STEM_STRIDES[stem], min(height, width))
    strides = []
    for _ in range(stages):
        stride = draw(st.integers(1, 2) | st.integers(1, 4)) if side > 1 else 1
        strides.append(stride)
        side = -(-side // stride)
    return height, width, strides


def _widths(block: Block) -> st.SearchStrategy[tuple[int, int]]:
    """(cardinality, base_width)"""
    if block == "basic":
        return st.just((1, 64))
    return st.tuples(st.sampled_from(CARDINALITIES), st.sampled_from(BASE_WIDTHS))


@st.composite
def _filters(draw: Draw, stages: int, base_width: int, most: int, *, rising: bool) -> list[int]:
    """Filters per stage, multiples of what gives whole channels; `rising` where a shortcut cannot
    drop channels."""
    unit = 64 // gcd(64, base_width)
    sizes = [unit * draw(st.integers(1, max(1, most // unit))) for _ in range(stages)]
    return sorted(sizes) if rising else sizes


def _channels(block: Block, filters: list[int], base_width: int, cardinality: int) -> list[int]:
    """Channels of every layer that a norm may follow."""
    widths = [filters[0], *(size * EXPANSION[block] for size in filters)]
    if block == "bottleneck":
        widths += [size * base_width // 64 * cardinality for size in filters]
    return widths


@st.composite
def _norms(draw: Draw, channels: list[int], *, zero_allowed: bool) -> dict[str, Any]:
    kind = draw(_one_of(NormKind, first="batch"))
    common = reduce(gcd, channels)
    divisors = [groups for groups in range(1, common + 1) if common % groups == 0]
    gammas = ("one", "zero") if zero_allowed and kind != "none" else ("one",)
    return {
        "kind": kind,
        "momentum": draw(st.floats(0, 1, exclude_max=True)),
        "epsilon": draw(st.floats(1e-9, 1)),
        "groups": draw(st.sampled_from(divisors)),
        "last_gamma": draw(st.sampled_from(gammas)),
    }


@st.composite
def views(draw: Draw, config: ResNetConfig, **fixed: Any) -> View:
    """A way to look at this network: level, direction, style, colour, and boxes opened, closed or
    unfolded by hand."""
    names = sorted(places(build_graph(config)))
    some = st.lists(st.sampled_from(names), max_size=5, unique=True).map(
        lambda found: tuple(sorted(found))
    )
    fields = {
        "level": draw(st.sampled_from(("stage", "network", "block", "layer"))),
        "direction": draw(st.sampled_from(("TB", "LR"))),
        "style": draw(st.sampled_from(("detailed", "compact", "figure3"))),
        "colour": draw(
            st.sampled_from(("operation", "trainable_params", "macs", "receptive_field"))
        ),
        "toggled": draw(some),
        "unfolded": draw(some),
    }
    return View.model_validate(fields | fixed)


@st.composite
def looks(
    draw: Draw, networks: st.SearchStrategy[ResNetConfig], **fixed: Any
) -> tuple[ResNetConfig, View]:
    """A network and a way to look at it; `fixed` are fields of the view."""
    config = draw(networks)
    return config, draw(views(config, **fixed))
