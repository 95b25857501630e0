"""A drawing as TikZ: a complete LaTeX document, or a picture to paste into a paper; text stays
text.

A stock TeX has all it takes: article, geometry, TikZ, and Computer Modern Sans, which is always
there.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import Box, Edge, Panel, Paper
from resnet.diagram.looks.shapes import Circle, Commands, Mark, Path, Rect, Text
from resnet.diagram.looks.style import COLOURS, LOOKS, Look
from resnet.errors import ExportError

LONGEST_PAGE = 14_400
"""Points: what a PDF page may measure, and a little less than the longest length TeX knows."""

# From baseline to baseline, in letter sizes. Every text here is one line, but \fontsize needs it.
LEADING = 1.2
# FONTS below declares two weights, so bold letters are semibold.
WEIGHTS = {"Regular": "m", "Semibold": "sb", "Bold": "sb"}
ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}

FONTS = r"""
\DeclareFontFamily{OT1}{labsans}{}
\DeclareFontShape{OT1}{labsans}{m}{n}{<-> cmss10}{}
\DeclareFontShape{OT1}{labsans}{sb}{n}{<-> cmssdc10}{}
\DeclareFontFamily{OMS}{labsigns}{}
\DeclareFontShape{OMS}{labsigns}{m}{n}{<-> s * [0.65] cmbsy10}{}
\providecommand{\labsign}[1]{{\usefont{OMS}{labsigns}{m}{n}\char#1}}
\providecommand{\labtimes}{\labsign{2}}
\providecommand{\labdot}{\labsign{1}}
""".strip()
"""Computer Modern Sans in every size. The sign of multiplication is narrower than in formulas, or
shapes would run out of their boxes."""

SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "×": r"\labtimes{}",
    "·": r"\labdot{}",
    "≤": r"$\leq$",
    "≠": r"$\neq$",
    "≥": r"$\geq$",
    "→": r"$\to$",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "’": "'",
    "$": r"\char36{}",  # \$ would be a bitmap
    **{sign: "\\" + sign for sign in "{}&#_%"},
}

NEEDED = (
    r"% What the picture needs in the preamble of another paper: \usepackage{tikz} and the lines"
    " from here on."
)

# bp is 1/72 inch, the point of our drawings; TeX's own pt is 1/72.27 inch. The boxes of size 0 keep
# TeX from breaking the page, however large the picture is.
DOCUMENT = r"""
\documentclass{article}
\usepackage[paperwidth=%(width)sbp,paperheight=%(height)sbp,margin=0bp]{geometry}
\usepackage{tikz}
\pagestyle{empty}
\setlength{\topskip}{0bp}
\setlength{\parindent}{0bp}
%(needed)s
%(styles)s
%% to here.
\begin{document}
\vbox to 0bp{\hbox to 0bp{%%
%% begin picture
%(picture)s
%% end picture
\hss}\vss}
\end{document}
""".lstrip()


def tikz(drawing: Drawing, link: str = "") -> str:
    """A .tex file, always the same, whose one page is as large as the drawing or the page it lies
    on.

    What stands between `% begin picture` and `% end picture` can be pasted, with the lines marked
    in the preamble. `link`, where the network can be seen, is a comment. Raises ExportError where
    no page is that long.
    """
    paper = drawing.paper or Paper(drawing.width, drawing.height, 1, 0, 0)
    if max(paper.width, paper.height) > LONGEST_PAGE:
        raise ExportError(
            f"TeX's page is at most {LONGEST_PAGE:,} points long; this drawing is"
            f" {paper.width:,.0f} by {paper.height:,.0f}; draw it as SVG, from left to right, or"
            " folded (level 'stage' or 'block')."
        )
    about = [_comment(text) for text in (drawing.name, drawing.description, link) if text]
    page = DOCUMENT % {
        "needed": NEEDED,
        "width": _number(paper.width),
        "height": _number(paper.height),
        "styles": "\n".join([FONTS, *_styles(drawing)]),
        "picture": "\n".join(_picture(drawing, paper)),
    }
    return "\n".join([*about, page])


def _styles(drawing: Drawing) -> Iterator[str]:
    """The colours and looks that this drawing uses, in the order of the style."""
    parts: tuple[Panel | Box | Edge, ...] = (*drawing.panels, *drawing.boxes, *drawing.edges)
    groups = {part.marks for part in parts} | {drawing.notes, drawing.legend}
    groups |= {drawing.paper.marks} if drawing.paper else set()
    used = {mark.look for marks in groups for mark in marks}
    looks = {name: look for name, look in LOOKS.items() if name in used}
    colours = {name for look in looks.values() for name in (look.fill, look.stroke)}
    for name, colour in COLOURS.items():
        if name in colours:
            yield rf"\definecolor{{lab-{name}}}{{HTML}}{{{colour.light.removeprefix('#').upper()}}}"
    for name, look in looks.items():
        yield rf"\tikzset{{lab {name}/.style={{{', '.join(_options(look))}}}}}"


def _options(look: Look) -> Iterator[str]:
    if look.size:
        size, leading = _number(look.size), _number(look.size * LEADING)
        yield f"text=lab-{look.fill}, inner sep=0bp, outer sep=0bp"
        font = rf"\usefont{{OT1}}{{labsans}}{{{WEIGHTS[look.style]}}}{{n}}"
        yield rf"font=\fontsize{{{size}bp}}{{{leading}bp}}{font}"
        return
    if look.fill:
        yield f"fill=lab-{look.fill}"
    if look.fill_opacity < 1:
        yield f"fill opacity={_number(look.fill_opacity)}"
    if look.stroke:
        yield f"draw=lab-{look.stroke}, line width={_number(look.stroke_width)}bp"
    if look.dash:
        # Every look with dashes has one length for strokes and one for gaps.
        on, off = look.dash
        yield f"dash pattern=on {_number(on)}bp off {_number(off)}bp"


def _picture(drawing: Drawing, paper: Paper) -> Iterator[str]:
    """Panels, boxes, lines and legend, one over the other, and under them the page's own
    heading."""
    # Our y runs down, TikZ's up: hence the minus.
    yield r"\begin{tikzpicture}[x=1bp, y=-1bp]"
    # Else TikZ would measure only what is painted, and would move it to the page's corner.
    yield rf"\useasboundingbox (0,0) rectangle ({_number(paper.width)},{_number(paper.height)});"
    yield from _marks(paper.marks)
    if drawing.paper:
        shift = f"({_number(paper.left)},{_number(paper.top)})"
        # Only a transformed canvas scales lines and letters too.
        yield (
            rf"\begin{{scope}}[transform canvas={{shift={{{shift}}},"
            rf" scale={round(paper.scale, 4):g}}}]"
        )
    parts: tuple[Panel | Box, ...] = (*drawing.panels, *drawing.boxes)
    for part in parts:
        yield (
            rf"\begin{{scope}}[shift={{({_number(part.x)},{_number(part.y)})}}] {_comment(part.id)}"
        )
        yield from _marks(part.marks)
        yield r"\end{scope}"
    for edge in drawing.edges:
        yield _comment(f"{edge.source} to {edge.target}: {edge.kind}")
        yield from _marks(edge.marks)
    yield from _marks((*drawing.notes, *drawing.legend))
    if drawing.paper:
        yield r"\end{scope}"
    yield r"\end{tikzpicture}%"


def _marks(marks: Iterable[Mark]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, Text):
            options = f"lab {mark.look}, anchor={ANCHORS[mark.anchor]}"
            yield rf"\node[{options}] at {_at(mark.x, mark.y)} {{{_text(mark.text)}}};"
            continue
        begin = rf"\{_action(LOOKS[mark.look])}[lab {mark.look}"
        match mark:
            case Rect(x, y, width, height, radius):
                corners = f", rounded corners={_number(radius)}bp" if radius else ""
                yield f"{begin}{corners}] {_at(x, y)} rectangle {_at(x + width, y + height)};"
            case Circle(x, y, radius):
                yield f"{begin}] {_at(x, y)} circle[radius={_number(radius)}bp];"
            case Path(commands):
                yield f"{begin}] {_path(commands)};"


def _action(look: Look) -> str:
    if look.stroke:
        return "draw"
    # \path paints nothing, as the image of figure 3 has neither frame nor ground.
    return "fill" if look.fill else "path"


def _path(commands: Commands) -> str:
    parts = []
    for letter, *numbers in commands:
        points = [_at(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        match letter:
            case "M":
                parts.append(points[0])
            case "L":
                parts.append(f"-- {points[0]}")
            case "C":
                parts.append(f".. controls {points[0]} and {points[1]} .. {points[2]}")
            case _:
                parts.append("-- cycle")
    return " ".join(parts)


def _at(x: float | str, y: float | str) -> str:
    return f"({_number(x)},{_number(y)})"


def _text(text: str) -> str:
    """Every sign as LaTeX writes it; one that it has not is written as its plain letter, or else
    "?"."""
    return "".join([_sign(sign) for sign in " ".join(text.split())])


def _sign(sign: str) -> str:
    if sign in SIGNS:
        return SIGNS[sign]
    if " " <= sign <= "~":
        return sign
    # NFKD splits "é" into "e" and its accent; ASCII then drops the accent.
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return "".join([SIGNS.get(letter, letter) for letter in re.sub(r"[^ -~]", "", plain)]) or "?"


def _comment(text: str) -> str:
    """One line, so that nothing of it is read."""
    return f"% {' '.join(text.split())}"


def _number(value: float | str) -> str:
    """Hundredths, never in powers of ten, which TeX does not read."""
    return f"{round(float(value), 2):.10g}"
