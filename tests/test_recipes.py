"""The catalogue of recipes: what the sources say, to the number, and a quick twin of each that is
the same in kind."""

from dataclasses import replace

import pytest

from resnet import data
from resnet.errors import UnknownNameError
from resnet.network import catalog
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe, check_against
from resnet.recipes.recipes import default_recipe

ALL = recipes.names()
IMAGES_OF_THE_NOTEBOOK = 18_610


def test_the_promised_recipes_are_there() -> None:
    promised = {"he2015_cifar", "he2015_cifar_110", "binary_ablation_sgd", "binary_ablation_adam"}
    assert set(ALL) == promised | {"fashion_quick", "digits_quick"}


@pytest.mark.parametrize("name", ALL)
def test_every_recipe_says_where_it_comes_from_and_what_to_expect(name: str) -> None:
    """An entry without its source, time or result, or for a network nobody can choose."""
    entry = recipes.get(name)
    assert entry.name == name
    assert catalog.get(entry.network).name == entry.network
    assert all(
        text and "\n" not in text
        for text in (entry.source, entry.expected_time, entry.expected_result)
    )
    assert (
        entry.command
        == f"python -m resnet train {entry.network} --data {entry.dataset} --recipe {name}"
    )


@pytest.mark.parametrize("name", ALL)
def test_every_recipe_survives_json(name: str) -> None:
    recipe = recipes.get(name).recipe
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    "name", [name for name in ALL if recipes.get(name).dataset in data.names()]
)
def test_every_recipe_fits_its_data_set(name: str) -> None:
    entry = recipes.get(name)
    check_against(entry.recipe, data.facts(entry.dataset))


@pytest.mark.parametrize("name", ALL)
def test_a_quick_twin_is_the_same_in_kind_and_short(name: str) -> None:
    """A twin that trained with another optimiser or decay would prove nothing about its recipe."""
    recipe, quick = recipes.get(name).recipe, recipes.get(name).quick
    check_against(quick, data.facts(recipes.QUICK_DATASET))
    assert quick.steps == recipes.QUICK_STEPS
    assert quick.evaluate_every <= quick.steps
    same = (
        "optimiser",
        "weight_decay",
        "input_normalisation",
        "precision",
        "seed",
        "deterministic",
    )
    assert {key: getattr(quick, key) for key in same} == {key: getattr(recipe, key) for key in same}
    assert quick.schedule.kind == recipe.schedule.kind
    assert type(quick.warmup) is type(recipe.warmup)
    assert quick.augmentation.flip == recipe.augmentation.flip


def test_he2015_is_section_4_2_to_the_step() -> None:
    recipe = recipes.get("he2015_cifar").recipe
    assert recipe.schedule.model_dump(mode="json") == {
        "kind": "steps",
        "learning_rate": 0.1,
        "drops": [32_000, 48_000],
        "factor": 0.1,
    }
    assert (recipe.steps, recipe.batch_size, recipe.validation_images, recipe.warmup) == (
        64_000,
        128,
        5000,
        None,
    )
    assert recipe.weight_decay.model_dump() == {"value": 1e-4, "semantics": "l2", "covers": "all"}


def test_the_110_layer_recipe_differs_in_its_warm_up_alone() -> None:
    short, deep = recipes.get("he2015_cifar").recipe, recipes.get("he2015_cifar_110").recipe
    assert deep.warmup is not None
    assert deep.warmup.model_dump() == {"kind": "error", "learning_rate": 0.01, "error": 80.0}
    assert deep.model_copy(update={"warmup": None}) == short


def test_the_notebooks_recipe_is_the_notebooks() -> None:
    """Keras's l2(1e-3) adds 1e-3 · Σw², twice what the paper's reading of the same number would;
    decay is no decay."""
    recipe = recipes.get("binary_ablation_sgd").recipe
    assert recipe.optimiser.model_dump() == {"kind": "sgd", "momentum": 0.9, "nesterov": False}
    assert recipe.schedule.model_dump() == {
        "kind": "inverse_time",
        "learning_rate": 1e-4,
        "decay": 1e-5,
    }
    assert recipe.weight_decay.model_dump() == {
        "value": 2e-3,
        "semantics": "l2",
        "covers": "conv_kernels",
    }
    assert (recipe.batch_size, recipe.input_normalisation, recipe.validation_images) == (
        16,
        "scale",
        1000,
    )
    assert recipe.steps == 50 * -(-IMAGES_OF_THE_NOTEBOOK // 16)
    assert (recipe.augmentation.pad, recipe.augmentation.flip) == (0, "none")


def test_the_notebooks_two_recipes_differ_in_the_optimiser_alone() -> None:
    sgd, adam = (
        recipes.get("binary_ablation_sgd").recipe,
        recipes.get("binary_ablation_adam").recipe,
    )
    assert adam.optimiser.kind == "adam"
    assert adam.model_copy(update={"optimiser": sgd.optimiser}) == sgd


def test_an_unknown_recipe_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'he2015_cifar'"):
        recipes.get("he2015-cifar")


@pytest.mark.parametrize("name", data.names())
def test_every_data_set_has_a_recipe_to_begin_with(name: str) -> None:
    assert recipes.begin_with(data.facts(name)) == default_recipe(name)


@pytest.mark.parametrize(("train_images", "side"), [(20, 8), (1000, 9), (100_000, 224)])
def test_a_folder_of_images_has_one_that_fits_it(train_images: int, side: int) -> None:
    """The validation part of another data set would be larger than a small folder."""
    facts = replace(
        data.facts("digits"),
        name="folder:scans",
        image_shape=(side, side, 3),
        train_images=train_images,
    )
    check_against(recipes.begin_with(facts), facts)


def test_the_defaults_are_recipes_of_the_catalogue() -> None:
    """A default that is in no catalogue could not be named by the command that repeats a run."""
    assert default_recipe("digits") is recipes.get("digits_quick").recipe
    assert default_recipe("fashion_mnist") is recipes.get("fashion_quick").recipe
    assert default_recipe("cifar10") is recipes.get("he2015_cifar").recipe


@pytest.mark.keras
@pytest.mark.parametrize(
    ("covers", "spared"), [("conv_kernels", {"head.logits/kernel"}), ("kernels", set())]
)
def test_decay_of_convolutions_spares_the_classifier(covers: str, spared: set[str]) -> None:
    from resnet.as_keras.model import build_keras_model  # noqa: PLC0415  takes seconds
    from resnet.recipes.recipe import WeightDecayConfig  # noqa: PLC0415
    from resnet.training.loss import decayed  # noqa: PLC0415

    model = build_keras_model(catalog.get("resnet8").config)
    kernels = {
        variable.path for variable in model.trainable_variables if variable.path.endswith("/kernel")
    }
    decay = WeightDecayConfig.model_validate({"covers": covers})
    assert kernels - {variable.path for variable in decayed(model, decay)} == spared
