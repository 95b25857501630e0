"""Requests to end a run: by a person through control.json, or by a signal."""

import contextlib
import signal
import threading
from collections.abc import Iterator

from resnet.errors import RunError
from resnet.runs.directory import LOCK, RunDirectory

LOOK_S = 0.5


class StopAsked(Exception):  # noqa: N818  not an error
    """The run was asked to end."""


class Stop:
    """Whether this run should end. Created once, in the worker's main thread."""

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self._signalled = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._signalled.set())

    def asked(self) -> bool:
        """Whether the run should end. Raises RunError where its directory was removed: such a run
        could not be seen or stopped any more."""
        if not self._directory.file(LOCK).exists():
            raise RunError(
                f"{self._directory.path} was removed during the run; start the run again."
            )
        return self._signalled.is_set() or self._directory.stop_asked()

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """Raise StopAsked in the block as soon as the run is asked to end, also while it waits for
        a download or reads thousands of images.
        """
        # Only a signal interrupts a system call that waits, so a second thread sends one.

        def give_up(*_: object) -> None:
            raise StopAsked

        before = signal.signal(signal.SIGUSR1, give_up)
        main, over = threading.get_ident(), threading.Event()

        def watch() -> None:
            while not over.wait(LOOK_S):
                with contextlib.suppress(RunError):  # the directory was removed: stop as well
                    if not self.asked():
                        continue
                signal.pthread_kill(main, signal.SIGUSR1)
                return

        watcher = threading.Thread(target=watch, name="stop", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            # Joined before the handler is restored: a late signal must not reach the old handler.
            watcher.join()
            signal.signal(signal.SIGUSR1, before)
