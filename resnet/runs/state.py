"""The state of a run. It is derived from the run's files and lock when needed, and never stored."""

import signal
from dataclasses import dataclass
from typing import Literal

from resnet.errors import RunError
from resnet.runs import clock
from resnet.runs.directory import ENDED, EXIT, LOG, WORK, RunDirectory
from resnet.runs.records import Control, Ended, Heartbeat, LastWord, Work

StateName = Literal[
    "queued",
    "starting",
    "running",
    "stalled",
    "stopping",
    "stopped",
    "finished",
    "failed",
    "crashed",
    "machine restarted",
]
ALIVE: frozenset[StateName] = frozenset({"starting", "running", "stalled", "stopping"})
NOT_YET = ("starting", "compiling")
# Enough for the last lines of a traceback, and one read from the disk.
LOG_TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Patience:
    """Times to wait, in seconds: between two heartbeats, for the first heartbeat, for a run to stop
    after a request, and between SIGTERM and SIGKILL."""

    stale_after_s: float = 20.0
    # Longer than between two heartbeats: the first one comes after TensorFlow is imported.
    first_sign_s: float = 120.0
    grace_s: float = 30.0
    terminate_s: float = 5.0


PATIENT = Patience()


@dataclass(frozen=True, slots=True)
class State:
    """A run's state, its cause, and since when. Times are Unix seconds; at `deadline_s` a stop will
    be forced."""

    name: StateName
    cause: str | None = None
    since_s: float | None = None
    deadline_s: float | None = None

    @property
    def alive(self) -> bool:
        """Whether a process works on the run now."""
        return self.name in ALIVE

    @property
    def over(self) -> bool:
        """Whether the run has ended, successfully or not."""
        return not self.alive and self.name != "queued"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a state is derived from. `damage`: why exit.json, process.json or ended.json
    cannot be read."""

    locked: bool
    boot_id: str
    uptime_s: float
    last_word: LastWord | None = None
    work: Work | None = None
    ended: Ended | None = None
    control: Control | None = None
    heartbeat: Heartbeat | None = None
    damage: str | None = None
    log_line: str = ""


def derive(directory: RunDirectory, patience: Patience = PATIENT) -> State:
    """The run's state now. A damaged file becomes the state's cause, not an exception."""
    return judge(gather(directory), patience)


def gather(directory: RunDirectory) -> Evidence:
    """Read the evidence. If a worker has taken the lock in the meantime, read again: its files
    would contradict the free lock."""
    evidence = _look(directory)
    while not evidence.locked and directory.is_locked():
        evidence = _look(directory)
    return evidence


def _look(directory: RunDirectory) -> Evidence:
    """Read the evidence once."""
    # The lock first: a worker that has released it will write nothing more.
    locked = directory.is_locked()
    control, heartbeat = directory.control(), directory.heartbeat()
    last_word, work, ended, damage = None, None, None, None
    try:
        last_word = directory.read(EXIT, LastWord)
        work = directory.read(WORK, Work)
        ended = directory.read(ENDED, Ended)
    except RunError as error:
        damage = str(error)
    return Evidence(
        locked=locked,
        # The clock last: a heartbeat written meanwhile must not seem to come from the future.
        boot_id=clock.boot_id(),
        uptime_s=clock.uptime_s(),
        last_word=last_word,
        work=work,
        ended=ended,
        control=control,
        heartbeat=heartbeat,
        damage=damage,
        log_line="" if locked or last_word else last_line(directory),
    )


def judge(evidence: Evidence, patience: Patience) -> State:
    """The state that follows from the evidence."""
    word = evidence.last_word
    # The lock decides: a run that resumes still has the exit.json of its earlier attempt.
    if evidence.locked:
        return _stopping(evidence, patience) or _at_work(evidence, patience)
    if word is not None:
        return State(word.outcome, word.cause, word.time_s)
    if evidence.damage is not None:
        return State("crashed", evidence.damage)
    return State("queued") if evidence.work is None else _died(evidence, evidence.work)


def _stopping(evidence: Evidence, patience: Patience) -> State | None:
    control = evidence.control
    if control is None or not control.stop:
        return None
    cause = (
        f"{control.forced} was sent, because it did not end when asked" if control.forced else None
    )
    if control.uptime_s is None:
        return State("stopping", cause, control.time_s)
    # Uptime is used for the difference, since a person may set the clock meanwhile.
    deadline_s = clock.now_s() + patience.grace_s - (evidence.uptime_s - control.uptime_s)
    return State("stopping", cause, control.time_s, deadline_s)


def _at_work(evidence: Evidence, patience: Patience) -> State:
    work, beat = evidence.work, evidence.heartbeat
    began_s = work.time_s if work else None
    began_uptime_s = work.uptime_s if work else evidence.uptime_s
    # No heartbeat yet, or one of an earlier process or an earlier boot.
    if beat is None or not began_uptime_s <= beat.uptime_s <= evidence.uptime_s:
        silent_s = evidence.uptime_s - began_uptime_s
        if silent_s <= patience.first_sign_s:
            return State("starting", None, began_s)
        return State(
            "stalled", f"no heartbeat in the {silent_s:.0f} s since it was started", began_s
        )
    silent_s = evidence.uptime_s - beat.uptime_s
    if silent_s > patience.stale_after_s:
        cause = f"no heartbeat for {silent_s:.0f} s, {beat.phase} at step {beat.step}"
        return State("stalled", cause, clock.now_s() - silent_s)
    return State("starting" if beat.phase in NOT_YET else "running", beat.phase, began_s)


def _died(evidence: Evidence, work: Work) -> State:
    """No lock and no exit.json: the process ended unexpectedly. The likely cause."""
    seen_s = evidence.heartbeat.time_s if evidence.heartbeat else work.time_s
    ended_s = evidence.ended.time_s if evidence.ended else seen_s
    if evidence.control and evidence.control.forced:
        return State(
            "stopped",
            f"it did not end when asked and was ended with {evidence.control.forced}",
            ended_s,
        )
    if work.boot_id != evidence.boot_id:
        return State(
            "machine restarted", "the machine was switched off or restarted while it ran", seen_s
        )
    return State(
        "crashed", ": ".join(filter(None, [_cause(evidence.ended), evidence.log_line])), ended_s
    )


def _cause(ended: Ended | None) -> str:
    if ended is None:
        return "its process ended without recording a cause"
    if ended.exit_code >= 0:
        return f"its process ended with exit code {ended.exit_code} and recorded no cause"
    number = -ended.exit_code
    name = signal.Signals(number).name if number in set(signal.Signals) else "an unnamed signal"
    hint = ", which the system sends when memory runs out" if number == signal.SIGKILL else ""
    return f"killed by signal {number} ({name}){hint}"


def last_line(directory: RunDirectory) -> str:
    """The last line of the log that is not empty, cut to a readable length."""
    lines = tail(directory, LOG_TAIL_BYTES).split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")


def tail(directory: RunDirectory, size_bytes: int) -> str:
    """The end of the log. Reads no more than it returns."""
    try:
        with directory.file(LOG).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - size_bytes))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
