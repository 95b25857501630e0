"""The server as `make run` starts it: who may speak to it, and what a click costs."""

import contextlib
import gc
import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit import config
from test_app_architecture import visit
from websockets.exceptions import InvalidStatus

from tests.browser.driver import RunningApp, running_app
from tests.visitor import Visitor

RERUNS = 6


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("lab")) as app:
        yield app


def port_of(lab: RunningApp) -> int:
    return urlsplit(lab.url).port or 80


def asked(lab: RunningApp, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
    """What a script of another site is answered."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port_of(lab), timeout=30)) as link:
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
        ("evil.example", "http://evil.example"),  # DNS rebinding: the attacker's own name leads to 127.0.0.1
        ("localhost.evil.example", "http://localhost.evil.example"),
        ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example"),
        ("", "http://evil.example"),  # a page of another site opens a socket
        ("", "http://localhost.evil.example"),
        ("", "null"),  # a sandboxed frame, or a local file
    ],
)
def test_another_site_opens_no_session(lab: RunningApp, host: str, origin: str) -> None:
    """Catches a page on the web that starts and stops trainings on the machine of whoever looks at it."""
    port = port_of(lab)
    visitor = Visitor(lab.url, host=f"{host}:{port}" if host else None, origin=f"{origin}:{port}" if host else origin)
    with pytest.raises(InvalidStatus) as refused, visitor:
        pass
    assert refused.value.response.status_code == 403


def test_an_owner_names_the_hosts_of_a_server_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a container that answers to no name but localhost, whatever the README says."""
    monkeypatch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", "lab.example.org localhost 127.0.0.1")
    with running_app(tmp_path) as app:
        own = f"lab.example.org:{port_of(app)}"
        with Visitor(app.url, host=own, origin=f"http://{own}") as visitor:
            visitor.rerun()
            assert visitor.all("bidi_component")
        with pytest.raises(InvalidStatus), Visitor(app.url, host="evil.example", origin="http://evil.example"):
            pass


@pytest.mark.parametrize("path", ["/_stcore/health", "/_stcore/host-config", "/media/nothing.png", "/"])
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
        assert asked(lab, "PUT", f"/_stcore/upload_file/{visitor.session_id}/one", b"x").status == 403


def test_no_click_collects_all_the_garbage_there_is() -> None:
    """Catches the full collection after each rerun, which made one click dearer with what all others had looked at."""
    assert config.get_option("runner.postScriptGC") is False
    app = visit()
    full = []

    def noted(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            full.append(phase)

    gc.callbacks.append(noted)
    try:
        for _ in range(RERUNS):
            app.run()
    finally:
        gc.callbacks.remove(noted)
    assert len(full) < RERUNS  # Python itself collects now and then, which is as it should be
