"""A figure that opens only with us, or changes from one day to the next, could not be put into a
paper."""

import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pypdfium2
import pytest

from resnet.errors import ConfigError
from resnet.results.arms import ArmRuns
from resnet.results.published import PUBLISHED
from resnet.studies.curves import figures
from resnet.studies.curves.arm_colours import KINDS, colours
from resnet.studies.curves.arm_curves import ArmCurves, Options, arm_curves
from tests.test_studies_arm_curves import arm

SVG = "{http://www.w3.org/2000/svg}"
LINK = "https://example.org/?network=resnet8"


def curves(count: int = 2, **options: Any) -> ArmCurves:
    kinds = ("none", "padded_identity")
    arms = [
        replace(arm(0, 1, 2), name=f"ResNet-{at}", shortcut=kinds[at % 2]) for at in range(count)
    ]
    return arm_curves(arms, Options(**options))


def page(data: bytes) -> pypdfium2.PdfPage:
    return pypdfium2.PdfDocument(data)[0]


@pytest.mark.parametrize(("width", "inches"), [("column", 3.35), ("page", 6.9)])
def test_a_pdf_opens_elsewhere_at_its_width_with_letters_that_can_be_searched(
    width: figures.Width, inches: float
) -> None:
    """Catches pixels for points, and letters turned into outlines or left out of the file."""
    data = figures.figure(
        curves(), "pdf", width, "Plain or residual", {"ResNet-1": PUBLISHED["resnet110"]}, link=LINK
    )
    opened = page(data)
    assert opened.get_width() == pytest.approx(inches * 72, abs=0.5)
    text = opened.get_textpage().get_text_bounded()
    for words in (
        "Plain or residual",
        "error, %",
        "step",
        "ResNet-1",
        "(n = 3)",
        "mean ± standard deviation",
        "learning rate drops",
        "He et al. 2015, Table 6:",
        "ResNet-110, 6.61 ± 0.16 %",
    ):
        assert words in text
    assert b"/FontFile2" in data
    said = pypdfium2.PdfDocument(data).get_metadata_dict()
    assert (said["Title"], said["Subject"], said["CreationDate"]) == ("Plain or residual", LINK, "")


def test_no_letter_is_smaller_than_six_points() -> None:
    """Catches a legend of many arms that nobody can read in print."""
    opened = page(
        figures.figure(
            curves(12), "pdf", "column", "Many arms", {"ResNet-1": PUBLISHED["resnet110"]}
        )
    )
    sizes = {
        round(pypdfium2.raw.FPDFText_GetFontSize(opened.get_textpage(), at), 2)
        for at in range(opened.get_textpage().count_chars())
        if opened.get_textpage().get_text_range(at, 1).strip()
    }
    assert min(sizes) >= 6


NAMES = (
    "ResNet-{}",
    "ResNet-20, weight decay 0.0001, momentum {}",
    "a name of so many words that one line {} " * 3,
)
FOUR = ("resnet20", "resnet32", "resnet44", "resnet56")


@cache
def the_font_is_there() -> None:
    """Whoever draws first adds the font to Matplotlib's, for as long as the process lives."""
    figures.figure(curves(), "svg")


def boxes(count: int, name: str, width: figures.Width) -> tuple[Any, list[Any]]:
    """Where the axes are and where words are beside them, in pixels, as Matplotlib lays them
    out."""
    found = curves(count)
    arms = tuple(
        [replace(each, name=name.replace("{}", str(at))) for at, each in enumerate(found.arms)]
    )
    paper = {arm.name: PUBLISHED[network] for arm, network in zip(arms[1::2], FOUR, strict=False)}
    the_font_is_there()
    with mpl.rc_context(figures.SETTINGS):
        drawn = figures._drawn(replace(found, arms=arms), width, "A title", paper)
        drawn.draw_without_rendering()
    axes = drawn.axes[0]
    words = [*drawn.legends, axes.xaxis.label, *[text for text in axes.texts if text.get_text()]]
    return drawn, [word.get_window_extent() for word in words]


@pytest.mark.parametrize("width", ["column", "page"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [1, 2, 4, 5, 8, 12])
def test_words_hide_no_curve_and_no_other_words_and_stay_in_the_figure(
    count: int, name: str, width: figures.Width
) -> None:
    """Catches a key over the ends of the curves, a legend wider than the figure, and curves
    squeezed by either."""
    drawn, words = boxes(count, name, width)
    axes, whole = drawn.axes[0].get_window_extent(), drawn.bbox
    for at, box in enumerate(words):
        assert (
            box.x0 >= whole.x0 and box.x1 <= whole.x1 and box.y0 >= whole.y0 and box.y1 <= whole.y1
        )
        for other in (axes, *words[:at]):
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert min(across, high) <= 0.5
    assert axes.height / drawn.dpi >= 0.7 * figures.INCHES[width][1]
    assert axes.width / drawn.dpi >= 0.7 * figures.INCHES[width][0]


def test_the_papers_errors_are_named_once_and_drawn_in_the_colours_of_their_arms() -> None:
    """Catches four grey lines nobody can tell apart, and a source said four times."""
    found = curves(8)
    paper = {
        each.name: PUBLISHED[network] for each, network in zip(found.arms[1::2], FOUR, strict=True)
    }
    (axes,) = figures._drawn(found, "column", "", paper).axes
    drawn = {
        float(np.ravel(line.get_ydata())[0]): line.get_color()
        for line in axes.lines
        if np.ravel(line.get_xdata()).tolist() == [0, 1]
    }
    assert drawn == dict(
        zip([row.error for row in paper.values()], colours(found.arms, "light")[1::2], strict=True)
    )
    text = page(figures.figure(found, "pdf", published=paper)).get_textpage().get_text_bounded()
    assert text.count("He et al.") == 1


@pytest.mark.parametrize("width", ["column", "page"])
def test_an_svg_is_xml_with_fine_but_visible_lines(width: figures.Width) -> None:
    """Catches hairlines that a printer drops: nothing is thinner than half a point, but a marker's
    white rim."""
    data = figures.figure(curves(12), "svg", width, "Many", link=LINK)
    root = ElementTree.fromstring(data)
    assert root.tag == f"{SVG}svg"
    assert float(root.get("width", "").removesuffix("pt")) == pytest.approx(
        figures.INCHES[width][0] * 72
    )
    assert {LINK, "Many"} <= {element.text for element in root.iter()}
    styles = [style for element in root.iter() if "stroke:" in (style := element.get("style", ""))]
    seen = [style for style in styles if not re.search(r"stroke: (none|#ffffff)", style)]
    widths = [
        float(found[1]) if (found := re.search(r"stroke-width: ([\d.]+)", style)) else 1.0
        for style in seen
    ]
    assert min(widths) >= 0.5


def test_the_ground_is_white_to_its_corners() -> None:
    """Catches a figure that is see-through, black in some viewers."""
    pixels = np.array(page(figures.figure(curves(), "pdf")).render(scale=1).to_pil().convert("RGB"))
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    assert (pixels < 128).any()


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_the_same_curves_give_the_same_bytes(form: figures.Form, tmp_path: Path) -> None:
    """Catches a date, or an id drawn by lot, in another process too: a bundle's checksums would
    never agree."""
    first = figures.figure(curves(), form)
    code = (
        "import sys; from resnet.studies.curves import figures; from tests.test_studies_figures"
        f" import curves; sys.stdout.buffer.write(figures.figure(curves(), {form!r}))"
    )
    home = Path(__file__).parents[1]
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=home, capture_output=True, check=True
    ).stdout
    assert first == other


def test_names_are_drawn_as_they_are() -> None:
    """Catches a dollar sign read as mathematics, and a name that vanishes from the legend for its
    first sign."""
    arms = [replace(arm(0), name=name) for name in ("a$b_c$", "_hidden", "50 % & <b>", "d", "e")]
    text = page(figures.figure(arm_curves(arms), "pdf")).get_textpage().get_text_bounded()
    for name in ("a$b_c$ (n = 1)", "_hidden (n = 1)", "50 % & <b> (n = 1)"):
        assert name in text


@pytest.mark.parametrize("spread", ["sd", "se", "range", "lines"])
def test_every_spread_and_axis_is_drawn(spread: Any) -> None:
    """Catches a band that cannot be filled where one seed is left."""
    assert page(figures.figure(curves(3, spread=spread, along="hour", about="data_loss"), "pdf"))


def test_a_mean_of_one_run_has_no_band() -> None:
    """Catches a spread drawn, or promised in the key, where one seed has none."""
    text = page(figures.figure(arm_curves([arm(0)]), "pdf")).get_textpage().get_text_bounded()
    assert "standard deviation" not in text


def test_nothing_to_draw_is_said_in_one_sentence() -> None:
    """Catches an empty frame in a paper."""
    with pytest.raises(
        ConfigError, match=r"^A figure needs at least one curve; none is on record along this axis"
    ):
        figures.figure(arm_curves([ArmRuns("waiting", [])]), "svg")


def test_plain_and_residual_keep_their_colours_and_no_two_arms_share_one() -> None:
    """Catches a chart whose blue is the plain net."""
    drawn = curves(8).arms
    found = colours(drawn, "light")
    assert found[-2:] == [KINDS["plain"]["light"], KINDS["residual"]["light"]]
    assert len(set(found)) == 8
    assert len(set(colours(curves(15).arms, "dark"))) == 15


def test_a_page_does_not_load_matplotlib() -> None:
    """Catches half a second at every page's first look."""
    code = "import sys, resnet.studies.curves.figures; sys.exit('matplotlib' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False
        ).returncode
        == 0
    )
