"""Responses and gradients beside a model built by hand, finite differences, and a run's folder that
lies."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from resnet import build_keras_model, data, with_settings
from resnet.as_keras.model import kernel_hashes
from resnet.errors import RunError
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from resnet.recipes import recipes
from resnet.recipes.recipe import AdamConfig, with_steps
from resnet.recipes.schedule import rate_at
from resnet.runs import checkpoint
from resnet.runs.checkpoint import Checkpoint
from resnet.runs.directory import CHECKPOINTS, ENVIRONMENT, SPEC, RunDirectory
from resnet.runs.spec import RunSpec
from resnet.shipped.signals import read_signals
from resnet.training import snapshot
from resnet.training.loss import data_losses
from resnet.training.signals import (
    Batch,
    main,
    measure_run,
    measure_signals,
    responding,
    scale_by_decay,
)

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras's own
]

EPSILON = 1e-5


def small(**settings: object) -> ResNetConfig:
    config = data.fit_config(catalog.get("resnet8").config, data.facts("digits"))
    return with_settings(config, {"head_activation": "none", **settings})


def some_images(count: int = 24) -> Batch:
    images = np.random.default_rng(0).normal(size=(count, 8, 8, 1)).astype(np.float32)
    return Batch(tf.constant(images), tf.constant(np.arange(count, dtype=np.int32) % 10))


def shaken(model: keras.Model) -> keras.Model:
    """Norms that no longer scale by 1 and shift by 0, so that a response is told from a normalised
    map."""
    chance = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(chance.uniform(0.2, 2, layer.gamma.shape))
            layer.beta.assign(chance.normal(size=layer.beta.shape))
    return model


def test_a_response_is_what_the_norm_gives_before_relu_and_addition() -> None:
    """Catches a response taken behind the ReLU, behind the addition, or normalised with the moving
    averages."""
    config, batch = small(), some_images()
    model = shaken(build_keras_model(config, 0))
    found = {
        layer.id: layer.response for layer in measure_signals(model, build_graph(config), batch)
    }
    for conv, norm in (
        ("stage1.block1.conv2", "stage1.block1.norm2"),
        ("stage3.block1.conv1", "stage3.block1.norm1"),
    ):
        maps = keras.Model(model.inputs, model.get_layer(conv).output)(
            batch.images, training=True
        ).numpy()
        layer = model.get_layer(norm)
        mean, variance = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
        wanted = (
            layer.gamma.numpy() * (maps - mean) / np.sqrt(variance + EPSILON) + layer.beta.numpy()
        )
        assert found[conv] == pytest.approx(wanted.std(), rel=1e-4)


def test_a_gradient_is_the_slope_of_the_data_loss() -> None:
    """Catches a sum over the batch in place of the mean, a penalty in the loss, and another layer's
    gradient: a step along the gradient changes the loss by its squared length."""
    config, batch, reach = small(), some_images(), 1e-2
    model = shaken(build_keras_model(config, 0))
    found = {
        layer.id: layer.gradient for layer in measure_signals(model, build_graph(config), batch)
    }
    kernel = model.get_layer("stage2.block1.conv1").kernel
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(data_losses(model(batch.images, training=True), batch.labels))
    direction = tape.gradient(loss, kernel.value).numpy()
    direction /= np.linalg.norm(direction)
    before, losses = kernel.numpy(), []
    for side in (1, -1):
        kernel.assign(before + side * reach * direction)
        losses.append(
            float(tf.reduce_mean(data_losses(model(batch.images, training=True), batch.labels)))
        )
    slope = (losses[0] - losses[1]) / (2 * reach)
    assert found["stage2.block1.conv1"] == pytest.approx(slope, rel=2e-2)


@pytest.mark.parametrize(
    ("settings", "layers"),
    [
        ({}, {"stem.conv": "stem.norm", "stage2.block1.conv2": "stage2.block1.norm2"}),
        ({"shortcut": "projection_always"}, {"stage1.block1.conv1": "stage1.block1.norm1"}),
        ({"norm.kind": "none"}, {"stage1.block1.conv1": "stage1.block1.conv1"}),
        ({"activation_order": "pre"}, {"stage1.block1.conv2": "stage1.block1.conv2"}),
    ],
)
def test_each_convolution_but_projections_responds(
    settings: dict[str, Any], layers: dict[str, str]
) -> None:
    """Catches a projection counted as a layer, and a network without norms that has no
    responses."""
    graph = build_graph(small(**settings))
    pairs = {conv.id: response.id for conv, response in responding(graph)}
    assert len(pairs) == 7
    assert layers.items() <= pairs.items()


def finished_run(folder: Path, *, seed: int = 3, weights_of: int = 3, short_of: int = 0) -> Path:
    """A run's folder as a worker leaves it, as if no step had changed a thing: its last weights are
    its first."""
    folder.mkdir()
    entry = recipes.default_for("digits")
    recipe = entry.recipe.model_copy(update={"seed": seed})
    directory = RunDirectory(folder)
    directory.write(
        SPEC,
        RunSpec(
            network="resnet8",
            config=small(head_activation="softmax"),
            recipe=recipe,
            dataset="digits",
        ),
    )
    start = build_keras_model(small(), weights_of)
    directory.write_json(ENVIRONMENT, {"initial_weights": kernel_hashes(start)})
    weights = snapshot.capture(snapshot.weights(build_keras_model(small(), seed)))
    checkpoint.save(
        directory.file(CHECKPOINTS), Checkpoint(recipe.steps - short_of, weights, {}, {})
    )
    directory.append_metric({"kind": "evaluation", "step": recipe.steps, "validation_error": 90.0})
    directory.close()
    return folder


def test_a_run_becomes_a_file_that_is_read_again(tmp_path: Path) -> None:
    """Catches a start or an end taken from the wrong weights: what no step has changed ends as it
    began."""
    run, output = finished_run(tmp_path / "run"), tmp_path / "signals.json"
    assert main([str(run), "-o", str(output)]) == 0
    [network] = read_signals(output).networks
    assert network.start == network.end
    assert [layer.block for layer in network.start] == ["stem"] + [
        f"stage{n // 2 + 1}.block1" for n in range(6)
    ]
    assert (network.depth, network.seed, network.images, network.validation_error) == (
        8,
        3,
        300,
        90.0,
    )
    assert "resnet8" in network.command


def test_a_run_that_began_otherwise_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches gradients "before training" of weights that no training began with."""
    run = finished_run(tmp_path / "run", seed=3, weights_of=4)
    with pytest.raises(RunError, match="other weights than its seed gives"):
        measure_run(run)
    assert main([str(run), "-o", str(tmp_path / "signals.json")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "signals.json").exists()


def test_a_run_that_is_not_finished_is_refused(tmp_path: Path) -> None:
    """Catches a traceback for a folder that is empty, and networks compared after unequal numbers
    of steps."""
    for run in (tmp_path, finished_run(tmp_path / "run", short_of=1)):
        with pytest.raises(RunError, match="with its last checkpoint is needed"):
            measure_run(run)


def test_weight_decay_alone_is_what_keras_makes_of_it() -> None:
    """Catches the momentum or the warm-up left out, and twice the penalty's slope."""
    recipe = with_steps(recipes.default_for("digits").recipe, 40)
    scale = keras.Variable(1.0)
    optimiser = keras.optimizers.SGD(momentum=recipe.optimiser.momentum)
    for step in range(recipe.steps):
        optimiser.learning_rate = rate_at(recipe.schedule, recipe.warmup, step, warm=True)
        with tf.GradientTape() as tape:
            penalty = recipe.weight_decay.value * tf.nn.l2_loss(scale.value)
        optimiser.apply([tape.gradient(penalty, scale.value)], [scale])
    found = scale_by_decay(recipe)
    assert found is not None
    assert found < 0.9999
    assert 1 - found == pytest.approx(1 - float(scale.numpy()), rel=1e-3)


def test_a_decay_nobody_can_foretell_is_left_open() -> None:
    """Catches SGD's arithmetic said of Adam, or of a decay that spares the norms."""
    recipe = recipes.default_for("digits").recipe
    spared = recipe.weight_decay.model_copy(update={"covers": "conv_kernels"})
    assert scale_by_decay(recipe.model_copy(update={"weight_decay": spared})) is None
    assert scale_by_decay(recipe.model_copy(update={"optimiser": AdamConfig()})) is None
