"""Means over the steps between two log records, and the speed of the steps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from resnet import history
from resnet.training.step import Steps


@dataclass
class Running:
    """Sums over the steps since the last log record. Steps are added one at a time, so the result
    is the same, to the last bit, however the steps were divided into calls."""

    steps: int = 0
    data_loss: float = 0.0
    l2_penalty: float = 0.0
    wrong: float = 0.0
    gradient_norm: float = 0.0
    learning_rate: float = 0.0

    def add(self, happened: Steps) -> None:
        for loss, penalty, wrong, norm in zip(
            happened.data_loss.tolist(),
            happened.l2_penalty.tolist(),
            happened.wrong.tolist(),
            happened.gradient_norm.tolist(),
            strict=True,
        ):
            self.steps += 1
            self.data_loss += loss
            self.l2_penalty += penalty
            self.wrong += wrong
            self.gradient_norm += norm
        self.learning_rate = float(happened.learning_rate[-1])

    def error(self, batch_size: int) -> float:
        """The training error, in percent."""
        return 100 * self.wrong / (self.steps * batch_size)

    def record(
        self, batch_size: int, images_per_s: float | None, place: Mapping[str, Any]
    ) -> history.Train:
        """The means as a record; `place` has its step, epoch and time."""
        return history.Train(
            **place,
            learning_rate=self.learning_rate,
            data_loss=self.data_loss / self.steps,
            l2_penalty=self.l2_penalty / self.steps,
            gradient_norm=self.gradient_norm / self.steps,
            train_error=self.error(batch_size),
            images_per_s=images_per_s,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Speed:
    """Images per second in training calls. The first call is not counted, because TensorFlow
    initialises during it."""

    def __init__(self) -> None:
        self.step_s = 0.0
        self._calls = 0
        self._steps = 0
        self._duration_s = 0.0

    def add(self, steps: int, duration_s: float) -> None:
        self._calls += 1
        if self._calls > 1:
            self._steps += steps
            self._duration_s += duration_s
            self.step_s = duration_s / steps

    def take(self, batch_size: int) -> float | None:
        """The speed since the last call of this method; None where nothing was measured."""
        rate = batch_size * self._steps / self._duration_s if self._steps else None
        self._steps, self._duration_s = 0, 0.0
        return rate
