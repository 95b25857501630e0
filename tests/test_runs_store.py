"""The store: what it lists and refuses, and that two hundred long runs cost no more than two
hundred short ones."""

import json
import os
from pathlib import Path

import pytest

from resnet.errors import ConfigError, RunError, UnknownNameError
from resnet.runs import Notes, Run, Store, devices, disk, journal, supervisor
from resnet.runs.directory import EXIT, LOG, METRICS, RESERVE, SPEC, RunDirectory
from resnet.runs.launcher import Launcher
from tests import runs_support as support

RUN_ID = "20261124-062501-resnet20-digits-{:04x}"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", Launcher(["/nowhere/no-run-is-started-here"]))


def finished(store: Store, number: int = 1) -> Run:
    """A run as a worker leaves it."""
    directory = RunDirectory(store.root / RUN_ID.format(number))
    directory.path.mkdir(parents=True)
    directory.write(SPEC, support.spec(seed=number))
    with directory.lock():
        directory.write_exit("finished")
    return Run(directory.path)


def write_curve(run: Run, lines: int, evaluate_every: int = 100) -> None:
    """A long curve, written at one stroke."""
    path = run.path / METRICS
    curve = [{"kind": "start", "steps": lines, "batch_size": 128}]
    for step in range(1, lines):
        if step % evaluate_every == 0:
            error = 10 + abs(step - lines // 2) / lines
            best = min(error, curve[-1].get("best", 100.0))
            curve.append(
                {
                    "kind": "evaluation",
                    "step": step,
                    "validation_error": error,
                    "best_validation_error": best,
                }
            )
        else:
            curve.append(
                {"kind": "train", "step": step, "images_per_s": 640.0, "learning_rate": 0.1}
            )
    path.write_text("".join(json.dumps(record) + "\n" for record in curve))


def test_no_folder_is_no_runs(store: Store) -> None:
    assert store.list() == []
    assert not store.root.exists(), "looking must not make folders"


def test_newest_first_within_one_second_too(store: Store) -> None:
    runs = [finished(store, number) for number in (9, 2, 5)]
    for place, run in enumerate(runs):
        run.directory.write_json(
            "request.json", {"time_s": 1.0, "uptime_s": float(place), "boot_id": "b"}
        )
    (store.root / "notes by hand").mkdir()
    (store.root / "20261124-062501-a-file-0000").touch()
    assert store.list() == runs[::-1]


def test_an_id_is_drawn_again_where_it_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred runs submitted in a second: two of them drew the same digits, and the second was
    refused."""
    store.queue.directory.path.mkdir(parents=True)
    store.queue.pause()
    drawn = [RUN_ID.format(number) for number in (1, 1, 1, 2)]
    monkeypatch.setattr("resnet.runs.store.new_id", lambda _: drawn.pop(0))
    ids = [store.start(support.spec(seed=seed)).id for seed in (1, 2)]
    assert ids == [RUN_ID.format(1), RUN_ID.format(2)]


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        ".",
        "..",
        "../runs",
        "/etc",
        "20261124-062501-resnet20-digits-0001/..",
        "a\0b",
        "<script>",
        "x" * 10_000_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_only_an_id_is_an_id(store: Store, hostile: str) -> None:
    finished(store)
    for call in (store.get, store.stop, store.delete, store.restore):
        with pytest.raises(UnknownNameError) as refusal:
            call(hostile)
        assert len(str(refusal.value)) < 1000


def test_an_unknown_id_names_the_nearest(store: Store) -> None:
    run = finished(store)
    with pytest.raises(UnknownNameError, match=f"did you mean '{run.id}'"):
        store.get(run.id[:-1] + "2")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged"),
        (b'{"network": "resnet20"', "damaged"),
        (b"[]", "must hold an object"),
        (b"{}", "is required"),
    ],
)
def test_a_damaged_spec_is_listed_with_its_reason(
    store: Store, content: bytes, reason: str
) -> None:
    run = finished(store)
    (run.path / SPEC).write_bytes(content)
    assert store.list() == [run]
    assert run.spec is None
    assert reason in run.damage
    assert run.damage.count("\n") == 0
    assert run.state().name == "finished"
    assert run.progress().step == 0
    (run.path / EXIT).unlink()
    (run.path / "process.json").unlink()
    assert (run.state().name, run.state().cause) == (
        "failed",
        run.damage,
    ), "nothing can begin without a spec"


def test_a_missing_spec_is_a_damaged_one(store: Store) -> None:
    run = finished(store)
    (run.path / SPEC).unlink()
    assert "missing" in run.damage


def test_a_spec_of_a_newer_format_is_refused(store: Store) -> None:
    run = finished(store)
    data = run.directory.read_json(SPEC)
    run.directory.write_json(SPEC, data | {"format_version": 2})
    assert "another version" in run.damage


def test_a_spec_read_back_is_the_spec(store: Store) -> None:
    assert finished(store, 7).spec == support.spec(seed=7)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"dataset": "digit"}, UnknownNameError, "did you mean 'digits'"),
        ({"device": "gpu99"}, UnknownNameError, "There is no device 'gpu99'"),
    ],
)
def test_what_cannot_succeed_is_refused_before_anything_is_written(
    store: Store, changes: dict, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        store.start(support.spec(**changes))
    assert not store.root.exists()


def test_a_batch_larger_than_the_data_is_refused(store: Store) -> None:
    spec = support.spec()
    spec = spec.model_copy(update={"recipe": spec.recipe.model_copy(update={"batch_size": 5000})})
    with pytest.raises(ConfigError, match="batch"):
        store.start(spec)


@pytest.mark.parametrize("folder", ["a file", "/proc/runs"])
def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(RunError, match="Cannot read or write") as refusal:
        Store(tmp_path / folder).start(support.spec())
    assert "\n" not in str(refusal.value)


def test_what_an_earlier_death_left_half_done_is_swept_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where no process can be started to see to the run, the run is not left behind either."""
    (store.root / ".new-20261124-062501-resnet20-digits-0001").mkdir(parents=True)

    def refuse(*_: object) -> None:
        raise RunError("no process can be started")

    monkeypatch.setattr(supervisor, "wake", refuse)
    with pytest.raises(RunError, match="no process can be started"):
        store.start(support.spec())
    assert list(store.root.iterdir()) == []


def test_the_last_word_is_spoken_on_a_full_disk(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reserve is given up for it: a run that failed for want of room must not look crashed."""
    directory = finished(store).directory
    directory.reserve()
    assert directory.file(RESERVE).stat().st_blocks > 0
    whole = disk.replace

    def full(path: Path, content: bytes) -> None:
        if directory.file(RESERVE).exists():
            raise OSError(28, os.strerror(28))
        whole(path, content)

    monkeypatch.setattr(disk, "replace", full)
    directory.write_exit("failed", "the disk is full")
    assert Run(directory.path).state().cause == "the disk is full"


def test_a_queued_run_can_be_taken_back(store: Store) -> None:
    run = finished(store)
    run.directory.forget_attempt()
    assert run.state().name == "queued"
    assert store.stop(run.id).state().name == "stopped"


def test_what_is_over_cannot_be_stopped(store: Store) -> None:
    with pytest.raises(RunError, match="is over: finished"):
        store.stop(finished(store).id)


def test_delete_and_undo(store: Store) -> None:
    run = finished(store)
    store.delete(run.id)
    assert store.list() == []
    assert [deleted.id for deleted in store.deleted()] == [run.id]
    assert store.restore(run.id) == store.get(run.id)
    assert run.state().name == "finished"
    store.delete(run.id)
    assert store.empty_bin() == 1
    assert list(store.deleted()) == []
    assert store.empty_bin() == 0


def test_a_run_at_work_cannot_be_deleted(store: Store) -> None:
    run = finished(store)
    with run.directory.lock(), pytest.raises(RunError, match=f"stop {run.id} first"):
        store.delete(run.id)


def test_notes_are_kept_and_a_damaged_one_is_empty(store: Store) -> None:
    run = finished(store)
    assert run.notes() == Notes()
    run.annotate(Notes(note="the <b>good</b> one\n", tags=("paper", "n=9")))
    assert run.notes() == Notes(note="the <b>good</b> one\n", tags=("paper", "n=9"))
    (run.path / "notes.json").write_text("{")
    assert run.notes() == Notes()


def test_the_log_tail_is_the_tail(store: Store) -> None:
    run = finished(store)
    assert run.log_tail() == ""
    (run.path / LOG).write_bytes(b"x" * 10_000_000 + b"\none\ntwo \xff\n")
    assert run.log_tail(2) == "one\ntwo \N{REPLACEMENT CHARACTER}"


def test_progress_of_a_run_at_work(store: Store) -> None:
    run = finished(store)
    write_curve(run, 1000)
    with run.directory.lock():
        run.directory.forget_attempt()
        run.directory.beat(994, "stepping")
        progress = run.progress()
    assert (progress.step, progress.steps) == (999, 1000)
    assert progress.time_left_s == pytest.approx(1 * 128 / 640)
    assert (progress.images_per_s, progress.learning_rate) == (640.0, 0.1)
    assert progress.last_validation_error == pytest.approx(10.4)
    assert run.progress().time_left_s is None, "nothing is left to wait for once it is over"


def test_the_best_error_is_found_where_the_last_record_does_not_say_it(store: Store) -> None:
    run = finished(store)
    for error in (9.0, 4.5, None, 6.0):
        run.directory.append_metric({"kind": "evaluation", "step": 1, "validation_error": error})
    run.directory.append_metric(
        {"kind": "train", "step": 2, "note": '"evaluation"', "validation_error": 0.0}
    )
    run.directory.close()
    assert run.progress().best_validation_error == 4.5
    assert run.progress().last_validation_error == 6.0


def test_a_long_run_costs_as_little_as_a_short_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred runs of 64,000 lines: only the ends are read, and what has not changed is not
    read again."""
    first = finished(store, 0)
    write_curve(first, 64_000)
    size = (first.path / METRICS).stat().st_size
    for number in range(1, 200):
        os.link(first.path / METRICS, finished(store, number).path / METRICS)

    read: list[int] = []
    parsed: list[bytes] = []
    decode, pread = journal.decode, os.pread
    monkeypatch.setattr(journal, "decode", lambda line: parsed.append(line) or decode(line))
    monkeypatch.setattr(
        journal.os, "pread", lambda fd, count, at: read.append(count) or pread(fd, count, at)
    )

    def board() -> list:
        return [(run.state().name, run.progress()) for run in store.list()]

    rows = board()
    assert len(rows) == 200
    assert rows[0][1].last_validation_error is not None
    assert sum(read) < 200 * size / 100
    assert len(parsed) < 200 * 200
    read.clear(), parsed.clear()
    assert board() == rows
    assert read == parsed == []
    with first.directory.lock():
        first.directory.append_metric(
            {"kind": "train", "step": 64_000, "images_per_s": 1.0, "learning_rate": 0.1}
        )
    parsed.clear()
    assert first.progress().step == 64_000
    assert len(parsed) < 200, "a live update costs what is new"


def test_the_cpu_is_last_and_known_by_name() -> None:
    *_, last = devices.list_devices()
    assert last.id == "cpu"
    assert last.name.endswith("cores") or last.name.endswith("1 core")
    assert 0 < last.free_bytes <= last.total_bytes
