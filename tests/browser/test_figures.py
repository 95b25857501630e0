"""Figures as a browser opens them: SVG files that carry their own letters."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from resnet import draw, get

OUTSIDE = """() => {
  const frame = document.documentElement.getBoundingClientRect();
  return [...document.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    const within = box.left > -1 && box.top > -1
      && box.right < frame.width + 1 && box.bottom < frame.height + 1;
    return box.width === 0 || !within;
  }).map((text) => text.textContent);
}"""
"""Words that cannot be seen, or hang over the edge."""

LOADED = (
    "async () => { await document.fonts.ready; return [...document.fonts].map((face) =>"
    " face.status); }"
)


@pytest.mark.parametrize(
    "looks",
    [
        {},
        {"level": "layer", "style": "figure3", "direction": "TB"},
        {"level": "block", "style": "compact", "colour": "macs"},
        {"level": "layer", "page": "a4"},
    ],
)
def test_chromium_shows_every_word_in_the_letters_it_carries(
    page: Page, tmp_path: Path, looks: dict[str, Any]
) -> None:
    """Catches an SVG that a browser cannot read, letters that do not load, and words outside the
    figure."""
    file = tmp_path / "figure.svg"
    draw(get("resnet34").config, **looks).save(file)
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.nodeName") == "svg"
    assert set(page.evaluate(LOADED)) == {"loaded"}
    assert page.locator("text").count() > 10
    assert page.evaluate(OUTSIDE) == []
