"""Fixtures of the browser tests: one app and one Chromium for the whole session, a fresh page for
every test."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from driver import RunningApp, chromium, running_app
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

Scheme = Literal["light", "dark"]
OpenPage = Callable[..., Page]

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()
expect.set_options(timeout=20_000)  # two busy cores are slow, and a passing test does not wait

EXCEPTION = "[data-testid='stException']"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a page drives a browser, whether its author thought of the mark or
    not."""
    for item in items:
        if item.path.is_relative_to(HERE) and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember whether the test itself failed, so that its pages can be photographed on the way
    out."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app, served as `make run` serves it, with empty runs/ and data/ of its own."""
    with running_app(tmp_path_factory.mktemp("lab")) as app:
        yield app


@pytest.fixture(scope="session")
def app_url(lab: RunningApp) -> str:
    """Where the app answers, without a slash at the end."""
    return lab.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(
    browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[OpenPage]:
    """`open_page(width, height, scheme)` gives a page of a visitor of its own.

    At the end the test fails where any of its pages logged an error to the console or showed an
    exception; then, or where the test itself failed, the pages are photographed and the end of the
    server's log is printed.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(width: int = 1400, height: int = 900, scheme: Scheme = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.extend(complaint(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    pages = [page for context in contexts for page in context.pages]
    complaints += [text for page in pages for text in page.locator(EXCEPTION).all_inner_texts()]
    if complaints or request.node.stash.get(FAILED, False):
        photograph(pages, tmp_path)
        if "lab" in request.fixturenames:
            print(request.getfixturevalue("lab").log[-3000:])
    for context in contexts:
        context.close()
    assert not complaints, complaints


def complaint(message: ConsoleMessage) -> list[str]:
    """An error of the console with the address it is about; other messages are none.

    Opened at a page's own address, Streamlit's client first looks for its server below that path,
    and logs the 404.
    """
    url = message.location["url"]
    probing = re.search(r"/\w+/_stcore/(health|host-config)$", url)
    return [f"{message.text} ({url})"] if message.type == "error" and not probing else []


def photograph(pages: list[Page], folder: Path) -> None:
    for number, page in enumerate(pages, 1):
        path = folder / f"page{number}.png"
        page.screenshot(path=path, full_page=True)
        print(f"{page.url}: {path}")


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page 1400×900, light."""
    return open_page()
