"""Learning rates as data: each schedule is a pure function of the step.

Steps count optimiser updates from 0, so update number s + 1 uses the rate of step s. Schedules
count in steps, never in epochs: 45,000 images in batches of 128 are 351.56 steps, so rounded epochs
would drift.
"""

import math
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from resnet.errors import ConfigError
from resnet.network.settings import Closed

LearningRate = Annotated[float, Field(gt=0, le=100)]
MOST_STEPS = 100_000_000
StepCount = Annotated[int, Field(ge=1, le=MOST_STEPS)]


class ConstantSchedule(Closed):
    """The same rate at every step."""

    path = "schedule"
    kind: Literal["constant"] = "constant"
    learning_rate: LearningRate

    @property
    def last_change(self) -> int:
        """The last step at which the rate changes. A run that ends before it contradicts its
        schedule."""
        return 0

    def rate(self, step: int) -> float:
        return self.learning_rate


class StepsSchedule(Closed):
    """The rate is multiplied by `factor` at each step in `drops`. He et al. 2015 use the factor 0.1
    at 32,000 and 48,000 on CIFAR."""

    path = "schedule"
    kind: Literal["steps"] = "steps"
    learning_rate: LearningRate
    drops: tuple[StepCount, ...] = Field(min_length=1, max_length=100)
    factor: float = Field(default=0.1, gt=0, lt=1)

    @property
    def last_change(self) -> int:
        return self.drops[-1]

    def rate(self, step: int) -> float:
        # The exponent is the number of drops so far.
        return self.learning_rate * self.factor ** sum(step >= drop for drop in self.drops)

    def check(self) -> None:
        if any(later <= earlier for earlier, later in pairwise(self.drops)):
            raise ConfigError(
                f"schedule.drops must grow from one to the next; received {list(self.drops)[:12]}."
            )


class CosineSchedule(Closed):
    """Half a cosine from `learning_rate` down to `final_fraction` of it over `steps`, then flat
    (Loshchilov 2017)."""

    path = "schedule"
    kind: Literal["cosine"] = "cosine"
    learning_rate: LearningRate
    steps: StepCount
    final_fraction: float = Field(default=0.0, ge=0, le=1)

    @property
    def last_change(self) -> int:
        return self.steps - 1

    def rate(self, step: int) -> float:
        # (1 + cos(π · t / T)) / 2 falls from 1 at step 0 to 0 at step T (Loshchilov 2017, eq. 5).
        share = (1 + math.cos(math.pi * min(step, self.steps) / self.steps)) / 2
        # So the rate falls from `learning_rate` to `final_fraction` of it.
        return self.learning_rate * (self.final_fraction + (1 - self.final_fraction) * share)


class InverseTimeSchedule(Closed):
    """learning_rate / (1 + decay × step): what the `decay` argument of old Keras optimisers
    meant."""

    path = "schedule"
    kind: Literal["inverse_time"] = "inverse_time"
    learning_rate: LearningRate
    decay: float = Field(gt=0, le=1)

    @property
    def last_change(self) -> int:
        return 0

    def rate(self, step: int) -> float:
        return self.learning_rate / (1 + self.decay * step)


Schedule = Annotated[
    ConstantSchedule | StepsSchedule | CosineSchedule | InverseTimeSchedule,
    Field(discriminator="kind"),
]


class StepsWarmup(Closed):
    """The rate grows linearly over the first `steps` steps. It reaches the schedule's rate at step
    `steps - 1`."""

    path = "warmup"
    kind: Literal["steps"] = "steps"
    steps: StepCount


class ErrorWarmup(Closed):
    """`learning_rate` until the running training error falls below `error` percent, after that the
    schedule.

    He et al. 2015 use it for ResNet-110: 0.01 until 80 %, about 400 steps. The error is checked
    once in each log interval.
    """

    path = "warmup"
    kind: Literal["error"] = "error"
    learning_rate: LearningRate = 0.01
    error: float = Field(default=80.0, gt=0, le=100)


Warmup = Annotated[StepsWarmup | ErrorWarmup, Field(discriminator="kind")]


def rate_at(schedule: Schedule, warmup: Warmup | None, step: int, *, warm: bool) -> float:
    """The learning rate of one step. `warm` tells whether an ErrorWarmup is over; only that kind
    reads it."""
    match warmup:
        case ErrorWarmup() if not warm:
            return warmup.learning_rate
        case StepsWarmup():
            # (step + 1) / steps: the first update already has a rate above 0, the last the full
            # one.
            return schedule.rate(step) * min(1.0, (step + 1) / warmup.steps)
    return schedule.rate(step)
