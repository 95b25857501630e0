"""A drawing as SVG, and its looks as CSS.

Text stays text, nothing runs: no script, no link, no foreign content, and every word is escaped.
"""

from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Box, Edge, Panel, Paper
from resnet.diagram.looks import fonts
from resnet.diagram.looks.shapes import Circle, Commands, Mark, Path, Rect, Text
from resnet.diagram.looks.style import COLOURS, FONT_FAMILIES, FONT_WEIGHTS, LOOKS, Look, Theme


def svg(drawing: Drawing, link: str = "") -> str:
    """White ground and fixed colours, in a light or a dark theme. `link`, the address of the
    network, goes into the description."""
    paper = drawing.paper or Paper(drawing.width, drawing.height, 1, 0, 0)
    width, height = _number(paper.width), _number(paper.height)
    about = f"{drawing.description} {link}".strip()
    # Without it, the dark lines would stand on the dark ground of a viewer with a dark theme.
    ground = f'<rect class="ground" width="{width}" height="{height}" fill="#ffffff"/>'
    # The viewBox has the same numbers as this size, so a unit inside of the SVG is a point.
    size = f'width="{width}pt" height="{height}pt"'
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="lab-drawing" {size} viewBox="0 0'
            f' {width} {height}">'
        ),
        f"<title>{escape(drawing.name)}</title><desc>{escape(about)}</desc>",
        f"<style>{_faces(drawing)}{style_sheet('paper', _looks(drawing))}</style>{ground}",
        *([f'<g class="heading">{marks_text(paper.marks)}</g>'] if paper.marks else []),
        *([f"<g {_transform(paper)}>"] if drawing.paper else []),
        # SVG paints in the order of the file: boxes over panels, lines over boxes.
        *[_panel(panel) for panel in drawing.panels],
        *[_box(box) for box in drawing.boxes],
        *[_edge(edge) for edge in drawing.edges],
        *([f'<g class="notes">{marks_text(drawing.notes)}</g>'] if drawing.notes else []),
        f'<g class="legend">{marks_text(drawing.legend)}</g>',
        *(["</g>"] if drawing.paper else []),
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


def _transform(paper: Paper) -> str:
    left, top, scale = _number(paper.left), _number(paper.top), f"{round(paper.scale, 4):g}"
    # SVG applies the last one first: it scales the drawing, then moves it to its place on the page.
    return f'transform="translate({left} {top}) scale({scale})"'


def _looks(drawing: Drawing) -> tuple[str, ...]:
    """The looks that this drawing uses, in the order of the style: other rules would only be
    weight."""
    used = {mark.look for marks in _distinct(drawing) for mark in marks}
    return tuple([name for name in LOOKS if name in used])


def _faces(drawing: Drawing) -> str:
    """The letters that this drawing uses, embedded, so that it looks the same on every machine."""
    # Sets have another order in each process: sorted below, so that equal drawings are equal files.
    letters: dict[fonts.Style, set[str]] = {}
    for mark in [mark for marks in _distinct(drawing) for mark in marks if isinstance(mark, Text)]:
        letters.setdefault(LOOKS[mark.look].style, set()).update(mark.text)
    return "".join([_face(style, "".join(sorted(used))) for style, used in sorted(letters.items())])


@lru_cache(maxsize=64)
def _face(style: fonts.Style, letters: str) -> str:
    data = b64encode(fonts.subset(style, letters)).decode()
    source = f"url(data:font/woff;base64,{data}) format('woff')"
    return (
        f"@font-face{{font-family:'{fonts.FAMILY}';font-weight:{FONT_WEIGHTS[style]};src:{source}}}"
    )


def _distinct(drawing: Drawing) -> set[tuple[Mark, ...]]:
    """Every group of marks, equal ones once."""
    parts: tuple[Panel | Box | Edge, ...] = (*drawing.panels, *drawing.boxes, *drawing.edges)
    paper = drawing.paper.marks if drawing.paper else ()
    return {part.marks for part in parts} | {drawing.notes, drawing.legend, paper}


@lru_cache
def style_sheet(theme: Theme, names: tuple[str, ...] = tuple(LOOKS)) -> str:
    """One rule for each of these looks, within .lab-drawing: with fixed colours for "paper", with
    CSS variables for "page"."""
    families = ",".join(f'"{name}"' if " " in name else name for name in FONT_FAMILIES)
    # All rules are for .lab-drawing only: the page around it may use names such as "card" too.
    rules = [f".lab-drawing text{{font-family:{families}}}"]
    rules += [
        f".lab-drawing .{name}{{{_declarations(look, theme)}}}"
        for name, look in LOOKS.items()
        if name in names
    ]
    return "".join(rules)


def _declarations(look: Look, theme: Theme) -> str:
    # Always written, if only as "none": SVG fills a shape without it with black.
    pairs = {"fill": _colour(look.fill, theme)}
    if look.fill_opacity < 1:
        pairs["fill-opacity"] = _number(look.fill_opacity)
    if look.stroke:
        pairs["stroke"] = _colour(look.stroke, theme)
        pairs["stroke-width"] = _number(look.stroke_width)
    if look.dash:
        pairs["stroke-dasharray"] = " ".join(map(_number, look.dash))
    if look.size:
        # A px of CSS is a unit of the viewBox, and so a point.
        pairs["font-size"] = f"{_number(look.size)}px"
        pairs["font-weight"] = str(FONT_WEIGHTS[look.style])
    return ";".join(f"{key}:{value}" for key, value in pairs.items())


def _colour(name: str, theme: Theme) -> str:
    if not name:
        return "none"
    colour = COLOURS[name]
    if theme == "paper":
        return colour.light
    # In the app: the colour of the theme; in another page: our own.
    fallback = f"var({colour.host},{colour.light})" if colour.host else colour.light
    return f"var(--lab-{name},{fallback})"


def _panel(panel: Panel) -> str:
    return (
        f'<g class="group" data-kind="{panel.kind}" data-id="{escape(panel.id)}"'
        f' transform="translate({_number(panel.x)}'
        f' {_number(panel.y)})">{marks_text(panel.marks)}</g>'
    )


def _box(box: Box) -> str:
    return (
        f'<g class="box" data-kind="{escape(box.kind)}" data-id="{escape(box.id)}" role="img"'
        f' aria-label="{escape(box.label)}" transform="translate({_number(box.x)}'
        f' {_number(box.y)})">{marks_text(box.marks)}</g>'
    )


def _edge(edge: Edge) -> str:
    line, *rest = edge.marks
    assert isinstance(line, Path)
    # A title inside a shape is the text that a browser shows beside the mouse.
    title = f"<title>{escape(edge.label)}</title>" if edge.label else ""
    ends = f'data-source="{escape(edge.source)}" data-target="{escape(edge.target)}"'
    return (
        f'<path class="edge {line.look}" {ends}'
        f' d="{path_text(line.commands)}">{title}</path>{marks_text(tuple(rest))}'
    )


@lru_cache(maxsize=4096)
def marks_text(marks: tuple[Mark, ...]) -> str:
    """Marks as SVG elements."""
    return "".join(_painted(marks))


def _painted(marks: Iterable[Mark]) -> Iterable[str]:
    for mark in marks:
        match mark:
            case Rect(x, y, width, height, radius, look):
                corner = f' rx="{_number(radius)}"' if radius else ""
                yield (
                    f'<rect class="{look}" x="{_number(x)}" y="{_number(y)}"'
                    f' width="{_number(width)}" height="{_number(height)}"{corner}/>'
                )
            case Circle(x, y, radius, look):
                yield (
                    f'<circle class="{look}" cx="{_number(x)}" cy="{_number(y)}"'
                    f' r="{_number(radius)}"/>'
                )
            case Path(commands, look):
                yield f'<path class="{look}" d="{path_text(commands)}"/>'
            case _:
                anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
                yield (
                    f'<text class="{mark.look}" x="{_number(mark.x)}"'
                    f' y="{_number(mark.y)}"{anchor}>{escape(mark.text)}</text>'
                )


def path_text(commands: Commands) -> str:
    """A path's `d`."""
    return "".join([f"{letter}{' '.join(map(_number, numbers))}" for letter, *numbers in commands])


def _number(value: float | str) -> str:
    # A hundredth of a point cannot be seen, and shorter numbers make smaller files.
    return f"{round(float(value), 2):.10g}"
