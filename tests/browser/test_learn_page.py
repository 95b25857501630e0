"""The learn page in a real browser: its picture, its sliders by keyboard, on narrow screens, and
for other eyes."""

import re
from collections.abc import Callable

import pytest
from driver import settled
from playwright.sync_api import Locator, Page, expect
from test_accessibility import complaints

OpenPage = Callable[..., Page]

PICTURE = ".still svg"
ALL_BARS = (
    "() => [...document.querySelectorAll('.stPlotlyChart .bars path')].map(bar =>"
    " bar.getAttribute('d')).join()"
)


def visit(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/learn")
    expect(page.get_by_text("The words on this page")).to_be_visible(timeout=30_000)
    expect(page.locator(PICTURE)).to_be_visible()
    expect(page.locator("[data-testid='stPlotlyChart'] .main-svg").first).to_be_visible()
    settled(page)


def bars(page: Page) -> str:
    """Every bar of both histograms."""
    return str(page.evaluate(ALL_BARS))


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=re.compile(f"^{name}"))


def test_the_picture_follows_network_and_shortcut(page: Page, app_url: str) -> None:
    """Catches a picture that stays when another block is chosen, or that the page throws away as
    unsafe."""
    visit(page, app_url)
    picture = page.locator(PICTURE)
    expect(picture).to_contain_text("pad, +16 channels")
    expect(picture).to_have_attribute(
        "aria-label", re.compile("32×32×16 goes in.*16×16×32 comes out")
    )
    page.get_by_role("radio", name="Option B").click()
    expect(picture).to_contain_text("1×1 conv, 32, /2")
    page.get_by_role("radio", name="No shortcut").click()
    expect(picture).not_to_contain_text("1×1 conv")
    expect(page.get_by_text("y = ReLU(F(x))")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Network")).click()
    page.get_by_role("option", name="ResNet-50").click()
    expect(picture).to_contain_text("1×1 conv, 512")


def test_sliders_answer_the_keyboard(page: Page, app_url: str) -> None:
    """Catches a slider that only a mouse can move, and a chart that does not follow it."""
    visit(page, app_url)
    first = page.locator("dl.lab-numbers")
    epsilon = slider(page, "Epsilon")
    before = bars(page)
    epsilon.focus()
    epsilon.press("End")
    expect(page.get_by_text("so the output of the norm is too small")).to_be_visible()
    page.wait_for_function(f"before => ({ALL_BARS})() !== before", arg=before)
    momentum = slider(page, "Momentum")
    momentum.focus()
    momentum.press("End")
    expect(page.get_by_text("after 4,603 steps, less than 1 %")).to_be_visible()
    blocks = slider(page, "Blocks")
    blocks.focus()
    blocks.press("End")
    expect(first.last).to_contain_text("10⁻")
    page.get_by_role("radio", name="After training").click()
    expect(page.get_by_text("if only weight decay had changed the weights")).to_be_visible()


def test_a_narrow_screen_needs_no_sideways_scrolling(open_page: OpenPage, app_url: str) -> None:
    """Catches a chart or picture wider than a telephone."""
    page = open_page(390, 844)
    visit(page, app_url)
    page.locator(".stPlotlyChart .main-svg").last.scroll_into_view_if_needed()
    for wide in page.locator(
        f"{PICTURE}, .stPlotlyChart .main-svg, .stMarkdown, .stSlider, .stButtonGroup"
    ).all():
        place = wide.bounding_box()
        assert place is None or (place["x"] >= 0 and place["x"] + place["width"] <= 390)


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (390, "light")])
def test_nothing_keeps_a_person_out(
    open_page: OpenPage, app_url: str, width: int, scheme: str
) -> None:
    """Catches controls without a name and words without contrast."""
    page = open_page(width, 900, scheme)
    visit(page, app_url)
    page.get_by_text("The words on this page").click()
    page.get_by_text("How these numbers were made").click()
    expect(page.get_by_text("blocks whose feature maps have the same size")).to_be_visible()
    assert complaints(page) == []
