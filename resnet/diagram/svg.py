"""A drawing as SVG: standalone for paper, or for the page, which colours it through CSS variables.

Text stays text, nothing runs: no script, no link, no foreign content, and every word is escaped.
"""

from collections.abc import Iterable
from functools import lru_cache
from html import escape

from resnet.diagram.drawing import Box, Drawing, Edge, Panel
from resnet.diagram.shapes import Circle, Commands, Mark, Path, Rect
from resnet.diagram.style import COLOURS, FONT_FAMILIES, FONT_WEIGHTS, LOOKS, Look, Theme


def svg(drawing: Drawing, theme: Theme = "paper", link: str = "") -> str:
    """`theme` "paper" has a white ground and fixed colours; "page" has no ground and colours that CSS may change.
    `link`, where the network can be seen, goes into the description."""
    width, height = _number(drawing.width), _number(drawing.height)
    about = f"{drawing.description} {link}".strip()
    ground = f'<rect class="ground" width="{width}" height="{height}" fill="#ffffff"/>' if theme == "paper" else ""
    size = f'width="{width}pt" height="{height}pt" ' if theme == "paper" else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lab-drawing" {size}viewBox="0 0 {width} {height}">',
        f"<title>{escape(drawing.name)}</title><desc>{escape(about)}</desc>",
        f"<style>{style_sheet(theme)}</style>{ground}",
        *[_panel(panel) for panel in drawing.panels],
        *[_box(box) for box in drawing.boxes],
        *[_edge(edge) for edge in drawing.edges],
        f'<g class="legend">{_marks(drawing.legend)}</g>',
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


@lru_cache
def style_sheet(theme: Theme) -> str:
    """One rule for each look, within .lab-drawing."""
    families = ",".join(f'"{name}"' if " " in name else name for name in FONT_FAMILIES)
    rules = [f".lab-drawing text{{font-family:{families}}}"]
    rules += [f".lab-drawing .{name}{{{_declarations(look, theme)}}}" for name, look in LOOKS.items()]
    return "".join(rules)


def _declarations(look: Look, theme: Theme) -> str:
    pairs = {"fill": _colour(look.fill, theme)}
    if look.fill_opacity < 1:
        pairs["fill-opacity"] = _number(look.fill_opacity)
    if look.stroke:
        pairs["stroke"] = _colour(look.stroke, theme)
        pairs["stroke-width"] = _number(look.stroke_width)
    if look.dash:
        pairs["stroke-dasharray"] = " ".join(map(_number, look.dash))
    if look.size:
        pairs["font-size"] = f"{_number(look.size)}px"
        pairs["font-weight"] = str(FONT_WEIGHTS[look.style])
    return ";".join(f"{key}:{value}" for key, value in pairs.items())


def _colour(name: str, theme: Theme) -> str:
    if not name:
        return "none"
    colour = COLOURS[name]
    if theme == "paper":
        return colour.light
    fallback = f"var({colour.host},{colour.light})" if colour.host else colour.light
    return f"var(--lab-{name},{fallback})"


def _panel(panel: Panel) -> str:
    return (
        f'<g class="group" data-kind="{panel.kind}" data-id="{escape(panel.id)}" '
        f'transform="translate({_number(panel.x)} {_number(panel.y)})">{_marks(panel.marks)}</g>'
    )


def _box(box: Box) -> str:
    return (
        f'<g class="box" data-kind="{escape(box.kind)}" data-id="{escape(box.id)}" tabindex="0" role="button" '
        f'aria-label="{escape(box.label)}" transform="translate({_number(box.x)} {_number(box.y)})">'
        f"{_marks(box.marks)}</g>"
    )


def _edge(edge: Edge) -> str:
    line, *rest = edge.marks
    assert isinstance(line, Path)
    ends = f'data-source="{escape(edge.source)}" data-target="{escape(edge.target)}"'
    return f'<path class="edge {edge.kind}" {ends} d="{_path(line.commands)}"/>{_marks(tuple(rest))}'


@lru_cache(maxsize=4096)
def _marks(marks: tuple[Mark, ...]) -> str:
    return "".join(_painted(marks))


def _painted(marks: Iterable[Mark]) -> Iterable[str]:
    for mark in marks:
        match mark:
            case Rect(x, y, width, height, radius, look):
                corner = f' rx="{_number(radius)}"' if radius else ""
                yield (
                    f'<rect class="{look}" x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" '
                    f'height="{_number(height)}"{corner}/>'
                )
            case Circle(x, y, radius, look):
                yield f'<circle class="{look}" cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"/>'
            case Path(commands, look):
                yield f'<path class="{look}" d="{_path(commands)}"/>'
            case _:
                anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
                yield (
                    f'<text class="{mark.look}" x="{_number(mark.x)}" y="{_number(mark.y)}"{anchor}>'
                    f"{escape(mark.text)}</text>"
                )


def _path(commands: Commands) -> str:
    return "".join([f"{command[0]}{' '.join([_number(number) for number in command[1:]])}" for command in commands])


def _number(value: float | str) -> str:
    return f"{round(float(value), 2):.10g}"
