"""Runs that wait for their device: which one is next, which are moved, held back or paused.

A run waits as long as its directory shows neither a start nor a cancellation, so the queue cannot
lose one. Only what a person changed is written down: `.queue/order.json`.
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
    """What a person changed. `first` are the runs to start before all others, `held` those that are
    held back, and `paused` holds back all."""

    first: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()
    paused: bool = False


def due(waiting: Iterable[tuple[str, str]], busy: Iterable[str]) -> list[str]:
    """The ids to start now, from (id, device) in order of their turn: the first for each device
    that is not busy.

    A run that needs several devices waits for all of them, and no run behind it takes one of them
    in the meantime: otherwise it might wait for ever.
    """
    taken = set(busy)
    starts = []
    for run_id, device in waiting:
        wanted = set(devices.parts(device))
        if not wanted & taken:
            starts.append(run_id)
        taken |= wanted
    return starts


def at_work_and_waiting(runs: Iterable[Run]) -> tuple[list[Run], list[Run]]:
    """Those of the runs that a process works on, and those that wait for one. Reads no files."""
    unfinished = [(run, run.directory.is_locked()) for run in runs if run.unfinished]
    return [run for run, locked in unfinished if locked], [
        run for run, locked in unfinished if not locked
    ]


def _shares(run: Run, device: str) -> bool:
    """Whether a run wants any of the devices behind this id."""
    return run.spec is not None and bool(
        set(devices.parts(run.spec.device)) & set(devices.parts(device))
    )


class Queue:
    """The waiting runs of a folder, as a person arranges them."""

    def __init__(self, root: Path, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called after each change a person makes."""
        self.root = root
        self.directory = RunDirectory(root / FOLDER)
        self._changed = changed

    def order(self) -> Order:
        """What a person changed. Where that cannot be read, runs start in the order of their
        submission."""
        with contextlib.suppress(RunError):
            return self.directory.read(ORDER, Order) or Order()
        return Order()

    def arrange(self, runs: Iterable[Run]) -> list[Run]:
        """Waiting runs in the order of their turn: those that were moved first, then the oldest."""
        moved = {run_id: place for place, run_id in enumerate(self.order().first)}
        return sorted(by_coming(runs), key=lambda run: moved.get(run.id, len(moved)))

    def next_runs(self, waiting: Iterable[Run], alive: Iterable[Run]) -> list[Run]:
        """The runs to start now. A device is busy with one of these runs, or with a process of
        another program."""
        wanted = {run.id: run.spec.device for run in self.startable(waiting) if run.spec}
        busy = {device for run in alive if run.spec for device in devices.parts(run.spec.device)}
        asked = {device for wish in wanted.values() for device in devices.parts(wish)}
        busy |= {device for device in asked - busy if devices.strangers(device)}
        ids = due(wanted.items(), busy)
        return [run for run in waiting if run.id in ids]

    def startable(self, runs: Iterable[Run]) -> list[Run]:
        """The waiting runs that are not held back, in the order of their turn."""
        order = self.order()
        if order.paused:
            return []
        return [run for run in self.arrange(runs) if run.id not in order.held and run.spec]

    def why(self, run: Run, runs: Iterable[Run]) -> str:
        """Why a waiting run waits, in a few words, among all runs of the folder."""
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
        """Give a waiting run another place, 0 being the next. Raises UnknownNameError where it does
        not wait."""
        with self._changing():
            ids = [run.id for run in self.arrange(waiting)]
            if run_id not in ids:
                raise UnknownNameError("waiting run", run_id, ids)
            ids.remove(run_id)
            ids.insert(max(0, place), run_id)
            self._write(first=tuple(ids))

    def hold(self, run_id: str) -> None:
        """Leave a waiting run out until it is released."""
        with self._changing():
            self._write(held=self.order().held | {run_id})

    def release(self, run_id: str) -> None:
        """Let a held run take its turn again."""
        with self._changing():
            self._write(held=self.order().held - {run_id})

    def pause(self) -> None:
        """Start nothing more; what runs goes on."""
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
        with lock.turn(self.root):
            yield
            self._changed()
