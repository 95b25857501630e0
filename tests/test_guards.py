"""Guards: what differs between arms, and whether somebody declared it."""

from typing import Any

import pytest

from resnet import data
from resnet.guards.differences import FOLLOW_THE_DATA as GUARDED_BY_DATA
from resnet.guards.differences import changes, differing, leaves, listed
from resnet.guards.guard import between, one_factor
from resnet.network import catalog
from resnet.network.settings import with_settings
from resnet.runs import RunSpec
from resnet.studies.plan.factors import FOLLOW_THE_DATA as NO_FACTORS
from resnet.studies.plan.study import Study, runs
from tests.runs_support import spec


def with_changes(
    network: dict[str, Any] | None = None, recipe: dict[str, Any] | None = None, seed: int = 0
) -> RunSpec:
    one = spec(seed)
    changes = {
        "config": with_settings(one.config, network or {}),
        "recipe": with_settings(one.recipe, recipe or {}),
    }
    return one.model_copy(update=changes)


def test_a_second_factor_changed_by_hand_is_named_with_its_values() -> None:
    """The notebook's own mistakes, each unseen for weeks: λ that changes with depth, another
    optimiser."""
    fair = {"baseline": [spec()], "plain": [with_changes({"shortcut": "none"})]}
    assert one_factor(fair, ["network.shortcut"]).undeclared == ()
    assert one_factor(fair, ["network.shortcut"]).purity == "one factor"
    unfair = fair | {"plain": [with_changes({"shortcut": "none"}, {"weight_decay.value": 0.002})]}
    (found,) = one_factor(unfair, ["network.shortcut"]).undeclared
    assert found.key == "recipe.weight_decay.value"
    assert found.values == {"baseline": (0.0005,), "plain": (0.002,)}
    verdict = one_factor(unfair, ["network.shortcut"])
    assert verdict.purity == "undeclared"
    assert "recipe.weight_decay.value (0.0005: baseline; 0.002: plain)" in verdict.sentence


@pytest.mark.parametrize(
    ("count", "most", "said"),
    [
        (0, 6, ""),
        (1, 6, "a0"),
        (3, 6, "a0, a1 and a2"),
        (7, 6, "a0, a1, a2, a3, a4, a5 and a6"),
        (8, 6, "a0, a1, a2, a3, a4, a5 and 2 more"),
        (3, 1, "a0 and 2 more"),
    ],
)
def test_a_list_of_names(count: int, most: int, said: str) -> None:
    """Catches "and 1 more" where the name itself is as short, and a list that fills the page."""
    assert listed([f"a{number}" for number in range(count)], most) == said


def test_what_follows_the_data_is_what_the_data_changes() -> None:
    """Catches a setting that fitting a network to its images changes and the guard then calls
    undeclared."""
    recipe, changed = spec().recipe, set[str]()
    for name in ("resnet20", "binary_resnet34"):
        config = catalog.get(name).config
        fitted = [
            leaves(data.fit_config(config, data.facts(one)), recipe, "")
            for one in ("cats_vs_dogs", "cifar100")
        ]
        changed |= {key for own in fitted for key in changes(leaves(config, recipe, ""), own)}
    assert changed == GUARDED_BY_DATA


@pytest.mark.parametrize("key", sorted(GUARDED_BY_DATA))
def test_no_factor_is_a_setting_that_the_data_decide(key: str) -> None:
    """Catches a factor whose levels all make the same network, and one refused that could be
    varied."""
    levels = {"input_shape": [48, 48, 3], "classes": 7, "head_activation": "none"}
    own, config = key.removeprefix("network."), catalog.get("resnet20").config
    other = with_settings(config, {own: levels[own]})
    images = data.facts("digits")
    assert (data.fit_config(other, images) == data.fit_config(config, images)) == (
        key in NO_FACTORS
    )


def test_seeds_are_no_difference_and_an_arm_that_disagrees_with_itself_is() -> None:
    """Runs of two studies put under one arm: their mean would mean nothing."""
    assert differing({"a": [spec(0), spec(1)], "b": [spec(0), spec(1)]}, []) == ()
    (found,) = one_factor(
        {"a": [spec(0), with_changes({"norm.momentum": 0.5}, seed=1)]}, []
    ).undeclared
    assert found.values == {"a": (0.9, 0.5)}


def test_a_factor_covers_what_lies_below_it_and_nothing_beside_it() -> None:
    """ "network.norm" must not cover "network.norm_something", nor "recipe.optimiser" the learning
    rate."""
    adam = {"optimiser": {"kind": "adam"}, "schedule.learning_rate": 0.001}
    arms = {"sgd": [spec()], "adam": [with_changes(recipe=adam)]}
    assert [found.key for found in one_factor(arms, ["recipe.optimiser"]).undeclared] == [
        "recipe.schedule.learning_rate"
    ]
    assert (
        one_factor(arms, ["recipe.optimiser", "recipe.schedule.learning_rate"]).purity
        == "several factors"
    )
    assert [found.key for found in one_factor(arms, ["recipe.optim"]).undeclared] == [
        found.key for found in differing(arms, [])
    ]


def test_one_factor_that_moves_several_settings_says_so() -> None:
    """ "resnet34 against plain34" sounds like one change; in the notebook it hid a stride."""
    fifty = [spec(config=catalog.get(f"binary_{kind}50").config) for kind in ("resnet", "plain")]
    verdict = one_factor({"resnet": [fifty[0]], "plain": [fifty[1]]}, ["network"])
    assert verdict.purity == "one factor, several settings"
    assert "network.stages.0.stride" in verdict.sentence
    assert "network.shortcut" in verdict.sentence


def test_input_and_classes_follow_a_declared_data_set() -> None:
    """Fashion-MNIST is larger than the digits; a banner about that would teach people to ignore
    banners."""
    base = {"network": "resnet20", "recipe": "digits_quick", "dataset": "digits"}
    factors = [{"key": "dataset", "levels": ["fashion_mnist"]}]
    made = Study.model_validate({"name": "data", "baseline": base, "factors": factors})
    arms = {run.arm.name: [run.spec] for run in runs(made)}
    assert one_factor(arms, made.keys).undeclared == ()
    assert one_factor(arms, []).purity == "undeclared"


def test_a_grid_of_two_factors_compares_one_at_a_time() -> None:
    """ "Several factors" alone would make the paper's own figure look unfair; a pair that differs
    in two must show."""
    arms = {
        f"{kind} {momentum}": [with_changes({"norm.momentum": momentum, "shortcut": kind})]
        for momentum in (0.9, 0.5)
        for kind in ("none", "projection")
    }
    keys = ["network.shortcut", "network.norm.momentum"]
    fair = {
        "none 0.9": None,
        "projection 0.9": "none 0.9",
        "none 0.5": None,
        "projection 0.5": "none 0.5",
    }
    said = "Between an arm and the one it is compared with, this differs:"
    assert between(arms, fair, keys) == f"{said} network.shortcut."
    unfair = fair | {"projection 0.5": "none 0.9"}
    both = (
        "network.shortcut in projection 0.9; network.shortcut and network.norm.momentum in"
        " projection 0.5"
    )
    assert between(arms, unfair, keys) == f"{said} {both}."
    assert between(arms, dict.fromkeys(arms), keys) == ""


def test_arms_without_a_difference() -> None:
    """Two arms that are one would be shown to differ by noise."""
    assert one_factor({"a": [spec()], "b": [spec()]}, ["network"]).purity == "no difference"


def test_one_arm_is_no_comparison() -> None:
    """Catches "the arms do not differ" said of a single arm, and a difference within it hidden by
    that."""
    assert (
        one_factor({"a": [spec()]}, ["network"]).sentence
        == "There is only one arm, so nothing is compared."
    )
    assert (
        one_factor({"a": [spec(), with_changes({"norm.momentum": 0.5}, seed=1)]}, []).purity
        == "undeclared"
    )


def test_every_setting_is_a_leaf_but_the_seed() -> None:
    """A setting the guard does not look at can differ unseen."""
    one = spec()
    found = leaves(one.config, one.recipe, one.dataset)
    changed = with_settings(one.recipe, {"seed": 5})
    assert leaves(one.config, changed, one.dataset) == found
    assert {
        "network.stages.0.blocks",
        "network.norm.epsilon",
        "recipe.schedule.kind",
        "dataset",
    } <= found.keys()
    assert not [value for value in found.values() if isinstance(value, dict)]
