"""The training loop: steps, records, evaluations and checkpoints, at the steps that the recipe
sets.

Everything follows from the spec, the step, the last checkpoint and the records already written. So
a resumed run gives the same result as one without a stop.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from resnet import history
from resnet.as_keras.model import build_keras_model
from resnet.data import Dataset, Streamed
from resnet.recipes.schedule import ErrorWarmup, rate_at
from resnet.recipes.split import Split
from resnet.runs import checkpoint, clock
from resnet.runs.checkpoint import Arrays, Checkpoint
from resnet.runs.directory import CHECKPOINTS, ENVIRONMENT, MODEL, RunDirectory
from resnet.runs.spec import RunSpec
from resnet.training import snapshot
from resnet.training.batches import batch_indices
from resnet.training.beginning import beginning
from resnet.training.ending import final_test, write_model
from resnet.training.evaluate import Evaluator
from resnet.training.failure import NoProgressError, NotANumberError
from resnet.training.fused_norm import with_fused_norms
from resnet.training.heartbeat import Heart
from resnet.training.means import Running, Speed
from resnet.training.optimiser import build_optimiser
from resnet.training.parts import load_parts
from resnet.training.replicas import strategy_for
from resnet.training.step import Steps, compile_steps
from resnet.training.stop import StopAsked

CALL_S = 0.5
"""The approximate longest time of a compiled call. Requests to stop are checked between calls."""

CLEAN_IMAGES = 2000
"""The number of training images for the training error without augmentation: always the same
images, or all where there are fewer."""

log = logging.getLogger("resnet.training")


class Trainer:
    """One run in memory: create it, then call `run`."""

    def __init__(
        self, spec: RunSpec, directory: RunDirectory, heart: Heart, stop_asked: Callable[[], bool]
    ) -> None:
        self.spec, self.recipe = spec, spec.recipe
        self.directory, self.heart, self.stop_asked = directory, heart, stop_asked
        # The model gives logits: the loss applies softmax or sigmoid itself, which is more exact.
        logits = spec.config.model_copy(update={"head_activation": "none"})
        self.strategy = strategy_for(spec.device)
        with self.strategy.scope():
            # Variables made in the strategy's scope exist once on each device.
            self.model = with_fused_norms(
                build_keras_model(logits, self.recipe.seed), self.recipe.batch_norm_statistics
            )
            self.optimiser = build_optimiser(self.model, self.recipe)
        self.step = 0
        self.saved_step = 0
        self.warm = not isinstance(self.recipe.warmup, ErrorWarmup)
        self.best_error, self.best_step = float("inf"), 0
        self.best: Arrays | None = None
        self.evaluations_since_best = 0
        self.warned: set[str] = set()
        self.running, self.speed = Running(), Speed()
        self.written: dict[str, int] = {}

    def run(self, dataset: Dataset | Streamed, split: Split) -> Literal["finished", "stopped"]:
        """Train from the last checkpoint, or from the start, to the last step or until the run is
        asked to stop."""
        self.parts = load_parts(dataset, split, self.recipe)
        resumed_from = self._resume()
        if resumed_from is None:
            self._write_beginning()
        self._write_start(split, resumed_from)
        self.heart.enter("compiling")
        log.info("compiling the training step")
        self.take_steps = compile_steps(
            self.model,
            self.optimiser,
            self.recipe,
            self.parts.train.draw_from(self.step),
            self.strategy,
        )
        self.evaluate = Evaluator(self.model)
        self.heart.enter("stepping")
        log.info("stepping from step %d to %d", self.step, self.recipe.steps)
        try:
            self._record()  # what a stop left unwritten at the checkpoint's step
            while self.step < self.recipe.steps:
                self._go_on_unless_stopped()
                self._advance()
                self._record()
            self._finish()
        except StopAsked:
            log.info("stopping at step %d, as asked", self.step)
            self._save()
            return "stopped"
        return "finished"

    def _go_on_unless_stopped(self) -> None:
        if self.stop_asked():
            raise StopAsked

    # Steps

    def _advance(self) -> None:
        """Take the steps up to the next record, evaluation or checkpoint, or fewer where they are
        slow."""
        recipe, count = self.recipe, self._steps_to_take()
        steps = range(self.step, self.step + count)
        rates = [rate_at(recipe.schedule, recipe.warmup, step, warm=self.warm) for step in steps]
        positions = batch_indices(
            recipe.seed, self.parts.train.size, recipe.batch_size, self.step, count
        )
        before_s = time.perf_counter()
        happened = self.take_steps(self.step, positions, np.array(rates, np.float32))
        self.speed.add(count, time.perf_counter() - before_s)
        if recipe.sentinels.not_a_number == "stop":
            _check_finite(happened, self.step)
        self.running.add(happened)
        self.step += count
        self.heart.step = self.step

    def _steps_to_take(self) -> int:
        recipe = self.recipe
        intervals = (recipe.log_every, recipe.evaluate_every, recipe.checkpoint_every)
        # Steps until the nearest multiple of an interval, or until the end.
        due = min([every - self.step % every for every in intervals] + [recipe.steps - self.step])
        quick = (
            int(CALL_S / self.speed.step_s) if self.speed.step_s else 1
        )  # 1 until the speed is known
        return max(1, min(due, quick))

    # Records

    def _record(self) -> None:
        """Write what is due at this step. The order matters: a checkpoint includes the effects of
        its step's log record and evaluation."""
        if self._due(history.Train, self.recipe.log_every):
            self._log()
        if self._due(history.Evaluation, self.recipe.evaluate_every):
            self._evaluate()
        if self.step % self.recipe.checkpoint_every == 0 or self.step == self.recipe.steps:
            self._save()

    def _due(self, kind: type[history.Record], every: int) -> bool:
        """True at each interval and at the last step, unless the record was written before a
        stop."""
        is_time = self.step % every == 0 or self.step == self.recipe.steps
        return is_time and self.step > self.written.get(kind.kind, 0)

    def _log(self) -> None:
        running, self.running = self.running, Running()
        images_per_s = self.speed.take(self.recipe.batch_size)
        record = running.record(
            self.recipe.batch_size, images_per_s and round(images_per_s, 1), self._place()
        )
        self._write(record)
        bad = not math.isfinite(running.data_loss + running.l2_penalty)
        if bad and "not_a_number" not in self.warned:  # it never recovers, so warn once
            self._warn("not_a_number", NotANumberError(self.step))
        # Once warm, the run stays warm, also where the error rises again.
        if isinstance(self.recipe.warmup, ErrorWarmup) and not self.warm:
            self.warm = running.error(self.recipe.batch_size) < self.recipe.warmup.error

    def _evaluate(self) -> None:
        train, validation = self.parts.train, self.parts.validation
        clean_images = min(CLEAN_IMAGES, train.size)
        with self.heart.during("evaluating"):
            held_out = self.evaluate(validation, validation.size, self._go_on_unless_stopped)
            clean = self.evaluate(train, clean_images, self._go_on_unless_stopped)
        if self._count(held_out.error, self.step) and self.recipe.test_weights == "best_validation":
            self.best = snapshot.capture(snapshot.weights(self.model))
        record = history.Evaluation(
            **self._place(),
            validation_error=held_out.error,
            validation_data_loss=held_out.data_loss,
            best_validation_error=self.best_error,
            train_error_clean=clean.error,
            train_data_loss_clean=clean.data_loss,
            train_images_evaluated=clean_images,
        )
        self._write(record)
        log.info(
            "step %d: validation error %.2f %%, training error %.2f %%",
            self.step,
            held_out.error,
            clean.error,
        )
        self._check_progress()

    def _count(self, validation_error: float, step: int) -> bool:
        """Whether an evaluation is the best so far."""
        self.evaluations_since_best += 1
        if validation_error >= self.best_error:
            return False
        self.best_error, self.best_step, self.evaluations_since_best = validation_error, step, 0
        return True

    def _check_progress(self) -> None:
        """React once, at the evaluation that uses up the patience."""
        if self.evaluations_since_best != self.recipe.sentinels.patience:
            return
        error = NoProgressError(self.evaluations_since_best, self.best_error)
        if self.recipe.sentinels.no_progress == "stop":
            self._save()
            raise error
        self._warn("no_progress", error)

    def _warn(self, warning: str, error: Exception) -> None:
        """Continue, with a warning in the log and in the records."""
        self.warned.add(warning)
        log.warning("%s", error)
        self._write(history.Warned(**self._place(), warning=warning, message=str(error)))

    def _finish(self) -> None:
        """Test the chosen weights once, and save the model."""
        # Never test twice: a resumed run that has its test record is finished.
        if history.Test.kind in self.written:
            return
        weights = snapshot.weights(self.model)
        last = snapshot.capture(weights)
        chosen, step = (last, self.step) if self.best is None else (self.best, self.best_step)
        snapshot.restore(weights, chosen)
        try:
            with self.heart.during("evaluating"):
                errors = final_test(
                    self.model,
                    self.evaluate,
                    self.parts,
                    self.recipe.batch_size,
                    self._go_on_unless_stopped,
                )
                write_model(self.spec.config, chosen, self.directory.file(MODEL))
        finally:
            snapshot.restore(weights, last)
        self._write(history.Test(**self._place(), tested_step=step, **errors))
        log.info("test error %.2f %%, with the weights of step %d", errors["test_error"], step)

    def _write(self, record: history.Record) -> None:
        self.directory.append_metric(record.as_line())
        self.written[record.kind] = self.step

    def _place(self) -> dict[str, Any]:
        """The fields of a record for its place in the training and its time."""
        epoch = round(self.step * self.recipe.batch_size / self.parts.train.size, 4)
        return {"time_s": clock.now_s(), "step": self.step, "epoch": epoch}

    def _write_beginning(self) -> None:
        """Record the initial weights and the first batch. Not called for restored weights, which
        began in another process or in a parent run."""
        known = self.directory.read_json(ENVIRONMENT) or {}
        self.directory.write_json(
            ENVIRONMENT, known | beginning(self.model, self.parts, self.recipe)
        )

    def _write_start(self, split: Split, resumed_from: int | None) -> None:
        devices, images_per_statistic = self.strategy.num_replicas_in_sync, None
        if self.spec.config.norm.kind == "batch":
            # Each device uses its share of the batch, unless statistics are synchronised.
            shares = devices if self.recipe.batch_norm_statistics == "per_device" else 1
            images_per_statistic = self.recipe.batch_size // shares
        start = history.Start(
            time_s=clock.now_s(),
            steps=self.recipe.steps,
            batch_size=self.recipe.batch_size,
            train_images=self.parts.train.size,
            validation_images=self.parts.validation.size,
            test_images=self.parts.test.size,
            device=self.spec.device,
            split_hash=split.hash,
            resumed_from=resumed_from,
            devices=devices,
            images_per_statistic=images_per_statistic,
        )
        self.directory.append_metric(start.as_line())

    # Checkpoints

    def _save(self) -> None:
        if self.step == self.saved_step:
            return
        state = {
            "config": self.spec.config.fingerprint,
            "warm": self.warm,
            "running": self.running.as_json(),
        }
        with self.heart.during("checkpointing"):
            self.directory.sync_metrics()  # a checkpoint must never be newer than its records
            weights = snapshot.capture(snapshot.weights(self.model))
            if not all(np.isfinite(values).all() for values in weights.values()):
                if self.recipe.sentinels.not_a_number == "go_on":
                    return  # the last good checkpoint stays
                # The loss of this step was finite, but its update was not.
                raise NotANumberError(self.step)
            slots = snapshot.capture(snapshot.slots(self.optimiser))
            checkpoint.save(
                self.directory.file(CHECKPOINTS),
                Checkpoint(self.step, weights, slots, state, self.best),
            )
        self.saved_step = self.step

    def _resume(self) -> int | None:
        """Return to the last complete checkpoint and delete the records after it. Returns its step,
        or None where there is none."""
        last = checkpoint.load_last(self.directory.file(CHECKPOINTS), log.warning)
        self.directory.truncate_metrics(last.step if last else -1)
        if last is None:
            return None
        checkpoint.check_network(last, self.spec.config)
        snapshot.restore(snapshot.weights(self.model), last.weights)
        if last.optimiser:  # a fork with another optimiser starts without slots
            snapshot.restore(snapshot.slots(self.optimiser), last.optimiser)
        self.step = self.saved_step = self.heart.step = last.step
        self.warm = last.state.get("warm", self.warm)
        self.running = Running(**last.state.get("running", {}))
        # A fork has no records yet: it must not log steps that its parent took.
        self.written[history.Train.kind] = last.step
        self._read_back(last.best)
        return last.step

    def _read_back(self, best: Arrays | None) -> None:
        """Restore the state that the records up to the checkpoint contain. A fork has no records,
        so it does not take its parent's best weights."""
        lines, _ = self.directory.read_metrics()
        for record in map(history.of, lines):
            match record:
                case history.Warned(warning=str(warning)):
                    self.warned.add(warning)
                case history.Evaluation(step=int(step)):
                    # An error that was not a number is written as null. It was not the best.
                    error = record.validation_error
                    self._count(math.inf if error is None else error, step)
            if isinstance(record, history.OF_A_STEP) and record.step is not None:
                self.written[record.kind] = record.step
        self.best = best if self.best_step else None


def _check_finite(happened: Steps, first_step: int) -> None:
    bad = ~np.isfinite(happened.data_loss + happened.l2_penalty)
    if bad.any():
        raise NotANumberError(first_step + int(np.argmax(bad)) + 1)
