"""The architecture page as a person uses it, in a real Chromium."""

from pathlib import Path
from typing import Any

import pytest
from driver import RunningApp
from playwright.sync_api import Page, expect

from resnet.cli import main
from resnet.network import catalog
from resnet.network.metrics import describe
from resnet.network.numbers import NUMBERS

DRAWING = ".lab-diagram .canvas svg"
MOST_BOXES = 25
BOTH_DRAWINGS = {
    "svg",
    "pdf",
    "png",
    "dot",
}  # the forms that our drawing and Keras's picture both have


def visit(page: Page, app_url: str, address: str = "") -> Page:
    page.goto(f"{app_url}/{address}")
    expect(page.locator(DRAWING)).to_be_visible(timeout=30_000)
    return page


def await_network(page: Page, name: str) -> None:
    """The drawing of this catalogue network, and its numbers, are on the screen."""
    config = catalog.get(name).config
    expect(page.locator(f'{DRAWING}[data-network="{config.fingerprint}"]')).to_be_visible(
        timeout=15_000
    )
    label = NUMBERS["trainable_params"].short
    parameters = page.locator(".lab-numbers > div", has=page.get_by_text(label, exact=True))
    expect(parameters).to_contain_text(f"{describe(config).trainable_params:,}")


def boxes(page: Page) -> dict[str, dict[str, float]]:
    """Where each box of the drawing is, by its id."""
    script = """elements => elements.map(element => {
      const r = element.getBoundingClientRect();
      return [element.dataset.id, {x: r.x, y: r.y, w: r.width, h: r.height}];
    })"""
    return dict(page.locator(f"{DRAWING} .box").evaluate_all(script))


def set_n(page: Page, n: int) -> None:
    field = page.get_by_test_id("stSidebar").get_by_test_id("stNumberInputField").first
    field.fill(str(n))
    field.press("Enter")


def view_box(page: Page) -> str | None:
    return page.locator(DRAWING).get_attribute("viewBox")


def test_the_first_screen_is_a_drawn_network(page: Page, app_url: str) -> None:
    """Catches an empty first screen, and a drawing of hundreds of boxes."""
    await_network(visit(page, app_url), "resnet56")
    assert 5 < len(boxes(page)) <= MOST_BOXES


def test_any_depth_fits_into_25_boxes_and_the_link_follows(page: Page, app_url: str) -> None:
    """Catches a drawing, numbers or link that stay behind when n moves."""
    visit(page, app_url)
    for n, name in ((18, "resnet110"), (200, "resnet1202"), (1, "resnet8")):
        set_n(page, n)
        await_network(page, name)
        assert len(boxes(page)) <= MOST_BOXES
        page.wait_for_url(f"**network={name}*")


def test_a_pasted_link_shows_the_same_network_to_another_visitor(
    open_page: Any, app_url: str
) -> None:
    """Catches settings that live in one visitor's session only."""
    first = visit(open_page(), app_url, "?network=resnet20")
    first.get_by_test_id("stSidebar").get_by_text("Plain", exact=True).click()
    await_network(first, "plain20")
    first.get_by_text("Momentum 0.9").click()
    momentum = first.get_by_role("spinbutton", name="Momentum")
    momentum.fill("0.95")
    momentum.press("Enter")
    first.wait_for_url("**norm.momentum=0.95*")
    second = visit(open_page(), app_url, first.url.removeprefix(f"{app_url}/"))
    expect(second.get_by_text("Momentum 0.95, epsilon 1e-05")).to_be_visible()
    shown = second.locator(DRAWING).get_attribute("data-network")
    assert shown == first.locator(DRAWING).get_attribute("data-network")


def test_switching_to_the_plain_twin_moves_no_box(page: Page, app_url: str) -> None:
    """Catches a drawing that jumps when only the shortcuts should appear or vanish."""
    visit(page, app_url, "?network=resnet56")
    before = boxes(page)
    page.get_by_test_id("stSidebar").get_by_text("Plain", exact=True).click()
    await_network(page, "plain56")
    after = boxes(page)
    shared = before.keys() & after.keys()
    assert len(shared) > 5
    assert {name: before[name] for name in shared} == {name: after[name] for name in shared}


def test_the_zoom_survives_a_change_of_n(page: Page, app_url: str) -> None:
    """Catches a picture that falls back to its first size at every change."""
    visit(page, app_url)
    page.locator(".lab-diagram").get_by_role("button", name="Zoom in").click()
    zoomed = view_box(page)
    set_n(page, 5)
    await_network(page, "resnet32")
    assert view_box(page) == zoomed


def test_hands_and_keyboard_answer_without_the_server(
    page: Page, app_url: str, lab: RunningApp
) -> None:
    """Catches a click, drag, wheel or key that does nothing."""
    visit(page, app_url)
    page.locator(f"{DRAWING} .box:not(.openable)").first.click()
    details = page.locator(".lab-diagram .details")
    expect(details).to_be_visible()
    expect(details).to_contain_text("Trainable params")
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    page.locator(".lab-diagram").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"{DRAWING} .box.selected")).to_have_count(1)
    page.keyboard.press("0")
    fitted = view_box(page)
    page.keyboard.press("+")
    assert view_box(page) != fitted
    page.keyboard.press("0")
    assert view_box(page) == fitted
    ground = page.locator(".lab-diagram .canvas").bounding_box()
    assert ground is not None
    x, y = ground["x"] + ground["width"] / 2, ground["y"] + ground["height"] * 0.95
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=4)
    page.mouse.up()
    assert view_box(page) != fitted
    page.keyboard.press("0")
    assert view_box(page) == fitted
    page.mouse.wheel(0, -300)
    expect(page.locator(DRAWING)).not_to_have_attribute("viewBox", fitted or "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400, 2200])
def test_the_page_holds_at_every_width(
    open_page: Any, app_url: str, width: int, scheme: str
) -> None:
    """Catches a page that must be scrolled sideways, and a drawing without a size."""
    page = visit(open_page(width, 900, scheme), app_url, "?network=resnet50")
    overflow = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0
    frame = page.locator(".lab-diagram").bounding_box()
    assert frame is not None
    assert frame["width"] > width * 0.55
    assert frame["height"] > 300


def test_the_page_downloads_the_bytes_the_command_line_writes(
    page: Page, app_url: str, tmp_path: Path
) -> None:
    """Catches a figure on the page that differs from the one in the paper's makefile."""
    visit(page, app_url, "?network=resnet20&norm.momentum=0.95")
    page.get_by_role("button", name="Export").click()
    settings = ["resnet20", "--set", "norm.momentum=0.95"]
    draw, export = ["draw", *settings], ["export", *settings]
    plot = ["plot", *settings, "--show-shapes", "--show-layer-names"]
    commands = [
        (form, 0, draw, form) for form in ("svg", "pdf", "png", "dot", "tex", "mmd", "json")
    ]
    commands += [(form, 1, plot, form) for form in ("svg", "pdf", "png", "dot")]
    commands += [
        ("csv", 0, export, "csv"),
        ("Config", 0, export, "json"),
        ("Python", 0, draw, "py"),
    ]
    for label, place, command, ending in commands:
        name = {"tex": "TikZ", "mmd": "Mermaid"}.get(label) or (
            label.upper() if label.islower() else label
        )
        with page.expect_download() as download:
            buttons = page.get_by_role("button", name=name, exact=True)
            expect(buttons).to_have_count(
                2 if label in BOTH_DRAWINGS else 1
            )  # the later button would be the first until both are there
            buttons.nth(place).click()
        written = tmp_path / f"{label}.{ending}"
        # In this process; the page is made in another one.
        assert main([*command, "-o", str(written)]) == 0
        assert Path(download.value.path()).read_bytes() == written.read_bytes(), (label, command)
        assert download.value.suggested_filename.startswith("resnet20-")


def test_a_png_that_could_not_be_read_is_not_handed_over(page: Page, app_url: str) -> None:
    """Catches Keras's picture of ResNet-1202: 73 by 32,766 pixels."""
    visit(page, app_url, "?network=resnet1202")
    page.get_by_role("button", name="Export").click()
    buttons = page.get_by_role("button", name="PNG", exact=True)
    expect(buttons).to_have_count(2)
    buttons.nth(1).click()
    expect(page.get_by_text("too small to read")).to_be_visible(timeout=60_000)


def test_keras_s_own_picture_is_one_click_away(page: Page, app_url: str) -> None:
    visit(page, app_url, "?network=resnet20")
    page.get_by_text("plot_model", exact=True).click()
    expect(page.locator(f"{DRAWING} .node").first).to_be_visible(timeout=30_000)
    assert page.locator(f"{DRAWING} .node").count() == len(
        describe(catalog.get("resnet20").config).layers
    )


@pytest.mark.parametrize(
    "link", ["?network=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "?network=resnet20&norm.momentum=1"]
)
def test_a_hostile_link_is_one_sentence(page: Page, app_url: str, link: str) -> None:
    """Catches a script that runs, a traceback, and a blank page."""
    visit(page, app_url, link)
    expect(page.get_by_text("The link could not be read")).to_be_visible()
    await_network(page, "resnet56")


def test_the_web_process_never_loads_tensorflow(page: Page, app_url: str, lab: RunningApp) -> None:
    """TensorFlow would cost seconds at the start, and take the memory of every GPU."""
    visit(page, app_url)
    mapped = Path(f"/proc/{lab.process.pid}/maps").read_text()
    assert "streamlit" in Path(f"/proc/{lab.process.pid}/cmdline").read_text()
    assert "tensorflow" not in mapped
