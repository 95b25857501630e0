"""Downloads from a server of our own: checked, resumed, shared."""

import hashlib
import http.server
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import numpy as np
import pytest

from resnet import data
from resnet.data.dataset import Download, Source
from resnet.data.download import fetch
from resnet.errors import DataError

CONTENT = np.random.default_rng(0).bytes(2_000_000)


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT, from where a client left off; a connection breaks off after `breaks_after`
    bytes where that is set. `knows_ranges` is False for a server that sends the whole file whatever
    is asked for."""

    def __init__(self) -> None:
        self.breaks_after: int | None = None
        self.knows_ranges = True
        self.ranges: list[str | None] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.ranges.append(asked)
        part = asked if self.server.knows_ranges else None
        start = int(part.removeprefix("bytes=").removesuffix("-")) if part else 0
        self.send_response(206 if part else 200)
        if part:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start:][: self.server.breaks_after])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resnet.data.download.PAUSE_S", 0)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def download(server: Server, md5: str | None = None, name: str = "x.bin") -> Download:
    published = md5 or hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    return Download(
        f"http://127.0.0.1:{server.server_port}/{name}", f"set/{name}", len(CONTENT), published
    )


def test_a_connection_that_breaks_off_is_made_again_where_it_stopped(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file begun anew at every break would never arrive over such a line."""
    server.breaks_after = 700_000
    with caplog.at_level(logging.INFO):
        fetch(download(server), tmp_path)
    assert (tmp_path / "set" / "x.bin").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["x.bin"]
    assert server.ranges == [None, "bytes=700000-", "bytes=1400000-"]
    assert "set/x.bin: downloading, 70 % of 2.0 MB" in caplog.messages
    assert "x.bin: complete" in caplog.messages


def test_what_arrived_before_a_run_ended_is_not_asked_for_again(
    server: Server, tmp_path: Path
) -> None:
    """Killed in the middle, or a server that sends nothing more: the next run goes on from
    there."""
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "x.bin.part").write_bytes(CONTENT[:1_000_000])
    server.breaks_after = 0
    with pytest.raises((OSError, HTTPException)):
        fetch(download(server), tmp_path)
    server.breaks_after = None
    fetch(download(server), tmp_path)
    assert (tmp_path / "set" / "x.bin").read_bytes() == CONTENT
    assert set(server.ranges) == {"bytes=1000000-"}


@pytest.mark.parametrize("kept", [CONTENT[:1_000_000], CONTENT + b"more"], ids=["part", "too much"])
def test_a_server_without_ranges_sends_the_whole_file_anew(
    server: Server, tmp_path: Path, kept: bytes
) -> None:
    """Appended to what was there, it would come out wrong for ever."""
    server.knows_ranges = False
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "x.bin.part").write_bytes(kept)
    fetch(download(server), tmp_path)
    assert (tmp_path / "set" / "x.bin").read_bytes() == CONTENT


def holding(path: Path) -> subprocess.Popen[str]:
    """Another process in the middle of a download: it has the lock."""
    code = (
        "import fcntl, sys; f = open(sys.argv[1], 'ab'); fcntl.flock(f, fcntl.LOCK_EX);"
        " print('ready'); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "ready\n"
    return other


def test_a_run_waits_for_another_process_and_goes_on_where_that_died(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "set").mkdir()
    part = tmp_path / "set" / "x.bin.part"
    part.write_bytes(CONTENT[:500_000])
    with holding(part) as other, caplog.at_level(logging.INFO):
        waiting = threading.Thread(target=fetch, args=(download(server), tmp_path))
        waiting.start()
        fetch(
            download(server, name="y.bin"), tmp_path
        )  # another file of the same folder waits for nobody
        assert server.ranges == [None]
        other.kill()
        waiting.join()
    assert (tmp_path / "set" / "x.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=500000-"]
    assert "x.bin: waiting for another run that downloads it" in caplog.messages


def test_two_that_need_the_same_file_fetch_it_once(server: Server, tmp_path: Path) -> None:
    threads = [threading.Thread(target=fetch, args=(download(server), tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.ranges) == 1


def test_something_else_than_the_published_file_is_not_kept(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="something else than the published file"):
        fetch(download(server, md5="0" * 32), tmp_path)
    assert list((tmp_path / "set").iterdir()) == []


def test_no_network_and_no_file_is_one_sentence_that_says_where_to_put_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Download("http://127.0.0.1:9/x.bin", "x.bin", 10, "0" * 32)
    source = Source(
        data.facts("cifar10"), lambda _: None, lambda _: False, lambda *_: None, (nowhere,)
    )
    monkeypatch.setattr("resnet.data._SOURCES", {"cifar10": source})
    with pytest.raises(
        DataError, match=r"could not be downloaded .*: put cifar-10-python\.tar\.gz"
    ) as caught:
        data.fetch("cifar10", tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
