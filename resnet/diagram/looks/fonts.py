"""The font of figures: Source Sans Pro, installed with the program, so that a machine without fonts
draws letters and not empty boxes.

All machines measure text with it, so all draw the same picture.
"""

import io
from importlib import resources
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

FAMILY = "Source Sans Pro"

Style = Literal["Regular", "Semibold", "Bold", "It"]
STYLES: tuple[Style, ...] = ("Regular", "Semibold", "Bold", "It")

# "assign" replaces the family that a program asks for; a "strong" binding lets the family count
# more than other wishes, such as the language.
FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern">
    <edit name="family" mode="assign" binding="strong"><string>{family}</string></edit>
  </match>
</fontconfig>
"""


def path(style: Style = "Regular") -> Path:
    """The TrueType file of one style."""
    return Path(
        str(resources.files("font_source_sans_pro").joinpath(f"files/SourceSansPro-{style}.ttf"))
    )


def subset(style: Style, letters: str) -> bytes:
    """A WOFF file with these letters of one style and no others; the same letters always give the
    same bytes."""
    # Only files embed letters; the pages do not wait for this import.
    from fontTools.subset import Options, Subsetter, load_font, save_font  # noqa: PLC0415

    # No layout features, such as kerning: `looks.text` adds up the widths of single letters, and a
    # text must not be wider or narrower than that.
    options = Options(
        flavor="woff", hinting=False, layout_features=[], notdef_outline=False, glyph_names=False
    )
    options.name_IDs = []
    subsetter = Subsetter(options)
    subsetter.populate(text=letters)
    written = io.BytesIO()
    with load_font(str(path(style)), options) as font:
        subsetter.subset(font)
        save_font(font, written, options)
    return written.getvalue()


def fontconfig(folder: Path) -> Path:
    """Write into `folder` a fontconfig file that gives the installed font for every family, also
    for Helvetica.

    A program that reads it (FONTCONFIG_FILE) keeps its cache in `folder` as well and uses no
    other font of the machine.
    """
    fonts = folder / "fonts"
    fonts.mkdir()
    for style in STYLES:
        (fonts / path(style).name).symlink_to(path(style))
    file = folder / "fonts.conf"
    # The file is XML, and a path may hold "&": hence `escape`.
    file.write_text(
        FONTCONFIG.format(
            fonts=escape(str(fonts)), cache=escape(str(folder / "cache")), family=FAMILY
        ),
        encoding="utf-8",
    )
    return file
