"""A network as a figure: `resnet.draw(config)` shows itself in a notebook and saves to any
format."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from resnet import diagram, exports, files
from resnet.diagram import Colour, Direction, Drawing, Level, PageFormat, Style, View
from resnet.errors import ExportError, echo
from resnet.exports import DrawingFormat
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph


@dataclass(frozen=True)
class Figure:
    """A drawing and the link that shows it in the app. In Jupyter, the last line of a cell is
    enough to see it."""

    drawing: Drawing
    link: str

    def _repr_svg_(self) -> str:
        return exports.written_drawing(self.drawing, "svg", self.link).decode()

    def save(self, path: str | Path) -> None:
        """Write it; the ending says the format: .svg, .pdf, .png, .dot, .tex, .mmd or .json. The
        file is written whole or not at all. Raises ExportError."""
        forms: tuple[DrawingFormat, ...] = get_args(DrawingFormat)
        ending = Path(path).suffix.lower().removeprefix(".")
        form = next((form for form in forms if form == ending), None)
        if form is None:
            listed = ", .".join(forms)
            raise ExportError(
                f"A figure's ending says its format: .{listed}; received {echo(Path(path).name)}."
            )
        files.write(Path(path), exports.written_drawing(self.drawing, form, self.link))


def draw(  # noqa: PLR0913  each is a field of View
    config: ResNetConfig,
    *,
    level: Level = "stage",
    direction: Direction = "LR",
    style: Style = "detailed",
    colour: Colour = "operation",
    page: PageFormat = "free",
    toggled: tuple[str, ...] = (),
    unfolded: tuple[str, ...] = (),
    beside: ResNetConfig | None = None,
) -> Figure:
    """The network drawn, alone or in step with `beside`; the options are those of `python -m resnet
    draw`.

    Raises ConfigError for an option that does not exist, UnknownNameError for a box that does not,
    and ExportError where nothing fits the page.
    """
    view = View(
        level=level,
        direction=direction,
        style=style,
        colour=colour,
        page=page,
        toggled=toggled,
        unfolded=unfolded,
    )
    other = build_graph(beside) if beside else None
    return Figure(
        diagram.draw(build_graph(config), view, beside=other), exports.link(config, view, beside)
    )
