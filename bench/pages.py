"""The page under a person's hand: a slider moved, the first drawing after `make run`, and what it
costs in memory."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from bench.table import Row, seconds
from resnet.network import catalog
from resnet.network.numbers import NUMBERS
from tests.browser.driver import (
    ROOT,
    RunningApp,
    answers,
    chromium,
    end,
    environment,
    free_port,
    running_app,
)

MOST_S = 0.3
MOST_BYTES = 400e6
STARTS = 5
"""`make run` and the empty page, in turns."""

DRAWING = ".lab-diagram .canvas svg"
EMPTY_PAGE = "import streamlit as st\n\nst.text('empty')\n"

STOPWATCH = """
([network, depth]) => {
  const find = (root, selector) => root.querySelector(selector) ?? [...root.querySelectorAll("*")]
    .flatMap((element) => element.shadowRoot ? [find(element.shadowRoot, selector)] : [])
    .find(Boolean);
  const diagram = find(document, ".lab-diagram");
  const shown = () => find(document, ".lab-numbers dd")?.textContent.trim() === depth
    && diagram.querySelector(".canvas svg").dataset.network === network;
  window.moved = null;
  addEventListener("keydown", (event) => {
    const look = () => requestAnimationFrame(() => shown()
      ? requestAnimationFrame(() => { window.moved = performance.now() - event.timeStamp; })
      : look());
    look();
  }, { once: true, capture: true });
}
"""
"""From the key that moves the slider to the frame after the one in which drawing and depth are the
new network's."""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        yield first_drawing(browser, Path(folder))
        with running_app(Path(folder) / "lab") as app:
            page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
            yield slider(page, app)
            yield memory(page, app)


def slider(page: Page, app: RunningApp) -> Row:
    """Every n from 1 to 200, up with shortcuts and down without."""
    took_s = [
        *moves(page, app, "resnet", range(1, 201)),
        *moves(page, app, "plain", range(200, 0, -1)),
    ]
    reached = f"slowest {seconds(max(took_s))}, median {seconds(median(took_s))}"
    what = f"slider moved → new drawing and numbers on the screen, {len(took_s)} networks"
    return Row(what, "–", f"{MOST_S} s for every one", reached, max(took_s) <= MOST_S)


def moves(page: Page, app: RunningApp, kind: catalog.Kind, numbers: range) -> list[float]:
    """Seconds for each step of the slider along `numbers`."""
    show(page, app, catalog.cifar_name(numbers[0], kind))
    page.get_by_role("slider").first.focus()
    return [moved_s(page, catalog.cifar_name(n, kind), numbers.step) for n in numbers[1:]]


def moved_s(page: Page, name: str, step: int) -> float:
    config = catalog.get(name).config
    page.evaluate(STOPWATCH, [config.fingerprint, NUMBERS["depth"].brief(config.depth)])
    page.keyboard.press("ArrowRight" if step > 0 else "ArrowLeft")
    page.wait_for_function("window.moved !== null")
    return float(page.evaluate("window.moved")) / 1000


def show(page: Page, app: RunningApp, name: str) -> None:
    """Open a network by its link and wait for its drawing."""
    page.goto(f"{app.url}/?network={name}")
    page.locator(f"{DRAWING}[data-network='{catalog.get(name).config.fingerprint}']").wait_for()


def memory(page: Page, app: RunningApp) -> Row:
    """After `slider` has shown the CIFAR networks: the others too, then the server and all it
    started."""
    others = [name for name in catalog.names() if catalog.get(name).family != "cifar"]
    for name in others:
        show(page, app, name)
    used = sum(memory_bytes(pid) for pid in family(app.process.pid))
    what = (
        f"memory of the web process after all {len(catalog.names())} catalogue networks were shown"
    )
    return Row(what, "–", f"{MOST_BYTES / 1e6:.0f} MB", f"{used / 1e6:.0f} MB", used <= MOST_BYTES)


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [pid, *(descendant for child in children for descendant in family(child))]


def memory_bytes(pid: int) -> int:
    """Proportional set size: pages shared with other processes are divided among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def first_drawing(browser: Browser, folder: Path) -> Row:
    """An installed `make run` until the network can be seen, and `streamlit run` of one line until
    that can."""
    script = folder / "empty.py"
    script.write_text(EMPTY_PAGE)
    python = str(ROOT / ".venv" / "bin" / "python")
    times = []
    for _ in range(STARTS):
        port = str(free_port())
        empty = sight_s(
            browser,
            [python, "-m", "streamlit", "run", str(script), "--server.port", port],
            port,
            "text=empty",
        )
        port = str(free_port())
        times.append((sight_s(browser, ["make", "run", f"PORT={port}"], port, DRAWING), empty))
    ratio = median(ours / empty for ours, empty in times)
    ours, empty = (median(column) for column in zip(*times, strict=True))
    peer = f"an empty Streamlit page {seconds(empty)}"
    what = "`make run` (installed) → first drawing on the screen"
    return Row(what, peer, "1.5 times that", f"{seconds(ours)}, {ratio:.2f} times", ratio <= 1.5)


def sight_s(browser: Browser, command: list[str], port: str, selector: str) -> float:
    """Seconds from starting a server to seeing `selector` in a browser that never visited it."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(Path(folder)),
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while not answers(f"http://127.0.0.1:{port}/_stcore/health"):
                time.sleep(0.01)
            page.goto(f"http://127.0.0.1:{port}")
            page.locator(selector).first.wait_for()
            return time.perf_counter() - begin
        finally:
            page.context.close()
            end(process)
