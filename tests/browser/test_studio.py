"""The drawing under a person's hand: opened in place, searched, walked along, on a phone, in a
link."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, expect

from resnet import exports
from resnet.diagram import View
from resnet.network import catalog

DRAWING = ".lab-diagram .canvas svg"
DETAILS = ".lab-diagram .details"
FIND = ".lab-diagram .find input"
ANSWER = ".lab-diagram .find output"
NEAR = 3.0
MOST_ELEMENTS = 6_000
LEFT_TO_ITSELF_MS = 800
"""For what must not happen: longer than the drawing waits before it tells the server anything."""

OpenPage = Callable[..., Page]


def visit(page: Page, app_url: str, address: str) -> Page:
    page.goto(f"{app_url}/{address}")
    expect(page.locator(DRAWING)).to_be_visible(timeout=30_000)
    return page


def box(page: Page, name: str) -> Locator:
    return page.locator(f'{DRAWING} .box[data-id="{name}"]')


def panel(page: Page, name: str) -> Locator:
    return page.locator(f'{DRAWING} .group[data-id="{name}"]')


def places(page: Page) -> dict[str, str]:
    """Where each box stands in the drawing, by its id."""
    script = "boxes => boxes.map(box => [box.dataset.id, box.getAttribute('transform')])"
    return dict(page.locator(f"{DRAWING} .box").evaluate_all(script))


def view_box(page: Page) -> tuple[float, ...]:
    """What part of the drawing is seen: x, y, width, height."""
    return tuple(map(float, (page.locator(DRAWING).get_attribute("viewBox") or "").split()))


def frame(part: Locator) -> FloatRect:
    found = part.bounding_box()
    assert found is not None
    return found


def corner(part: Locator) -> tuple[float, float]:
    """The upper left corner of a box or an opened panel on the screen, in pixels."""
    found = frame(part.locator("> .outline, > .header"))
    return found["x"], found["y"]


def still(page: Page) -> None:
    """Wait until nothing glides any more."""
    page.locator(".lab-diagram").evaluate(
        "root => Promise.allSettled(root.getAnimations({subtree: true}).map(one => one.finished))"
    )


def click(page: Page, part: Locator) -> None:
    """Near the upper left corner, which the details never cover."""
    x, y = corner(part)
    page.mouse.click(x + 12, y + 7)


def near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) <= NEAR and abs(one[1] - other[1]) <= NEAR


def on_drawing(page: Page, *keys: str) -> None:
    page.locator(".lab-diagram").focus()
    for key in keys:
        page.keyboard.press(key)


def selected(page: Page) -> Locator:
    return page.locator(f"{DRAWING} .selected")


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page 390 pixels wide, touched with fingers."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def calm(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor who asked for less motion."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    yield context
    context.close()


# ---- opening and closing
# ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("?network=resnet56", "stage1.block2"),
        ("?network=resnet50", "stage2.block1"),
        ("?network=resnet56&level=network", "stage2"),
        ("?network=resnet56&direction=TB", "stage2.block1"),
    ],
)
def test_a_click_opens_a_box_where_it_is_and_its_header_closes_it(
    page: Page, app_url: str, address: str, name: str
) -> None:
    """Catches an opened box that jumps away from the pointer, and a closed one that leaves
    something moved."""
    visit(page, app_url, address)
    shut, clicked = places(page), corner(box(page, name))
    click(page, box(page, name))
    expect(panel(page, name)).to_be_visible()
    expect(box(page, name)).to_have_count(0)
    page.wait_for_url(f"**toggled={name}*")
    still(page)
    assert near(corner(panel(page, name)), clicked)
    assert len(places(page)) > len(shut)
    click(page, panel(page, name))
    expect(box(page, name)).to_be_visible()
    page.wait_for_url(lambda url: "toggled" not in url)
    still(page)
    assert places(page) == shut
    assert near(corner(box(page, name)), clicked)


def test_a_panel_closes_under_the_pointer(page: Page, app_url: str) -> None:
    """Catches a second click at the same place that hits something else."""
    visit(page, app_url, "?network=resnet56&toggled=stage2.block1")
    header = frame(panel(page, "stage2.block1").locator("> .header"))
    x, y = header["x"] + header["width"] - 4, header["y"] + 5
    page.mouse.click(x, y)
    expect(box(page, "stage2.block1")).to_be_visible()
    still(page)
    shut = frame(box(page, "stage2.block1"))
    assert shut["width"] < header["width"] - 20
    assert shut["x"] <= x <= shut["x"] + shut["width"]
    assert shut["y"] <= y <= shut["y"] + shut["height"]
    page.mouse.click(x, y)
    expect(panel(page, "stage2.block1")).to_be_visible()


def test_a_convolution_of_the_stem_opens_into_its_layers(page: Page, app_url: str) -> None:
    """Catches a box that has no frame when it is open, and therefore no way back."""
    visit(page, app_url, "?network=resnet56")
    shut, clicked = places(page), corner(box(page, "stem.conv"))
    click(page, box(page, "stem.conv"))
    expect(box(page, "stem.norm")).to_be_visible()
    still(page)
    assert near(corner(box(page, "stem.conv")), clicked)
    page.get_by_role("button", name="Close 3×3 conv, 16").click()
    expect(box(page, "stem.norm")).to_have_count(0)
    assert places(page) == shut


def test_repeats_are_shown_one_by_one_and_folded_again(page: Page, app_url: str) -> None:
    """Catches repeats that stay folded, and ones that cannot be folded any more."""
    visit(page, app_url, "?network=resnet20&selected=stage1.block2")
    folded = places(page)
    expect(page.locator(DETAILS)).to_contain_text("2 blocks, each with its own weights")
    page.get_by_role("button", name="Show all 2", exact=True).click()
    expect(box(page, "stage1.block3")).to_be_visible()
    page.wait_for_url("**unfolded=stage1.block2*")
    assert places(page).keys() == folded.keys() | {"stage1.block3"}
    on_drawing(page, "Shift+Enter")
    expect(box(page, "stage1")).to_be_visible()
    on_drawing(page, "Enter")
    expect(panel(page, "stage1")).to_be_visible()
    page.get_by_role("button", name="Fold or unfold repeats").click()
    expect(box(page, "stage1.block3")).to_have_count(0)
    page.wait_for_url(lambda url: "unfolded" not in url)
    assert places(page) == folded


def test_an_opened_repeat_still_says_what_it_stands_for(page: Page, app_url: str) -> None:
    """Catches eight blocks that are called seven layers once they are open."""
    visit(page, app_url, "?network=resnet56")
    click(page, box(page, "stage1.block2"))
    expect(panel(page, "stage1.block2")).to_be_visible()
    expect(page.locator(DETAILS)).to_contain_text("8 blocks, each with its own weights")
    page.get_by_role("button", name="Show all 8", exact=True).click()
    expect(box(page, "stage1.block9")).to_be_attached()
    expect(panel(page, "stage1.block2")).to_be_visible()


def test_everything_open_in_the_deepest_network_stays_light(page: Page, app_url: str) -> None:
    """Catches thousands of boxes in the page at once, and boxes that are missing where a person has
    moved to."""
    visit(page, app_url, "?network=resnet1202&level=layer")
    expect(box(page, "stage1.block1.conv1")).to_be_visible(timeout=30_000)
    assert page.locator(f"{DRAWING} *").count() < MOST_ELEMENTS
    ground = frame(page.locator(".lab-diagram .canvas"))
    middle = ground["y"] + ground["height"] / 2
    first = places(page)
    for _ in range(4):
        before = view_box(page)
        page.mouse.move(ground["x"] + ground["width"] - 20, middle)
        page.mouse.down()
        page.mouse.move(ground["x"] + 20, middle, steps=5)
        page.mouse.up()
        assert view_box(page)[0] > before[0] + before[2] * 0.8
    assert page.locator(f"{DRAWING} *").count() < MOST_ELEMENTS
    there = places(page)
    assert there
    assert not there.keys() & first.keys()
    left, top, width, height = view_box(page)
    at = [tuple(map(float, re.findall(r"[-\d.]+", place))) for place in there.values()]
    seen = [(x, y) for x, y in at if left < x < left + width and top < y < top + height]
    assert len(seen) > 20
    page.get_by_role("button", name="Fit the drawing").click()
    expect(page.locator(f"{DRAWING} .afar path").first).to_be_attached()
    assert page.locator(f"{DRAWING} *").count() < MOST_ELEMENTS


def test_nothing_moves_for_who_asked_for_less_motion(
    calm: BrowserContext, page: Page, app_url: str
) -> None:
    """Catches a drawing that glides all the same; the other visitor's does, so that this test can
    see it."""
    asked = """root => new Promise(told => new MutationObserver(() => {
        if (root.querySelector('.group[data-id="stage1.block2"]'))
          requestAnimationFrame(() => told(root.getAnimations({subtree: true}).length));
    }).observe(root, {subtree: true, childList: true}))"""
    running = []
    for visitor in (calm.new_page(), page):
        visit(visitor, app_url, "?network=resnet56")
        visitor.evaluate(f"""root => {{ window.running = ({asked})(root); }}""", handle(visitor))
        click(visitor, box(visitor, "stage1.block2"))
        running.append(visitor.evaluate("() => window.running"))
    assert running[0] == 0
    assert running[1] > 0


def handle(page: Page) -> Any:
    return page.locator(".lab-diagram").element_handle()


# ---- keys and pointer
# ----------------------------------------------------------------------------


def test_the_keyboard_walks_opens_and_closes(page: Page, app_url: str) -> None:
    """Catches a drawing that only a mouse can use."""
    visit(page, app_url, "?network=resnet56")
    for name in ("input", "stem.conv", "stage1.block1"):
        on_drawing(page, "ArrowRight")
        expect(selected(page)).to_have_attribute("data-id", name)
    on_drawing(page, "ArrowLeft")
    expect(selected(page)).to_have_attribute("data-id", "stem.conv")
    expect(page.locator(".lab-diagram .spoken")).to_contain_text("3×3 conv, 16, closed")
    on_drawing(page, "ArrowDown", "Enter")
    expect(panel(page, "stage1.block1")).to_be_visible()
    on_drawing(page, "ArrowRight")
    expect(selected(page)).to_have_attribute("data-id", "input")  # a panel is no stop on the way


def test_keys_close_what_is_around(page: Page, app_url: str) -> None:
    """Catches a way in without a way out."""
    visit(page, app_url, "?network=resnet56&toggled=stage1.block1&selected=stage1.block1.conv1")
    expect(selected(page)).to_have_attribute("data-id", "stage1.block1.conv1")
    on_drawing(page, "Shift+Enter")
    expect(box(page, "stage1.block1")).to_be_visible()
    expect(selected(page)).to_have_attribute("data-id", "stage1.block1")
    on_drawing(page, "Backspace")
    expect(box(page, "stage1")).to_be_visible()
    expect(page.locator(DETAILS)).to_be_visible()
    on_drawing(page, "Escape")
    expect(page.locator(DETAILS)).to_be_hidden()
    expect(selected(page)).to_have_count(0)


def test_keys_zoom_and_start_a_search(page: Page, app_url: str) -> None:
    """Catches a zoom that is not undone by its opposite, and the browser's own search over half a
    drawing."""
    visit(page, app_url, "?network=resnet56")
    on_drawing(page, "0")
    whole = view_box(page)
    on_drawing(page, "+")
    assert view_box(page)[2] == pytest.approx(whole[2] / 1.25)
    on_drawing(page, "-")
    assert view_box(page) == pytest.approx(whole)
    on_drawing(page, "+", "0")
    assert view_box(page) == pytest.approx(whole)
    page.locator("h2").first.click()
    page.keyboard.press("Control+f")
    expect(page.locator(FIND)).to_be_focused()


def test_the_hint_beside_the_pointer_needs_no_server(page: Page, app_url: str) -> None:
    """Catches a message to the server for every box that a pointer passes."""
    sent: list[str | bytes] = []
    page.on(
        "websocket", lambda socket: socket.on("framesent", lambda message: sent.extend([message]))
    )
    visit(page, app_url, "?network=resnet56")
    page.wait_for_timeout(LEFT_TO_ITSELF_MS)
    before = len(sent)
    hint = page.locator(".lab-diagram .hint")
    for name, parameters in (
        ("stage1.block1", "4,672"),
        ("stage1.block2", "37,376"),
        ("stage2.block1", "13,952"),
    ):
        x, y = corner(box(page, name))
        page.mouse.move(x + 12, y + 7)
        expect(hint).to_contain_text(f"{parameters} parameters")
    page.wait_for_timeout(LEFT_TO_ITSELF_MS)
    assert before > 0
    assert len(sent) == before


@pytest.mark.parametrize("network", ["resnet56", "resnet1202"])
def test_the_ruler_leads_to_a_stage(page: Page, app_url: str, network: str) -> None:
    """Catches a ruler that leads elsewhere."""
    visit(page, app_url, f"?network={network}&level=layer")
    stage = page.locator(".lab-diagram .ruler").get_by_role("button", name="Stage 3")
    stage.click()
    expect(panel(page, "stage3")).to_be_attached()
    expect(page.locator(f'{DRAWING} .box[data-id^="stage3."]').first).to_be_attached()
    ground = frame(page.locator(".lab-diagram .canvas"))
    names = page.locator(f"{DRAWING} .box").evaluate_all(
        """(boxes, ground) => boxes.filter(box => {
             const r = box.getBoundingClientRect();
             return r.right > ground.x && r.x < ground.x + ground.width
               && r.bottom > ground.y && r.y < ground.y + ground.height;
           }).map(box => box.dataset.id)""",
        ground,
    )
    assert any(name.startswith("stage3.") for name in names)
    assert not any(name.startswith("stage1.") for name in names)


# ---- search
# ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "question", "answer"),
    [
        ("resnet50", "projection", "4 layers"),
        ("resnet50", "params > 100k", "35 layers"),
        ("resnet56", "64x8x8", "64 layers"),
        ("resnet56", "nothing of the kind", "no layers"),
    ],
)
def test_a_search_says_how_many_layers_and_marks_them(
    page: Page, app_url: str, network: str, question: str, answer: str
) -> None:
    """Catches hits that are miscounted, or not shown."""
    visit(page, app_url, f"?network={network}")
    page.locator(FIND).fill(question)
    expect(page.locator(ANSWER)).to_have_text(answer)
    hits = page.locator(f"{DRAWING} .box.hit")
    if answer == "no layers":
        expect(hits).to_have_count(0)
    else:
        expect(hits.first).to_be_visible()
    page.locator(FIND).fill("")
    expect(page.locator(ANSWER)).to_be_hidden()
    expect(hits).to_have_count(0)


def test_a_question_that_makes_no_sense_is_answered_with_one_sentence(
    page: Page, app_url: str
) -> None:
    """Catches a traceback, and silence."""
    visit(page, app_url, "?network=resnet56")
    page.locator(FIND).fill("weight > 3")
    expect(page.locator(ANSWER)).to_have_text(
        re.compile(r"^A condition compares [^.]*'weight ?> ?3'[^.]*\.$")
    )
    expect(page.locator(f"{DRAWING} .box.hit")).to_have_count(0)


def test_enter_walks_from_hit_to_hit_and_opens_what_hides_them(page: Page, app_url: str) -> None:
    """Catches a hit that stays inside its folded box."""
    visit(page, app_url, "?network=resnet50")
    page.locator(FIND).fill("projection")
    expect(page.locator(ANSWER)).to_have_text("4 layers")
    for number, name in ((1, "stage1.block1.shortcut.conv"), (2, "stage2.block1.shortcut.conv")):
        page.locator(FIND).press("Enter")
        expect(page.locator(ANSWER)).to_have_text(f"{number} of 4 layers")
        expect(selected(page)).to_have_attribute("data-id", name)
        expect(box(page, name)).to_have_class(re.compile(r"\bhit\b"))
    page.locator(FIND).press("Shift+Enter")
    expect(selected(page)).to_have_attribute("data-id", "stage1.block1.shortcut.conv")
    expect(page.locator(FIND)).to_be_focused()
    page.locator(FIND).press("Escape")
    expect(page.locator(FIND)).to_have_value("")
    expect(page.locator(f"{DRAWING} .box.hit")).to_have_count(0)


# ---- the link
# ----------------------------------------------------------------------------


def test_what_is_selected_goes_into_the_link(page: Page, app_url: str) -> None:
    """Catches a link that shows something else to a colleague."""
    visit(page, app_url, "?network=resnet56")
    click(page, box(page, "head.pool"))
    page.wait_for_url("**selected=head.pool*")
    on_drawing(page, "Escape")
    page.wait_for_url(lambda url: "selected" not in url)


def test_a_pasted_link_shows_the_same_drawing_to_another_visitor(
    open_page: OpenPage, app_url: str
) -> None:
    """Catches a way of looking that lives in one visitor's session only."""
    first = visit(open_page(), app_url, "?network=resnet20&level=block&style=compact&colour=macs")
    click(first, panel(first, "stage2.block1"))
    expect(box(first, "stage2.block1")).to_be_visible()
    click(first, box(first, "stem.conv"))
    first.wait_for_url("**selected=stem.conv*")
    second = visit(open_page(), app_url, first.url.removeprefix(f"{app_url}/"))
    expect(selected(second)).to_have_attribute("data-id", "stem.conv")
    expect(second.locator(DETAILS)).to_contain_text("3×3 conv, 16")
    assert places(second) == places(first)
    legend = f"{DRAWING} .legend"
    assert second.locator(legend).inner_html() == first.locator(legend).inner_html()
    expect(second.get_by_role("radio", name="Blocks")).to_be_checked()


def test_the_export_is_the_drawing_as_it_is_opened(page: Page, app_url: str) -> None:
    """Catches a figure of another view than the one on the screen."""
    visit(page, app_url, "?network=resnet20&colour=macs")
    click(page, box(page, "stage2.block1"))
    expect(panel(page, "stage2.block1")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).first.click()
    view = View(colour="macs", toggled=("stage2.block1",))
    assert Path(download.value.path()).read_bytes() == exports.drawing(
        catalog.get("resnet20").config, "svg", view
    )


# ---- looks and words
# ----------------------------------------------------------------------------


def test_the_details_of_a_convolution_count_it_in_the_open(page: Page, app_url: str) -> None:
    """Catches totals nobody can check."""
    visit(page, app_url, "?network=resnet56&toggled=stage1.block1&selected=stage1.block1.conv1")
    details = page.locator(DETAILS)
    expect(details).to_contain_text("3×3×16×16 = 2,304")
    expect(details).to_contain_text("32×32×16 × 3×3×16 = 2,359,296")
    seen = details.get_by_role("img", name="Receptive field 5 by 5 pixels on an image of 32 by 32")
    expect(seen.locator(".sees")).to_have_attribute("width", "5")


def test_the_list_says_every_box(page: Page, app_url: str) -> None:
    """Catches boxes that a reader who listens never hears of."""
    visit(page, app_url, "?network=resnet20")
    page.get_by_text("The drawing as a list").click()
    lines = page.locator(".listing li button")
    expect(lines).to_have_count(len(places(page)))
    expect(lines.nth(1)).to_have_text(
        "3×3 conv, 16, closed; output 32 by 32 by 16; 464 parameters; 0.44 M MACs"
    )
    lines.nth(2).click()
    expect(selected(page)).to_have_attribute("data-id", "stage1.block1")
    click(page, box(page, "stage1.block1"))
    expect(panel(page, "stage1.block1")).to_be_visible()
    expect(lines).to_have_count(len(places(page)))


def test_colours_have_a_legend_with_their_steps(page: Page, app_url: str) -> None:
    """Catches colours without a meaning."""
    visit(page, app_url, "?network=resnet56&colour=macs")
    legend = page.locator(f"{DRAWING} .legend")
    expect(legend).to_contain_text("multiply-adds of a box")
    expect(legend).to_contain_text("most: 37.7 M")
    steps = legend.locator("rect[class^='heat-']").evaluate_all(
        "steps => steps.map(step => getComputedStyle(step).fill)"
    )
    assert len(steps) >= 5
    assert len(set(steps)) == len(steps)


def test_figure_3_is_drawn_with_arcs(page: Page, app_url: str) -> None:
    """Catches a style that is only a word in the link; the paper dots the arcs over which the
    dimensions change."""
    visit(page, app_url, "?network=resnet20")
    arcs = page.locator(f"{DRAWING} .edge[class*='arc-']")
    expect(arcs).to_have_count(0)
    page.get_by_role("button", name="Look").click()
    page.get_by_role("radio", name="Figure 3").click()
    page.wait_for_url("**style=figure3*")
    expect(arcs).to_have_count(6)
    expect(page.locator(f"{DRAWING} .edge.arc-change")).to_have_count(2)
    dashes = "arcs => arcs.map(arc => getComputedStyle(arc).strokeDasharray !== 'none')"
    assert sum(arcs.evaluate_all(dashes)) == 2


@pytest.mark.parametrize("colour", ["operation", "macs"])
def test_a_dark_page_has_dark_boxes_with_light_words(
    open_page: OpenPage, app_url: str, colour: str
) -> None:
    """Catches white boxes on a dark page, and words that vanish on them."""
    shades = {}
    for scheme in ("light", "dark"):
        page = visit(open_page(scheme=scheme), app_url, f"?network=resnet20&colour={colour}")
        expect(page.locator(".lab-diagram")).to_have_attribute("data-scheme", scheme)
        block = box(page, "stage1.block1")
        shades[scheme] = [
            luminance(page.locator(".lab-diagram"), "backgroundColor"),
            luminance(block.locator("rect").first, "fill"),
            luminance(block.locator("text").first, "fill"),
        ]
    ground, card, word = shades["light"]
    assert ground > 200
    assert card > word + 100
    ground, card, word = shades["dark"]
    assert ground < 60
    assert word > card + 100


def luminance(part: Locator, of: str) -> float:
    """How light a colour of its is, from 0 to 255."""
    colour = str(part.evaluate("(part, of) => getComputedStyle(part)[of]", of))
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# ---- a phone
# ----------------------------------------------------------------------------


def test_a_finger_opens_a_box_and_reads_about_it(phone: Page, app_url: str) -> None:
    """Catches a drawing that a phone cannot use, details over the whole of it, and a page wider
    than the phone."""
    visit(phone, app_url, "?network=resnet20")
    assert "translate(144" not in str(places(phone))  # from top to bottom
    block = box(phone, "stage1.block1")
    block.scroll_into_view_if_needed()
    block.tap()
    expect(panel(phone, "stage1.block1")).to_be_visible()
    expect(box(phone, "stage1.block1.conv1")).to_be_visible()
    phone.wait_for_url("**toggled=stage1.block1*")
    details = phone.locator(DETAILS)
    expect(details).to_be_hidden()  # what has just been opened is what a person wants to see
    box(phone, "stage1.block1.conv1").tap()
    expect(details).to_be_visible()
    expect(details).to_contain_text("3×3×16×16 = 2,304")
    sheet = frame(details)
    assert sheet["y"] > 844 * 0.5
    assert sheet["y"] + sheet["height"] == pytest.approx(844 - 8, abs=4)
    assert sheet["width"] > 350
    assert (
        phone.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        <= 0
    )
    details.get_by_role("button", name="Close the details").tap()
    expect(details).to_be_hidden()
