"""Runs that wait for their device: which one is next, and which are moved, held back or paused.

A run waits until its directory shows a start or a cancellation, so the queue cannot lose one. Only
a person's changes are stored, in `.queue/order.json`.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from resnet.errors import RunError, UnknownNameError
from resnet.runs import devices, disk, lock
from resnet.runs.directory import RunDirectory
from resnet.runs.run import Run, by_coming

FOLDER = ".queue"
ORDER = "order.json"
LOCK = "lock"
LOG = "log.txt"


class Order(BaseModel):
    """A person's changes. `first`: runs to start before all others. `held`: runs that are held
    back. `paused`: all runs are held back."""

    first: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()
    paused: bool = False


def due(waiting: Iterable[tuple[str, str]], busy: Iterable[str]) -> list[str]:
    """The ids to start now, from (id, device) in queue order: the first run for each free device.

    A run that needs several devices waits for all of them. Runs after it cannot take one of them,
    otherwise it might wait for ever.
    """
    taken = set(busy)
    starts = []
    for run_id, device in waiting:
        wanted = set(devices.parts(device))
        if not wanted & taken:
            starts.append(run_id)
        taken |= wanted  # reserved, also where this run cannot start yet
    return starts


def at_work_and_waiting(runs: Iterable[Run]) -> tuple[list[Run], list[Run]]:
    """The runs that a process works on, and the runs that wait. Reads no files."""
    unfinished = [(run, run.directory.is_locked()) for run in runs if run.unfinished]
    return [run for run, locked in unfinished if locked], [
        run for run, locked in unfinished if not locked
    ]


def _shares(run: Run, device: str) -> bool:
    """Whether a run needs any of the devices of this id."""
    return run.spec is not None and bool(
        set(devices.parts(run.spec.device)) & set(devices.parts(device))
    )


class Queue:
    """The waiting runs of a folder, in the order that a person gives them."""

    def __init__(self, root: Path, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called after each change by a person."""
        self.root = root
        self.directory = RunDirectory(root / FOLDER)
        self._changed = changed

    def order(self) -> Order:
        """A person's changes. Where the file cannot be read, runs start in the order of
        submission."""
        with contextlib.suppress(RunError):
            return self.directory.read(ORDER, Order) or Order()
        return Order()

    def arrange(self, runs: Iterable[Run]) -> list[Run]:
        """Waiting runs in queue order: moved runs first, then the oldest."""
        moved = {run_id: place for place, run_id in enumerate(self.order().first)}
        # sorted() keeps the order of equals: runs that were not moved stay behind the moved ones,
        # by age.
        return sorted(by_coming(runs), key=lambda run: moved.get(run.id, len(moved)))

    def next_runs(self, waiting: Iterable[Run], alive: Iterable[Run]) -> list[Run]:
        """The runs to start now. A device is busy if one of our runs or another program uses it."""
        wanted = {run.id: run.spec.device for run in self.startable(waiting) if run.spec}
        busy = {device for run in alive if run.spec for device in devices.parts(run.spec.device)}
        needed = {device for ids in wanted.values() for device in devices.parts(ids)}
        busy |= {device for device in needed - busy if devices.strangers(device)}
        ids = due(wanted.items(), busy)
        return [run for run in waiting if run.id in ids]

    def startable(self, runs: Iterable[Run]) -> list[Run]:
        """The waiting runs that are not held back, in queue order."""
        order = self.order()
        if order.paused:
            return []
        return [run for run in self.arrange(runs) if run.id not in order.held and run.spec]

    def why(self, run: Run, runs: Iterable[Run]) -> str:
        """Why a run waits, in a few words. `runs` are all runs of the folder."""
        alive, waiting = at_work_and_waiting(runs)
        device = run.spec.device if run.spec else devices.CPU
        if self.order().paused:
            return "the queue is paused"
        if run.id in self.order().held:
            return "held back"
        turn = [other.id for other in self.startable(waiting) if _shares(other, device)]
        before = turn.index(run.id) if run.id in turn else 0
        before += sum(_shares(other, device) for other in alive)
        if before:
            return f"waits for {device}, behind {before} run{'s' if before > 1 else ''}"
        if others := devices.strangers(device):
            return f"waits for {device}, which process {others[0].pid} uses, no run of this folder"
        return f"waits for {device}, to begin in a moment"

    def move(self, run_id: str, place: int, waiting: Sequence[Run]) -> None:
        """Move a waiting run to another place; 0 is the next. Raises UnknownNameError where it does
        not wait."""
        with self._changing():
            ids = [run.id for run in self.arrange(waiting)]
            if run_id not in ids:
                raise UnknownNameError("waiting run", run_id, ids)
            ids.remove(run_id)
            ids.insert(max(0, place), run_id)
            self._write(first=tuple(ids))

    def hold(self, run_id: str) -> None:
        """Hold back a waiting run until it is released."""
        with self._changing():
            self._write(held=self.order().held | {run_id})

    def release(self, run_id: str) -> None:
        """Let a held run start in its turn again."""
        with self._changing():
            self._write(held=self.order().held - {run_id})

    def pause(self) -> None:
        """Start no more runs. Running ones continue."""
        with self._changing():
            self._write(paused=True)

    def go_on(self) -> None:
        """Start runs again."""
        with self._changing():
            self._write(paused=False)

    def _write(self, **changes: object) -> None:
        self.directory.write(ORDER, self.order().model_copy(update=changes))

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with disk.one_sentence(self.directory.path):
            self.directory.path.mkdir(parents=True, exist_ok=True)
        # The turn protects order.json. Without it, two processes that read, change and write it at
        # the same time would lose one of the two changes.
        with lock.turn(self.root):
            yield
            # Still inside the turn: the supervisor that is woken sees the new order.
            self._changed()
