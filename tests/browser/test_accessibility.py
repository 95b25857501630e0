"""The pages as axe-core judges them: what keeps a person with other eyes, hands or a narrow screen
from using them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from driver import RunningApp, running_app, settled
from playwright.sync_api import Page, expect

from resnet.network.numbers import NUMBERS

DRAWING = ".lab-diagram .canvas svg"
DETAILS = ".lab-diagram .details"
GRAVE = {"serious", "critical"}
WIDTHS = (1400, 390)
EVERYTHING_OPEN = "?network=resnet56&level=layer&selected=stage1.block1.conv1"

OpenPage = Callable[..., Page]


def visit(page: Page, app_url: str, address: str) -> None:
    page.goto(f"{app_url}/{address}")
    expect(page.locator(DRAWING)).to_be_visible(timeout=30_000)
    expect(page.locator(".lab-numbers dt")).to_have_count(len(NUMBERS))


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
def test_nothing_keeps_a_person_out(
    open_page: OpenPage, app_url: str, width: int, scheme: str
) -> None:
    """Catches buttons without a name, words without contrast, roles that promise what is not
    there."""
    page = open_page(width, 900, scheme)
    found = {state: complaints(page) for state in states(page, app_url)}
    assert not any(found.values()), {state: lines for state, lines in found.items() if lines}


def test_axe_sees_into_the_drawing_s_own_page(page: Page, app_url: str) -> None:
    """Catches a check that finds nothing because it looks at nothing: the drawing lives in a shadow
    root."""
    visit(page, app_url, "?network=resnet56")
    page.get_by_role("button", name="Zoom in").evaluate(
        "button => { button.textContent = ''; button.title = ''; button.ariaLabel = null; }"
    )
    assert any("button-name" in line for line in complaints(page))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app whose runs and studies no other test sees: curves are imported into it."""
    with running_app(tmp_path_factory.mktemp("own")) as app:
        yield app


def open_everything(page: Page) -> None:
    """Each expander, those inside others too, and each finding of the recipe check."""
    closed = page.locator("[data-testid=stExpander] details:not([open]) > summary")
    while closed.count():
        closed.first.click()
        settled(page)
    page.locator("[data-testid=stHtml] details").evaluate_all(
        "all => all.forEach(one => { one.open = true; })"
    )


def study_states(page: Page, url: str) -> Iterator[str]:
    """What ships with the lab, then a new study whose arms differ in two things."""
    page.goto(f"{url}/study")
    expect(page.locator(".lab-table")).to_be_visible()
    yield "study as it opens"
    open_everything(page)
    yield "study with everything open"
    page.get_by_role("button", name="New study").click()
    expect(page.get_by_role("combobox", name="Start from")).to_be_visible()
    settled(page)
    open_everything(page)
    expect(page.get_by_role("radio", name="Arm by arm")).to_be_visible()
    yield "new study"
    page.get_by_role("radio", name="Arm by arm").click()
    settled(page)
    arms = page.get_by_role("textbox", name="Arms", exact=True)
    expect(arms).not_to_have_value("")
    first, second = arms.input_value().splitlines()[:2]
    arms.fill(f"{first}\n{second} recipe.batch_size=32")
    arms.press("Control+Enter")
    expect(page.locator(".st-key-study_banner")).to_contain_text("2 factors differ")
    settled(page)
    yield "new study with a banner"


def beside_states(page: Page, url: str) -> Iterator[str]:
    page.goto(f"{url}/runs")
    page.get_by_text("Side by side", exact=True).click()
    page.get_by_role("button", name="Load the notebook's three curves").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    settled(page)
    open_everything(page)
    expect(page.get_by_role("region", name="Parts of the losses")).to_be_visible()
    yield "side by side with everything open"


def training_states(page: Page, url: str) -> Iterator[str]:
    page.goto(f"{url}/train?network=resnet20")
    expect(page.get_by_text("Top row: original images.")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    yield "train as it opens"
    open_everything(page)
    yield "train with everything open"


def code_states(page: Page, url: str) -> Iterator[str]:
    page.goto(f"{url}/?network=resnet152&norm.momentum=0.99&view=Code")
    expect(page.locator("[data-testid=stCode]")).to_have_count(4)
    settled(page)
    yield "code"


def sideways(page: Page) -> list[str]:
    """How much wider than the screen the page is, where it is; tables scroll in themselves."""
    widths = page.evaluate(
        """() => [document.scrollingElement, document.querySelector("[data-testid=stMain]")]
              .map(one => [one.scrollWidth, one.clientWidth])"""
    )
    return [f"{inside} px in {outside} px" for inside, outside in widths if inside > outside]


def in_widths(page: Page, widths: Sequence[int]) -> list[str]:
    """What is wrong with the page as it stands in these widths; it is wide again afterwards."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        settled(page)
        found += [f"{width} px: {line}" for line in complaints(page) + sideways(page)]
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("states_of", [study_states, beside_states, training_states, code_states])
def test_no_other_page_keeps_anybody_out(
    open_page: OpenPage,
    own: RunningApp,
    states_of: Callable[[Page, str], Iterator[str]],
    scheme: str,
) -> None:
    """Catches words without contrast, pictures without words, tables and programs no keyboard can
    scroll, a page wider than a telephone."""
    page = open_page(WIDTHS[0], 900, scheme)
    widths = WIDTHS if scheme == "light" else WIDTHS[:1]  # by night only the colours are others
    found = {state: in_widths(page, widths) for state in states_of(page, own.url)}
    assert not any(found.values()), {state: lines for state, lines in found.items() if lines}


@pytest.mark.parametrize("address", ["", "?network=resnet152&view=Code", "learn"])
def test_every_explanation_of_a_number_stands_within_the_page(
    open_page: OpenPage, own: RunningApp, address: str
) -> None:
    """Catches an explanation, hidden until somebody asks for it, that reaches past the edge of the
    page: the page then scrolls sideways."""
    page = open_page(390, 844)
    page.goto(f"{own.url}/{address}")
    numbers = page.locator(".lab-numbers > div")
    expect(numbers.first).to_be_visible()
    for width, height in [(390, 844), (1280, 720), (1440, 900), (1920, 1080)]:
        page.set_viewport_size({"width": width, "height": height})
        settled(page)
        assert sideways(page) == []
        for number in numbers.all():
            number.focus()
            about = number.locator(".about")
            expect(about).to_have_css("clip-path", "none")
            place = about.bounding_box()
            assert place and place["x"] >= 0 and place["x"] + place["width"] <= width
