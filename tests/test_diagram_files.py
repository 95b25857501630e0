"""The drawing as PDF, PNG and DOT, opened by what is not ours: PDFium, Pillow, Graphviz."""

import io
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pygraphviz import AGraph
from strategies import configs

from resnet import ExportError, ResNetConfig, build_graph, get
from resnet.as_keras.graphviz import render
from resnet.diagram import Drawing, View, draw
from resnet.diagram.content.view import LEVELS
from resnet.diagram.formats.dot import dot
from resnet.diagram.formats.pdf import pdf, png
from resnet.diagram.looks.shapes import Text

LINK = "?network=resnet56&norm.momentum=0.99"


def drawing(name: str = "resnet56", **options: Any) -> Drawing:
    return draw(build_graph(get(name).config), View(**options))


def words(picture: Drawing) -> set[str]:
    """Every line of text in a drawing."""
    groups = [part.marks for part in (*picture.boxes, *picture.panels, *picture.edges)]
    return {
        mark.text for marks in (*groups, picture.legend) for mark in marks if isinstance(mark, Text)
    }


def text_of(pdf: bytes) -> str:
    """All that a PDF reader finds when it selects everything, without spaces, which readers guess
    from gaps."""
    with pypdfium2.PdfDocument(pdf) as document:
        found: str = document[0].get_textpage().get_text_bounded()
    return re.sub(r"\s", "", found)


@settings(max_examples=25)
@given(configs(most_blocks=8), st.sampled_from(LEVELS), st.sampled_from(["TB", "LR"]))
def test_a_pdf_holds_all_words_as_text(config: ResNetConfig, level: Any, direction: Any) -> None:
    """Letters turned to outlines, or a box that is missing where many are alike."""
    picture = draw(build_graph(config), View(level=level, direction=direction))
    found = text_of(pdf(picture))
    assert {word for word in words(picture) if re.sub(r"\s", "", word) not in found} == set()


def test_equal_boxes_are_all_in_the_pdf() -> None:
    """Boxes that are alike are stored once and must be placed as often as they occur."""
    picture = drawing("resnet20", level="layer")
    expected = sum(box.title == "batch norm" for box in picture.boxes)
    assert text_of(pdf(picture)).count("batchnorm") == expected + 1  # and once in the legend


def test_a_pdf_is_one_page_of_the_drawings_size_with_embedded_fonts() -> None:
    """Fonts that another machine would replace."""
    picture = drawing()
    page = pdf(picture)
    with pypdfium2.PdfDocument(page) as document:
        assert len(document) == 1
        assert document[0].get_size() == pytest.approx((picture.width, picture.height), abs=0.01)
        fonts = {
            text.get_font().get_base_name(): text.get_font().is_embedded
            for text in text_objects(document[0])
        }
    assert len(fonts) == 2 and all("SourceSansPro" in name for name in fonts)
    assert all(fonts.values())


def text_objects(page: pypdfium2.PdfPage) -> list[pypdfium2.PdfTextObj]:
    return list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT]))


def test_a_pdf_says_what_it_is() -> None:
    with pypdfium2.PdfDocument(pdf(drawing(), link=LINK)) as document:
        facts = document.get_metadata_dict()
    assert (facts["Title"], facts["Author"]) == ("resnet56", "ResNet Lab")
    assert facts["Subject"].endswith(LINK)


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_drawing_gives_the_same_bytes(level: Any) -> None:
    first, second = drawing(level=level, direction="LR"), drawing(level=level, direction="LR")
    assert pdf(first, LINK) == pdf(second, LINK)
    assert png(first, 2, LINK) == png(second, 2, LINK)
    assert dot(first, LINK) == dot(second, LINK)


def test_a_png_is_white_and_as_large_as_asked() -> None:
    """A transparent ground that turns black in a slide; a picture at another scale."""
    picture = drawing()
    with Image.open(io.BytesIO(png(picture, 3, LINK))) as image:
        assert image.size == pytest.approx((picture.width * 3, picture.height * 3), abs=1)
        assert image.mode == "RGB"
        assert image.getpixel((0, 0)) == (255, 255, 255)
        assert image.info["dpi"] == pytest.approx((216, 216), abs=0.1)
        assert image.info["Title"] == "resnet56"
        assert image.info["Description"].endswith(LINK)
        assert len(image.getcolors(maxcolors=1_000_000)) > 20


@pytest.mark.parametrize(("scale", "level"), [(0.5, "stage"), (2, "layer"), (50, "stage")])
def test_an_illegible_or_enormous_png_is_refused_with_a_way_out(scale: float, level: Any) -> None:
    """Keras's own picture of resnet1202 is 73×32,766 pixels; such a thing is never handed over
    silently."""
    with pytest.raises(ExportError, match=r"SVG or PDF, or folded \(level 'stage'\)\.$"):
        png(drawing("resnet1202", level=level, direction="LR"), scale)


def test_a_pdf_longer_than_a_page_may_be_is_refused_with_a_way_out() -> None:
    with pytest.raises(
        ExportError, match=r"14,400 points long.*as SVG, from left to right, or folded"
    ):
        pdf(drawing("resnet1202", level="layer", direction="TB"))


def test_the_whole_of_resnet1202_fits_one_pdf_page_from_left_to_right() -> None:
    page = pdf(drawing("resnet1202", level="layer", direction="LR"))
    assert "Block200" in text_of(page)


@pytest.mark.parametrize("name", ["resnet20", "plain20", "resnet34", "resnet50"])
@pytest.mark.parametrize("level", ["network", "stage", "block"])
def test_graphviz_draws_the_dot_text(name: str, level: Any) -> None:
    """Catches DOT that Graphviz refuses, and a node that it makes up because only a line names
    it."""
    picture = drawing(name, level=level, direction="LR")
    text = dot(picture, LINK)
    shown = render(text, "svg").decode()
    graph = AGraph(string=text)
    nodes = graph.nodes()
    assert picture.by_id.keys() <= set(nodes)
    assert all(node.attr["label"] for node in nodes)
    assert len(re.findall(r'class="node"', shown)) == len(nodes)
    assert len(re.findall(r'class="cluster"', shown)) == len(picture.panels)


@pytest.mark.parametrize("label", ["<b>bold</b>", 'a "quoted" \\n \\G', "0", "graph", "é<&>"])
def test_no_text_is_markup_in_dot(label: str) -> None:
    """Catches a name that Graphviz takes for HTML, for an escape or for a word of DOT."""
    shown = render(dot(replace(drawing("resnet8"), name=label)), "svg").decode()
    texts = ElementTree.fromstring(shown).iter("{http://www.w3.org/2000/svg}text")
    assert label in [(text.text or "").replace("\xa0", " ") for text in texts]


def test_dot_shows_the_kind_of_each_shortcut() -> None:
    text = dot(drawing("resnet20"))
    graph = AGraph(string=text)
    assert graph.has_edge("stage1.block1", "stage1.block1.add")
    assert graph.has_edge("stem.conv", "stage1.block1.add")
    padded = graph.get_edge("stage1.block2.add", "stage2.block1.add").attr
    assert padded["style"] == "dashed"
    assert padded["label"].startswith("pad, /2, 16×16×32, no params")
    graph = AGraph(string=dot(drawing("resnet34")))
    projection = graph.get_edge("stage1.block2.add", "stage2.block1.add").attr
    assert projection["label"].startswith("1×1 conv, /2, 28×28×128, ")
    assert "dashed" not in dot(drawing("plain20"))
