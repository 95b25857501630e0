"""The paper's CIFAR recipe from the page, its server killed on the way, beside the same run left
alone.

`python -m bench.endurance [NETWORK [STEPS]]` starts `he2015_cifar` on Fashion-MNIST in CIFAR's
shape in a real browser, kills the web server with SIGKILL, starts another, stops the run from its
page once it is past STEPS, does all of it again without the kill, and prints whether curve,
learning rate and speed are the same. Takes minutes to hours.
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, expect

from bench.table import Row, markdown
from resnet.runs import Run, Store
from tests.browser.driver import RunningApp, chromium, end, running_app

DATASET = "Fashion-MNIST 32×32×3"
RECIPE = "he2015_cifar"
NETWORK, STEPS = "resnet20", 2000
LOOK_S = 2.0
PATIENCE_MS = 60_000
TIMES = {"time_s", "images_per_s"}


def rows(network: str, steps: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        killed = killed_on_the_way(browser, Path(folder) / "killed", network, steps)
        alone = left_alone(browser, Path(folder) / "alone", network, steps)
        return compare(curve(killed, steps), curve(alone, steps), steps)


def killed_on_the_way(browser: Browser, folder: Path, network: str, steps: int) -> Run:
    with running_app(folder) as first:
        page = browser.new_page()
        run = started(page, first, folder, network)
        reach(run, steps // 3)
        page.close()
        os.killpg(first.process.pid, signal.SIGKILL)
        end(first.process)
    reach(run, steps // 2)  # nobody serves it, nobody looks
    with running_app(folder) as second:
        return stopped(browser.new_page(), second, run, steps)


def left_alone(browser: Browser, folder: Path, network: str, steps: int) -> Run:
    with running_app(folder) as app:
        page = browser.new_page()
        run = started(page, app, folder, network)
        page.close()
        return stopped(browser.new_page(), app, run, steps)


def started(page: Page, app: RunningApp, folder: Path, network: str) -> Run:
    """As a person does it: network, Train this, data set, recipe, Start."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{app.url}/?network={network}")
    page.get_by_role("link", name="Train this").click()
    page.get_by_text(DATASET, exact=True).click()
    expect(page.get_by_text("60,000 training and 10,000 test images of 32×32×3")).to_be_visible()
    page.get_by_role("combobox", name="Recipe").click()
    page.get_by_role("option", name=RECIPE, exact=True).click()
    expect(page.get_by_role("spinbutton", name="Steps", exact=True)).to_have_value("64000")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/runs?run=*")
    return Store(folder / "runs").get(page.url.rpartition("=")[2])


def stopped(page: Page, app: RunningApp, run: Run, steps: int) -> Run:
    """Watched on its page until it is past the steps, then stopped there."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{app.url}/runs?run={run.id}")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    reach(run, steps + 1)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".st-key-state").get_by_text("stopped")).to_be_visible()
    page.close()
    return run


def reach(run: Run, step: int) -> None:
    while run.progress().step < step:
        if run.state().over:
            raise RuntimeError(f"{run.state()}: {run.log_tail()}")
        time.sleep(LOOK_S)


def curve(run: Run, steps: int) -> list[dict[str, Any]]:
    return [record for record in run.metrics()[0] if record.get("step", steps + 1) <= steps]


def compare(killed: list[dict[str, Any]], alone: list[dict[str, Any]], steps: int) -> list[Row]:
    what = f"{RECIPE}, {steps:,} steps from the page, server killed on the way ÷ left alone"
    bare = _without_times(killed), _without_times(alone)
    rates = _learning_rates(killed), _learning_rates(alone)
    speeds = _images_per_s(killed), _images_per_s(alone)
    same = bare[0] == bare[1] and len(bare[0]) >= steps // 100
    ratio = speeds[0] / speeds[1]
    last = [line for line in alone if line["kind"] == "evaluation"][-1]["validation_error"]
    return [
        Row(
            f"{what}: records",
            f"{len(bare[1])}, validation error {last:.2f} %",
            "equal",
            f"{len(bare[0])}",
            same,
        ),
        Row(
            f"{what}: learning rates", "", "equal", f"{sorted(set(rates[0]))}", rates[0] == rates[1]
        ),
        Row(
            f"{what}: images a second",
            f"{speeds[1]:.0f}",
            "0.9 to 1.1",
            f"{ratio:.2f}",
            0.9 < ratio < 1.1,
        ),
    ]


def _without_times(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bare = []
    for line in lines:
        bare.append({key: value for key, value in line.items() if key not in TIMES})
    return bare


def _learning_rates(lines: list[dict[str, Any]]) -> list[float]:
    return [line["learning_rate"] for line in lines if line["kind"] == "train"]


def _images_per_s(lines: list[dict[str, Any]]) -> float:
    return median(line["images_per_s"] for line in lines if line.get("images_per_s"))


def main() -> int:
    expect.set_options(timeout=PATIENCE_MS)
    network, steps = [*sys.argv[1:], *(NETWORK, str(STEPS))[len(sys.argv) - 1 :]]
    table = rows(network, int(steps))
    print(markdown(table))
    return 0 if all(row.held for row in table) else 1


if __name__ == "__main__":
    sys.exit(main())
