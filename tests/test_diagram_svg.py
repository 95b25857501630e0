"""The drawing as SVG: well-formed, harmless, the same every time, fit for paper and for the
page."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import configs

from resnet import ResNetConfig, build_graph, get
from resnet.diagram import Drawing, View, draw
from resnet.diagram.content.view import LEVELS
from resnet.diagram.formats.svg import style_sheet, svg
from resnet.diagram.looks.shapes import Text
from resnet.diagram.looks.style import COLOURS, LOOKS

SVG = "{http://www.w3.org/2000/svg}"
HARMLESS = {"svg", "title", "desc", "style", "g", "rect", "circle", "path", "text"}
HOSTILE = (
    """"><script>alert(1)</script><image href=x onerror='alert(1)'/>]]>&amp; \\" """
    "</title><svg onload=alert(1)>"
)


def drawing(name: str = "resnet56", **options: str) -> Drawing:
    return draw(build_graph(get(name).config), View(**options))


def parse(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def tags(root: ElementTree.Element) -> set[str]:
    return {element.tag.removeprefix(SVG) for element in root.iter()}


@given(configs(), st.sampled_from(LEVELS), st.sampled_from(["TB", "LR"]))
def test_every_drawing_is_well_formed_and_harmless(
    config: ResNetConfig, level: str, direction: str
) -> None:
    """A label that breaks the XML; an element that could run or fetch something."""
    root = parse(svg(draw(build_graph(config), View(level=level, direction=direction))))
    assert tags(root) <= HARMLESS
    assert not [
        name
        for element in root.iter()
        for name in element.attrib
        if name.startswith("on") or "href" in name
    ]


def test_hostile_words_stay_words() -> None:
    """A name or link that climbs out of its place."""
    plain = drawing()
    box = replace(
        plain.boxes[0],
        id=HOSTILE,
        kind=HOSTILE,
        title=HOSTILE,
        lines=(HOSTILE,),
        marks=(Text(0, 0, HOSTILE, "row"),),
    )
    edge = replace(plain.edges[0], source=HOSTILE)
    hostile = replace(
        plain, name=HOSTILE, placed=(box, *plain.boxes[1:]), lines=(edge, *plain.edges[1:])
    )
    root = parse(svg(hostile, HOSTILE))
    assert tags(root) <= HARMLESS
    assert root.findtext(f"{SVG}title") == HOSTILE
    assert HOSTILE in [element.text for element in root.iter(f"{SVG}text")]
    assert (root.findtext(f"{SVG}desc") or "").endswith(HOSTILE)


def test_metadata_carries_the_name_and_the_link() -> None:
    root = parse(svg(drawing("resnet34"), link="?network=resnet34&norm.momentum=0.99"))
    assert root.findtext(f"{SVG}title") == "resnet34"
    assert "?network=resnet34&norm.momentum=0.99" in (root.findtext(f"{SVG}desc") or "")


def test_paper_is_white_and_has_fixed_colours_and_a_size() -> None:
    """A figure whose ground or letters depend on the theme of whoever looks at it."""
    text = svg(drawing())
    root = parse(text)
    ground = root.find(f"{SVG}rect[@class='ground']")
    assert ground is not None and ground.get("fill") == "#ffffff"
    assert "var(" not in text
    assert root.get("width") == f"{drawing().width:g}pt"


def test_the_page_paints_through_variables() -> None:
    """A drawing that stays light on a dark page."""
    style = style_sheet("page")
    for look in LOOKS.values():
        for name in {look.fill, look.stroke} - {""}:
            assert f"var(--lab-{name}," in style
    assert not re.search(r"(fill|stroke):#", style)
    assert f"var(--lab-ink,var(--st-text-color,{COLOURS['ink'].light}))" in style


def test_boxes_are_named() -> None:
    """Boxes a screen reader would miss."""
    picture = drawing()
    boxes = {
        g.get("data-id"): g for g in parse(svg(picture)).iter(f"{SVG}g") if g.get("class") == "box"
    }
    assert boxes.keys() == picture.by_id.keys()
    for name, element in boxes.items():
        assert element.get("role") == "img"
        assert element.get("aria-label") == picture.by_id[name].label
    assert "8 more blocks; each with its own weights; 3×3 conv, 32; 3×3 conv, 32; " in (
        boxes["stage2.block2"].get("aria-label") or ""
    )


def test_lines_say_their_kind_and_ends() -> None:
    picture = drawing()
    lines = [path for path in parse(svg(picture)).iter(f"{SVG}path") if path.get("data-source")]
    assert [
        (line.get("class"), line.get("data-source"), line.get("data-target")) for line in lines
    ] == [(f"edge {edge.kind}", edge.source, edge.target) for edge in picture.edges]
    assert {edge.kind for edge in picture.edges} == {"chain", "identity", "padded"}


def test_text_stays_text_in_the_carried_font() -> None:
    root = parse(svg(drawing("resnet50")))
    words = [element.text for element in root.iter(f"{SVG}text")]
    for expected in (
        "1×1 conv, 64",
        "7×7 conv, 64, /2",
        "2 more blocks",
        "56×56×256",
        "1×1 conv, /2",
        "28×28×512",
    ):
        assert expected in words
    assert 'font-family:"Source Sans Pro","Source Sans 3"' in (root.findtext(f"{SVG}style") or "")


@settings(max_examples=20)
@given(configs(), st.sampled_from(LEVELS))
def test_the_same_network_gives_the_same_bytes(config: ResNetConfig, level: str) -> None:
    first, second = (svg(draw(build_graph(config), View(level=level))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["resnet152", "resnet1202"])
def test_a_folded_drawing_is_a_small_file(name: str) -> None:
    assert len(svg(drawing(name)).encode()) < 60_000
