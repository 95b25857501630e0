"""Side by side in a real Chromium: curves are uploaded, told about, drawn and explained; many of
them at once."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driver import RunningApp, running_app, settled
from playwright.sync_api import Locator, Page, expect

from resnet.imports.imported import IMPORTS, CurveColumn, Given, ImportedCurve, write_import
from resnet.shipped import notebook

CURVES = {
    "resnet_34_sgd": ("binary_resnet34", "1e-3"),
    "plain_34_sgd": ("binary_plain34", "1e-3"),
    "resnet_50_sgd": ("binary_resnet50", "1e-4"),
}
RECIPE = (
    "optimiser.kind=sgd\nschedule.learning_rate=1e-4\nbatch_size=16\nepochs=50\nshuffle=after_batch"
)
MANY, POINTS = 60, 64_000
PATIENCE_MS = 60_000


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """An app of this test alone, which outlives its pages."""
    with running_app(tmp_path) as app:
        yield app


def side_by_side(page: Page, app: RunningApp) -> None:
    page.goto(f"{app.url}/runs")
    page.get_by_text("Side by side", exact=True).click()
    settled(page)


def choose(page: Page, box: Locator, option: str) -> None:
    """Pick from a list that can be searched, as a person does it."""
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()


def test_uploaded_curves_are_explained(served: RunningApp, open_page: Any) -> None:
    """Catches a form that loses what was typed, and a page that cannot say what the notebook's
    author asked himself."""
    page = open_page()
    side_by_side(page, served)
    page.get_by_text("Import curves", exact=True).click()
    page.locator("input[type=file]").set_input_files(
        [notebook.FOLDER / f"{name}.csv" for name in CURVES]
    )
    expect(page.get_by_text("Found in this csv file")).to_have_count(3)
    expect(page.get_by_role("textbox", name="Weight decay λ")).to_have_count(3)
    for number, (network, decay) in enumerate(CURVES.values()):
        choose(page, page.locator(f".st-key-beside_network_0_{number} input"), network)
        page.get_by_role("textbox", name="Weight decay λ").nth(number).fill(decay)
    choose(
        page,
        page.locator(".st-key-beside_meaning_0 input"),
        "Keras's l2(λ): λ·Σw² is added to the loss",
    )
    page.get_by_role("radio", name="yes", exact=True).click()
    page.get_by_role("textbox", name="Seeds").fill("0")
    page.get_by_role("textbox", name="More settings of the recipe").fill(RECIPE)
    page.get_by_role("button", name="Import 3 curves").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("Found in this csv file")).to_have_count(0)
    page.get_by_text("Why do these losses differ?", exact=True).click()
    for number in ("17.717", "15.925", "6.005"):
        expect(page.get_by_role("cell", name=number)).to_be_visible()
    page.get_by_text("Recipe check: ").click()
    for words in (
        "includes an L2 penalty (at the start",
        "The weight decay λ changes with the depth",
        "Arms have different strides: in stage 1 resnet_50_sgd has 2",
        "Every arm was trained with one seed",
    ):
        expect(page.get_by_text(words)).to_be_visible()
    page.get_by_text("Total loss with L2 penalty", exact=True).click()
    expect(page.get_by_text("these curves compare penalties, not what was learnt")).to_be_visible()
    page.get_by_role("button", name="Show error").click()
    expect(page.get_by_text("error, %")).to_be_visible()
    assert len(list((served.folder / "runs" / IMPORTS).iterdir())) == 3


def test_a_link_is_sent_to_a_colleague(served: RunningApp, open_page: Any) -> None:
    """Catches an address that stays behind what is chosen, opens on one run, or is lost by
    reloading or going back."""
    for curve in notebook.curves():
        write_import(served.folder / "runs" / IMPORTS, curve)
    page = open_page()
    side_by_side(page, served)
    page.get_by_role("button", name="Show all imported curves").click()
    expect(page).to_have_url(re.compile(r"/runs\?curve=[^&]+(&curve=[^&]+){2}$"))
    settled(page)
    page.get_by_role("button", name=re.compile("Remove plain_34_sgd")).click()
    expect(page).to_have_url(re.compile(r"/runs\?curve=resnet_34[^&]+&curve=resnet_50[^&]+$"))
    theirs = open_page(390, 844)
    theirs.goto(f"{page.url}&curve=of_another_server.import.json")
    for seen in (page, theirs):
        expect(seen.get_by_role("button", name=re.compile("Remove .*_sgd"))).to_have_count(2)
        expect(seen.locator(".js-plotly-plot").first).to_be_visible()
    expect(
        theirs.get_by_text("The link names runs or curves that do not exist here")
    ).to_be_visible()
    expect(theirs).to_have_url(page.url)
    theirs.reload()
    expect(theirs.get_by_role("button", name=re.compile("Remove .*_sgd"))).to_have_count(2)
    page.get_by_text("One run", exact=True).click()
    expect(page.get_by_text("There are no runs yet")).to_be_visible()


def test_sixty_long_curves_are_drawn(served: RunningApp, open_page: Any) -> None:
    """Catches a page that a full folder of imports brings to a halt; the time is printed, since
    machines differ."""
    rng, x = np.random.default_rng(0), tuple(map(float, range(1, POINTS + 1)))
    for number in range(MANY):
        noise = (0.3 + 0.1 * rng.random(POINTS)).tolist()
        column = CurveColumn(name="val_accuracy", along="step", x=x, y=tuple(noise))
        curve = ImportedCurve(
            name=f"curve {number:02}", source="csv", columns=(column,), given=Given()
        )
        write_import(served.folder / "runs" / IMPORTS, curve)
    page = open_page()
    side_by_side(page, served)
    button = page.get_by_role("button", name="Show all imported curves")
    button.wait_for(timeout=PATIENCE_MS)
    began = time.monotonic()
    button.click()
    drawn = f"document.querySelectorAll('.js-plotly-plot .scatterlayer .trace').length >= {MANY}"
    page.wait_for_function(drawn, timeout=PATIENCE_MS)
    print(f"{MANY} curves of {POINTS:,} points: {time.monotonic() - began:.2f} s after the click")
