"""The architecture page as axe-core judges it: what keeps a person with other eyes or hands from using it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

DRAWING = ".lab-diagram .canvas svg"
DETAILS = ".lab-diagram .details"
GRAVE = {"serious", "critical"}
EVERYTHING_OPEN = "?network=resnet56&level=layer&selected=stage1.block1.conv1"

OpenPage = Callable[..., Page]


def visit(page: Page, app_url: str, address: str) -> None:
    page.goto(f"{app_url}/{address}")
    expect(page.locator(DRAWING)).to_be_visible(timeout=30_000)
    expect(page.locator(".lab-numbers dt")).to_have_count(6)


def complaints(page: Page) -> list[str]:
    """What axe-core finds grave on the page, one line for each element."""
    options = {"resultTypes": ["violations"], "elementRef": False}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
        if rule["impact"] in GRAVE
    ]


def states(page: Page, app_url: str) -> Iterator[str]:
    """The page in every state that adds something to it; the name of each."""
    visit(page, app_url, "?network=resnet56")
    yield "as it opens"
    page.get_by_text("The drawing as a list").click()
    expect(page.locator(".listing li").first).to_be_visible()
    yield "with the list"
    page.locator(".lab-diagram .find input").fill("weight > 3")
    expect(page.locator(".lab-diagram .find output")).to_contain_text("A condition compares")
    yield "with a question that makes no sense"
    page.locator(".lab-diagram .find input").fill("3x3 conv")
    expect(page.get_by_role("button", name="Next hit")).to_be_visible()
    yield "with hits"
    visit(page, app_url, EVERYTHING_OPEN)
    expect(page.locator(DETAILS)).to_be_visible()
    yield "with every layer and the details of one"
    page.get_by_role("button", name="Close the details").click()
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("button", name="Python", exact=True)).to_be_visible()
    yield "with the ways to export"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("radio", name="Figure 3")).to_be_visible()
    yield "with the looks"


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (390, "light")])
def test_nothing_keeps_a_person_out(open_page: OpenPage, app_url: str, width: int, scheme: str) -> None:
    """Catches buttons without a name, words without contrast, roles that promise what is not there."""
    page = open_page(width, 900, scheme)
    found = {state: complaints(page) for state in states(page, app_url)}
    assert not any(found.values()), {state: lines for state, lines in found.items() if lines}


def test_axe_sees_into_the_drawing_s_own_page(page: Page, app_url: str) -> None:
    """Catches a check that finds nothing because it looks at nothing: the drawing lives in a shadow root."""
    visit(page, app_url, "?network=resnet56")
    page.get_by_role("button", name="Zoom in").evaluate(
        "button => { button.textContent = ''; button.title = ''; button.ariaLabel = null; }"
    )
    assert any("button-name" in line for line in complaints(page))
