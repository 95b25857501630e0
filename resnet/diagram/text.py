"""How wide a text is, from the carried font's own advance widths; and where that font lies."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from PIL import ImageFont

from resnet.diagram.style import LOOKS, FontFace

FONT_FILES: dict[FontFace, str] = {"regular": "SourceSansPro-Regular.ttf", "semibold": "SourceSansPro-Semibold.ttf"}
UNITS = 1000
OTHER_FONTS = 1.06
"""Room for a reader whose machine shows an SVG's text in another, wider font."""


def font_path(face: FontFace) -> Path:
    """The carried TrueType file of this face."""
    return Path(str(files("font_source_sans_pro"))) / "files" / FONT_FILES[face]


@cache
def width(text: str, look: str) -> float:
    """Points this text takes in this look, in the carried font or one a little wider."""
    style = LOOKS[look]
    return sum(_advance(character, style.face) for character in text) * style.size / UNITS * OTHER_FONTS


@cache
def _advance(character: str, face: FontFace) -> float:
    return _font(face).getlength(character)


@cache
def _font(face: FontFace) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_path(face)), UNITS, layout_engine=ImageFont.Layout.BASIC)
