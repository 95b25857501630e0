"""Networks that make no sense are refused with a reason; the others survive a round trip."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import configs

from resnet import (
    ConfigError,
    NormConfig,
    ResNetConfig,
    ResNetLabError,
    UnknownNameError,
    get,
    with_settings,
)
from resnet.network.config import RULES
from resnet.network.settings import known_keys, parse_value, whole

RESNET20 = get("resnet20").config
RESNET50 = get("resnet50").config


@given(configs())
def test_a_config_survives_json(config: ResNetConfig) -> None:
    assert ResNetConfig.model_validate_json(config.model_dump_json()) == config
    assert ResNetConfig.model_validate(json.loads(config.model_dump_json())) == config


@given(configs(), configs())
def test_fingerprints_are_equal_exactly_when_configs_are(
    one: ResNetConfig, other: ResNetConfig
) -> None:
    assert (one.fingerprint == other.fingerprint) == (one == other)
    assert one.fingerprint == ResNetConfig.model_validate_json(one.model_dump_json()).fingerprint


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(Exception, match="frozen"):
        RESNET20.classes = 5  # type: ignore[misc]


def test_depth_is_derived_and_cannot_be_set() -> None:
    with pytest.raises(UnknownNameError, match="'depth'"):
        with_settings(RESNET20, {"depth": 30})


NORM = {
    "norm.momentum": (1, -0.1, math.nan, math.inf, "fast", None),
    "norm.epsilon": (True, 0, -1e-5, math.nan, math.inf, 2),
    "norm.groups": (0, -1, 2.5, "many"),
    "norm.kind": ("bach", "", 1),
    "norm.last_gamma": ("two", 0),
}
OTHERS = {
    "classes": (0, -1, 2.5, "ten", True),
    "input_shape": (
        "32",
        [32, 32],
        [32, 32, 3, 1],
        [0, 32, 3],
        [32, 32, 0],
        [32.5, 32, 3],
        "<script>",
        10**9,
    ),
    "stages": ([], "none", [{"blocks": 1}], [{"blocks": 1, "filters": 16}] * 9, {}),
    "stages.0.blocks": (0, -3, 2.5, 1001, "ten"),
    "stages.0.filters": (0, 1.5, 10**9),
    "stages.1.stride": (0, 5, 1.5),
    "block": ("bottle", "Basic", None),
    "shortcut": ("A", "identity", ""),
    "stem": ("mnist",),
    "stride_on": ("2x2",),
    "activation_order": ("before",),
    "head_activation": ("relu",),
    "initialiser": ("zeros",),
    "conv_bias": ("perhaps", 7),
    "cardinality": (0, 2000),
    "base_width": (0, 10**6),
}
BAD = [(key, value) for key, values in (NORM | OTHERS).items() for value in values]


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_value_that_makes_no_sense_is_refused_with_the_field_and_what_was_received(
    key: str, value: Any
) -> None:
    with pytest.raises(ConfigError) as caught:
        with_settings(RESNET20, {key: value})
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    assert key.partition(".")[0] in message
    assert "received" in message or "required" in message


@pytest.mark.parametrize(
    "text", ["1", "-0.1", "nan", "NaN", "Infinity", "1e400", "fast", "", "[0.9]", "{}", "true"]
)
def test_typed_text_is_refused_as_its_value_is(text: str) -> None:
    """A command line and an address bar know only text; "true" must not become 1."""
    with pytest.raises(ConfigError):
        with_settings(RESNET20, {"norm.momentum": text})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.9", 0.9),
        ("1e-5", 1e-5),
        ("32,32,3", [32, 32, 3]),
        ("[1, 2]", [1, 2]),
        ("true", True),
        ("batch", "batch"),
        ("a,b", "a,b"),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_typed_text_becomes_the_value_it_means(text: str, value: Any) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {"input_shape": [4, 32, 3], "stages.0.stride": 4, "stages.1.stride": 2},
            "shrink to nothing: stage2 strides by 2",
        ),
        ({"stem": "imagenet", "input_shape": [2, 2, 3]}, "shrink to nothing: stem.pool"),
        ({"stem": "deep", "input_shape": [2, 2, 3]}, "shrink to nothing: stem.pool"),
        ({"stem": "deep", "stem_filters": 9}, "an even number as stem_filters"),
        ({"se_ratio": 3}, "se_ratio must divide"),
        ({"stem_filters": 32}, "A padded identity can add channels"),
        ({"block": "bottleneck", "base_width": 5}, "whole channels"),
        ({"cardinality": 2}, "belong to bottleneck blocks"),
        ({"base_width": 4}, "belong to bottleneck blocks"),
        ({"norm.kind": "group", "norm.groups": 3}, "must divide the channels"),
        ({"norm.kind": "group", "norm.groups": 32}, "must divide the channels"),
        ({"stages.1.filters": 8}, "can add channels, not drop them"),
        ({"stages.0.blocks": 998}, "at most 1000 blocks"),
        ({"norm.kind": "none", "norm.last_gamma": "zero"}, "needs a norm"),
        ({"shortcut": "none", "norm.last_gamma": "zero"}, "passes no signal"),
        ({"activation_order": "pre", "norm.last_gamma": "zero"}, "never receive a gradient"),
        ({"classes": 1}, "Softmax over one class"),
    ],
)
def test_fields_that_make_no_sense_together_are_refused(
    settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        with_settings(RESNET20, settings)


def test_every_rule_is_tested_above() -> None:
    """A new rule needs a line in the table."""
    assert len(RULES) == 8


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("norm.momentun", "norm.momentum"),
        ("momentum", "norm.momentum"),
        ("stage.0.blocks", "stages.0.blocks"),
        ("shortcuts", "shortcut"),
        ("initializer", "initialiser"),
        ("stages.3.blocks", "stages."),
    ],
)
def test_an_unknown_key_suggests_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        with_settings(RESNET20, {typed: 1})
    assert (caught.value.nearest or "").startswith(meant)


@pytest.mark.parametrize(
    "key",
    ["", ".", "norm.", "__class__", "norm.__dict__", "stages.-1.blocks", "x" * 10**6, "a.b.c"],
)
def test_a_hostile_key_is_refused_in_one_short_line(key: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        with_settings(RESNET20, {key: 1})
    assert len(str(caught.value)) < 500


def test_an_unknown_key_in_json_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'norm\.momentun'; did you mean 'norm\.momentum'"):
        ResNetConfig.model_validate(
            {"stages": [{"blocks": 1, "filters": 16}], "norm": {"momentun": 0.9}}
        )


@given(configs(most_blocks=6), st.data())
def test_every_key_it_lists_can_be_set(config: ResNetConfig, data: st.DataObject) -> None:
    """`--set` reaches any field: setting a field to the value it has gives the same network, typed
    or not."""
    dump = whole(config)
    key = data.draw(st.sampled_from(known_keys(dump)))
    value: Any = dump
    for part in key.split("."):
        value = value[int(part) if isinstance(value, list) else part]
    assert with_settings(config, {key: value}) == config
    assert (
        with_settings(config, {key: value if isinstance(value, str) else json.dumps(value)})
        == config
    )


@given(
    st.dictionaries(
        st.sampled_from(known_keys(whole(RESNET50))),
        st.text(max_size=20),
        max_size=3,
    )
)
def test_typed_nonsense_is_an_error_of_ours_or_a_network(settings: dict[str, str]) -> None:
    """Never a TypeError from deep inside."""
    try:
        assert isinstance(with_settings(RESNET50, settings), ResNetConfig)
    except ResNetLabError as error:
        assert "\n" not in str(error)


def test_the_norm_of_the_notebook_is_the_default() -> None:
    assert (NormConfig().momentum, NormConfig().epsilon) == (0.9, 1e-5)
