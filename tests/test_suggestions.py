"""Every setting that an error suggests is accepted: a way out that leads to the next error is none.

Each enumerated setting of each recipe and network is set to each of its values, each group to the
bare name of a kind, each setting of another kind without that kind, and each key is misspelt. What
an error then suggests is done.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from resnet.errors import ConfigError, ResNetLabError, UnknownNameError
from resnet.network import catalog
from resnet.network.kinds import kinds_of
from resnet.network.settings import Closed, known_keys, with_settings
from resnet.recipes import recipes
from tests.settings_support import enumerated

NETWORKS = ("resnet20", "plain20", "resnet50", "binary_resnet34")
BASES: dict[str, Closed] = {name: recipes.get(name).recipe for name in recipes.names()}
BASES |= {name: catalog.get(name).config for name in NETWORKS}

FILLED_IN = {
    "warmup.steps": 1,
    "schedule.drops": [1],
    "schedule.steps": 10,
    "schedule.decay": 0.1,
    "schedule.final_fraction": 0.1,
    "schedule.factor": 0.5,
}
"""What a person would write in the place of "…", or for a setting that another kind has."""

SET_TO = re.compile(r"set ([\w.]+) to '([^']*)'")
CHOOSE = re.compile(r"choose (optimiser|shortcut|block|stem|head_activation) '(\w+)'")
EQUALS = re.compile(r"(?:as in|set|or|give) ((?:(?: with | and )?[\w.]+=[^\s;]+)+)")
NEEDS = re.compile(r"needs ([\w.]+) too")
MEANT = re.compile(r"did you mean '([\w.]+)'\?")


def suggestions(sentence: str) -> Iterator[dict[str, Any]]:
    """The settings that the sentence says to set, one dictionary for each way out."""
    for key, value in SET_TO.findall(sentence):
        yield {key: value}
    for field, value in CHOOSE.findall(sentence):
        yield {"optimiser.kind" if field == "optimiser" else field: value}
    for words in EQUALS.findall(sentence):
        pairs = [word.split("=") for word in re.findall(r"[\w.]+=[^\s;]+", words)]
        yield {
            key: FILLED_IN[key] if value.startswith("…") else value.rstrip(".:")
            for key, value in pairs
        }
    for key in NEEDS.findall(sentence):
        yield {key: FILLED_IN[key]}


def mistakes(config: Closed) -> Iterator[dict[str, Any]]:
    """One setting each, that may be refused."""
    for setting in enumerated(type(config)):
        for value in setting.values:
            if value is not None:
                yield {setting.key: value}
    for field in type(config).model_fields:
        for kind, group in kinds_of(type(config), field).items():
            yield {field: kind}
            yield {f"{field}.{kind}": 1}
            for name in group.model_fields:
                if (key := f"{field}.{name}") in FILLED_IN:
                    yield {key: FILLED_IN[key]}
                yield {f"{field}.{name}z": 1}
    for key in known_keys(config.model_dump(mode="json")):
        yield {f"{key}z": 1}


def reason(base: Closed, settings: dict[str, Any]) -> ResNetLabError | None:
    """Why the settings are refused; None where they are accepted."""
    try:
        with_settings(base, settings)
    except ResNetLabError as error:
        return error
    return None


def corrected(
    settings: dict[str, Any], way_out: dict[str, Any], meant: list[str]
) -> dict[str, Any]:
    """The settings as a person would type them after reading the error."""
    if meant:  # the misspelt key gives way to the one that was meant
        return {key: FILLED_IN.get(key, 1) for key in meant} | way_out
    groups = {key.partition(".")[0] for key in way_out}
    return {key: value for key, value in settings.items() if key not in groups} | way_out


def by_another(base: Closed, way_out: dict[str, Any], error: ResNetLabError) -> bool:
    """Whether the way out is sound, and meets a setting of another group that it does not go
    together with: AdamW and an l2 penalty. Each way out of that must then be accepted."""
    further = list(suggestions(str(error)))
    groups = {key.partition(".")[0] for key in way_out}
    others = [
        key for settings in further for key in settings if key.partition(".")[0] not in groups
    ]
    return bool(others) and all(reason(base, way_out | settings) is None for settings in further)


@pytest.mark.parametrize("name", BASES)
def test_what_an_error_suggests_is_accepted(name: str) -> None:
    """Would catch `warmup.kind=steps`, refused with "did you mean 'warmup'?", and `warmup=steps`
    then refused too."""
    base = BASES[name]
    seen = 0
    for settings in mistakes(base):
        if (error := reason(base, settings)) is None:
            continue
        sentence, meant = str(error), MEANT.findall(str(error))
        ways_out = list(suggestions(sentence)) or [{}]
        assert ways_out != [{}] or meant or "known: " in sentence or "must " in sentence, (
            settings,
            sentence,
        )
        for way_out in ways_out:
            again = reason(base, corrected(settings, way_out, meant)) if way_out or meant else None
            if meant:
                # The value that was meant is not known, only that this setting exists.
                assert not isinstance(again, UnknownNameError), (settings, sentence, str(again))
                assert "belongs to" not in str(again), (settings, sentence, str(again))
            else:
                assert again is None or by_another(base, way_out, again), (
                    settings,
                    sentence,
                    way_out,
                    str(again),
                )
        seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    "settings", [{"warmup.kind": "steps", "warmup.steps": 5}, {"warmup.kind": "error"}]
)
def test_a_warm_up_begins_where_there_was_none(settings: dict[str, Any]) -> None:
    """`--recipe-set warmup.kind=steps` was an unknown setting for every recipe without a
    warm-up."""
    recipe = with_settings(recipes.get("he2015_cifar").recipe, settings)
    assert recipe.warmup is not None
    assert recipe.warmup.kind == settings["warmup.kind"]


def test_a_setting_of_another_kind_names_that_kind() -> None:
    """It was compared with the settings of the present kind: "schedule.drops" gave "did you mean
    'schedule.steps'?"."""
    with pytest.raises(
        ConfigError,
        match=r"schedule.drops belongs to schedule.kind=steps, and this schedule is 'cosi",
    ):
        with_settings(recipes.get("digits_quick").recipe, {"schedule.drops": [3]})
    with pytest.raises(
        ConfigError, match=r"there is no warmup: leave it out, or set warmup.kind=steps"
    ):
        with_settings(recipes.get("he2015_cifar").recipe, {"warmup.steps": 10})
