"""Every rule, with facts that trip it and facts that must not: the table is the specification of
the recipe check."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import NamedTuple

import pytest

from resnet.checks import rules
from resnet.checks.rule import SEVERITIES
from resnet.checks.rules import RULES, Facts
from resnet.network import catalog
from resnet.network.settings import with_settings
from resnet.recipes.recipe import AugmentationConfig
from resnet.recipes.schedule import ErrorWarmup, StepsWarmup

RESNET56, PLAIN56 = catalog.get("resnet56").config, catalog.get("plain56").config
RESNET20, PLAIN20 = catalog.get("resnet20").config, catalog.get("plain20").config
RESNET34, PLAIN34 = catalog.get("binary_resnet34").config, catalog.get("binary_plain34").config
RESNET50, PLAIN50 = catalog.get("binary_resnet50").config, catalog.get("binary_plain50").config
RESNET110 = catalog.get("resnet110").config
OPTION_B = with_settings(RESNET56, {"shortcut": "projection"})
TORCH_MOMENTUM = with_settings(RESNET20, {"norm.momentum": 0.1})
STEEP = with_settings(RESNET20, {"norm.momentum": 0.99})
GROUPED = with_settings(RESNET20, {"norm.kind": "group", "norm.momentum": 0.1})
NATIVE_BIG = with_settings(RESNET20, {"input_shape": [224, 224, 3]})
SMALL34 = with_settings(RESNET34, {"input_shape": [32, 32, 3]})

A, B = Facts(name="a", network=PLAIN56), Facts(name="b", network=RESNET56)


class Case(NamedTuple):
    """What trips a rule, words its sentence must hold, and several sets of facts that must not trip
    it."""

    key: str
    trips: Sequence[Facts]
    says: tuple[str, ...]
    passes: Sequence[Sequence[Facts]]


def pair(one: Facts = A, two: Facts = B, **both: object) -> list[Facts]:
    """Two arms with something in common."""
    return [replace(facts, **both) for facts in (one, two)]  # type: ignore[arg-type]


def each(key: str, first: object, second: object, **both: object) -> list[Facts]:
    """Two arms that differ in one fact."""
    one, two = pair(**both)
    return [replace(one, **{key: first}), replace(two, **{key: second})]  # type: ignore[arg-type]


def seeded(
    key: str, plain: Sequence[float], residual: Sequence[float], **both: object
) -> list[Facts]:
    """Two arms with a seed for each number."""
    arms = ((PLAIN56, plain), (RESNET56, residual))
    return [
        Facts(network=network, seed=seed, **{key: value}, **both)  # type: ignore[arg-type]
        for network, values in arms
        for seed, value in enumerate(values)
    ]


SGD = Facts(optimiser="sgd", momentum=0.9, learning_rate=0.1, batch_size=128)
NOTEBOOK34 = Facts(
    network=RESNET34, decay=1e-3, decay_meaning="keras_l2", loss_includes_penalty=True
)

DECAY = (
    Case(
        "loss_with_penalty",
        [NOTEBOOK34],
        ("17.024",),
        [
            [replace(NOTEBOOK34, loss_includes_penalty=False)],
            [replace(NOTEBOOK34, loss_includes_penalty=None)],
        ],
    ),
    Case(
        "losses_not_comparable",
        [replace(NOTEBOOK34, name="resnet"), replace(NOTEBOOK34, name="plain", network=PLAIN34)],
        ("resnet 17.024", "plain 15.232"),
        [
            pair(loss_includes_penalty=False),
            pair(),
            [replace(NOTEBOOK34, name="x"), replace(NOTEBOOK34, name="y")],
            [NOTEBOOK34],
        ],
    ),
    Case(
        "decay_meaning",
        [Facts(decay=1e-4, decay_meaning="keras_l2")],
        ("gradient 0.0002·w", "in the paper's meaning"),
        [
            [Facts(decay=1e-4, decay_meaning="l2")],
            [Facts(decay=1e-4)],
            [Facts(decay=0.0, decay_meaning="decoupled")],
        ],
    ),
    Case(
        "decay_meanings_differ",
        each(
            "decay_meaning",
            "l2",
            "decoupled",
            decay=1e-4,
            optimiser="sgd",
            momentum=0.9,
            learning_rate=0.1,
        ),
        ("decoupled decay and l2 of the paper", "a 0.0001; b 1e-05"),
        [
            pair(decay_meaning="l2", decay=1e-4),
            each("decay_meaning", "l2", None, decay=1e-4),
            each(
                "decay_meaning", "l2", "decoupled", decay=1e-4, declared=("weight_decay.semantics",)
            ),
        ],
    ),
    Case(
        "decay_changes",
        [
            Facts(name="34", network=RESNET34, decay=1e-3, decay_meaning="keras_l2"),
            Facts(name="50", network=RESNET50, decay=1e-4, decay_meaning="keras_l2"),
        ],
        ("changes with the depth", "34 l2(0.001); 50 l2(0.0001)"),
        [
            pair(decay=1e-4, decay_meaning="l2"),
            each("decay", 1e-4, 1e-3),
            each("decay", 1e-4, 1e-3, decay_meaning="l2", declared=("weight_decay.value",)),
            [Facts(decay=1e-4, decay_meaning="l2"), Facts(decay=5e-5, decay_meaning="keras_l2")],
        ],
    ),
    Case(
        "decay_far_from_usual",
        [replace(SGD, decay=1e-3, decay_meaning="keras_l2")],
        ("0.002", "20 times"),
        [
            [replace(SGD, decay=5e-4, decay_meaning="l2")],
            [replace(SGD, decay=1e-3)],
            [replace(SGD, decay=1e-4, decay_meaning="decoupled")],
            [Facts(decay=0.01, decay_meaning="l2", optimiser="adam")],
        ],
    ),
    Case(
        "decay_argument",
        [Facts(decay_argument=1e-5, steps=58_200)],
        ("decay=1e-05", "63.2 %", "58,200"),
        [[Facts(decay=1e-5, decay_meaning="l2")], [Facts(decay_argument=0.0)]],
    ),
    Case(
        "penalty_under_adam",
        [Facts(optimiser="adam", decay=1e-4, decay_meaning="l2")],
        ("Adam divides", "0.0001"),
        [
            [Facts(optimiser="adamw", decay=1e-4, decay_meaning="decoupled")],
            [replace(SGD, decay=1e-4, decay_meaning="l2")],
            [Facts(optimiser="adam", decay=1e-4)],
        ],
    ),
    Case(
        "decay_reaches_norms",
        [Facts(decay=1e-4, decay_meaning="decoupled", decay_covers="all")],
        ("batch norm and the biases",),
        [
            [Facts(decay=1e-4, decay_meaning="decoupled", decay_covers="kernels")],
            [Facts(decay=1e-4, decay_meaning="decoupled")],
            [Facts(decay=1e-4, decay_meaning="l2", decay_covers="all")],
        ],
    ),
)
NETWORK = (
    Case(
        "wrong_family",
        [Facts(network=SMALL34)],
        ("8×8", "32×32"),
        [[B], [Facts(network=RESNET34)], [Facts(image_shape=(32, 32, 3))]],
    ),
    Case(
        "wrong_family",
        [Facts(network=NATIVE_BIG)],
        ("224×224", "49 times"),
        [[Facts(network=RESNET20, image_shape=(28, 28, 1))]],
    ),
    Case(
        "wrong_family",
        [Facts(network=RESNET20, image_shape=(112, 112, 3))],
        ("112×112", "12.25 times"),  # (112 / 32)²; whole numbers gave 9
        [[Facts(network=RESNET20, image_shape=(96, 96, 3))]],
    ),
    Case(
        "norm_momentum_wrong_way_round",
        [Facts(network=TORCH_MOMENTUM)],
        ("momentum is 0.1", "keeps 10 %"),
        [[B], [Facts(network=STEEP)], [Facts(network=GROUPED)], [Facts()]],
    ),
    Case(
        "norm_averages_unsettled",
        [Facts(network=STEEP, steps=100)],
        ("37 %", "100 steps"),
        [
            [Facts(network=STEEP, steps=1000)],
            [Facts(network=STEEP)],
            [Facts(network=GROUPED, steps=1)],
        ],
    ),
    Case(
        "first_stage_strides",
        [Facts(network=RESNET50)],
        ("has stride 2", "1/4 of the area"),
        [[Facts(network=PLAIN50)], [Facts()], [Facts(strides=(1, 2, 2))]],
    ),
    Case(
        "strides_differ",
        [Facts(name="resnet", network=RESNET50), Facts(name="plain", network=PLAIN50)],
        ("The twins", "in stage 1 resnet has 2", "plain 1", "4 times as large"),
        [
            pair(),
            [Facts(network=RESNET50)],
            [Facts(network=RESNET34), Facts(network=PLAIN34)],
            [Facts(network=RESNET50), B],
            each("strides", (1, 2, 2), (2, 2, 2), declared=("stages.0.stride",)),
        ],
    ),
    Case(
        "projections_break_parity",
        [A, Facts(name="b", network=OPTION_B)],
        ("Option B", "2,752 parameters"),
        [pair(), [A, Facts(network=catalog.get("resnet110").config)], [Facts(network=OPTION_B)]],
    ),
    Case(
        "plain_deep_in_float16",
        [Facts(network=PLAIN56, precision="mixed_float16")],
        ("56 layers",),
        [
            [Facts(network=PLAIN20, precision="mixed_float16")],
            [Facts(network=RESNET56, precision="mixed_float16")],
            [Facts(network=PLAIN56, precision="mixed_bfloat16")],
            [Facts(network=PLAIN56)],
        ],
    ),
    Case(
        "precision_differs",
        each("precision", "float32", "mixed_float16"),
        ("a float32; b mixed_float16",),
        [
            pair(precision="mixed_float16"),
            each("precision", "float32", None),
            each("precision", "float32", "mixed_float16", declared=("precision",)),
        ],
    ),
)
RATE = (
    Case(
        "rate_far_from_usual",
        [replace(SGD, learning_rate=1e-4, batch_size=16)],
        ("0.0001", "1/125 of", "0.0125"),
        [
            [SGD],
            [replace(SGD, learning_rate=0.05, batch_size=64)],
            [replace(SGD, learning_rate=1e-4, batch_size=None)],
            [Facts(optimiser="adam", learning_rate=1e-4)],
            [Facts(learning_rate=50.0, batch_size=128)],
        ],
    ),
    Case(
        "rate_far_from_usual",
        [Facts(optimiser="adam", learning_rate=0.1)],
        ("100 times", "Adam", "0.001"),
        [[Facts(optimiser="adam", learning_rate=1e-3)]],
    ),
    Case(
        "warmup_never_ends",
        [
            Facts(
                learning_rate=0.1,
                warmup=ErrorWarmup(),
                highest_rate=0.01,
                steps_done=64_000,
                steps=64_000,
            )
        ],
        ("64,000 steps", "in the log is 0.01"),
        [
            [Facts(learning_rate=0.1, warmup=ErrorWarmup(), highest_rate=0.1, steps_done=64_000)],
            [
                Facts(
                    learning_rate=0.1,
                    warmup=ErrorWarmup(),
                    highest_rate=0.01,
                    steps_done=400,
                    steps=64_000,
                )
            ],
            [Facts(learning_rate=0.1, highest_rate=0.01)],
            [Facts(learning_rate=0.1, warmup=StepsWarmup(steps=50), steps=500)],
        ],
    ),
    Case(
        "warmup_never_ends",
        [Facts(warmup=StepsWarmup(steps=500), steps=500)],
        ("500 of 500 steps",),
        [[Facts(warmup=StepsWarmup(steps=500))]],
    ),
    Case(
        "deep_without_warmup",
        [replace(SGD, network=RESNET110, warmup="none")],
        ("110 layers", "0.1"),
        [
            [replace(SGD, network=RESNET110, warmup=ErrorWarmup())],
            [replace(SGD, network=RESNET110)],
            [replace(SGD, network=RESNET56, warmup="none")],
            [replace(SGD, network=RESNET110, warmup="none", learning_rate=0.01)],
        ],
    ),
    Case(
        "drop_after_the_end",
        [Facts(drops=(32_000, 48_000), steps=40_000)],
        ("48,000", "40,000"),
        [
            [Facts(drops=(32_000, 48_000), steps=64_000)],
            [Facts(drops=(32_000,))],
            [Facts(steps=10)],
        ],
    ),
    Case(
        "epochs_for_steps",
        [Facts(counts_in="epochs", epochs=182, train_images=45_000, batch_size=128)],
        ("351.56", "63,984 steps", "64,064"),
        [
            [Facts(counts_in="steps", epochs=182, train_images=45_000, batch_size=128)],
            [Facts(counts_in="epochs", epochs=10, train_images=12_800, batch_size=128)],
            [Facts(counts_in="epochs", epochs=10)],
        ],
    ),
    Case(
        "less_than_an_epoch",
        [Facts(steps=164, batch_size=128, train_images=45_000)],
        ("20,992 of 45,000", "47 %"),
        [
            [Facts(steps=64_000, batch_size=128, train_images=45_000)],
            [Facts(steps=164, batch_size=128)],
            [
                Facts(
                    steps=200,
                    batch_size=128,
                    batch_counts="per_device",
                    devices=2,
                    train_images=45_000,
                )
            ],
        ],
    ),
    Case(
        "not_a_number",
        [Facts(not_a_number=True, steps_done=1200)],
        ("1,200",),
        [[Facts(not_a_number=False)], [Facts(steps_done=1200)]],
    ),
)
IMAGES = (
    Case(
        "shuffle_after_batch",
        [Facts(shuffle="after_batch", batch_size=16)],
        ("images of 16",),
        [[Facts(shuffle="before_batch")], [Facts()]],
    ),
    Case(
        "never_shuffled",
        [Facts(shuffle="never", train_images=45_000)],
        ("45,000 images",),
        [[Facts(shuffle="before_batch")], [Facts(train_images=45_000)]],
    ),
    Case(
        "mean_of_wrong_images",
        [Facts(mean_of="training_and_validation", train_images=45_000, validation_images=5_000)],
        ("all 50,000", "45,000 of the training part"),
        [[Facts(mean_of="training_part")], [Facts(train_images=45_000)]],
    ),
    Case(
        "mean_of_wrong_images",
        [Facts(mean_of="test")],
        ("the test images",),
        [[Facts()]],
    ),
    Case(
        "test_chooses",
        [Facts(chosen_on="test", looks_at_test=200)],
        ("best of 200 looks",),
        [[Facts(chosen_on="validation", looks_at_test=1)], [Facts(chosen_on="nothing")], [Facts()]],
    ),
    Case(
        "augmented_evaluation",
        [Facts(augmented=("train", "validation"))],
        ("validation images",),
        [[Facts(augmented=("train",))], [Facts(augmented=())], [Facts()]],
    ),
    Case(
        "mirrored_digits",
        [Facts(dataset="digits", augmentation=AugmentationConfig(flip="horizontal"))],
        ("mirrored 2",),
        [
            [Facts(dataset="digits", augmentation=AugmentationConfig(pad=1))],
            [Facts(dataset="cifar10", augmentation=AugmentationConfig(flip="horizontal"))],
            [Facts(augmentation=AugmentationConfig(flip="horizontal"))],
        ],
    ),
    Case(
        "small_validation",
        [Facts(validation_images=5_000, validation_error=7.0, claimed_difference=0.5)],
        ("5,000", "0.36 points", "difference of 0.5"),
        [
            [Facts(validation_images=5_000, validation_error=7.0, claimed_difference=4.1)],
            [Facts(validation_images=5_000, validation_error=7.0)],
            [Facts(validation_error=7.0, claimed_difference=0.5)],
        ],
    ),
    Case(
        "running_train_error",
        [Facts(train_error=12.5, train_error_is="running")],
        ("12.50 %",),
        [
            [Facts(train_error=12.5, train_error_is="clean")],
            [Facts(train_error_is="running")],
            [Facts(train_error=1)],
        ],
    ),
)
DEVICES = (
    Case(
        "statistics_over_a_share",
        [Facts(devices=2, batch_size=128, batch_norm_statistics="per_device")],
        ("over 64 images", "128"),
        [
            [Facts(devices=2, batch_size=128, batch_norm_statistics="synchronised")],
            [Facts(devices=1, batch_size=128, batch_norm_statistics="per_device")],
            [Facts(devices=2, batch_size=128)],
            [Facts(network=GROUPED, devices=2, batch_size=128, batch_norm_statistics="per_device")],
        ],
    ),
    Case(
        "statistics_differ",
        each("devices", 1, 2, batch_size=128, batch_norm_statistics="per_device"),
        ("a 128; b 64",),
        [
            pair(devices=2, batch_size=128, batch_norm_statistics="per_device"),
            each("devices", 1, 2, batch_size=128),
            each("devices", 1, 2, batch_size=128, batch_norm_statistics="synchronised"),
        ],
    ),
    Case(
        "batch_per_device",
        [Facts(batch_size=128, batch_counts="per_device", devices=2)],
        ("128", "256 images"),
        [
            [Facts(batch_size=128, batch_counts="in_all", devices=2)],
            [Facts(batch_size=128, batch_counts="per_device", devices=1)],
            [Facts(batch_size=128, batch_counts="per_device")],
        ],
    ),
    Case(
        "not_repeatable",
        [Facts(deterministic=False, seed=3)],
        ("seed 3",),
        [[Facts(deterministic=True, seed=3)], [Facts(seed=3)]],
    ),
)
COMPARISON = (
    Case(
        "one_seed",
        pair(seeds=1),
        ("Every arm", "one seed"),
        [pair(seeds=3), pair(), [Facts(seed=0)]],
    ),
    Case("one_seed", each("seeds", 1, 3), ("a was trained",), [each("seeds", None, 3)]),
    Case("two_seeds", pair(seeds=2), ("a and b", "9.0"), [pair(seeds=3), pair(seeds=1), pair()]),
    Case(
        "seeds_not_shared",
        each("seed", 0, 1),
        ("a 0; b 1",),
        [pair(seed=0), each("seed", None, 1), seeded("test_error", [9, 8], [7, 6])],
    ),
    Case(
        "within_noise",
        seeded("test_error", [7.4, 6.8, 7.1], [7.0, 6.9, 7.3]),
        ("plain56 and resnet56", "0.0 ± 0.8 points"),
        [
            seeded("test_error", [13.0, 13.1, 13.2], [7.0, 6.9, 7.3]),
            each("test_error", 7.1, 7.0),
            each("test_error", 13.0, 7.0, test_images=10_000),
        ],
    ),
    Case(
        "within_noise",
        each("test_error", 7.1, 7.0, test_images=10_000),
        ("a and b differ by 0.1 ± 0.7 points",),
        [each("test_error", 7.1, None, test_images=10_000)],
    ),
    Case(
        "within_noise",
        each("validation_error", 7.1, 6.8, validation_images=5_000),
        ("0.3 ± 1.0",),
        [each("validation_error", 9.1, 6.8, validation_images=5_000)],
    ),
    Case(
        "both_fitted",
        each("train_error", 0.0, 0.02),
        ("0.02 %",),
        [
            each("train_error", 0.0, 5.0),
            each("train_error", 0.0, None),
            [replace(A, train_error=0.0)],
        ],
    ),
    Case(
        "optimisers_differ",
        each("optimiser", "adam", "sgd"),
        ("a adam; b sgd",),
        [
            pair(optimiser="sgd"),
            each("optimiser", "adam", None),
            each("optimiser", "adam", "sgd", declared=("optimiser.kind",)),
            [replace(A, optimiser="adam"), replace(A, name="c", optimiser="sgd")],
        ],
    ),
    Case(
        "one_rate_each",
        [
            replace(A, optimiser="adam", learning_rate=1e-3),
            replace(A, optimiser="sgd", learning_rate=0.1),
        ],
        ("adam at 0.001 and sgd at 0.1",),
        [
            pair(optimiser="sgd", learning_rate=0.1),
            each("optimiser", "adam", "sgd"),
            [
                replace(A, optimiser="adam", learning_rate=1e-3),
                replace(A, optimiser="sgd", learning_rate=0.1),
                replace(A, optimiser="sgd", learning_rate=0.01),
            ],
        ],
    ),
    Case(
        "some_continue",
        each("begins", "continued", "fresh"),
        ("a continued",),
        [pair(begins="fresh"), pair(begins="continued"), each("begins", "continued", None)],
    ),
    Case(
        "steps_differ",
        each("steps", 64_000, 32_000),
        ("a 64,000; b 32,000",),
        [pair(steps=64_000), each("steps", 64_000, None), each("steps", 1, 2, declared=("steps",))],
    ),
    Case(
        "several_factors",
        [A, replace(B, against="a", changed=("network.shortcut", "recipe.optimiser.momentum"))],
        ("2 factors differ between a and b: network.shortcut and recipe.optimiser.momentum.",),
        [
            [A, replace(B, against="a", changed=("network.shortcut",))],
            [A, replace(B, changed=("dataset", "network"))],
        ],
    ),
    Case(
        "libraries_differ",
        each("library", "keras", "pytorch"),
        ("a keras; b pytorch", "(0, 1)"),
        [pair(library="keras"), each("library", "keras", None)],
    ),
)
CASES = (*DECAY, *NETWORK, *RATE, *IMAGES, *DEVICES, *COMPARISON)


def found(key: str, facts: Sequence[Facts]) -> list[str]:
    return [finding.sentence for finding in rules.check(*facts) if finding.rule == key]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_what_trips_it(case: Case) -> None:
    """A rule that never speaks, or without its numbers."""
    sentences = found(case.key, case.trips)
    assert len(sentences) == 1
    assert [words for words in case.says if words not in sentences[0]] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_what_must_not(case: Case) -> None:
    """A rule that cries wolf: over what is fine, over what is declared, over what nobody knows."""
    assert [found(case.key, facts) for facts in case.passes] == [[] for _ in case.passes]
    assert case.passes


def test_every_rule_has_a_case() -> None:
    assert {case.key for case in CASES} == {rule.key for rule in RULES}
    assert len({rule.key for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_every_rule_says_why_and_who_says_so(rule: rules.Rule) -> None:
    """A rule without a reason is an opinion; one with both ways to look, or none, is no rule."""
    assert rule.severity in SEVERITIES
    assert (rule.each is None) != (rule.arms is None)
    assert rule.title[0].isupper()
    assert rule.reason.endswith(".")
    assert ". " not in rule.reason
    assert rule.source
    assert rules.get(rule.key) is rule


USED = {field.name for field in fields(Facts)} - {"name", "arm", "declared"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_a_fact_that_is_needed_and_unknown_silences_the_rule(case: Case) -> None:
    """Without any facts nothing is said; and no single fact more than those given is needed."""
    blank = [replace(facts, **dict.fromkeys(USED)) for facts in case.trips]  # type: ignore[arg-type]
    assert rules.check(*blank) == ()
