"""The server as `make run` starts it: who may speak to it, and what a click costs."""

import contextlib
import gc
import http.client
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from streamlit import config
from test_app_architecture import visit
from websockets.exceptions import InvalidStatus

from resnet.studies.plan import ready
from resnet.studies.plan.study_files import LARGEST_FILE_BYTES, to_text
from tests.browser.driver import ROOT, RunningApp, running_app
from tests.visitor import Visitor

RERUNS, MEGABYTE = 6, 1 << 20


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("lab")) as app:
        yield app


def port_of(lab: RunningApp) -> int:
    return urlsplit(lab.url).port or 80


def asked(
    lab: RunningApp, method: str, path: str, body: bytes | None = None
) -> http.client.HTTPResponse:
    """What a script of another site is answered."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port_of(lab), timeout=30)
    ) as link:
        link.request(method, path, body, {"Origin": "http://evil.example"})
        answer = link.getresponse()
        answer.read()
        return answer


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_owner_reaches_the_app_by_its_local_names(lab: RunningApp, host: str) -> None:
    """Catches a list of hosts that locks the owner out."""
    own = f"{host}:{port_of(lab)}"
    with Visitor(lab.url, host=own, origin=f"http://{own}") as visitor:
        visitor.rerun()
        assert visitor.all("bidi_component")
        assert not visitor.exceptions


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (
            "evil.example",
            "http://evil.example",
        ),  # DNS rebinding: the attacker's own name leads to 127.0.0.1
        ("localhost.evil.example", "http://localhost.evil.example"),
        ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example"),
        ("", "http://evil.example"),  # a page of another site opens a socket
        ("", "http://localhost.evil.example"),
        ("", "null"),  # a sandboxed frame, or a local file
    ],
)
def test_another_site_opens_no_session(lab: RunningApp, host: str, origin: str) -> None:
    """Catches a page on the web that starts and stops trainings on the machine of whoever looks at
    it."""
    port = port_of(lab)
    visitor = Visitor(
        lab.url,
        host=f"{host}:{port}" if host else None,
        origin=f"{origin}:{port}" if host else origin,
    )
    with pytest.raises(InvalidStatus) as refused, visitor:
        pass
    assert refused.value.response.status_code == 403


def test_an_owner_names_the_hosts_of_a_server_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a container that answers to no name but localhost, whatever the README says."""
    monkeypatch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", "lab.example.org localhost 127.0.0.1")
    with running_app(tmp_path) as app:
        own = f"lab.example.org:{port_of(app)}"
        with Visitor(app.url, host=own, origin=f"http://{own}") as visitor:
            visitor.rerun()
            assert visitor.all("bidi_component")
        with (
            pytest.raises(InvalidStatus),
            Visitor(app.url, host="evil.example", origin="http://evil.example"),
        ):
            pass


@pytest.mark.parametrize(
    "path", ["/_stcore/health", "/_stcore/host-config", "/media/nothing.png", "/"]
)
def test_another_site_reads_nothing(lab: RunningApp, path: str) -> None:
    """Catches an answer that another site's script may read: no header lets it."""
    answer = asked(lab, "GET", path)
    allowed = answer.getheader("Access-Control-Allow-Origin")
    assert allowed is None or "evil" not in allowed
    assert allowed != "*"


def test_another_site_uploads_nothing(lab: RunningApp) -> None:
    """Catches an upload without the token that only the app's own pages can read."""
    with Visitor(lab.url) as visitor:
        visitor.rerun()
        assert (
            asked(lab, "PUT", f"/_stcore/upload_file/{visitor.session_id}/one", b"x").status == 403
        )


def test_no_click_collects_all_the_garbage_there_is() -> None:
    """Catches the full collection after each rerun, which made one click dearer with what all
    others had looked at."""
    assert config.get_option("runner.postScriptGC") is False
    app = visit()
    full = []

    def noted(phase: str, info: dict[str, int]) -> None:
        # Python collects by itself too, wherever something is made; only Streamlit's call counts.
        caller = sys._getframe(1).f_code.co_filename
        if phase == "start" and info["generation"] == 2 and caller.endswith("script_runner.py"):
            full.append(phase)

    gc.callbacks.append(noted)
    try:
        for _ in range(RERUNS):
            app.run()
    finally:
        gc.callbacks.remove(noted)
    assert len(full) <= 1


def study_of(size: int) -> bytes:
    """A whole study's file of exactly so many bytes."""
    text = to_text(ready.get("plain_or_residual").at("quick"), "yaml").encode()
    return text + b"#" * (size - len(text) - 1) + b"\n"


def curve_of(size: int) -> bytes:
    """A whole CSV of exactly so many bytes."""
    line = b"1,1.5" + b"0" * 1000 + b"\n"
    text = b"epoch,loss\n" + line * ((size - 3000) // len(line))
    return text + b"2,1.5" + b"0" * (size - len(text) - 6) + b"\n"


def uploader(visitor: Visitor) -> Any:
    return visitor.find("file_uploader")


def said(visitor: Visitor) -> str:
    return "\n".join(alert.body for alert in visitor.all("alert")).replace("\\", "")


@pytest.mark.parametrize("over", [0, 1])
def test_a_study_s_file_at_the_promised_size_is_read(lab: RunningApp, over: int) -> None:
    """Catches an uploader that promises what the server or the reader refuses; one byte more is one
    sentence."""
    with Visitor(lab.url, page="study") as visitor:
        visitor.rerun("study=:mine")
        visitor.open("Customise")
        place = uploader(visitor)
        assert place.max_upload_size_mb * MEGABYTE == LARGEST_FILE_BYTES
        assert visitor.upload(place, "study.yaml", study_of(LARGEST_FILE_BYTES + over)) in (
            200,
            204,
        )
        visitor.rerun("study=:mine")
        assert not visitor.exceptions
        assert ("has at most" in said(visitor)) == bool(over), said(visitor)


def test_curves_at_the_promised_size_are_read_and_larger_ones_refused(lab: RunningApp) -> None:
    """Catches "64MB per file" above a server that refuses 6."""
    with Visitor(lab.url, page="runs") as visitor:
        visitor.rerun("curve=none")
        visitor.open("Import curves")
        place = uploader(visitor)
        most = place.max_upload_size_mb * MEGABYTE
        assert most == 16 * MEGABYTE
        assert visitor.upload(place, "curve.csv", curve_of(most)) in (200, 204)
        visitor.rerun("curve=none")
        assert not visitor.exceptions
        assert any("Found in this csv file" in text.body for text in visitor.all("markdown"))
        assert visitor.upload(place, "large.csv", curve_of(most + 2 * MEGABYTE)) == 413


def test_every_uploader_says_how_much_it_takes() -> None:
    """Catches an uploader that leaves the number to Streamlit's default, or writes one of its
    own."""
    for file in (ROOT / "app").rglob("*.py"):
        calls = file.read_text().split("file_uploader(")[1:]
        assert all("max_upload_size=uploads.largest_mb(" in call[:300] for call in calls), file
