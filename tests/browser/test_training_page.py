"""Training from the page, in a real Chromium, with real workers, real images and real kills."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import RunningApp, end, running_app
from playwright.sync_api import Page, expect

from resnet.runs import Store

pytestmark = pytest.mark.training

LONG_S = 240
STATE = ".st-key-state"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Runs and data of this test alone; whatever still trains there at the end is stopped."""
    yield tmp_path
    store = Store(tmp_path / "runs")
    for run in store.list():
        if not run.state().over:
            store.stop(run.id)
            store.wait(run.id, LONG_S)


def start_training(page: Page, app: RunningApp, network: str, steps: int) -> str:
    """From the architecture page to a started run, as a person does it; the run's id."""
    page.goto(f"{app.url}/?network={network}")
    page.get_by_role("link", name="Train this").click()
    field = page.get_by_role("spinbutton", name="Steps", exact=True)
    field.fill(str(steps))
    field.press("Enter")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/runs?run=*")
    return page.url.rpartition("=")[2]


def test_a_run_outlives_the_tab_and_the_server(open_page: Any, folder: Path) -> None:
    """Catches training that ends with the tab or the web server, and a page that has forgotten it
    afterwards."""
    with running_app(folder) as first:
        page = open_page()
        run_id = start_training(page, first, "resnet8", 200)
        expect(
            page.locator(STATE).get_by_text(re.compile("queued|starting|running"))
        ).to_be_visible()
        page.context.close()
        os.killpg(first.process.pid, signal.SIGKILL)
        end(first.process)
    run = Store(folder / "runs").get(run_id)
    assert not run.state().over, "the worker must not notice"
    with running_app(folder) as second:
        page = open_page()
        page.goto(f"{second.url}/runs")
        expect(page.get_by_role("heading", name="ResNet-8 on Digits")).to_be_visible(timeout=30_000)
        expect(page.locator(STATE).get_by_text("finished")).to_be_visible(timeout=LONG_S * 1000)
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        error = page.locator(".st-key-numbers [data-testid=stMetricValue]").first.inner_text()
        page.context.close()
    assert run.state().name == "finished"
    shown = [
        float(record["validation_error"])
        for record in run.metrics()[0]
        if record["kind"] == "evaluation"
    ]
    assert len(shown) > 3
    assert shown[-1] < shown[0], "the validation error falls"
    assert error == f"{shown[-1]:.2f} %"


def test_stop_ends_the_run_and_all_it_started(page: Page, folder: Path) -> None:
    """Catches a Stop that only looks like one."""
    with running_app(folder) as app:
        run_id = start_training(page, app, "resnet8", 100_000)
        expect(page.get_by_text(re.compile(r"step [1-9][\d,]* of 100,000")).first).to_be_visible(
            timeout=LONG_S * 1000
        )
        page.get_by_role("button", name="Stop").click()
        expect(page.locator(STATE).get_by_text("stopped")).to_be_visible(timeout=60_000)
        assert Store(folder / "runs").get(run_id).state().name == "stopped"
        page.context.close()
    mark = str(folder / "runs" / run_id).encode()
    left = [
        process
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and mark in command_of(process)
    ]
    assert not [process for process in left if still_there(process, mark)]


def still_there(process: Path, mark: bytes) -> bool:
    """A last helper may take a moment to see that the run is over."""
    for _ in range(50):
        if mark not in command_of(process):
            return False
        time.sleep(0.1)
    return True


def command_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_second_click_starts_no_second_run(open_page: Any, folder: Path) -> None:
    """Catches two runs from a double click, or from the same form in two tabs."""
    with running_app(folder) as app:
        page = open_page()
        page.goto(f"{app.url}/?network=resnet8")
        page.get_by_role("link", name="Train this").click()
        page.get_by_role("button", name="Start training").dblclick()
        page.wait_for_url("**/runs?run=*")
        page.wait_for_timeout(1500)
        page.context.close()
        assert len(Store(folder / "runs").list()) == 1


def test_an_empty_board_offers_the_one_thing_to_do(page: Page, folder: Path) -> None:
    with running_app(folder) as app:
        page.goto(f"{app.url}/")
        page.get_by_role("link", name="Runs").click()
        page.get_by_role("link", name="Start the first run").click()
        expect(page.get_by_role("button", name="Start training")).to_be_enabled()
        page.context.close()
