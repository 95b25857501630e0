"""A study's report in a real Chromium: on a telephone, and on paper."""

from pathlib import Path
from typing import Any

from resnet.studies.export.report import report
from tests.outcome_support import grid, outcome_of

A4_WITHIN_MARGINS = 672
"""CSS pixels: 178 mm."""


def test_it_prints_on_a4(open_page: Any, tmp_path: Path) -> None:
    """Catches a table cut at the margin, and a page that scrolls sideways on a telephone."""
    file = tmp_path / "report.html"
    file.write_text(report(outcome_of(grid(), tmp_path / "runs")))
    page = open_page(390, 800)
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_WITHIN_MARGINS, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_WITHIN_MARGINS
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
