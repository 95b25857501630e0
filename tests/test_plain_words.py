"""What a user reads where a value is wrong: the rule, what was received, a way out, and no word of
a library's."""

import re
from typing import Any

import pytest

from resnet.errors import ResNetLabError
from resnet.guards.guard import one_factor
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.recipes.recipe import AdamConfig, Recipe
from resnet.recipes.schedule import ConstantSchedule, CosineSchedule
from resnet.studies.plan import ready
from resnet.studies.plan.study import Study, arms, runs, specs_of
from resnet.studies.plan.study_files import Form, from_text, to_text

LIBRARY = re.compile(
    r"tuple|dictionary|instance of|validation|discriminator|tag |attributes|extract|string"
    r" should|item"
)
STUDY = ready.get("plain_or_residual").quick
NETWORK, RECIPE = catalog.get("resnet20").config, recipes.get("digits_quick").recipe
PAPER = recipes.get("he2015_cifar").recipe


def refused(make: Any) -> str:
    with pytest.raises(ResNetLabError) as caught:
        make()
    said = str(caught.value)
    assert "\n" not in said
    assert not LIBRARY.search(said), said
    return said


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "A study needs a name, as in shortcuts; received ''."),
        ({"seeds": []}, "A study needs at least one seed, as in 0,1,2; received none."),
        ({"seeds": 3}, "Seeds must be a list, as in [0, 1, 2]; received 3."),
        (
            {"seeds": [-1]},
            "Seeds are whole numbers from 0 to 2,147,483,647, as in 0,1,2; received -1.",
        ),
        (
            {"seeds": [0, True]},
            "Seeds are whole numbers from 0 to 2,147,483,647, as in 0,1,2; received True.",
        ),
        ({"seeds": list(range(5000))}, "study.seeds has at most"),
        ({"factors": 3}, "study.factors is a list; received 3"),
        ({"baseline": "resnet20"}, "is a group of settings; received 'resnet20'"),
    ],
)
def test_a_study_says_what_is_wrong_with_it(changes: dict[str, Any], sentence: str) -> None:
    """Catches pydantic's own sentences: "tuple should have at least 1 item after validation, not
    0"."""
    assert sentence in refused(
        lambda: Study.model_validate(STUDY.model_dump(mode="json") | changes)
    )


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_file_without_seeds_says_so(form: Form) -> None:
    """Catches the same words on the page, where a study's file is uploaded."""
    text = to_text(STUDY.model_copy(update={"seeds": ()}), form)
    assert (
        refused(lambda: from_text(text, form))
        == "A study needs at least one seed, as in 0,1,2; received none."
    )


@pytest.mark.parametrize(
    ("network", "settings", "sentence"),
    [
        (
            True,
            {"norm": "none"},
            "norm is a group of settings; received 'none'; set one of them, as in norm.kind=none.",
        ),
        (
            True,
            {"norm": 3},
            "norm is a group of settings; received 3; set one of them, as in norm.kind=batch.",
        ),
        (True, {"stages": 3}, "stages is a list; received 3"),
        (False, {"optimiser": "adam"}, "set one of them, as in optimiser.kind=adam."),
        (
            False,
            {"optimiser.kind": "rmsprop"},
            "optimiser.kind must be one of 'sgd', 'adam', 'adamw'",
        ),
        (
            False,
            {"weight_decay": 0},
            "weight_decay is a group of settings; received 0; set one of them, as in ",
        ),
    ],
)
def test_a_group_is_no_value(network: bool, settings: dict[str, Any], sentence: str) -> None:
    """Catches "must be a valid dictionary or instance of NormConfig"."""
    config: ResNetConfig | Recipe = NETWORK if network else RECIPE
    assert sentence in refused(lambda: with_settings(config, settings))


@pytest.mark.parametrize(
    ("key", "levels", "sentence"),
    [
        (
            "network.norm",
            ["none", "group"],
            (
                "network.norm is a group of settings; received 'none'; vary one of them, as in"
                " network.norm.kind=none,"
            ),
        ),
        (
            "recipe.optimiser",
            ["sgd", "adam"],
            "vary one of them, as in recipe.optimiser.kind=sgd,adam.",
        ),
        ("recipe.optimiser", ["fast"], "vary one of them, as in recipe.optimiser.kind=sgd."),
        ("recipe.schedule.kind", ["steps"], "schedule.kind 'steps' needs schedule.drops too"),
    ],
)
def test_a_factor_that_is_a_group_says_what_to_vary(
    key: str, levels: list[str], sentence: str
) -> None:
    """Catches "must be a valid dictionary or object to extract fields from" for the obvious way to
    say it."""
    facts = STUDY.model_dump(mode="json") | {
        "factors": [{"key": key, "levels": levels}],
        "design": "one_at_a_time",
    }
    assert sentence in refused(lambda: Study.model_validate(facts))


def test_another_kind_begins_with_its_own_defaults() -> None:
    """Catches SGD's momentum left inside Adam, refused as a setting the user never typed."""
    assert with_settings(RECIPE, {"optimiser.kind": "adam"}).optimiser == AdamConfig()
    both = {"optimiser.beta_1": 0.5, "optimiser.kind": "adam"}
    assert with_settings(RECIPE, both).optimiser == AdamConfig(beta_1=0.5)
    assert with_settings(
        with_settings(RECIPE, both), {"optimiser.kind": "adamw", "weight_decay.value": 0}
    ).optimiser == AdamConfig(kind="adamw", beta_1=0.5)
    momentum = with_settings(RECIPE, {"optimiser.momentum": 0.5})
    assert with_settings(momentum, {"optimiser.kind": "sgd"}) == momentum
    constant = with_settings(PAPER, {"schedule.kind": "constant"}).schedule
    assert constant == ConstantSchedule(learning_rate=PAPER.schedule.learning_rate)
    cosine = with_settings(PAPER, {"schedule.steps": 100, "schedule.kind": "cosine"}).schedule
    assert cosine == CosineSchedule(learning_rate=PAPER.schedule.learning_rate, steps=100)
    assert with_settings(NETWORK, {"norm.momentum": 0.5, "norm.kind": "group"}).norm.momentum == 0.5
    assert (
        "optimiser.momentum belongs to optimiser.kind=sgd, and this optimiser is 'adam'"
        in refused(
            lambda: with_settings(RECIPE, {"optimiser.momentum": 0.5, "optimiser.kind": "adam"})
        )
    )


def test_a_varied_kind_declares_what_only_it_has() -> None:
    """Catches a study of SGD or Adam that calls itself unfair, since nobody declared beta_1."""
    factors = [{"key": "recipe.optimiser.kind", "levels": ["adam"]}]
    facts = STUDY.model_dump(mode="json") | {"factors": factors, "design": "one_at_a_time"}
    study = Study.model_validate(facts)
    assert [arm.name for arm in arms(study)] == ["baseline", "optimiser.kind adam"]
    specs = specs_of(runs(study))
    assert one_factor(specs, study.keys).purity == "one factor, several settings"
    assert one_factor(specs, ["recipe.schedule.kind"]).purity == "undeclared"


def test_a_misspelt_key_is_named_before_the_one_it_leaves_missing() -> None:
    """Catches "study.baseline is required" said to somebody who wrote "baselin"."""
    with pytest.raises(
        ResNetLabError, match=r"no setting 'study\.baselin'; did you mean 'study\.baseline'"
    ):
        Study.model_validate({"name": "x", "baselin": {}})
