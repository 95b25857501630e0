"""A run shortened by hand must still be the recipe, not a schedule that drops after the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.errors import ConfigError
from resnet.recipes.recipe import with_steps
from resnet.recipes.recipes import default_recipe


@given(st.sampled_from(["digits", "fashion_mnist", "cifar10"]), st.integers(1, 200_000))
def test_any_number_of_steps_gives_a_recipe_that_makes_sense(dataset: str, steps: int) -> None:
    """Catches a drop, a warm-up or an interval left behind at the old length."""
    recipe = with_steps(default_recipe(dataset), steps)
    assert recipe.steps == steps
    assert recipe.schedule.last_change < steps
    assert max(recipe.checkpoint_every, recipe.log_every) <= steps


def test_the_same_number_of_steps_changes_nothing() -> None:
    for dataset in ("digits", "fashion_mnist", "cifar10"):
        recipe = default_recipe(dataset)
        assert with_steps(recipe, recipe.steps) == recipe


@pytest.mark.parametrize("steps", [0, -1, 2.5, "ten", True, None])
def test_steps_that_are_no_count_are_refused(steps: object) -> None:
    with pytest.raises(ConfigError, match="whole number"):
        with_steps(default_recipe("digits"), steps)  # type: ignore[arg-type]
