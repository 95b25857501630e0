"""A thread that reports regularly that the worker is alive, and its phase, also while TensorFlow
compiles or evaluates."""

import contextlib
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from resnet.errors import RunError
from resnet.runs.directory import RunDirectory
from resnet.runs.records import Phase

BEAT_S = 1.0


class Heart:
    """Reports while its block runs. `step` and the phase may change at any time; a new phase is
    reported at once."""

    def __init__(self, directory: RunDirectory) -> None:
        self.step = 0
        self._directory = directory
        self._phase: Phase = "starting"
        self._changed = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def enter(self, phase: Phase) -> None:
        """Report that a phase has begun."""
        self._phase = phase
        self._changed.set()

    @contextlib.contextmanager
    def during(self, phase: Phase) -> Iterator[None]:
        """A phase inside another one."""
        before = self._phase
        self.enter(phase)
        try:
            yield
        finally:
            self.enter(before)

    def _beat(self) -> None:
        while not self._over:
            # Cleared before the beat: a phase that changes during it causes one more beat, never
            # none.
            self._changed.clear()
            with contextlib.suppress(RunError):  # a full disk: the worker's own writes report it
                self._directory.beat(self.step, self._phase)
            self._changed.wait(BEAT_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._changed.set()
        self._thread.join()
