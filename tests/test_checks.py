"""The recipe check as a whole: the seed's curves explain themselves, random facts break nothing,
the paper's points."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet import data
from resnet.checks import facts as words
from resnet.checks import rules, sources
from resnet.checks.imported import of_import
from resnet.checks.rules import Facts, check
from resnet.errors import UnknownNameError
from resnet.imports.imported import CurveColumn, Given, ImportedCurve
from resnet.network import catalog
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.recipes.recipe import AdamConfig, AugmentationConfig, Recipe
from resnet.recipes.schedule import ErrorWarmup, StepsWarmup
from resnet.runs import RunSpec

# What the notebook says of its curves (../shared/seed/README.md): one seed, batch 16, 50 epochs,
# Keras's l2.
NOTEBOOK: dict[str, Any] = {
    "library": "keras",
    "optimiser": "sgd",
    "momentum": 0.9,
    "learning_rate": 1e-4,
    "decay_argument": 1e-5,
    "decay_meaning": "keras_l2",
    "decay_covers": "conv_kernels",
    "loss_includes_penalty": True,
    "batch_size": 16,
    "counts_in": "epochs",
    "epochs": 50,
    "steps": 50 * 1164,
    "train_images": 18_610,
    "test_images": 4_652,
    "shuffle": "after_batch",
    "seeds": 1,
}
CURVES = {
    "plain_34_sgd": {"network": "binary_plain34", "decay": 1e-3},
    "resnet_34_sgd": {"network": "binary_resnet34", "decay": 1e-3},
    "resnet_50_sgd": {"network": "binary_resnet50", "decay": 1e-4},
}
SEED = [sources.of_mapping({"name": name, **NOTEBOOK, **own}) for name, own in CURVES.items()]


def sentences(*facts: Facts) -> dict[str, str]:
    return {finding.rule: finding.sentence for finding in check(*facts)}


def test_the_seeds_curves_explain_themselves() -> None:
    """The study this project began with: penalty in the loss, λ with depth, the stride, the single
    seed."""
    found = sentences(*SEED)
    assert (
        found["losses_not_comparable"]
        == "The loss of plain_34_sgd, resnet_34_sgd and resnet_50_sgd includes an L2 penalty (at"
        " the start plain_34_sgd 15.232; resnet_34_sgd 17.024; resnet_50_sgd 5.312): the curves"
        " compare penalties, not networks."
    )
    assert (
        found["decay_changes"]
        == "The weight decay λ changes with the depth: plain_34_sgd l2(0.001); resnet_34_sgd"
        " l2(0.001); resnet_50_sgd l2(0.0001)."
    )
    assert (
        found["strides_differ"]
        == "Arms have different strides: in stage 1 resnet_50_sgd has 2 and plain_34_sgd 1, so the"
        " maps of plain_34_sgd are 4 times as large from there on."
    )
    assert found["one_seed"].startswith("Every arm was trained with one seed")
    assert {
        "decay_argument",
        "shuffle_after_batch",
        "rate_far_from_usual",
        "projections_break_parity",
    } <= found.keys()


def test_the_seeds_imported_curves_are_found_out_too() -> None:
    """By what a person says at import, in the words of `resnet.imports.imported`."""
    recipe = {
        "optimiser.kind": "sgd",
        "optimiser.momentum": 0.9,
        "schedule": {"learning_rate": 1e-4},
        "epochs": 50,
    }
    recipe |= {
        "decay_argument": 1e-5,
        "batch_size": 16,
        "shuffle": "after_batch",
        "dataset": "cats_vs_dogs",
    }
    curves = [
        ImportedCurve(
            name=name,
            source="csv",
            columns=(
                CurveColumn(name="loss", along="epoch", x=(1, 2), y=(6.0, 5.0)),
                CurveColumn(name="val_accuracy", along="epoch", x=(1, 2), y=(0.5, 0.75)),
            ),
            given=Given(
                config=catalog.get(own["network"]).config,
                decay=own["decay"],
                seeds=(0,),
                recipe=recipe,
            ),
        )
        for name, own in CURVES.items()
    ]
    imported = [of_import(curve) for curve in curves]
    found = sentences(*imported)
    seed = sentences(*SEED)
    for rule in (
        "losses_not_comparable",
        "decay_changes",
        "strides_differ",
        "one_seed",
        "shuffle_after_batch",
    ):
        assert found[rule] == seed[rule]
    assert [
        (facts.validation_error, facts.learning_rate, facts.optimiser) for facts in imported
    ] == 3 * [(25.0, 1e-4, "sgd")]


def test_a_curve_of_which_nobody_says_anything_is_not_judged() -> None:
    column = CurveColumn(name="val_accuracy", along="record", x=(1,), y=(0.5,))
    assert check(of_import(ImportedCurve(name="curve", source="csv", columns=(column,)))) == ()


def test_of_the_seed_nothing_is_found_that_the_notebook_does_not_say() -> None:
    """What is only in the CSV says nothing about λ, the stride or the optimiser."""
    bare = [Facts(name=name, train_error=40.0, train_error_is="running") for name in CURVES]
    assert set(sentences(*bare)) == {"running_train_error"}


def test_the_worst_comes_first() -> None:
    severities = [finding.severity for finding in check(*SEED)]
    assert severities == sorted(severities, key=rules.SEVERITIES.index)
    assert severities[0] == "wrong"
    assert severities[-1] == "note"


def test_runs_of_which_the_same_is_true_share_a_finding() -> None:
    shuffled = [finding for finding in check(*SEED) if finding.rule == "shuffle_after_batch"]
    assert [finding.where for finding in shuffled] == [tuple(CURVES)]


@pytest.mark.parametrize("name", recipes.names())
def test_our_own_recipes_are_neither_wrong_nor_unfair(name: str) -> None:
    entry = recipes.get(name)
    network = catalog.get(entry.network).config
    spec = RunSpec(
        network=entry.network, config=network, recipe=entry.recipe, dataset=entry.dataset
    )
    found = check(sources.of_spec(spec, data.facts(entry.dataset)))
    assert [finding.rule for finding in found if finding.severity in ("wrong", "unfair")] == []
    assert name.startswith("binary") or found == ()


def test_plain_and_residual_with_three_shared_seeds_is_a_fair_comparison() -> None:
    recipe = recipes.get("he2015_cifar").recipe
    arms = [
        sources.of_spec(
            RunSpec(
                network=name,
                config=catalog.get(name).config,
                recipe=recipe.model_copy(update={"seed": seed}),
                dataset="cifar10",
            ),
            data.facts("cifar10"),
        )
        for name in ("plain56", "resnet56")
        for seed in range(3)
    ]
    assert check(*arms) == ()
    assert [len(arm) for arm in words.arms_of(arms)] == [3, 3]


def test_what_a_study_declares_is_no_mistake_and_the_rest_is() -> None:
    """Optimisers on purpose, another weight decay by accident."""
    recipe = recipes.get("he2015_cifar").recipe
    adam = recipe.model_copy(update={"optimiser": AdamConfig()})
    less = with_settings(recipe, {"weight_decay.value": 1e-3})
    network = catalog.get("resnet20").config

    def runs(chosen: Recipe) -> list[RunSpec]:
        specs = []
        for seed in range(3):
            seeded = with_settings(chosen, {"seed": seed})
            spec = RunSpec(network="resnet20", config=network, recipe=seeded, dataset="cifar10")
            specs.append(spec)
        return specs

    arms = {"sgd": runs(recipe), "adam": runs(adam), "less": runs(less)}
    found = sentences(*sources.of_arms(arms, ("recipe.optimiser.kind",), data.facts("cifar10")))
    assert (
        found["decay_changes"]
        == "The weight decay λ changes between arms: sgd 0.0001; adam 0.0001; less 0.001."
    )
    assert found.keys() == {
        "decay_changes",
        "one_rate_each",
        "penalty_under_adam",
        "rate_far_from_usual",
    }


def test_an_unknown_rule_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="one_seed"):
        rules.get("one_sed")


# Random facts

SOME_NETWORKS = (
    "resnet20",
    "plain20",
    "plain56",
    "resnet18",
    "binary_resnet50",
    "binary_plain50",
    "binary_plain34",
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def one_of(literal: object) -> st.SearchStrategy[Any]:
    return maybe(st.sampled_from(get_args(literal)))


COUNTS = maybe(st.integers(1, 100_000))
PERCENT = maybe(st.floats(0, 100) | st.sampled_from([0.0, 0.01, 7.0]))
NUMBER = maybe(st.floats(0, 100) | st.sampled_from([0.0, 1e-4, 1e-3, 0.1]))
RANDOM = st.builds(
    Facts,
    name=st.sampled_from(["", "a", "b", "c"]),
    arm=st.sampled_from([None, None, "one", "two"]),
    declared=st.sampled_from(
        [(), (), ("optimiser.kind",), ("weight_decay.value", "stages.0.stride")]
    ),
    library=one_of(words.Library),
    network=maybe(st.sampled_from(SOME_NETWORKS).map(lambda name: catalog.get(name).config)),
    strides=maybe(st.lists(st.integers(1, 4), max_size=4).map(tuple)),
    norm_momentum=maybe(st.floats(0, 1, exclude_max=True)),
    optimiser=one_of(words.Optimiser),
    momentum=maybe(st.floats(0, 1, exclude_max=True)),
    learning_rate=NUMBER,
    highest_rate=NUMBER,
    decay_argument=NUMBER,
    drops=maybe(st.lists(st.integers(1, 99_999), max_size=3).map(tuple)),
    warmup=maybe(
        st.just("none")
        | st.just(ErrorWarmup())
        | st.integers(1, 9999).map(lambda n: StepsWarmup(steps=n))
    ),
    counts_in=one_of(words.Unit),
    epochs=NUMBER,
    steps=COUNTS,
    steps_done=COUNTS,
    decay=NUMBER,
    decay_meaning=one_of(words.Meaning),
    decay_covers=st.sampled_from([None, "conv_kernels", "kernels", "all"]),
    loss_includes_penalty=maybe(st.booleans()),
    batch_size=COUNTS,
    batch_counts=st.sampled_from([None, "in_all", "per_device"]),
    devices=maybe(st.integers(1, 8)),
    batch_norm_statistics=st.sampled_from([None, "per_device", "synchronised"]),
    precision=st.sampled_from([None, "float32", "mixed_bfloat16", "mixed_float16"]),
    begins=st.sampled_from([None, "fresh", "continued"]),
    deterministic=maybe(st.booleans()),
    seed=maybe(st.integers(0, 5)),
    seeds=maybe(st.integers(1, 5)),
    dataset=st.sampled_from([None, "digits", "cifar10"]),
    image_shape=st.sampled_from([None, (8, 8, 1), (32, 32, 3), (224, 224, 3)]),
    train_images=COUNTS,
    validation_images=COUNTS,
    test_images=COUNTS,
    shuffle=one_of(words.Shuffle),
    mean_of=one_of(words.MeanOf),
    augmentation=st.sampled_from(
        [None, AugmentationConfig(), AugmentationConfig(flip="horizontal")]
    ),
    augmented=maybe(st.lists(st.sampled_from(get_args(words.DataPart)), max_size=3).map(tuple)),
    chosen_on=one_of(words.ChosenOn),
    looks_at_test=maybe(st.integers(0, 300)),
    train_error=PERCENT,
    train_error_is=st.sampled_from([None, "running", "clean"]),
    validation_error=PERCENT,
    test_error=PERCENT,
    claimed_difference=maybe(st.floats(-100, 100)),
    not_a_number=maybe(st.booleans()),
    against=maybe(st.just("baseline")),
    changed=maybe(
        st.lists(st.sampled_from(["network.shortcut", "dataset", "recipe.steps"]), unique=True).map(
            tuple
        )
    ),
)

NEEDS: dict[
    str, tuple[str, ...]
] = {  # a rule's facts: all of them known in one arm at least; a|b is either
    "loss_with_penalty": ("loss_includes_penalty",),
    "losses_not_comparable": ("loss_includes_penalty",),
    "decay_meaning": ("decay", "decay_meaning"),
    "decay_meanings_differ": ("decay", "decay_meaning"),
    "decay_changes": ("decay", "decay_meaning"),
    "decay_far_from_usual": ("decay", "decay_meaning", "optimiser"),
    "decay_argument": ("decay_argument",),
    "penalty_under_adam": ("optimiser", "decay", "decay_meaning"),
    "decay_reaches_norms": ("decay", "decay_meaning", "decay_covers"),
    "wrong_family": ("network",),
    "norm_momentum_wrong_way_round": ("norm_momentum|network",),
    "norm_averages_unsettled": ("norm_momentum|network", "steps|steps_done"),
    "first_stage_strides": ("strides|network",),
    "strides_differ": ("strides|network",),
    "projections_break_parity": ("network",),
    "plain_deep_in_float16": ("network", "precision"),
    "precision_differs": ("precision",),
    "rate_far_from_usual": ("optimiser", "learning_rate"),
    "warmup_never_ends": ("warmup|highest_rate", "steps|steps_done"),
    "deep_without_warmup": ("network", "warmup", "optimiser", "learning_rate"),
    "drop_after_the_end": ("drops", "steps"),
    "epochs_for_steps": ("counts_in", "train_images", "batch_size"),
    "less_than_an_epoch": ("steps", "batch_size", "train_images"),
    "not_a_number": ("not_a_number",),
    "shuffle_after_batch": ("shuffle",),
    "never_shuffled": ("shuffle",),
    "mean_of_wrong_images": ("mean_of",),
    "test_chooses": ("chosen_on|looks_at_test",),
    "augmented_evaluation": ("augmented",),
    "mirrored_digits": ("dataset", "augmentation"),
    "small_validation": (
        "validation_images",
        "claimed_difference",
        "validation_error|test_error",
    ),
    "running_train_error": ("train_error", "train_error_is"),
    "statistics_over_a_share": ("devices", "batch_size", "batch_norm_statistics"),
    "statistics_differ": ("devices", "batch_size", "batch_norm_statistics"),
    "batch_per_device": ("devices", "batch_size", "batch_counts"),
    "not_repeatable": ("deterministic",),
    "one_seed": ("seed|seeds",),
    "two_seeds": ("seed|seeds",),
    "seeds_not_shared": ("seed",),
    "within_noise": ("test_error|validation_error",),
    "both_fitted": ("train_error",),
    "several_factors": ("changed", "against"),
    "optimisers_differ": ("optimiser",),
    "one_rate_each": ("optimiser", "learning_rate"),
    "some_continue": ("begins",),
    "steps_differ": ("steps",),
    "libraries_differ": ("library",),
}


def known(facts: Facts, need: str) -> bool:
    return any(getattr(facts, key) is not None for key in need.split("|"))


def test_every_rule_says_what_it_needs() -> None:
    assert NEEDS.keys() == {rule.key for rule in rules.RULES}


@given(st.lists(RANDOM, max_size=4))
def test_whatever_is_known_the_check_answers_in_sentences(facts: list[Facts]) -> None:
    """A rule that divides by nothing, or speaks of "None"."""
    for finding in check(*facts):
        text = f"{finding.sentence} {finding.way_out}"
        assert finding.sentence.endswith(".")
        assert [odd for odd in ("None", "nan", "inf ", "  ") if odd in text] == []


@given(RANDOM)
def test_no_rule_speaks_of_what_it_does_not_know(facts: Facts) -> None:
    for finding in check(facts):
        assert all(known(facts, need) for need in NEEDS[finding.rule])


@given(st.lists(RANDOM, min_size=2, max_size=4), st.data())
def test_no_comparison_speaks_of_what_no_arm_knows(facts: list[Facts], draw: st.DataObject) -> None:
    """Forgetting a fact in all arms silences every rule that needs it."""
    need = draw.draw(st.sampled_from(sorted({need for needs in NEEDS.values() for need in needs})))
    forgotten = [replace(arm, **dict.fromkeys(need.split("|"))) for arm in facts]  # type: ignore[arg-type]
    assert [finding.rule for finding in check(*forgotten) if need in NEEDS[finding.rule]] == []
