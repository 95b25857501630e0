"""How a network is trained, as data: frozen, validated, closed, JSON in and out. No TensorFlow
here."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from resnet.data import DatasetFacts
from resnet.errors import ConfigError, echo
from resnet.network.settings import Closed
from resnet.recipes.role import Role
from resnet.recipes.schedule import (
    CosineSchedule,
    Schedule,
    StepCount,
    StepsSchedule,
    StepsWarmup,
    Warmup,
)
from resnet.recipes.split import check_shares, class_shares

InputNormalisation = Literal["per_pixel_mean", "standardise", "scale"]
Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]
DecaySemantics = Literal["l2", "decoupled"]  # in the loss; or applied to the weights
BatchNormStatistics = Literal["per_device", "synchronised"]  # over a device's share; or the batch
Reaction = Literal["stop", "go_on"]
DecayCovers = Literal["conv_kernels", "kernels", "all"]


class SgdConfig(Closed):
    """Stochastic gradient descent: velocity = momentum × velocity − rate × gradient, as Keras and
    the paper have it."""

    path = "optimiser"
    kind: Literal["sgd"] = "sgd"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False

    def check(self) -> None:
        if self.nesterov and self.momentum == 0:
            raise ConfigError("Nesterov's method needs a momentum; set optimiser.momentum above 0.")


class AdamConfig(Closed):
    """Adam (Kingma and Ba 2015); kind "adamw" is the same with decoupled weight decay (Loshchilov
    and Hutter 2019).

    `epsilon` is Keras's: the ε̂ at the end of Kingma and Ba's section 2, added to √v before the
    bias is corrected. In their algorithm 1, and in PyTorch, it stands for epsilon / √(1 − beta_2^t)
    at update t.
    """

    path = "optimiser"
    kind: Literal["adam", "adamw"] = "adam"
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-7, gt=0, le=1)


Optimiser = Annotated[SgdConfig | AdamConfig, Field(discriminator="kind")]
OPTIMISER_NAMES = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}


class WeightDecayConfig(Closed):
    """Weight decay, with `semantics` for its exact meaning, because libraries use one word for
    different things.

    "l2" is the paper's: the loss gains (value / 2) · Σw², so the gradient gains value · w. Keras's
    `regularizers.l2(x)` is x · Σw², so the paper's 1e-4 is `l2(5e-5)` there.

    "decoupled" subtracts rate × value × w from each weight, where w is the weight before the
    update. This is separate from the update and not part of the momentum: line 12 of algorithm 2 of
    Loshchilov and Hutter 2019, as implemented in Keras and PyTorch. These scale the decay by the
    learning rate. The paper scales its λ by the schedule's factor alone, so its λ is value × the
    schedule's first rate.

    `covers`: the kernels of convolutions, all kernels (the classifier's too), or all trainable
    weights.
    """

    path = "weight_decay"
    value: float = Field(default=1e-4, ge=0, lt=1)
    semantics: DecaySemantics = "l2"
    covers: DecayCovers = "all"


class AugmentationConfig(Closed):
    """Random changes of each training image, drawn again at every step. Validation and test images
    are not changed.

    `pad` zero pixels (after normalisation, so the mean) are added on each side, then a crop of the
    image's size is taken at random; 0 means no crop. `flip` mirrors an image from left to right
    with probability 1/2.
    """

    path = "augmentation"
    pad: int = Field(default=0, ge=0, le=64)
    flip: Literal["none", "horizontal"] = "none"


class SentinelsConfig(Closed):
    """What to do when training fails: "stop" and keep the last good checkpoint, or "go_on" with a
    warning.

    `not_a_number`: a loss or a weight is no longer finite. With "go_on", such weights are not saved
    in checkpoints. `no_progress`: the validation error did not fall in `patience` evaluations.
    """

    path = "sentinels"
    not_a_number: Reaction = "stop"
    no_progress: Reaction = "go_on"
    patience: int = Field(default=20, ge=1, le=1_000_000)


class Recipe(Closed):
    """All settings of training except the network and the data set. `steps` are optimiser updates.

    `input_normalisation` acts on pixels divided by 255: "per_pixel_mean" subtracts the mean image
    of the training part, "standardise" subtracts each channel's mean and divides by its standard
    deviation (both of the training part), "scale" changes nothing more. `validation_images` are
    drawn once from (data set, seed), from each class in proportion. Evaluations, checkpoints and
    log records are made every so many steps, and at the last step. With `deterministic`, the same
    run gives the same bits. `batch_norm_statistics` matters on several devices: over each device's
    share of the batch, as the paper's "128 on two GPUs" implies, or over the whole batch.
    `test_weights` are tested once, at the end: those with the lowest validation error, or those of
    the last step.

    Each field has a `Role`: what it means when two trainings with different values are compared.
    """

    path = "recipe"
    optimiser: Annotated[Optimiser, Role("experiment", "optimiser")] = SgdConfig()
    schedule: Annotated[Schedule, Role("experiment", "schedule")]
    warmup: Annotated[Warmup | None, Role("experiment", "warm-up")] = None
    weight_decay: Annotated[WeightDecayConfig, Role("experiment", "weight decay")] = (
        WeightDecayConfig()
    )
    steps: Annotated[StepCount, Role("experiment", "number of steps", part_of="schedule")]
    batch_size: Annotated[int, Role("experiment", "batch size", decides="order")] = Field(
        default=128, ge=1, le=65536
    )
    augmentation: Annotated[
        AugmentationConfig, Role("experiment", "augmentation", decides="augmentation")
    ] = AugmentationConfig()
    input_normalisation: Annotated[
        InputNormalisation, Role("experiment", "input normalisation")
    ] = "per_pixel_mean"
    validation_images: Annotated[int, Role("experiment", "split", decides="split")] = Field(
        ge=1, le=10_000_000
    )
    evaluate_every: Annotated[
        StepCount, Role("left open", "number of evaluations", part_of="schedule")
    ]
    checkpoint_every: Annotated[StepCount, Role("bookkeeping", "interval of checkpoints")]
    log_every: Annotated[StepCount, Role("bookkeeping", "interval of log records")]
    batch_norm_statistics: Annotated[
        BatchNormStatistics, Role("left open", "share of a batch behind batch norm")
    ] = "per_device"
    test_weights: Annotated[
        Literal["best_validation", "last"], Role("left open", "choice of the tested weights")
    ] = "best_validation"
    sentinels: Annotated[SentinelsConfig, Role("bookkeeping", "reaction to a failing training")] = (
        SentinelsConfig()
    )
    precision: Annotated[Precision, Role("experiment", "precision")] = "float32"
    seed: Annotated[int, Role("seed", "seed", decides="split")] = Field(default=0, ge=0, lt=2**31)
    deterministic: Annotated[bool, Role("left open", "determinism")] = True

    def check(self) -> None:
        """Raise ConfigError for fields that are valid alone but contradict each other."""
        self._schedule_within_the_run()
        self._one_kind_of_decay()

    def _schedule_within_the_run(self) -> None:
        if self.schedule.last_change >= self.steps:
            raise ConfigError(
                "The schedule must end within the run; it still changes at step"
                f" {self.schedule.last_change:,} of {self.steps:,}; give more steps, or"
                f" {self._earlier()}."
            )
        if isinstance(self.warmup, StepsWarmup) and self.warmup.steps > self.steps:
            raise ConfigError(
                f"The warm-up must end within the run; it takes {self.warmup.steps:,} of"
                f" {self.steps:,} steps; give more steps, or warmup.steps={self.steps} or less."
            )

    def _earlier(self) -> str:
        """The setting with which the schedule ends within the run."""
        if isinstance(self.schedule, CosineSchedule):
            return f"schedule.steps={self.steps} or less"
        return f"schedule.drops before step {self.steps:,}"

    def _one_kind_of_decay(self) -> None:
        kind, decay = self.optimiser.kind, self.weight_decay
        if not decay.value:
            return
        if kind == "adamw" and decay.semantics == "l2":
            raise ConfigError(
                "AdamW decays weights by itself, so an l2 penalty would be a second decay; set"
                " weight_decay.semantics to 'decoupled', or choose optimiser 'adam'."
            )
        if kind == "adam" and decay.semantics == "decoupled":
            raise ConfigError(
                "Adam with decoupled weight decay is AdamW; choose optimiser 'adamw'."
            )


def check_against(recipe: Recipe, facts: DatasetFacts) -> None:
    """Raise ConfigError where the recipe does not fit the data set. Loads no images."""
    training_images = facts.train_images - recipe.validation_images
    if recipe.validation_images < facts.classes or training_images < facts.classes:
        raise ConfigError(
            f"Each of the {facts.classes} classes of {facts.title} needs an image for training and"
            f" one for validation; received {recipe.validation_images:,} validation images of"
            f" {facts.train_images:,}."
        )
    if facts.class_sizes:
        sizes = np.array(facts.class_sizes)
        check_shares(facts.class_names, sizes, class_shares(sizes, recipe.validation_images))
    if recipe.batch_size > training_images:
        raise ConfigError(
            f"A batch holds different images, at most the {training_images:,} that {facts.title}"
            f" leaves for training; received {recipe.batch_size:,}."
        )
    side = min(facts.image_shape[:2])
    if recipe.augmentation.pad >= side:
        raise ConfigError(
            "augmentation.pad must be smaller than the image, else a crop may contain only padding;"
            f" received {recipe.augmentation.pad} for images {side} pixels wide."
        )


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    """The same recipe with another number of steps; schedule and evaluations are stretched. A
    warm-up is only shortened, never stretched: the time that weights need to settle does not depend
    on the run's length."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ConfigError(
            f"recipe.steps must be a whole number of at least 1; received {echo(steps)}."
        )
    stretch = steps / recipe.steps
    data = recipe.model_dump(mode="json") | {
        "steps": steps,
        "schedule": _stretched(recipe.schedule, stretch, steps),
    }
    data["evaluate_every"] = max(1, round(recipe.evaluate_every * stretch))
    if isinstance(recipe.warmup, StepsWarmup):
        data["warmup"]["steps"] = min(steps, max(1, round(recipe.warmup.steps * min(1, stretch))))
    for interval in ("checkpoint_every", "log_every"):
        data[interval] = min(data[interval], steps)
    return Recipe.model_validate(data)


def _stretched(schedule: Schedule, stretch: float, steps: int) -> dict[str, object]:
    data = schedule.model_dump(mode="json")
    match schedule:
        case CosineSchedule():
            data["steps"] = steps
        case StepsSchedule(drops=drops):
            # A set: in a very short run two drops may fall on one step, and drops must differ.
            new_drops = sorted(
                {moved for drop in drops if (moved := max(1, round(drop * stretch))) < steps}
            )
            data = (
                data | {"drops": new_drops}
                if new_drops
                else {"kind": "constant", "learning_rate": schedule.learning_rate}
            )
    return data
