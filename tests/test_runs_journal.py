"""metrics.jsonl under a reader that comes at any moment, a writer that dies at any byte, and
damage."""

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.runs import journal
from resnet.runs.directory import RunDirectory
from resnet.runs.journal import START, Cursor, Writer, encode, read, read_backwards, truncate

CURVE = [{"step": step, "kind": "train", "note": "ü" * (step % 7)} for step in range(1, 40)]
BYTES = b"".join(map(encode, CURVE))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def written(path: Path, records: list[dict]) -> None:
    writer = Writer(path)
    for record in records:
        writer.append(record)
    writer.close()


def test_no_file_is_no_records(path: Path) -> None:
    assert read(path) == ([], START)
    assert read_backwards(path, lambda record: True) == []


@given(cuts=st.lists(st.integers(0, len(BYTES)), max_size=12))
def test_a_reader_gets_every_record_once_however_the_file_grows(
    tmp_path_factory: pytest.TempPathFactory, cuts
) -> None:
    """Growth stops at any byte, inside a character too: nothing is lost, doubled or damaged."""
    path = tmp_path_factory.mktemp("journal") / "metrics.jsonl"
    records, cursor = [], START
    for cut in [*sorted(cuts), len(BYTES)]:
        path.write_bytes(BYTES[:cut])
        new, cursor = read(path, cursor)
        records += new
    assert records == CURVE
    assert cursor[2:] == (0, 0)


@given(cut=st.integers(0, len(BYTES)))
def test_a_torn_last_line_is_dropped_by_the_next_writer(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "metrics.jsonl"
    path.write_bytes(BYTES[:cut])
    whole = BYTES[:cut].count(b"\n")
    written(path, [{"step": 99}])
    assert read(path)[0] == [*CURVE[:whole], {"step": 99}]


def test_a_torn_last_line_is_left_for_the_next_time(path: Path) -> None:
    path.write_bytes(encode({"step": 1}) + b'{"step": 2')
    records, cursor = read(path)
    assert records == [{"step": 1}]
    path.write_bytes(encode({"step": 1}) + encode({"step": 2}))
    assert read(path, cursor)[0] == [{"step": 2}]


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x00\x00\x00", b"{", b"[1]", b"7", b"\xff\xfe", b"[" * 100_000],
    ids=lambda damage: repr(damage[:4]),
)
def test_a_damaged_line_is_passed_over_and_counted(path: Path, damage: bytes) -> None:
    path.write_bytes(encode({"step": 1}) + damage + b"\n" + encode({"step": 2}))
    records, cursor = read(path)
    assert records == [{"step": 1}, {"step": 2}]
    assert cursor.damaged == 1
    assert read_backwards(path, lambda record: record["step"] == 1) == records


def test_what_json_cannot_say_becomes_null(path: Path) -> None:
    written(path, [{"data_loss": float("nan"), "l2_penalty": float("inf"), "step": 3}])
    assert json.loads(path.read_text()) == {"data_loss": None, "l2_penalty": None, "step": 3}


def test_a_curve_cut_back_and_written_on_is_read_anew(path: Path) -> None:
    """A run resumed from a checkpoint: the reader must not mix the dropped records with the new
    ones."""
    written(path, CURVE)
    _, cursor = read(path)
    truncate(path, 20)
    assert read(path, cursor) == (CURVE[:20], Cursor(*read(path)[1][:2], restarts=1))
    written(path, [{"step": step, "again": True, "note": "x" * 9} for step in range(21, 60)])
    records, cursor = read(path, cursor)
    assert cursor.restarts == 1
    assert [record["step"] for record in records] == list(range(1, 60))
    written(path, [{"step": 60}])
    assert read(path, cursor) == ([{"step": 60}], Cursor(*read(path)[1][:2], restarts=1))


def test_cutting_back_to_before_the_start_leaves_nothing(path: Path) -> None:
    written(path, [{"kind": "start"}, *CURVE])
    _, cursor = read(path)
    truncate(path, -1)
    assert path.read_bytes() == b""
    assert read(path, cursor) == ([], Cursor(restarts=1))


def test_cutting_back_drops_a_torn_line(path: Path) -> None:
    path.write_bytes(BYTES + b'{"step": 5')
    truncate(path, 1000)
    assert path.read_bytes() == BYTES


@given(wanted=st.integers(0, 45), block=st.integers(1, 300))
def test_reading_from_the_end_finds_the_same_records(
    tmp_path_factory: pytest.TempPathFactory, wanted: int, block: int
) -> None:
    """Whatever the block size, lines that cross a block come out whole; a torn last line is not
    among them."""
    path = tmp_path_factory.mktemp("journal") / "metrics.jsonl"
    path.write_bytes(BYTES + b'{"step": 40, "no')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "BLOCK_BYTES", block)
        found = read_backwards(path, lambda record: record["step"] == wanted)
    assert found == CURVE[max(0, wanted - 1) if wanted <= len(CURVE) else 0 :]


def test_a_part_written_line_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up in the middle of a line takes a part of it without an error."""
    writer = Writer(path)
    writer.append({"step": 1})
    whole = os.write
    monkeypatch.setattr(journal.os, "write", lambda descriptor, data: whole(descriptor, data[:5]))
    with pytest.raises(OSError, match="No space left"):
        writer.append({"step": 2})
    monkeypatch.undo()
    writer.append({"step": 3})
    writer.close()
    assert read(path)[0] == [{"step": 1}, {"step": 3}]


LINES_READ_LIVE = 3000


def follow(directory: RunDirectory, done: threading.Event, problems: list[str]) -> None:
    """A reader that remembers how far it came."""
    expected = list(range(1, LINES_READ_LIVE + 1))
    steps, cursor = [], START
    while not steps or steps[-1] < LINES_READ_LIVE:
        over = done.is_set()  # asked first: what is read after the end is all there is
        new, cursor = directory.read_metrics(cursor)
        steps += [record["step"] for record in new]
        if over:
            break
    if steps != expected or cursor.restarts or cursor.damaged:
        problems.append(f"{len(steps)} steps, {cursor}")


def peek(directory: RunDirectory, done: threading.Event, problems: list[str]) -> None:
    """A reader of the end."""
    last = 0
    while not done.is_set():
        records = directory.last_metrics(lambda record: True)
        if records and records[-1]["step"] < last:
            problems.append(f"{records[-1]['step']} after {last}")
        last = records[-1]["step"] if records else last


def test_readers_beside_a_writer_see_a_growing_whole(tmp_path: Path) -> None:
    """Four readers with cursors, four from the end, while 3,000 lines are appended."""
    directory = RunDirectory(tmp_path)
    problems: list[str] = []
    done = threading.Event()
    reading = (directory, done, problems)
    readers = [threading.Thread(target=target, args=reading) for target in [follow, peek] * 4]
    for reader in readers:
        reader.start()
    for step in range(1, LINES_READ_LIVE + 1):
        directory.append_metric({"step": step, "padding": "x" * (step % 200)})
    done.set()
    for reader in readers:
        reader.join()
    directory.close()
    assert problems == []
