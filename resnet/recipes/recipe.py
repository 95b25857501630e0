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
DecaySemantics = Literal["l2", "decoupled"]
BatchNormStatistics = Literal["per_device", "synchronised"]
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
            raise ConfigError(
                "Nesterov's step looks ahead along the momentum; give optimiser.momentum above 0."
            )


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
    """How weights are kept small, with its meaning named, since libraries mean different things by
    one word.

    "l2" is the paper's: the loss gains (value / 2) · Σw², so the gradient gains value · w. Keras's
    `regularizers.l2(x)` is x · Σw², so the paper's 1e-4 is `l2(5e-5)` there.

    "decoupled" takes rate × value × w from each weight, where w is the weight before the update,
    beside the update itself and outside momentum: line 12 of algorithm 2 of Loshchilov and Hutter
    2019, as Keras and PyTorch have it. All of them scale the decay by the learning rate; the
    paper's λ is scaled by the schedule's factor alone, so its λ is value × the schedule's first
    rate.

    It covers the kernels of convolutions, or the classifier's too, or all that is trained.
    """

    path = "weight_decay"
    value: float = Field(default=1e-4, ge=0, lt=1)
    semantics: DecaySemantics = "l2"
    covers: DecayCovers = "all"


class AugmentationConfig(Closed):
    """What happens to each training image, anew at every step; never to validation or test images.

    `pad` zero pixels are added on each side after normalisation (that is, the mean), and a crop of
    the image's own size is taken at random; 0 means no crop. `flip` mirrors left and right in half
    of the cases.
    """

    path = "augmentation"
    pad: int = Field(default=0, ge=0, le=64)
    flip: Literal["none", "horizontal"] = "none"


class SentinelsConfig(Closed):
    """What to do where training goes wrong: "stop", keeping the last good checkpoint, or "go_on"
    and say so.

    `not_a_number`: a loss or a weight is no longer finite; going on, no checkpoint of such weights
    is written. `no_progress`: `patience` evaluations in a row brought no lower validation error.
    """

    path = "sentinels"
    not_a_number: Reaction = "stop"
    no_progress: Reaction = "go_on"
    patience: int = Field(default=20, ge=1, le=1_000_000)


class Recipe(Closed):
    """Everything about training but the network and the data set. `steps` are optimiser updates.

    `input_normalisation` acts on pixels divided by 255: "per_pixel_mean" subtracts the mean image
    of the training part, "standardise" subtracts the mean and divides by the standard deviation of
    each channel there, "scale" does no more. `validation_images` are drawn once from (data set,
    seed), each class by its share. Evaluation, checkpoints and log records come every so many
    steps, and at the last one. With `deterministic`, the same run gives the same bits.
    `batch_norm_statistics` counts on several devices: over each one's share of the batch, as the
    paper's "128 on two GPUs" means it, or over the whole batch. `test_weights` are looked at once,
    at the end: those with the lowest validation error, or those of the last step.

    Each field has a `Role`: what another value means where trainings are compared.
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
        """Raise ConfigError where fields that are each allowed make no sense together."""
        self._schedule_within_the_run()
        self._one_kind_of_decay()

    def _schedule_within_the_run(self) -> None:
        if self.schedule.last_change >= self.steps:
            raise ConfigError(
                "The schedule goes on past the end: it still changes at step"
                f" {self.schedule.last_change:,}, of {self.steps:,}; give more steps, or"
                f" {self._earlier()}."
            )
        if isinstance(self.warmup, StepsWarmup) and self.warmup.steps > self.steps:
            raise ConfigError(
                f"The warm-up takes {self.warmup.steps:,} steps, longer than the run's"
                f" {self.steps:,}; give more steps, or warmup.steps={self.steps} or less."
            )

    def _earlier(self) -> str:
        """What to set for a schedule that ends within the run."""
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
    """Raise ConfigError where the recipe cannot be followed with this data set. Loads nothing."""
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
            "augmentation.pad must be smaller than the image, or crops may hold none of it;"
            f" received {recipe.augmentation.pad} for images {side} pixels wide."
        )


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    """The same recipe over another number of steps: schedule and evaluations stretch with it. A
    warm-up only shrinks: how long weights need to settle does not depend on how long the run goes
    on."""
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
            kept = sorted(
                {moved for drop in drops if (moved := max(1, round(drop * stretch))) < steps}
            )
            data = (
                data | {"drops": kept}
                if kept
                else {"kind": "constant", "learning_rate": schedule.learning_rate}
            )
    return data
