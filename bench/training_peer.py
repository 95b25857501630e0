"""Three ways to train ResNet-20, batch 128, with pad, crop and flip, on the same images. Reads
names, prints numbers.

"ours" is the training loop's own step with its data and sums; "bare" the same compiled update on
one prepared batch, again and again, with no data and no sums; "fit" is `model.fit` on a tf.data
pipeline that does the same augmentation in parallel, prefetched, timed between its first and its
last batch and without weight decay, which favours it. These print images a second. "evaluation",
"checkpoint", "record" and "beat" print seconds, "memory" the peak in bytes.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from resnet import build_keras_model, data, with_settings
from resnet.data.dataset import Arrays, Dataset
from resnet.network import catalog
from resnet.recipes.recipes import default_recipe
from resnet.recipes.split import draw_split
from resnet.runs import checkpoint
from resnet.runs.checkpoint import Checkpoint
from resnet.runs.directory import RunDirectory
from resnet.training import snapshot
from resnet.training.batches import batch_indices
from resnet.training.evaluate import Evaluator
from resnet.training.fused_norm import with_fused_norms
from resnet.training.means import Running
from resnet.training.normalise import fit_normalisation
from resnet.training.optimiser import build_optimiser
from resnet.training.parts import load_parts
from resnet.training.step import compile_steps, update
from resnet.training.trainer import CALL_S, CLEAN_IMAGES

STEPS, TOLD = 6, 200
RECORD = {"kind": "train", "step": 64_000, "time_s": 1e9} | dict.fromkeys("abcdef", 0.123456789)
RECIPE = default_recipe("cifar10")
LOGITS = with_settings(catalog.get("resnet20").config, {"head_activation": "none"})


class Bench:
    """The contestants, each with a network of its own, on random images in CIFAR-10's shape and
    number."""

    def __init__(self) -> None:
        keras.utils.set_random_seed(0)
        tf.config.experimental.enable_op_determinism()
        facts = data.facts("cifar10")
        rng = np.random.default_rng(0)
        train, test = (
            rng.integers(0, 256, (count, *facts.image_shape), np.uint8)
            for count in (facts.train_images, facts.test_images)
        )
        labels = [
            np.arange(len(images), dtype=np.int32) % facts.classes for images in (train, test)
        ]
        self.dataset = Dataset(facts, Arrays(train, labels[0], test, labels[1]))
        self.split = draw_split(self.dataset, RECIPE.validation_images, RECIPE.seed)
        self.parts = load_parts(self.dataset, self.split, RECIPE)
        self.prepare = {
            "ours": self.prepare_ours,
            "bare": self.prepare_bare,
            "fit": self.prepare_fit,
        }
        self.contestants: dict[str, Callable[[], float]] = {
            "evaluation": self.evaluation_s,
            "checkpoint": self.checkpoint_s,
            "record": lambda: told_s(lambda directory: directory.append_metric(RECORD)),
            "beat": lambda: told_s(lambda directory: directory.beat(1, "stepping")),
            "memory": lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }

    def answer(self, name: str) -> float:
        """A contestant is prepared when it is first asked for, so that "memory" after "ours" alone
        is ours alone."""
        if name not in self.contestants:
            self.contestants[name] = self.prepare[name]()
        return self.contestants[name]()

    def prepare_ours(self) -> Callable[[], float]:
        self.model = with_fused_norms(build_keras_model(LOGITS))
        self.optimiser = build_optimiser(self.model, RECIPE)
        take_steps = compile_steps(
            self.model, self.optimiser, RECIPE, self.parts.train.draw_from(0)
        )
        running = Running()

        def steps(first: int, count: int) -> float:
            begin = time.perf_counter()
            positions = batch_indices(0, self.parts.train.size, RECIPE.batch_size, first, count)
            running.add(take_steps(first, positions, np.full(count, 0.01, np.float32)))
            return time.perf_counter() - begin

        steps(0, 1)
        count = max(1, min(STEPS, int(CALL_S / steps(1, 1))))
        calls = range(0, STEPS, count)
        return lambda: (
            RECIPE.batch_size * count * len(calls) / sum(steps(first, count) for first in calls)
        )

    def prepare_bare(self) -> Callable[[], float]:
        model = with_fused_norms(build_keras_model(LOGITS))
        optimiser = build_optimiser(model, RECIPE)
        images, labels = self.parts.train.batch(tf.range(RECIPE.batch_size))
        step = tf.function(lambda: update(model, optimiser, RECIPE, images, labels))
        step()

        def images_per_s() -> float:
            begin = time.perf_counter()
            for _ in range(STEPS):
                step().numpy()
            return RECIPE.batch_size * STEPS / (time.perf_counter() - begin)

        return images_per_s

    def prepare_fit(self) -> Callable[[], float]:
        model = build_keras_model(LOGITS)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(
            keras.optimizers.SGD(0.01, 0.9), loss, metrics=["sparse_categorical_accuracy"]
        )
        batches = pipeline(
            self.dataset.train_images[self.split.train], self.dataset.train_labels[self.split.train]
        )

        def images_per_s() -> float:
            clock = Clock()
            model.fit(batches, steps_per_epoch=STEPS + 1, verbose=0, callbacks=[clock])
            return RECIPE.batch_size * STEPS / (clock.last_s - clock.first_s)

        images_per_s()
        return images_per_s

    def evaluation_s(self) -> float:
        """Validation part and clean training error, as at every evaluation."""
        evaluate = Evaluator(self.model)
        evaluate(self.parts.validation, 500, lambda: None)
        begin = time.perf_counter()
        for part, images in (
            (self.parts.validation, self.parts.validation.size),
            (self.parts.train, CLEAN_IMAGES),
        ):
            evaluate(part, images, lambda: None)
        return time.perf_counter() - begin

    def checkpoint_s(self) -> float:
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            weights = snapshot.capture(snapshot.weights(self.model))
            slots = snapshot.capture(snapshot.slots(self.optimiser))
            checkpoint.save(Path(folder), Checkpoint(1, weights, slots, {}))
            return time.perf_counter() - begin


def told_s(tell: Callable[[RunDirectory], None]) -> float:
    """Seconds for one record or one sign of life, the mean of many."""
    with tempfile.TemporaryDirectory() as folder:
        directory = RunDirectory(folder)
        begin = time.perf_counter()
        for _ in range(TOLD):
            tell(directory)
        return (time.perf_counter() - begin) / TOLD


class Clock(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """When the first and the last batch ended."""

    def __init__(self) -> None:
        super().__init__()
        self.first_s = self.last_s = 0.0

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.last_s = time.perf_counter()
        self.first_s = self.first_s if batch else self.last_s


def pipeline(images: np.ndarray, labels: np.ndarray) -> tf.data.Dataset:
    """Shuffled, batched, then augmented by whole batches on as many threads as tf.data likes."""
    normalisation = fit_normalisation("per_pixel_mean", images)
    pad, side = RECIPE.augmentation.pad, images.shape[1]

    def augmented(pixels: tf.Tensor, answers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        floats = tf.cast(pixels, tf.float32) * normalisation.scale - normalisation.shift
        padded = tf.pad(floats, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
        boxes = tf.random.uniform([RECIPE.batch_size, 2], 0, 2 * pad + 1, tf.int32)
        rows = boxes[:, :1] + tf.range(side)
        columns = boxes[:, 1:] + tf.range(side)
        cropped = tf.gather(
            tf.gather(padded, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1
        )
        mirrored = tf.random.uniform([RECIPE.batch_size, 1, 1, 1]) < 0.5
        return tf.where(mirrored, cropped[:, :, ::-1], cropped), answers

    batches = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(10_000).repeat()
    batches = batches.batch(RECIPE.batch_size, drop_remainder=True)
    return batches.map(
        augmented, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False
    ).prefetch(tf.data.AUTOTUNE)


def main() -> None:
    bench = Bench()
    for line in sys.stdin:
        print(bench.answer(line.strip()), flush=True)


if __name__ == "__main__":
    main()
