"""Recipes as data: closed, consistent with themselves and with the data set, JSON in and out."""

from typing import Any

import pytest

from resnet import data
from resnet.errors import ConfigError, UnknownNameError
from resnet.network.settings import with_settings
from resnet.recipes.recipe import Recipe, check_against
from resnet.recipes.recipes import default_recipe


def changed(**changes: Any) -> dict[str, Any]:
    """The digits recipe as JSON, with some fields changed."""
    return default_recipe("digits").model_dump(mode="json") | changes


@pytest.mark.parametrize("name", data.names())
def test_every_data_set_has_a_recipe_that_fits_it_and_survives_json(name: str) -> None:
    recipe = default_recipe(name)
    check_against(recipe, data.facts(name))
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_digits_are_never_mirrored_by_default() -> None:
    """A mirrored 2 is no digit."""
    assert default_recipe("digits").augmentation.flip == "none"


def test_cifar10s_is_the_papers() -> None:
    recipe = default_recipe("cifar10")
    assert (recipe.batch_size, recipe.steps, recipe.validation_images) == (128, 64_000, 5000)
    assert (recipe.augmentation.pad, recipe.augmentation.flip) == (4, "horizontal")
    assert recipe.input_normalisation == "per_pixel_mean"
    assert recipe.weight_decay.model_dump() == {"value": 1e-4, "semantics": "l2", "covers": "all"}
    assert recipe.optimiser.model_dump() == {"kind": "sgd", "momentum": 0.9, "nesterov": False}


def test_an_unknown_data_set_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'digits'"):
        default_recipe("digitz")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"schedule": {"kind": "steps", "learning_rate": 0.1, "drops": [900_000]}},
            "must end within the run",
        ),
        (
            {"schedule": {"kind": "cosine", "learning_rate": 0.1, "steps": 900_000}},
            "must end within the run",
        ),
        (
            {"warmup": {"kind": "steps", "steps": 900_000}},
            "warm-up must end within the run; it takes 900,000",
        ),
        ({"optimiser": {"kind": "adamw"}}, "second decay"),
        (
            {
                "optimiser": {"kind": "adam"},
                "weight_decay": {"value": 0.1, "semantics": "decoupled"},
            },
            "choose optimiser 'adamw'",
        ),
        ({"optimiser": {"kind": "sgd", "momentum": 0, "nesterov": True}}, "needs a momentum"),
        ({"optimiser": {"kind": "adagrad"}}, "'adam', 'adamw'"),
        ({"steps": 0}, "recipe.steps"),
        ({"batch_size": 2.5}, "without a fraction"),
        ({"weight_decay": {"value": -1}}, "weight_decay.value"),
        ({"steppes": 5}, "did you mean 'recipe.steps'"),
        ({"seed": -1}, "recipe.seed"),
        ({"precision": "float8"}, "recipe.precision"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused_in_one_sentence(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Recipe.model_validate(changed(**changes))
    assert "\n" not in str(caught.value)


def test_no_decay_is_neither_kind() -> None:
    """A value of 0 must not be refused for its semantics."""
    Recipe.model_validate(changed(optimiser={"kind": "adamw"}, weight_decay={"value": 0}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch_size": 1201}, "at most the 1,200"),
        ({"validation_images": 9}, "Each of the 10 classes"),
        ({"validation_images": 1491, "batch_size": 1}, "Each of the 10 classes"),
        ({"validation_images": 1500, "batch_size": 1}, "Each of the 10 classes"),
        ({"augmentation": {"pad": 8}}, "smaller than the image"),
    ],
)
def test_a_recipe_that_does_not_fit_the_data_is_refused_before_anything_starts(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        check_against(Recipe.model_validate(changed(**changes)), data.facts("digits"))


def test_dotted_settings_reach_inside_a_recipe() -> None:
    recipe = with_settings(
        default_recipe("digits"), {"optimiser.momentum": "0.8", "augmentation.flip": "horizontal"}
    )
    assert (recipe.optimiser.model_dump()["momentum"], recipe.augmentation.flip) == (
        0.8,
        "horizontal",
    )
    with pytest.raises(UnknownNameError, match=r"optimiser\.momentum"):
        with_settings(recipe, {"optimiser.momentun": "0.8"})
