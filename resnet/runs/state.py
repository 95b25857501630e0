"""What is true about a run, derived from its files and its lock at every look, and never stored."""

import signal
from dataclasses import dataclass
from typing import Any, Literal

from resnet.errors import RunError
from resnet.runs import clock
from resnet.runs.directory import CONTROL, ENDED, EXIT, LOG, PROCESS, Heartbeat, RunDirectory

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
OUTCOMES: dict[str, StateName] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}
NOT_YET = ("starting", "compiling")
LOG_TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a sign of life, the first one, a stop, and after SIGTERM before SIGKILL."""

    stale_after_s: float = 20.0
    first_sign_s: float = 120.0
    grace_s: float = 30.0
    terminate_s: float = 5.0


PATIENT = Patience()


@dataclass(frozen=True, slots=True)
class State:
    """What a run is doing, why, and since when. Times are Unix seconds; `deadline_s` is when a stop will be forced."""

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
        """Whether the run came to an end, good or bad."""
        return not self.alive and self.name != "queued"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a state is derived from. A damaged file is an object that holds nothing but its `damage`."""

    locked: bool
    exit: dict[str, Any] | None
    ended: dict[str, Any] | None
    process: dict[str, Any] | None
    control: dict[str, Any] | None
    heartbeat: Heartbeat | None
    last_words: str
    boot_id: str
    uptime_s: float


def derive(directory: RunDirectory, patience: Patience = PATIENT) -> State:
    """The run's state now. A damaged file is a cause, not an error."""
    return judge(gather(directory), patience)


def gather(directory: RunDirectory) -> Evidence:
    """Read the evidence, the lock first: where it is free, whatever its holder wrote is there to be read."""
    locked = directory.is_locked()
    last_word = _read(directory, EXIT)
    return Evidence(
        locked=locked,
        exit=last_word,
        ended=_read(directory, ENDED),
        process=_read(directory, PROCESS),
        control=_read(directory, CONTROL),
        heartbeat=directory.heartbeat(),
        last_words="" if locked or last_word else last_line(directory),
        boot_id=clock.boot_id(),
        uptime_s=clock.uptime_s(),
    )


def _read(directory: RunDirectory, name: str) -> dict[str, Any] | None:
    try:
        return directory.read_json(name)
    except RunError as error:
        return {"damage": str(error)}


def judge(evidence: Evidence, patience: Patience) -> State:
    """The state that follows from the evidence."""
    if evidence.locked:
        return _stopping(evidence, patience) or _at_work(evidence, patience)
    if evidence.exit:
        outcome = OUTCOMES.get(str(evidence.exit.get("outcome")))
        if outcome:
            return State(outcome, evidence.exit.get("cause"), evidence.exit.get("time_s"))
        return State("crashed", evidence.exit.get("damage", f"{EXIT} names no outcome this version knows"))
    if evidence.process is None:
        return State("queued")
    return _died(evidence, evidence.process)


def _stopping(evidence: Evidence, patience: Patience) -> State | None:
    control = evidence.control
    if not control or not control.get("stop"):
        return None
    asked_uptime_s = control.get("uptime_s", evidence.uptime_s)
    deadline_s = clock.now_s() + patience.grace_s - (evidence.uptime_s - asked_uptime_s)
    cause = f"{control['forced']} was sent, since it did not end when asked" if "forced" in control else None
    return State("stopping", cause, control.get("time_s"), deadline_s)


def _at_work(evidence: Evidence, patience: Patience) -> State:
    began = evidence.process or {}
    began_s, began_uptime_s = began.get("time_s"), began.get("uptime_s", evidence.uptime_s)
    beat = evidence.heartbeat
    if beat is None or not began_uptime_s <= beat.uptime_s <= evidence.uptime_s:  # none, or an earlier process's
        silent_s = evidence.uptime_s - began_uptime_s
        if silent_s <= patience.first_sign_s:
            return State("starting", None, began_s)
        return State("stalled", f"no sign of life in the {silent_s:.0f} s since it was started", began_s)
    silent_s = evidence.uptime_s - beat.uptime_s
    if silent_s > patience.stale_after_s:
        cause = f"no sign of life for {silent_s:.0f} s, {beat.phase} at step {beat.step}"
        return State("stalled", cause, clock.now_s() - silent_s)
    return State("starting" if beat.phase in NOT_YET else "running", beat.phase, began_s)


def _died(evidence: Evidence, process: dict[str, Any]) -> State:
    """No lock and no last word: the process is gone, and this is what can be known about why."""
    seen = evidence.heartbeat.time_s if evidence.heartbeat else process.get("time_s")
    ended = evidence.ended or {}
    ended_s = ended.get("time_s", seen)
    if forced := (evidence.control or {}).get("forced"):
        return State("stopped", f"it did not end when asked and was ended with {forced}", ended_s)
    if process.get("boot_id", evidence.boot_id) != evidence.boot_id:
        return State("machine restarted", "the machine was switched off or restarted while it ran", seen)
    return State("crashed", _cause(ended) + (f": {evidence.last_words}" if evidence.last_words else ""), ended_s)


def _cause(ended: dict[str, Any]) -> str:
    code = ended.get("exit_code")
    if not isinstance(code, int):
        return "its process ended without a word"
    if code >= 0:
        return f"its process ended with exit code {code} and without a word"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else "an unnamed signal"
    hint = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
    return f"killed by signal {-code} ({name}){hint}"


def last_line(directory: RunDirectory) -> str:
    """The last line of the log with anything on it, cut to a readable length."""
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
