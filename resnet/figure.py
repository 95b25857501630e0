"""A network as a figure: `resnet.draw(config)` is shown in notebooks and can be saved in any
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
    """A drawing and its link in the app. Jupyter shows it as the last line of a cell."""

    drawing: Drawing
    link: str

    # IPython calls a method of this name to show an object.
    def _repr_svg_(self) -> str:
        return exports.written_drawing(self.drawing, "svg", self.link).decode()

    def save(self, path: str | Path) -> None:
        """Write the figure in the format of the ending: .svg, .pdf, .png, .dot, .tex, .mmd or
        .json. The file is written completely or not at all. Raises ExportError."""
        forms: tuple[DrawingFormat, ...] = get_args(DrawingFormat)
        # A name may also end in .SVG.
        ending = Path(path).suffix.lower().removeprefix(".")
        # From the list and not the ending itself: for the type checker, an ending is any text.
        form = next((form for form in forms if form == ending), None)
        if form is None:
            listed = ", .".join(forms)
            raise ExportError(
                f"A figure's ending sets its format: .{listed}; received {echo(Path(path).name)}."
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
    """Draw a network, alone or aligned next to `beside`. The options are those of `python -m resnet
    draw`.

    Raises ConfigError for an unknown option, UnknownNameError for an unknown box, and ExportError
    where no drawing fits the page.
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
