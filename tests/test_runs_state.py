"""The state that follows from the evidence: every combination of files, clocks and boots."""

import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.runs import clock
from resnet.runs.directory import CONTROL, ENDED, EXIT, HEARTBEAT, LOG, WORK, RunDirectory
from resnet.runs.records import Control, Ended, Heartbeat, LastWord, Outcome, Phase, Work
from resnet.runs.state import Evidence, Patience, State, StateName, derive, gather, judge

PATIENCE = Patience(stale_after_s=20, first_sign_s=120, grace_s=30, terminate_s=5)
NOW_S = 1000.0
WORKED = Work(pid=7, start_ticks=3, boot_id="this", time_s=5000.0, uptime_s=900.0)
BEAT = Heartbeat(time_s=5090.0, uptime_s=995.0, step=40, phase="stepping")
ASKED = Control(stop=True, time_s=5080.0, uptime_s=990.0, boot_id="this")
NOTHING = Evidence(locked=False, boot_id="this", uptime_s=NOW_S)
AT_WORK = replace(NOTHING, locked=True, work=WORKED, heartbeat=BEAT)
DEAD = replace(AT_WORK, locked=False)
RESTARTED = replace(DEAD, boot_id="a later one")


def beat(**changes: object) -> Heartbeat:
    return BEAT.model_copy(update=changes)


def forced(name: str) -> Control:
    return ASKED.model_copy(update={"forced": name})


@pytest.mark.parametrize(
    ("evidence", "name"),
    [
        (NOTHING, "queued"),
        (replace(NOTHING, locked=True), "starting"),
        (replace(AT_WORK, heartbeat=None), "starting"),
        (replace(AT_WORK, heartbeat=beat(phase="compiling")), "starting"),
        (AT_WORK, "running"),
        (replace(AT_WORK, heartbeat=beat(phase="evaluating")), "running"),
        (replace(AT_WORK, heartbeat=beat(uptime_s=979.0)), "stalled"),
        (replace(AT_WORK, heartbeat=None, uptime_s=1021.0), "stalled"),
        (replace(AT_WORK, control=ASKED), "stopping"),
        (replace(AT_WORK, control=Control(stop=True)), "stopping"),
        (replace(AT_WORK, control=Control()), "running"),
        (replace(AT_WORK, last_word=LastWord(outcome="finished")), "running"),
        (replace(DEAD, last_word=LastWord(outcome="finished")), "finished"),
        (replace(DEAD, last_word=LastWord(outcome="stopped"), control=ASKED), "stopped"),
        (replace(DEAD, last_word=LastWord(outcome="failed", cause="no images")), "failed"),
        (replace(DEAD, damage="exit.json is damaged"), "crashed"),
        (replace(NOTHING, damage="process.json is damaged"), "crashed"),
        (DEAD, "crashed"),
        (replace(DEAD, ended=Ended(exit_code=-9, time_s=1.0)), "crashed"),
        (replace(DEAD, control=ASKED), "crashed"),
        (replace(DEAD, control=forced("SIGKILL")), "stopped"),
        (RESTARTED, "machine restarted"),
        (replace(RESTARTED, control=forced("SIGTERM")), "stopped"),
        (replace(NOTHING, last_word=LastWord(outcome="stopped")), "stopped"),
    ],
)
def test_what_follows(evidence: Evidence, name: StateName) -> None:
    assert judge(evidence, PATIENCE).name == name


def test_the_clock_set_back_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat's date lies an hour in the future; its age is five seconds all the same."""
    monkeypatch.setattr(clock, "now_s", lambda: BEAT.time_s - 3600)
    assert judge(AT_WORK, PATIENCE).name == "running"
    assert judge(replace(AT_WORK, heartbeat=beat(uptime_s=950.0)), PATIENCE).name == "stalled"


def test_the_clock_set_back_does_not_move_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = replace(AT_WORK, control=ASKED)
    for now_s in (5090.0, 1.0, 9e9):
        monkeypatch.setattr(clock, "now_s", lambda now_s=now_s: now_s)
        assert judge(evidence, PATIENCE).deadline_s == now_s + 20


@pytest.mark.parametrize(
    "uptime_s", [899.0, 1001.0], ids=["before this process", "after now: an earlier boot"]
)
def test_a_heartbeat_of_an_earlier_process_says_nothing(uptime_s: float) -> None:
    assert judge(replace(AT_WORK, heartbeat=beat(uptime_s=uptime_s)), PATIENCE).name == "starting"


@pytest.mark.parametrize(
    ("exit_code", "log_line", "cause"),
    [
        (None, "", "its process ended without recording a cause"),
        (-11, "", "killed by signal 11 (SIGSEGV)"),
        (-9, "", "killed by signal 9 (SIGKILL), which the system sends when memory runs out"),
        (-63, "", "killed by signal 63 (an unnamed signal)"),
        (1, "KeyError: 3", "its process ended with exit code 1 and recorded no cause: KeyError: 3"),
    ],
)
def test_the_cause_of_a_crash_is_what_is_known(
    exit_code: int | None, log_line: str, cause: str
) -> None:
    ended = None if exit_code is None else Ended(exit_code=exit_code, time_s=1.0)
    assert judge(replace(DEAD, ended=ended, log_line=log_line), PATIENCE).cause == cause


numbers = st.floats(-1e12, 1e12)
evidences = st.builds(
    Evidence,
    locked=st.booleans(),
    boot_id=st.sampled_from(["this", "that"]),
    uptime_s=numbers,
    last_word=st.none() | st.builds(LastWord, outcome=st.sampled_from(get_args(Outcome))),
    work=st.none()
    | st.builds(Work, boot_id=st.sampled_from(["this", "that"]), time_s=numbers, uptime_s=numbers),
    ended=st.none() | st.builds(Ended, time_s=numbers),
    control=st.none() | st.builds(Control, time_s=numbers, uptime_s=numbers),
    heartbeat=st.none()
    | st.builds(
        Heartbeat, time_s=numbers, uptime_s=numbers, phase=st.sampled_from(get_args(Phase))
    ),
    damage=st.none() | st.text(),
    log_line=st.text(),
)


@given(evidences)
def test_no_evidence_is_too_strange(evidence: Evidence) -> None:
    """A state always comes out, and a locked run is never called over, nor a free one alive."""
    state = judge(evidence, PATIENCE)
    assert state.name in get_args(StateName)
    assert state.alive == evidence.locked


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def test_another_boot_is_a_restarted_machine(directory: RunDirectory) -> None:
    with directory.lock():
        directory.beat(3, "stepping")
    assert derive(directory).name == "crashed"
    directory.write(WORK, directory.work().model_copy(update={"boot_id": "an earlier one"}))
    state = derive(directory)
    assert state.name == "machine restarted"
    assert state.since_s == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize("name", [EXIT, ENDED, WORK, CONTROL, HEARTBEAT])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"{}", b'{"stop": 1, "uptime_s": "x"}']
)
def test_a_damaged_file_never_hides_the_run(
    directory: RunDirectory, name: str, content: bytes
) -> None:
    """Alive is alive, whatever the files say, and nothing raises."""
    with directory.lock():
        directory.beat(3, "stepping")
        directory.file(name).write_bytes(content)
        assert derive(directory).alive
    assert not derive(directory).alive


def test_last_words_are_the_last_line_with_anything_on_it(directory: RunDirectory) -> None:
    directory.file(LOG).write_text("a\n" * 5000 + "ValueError: no\n\n  \n")
    with directory.lock():
        pass
    assert derive(directory).cause == "its process ended without recording a cause: ValueError: no"


def test_a_queued_run_is_neither_alive_nor_over() -> None:
    assert not State("queued").alive
    assert not State("queued").over


class Busy(RunDirectory):
    """A run whose worker beats just when somebody looks, as it does on a busy machine."""

    def heartbeat(self) -> Heartbeat:
        return Heartbeat(time_s=clock.now_s(), uptime_s=clock.uptime_s(), step=3, phase="stepping")


def test_a_beat_during_the_look_is_not_from_the_future(tmp_path: Path) -> None:
    """Seen under load: the clock was read before the heartbeat, and a running run looked as if it
    were starting."""
    run = Busy(tmp_path)
    for _ in range(100):
        evidence = gather(run)
        assert evidence.heartbeat is not None
        assert evidence.heartbeat.uptime_s <= evidence.uptime_s


class JustStarted(RunDirectory):
    """A run that a worker takes up between the reading of the lock and that of who works on it."""

    looks = 0

    def is_locked(self) -> bool:
        self.looks += 1
        return self.looks > 1


def test_a_start_during_the_look_is_not_a_crash(tmp_path: Path) -> None:
    """Seen under load: the lock was still free, the worker's name was already written, and the run
    looked dead."""
    run = JustStarted(tmp_path)
    run.write_json(WORK, WORKED.model_dump())
    assert gather(run).locked
