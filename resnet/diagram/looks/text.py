"""The width of a text, from the advance widths of the installed font."""

from functools import cache, lru_cache

from PIL import ImageFont

from resnet.diagram.looks import fonts
from resnet.diagram.looks.style import LOOKS

UNITS = 1000
OTHER_FONTS = 1.06
"""Room for a reader whose machine shows an SVG's text in another, wider font."""


@lru_cache(maxsize=8192)
def width(text: str, look: str) -> float:
    """Points this text takes in this look, in the installed font or one a little wider."""
    letters = LOOKS[look]
    units = sum([_advance(character, letters.style) for character in text])
    return units * letters.size / UNITS * OTHER_FONTS


@lru_cache(maxsize=8192)
def _advance(character: str, style: fonts.Style) -> float:
    # At size 1000, so the result is in thousandths of the letter size.
    return _font(style).getlength(character)


@cache
def _font(style: fonts.Style) -> ImageFont.FreeTypeFont:
    # BASIC is part of every Pillow. Raqm, the other engine, may be missing, and then two machines
    # would not measure in the same way.
    return ImageFont.truetype(str(fonts.path(style)), UNITS, layout_engine=ImageFont.Layout.BASIC)
