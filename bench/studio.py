"""The drawing studio: a link opened, a box opened, everything open, and the pictures that leave it.

Every time in the browser ends with the frame after the one in which the result is there; every
network that is timed has another epsilon, so that nothing can have been kept.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pypdfium2
from playwright.sync_api import Browser, BrowserContext, Page, ProxySettings

from bench.pages import DRAWING, EMPTY_PAGE
from bench.table import Row, seconds
from resnet import ResNetConfig, with_settings
from resnet.as_keras.plot_model import PlotOptions
from resnet.diagram import View, draw
from resnet.diagram.formats.svg import svg
from resnet.exports import drawing, link, plot
from resnet.network import catalog
from resnet.tables.comparison import compare
from tests.browser.driver import ROOT, RunningApp, answers, chromium, end, free_port, running_app

OPEN, CLOSE = ".box.openable", ".group .header"
CANVAS = ".lab-diagram .canvas"
EPSILONS = count(1e-5, 1e-9)
PAIRS, TOUCHES = 5, 12
PAN_S = 2.0
EVERYTHING = View(level="layer")
PLOT = PlotOptions(show_shapes=True, show_layer_names=True)
NOWHERE: ProxySettings = {"server": "http://127.0.0.1:9", "bypass": "127.0.0.1"}
A4_MM = (210, 297)

NETRON = (
    "import netron, sys; netron.serve(sys.argv[1], address=('127.0.0.1', int(sys.argv[2])));"
    " netron.wait()"
)
NETRON_NODE = "body.default .graph-node"
"""Netron lays its nodes out under its welcome screen, and shows them when all of them have their
place."""

SIGHT = """
((selector) => {
  const find = (root) => root.querySelector(selector) ?? [...root.querySelectorAll("*")]
    .flatMap((element) => element.shadowRoot ? [find(element.shadowRoot)] : []).find(Boolean);
  const seen = (part) => part?.checkVisibility({ visibilityProperty: true })
    && part.getBoundingClientRect().width > 0;
  const look = () => requestAnimationFrame(() => seen(find(document))
    ? requestAnimationFrame(() => { document.documentElement.dataset.sight = performance.now(); })
    : look());
  look();
})
"""
"""Milliseconds from the start of the navigation, into an attribute: Netron forbids the page to
evaluate anything."""

STOPWATCH = """
(canvas, [shown, gone]) => {
  const before = canvas.firstElementChild;
  const done = () => canvas.firstElementChild !== before
    && canvas.querySelector(shown) && !canvas.querySelector(gone);
  window.took = null;
  addEventListener("pointerup", (event) => {
    const look = () => requestAnimationFrame(() => done()
      ? requestAnimationFrame(() => { window.took = performance.now() - event.timeStamp; })
      : look());
    look();
  }, { once: true, capture: true });
}
"""
"""From the release of the mouse button to the frame after the one in which another drawing has
`shown`, not `gone`."""

IN_SIGHT = """
(canvas, selector) => {
  const { left, right, top, bottom } = canvas.getBoundingClientRect();
  return [...canvas.querySelectorAll(selector)].flatMap((part) => {
    const at = part.getBoundingClientRect();
    const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
    const within = left < x && x < right && top < y && y < bottom;
    const clicked = within && canvas.getRootNode().elementFromPoint(x, y)?.closest(selector);
    const { id } = part.closest("[data-id]").dataset;
    const gone = `${part.matches(".box") ? ".box.openable" : ".group"}[data-id="${id}"]`;
    return clicked === part ? [{ id, x, y, gone }] : [];
  });
}
"""
"""What can be clicked: its name, its place on the screen in pixels, and what a click takes away."""

FRAMES = """
() => {
  const at = window.frames_at = [];
  const next = (now) => { if (at.push(now) < 1000) requestAnimationFrame(next); };
  requestAnimationFrame(next);
}
"""


def rows() -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        running_app(Path(folder) / "lab") as app,
    ):
        yield opened_link(browser, app, Path(folder))
        for name in ("resnet56", "resnet152", "resnet1202"):
            yield touched(browser, app, name, View())
        yield touched(browser, app, "resnet1202", EVERYTHING)
        yield everything_open(browser, app)
        yield panned(browser, app, "at its first zoom", fitted=False)
        yield panned(browser, app, "the whole of it in sight", fitted=True)
    yield svg_size()
    yield one_page()
    yield compared()


def another(name: str) -> ResNetConfig:
    """A catalogue network that nobody has asked for yet."""
    return with_settings(catalog.get(name).config, {"norm.epsilon": next(EPSILONS)})


def opened_link(browser: Browser, app: RunningApp, folder: Path) -> Row:
    """Our page, the empty page and Netron in turns, each by a visitor who was never there."""
    model, script = folder / "resnet152.keras", folder / "empty.py"
    subprocess.run(
        [sys.executable, "-m", "resnet", "export", "resnet152", "-o", model],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    script.write_text(EMPTY_PAGE)
    with running_app(folder / "empty", script) as empty, netron(model) as netron_url:
        see = partial(sight_s, browser)
        times = []
        for _ in range(1 + PAIRS):
            drawing_s = see(f"{app.url}/?network=resnet152", ".lab-diagram .box")
            nothing_s = see(empty.url, "[data-testid=stText]")
            times.append((drawing_s, nothing_s, see(netron_url, NETRON_NODE)))
    warm = times[1:]  # the first finds the servers cold
    ours, empty_s, netron_s = (median(column) for column in zip(*warm, strict=True))
    must = max(netron_s / 2, empty_s + 0.3)
    peer = (
        f"Netron, a .keras file to its first node {seconds(netron_s)}; an empty Streamlit page"
        f" {seconds(empty_s)}"
    )
    what = "link to resnet152 opened → the whole drawing on the screen (server warm)"
    return Row(
        what,
        peer,
        f"half of Netron's, or the empty page + 0.3 s: {seconds(must)}",
        seconds(ours),
        ours <= must,
    )


@contextmanager
def netron(model: Path) -> Iterator[str]:
    """Netron's own server on a model file: its address."""
    port = free_port()
    command = [sys.executable, "-c", NETRON, str(model), str(port)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not answers(f"http://127.0.0.1:{port}/"):
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        end(process)


def sight_s(browser: Browser, url: str, selector: str) -> float:
    """Seconds from the navigation to seeing `selector`."""
    with visitor(browser) as context:
        context.add_cookies(
            [{"name": "consent", "value": "1", "url": url}]
        )  # or Netron asks before it draws
        page = context.new_page()
        page.add_init_script(f"{SIGHT}({json.dumps(selector)})")
        page.goto(url, wait_until="commit")
        page.locator("html[data-sight]").wait_for(state="attached")
        return float(page.locator("html").get_attribute("data-sight") or "nan") / 1000


@contextmanager
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who was never there. The proxy answers nothing: Netron would report every visit to
    its makers."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, proxy=NOWHERE)
    try:
        yield context
    finally:
        context.close()


def touched(browser: Browser, app: RunningApp, name: str, view: View) -> Row:
    """Two opened, then the same two closed, the older one first, so that most drawings are new to
    the server; where everything is open, the other way round."""
    first, then = (CLOSE, OPEN) if view == EVERYTHING else (OPEN, CLOSE)
    took_s: list[float] = []
    with visitor(browser) as context:
        page = visited(context.new_page(), app, another(name), view)
        while len(took_s) < TOUCHES:
            for box in [touch(page, first, took_s) for _ in range(2)]:
                touch(page, then, took_s, box)
    reached = f"median {seconds(median(took_s))}, slowest {seconds(max(took_s))}"
    what = (
        "box opened or closed → drawn again:"
        f" {name}{', everything open' if view == EVERYTHING else ''}"
    )
    return Row(what, "–", "0.15 s", reached, median(took_s) <= 0.15)


def touch(page: Page, act: str, took_s: list[float], wanted: str = "") -> str:
    """Click what opens or closes something: `wanted` where that is in sight, else the middle one of
    what is."""
    page.wait_for_timeout(300)  # a hand takes its time, and what glides has come to rest
    canvas = page.locator(CANVAS)
    found = canvas.evaluate(IN_SIGHT, act) or canvas.evaluate(IN_SIGHT, f"{OPEN}, {CLOSE}")
    part = next((part for part in found if part["id"] == wanted), found[len(found) // 2])
    page.mouse.move(part["x"], part["y"])
    took_s.append(
        clicked_s(page, partial(page.mouse.click, part["x"], part["y"]), ".box", part["gone"])
    )
    return str(part["id"])


def clicked_s(page: Page, click: Callable[[], None], shown: str, gone: str = "nothing") -> float:
    page.locator(CANVAS).evaluate(STOPWATCH, [shown, gone])
    click()
    page.wait_for_function("window.took !== null")
    return float(page.evaluate("window.took")) / 1000


def visited(page: Page, app: RunningApp, config: ResNetConfig, view: View) -> Page:
    """Open a network by its link, wait for its drawing and until the page is quiet."""
    page.goto(app.url + link(config, view))
    page.locator(f"{DRAWING}[data-network='{config.fingerprint}']").wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    return page


def everything_open(browser: Browser, app: RunningApp) -> Row:
    """From the click on "Layers" beside a folded resnet1202."""
    took_s = []
    for _ in range(PAIRS):
        with visitor(browser) as context:
            page = visited(context.new_page(), app, another("resnet1202"), View())
            switch = page.locator(".st-key-level").get_by_role("radio", name="Layers")
            took_s.append(clicked_s(page, switch.click, ".group[data-kind='block']"))
    reached = f"median {seconds(median(took_s))}, slowest {seconds(max(took_s))}"
    what = "resnet1202, everything open: Layers clicked → drawn"
    return Row(
        what, "Netron 2.3 s, plot_model 16.6 s, measured once", "1 s", reached, median(took_s) <= 1
    )


def panned(browser: Browser, app: RunningApp, what: str, *, fitted: bool) -> Row:
    with visitor(browser) as context:
        page = visited(context.new_page(), app, another("resnet1202"), EVERYTHING)
        if fitted:
            page.locator("[data-act=fit]").click()
        pans = [pan(page) for _ in range(PAIRS)]
    rate, longest_s = (median(column) for column in zip(*pans, strict=True))
    reached = f"{rate:.0f}, longest gap {seconds(longest_s)}"
    return Row(f"frames a second while dragging it, {what}", "–", "30", reached, rate >= 30)


def pan(page: Page) -> tuple[float, float]:
    """Drag it to the left by the width of its window, twice: frames a second, and the longest gap
    in seconds."""
    frame: Any = page.locator(CANVAS).bounding_box()
    left, right, y = (
        frame["x"] + 60,
        frame["x"] + frame["width"] - 60,
        frame["y"] + frame["height"] / 2,
    )
    page.evaluate(FRAMES)
    for _ in range(2):
        page.mouse.move(right, y)
        page.mouse.down()
        begin = time.perf_counter()
        while (part := (time.perf_counter() - begin) / (PAN_S / 2)) < 1:
            page.mouse.move(right + (left - right) * part, y)
        page.mouse.up()
    at_ms: list[float] = page.evaluate("window.frames_at")
    gaps = [after - before for before, after in pairwise(at_ms)]
    return 1000 * len(gaps) / sum(gaps), max(gaps) / 1000


def svg_size() -> Row:
    config = catalog.get("resnet152").config
    ours_kb, plot_mb = len(drawing(config, "svg")) / 1e3, len(plot(config, "svg", PLOT)) / 1e6
    peer = f"plot_model's picture {plot_mb:.1f} MB"
    return Row("SVG of resnet152, folded", peer, "60 kB", f"{ours_kb:.1f} kB", ours_kb <= 60)


def one_page() -> Row:
    """Every layer of resnet1202 asked for on a sheet of A4."""
    ours = [
        timed(drawing, another("resnet1202"), "pdf", View(level="layer", page="a4"))
        for _ in range(PAIRS)
    ]
    took_s, sides_mm = median(took for took, _ in ours), page_mm(ours[0][1])
    plot_s, plotted = timed(plot, another("resnet1202"), "pdf", PLOT)
    peer = (
        f"plot_model's picture {seconds(plot_s)}, one page {max(page_mm(plotted)) / 1000:.0f} m"
        " tall"
    )
    reached = f"{seconds(took_s)}, one page {sides_mm[0]} × {sides_mm[1]} mm"
    held = took_s <= 0.5 and sides_mm == A4_MM
    return Row("PDF of resnet1202 that fits a page", peer, "0.5 s, one page of A4", reached, held)


def timed(make: Callable[..., bytes], *arguments: object) -> tuple[float, bytes]:
    """Seconds, and what was made."""
    begin = time.perf_counter()
    made = make(*arguments)
    return time.perf_counter() - begin, made


def page_mm(pdf: bytes) -> tuple[int, ...]:
    """The sides of the only page of a PDF, the shorter one first."""
    with pypdfium2.PdfDocument(pdf) as document:
        (page,) = document
        return tuple(sorted(round(side * 25.4 / 72) for side in page.get_size()))


def compared() -> Row:
    """The differences, their sentence, and both networks drawn in step."""

    def both(before: ResNetConfig, after: ResNetConfig) -> bytes:
        found = compare(before, after)
        return (found.sentence + svg(draw(found.before, beside=found.after))).encode()

    took_s = [timed(both, another("resnet1202"), another("plain1202"))[0] for _ in range(PAIRS)]
    what = "resnet1202 beside plain1202: all differences, their sentence, both drawn in step"
    return Row(what, "–", "0.3 s", seconds(median(took_s)), median(took_s) <= 0.3)
