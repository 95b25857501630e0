"""The contents of a run's small files. Unknown keys are ignored, so that later versions may add
some."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Phase = Literal["starting", "compiling", "stepping", "evaluating", "checkpointing", "exiting"]
Outcome = Literal["finished", "stopped", "failed"]


class Record(BaseModel):
    """`time_s` is Unix time, for display; `uptime_s` counts from the machine's start, for
    differences."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Heartbeat(Record):
    """The worker's last heartbeat. `step` is the last completed one."""

    time_s: float
    uptime_s: float
    step: int
    phase: Phase


class Work(Record):
    """The process that works on a run, and since when. `start_ticks` of the kernel distinguish it
    from a later process with the same pid."""

    pid: int
    start_ticks: int
    boot_id: str
    time_s: float
    uptime_s: float


class Control(Record):
    """A person's request to a run, and the signal that was sent where the run did not react."""

    stop: bool = False
    time_s: float | None = None
    uptime_s: float | None = None
    boot_id: str | None = None
    forced: Literal["SIGTERM", "SIGKILL"] | None = None


class LastWord(Record):
    """How a run ended, as its worker recorded it."""

    outcome: Outcome
    cause: str | None = None
    time_s: float | None = None


class Ended(Record):
    """How a worker's process ended, as its starter saw it: a negative `exit_code` is a signal."""

    exit_code: int
    time_s: float


class Parent(Record):
    """The run that a fork began from, and the step of its first checkpoint."""

    id: str
    step: int


class Request(Record):
    """When a run was submitted, with which token, and the run it was forked from, if any."""

    time_s: float
    uptime_s: float
    boot_id: str
    token: str | None = None
    parent: Parent | None = None


class Notes(Record):
    """What a person wrote about a run."""

    note: str = ""
    tags: tuple[str, ...] = ()
