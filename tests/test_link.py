"""A link that loses a setting would show a colleague another network than the one that was sent."""

import pytest
from hypothesis import given
from strategies import configs

from resnet.errors import ConfigError, ResNetLabError, UnknownNameError
from resnet.network import catalog
from resnet.network.link import Choice, choice_of, difference, from_query, written
from resnet.network.settings import with_settings
from resnet.recipes.recipes import default_recipe


def test_every_catalogue_network_is_its_own_short_link() -> None:
    """Catches a base that needs settings to say what its own name says."""
    for name in catalog.names():
        assert choice_of(catalog.get(name).config) == Choice(name)


@given(configs())
def test_a_link_restores_any_network_exactly(config) -> None:  # type: ignore[no-untyped-def]
    """Catches a field that the link forgets or rounds."""
    assert from_query(choice_of(config).to_query()).config() == config


def test_a_link_speaks_the_words_of_the_command_line() -> None:
    query = Choice("resnet56", {"norm.momentum": 0.99, "input_shape": [32, 48, 1]}).to_query()
    assert query == {"network": "resnet56", "norm.momentum": "0.99", "input_shape": "32,48,1"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"network": "resnet57"},
        {"network": "../../etc/passwd"},
        {"network": "<script>alert(1)</script>"},
        {"network": "resnet20", "norm.momentum": "1"},
        {"network": "resnet20", "norm.epsilon": "nan"},
        {"network": "resnet20", "norm.momentum": "9" * 10_000_000},
        {"network": "resnet20", "__class__": "x"},
        {"network": "resnet20", "stages": "[" * 1900},
        {"network": "resnet20", "stages.7.blocks": "1"},
        {"network": "resnet20", "classes": "1e999"},
    ],
)
def test_a_broken_or_hostile_link_gets_one_short_sentence(parameters: dict[str, str]) -> None:
    """Catches a traceback, or ten megabytes of echo, on the page of whoever opens it."""
    with pytest.raises(ResNetLabError) as caught:
        from_query(parameters)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_nearest_depth_is_suggested() -> None:
    """Letters alone would suggest resnet578 for resnet57."""
    with pytest.raises(UnknownNameError) as caught:
        from_query({"network": "resnet57"})
    assert caught.value.nearest == "resnet56"


def test_written_values_read_back() -> None:
    with pytest.raises(ConfigError):
        from_query({"network": "resnet20", "conv_bias": "maybe"})
    assert (
        from_query({"network": "resnet20", "conv_bias": written(True)}).config().conv_bias is True
    )


def test_a_recipe_differs_by_whole_values_where_kinds_differ() -> None:
    """Catches schedule.drops as a setting of a cosine schedule, which has none."""
    base, other = default_recipe("digits"), default_recipe("cifar10")
    settings = difference(base, other)
    assert with_settings(base, settings) == other
    assert settings["schedule"]["kind"] == "steps"
    assert "augmentation.pad" in settings
