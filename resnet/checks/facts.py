"""Facts about a training, its network and its results. An unknown fact is None; rules that need it
then find nothing.

`resnet.checks.sources` creates them from networks, recipes, runs and files.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nextafter
from typing import Literal

from resnet.errors import ConfigError, echo
from resnet.network.config import ResNetConfig
from resnet.recipes.recipe import (
    OPTIMISER_NAMES,
    AugmentationConfig,
    BatchNormStatistics,
    DecayCovers,
    Precision,
)
from resnet.recipes.schedule import Warmup

Optimiser = Literal["sgd", "adam", "adamw", "rmsprop"]
"""Those of a recipe, and one more that others train with."""

NAMES: dict[str, str] = OPTIMISER_NAMES | {"rmsprop": "RMSprop"}
Meaning = Literal["l2", "keras_l2", "decoupled"]
Unit = Literal["steps", "epochs"]
Shuffle = Literal["before_batch", "after_batch", "never"]
MeanOf = Literal["training_part", "training_and_validation", "test", "everything"]
DataPart = Literal["train", "validation", "test"]
ChosenOn = Literal["validation", "test", "nothing"]
Library = Literal["keras", "pytorch", "caffe"]

# A momentum of exactly 1 keeps the first value for ever, and 1 / (1 − momentum) would divide by 0.
_BELOW_ONE = nextafter(1, 0)
LIMITS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("norm_momentum", "momentum"), (0, _BELOW_ONE)),
    **dict.fromkeys(
        ("learning_rate", "highest_rate", "decay_argument", "epochs", "decay"), (0, inf)
    ),
    **dict.fromkeys(("steps", "steps_done", "batch_size", "devices", "seeds"), (1, inf)),
    **dict.fromkeys(("train_images", "validation_images", "test_images"), (1, inf)),
    **dict.fromkeys(("train_error", "validation_error", "test_error"), (0, 100)),
    "claimed_difference": (-100, 100),
    "looks_at_test": (0, inf),
    "seed": (0, inf),
}
"""The smallest and the largest value of each number."""


def _finite(value: float) -> bool:
    """Whether the number is finite. Also False for a whole number that is too large for a float."""
    try:
        return isfinite(value)
    except OverflowError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One run, one curve, one network or one recipe. Errors are percent, differences percentage
    points.

    - `arm`: the study's arm. Where it is None, runs that differ only in seed and results are one
      arm.
    - `declared`: the dotted keys that a study varies on purpose, such as "optimiser.kind", with or
      without "recipe." or "network." before them.
    - `against`: the arm that this one is compared with. `changed`: the factors in which they
      differ.
    - `decay`: the number as it was typed. `decay_meaning`: its effect on a weight w. "l2" adds
      decay · w to the gradient (the paper, PyTorch), "keras_l2" adds 2 · decay · w
      (`regularizers.l2`), "decoupled" subtracts rate · decay · w from the weight after the update.
    - `decay_argument`: old Keras's `decay`, which lowers the learning rate.
    - `learning_rate`: the intended one. `highest_rate`: the highest one in the log.
    - `train_images`: those of the training part.
    - `seeds`: the number of trainings behind a curve.
    - `train_error_is`: "clean" where the training error was measured in evaluation mode, "running"
      where it is the mean that `fit` prints.

    Raises ConfigError for an impossible number.
    """

    name: str = ""
    arm: str | None = None
    declared: tuple[str, ...] = ()
    against: str | None = None
    changed: tuple[str, ...] | None = None
    library: Library | None = None

    network: ResNetConfig | None = None
    strides: tuple[int, ...] | None = None
    norm_momentum: float | None = None

    optimiser: Optimiser | None = None
    momentum: float | None = None
    learning_rate: float | None = None
    highest_rate: float | None = None
    decay_argument: float | None = None
    drops: tuple[int, ...] | None = None
    warmup: Warmup | Literal["none"] | None = None
    counts_in: Unit | None = None
    epochs: float | None = None
    steps: int | None = None
    steps_done: int | None = None

    decay: float | None = None
    decay_meaning: Meaning | None = None
    decay_covers: DecayCovers | None = None
    loss_includes_penalty: bool | None = None

    batch_size: int | None = None
    batch_counts: Literal["in_all", "per_device"] | None = None
    devices: int | None = None
    batch_norm_statistics: BatchNormStatistics | None = None
    precision: Precision | None = None
    begins: Literal["fresh", "continued"] | None = None
    deterministic: bool | None = None
    seed: int | None = None
    seeds: int | None = None

    dataset: str | None = None
    image_shape: tuple[int, int, int] | None = None
    train_images: int | None = None
    validation_images: int | None = None
    test_images: int | None = None
    shuffle: Shuffle | None = None
    mean_of: MeanOf | None = None
    augmentation: AugmentationConfig | None = None
    augmented: tuple[DataPart, ...] | None = None
    chosen_on: ChosenOn | None = None
    looks_at_test: int | None = None

    train_error: float | None = None
    train_error_is: Literal["running", "clean"] | None = None
    validation_error: float | None = None
    test_error: float | None = None
    claimed_difference: float | None = None
    not_a_number: bool | None = None

    def __post_init__(self) -> None:
        for key, (low, high) in LIMITS.items():
            value = getattr(self, key)
            if value is not None and not (_finite(value) and low <= value <= high):
                raise ConfigError(
                    f"facts.{key} must be a number from {low:g} to {high:g}; received"
                    f" {echo(value)}."
                )
        if any(drop < 1 for drop in self.drops or ()) or any(
            stride < 1 for stride in self.strides or ()
        ):
            raise ConfigError("facts.drops and facts.strides are whole numbers of at least 1.")

    @property
    def label(self) -> str:
        """A name for sentences."""
        return self.name or (self.network.label if self.network else "this one")

    @property
    def called(self) -> str:
        """Its name among other facts: its arm in a study, else its label."""
        return self.arm or self.label

    @property
    def stage_strides(self) -> tuple[int, ...] | None:
        """The stride of each stage's first block."""
        # A person may know the strides of a network that this program cannot describe.
        if self.strides is not None:
            return self.strides
        return tuple([stage.stride for stage in self.network.stages]) if self.network else None

    @property
    def moving_momentum(self) -> float | None:
        """The share of a moving average that is kept at each step; None for a network without batch
        norm."""
        if self.norm_momentum is not None:
            return self.norm_momentum
        return (
            self.network.norm.momentum
            if self.network and self.network.norm.kind == "batch"
            else None
        )

    @property
    def trainings(self) -> int | None:
        """The number of trainings behind this: 1 where a seed is known."""
        return self.seeds if self.seeds is not None else None if self.seed is None else 1

    @property
    def images_per_step(self) -> int | None:
        """The images of one update, over all devices."""
        if self.batch_size is None:
            return None
        return (
            self.batch_size * (self.devices or 1)
            if self.batch_counts == "per_device"
            else self.batch_size
        )

    def varies(self, *keys: str) -> bool:
        """Whether a study declares one of these keys, or a key inside one, as varied."""
        # People write "optimiser.kind", studies "recipe.optimiser.kind".
        names = [re.sub(r"^(recipe|network|config)\.", "", name) for name in self.declared]
        return any(name == key or name.startswith(f"{key}.") for name in names for key in keys)


Arms = Sequence[Sequence[Facts]]
"""The runs of each arm."""


def arms_of(everything: Iterable[Facts]) -> list[list[Facts]]:
    """Group runs into arms, in the order of their first runs. Runs with the same `arm` are one arm,
    and runs that differ only in seed and results.

    Where neither network nor arm is known, every curve is a separate arm.
    """
    arms: dict[object, list[Facts]] = {}
    for facts in everything:
        arms.setdefault(_arm(facts), []).append(facts)
    return list(arms.values())


def _arm(facts: Facts) -> object:
    """A key that is equal exactly for the runs of one arm."""
    if facts.arm is not None:
        return facts.arm
    # Two curves with few known facts look equal, but may be different trainings. So each one stays
    # alone.
    if facts.network is None or facts.seed is None:
        return facts
    # Everything that may differ between seeds of one arm is removed: names, seeds and results. What
    # is left is the key.
    return replace(
        facts,
        name="",
        against=None,
        changed=None,
        seed=None,
        seeds=None,
        highest_rate=None,
        steps_done=None,
        looks_at_test=None,
        train_images=None,
        validation_images=None,
        test_images=None,
        train_error=None,
        train_error_is=None,
        validation_error=None,
        test_error=None,
        not_a_number=None,
    )


def arm_label(arm: Sequence[Facts]) -> str:
    """An arm's name: that of its study, else that of its first run."""
    return arm[0].called
