"""Figures that fit a page."""

import re
from typing import Any, get_args

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import configs, looks

from resnet import ExportError, ResNetConfig, build_graph, get
from resnet.diagram import PageFormat, View, draw
from resnet.diagram.content.view import LEVELS
from resnet.diagram.formats.pdf import pdf
from resnet.diagram.formats.svg import svg
from resnet.diagram.looks.shapes import Text
from resnet.diagram.looks.style import LOOKS
from resnet.diagram.page import LARGEST_SCALE, PAGE_SIZES, SMALLEST_LETTER

PAGES = tuple(page for page in get_args(PageFormat) if page != "free")


@given(looks(configs(most_blocks=60)), st.sampled_from(PAGES))
def test_a_figure_fits_its_page_with_letters_of_6_points(
    look: tuple[ResNetConfig, View], page: Any
) -> None:
    """Catches a drawing that hangs over the edge, or was shrunk until nobody can read it."""
    config, view = look
    try:
        drawing = draw(build_graph(config), view.model_copy(update={"page": page}))
    except ExportError as error:
        assert page == "column" and str(error).count("\n") == 0
        return
    paper, sheet = drawing.paper, PAGE_SIZES[page]
    assert paper is not None
    assert paper.width == sheet.width
    assert paper.height <= sheet.height + 0.01
    assert paper.left >= -0.01
    assert paper.top >= -0.01
    assert paper.left + drawing.width * paper.scale <= paper.width + 0.01
    assert paper.top + drawing.height * paper.scale <= paper.height + 0.01
    marks = [
        mark for part in (*drawing.boxes, *drawing.panels, *drawing.edges) for mark in part.marks
    ]
    letters = [mark for mark in (*marks, *drawing.legend, *drawing.notes) if isinstance(mark, Text)]
    assert min(LOOKS[mark.look].size for mark in letters) * paper.scale >= SMALLEST_LETTER - 0.01


@given(looks(configs(most_blocks=60), toggled=(), unfolded=()), st.sampled_from(PAGES))
def test_a_page_only_ever_folds(look: tuple[ResNetConfig, View], page: Any) -> None:
    """Catches a page that shows another style, or opens what was closed."""
    config, view = look
    try:
        drawn = draw(build_graph(config), view.model_copy(update={"page": page})).view
    except ExportError:
        return
    assert LEVELS.index(drawn.level) <= LEVELS.index(view.level)
    assert drawn.style == view.style


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ["resnet20", "resnet152", "resnet1202"])
def test_a_pdf_has_the_size_of_its_page(name: str, page: Any) -> None:
    """Catches a page that is 19 m long; opened by PDFium, not by us."""
    drawing = draw(build_graph(get(name).config), View(level="layer", page=page))
    with pypdfium2.PdfDocument(pdf(drawing)) as document:
        assert len(document) == 1
        width, height = document[0].get_size()
        words = document[0].get_textpage().get_text_range()
    sheet = PAGE_SIZES[page]
    assert width == pytest.approx(sheet.width, abs=0.1)
    assert height == pytest.approx(sheet.height, abs=0.1) or (
        page == "column" and height < sheet.height
    )
    assert "conv, 16" in words or "conv, 64" in words


def test_svg_and_pdf_agree_about_the_page() -> None:
    """Catches a scale or margin that one writer forgets."""
    drawing = draw(build_graph(get("resnet56").config), View(page="a4"))
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg(drawing))
    assert size
    with pypdfium2.PdfDocument(pdf(drawing)) as document:
        assert (float(size[1]), float(size[2])) == pytest.approx(document[0].get_size(), abs=0.1)


def test_two_networks_share_a_page() -> None:
    """Catches a pair that is only fitted by its first network."""
    drawing = draw(
        build_graph(get("plain34").config),
        View(page="a4", style="figure3", level="layer"),
        beside=build_graph(get("resnet34").config),
    )
    assert drawing.paper
    assert drawing.view.level == "layer"
    assert drawing.width * drawing.paper.scale <= PAGE_SIZES["a4"].width


def test_a_small_network_is_not_blown_up() -> None:
    """Catches five boxes with letters for a wall."""
    drawing = draw(
        build_graph(get("resnet20").config), View(level="network", page="a4", direction="TB")
    )
    assert drawing.paper
    assert drawing.paper.scale <= LARGEST_SCALE == 1.25
