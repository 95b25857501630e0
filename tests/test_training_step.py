"""One optimiser step under a magnifying glass: losses, decay, augmentation, statistics,
evaluation."""

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from resnet import data
from resnet.as_keras.model import build_keras_model
from resnet.network.config import NormConfig, ResNetConfig, StageConfig
from resnet.network.settings import with_settings
from resnet.recipes.recipe import AugmentationConfig, Recipe
from resnet.recipes.recipes import default_recipe
from resnet.training import snapshot
from resnet.training.augment import augment
from resnet.training.batches import batch_indices
from resnet.training.evaluate import Evaluator
from resnet.training.fused_norm import FusedBatchNormalization, with_fused_norms
from resnet.training.normalise import fit_normalisation
from resnet.training.optimiser import build_optimiser
from resnet.training.parts import Part
from resnet.training.step import Steps, compile_steps

pytestmark = pytest.mark.training

TINY = ResNetConfig(
    input_shape=(8, 8, 1),
    stages=(StageConfig(blocks=1, filters=4), StageConfig(blocks=1, filters=8, stride=2)),
    head_activation="none",
)


Weights = dict[str, Any]
"""Arrays by the path of their variable."""

RATE, DECAY = 0.05, 0.9
"""Of the tests of decoupled decay: so much that decaying another weight than the paper's is ten
times the tolerance."""


@cache
def digits() -> data.Dataset:
    return data.load("digits")


def part(images: int = 303) -> Part:
    pixels = digits().train_images
    return Part(
        pixels[:images], digits().train_labels[:images], fit_normalisation("per_pixel_mean", pixels)
    )


def recipe_with(**settings: Any) -> Recipe:
    """Plain SGD at 0.1 in batches of 32 without decay or augmentation, but for `settings`, where
    "__" is a dot."""
    plain = default_recipe("digits").model_dump(mode="json")
    plain |= {
        "schedule": {"kind": "constant", "learning_rate": 0.1},
        "warmup": None,
        "batch_size": 32,
    }
    plain |= {
        "weight_decay": {"value": 0.0},
        "augmentation": {"pad": 0},
        "optimiser": {"kind": "sgd", "momentum": 0.0},
    }
    return with_settings(
        Recipe.model_validate(plain),
        {key.replace("__", "."): value for key, value in settings.items()},
    )


@cache
def train(
    recipe: Recipe, calls: tuple[int, ...] = (1,), rate: float = 0.1, config: ResNetConfig = TINY
) -> Any:
    """(weights before, weights after, what happened at each step), from the same initial weights
    every time."""
    keras.utils.set_random_seed(3)
    model = with_fused_norms(build_keras_model(config))
    optimiser = build_optimiser(model, recipe)
    before = snapshot.capture(snapshot.weights(model))
    take_steps = compile_steps(model, optimiser, recipe, part().batch)
    step, happened = 0, []
    for count in calls:
        positions = batch_indices(recipe.seed, 303, recipe.batch_size, step, count)
        happened.append(take_steps(step, positions, np.full(count, rate, np.float32)))
        step += count
    columns = Steps(*map(np.concatenate, zip(*happened, strict=True)))
    return before, snapshot.capture(snapshot.weights(model)), columns


def trained(names: Any) -> list[str]:
    return [name for name in names if not name.endswith(("moving_mean", "moving_variance"))]


def test_l2_is_the_papers_half_lambda_sum_of_squares_and_its_gradient_lambda_w() -> None:
    """Keras's regularizers.l2(λ) would be twice as strong, and SGD(weight_decay=) another thing
    altogether."""
    before, without, free = train(recipe_with())
    _, decayed, held = train(recipe_with(weight_decay__value=0.05))
    squares = sum(float(np.sum(before[name].astype(np.float64) ** 2)) for name in trained(before))
    assert held.l2_penalty[0] == pytest.approx(0.05 / 2 * squares, rel=1e-6)
    assert free.l2_penalty[0] == 0
    assert held.data_loss[0] == pytest.approx(free.data_loss[0], abs=1e-6)
    for name in trained(before):
        assert np.allclose(decayed[name] - without[name], -0.1 * 0.05 * before[name], atol=2e-7), (
            name
        )


def test_data_loss_and_penalty_add_up_to_the_total_keras_would_report() -> None:
    """Keras counts penalties into `loss`; the sum of our two must be that number, to 1e-6."""
    keras.utils.set_random_seed(3)
    model = build_keras_model(TINY)
    weights, _, happened = train(recipe_with(weight_decay__value=0.02))
    snapshot.restore(snapshot.weights(model), weights)
    images, labels = part().batch(tf.constant(batch_indices(0, 303, 32, 0, 1)[0]))
    regularised = sum(
        keras.regularizers.l2(0.01)(variable) for variable in model.trainable_variables
    )
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
        labels, model(images, training=True)
    )
    total = float(crossentropy + regularised)
    assert happened.data_loss[0] + happened.l2_penalty[0] == pytest.approx(total, abs=1e-6)


def test_decay_of_kernels_spares_norms_and_biases() -> None:
    before, without, _ = train(recipe_with())
    _, decayed, _ = train(recipe_with(weight_decay__value=0.05, weight_decay__covers="kernels"))
    changed = {name for name in trained(before) if not np.array_equal(decayed[name], without[name])}
    assert changed == {name for name in before if name.endswith("/kernel")}


@pytest.mark.parametrize("covers", ["all", "kernels"])
def test_decoupled_decay_shrinks_weights_by_rate_times_value(covers: str) -> None:
    settings = {
        "weight_decay__value": 0.05,
        "weight_decay__semantics": "decoupled",
        "weight_decay__covers": covers,
    }
    before, without, _ = train(recipe_with())
    _, decayed, happened = train(recipe_with(**settings))
    assert happened.l2_penalty[0] == 0
    for name in trained(before):
        share = 0.1 * 0.05 if covers == "all" or name.endswith("/kernel") else 0
        assert np.allclose(decayed[name] - without[name], -share * before[name], atol=2e-7), name


def sgdw(
    weights: Weights, gradients: Weights, memory: Weights, step: int, settings: dict[str, Any]
) -> Weights:
    """Algorithm 1 of Loshchilov and Hutter 2019, with the rate in place of their ηα; Nesterov's
    step as Sutskever's."""
    momentum = settings["momentum"]
    new = {}
    for name, weight in weights.items():
        velocity = momentum * memory.get(name, 0.0) + RATE * gradients[name]  # line 8
        memory[name] = velocity
        taken = (
            momentum * velocity + RATE * gradients[name] if settings.get("nesterov") else velocity
        )
        new[name] = (
            weight - taken - RATE * DECAY * weight
        )  # line 9: the weight before the update is what decays
    return new


def adamw(
    weights: Weights, gradients: Weights, memory: Weights, step: int, settings: dict[str, Any]
) -> Weights:
    """Algorithm 2 of the same paper, likewise."""
    new = {}
    for name, weight in weights.items():
        first = 0.9 * memory.get(f"{name} m", 0.0) + 0.1 * gradients[name]  # line 7
        second = 0.999 * memory.get(f"{name} v", 0.0) + 0.001 * gradients[name] ** 2  # line 8
        memory |= {f"{name} m": first, f"{name} v": second}
        epsilon = 1e-7 / np.sqrt(
            1 - 0.999**step
        )  # Keras's is the ε̂ of Kingma and Ba, end of their section 2
        taken = (
            first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + epsilon)
        )  # lines 9 and 10
        new[name] = weight - RATE * (taken + DECAY * weight)  # line 12
    return new


@pytest.mark.parametrize(
    ("paper", "optimiser"),
    [
        (sgdw, {"kind": "sgd", "momentum": 0.9}),
        (sgdw, {"kind": "sgd", "momentum": 0.9, "nesterov": True}),
        (adamw, {"kind": "adamw"}),
    ],
)
def test_decoupled_decay_is_the_papers_step_by_step(paper: Any, optimiser: dict[str, Any]) -> None:
    """Three steps beside the paper's own algorithms in numpy, in double precision.

    Would catch a decay of the updated weight (off by rate × decay × update), one that enters
    momentum or the moments, and an optimiser that cannot be made at all.
    """
    settings = {"weight_decay": {"value": DECAY, "semantics": "decoupled"}, "optimiser": optimiser}
    recipe = Recipe.model_validate(recipe_with().model_dump(mode="json") | settings)
    before, after, _ = train(recipe, calls=(3,), rate=RATE)
    model = with_fused_norms(build_keras_model(TINY))
    snapshot.restore(snapshot.weights(model), before)
    weights = {
        variable.path: variable.numpy().astype(np.float64) for variable in model.trainable_variables
    }
    memory: Weights = {}
    for step in range(3):
        images, labels = part().batch(tf.constant(batch_indices(0, 303, 32, step, 1)[0]))
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels, model(images, training=True)
            )
            loss = tf.reduce_mean(losses)
        values = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        gradients = {
            name: value.numpy().astype(np.float64)
            for name, value in zip(weights, values, strict=True)
        }
        weights = paper(weights, gradients, memory, step + 1, optimiser)
        for variable in model.trainable_variables:
            variable.assign(weights[variable.path])
    assert weights.keys() == set(trained(after))
    for name, expected in weights.items():
        assert np.allclose(after[name], expected, atol=2e-5), name


def test_the_gradient_norm_is_that_of_the_step_taken() -> None:
    before, after, happened = train(recipe_with(weight_decay__value=0.05))
    moved = sum(float(np.sum((after[name] - before[name]) ** 2)) for name in trained(before)) ** 0.5
    assert happened.gradient_norm[0] == pytest.approx(moved / 0.1, rel=1e-4)


@pytest.mark.parametrize(
    ("optimiser", "expected"),
    [
        ({"kind": "sgd", "momentum": 0.9}, keras.optimizers.SGD(0.05, 0.9)),
        ({"kind": "sgd", "momentum": 0.9, "nesterov": True}, keras.optimizers.SGD(0.05, 0.9, True)),
        ({"kind": "adam"}, keras.optimizers.Adam(0.05)),
    ],
)
def test_the_learning_rate_is_applied_as_given(optimiser: dict[str, Any], expected: Any) -> None:
    """Three steps with a rate that changes, against Keras's own optimiser fed the same gradients
    one by one."""
    recipe = recipe_with().model_copy(
        update={
            "optimiser": (
                Recipe.model_validate(
                    recipe_with().model_dump() | {"optimiser": optimiser}
                ).optimiser
            )
        }
    )
    before, after, happened = train(recipe, calls=(3,), rate=0.05)
    assert happened.learning_rate.tolist() == pytest.approx([0.05] * 3)
    model = with_fused_norms(build_keras_model(TINY))
    snapshot.restore(snapshot.weights(model), before)
    for step in range(3):
        images, labels = part().batch(tf.constant(batch_indices(0, 303, 32, step, 1)[0]))
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels, model(images, training=True)
            )
            loss = tf.reduce_mean(losses)
        weights = model.trainable_variables
        expected.apply(tape.gradient(loss, [variable.value for variable in weights]), weights)
    again = snapshot.capture(snapshot.weights(model))
    assert all(np.allclose(after[name], again[name], atol=2e-4) for name in after)


def test_steps_may_be_cut_into_calls_anywhere() -> None:
    recipe = recipe_with(augmentation__pad=1, weight_decay__value=1e-3, optimiser__momentum=0.9)
    _, whole, one = train(recipe, calls=(6,))
    _, cut, many = train(recipe, calls=(1, 3, 2))
    assert all(np.allclose(whole[name], cut[name], atol=1e-6) for name in whole)
    assert all(np.allclose(*pair, atol=1e-6) for pair in zip(one, many, strict=True))


def crops(images: np.ndarray, pad: int, flips: bool) -> np.ndarray:
    """[choice, image, ...]: every image that may come out."""
    side = images.shape[1]
    padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    offsets = range(2 * pad + 1)
    plain = [padded[:, y : y + side, x : x + side] for y in offsets for x in offsets]
    return np.stack(plain + [image[:, :, ::-1] for image in plain] if flips else plain)


@pytest.mark.parametrize(("pad", "flip"), [(2, "horizontal"), (2, "none"), (0, "horizontal")])
def test_augmentation_takes_every_crop_and_mirrors_half(pad: int, flip: Any) -> None:
    """Compared with all the images that may come out; catches a crop never taken and a flip of the
    whole batch."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(600, 5, 5, 2)).astype(np.float32)
    augmented = augment(
        tf.constant(images), AugmentationConfig(pad=pad, flip=flip), 0, tf.constant(7)
    ).numpy()
    possible = crops(images, pad, flip == "horizontal")
    matches = (possible == augmented[np.newaxis]).all(axis=(2, 3, 4))
    assert (matches.sum(axis=0) == 1).all()
    taken = np.bincount(matches.argmax(axis=0), minlength=len(possible))
    assert taken.min() > 0
    if flip == "horizontal":
        mirrored = taken[len(possible) // 2 :].sum() / 600
        assert 0.4 < mirrored < 0.6


def test_augmentation_depends_on_seed_and_step_and_on_nothing_else() -> None:
    images = tf.random.stateless_normal([8, 6, 6, 1], seed=[0, 0])
    how = AugmentationConfig(pad=2, flip="horizontal")
    compiled = tf.function(lambda step: augment(images, how, 5, step))
    first = augment(images, how, 5, tf.constant(3)).numpy()
    tf.random.uniform([3])
    assert np.array_equal(first, compiled(tf.constant(3)).numpy())
    assert not np.array_equal(first, augment(images, how, 5, tf.constant(4)).numpy())
    assert not np.array_equal(first, augment(images, how, 6, tf.constant(3)).numpy())
    assert augment(images, AugmentationConfig(), 5, tf.constant(3)) is images


def test_fused_norms_are_kerass_own_to_the_last_digits_that_matter() -> None:
    """Values, gradients and moving averages; the kernel's own variance is unbiased, and its epsilon
    would be raised."""
    keras.utils.set_random_seed(1)
    model = build_keras_model(with_settings(TINY, {"norm.momentum": 0.7}))
    fused = with_fused_norms(model)
    assert [variable.path for variable in fused.variables] == [
        variable.path for variable in model.variables
    ]
    assert sum(isinstance(layer, FusedBatchNormalization) for layer in fused.layers) == 5
    fused.set_weights(model.get_weights())
    images, labels = part().batch(tf.range(16))
    results = []
    for network in (model, fused):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(
                    labels, network(images, training=True)
                )
            )
        gradients = tape.gradient(
            loss, [variable.value for variable in network.trainable_variables]
        )
        results.append([loss, *gradients, *network.get_weights()])
    for kerass, ours in zip(*results, strict=True):
        assert np.allclose(kerass, ours, rtol=1e-3, atol=1e-5)
    assert np.allclose(model(images), fused(images), atol=1e-5)


def test_moving_averages_keep_the_configs_momentum_of_the_old_value() -> None:
    """PyTorch's 0.1 is 0.9 here; 0.9 the other way round would forget everything at once."""
    config = with_settings(TINY, {"norm.momentum": 0.9})
    before, after, _ = train(recipe_with(), config=config, rate=0.0)
    images, _ = part().batch(tf.constant(batch_indices(0, 303, 32, 0, 1)[0]))
    kernel = before["stem.conv/kernel"]
    mean = tf.nn.conv2d(images, kernel, 1, "SAME").numpy().mean(axis=(0, 1, 2))
    assert np.allclose(after["stem.norm/moving_mean"], 0.9 * 0 + 0.1 * mean, atol=1e-6)


@pytest.mark.parametrize("kind", ["group", "layer", "none"])
def test_other_norms_train_too(kind: Any) -> None:
    config = TINY.model_copy(update={"norm": NormConfig(kind=kind, groups=2)})
    _, _, happened = train(recipe_with(), calls=(60,), rate=0.05, config=config)
    assert happened.data_loss[-10:].mean() < happened.data_loss[:10].mean() - 0.02


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_float32_weights_and_an_unscaled_gradient_norm(
    precision: str,
) -> None:
    _, _, exact = train(recipe_with())
    keras.config.set_dtype_policy(precision)
    try:
        _, weights, mixed = train(recipe_with(precision=precision), calls=(2,))
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(values.dtype == np.float32 for values in weights.values())
    assert mixed.data_loss[0] == pytest.approx(exact.data_loss[0], rel=0.03)
    assert mixed.gradient_norm[0] == pytest.approx(exact.gradient_norm[0], rel=0.15)


@pytest.mark.parametrize("images", [303, 250, 7])
def test_evaluation_counts_every_image_once_without_augmentation(images: int) -> None:
    """303 images are a batch of 250 and one of 53: catches a last batch dropped, or weighted like a
    whole one."""
    keras.utils.set_random_seed(3)
    model = with_fused_norms(build_keras_model(TINY))
    weights = model.get_weights()
    found = Evaluator(model)(part(), images, lambda: None)
    inputs, labels = part().batch(tf.range(images))
    logits = model(inputs, training=False).numpy().astype(np.float64)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert found.error == pytest.approx(100 * np.mean(logits.argmax(axis=1) != labels.numpy()))
    assert found.data_loss == pytest.approx(
        -np.log(chances[np.arange(images), labels]).mean(), rel=1e-4
    )
    assert all(np.array_equal(*pair) for pair in zip(weights, model.get_weights(), strict=True))


def test_one_logit_is_a_sigmoid() -> None:
    binary = with_settings(TINY, {"classes": 1})
    model = with_fused_norms(build_keras_model(binary))
    pixels, labels = digits().train_images[:40], digits().train_labels[:40] % 2
    yes_or_no = Part(pixels, labels, fit_normalisation("scale", pixels))
    found = Evaluator(model)(yes_or_no, 40, lambda: None)
    chance = 1 / (1 + np.exp(-model(yes_or_no.batch(tf.range(40))[0]).numpy()[:, 0]))
    right = np.where(labels == 1, chance, 1 - chance)
    assert found.error == pytest.approx(100 * np.mean(right < 0.5))
    assert found.data_loss == pytest.approx(-np.log(right).mean(), rel=1e-5)


@pytest.mark.parametrize("kind", ["per_pixel_mean", "standardise", "scale"])
def test_inputs_are_normalised_by_the_training_part(kind: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 4, 4, 3), np.uint8)
    pixels[..., 2] = 7  # a channel that never changes
    values = pixels / 255
    inputs, _ = Part(pixels, np.zeros(50, np.int32), fit_normalisation(kind, pixels)).batch(
        tf.range(50)
    )
    match kind:
        case "per_pixel_mean":
            expected = values - values.mean(axis=0)
        case "standardise":
            spread = values.std(axis=(0, 1, 2))
            expected = (values - values.mean(axis=(0, 1, 2))) / np.where(spread > 1e-9, spread, 1)
        case "scale":
            expected = values
    assert np.allclose(inputs, expected, atol=1e-5)
