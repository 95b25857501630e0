"""What stands in a run's small files. Unknown keys are passed over, so that a later version may add
some."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Phase = Literal["starting", "compiling", "stepping", "evaluating", "checkpointing", "exiting"]
Outcome = Literal["finished", "stopped", "failed"]


class Record(BaseModel):
    """`time_s` is Unix time, to be shown; `uptime_s` counts from the machine's start, to be
    subtracted."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Heartbeat(Record):
    """The worker's last sign of life. `step` is the last one done."""

    time_s: float
    uptime_s: float
    step: int
    phase: Phase


class Work(Record):
    """Who works on a run, and since when. The kernel's `start_ticks` tell it from a later process
    of that number."""

    pid: int
    start_ticks: int
    boot_id: str
    time_s: float
    uptime_s: float


class Control(Record):
    """What a person asked of a run, and the signal that followed where asking did not help."""

    stop: bool = False
    time_s: float | None = None
    uptime_s: float | None = None
    boot_id: str | None = None
    forced: Literal["SIGTERM", "SIGKILL"] | None = None


class LastWord(Record):
    """How a run ended, as its worker says."""

    outcome: Outcome
    cause: str | None = None
    time_s: float | None = None


class Ended(Record):
    """How a worker's process ended, as its starter saw it: a negative `exit_code` is a signal."""

    exit_code: int
    time_s: float


class Parent(Record):
    """The run a fork began at, and the step of the checkpoint it got from there."""

    id: str
    step: int


class Request(Record):
    """When a run was asked for, the asker's token, and the run it goes on from, if any."""

    time_s: float
    uptime_s: float
    boot_id: str
    token: str | None = None
    parent: Parent | None = None


class Notes(Record):
    """What a person wrote about a run."""

    note: str = ""
    tags: tuple[str, ...] = ()
