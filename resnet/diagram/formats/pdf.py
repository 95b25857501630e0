"""A drawing as PDF, its letters embedded and its text still text; and that PDF as pixels."""

import io
from collections import Counter
from threading import Lock

import pypdfium2
from PIL.PngImagePlugin import PngInfo
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Box, Panel
from resnet.diagram.looks import fonts
from resnet.diagram.looks.shapes import Circle, Commands, Mark, Path, Rect, Text
from resnet.diagram.looks.style import COLOURS, LOOKS, Look
from resnet.errors import ExportError

AUTHOR = "ResNet Lab"
LONGEST_PAGE = 14_400
"""Points: what the PDF standard lets a page measure, about five metres."""

MOST_PIXELS = 16_000
MOST_AREA = 60_000_000
SMALLEST_LETTER = 6.0
"""Pixels. Smaller letters cannot be read."""

BLEED = 2.0
"""Points around a form for the outer half of its lines."""

# The last one is 1: what is painted next begins opaque.
OPACITIES = (*sorted({look.fill_opacity for look in LOOKS.values()} - {1}), 0.5, 1)

PDFIUM = Lock()
"""PDFium works for one thread at a time."""


def pdf(drawing: Drawing, link: str = "") -> bytes:
    """One page as large as the drawing, always the same bytes. Raises ExportError where no page is
    that long."""
    width, height = page_size(drawing)
    if max(width, height) > LONGEST_PAGE:
        raise ExportError(
            f"A PDF page is at most {LONGEST_PAGE:,} points long; this drawing is {width:,.0f} by"
            f" {height:,.0f}; draw it as SVG, from left to right, or folded (level 'stage' or"
            " 'block')."
        )
    written = io.BytesIO()
    # invariant: no date and no random id, so equal drawings give equal bytes.
    canvas = Canvas(written, pagesize=(width, height), invariant=1, pageCompression=1)
    canvas.setTitle(drawing.name)
    canvas.setAuthor(AUTHOR)
    canvas.setSubject(f"{drawing.description} {link}".strip())
    _Painter(canvas, height).page(drawing)
    canvas.save()
    return written.getvalue()


def png(drawing: Drawing, scale: float = 2.0, link: str = "") -> bytes:
    """Pixels, `scale` for each point: 2 is 144 dots an inch. Raises ExportError where the letters
    could not be read or the picture would be too large to open."""
    width, height = (side * scale for side in page_size(drawing))
    smallest = min(look.size for look in LOOKS.values() if look.size) * scale
    # A page may reduce the drawing, and its letters with it.
    smallest *= drawing.paper.scale if drawing.paper else 1
    if smallest < SMALLEST_LETTER or max(width, height) > MOST_PIXELS or width * height > MOST_AREA:
        raise ExportError(
            f"A PNG needs letters of {SMALLEST_LETTER:.0f} pixels, sides of at most {MOST_PIXELS:,}"
            f" and at most {MOST_AREA // 1_000_000} million pixels; this one would have letters of"
            f" {smallest:.1f} and measure {width:,.0f}×{height:,.0f}; draw it as SVG or PDF, or"
            " folded (level 'stage')."
        )
    facts = PngInfo()
    facts.add_text("Title", drawing.name)
    facts.add_text("Description", f"{drawing.description} {link}".strip())
    written = io.BytesIO()
    with PDFIUM, pypdfium2.PdfDocument(pdf(drawing, link)) as document:
        image = document[0].render(scale=scale).to_pil()
        # A point is 1/72 inch, so `scale` pixels for a point are 72 · scale dots an inch.
        image.save(written, "PNG", dpi=(72 * scale, 72 * scale), pnginfo=facts)
    return written.getvalue()


def page_size(drawing: Drawing) -> tuple[float, float]:
    """Width and height in points of the page it lies on, or its own."""
    paper = drawing.paper
    return (paper.width, paper.height) if paper else (drawing.width, drawing.height)


class _Painter:
    """Paints marks on a canvas whose y runs upwards. What occurs more than once is kept as a form
    and only placed."""

    def __init__(self, canvas: Canvas, height: float) -> None:
        self.canvas, self.height = canvas, height
        self.left, self.top = 0.0, 0.0
        for style in {look.style for look in LOOKS.values()}:
            # ReportLab keeps fonts for the whole process: one registration is enough for all
            # drawings.
            if style not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(style, str(fonts.path(style))))

    def page(self, drawing: Drawing) -> None:
        """White ground, and the drawing where its paper has it."""
        width, height = page_size(drawing)
        self.canvas.setFillColor(HexColor("#ffffff"))
        self.canvas.rect(0, 0, width, height, stroke=0, fill=1)
        if not drawing.paper:
            self.drawing(drawing)
            return
        self.marks(drawing.paper.marks)
        # To the drawing's lower left corner: ReportLab counts from the page's lower left.
        self.canvas.translate(
            drawing.paper.left, height - drawing.paper.top - drawing.height * drawing.paper.scale
        )
        self.canvas.scale(drawing.paper.scale, drawing.paper.scale)
        # A second painter: inside the scaled drawing, y runs upwards from the drawing's lower edge.
        _Painter(self.canvas, drawing.height).drawing(drawing)

    def drawing(self, drawing: Drawing) -> None:
        """Panels, boxes, lines and legend, one over the other."""
        parts: tuple[Panel | Box, ...] = (*drawing.panels, *drawing.boxes)
        # Equal boxes are written once, as a form: a deep network stays a small file.
        times = Counter(part.marks for part in parts)
        forms = {marks: f"form{number}" for number, marks in enumerate(times) if times[marks] > 1}
        for part in parts:
            if part.marks in forms:
                self._form(forms[part.marks], part)
            else:
                self.left, self.top = part.x, part.y
                self.marks(part.marks)
        self.left = self.top = 0.0
        for edge in drawing.edges:
            self.marks(edge.marks)
        self.marks((*drawing.notes, *drawing.legend))

    def _form(self, name: str, part: Panel | Box) -> None:
        if not self.canvas.hasForm(name):
            self.canvas.beginForm(name, -BLEED, -BLEED, part.width + BLEED, part.height + BLEED)
            self._opaque()
            painter = _Painter(self.canvas, part.height)
            painter.marks(part.marks)
            self.canvas.endForm()
            self._opaque()
        self.canvas.saveState()
        self.canvas.translate(part.x, self.height - part.y - part.height)
        self.canvas.doForm(name)
        self.canvas.restoreState()

    def _opaque(self) -> None:
        """Set every opacity once. ReportLab writes an opacity only where it changes. It assumes
        that a form starts with the page's opacity, and a form knows only opacities that the page
        has used."""
        for opacity in OPACITIES:
            self.canvas.setFillAlpha(opacity)

    def marks(self, marks: tuple[Mark, ...]) -> None:
        """Marks in order, counted from the painter's left and top."""
        for mark in marks:
            look = LOOKS[mark.look]
            if isinstance(mark, Text):
                self._text(mark, look)
                continue
            self._prepare(look)
            paints = {"stroke": int(bool(look.stroke)), "fill": int(bool(look.fill))}
            match mark:
                case Rect(x, y, width, height, radius):
                    # ReportLab wants the lower left corner. y runs down, so y + height is the lower
                    # edge.
                    self.canvas.roundRect(
                        self._x(x), self._y(y + height), width, height, radius, **paints
                    )
                case Circle(x, y, radius):
                    self.canvas.circle(self._x(x), self._y(y), radius, **paints)
                case Path(commands):
                    self.canvas.drawPath(self._path(commands), **paints)

    def _x(self, x: float) -> float:
        return self.left + x

    def _y(self, y: float) -> float:
        return self.height - self.top - y

    def _prepare(self, look: Look) -> None:
        if look.fill:
            self.canvas.setFillColor(HexColor(COLOURS[look.fill].light))
            self.canvas.setFillAlpha(look.fill_opacity)
        if look.stroke:
            self.canvas.setStrokeColor(HexColor(COLOURS[look.stroke].light))
            self.canvas.setLineWidth(look.stroke_width)
            # An empty list ends the dashes of the mark before this one.
            self.canvas.setDash(list(look.dash))

    def _text(self, mark: Text, look: Look) -> None:
        self.canvas.setFillColor(HexColor(COLOURS[look.fill].light))
        # A tint that was painted before may have left a low opacity.
        self.canvas.setFillAlpha(1)
        self.canvas.setFont(look.style, look.size)
        write = {
            "start": self.canvas.drawString,
            "middle": self.canvas.drawCentredString,
            "end": self.canvas.drawRightString,
        }
        write[mark.anchor](self._x(mark.x), self._y(mark.y), mark.text)

    def _path(self, commands: Commands) -> object:
        path = self.canvas.beginPath()
        for letter, *numbers in commands:
            places = [
                # Numbers alternate: x, y, x, y, …
                self._y(float(n)) if index % 2 else self._x(float(n))
                for index, n in enumerate(numbers)
            ]
            match letter:
                case "M":
                    path.moveTo(*places)
                case "L":
                    path.lineTo(*places)
                case "C":
                    path.curveTo(*places)
                case _:
                    path.close()
        return path
