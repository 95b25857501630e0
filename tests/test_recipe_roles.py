"""What a recipe's field means stands on the field, and a field without a meaning claims nothing."""

from typing import Any, get_args

import pytest

from resnet.checks.facts import NAMES, Optimiser
from resnet.guards.sharing import streams
from resnet.network import catalog
from resnet.recipes import recipe, recipes
from resnet.recipes.memory import SLOTS
from resnet.recipes.recipe import OPTIMISER_NAMES, Recipe
from resnet.recipes.role import Role, deciding, fields_of_kind, roles_of
from resnet.results.published import against_paper
from resnet.results.statistics import summary
from resnet.runs.spec import RunSpec

PAPERS = recipes.get("he2015_cifar").recipe
CLOSE = summary([8.70, 8.75, 8.80])
"""Test errors, in percent, that reproduce the paper's 8.75 of ResNet-20."""


class Smoothed(Recipe):
    """A recipe of some later day, with a field that nobody gave a role."""

    label_smoothing: float = 0.0


def smoothed(**changes: Any) -> Smoothed:
    return Smoothed.model_validate(PAPERS.model_dump() | changes)


@pytest.mark.parametrize("name", Recipe.model_fields)
def test_every_field_has_a_role(name: str) -> None:
    """Catches a field whose author did not say what it means: say it as the others do."""
    given = [each for each in Recipe.model_fields[name].metadata if isinstance(each, Role)]
    assert len(given) == 1, f"give recipe.{name} a Role in resnet/recipes/recipe.py"
    assert given[0].part_of is None or given[0].part_of in Recipe.model_fields


def test_a_field_without_a_role_never_reproduces_the_paper() -> None:
    """Catches a list that fails open: a run with label smoothing counted as the paper's."""
    config = catalog.get("resnet20").config
    assert against_paper(config, "cifar10", PAPERS, CLOSE).kind == "reproduces"
    verdict = against_paper(config, "cifar10", smoothed(label_smoothing=0.1), CLOSE)
    assert verdict.kind == "not comparable"
    assert "another label smoothing" in verdict.text


def test_a_field_without_a_role_shares_no_images() -> None:
    """Catches arms that are said to see the same images though a new field may change them."""
    specs = {
        name: [
            RunSpec(
                network="resnet20",
                config=catalog.get("resnet20").config,
                recipe=PAPERS,
                dataset="cifar10",
            )
        ]
        for name in "ab"
    }
    assert all(len(stream.groups) == 1 for stream in streams(specs))
    other = specs["b"][0].model_copy(update={"recipe": smoothed(label_smoothing=0.1)})
    first = specs["a"][0].model_copy(update={"recipe": smoothed()})
    images = [
        each for each in streams({"a": [first], "b": [other]}) if each.name != "initial weights"
    ]
    assert [len(stream.groups) for stream in images] == [2, 2, 2]


@pytest.mark.parametrize(
    ("name", "value"),
    [("checkpoint_every", 77), ("log_every", 77), ("evaluate_every", 77), ("deterministic", False)],
)
def test_what_the_paper_leaves_open_does_not_keep_from_comparing(name: str, value: Any) -> None:
    """Catches a role that makes bookkeeping an experiment of its own."""
    recipe = PAPERS.model_copy(update={name: value})
    config = catalog.get("resnet20").config
    assert against_paper(config, "cifar10", recipe, CLOSE).kind == "reproduces"


def test_the_roles_are_those_that_were_listed_by_hand() -> None:
    """The lists of the version before: what decides the images, and what is bookkeeping."""
    assert set(deciding(Recipe, "split")) == {"validation_images", "seed"}
    assert deciding(Recipe, "order") == ("batch_size",)
    assert deciding(Recipe, "augmentation") == ("augmentation",)
    assert fields_of_kind(Recipe, "bookkeeping") == ("checkpoint_every", "log_every", "sentinels")
    assert fields_of_kind(Recipe, "seed") == ("seed",)
    assert set(fields_of_kind(Recipe, "experiment")) == {
        "optimiser",
        "schedule",
        "steps",
        "warmup",
        "weight_decay",
        "batch_size",
        "augmentation",
        "input_normalisation",
        "validation_images",
        "precision",
    }
    together = {name: role.part_of for name, role in roles_of(Recipe).items() if role.part_of}
    assert together == {"steps": "schedule", "evaluate_every": "schedule"}


def test_every_table_of_optimisers_has_every_optimiser() -> None:
    """Catches an optimiser whose memory or name nobody gave: the form would end in a KeyError."""
    union, _ = get_args(recipe.Optimiser)
    kinds: set[str] = set()
    for config in get_args(union):
        kinds |= set(get_args(config.model_fields["kind"].annotation))
    assert set(SLOTS) == set(OPTIMISER_NAMES) == kinds
    assert set(NAMES) == set(get_args(Optimiser)) >= kinds
