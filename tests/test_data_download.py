"""Downloads from a server of our own: checked, resumed, shared."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from resnet import data
from resnet.data.dataset import Download, Source
from resnet.data.download import fetch
from resnet.errors import DataError

CONTENT = np.random.default_rng(0).bytes(2_000_000)


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT, from where a client left off; breaks off after `breaks_at` bytes where that is set."""

    def __init__(self) -> None:
        self.breaks_at: int | None = None
        self.ranges: list[str | None] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : self.server.breaks_at])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def download(server: Server, md5: str | None = None) -> Download:
    published = md5 or hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    return Download(f"http://127.0.0.1:{server.server_port}/x.bin", "set/x.bin", len(CONTENT), published)


def test_a_download_that_broke_off_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.breaks_at = 1_000_000
    with pytest.raises(Exception, match=r"broke off|IncompleteRead"):
        fetch(download(server), tmp_path)
    server.breaks_at = None
    fetch(download(server), tmp_path)
    assert (tmp_path / "set" / "x.bin").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["x.bin"]
    assert server.ranges == [None, "bytes=1000000-"]


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
    source = Source(data.facts("cifar10"), lambda _: None, lambda _: False, (nowhere,))
    monkeypatch.setattr("resnet.data._SOURCES", {"cifar10": source})
    with pytest.raises(DataError, match=r"could not be downloaded .*: put cifar-10-python\.tar\.gz") as caught:
        data.fetch("cifar10", tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
