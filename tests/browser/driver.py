"""The real app and a real Chromium, for the browser tests and for bench/: started, waited for, and
ended again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tools import programs

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 60
ENDS_WITHIN_S = 10

CHROMIUM_FLAGS = [
    "--no-sandbox",  # root in a container has no other way
    "--disable-gpu",
    "--no-first-run",
    # A test machine may be offline, and lookups that fail are noise.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class RunningApp:
    """A server that answers. `folder` holds its runs/, its data/ and server.log; `process` leads
    its own group."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")


@contextmanager
def running_app(
    folder: Path, script: Path = ROOT / "streamlit_app.py", port: int | None = None
) -> Iterator[RunningApp]:
    """Serve `script` on a free port of 127.0.0.1 with its own runs and data in `folder`, and end it
    afterwards.

    Raises RuntimeError with the server's log where it does not come up.
    """
    port = free_port() if port is None else port
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(folder),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    app = RunningApp(f"http://127.0.0.1:{port}", folder, process)
    try:
        wait_until_healthy(app)
        yield app
    finally:
        end(process)


def environment(folder: Path) -> dict[str, str]:
    """This process's environment, with runs, studies and data kept apart from the ones of whoever
    runs the tests."""
    own = {f"RESNET_LAB_{name.upper()}": str(folder / name) for name in ("runs", "studies", "data")}
    return {**os.environ, **own}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(app: RunningApp) -> None:
    """Return once the server answers on its health address."""
    give_up = time.monotonic() + STARTS_WITHIN_S
    while not answers(f"{app.url}/_stcore/health"):
        if app.process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"The app did not come up on {app.url}:\n{app.log}")
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process's whole group to go, insist after a while, and collect it."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(ENDS_WITHIN_S)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait(ENDS_WITHIN_S)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The headless Chromium that tools/programs.py finds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def chromium_path() -> str:
    path = programs.path(programs.named("chromium"))
    if path is None:
        raise RuntimeError(
            "There is no Chromium here; `make test` and `make bench` install one where they can."
        )
    return path


def settled(page: Page) -> None:
    """Return once Streamlit is done with what was asked of it; a click on a page that is being made
    would be lost."""
    page.wait_for_timeout(200)
    expect(page.locator("[data-testid=stApp]")).to_have_attribute(
        "data-test-script-state", "notRunning"
    )
