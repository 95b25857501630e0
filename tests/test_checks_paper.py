"""How far something follows the paper: every point is looked at, and what is not known counts for
nothing."""

from typing import Any

import pytest

from resnet import data
from resnet.checks.rules import follows
from resnet.network import catalog
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.recipes.recipe import AdamConfig


def test_the_papers_recipe_follows_the_paper() -> None:
    recipe, network = recipes.get("he2015_cifar").recipe, catalog.get("resnet56").config
    found = follows(recipe, network, data.facts("cifar10"))
    assert found.sentence == "Follows He et al. 2015 in 19 of 19 points."
    deep = follows(
        recipes.get("he2015_cifar_110").recipe,
        catalog.get("resnet110").config,
        data.facts("cifar10"),
    )
    assert [point.key for point in deep.of("differs")] == []


def test_what_differs_is_named_with_both_values() -> None:
    recipe = with_settings(recipes.get("he2015_cifar").recipe, {"batch_size": 64})
    network = with_settings(catalog.get("resnet56").config, {"shortcut": "projection"})
    assert (
        follows(recipe, network, data.facts("cifar10")).sentence
        == "Follows He et al. 2015 in 17 of 19 points; these two differ: shortcuts (option B, not"
        " option A); batch (64, not 128)."
    )


@pytest.mark.parametrize(
    ("settings", "point"),
    [
        ({"optimiser": AdamConfig().model_dump()}, "optimiser"),
        ({"optimiser.nesterov": True}, "optimiser"),
        ({"weight_decay.semantics": "decoupled"}, "weight decay"),
        ({"weight_decay.value": 5e-4}, "weight decay"),
        ({"schedule.learning_rate": 0.05}, "learning rate"),
        ({"schedule.drops": [30_000, 48_000]}, "drops"),
        ({"schedule.factor": 0.2}, "drops"),
        ({"steps": 65_000}, "last step"),
        ({"augmentation.pad": 2}, "augmentation"),
        ({"augmentation.flip": "none"}, "augmentation"),
        ({"input_normalisation": "scale"}, "normalisation"),
        ({"validation_images": 4000}, "split"),
        ({"warmup": {"kind": "steps", "steps": 100}}, "warm-up"),
    ],
)
def test_each_point_of_the_recipe_is_looked_at(settings: dict[str, Any], point: str) -> None:
    recipe = with_settings(recipes.get("he2015_cifar").recipe, settings)
    found = follows(recipe, catalog.get("resnet56").config, data.facts("cifar10"))
    assert [one.key for one in found.of("differs")] == [point]


@pytest.mark.parametrize(
    ("settings", "point"),
    [
        ({"stages.0.blocks": 8}, "depth"),
        ({"stages.2.filters": 128}, "filters"),
        ({"stages.1.stride": 1, "stages.0.stride": 2}, "maps"),
        ({"shortcut": "projection_always"}, "shortcuts"),
        ({"classes": 100}, "head"),
        ({"activation_order": "pre"}, "norm"),
        ({"norm.kind": "group"}, "norm"),
        ({"initialiser": "glorot_uniform"}, "initialisation"),
    ],
)
def test_each_point_of_the_network_is_looked_at(settings: dict[str, Any], point: str) -> None:
    network = with_settings(catalog.get("resnet56").config, settings)
    found = follows(recipes.get("he2015_cifar").recipe, network, data.facts("cifar10"))
    assert [one.key for one in found.of("differs")] == [point]


def test_what_is_not_given_is_not_held_against_anybody() -> None:
    found = follows(None, catalog.get("plain20").config)
    assert (
        found.sentence
        == "Follows He et al. 2015 in 9 of 9 points; ten more cannot be known from this."
    )
    recipe = follows(recipes.get("he2015_cifar").recipe, None)
    assert (len(recipe.of("met")), recipe.of("differs"), len(recipe.of("unknown"))) == (8, (), 11)
