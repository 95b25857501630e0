"""The drawing as TikZ: compiled by TeX and opened by PDFium."""

import re
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import configs

from resnet import ExportError, ResNetConfig, build_graph, get
from resnet.diagram import Drawing, View, draw
from resnet.diagram.content.view import LEVELS
from resnet.diagram.formats.pdf import page_size, pdf
from resnet.diagram.formats.tikz import SIGNS, tikz
from resnet.diagram.looks.shapes import Text
from resnet.diagram.looks.style import COLOURS, LOOKS

STYLES = ("detailed", "compact", "figure3")
LINK = "?network=resnet56&norm.momentum=0.99"
HOSTILE = (
    '\\input{/etc/passwd} $x$ #1 50% a_b^c ~d~ {} }{ & "q" <t> |b| \\end{document}\n\\undefined é ß'
    " 漢 ≤ × · ^^M\x07"
)

CASES: dict[str, dict[str, Any]] = {
    "from left to right": {"name": "resnet56", "direction": "LR"},
    "coloured by cost": {"name": "resnet50", "colour": "macs"},
    "layer by layer": {"name": "resnet20", "level": "layer"},
    "compact": {"name": "resnet56", "level": "block", "style": "compact"},
    "figure 3": {"name": "resnet34", "level": "layer", "style": "figure3"},
    "closed sections": {"name": "resnet152", "level": "network"},
    "on a4": {"name": "resnet50", "page": "a4"},
    "on a slide": {"name": "resnet56", "page": "slide", "direction": "LR"},
    "in a column": {"name": "resnet20", "page": "column"},
    "two": {"name": "resnet20", "beside": "resnet56"},
    "two on a page": {"name": "plain34", "beside": "resnet34", "style": "figure3", "page": "a4"},
}


def drawing(name: str = "resnet56", beside: str = "", **view: Any) -> Drawing:
    other = build_graph(get(beside).config) if beside else None
    return draw(build_graph(get(name).config), View(**view), beside=other)


def compiled(
    text: str, folder: Path, *, complaints: str = "Warning|Overfull|Missing character"
) -> bytes:
    """The PDF that a stock TeX makes of it, with none of these complaints in its log."""
    (folder / "drawing.tex").write_text(text, encoding="utf-8")
    command = [
        "pdflatex",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "-no-shell-escape",
        "drawing.tex",
    ]
    ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    log = (folder / "drawing.log").read_text(encoding="latin-1")
    assert ran.returncode == 0, log[-3000:]
    assert not re.findall(f".*(?:{complaints}).*", log)
    return (folder / "drawing.pdf").read_bytes()


def bare(text: str) -> str:
    """Without spaces, which readers guess from gaps, and with ligatures taken apart."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text).replace("⋅", "·"))


def words(picture: Drawing) -> set[str]:
    groups = [part.marks for part in (*picture.boxes, *picture.panels, *picture.edges)]
    marks = [*picture.notes, *picture.legend, *(picture.paper.marks if picture.paper else ())]
    return {mark.text for group in (*groups, marks) for mark in group if isinstance(mark, Text)}


@pytest.mark.latex
@pytest.mark.parametrize("case", CASES)
def test_tex_makes_one_page_of_it_with_all_its_words(case: str, tmp_path: Path) -> None:
    """Catches a sign that TeX does not have, a picture that flows onto a second page, letters
    turned to outlines."""
    picture = drawing(**CASES[case])
    text = tikz(picture, LINK)
    with pypdfium2.PdfDocument(compiled(text, tmp_path)) as document:
        assert len(document) == 1
        assert document[0].get_size() == pytest.approx(page_size(picture), abs=1)
        found = bare(document[0].get_textpage().get_text_bounded())
    assert {word for word in words(picture) if bare(word) not in found} == set()


def places(page: pypdfium2.PdfPage) -> dict[str, tuple[float, float]]:
    """Where the words begin that stand on the page once: points from the left, and from below."""
    text = page.get_textpage()
    found = {}
    for index in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(index)
        found[bare(text.get_text_bounded(left, bottom, right, top))] = (left, bottom)
    return found


@pytest.mark.latex
@pytest.mark.parametrize("case", ["from left to right", "on a4", "two on a page"])
def test_the_words_stand_where_ours_stand(case: str, tmp_path: Path) -> None:
    """Catches a picture upside down, scaled twice, or moved on its page."""
    picture = drawing(**CASES[case])
    text = tikz(picture)
    with (
        pypdfium2.PdfDocument(compiled(text, tmp_path)) as document,
        pypdfium2.PdfDocument(pdf(picture)) as ours,
    ):
        found, expected = places(document[0]), places(ours[0])
    shared = [
        word
        for word in found
        if word in expected and re.fullmatch(r"Stage\d|Head|Stem|softmax|image", word)
    ]
    assert len(shared) >= 2
    for word in shared:
        assert found[word] == pytest.approx(expected[word], abs=4), word


@pytest.mark.latex
def test_letters_are_scaled_with_the_page(tmp_path: Path) -> None:
    """Catches a page whose boxes shrink and whose letters stay, or the reverse."""
    lengths, scales = [], []
    for page in ("free", "a4"):
        picture = drawing("resnet50", page=page)
        scales.append(picture.paper.scale if picture.paper else 1)
        text = tikz(picture)
        with pypdfium2.PdfDocument(compiled(text, tmp_path)) as document:
            read = document[0].get_textpage()
            rects = [read.get_rect(index) for index in range(read.count_rects())]
            lengths.append(
                [
                    right - left
                    for left, bottom, right, top in rects
                    if "average" in read.get_text_bounded(left, bottom, right, top)
                ]
            )
    assert len(lengths[0]) == len(lengths[1]) == 1
    assert lengths[1][0] / lengths[0][0] == pytest.approx(scales[1] / scales[0], rel=0.02)
    assert abs(scales[1] - 1) > 0.1


@pytest.mark.latex
@pytest.mark.parametrize("case", ["from left to right", "coloured by cost", "compact", "figure 3"])
def test_no_word_runs_out_of_its_box(case: str, tmp_path: Path) -> None:
    """Catches a font that is wider than ours by more than a box's margin."""
    picture = drawing(**CASES[case])
    text = tikz(picture)
    with pypdfium2.PdfDocument(compiled(text, tmp_path)) as document:
        page = document[0].get_textpage()
        rects = [page.get_rect(index) for index in range(page.count_rects())]
    within = 0
    for box in picture.boxes:
        for left, bottom, right, top in rects:
            x, y = (left + right) / 2, picture.height - (bottom + top) / 2
            if box.x < x < box.x + box.width and box.y < y < box.y + box.height:
                assert box.x <= left and right <= box.x + box.width, box.id
                within += 1
    assert within >= len(picture.boxes)


PAPER = r"""\documentclass[twocolumn]{article}\usepackage{tikz}
%s
\begin{document}\noindent
Before.

\noindent%s

\noindent\resizebox{\columnwidth}{!}{%s}

\noindent After.
\end{document}
"""


def pasted() -> tuple[list[str], list[str]]:
    """(lines for the preamble, pictures) of two drawings, cut out where their comments say."""
    papers = [
        tikz(drawing("resnet20", level="network", style="figure3", direction="TB")),
        tikz(drawing("resnet56", direction="LR")),
    ]
    styles = [text.partition("from here on.\n")[2].partition("% to here.")[0] for text in papers]
    pictures = [
        text.partition("% begin picture\n")[2].partition("% end picture")[0] for text in papers
    ]
    return styles, pictures


def test_what_to_paste_is_marked() -> None:
    """Catches a comment that was reworded on one side only, so that nothing stands between the
    marks."""
    styles, pictures = pasted()
    assert all(pictures) and all(styles)


@pytest.mark.latex
def test_the_picture_can_be_pasted_into_a_paper(tmp_path: Path) -> None:
    """Catches a picture that needs more from its document than the lines marked for it, or clashes
    with another."""
    styles, pictures = pasted()
    with pypdfium2.PdfDocument(
        compiled(PAPER % ("".join(styles), *pictures), tmp_path)
    ) as document:
        found = bare(document[0].get_textpage().get_text_bounded())
    for word in (
        "Before.",
        "After.",
        "3 blocks",
        "8 × 4,672 parameters",
        "padded identity shortcut",
    ):
        assert bare(word) in found


def hostile() -> Drawing:
    plain = drawing("resnet20", level="network")
    box = replace(plain.boxes[0], id=HOSTILE, title=HOSTILE, marks=(Text(0, 9, HOSTILE, "row"),))
    boxes = (box, *plain.boxes[1:])
    return replace(plain, name=HOSTILE, placed=boxes, grounds=plain.panels, lines=plain.edges)


def test_hostile_words_are_no_commands() -> None:
    """Catches a name that TeX would run, or that ends its comment and runs there."""
    text = tikz(hostile(), link=HOSTILE)
    code = "\n".join(
        line.partition(" % ")[0] for line in text.splitlines() if not line.startswith("%")
    )
    assert (
        "\\input" not in code and "\\undefined" not in code and code.count("\\end{document}") == 1
    )


@pytest.mark.latex
def test_hostile_words_stay_words(tmp_path: Path) -> None:
    """Catches a name that loses letters on the way through TeX."""
    text = tikz(hostile(), link=HOSTILE)
    with pypdfium2.PdfDocument(
        compiled(text, tmp_path, complaints="Missing character")
    ) as document:
        found = bare(document[0].get_textpage().get_text_range())
    for word in (
        "\\input{/etc/passwd}",
        "$x$",
        "#1",
        "50%",
        "{}}{",
        "<t>",
        "|b|",
        "\\end{document}",
        "?",
    ):
        assert bare(word) in found


@settings(max_examples=40)
@given(
    configs(most_blocks=8),
    st.sampled_from(LEVELS),
    st.sampled_from(STYLES),
    st.sampled_from(["TB", "LR"]),
)
def test_every_style_is_there_and_every_scope_is_closed(
    config: ResNetConfig, level: Any, style: Any, direction: Any
) -> None:
    """Catches a look without its style, a style that nothing uses, and what TeX cannot read: 1e-05,
    nan, ×."""
    picture = draw(build_graph(config), View(level=level, style=style, direction=direction))
    text = tikz(picture)
    code = "\n".join(
        line.partition(" % ")[0] for line in text.splitlines() if not line.startswith("%")
    )
    assert (
        set(re.findall(r"\[lab ([\w-]+)", code))
        == set(re.findall(r"\\tikzset{lab ([\w-]+)/", code))
        <= LOOKS.keys()
    )
    colours = set(re.findall(r"\\definecolor{lab-([\w-]+)}", code))
    assert set(re.findall(r"=lab-([\w-]+)", code)) == colours <= COLOURS.keys()
    assert (
        code.count(r"\begin{scope}")
        == code.count(r"\end{scope}")
        == len(picture.boxes) + len(picture.panels)
    )
    assert code.isascii()
    assert not re.search(r"\d[eE][-+]\d|\bnan\b|\binf\b", code)


def test_boxes_can_be_found_in_the_text() -> None:
    """Catches a picture nobody could edit by hand."""
    picture = drawing("resnet20")
    lines = tikz(picture, LINK).splitlines()
    for box in picture.boxes:
        assert sum(line.endswith(f"}}] % {box.id}") for line in lines) >= 1
    assert lines[:3] == ["% resnet20", f"% {picture.description}", f"% {LINK}"]
    assert r"\node[lab row, anchor=base west]" in "\n".join(lines)


def test_no_page_is_longer_than_tex_can_measure() -> None:
    """Catches "Dimension too large" in the reader's hands."""
    with pytest.raises(ExportError, match="14,400 points long"):
        tikz(drawing("resnet1202", level="layer", direction="TB"))


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_drawing_gives_the_same_text(level: Any) -> None:
    """Catches an order that changes from run to run, and a date."""
    first, second = (tikz(drawing(level=level, direction="LR"), LINK) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("other", ["resnet20", None])
def test_every_sign_can_be_set(other: str | None) -> None:
    """Catches a sign that TeX would show as another one: ≠ once came out as =."""
    beside = build_graph(get(other).config) if other else None
    for style in ("detailed", "compact", "figure3"):
        picture = draw(
            build_graph(get("plain20").config),
            View(style=style, colour="difference", level="layer"),
            beside=beside,
        )
        parts = (*picture.boxes, *picture.panels, *picture.edges)
        marks = [mark for part in parts for mark in part.marks]
        words = "".join(
            mark.text
            for mark in (*marks, *picture.legend, *picture.notes)
            if isinstance(mark, Text)
        )
        assert {sign for sign in words if not sign.isascii()} <= SIGNS.keys()
    assert {"≠", "−", "×", "·"} <= SIGNS.keys()
