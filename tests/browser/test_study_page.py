"""A study from the page, in a real Chromium: started, outlived by its runs, read, taken home, and
made unfair."""

import csv
import io
import os
import re
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from driver import RunningApp, end, free_port, running_app, settled
from playwright.sync_api import Page, expect

from resnet.runs import Store

LONG_S = 240
RUNS = 4


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Runs, studies and data of this test alone; whatever still trains there at the end is
    stopped."""
    yield tmp_path
    store = Store(tmp_path / "runs")
    for run in store.list():
        if not run.state().over:
            store.stop(run.id)
    for run in store.list():
        store.wait(run.id, LONG_S)


def fill(page: Page, role: Any, name: str, value: str) -> None:
    """Type into a control, and wait until the page has answered."""
    control = page.get_by_role(role, name=name, exact=True)
    control.fill(value)
    control.press("Enter")
    expect(control).to_have_value(value)
    settled(page)


def open_the_rest(page: Page) -> None:
    """The controls under "Customise", once the form stands still."""
    expect(page.get_by_role("combobox", name="Start from")).to_be_visible()
    settled(page)
    page.get_by_text("Customise").click()
    expect(page.get_by_text("How levels are combined")).to_be_visible()


def smallest_study(page: Page, app: RunningApp) -> None:
    """The ready study at quick size, made smaller still by hand: two depths, few steps, one
    seed."""
    page.goto(f"{app.url}/study")
    page.get_by_role("button", name="New study").click()
    open_the_rest(page)
    fill(page, "textbox", "Levels of network", "resnet8, resnet14")
    fill(page, "spinbutton", "Steps of each run", "6")
    fill(page, "spinbutton", "Seeds", "1")
    page.get_by_role("button", name="Start the study").click()
    page.wait_for_url("**/study?study=plain_or_residual_quick")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as found:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(found.value.path()).read_bytes()


@pytest.mark.training
def test_a_study_outlives_the_server_and_comes_out(open_page: Any, folder: Path) -> None:
    """Catches a study that ends with the server, results that are not there, and files that do not
    open."""
    port = free_port()
    with running_app(folder, port=port) as first:
        page = open_page()
        smallest_study(page, first)
        page.context.close()
        os.killpg(first.process.pid, signal.SIGKILL)
        end(first.process)
    store = Store(folder / "runs")
    assert len(store.list()) == RUNS
    assert not any(run.state().name == "finished" for run in store.list()), (
        "the server died before anything was done"
    )
    with running_app(folder, port=port) as second:
        page = open_page()
        page.goto(f"{second.url}/study?study=plain_or_residual_quick")
        expect(page.get_by_role("button", name="Add a seed")).to_be_visible(timeout=LONG_S * 1000)
        assert [run.state().name for run in store.list()] == ["finished"] * RUNS
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        expect(page.locator(".lab-table tbody tr")).to_have_count(RUNS)
        exported(page)
        second_factor(page)
        page.context.close()


def exported(page: Page) -> None:
    """Each file opens in something that is not ours."""
    page.get_by_role("button", name="Export").click()
    rows = list(csv.DictReader(io.StringIO(download(page, "CSV").decode())))
    assert [row["arm"] for row in rows] == ["plain8", "resnet8", "plain14", "resnet14"]
    assert ElementTree.fromstring(download(page, "SVG")).tag.endswith("svg")
    assert download(page, "PDF").startswith(b"%PDF-")
    assert download(page, "Report").startswith(b"<!doctype html>")
    with zipfile.ZipFile(io.BytesIO(download(page, "Zip"))) as bundle:
        assert bundle.testzip() is None
        assert len([name for name in bundle.namelist() if name.endswith("metrics.jsonl")]) == RUNS
    page.keyboard.press("Escape")


def second_factor(page: Page) -> None:
    """Begin a study like it, and change one more thing about one arm by hand."""
    page.get_by_role("button", name="Copy this study").click()
    open_the_rest(page)
    page.get_by_role("radio", name="Arm by arm").click()
    settled(page)
    arms = page.get_by_role("textbox", name="Arms", exact=True)
    expect(arms).to_have_value(re.compile("^plain8: .*\nresnet8: .*\n"))
    lines = arms.input_value().splitlines()
    arms.fill(f"{lines[0]}\n{lines[1]} recipe.batch_size=32")
    arms.press("Control+Enter")
    banner = page.locator(".st-key-study_banner")
    expect(banner).to_contain_text("2 factors differ between plain8 and resnet8")
    expect(banner).to_contain_text("network.shortcut and recipe.batch_size")


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[RunningApp]:
    """The app of somebody who has no study and no run yet; it outlives its pages."""
    with running_app(tmp_path) as app:
        yield app


def test_the_first_visit_shows_results_at_once(newcomer: RunningApp, open_page: Any) -> None:
    """Catches a first screen that is empty."""
    page = open_page()
    page.goto(f"{newcomer.url}/study")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.locator(".lab-table tbody tr")).not_to_have_count(0)
    expect(page.get_by_text("You have no studies yet")).to_be_visible()
