"""Trains each case that it is given for two steps: `every_setting_process.py HOW FOLDER`, specs as
JSON lines on stdin.

HOW is "whole", the real trainer from start to end, or "eager", two updates that are not compiled. A
process of its own, since a recipe's precision and determinism hold for the whole of TensorFlow.
Prints a JSON line for each case: {"error": null, or what went wrong, "moved": whether a weight
changed}.
"""

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from resnet import data
from resnet.as_keras.model import build_keras_model
from resnet.recipes.schedule import rate_at
from resnet.recipes.split import draw_split
from resnet.runs import checkpoint
from resnet.runs.directory import RunDirectory
from resnet.runs.spec import RunSpec
from resnet.training import snapshot
from resnet.training.augment import augment
from resnet.training.batches import batch_indices
from resnet.training.device import claim
from resnet.training.fused_norm import with_fused_norms
from resnet.training.heartbeat import Heart
from resnet.training.optimiser import build_optimiser
from resnet.training.parts import load_parts
from resnet.training.step import Steps, update
from resnet.training.trainer import Trainer

IMAGES = 60
"""As many for training and validation together: enough for ten classes in both."""


def few_digits() -> data.Dataset:
    """The digits, the first of each class only, so that an evaluation takes no time."""
    whole = data.load("digits")
    arrays = whole.arrays._replace(
        train_images=whole.train_images[:IMAGES],
        train_labels=whole.train_labels[:IMAGES],
        test_images=whole.test_images[:IMAGES],
        test_labels=whole.test_labels[:IMAGES],
    )
    return data.Dataset(whole.facts, arrays)


def whole(spec: RunSpec, folder: Path) -> bool:
    """One run through the real trainer: steps, evaluation, checkpoint, last test and saved
    model."""
    folder.mkdir()
    directory = RunDirectory(folder)
    dataset = few_digits()
    split = draw_split(dataset, spec.recipe.validation_images, spec.recipe.seed)
    trainer = Trainer(spec, directory, Heart(directory), lambda: False)
    before = snapshot.capture(snapshot.weights(trainer.model))
    outcome = trainer.run(dataset, split)
    directory.close()
    kinds = [
        json.loads(line)["kind"] for line in (folder / "metrics.jsonl").read_text().splitlines()
    ]
    assert outcome == "finished", outcome
    assert kinds.count("train") == spec.recipe.steps, kinds
    assert kinds.count("test") == 1, kinds
    assert (folder / "model.keras").is_file()
    return moved(before, trainer.model)


def eager(spec: RunSpec, _: Path) -> bool:
    """The updates of one run, operation by operation; the trainer's own parts, put together as it
    does."""
    recipe = spec.recipe
    logits = spec.config.model_copy(update={"head_activation": "none"})
    model = with_fused_norms(build_keras_model(logits, recipe.seed), recipe.batch_norm_statistics)
    optimiser = build_optimiser(model, recipe)
    before = snapshot.capture(snapshot.weights(model))
    dataset = few_digits()
    part = load_parts(
        dataset, draw_split(dataset, recipe.validation_images, recipe.seed), recipe
    ).train
    for step in range(recipe.steps):
        (positions,) = batch_indices(recipe.seed, part.size, recipe.batch_size, step, 1)
        images, labels = part.batch(tf.constant(positions))
        images = augment(images, recipe.augmentation, recipe.seed, tf.constant(step))
        optimiser.learning_rate = rate_at(recipe.schedule, recipe.warmup, step, warm=False)
        happened = Steps(*update(model, optimiser, recipe, images, labels).numpy())
        assert np.isfinite(happened.data_loss), (
            happened
        )  # a gradient may overflow in float16: that step is passed over
    assert np.isfinite(model(images, training=False)).all()
    return moved(before, model)


def moved(before: checkpoint.Arrays, model: keras.Model) -> bool:
    after = snapshot.capture(snapshot.weights(model))
    return any(not np.array_equal(before[name], after[name]) for name in before)


def main() -> None:
    train = {"whole": whole, "eager": eager}[sys.argv[1]]
    root = Path(sys.argv[2])
    for number, line in enumerate(sys.stdin):
        spec = RunSpec.model_validate_json(line)
        said: dict[str, Any] = {"error": None, "moved": False}
        try:
            claim(spec.device, spec.recipe)
            said["moved"] = train(spec, root / str(number))
        except Exception as error:  # whatever a setting breaks is what the test is about
            said["error"] = "".join(traceback.format_exception(error))[-2000:]
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
