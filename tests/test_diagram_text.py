"""Widths of letters, against the PDF library's own reading of the same font."""

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from resnet.diagram.looks import fonts
from resnet.diagram.looks.style import LOOKS
from resnet.diagram.looks.text import OTHER_FONTS, width

TEXTS = (
    "3×3 conv, 512, /2",
    "8 more blocks",
    "each with its own weights",
    "199 × 73,984 parameters",
    "32×32×16 · W",
)
WRITTEN = [look for look in LOOKS if LOOKS[look].size]


@pytest.mark.parametrize("look", WRITTEN)
@pytest.mark.parametrize("text", TEXTS)
def test_widths_are_those_of_the_font(text: str, look: str) -> None:
    """Boxes that are too narrow for their words, or too wide."""
    letters = LOOKS[look]
    pdfmetrics.registerFont(TTFont(f"test-{letters.style}", str(fonts.path(letters.style))))
    real = pdfmetrics.stringWidth(text, f"test-{letters.style}", letters.size)
    assert width(text, look) / OTHER_FONTS == pytest.approx(real, abs=0.05)


def test_a_figure_can_be_read_on_paper() -> None:
    """Letters of at least 6 points, lines of at least half a point."""
    assert min(LOOKS[look].size for look in WRITTEN) >= 6
    assert min(look.stroke_width for look in LOOKS.values() if look.stroke) >= 0.5
