"""draw, plot: pictures of a network."""

from typing import Annotated, Literal, cast, get_args

import typer

from resnet import exports, files
from resnet.as_keras.graphviz import render
from resnet.as_keras.plot_model import PlotOptions, RankDir
from resnet.cli.options import Name, Output, Settings, choose, format_of
from resnet.diagram import FIRST, Colour, Direction, Level, PageFormat, Style, View
from resnet.errors import ExportError
from resnet.exports import DrawingFormat, PictureFormat
from resnet.network.config import ResNetConfig

Engine = Literal["graph", "keras"]

Drawn = Annotated[
    Style, typer.Option("--style", help="detailed, compact, or like figure 3 of He et al. 2015.")
]
Painted = Annotated[Colour, typer.Option("--colour", help="The meaning of the boxes' colour.")]
OnPage = Annotated[
    PageFormat,
    typer.Option("--page", help="Fit the figure to this page, with letters of 6 points or more."),
]
Toggled = Annotated[
    list[str],
    typer.Option(
        "--toggle",
        metavar="BOX",
        default_factory=list,
        show_default=False,
        help="Open a closed box or close an open one: stage2, stage2.block1; repeatable.",
    ),
]
Unfolded = Annotated[
    list[str],
    typer.Option(
        "--unfold",
        metavar="BOX",
        default_factory=list,
        show_default=False,
        help="Draw the repeats of this block one by one; repeatable.",
    ),
]
Beside = Annotated[
    str,
    typer.Option("--beside", metavar="NAME", help="A second network, aligned next to the first."),
]
BesideSettings = Annotated[
    list[str],
    typer.Option(
        "--beside-set",
        metavar="KEY=VALUE",
        default_factory=list,
        show_default=False,
        help="Change a setting of the second network; repeatable.",
    ),
]
DetailLevel = Annotated[Level, typer.Option("--level", help="How much detail is shown.")]
Towards = Annotated[
    Direction, typer.Option("--direction", help="From top to bottom, or from left to right.")
]
ShowShapes = Annotated[bool, typer.Option("--show-shapes", help="Input and output shapes.")]
ShowDtype = Annotated[bool, typer.Option("--show-dtype", help="Data types of the outputs.")]
ShowNames = Annotated[bool, typer.Option("--show-layer-names", help="Each layer's name.")]
ShowActivations = Annotated[
    bool, typer.Option("--show-layer-activations", help="Each layer's activation, if any.")
]
ShowTrainable = Annotated[
    bool, typer.Option("--show-trainable", help="Whether a layer with weights is trained.")
]
Rank = Annotated[RankDir, typer.Option("--rankdir", help="The direction of the arrows.")]
Dpi = Annotated[int, typer.Option("--dpi", help="Dots per inch.")]
DrawnBy = Annotated[
    Engine,
    typer.Option(
        "--engine", help="graph: fast; keras: build the model and let Keras write the DOT."
    ),
]


def register(app: typer.Typer) -> None:
    app.command("draw")(draw)
    app.command("plot")(plot)


def draw(  # noqa: PLR0913, PLR0917  each is a field of View
    name: Name,
    output: Output,
    settings: Settings,
    toggle: Toggled,
    unfold: Unfolded,
    beside_settings: BesideSettings,
    level: DetailLevel = "stage",
    direction: Towards = "LR",
    style: Drawn = "detailed",
    colour: Painted = "operation",
    page: OnPage = "free",
    beside: Beside = "",
) -> None:
    """Draw a network: .svg, .pdf, .png, .dot, .tex (TikZ), .mmd (Mermaid) or .json. With .py: Keras
    code."""
    # The ending first: it is checked before the network is laid out, which takes longer.
    form = format_of(output, (*get_args(DrawingFormat), "py"))
    config = choose(name, settings).config()
    view = View(
        level=level,
        direction=direction,
        style=style,
        colour=colour,
        page=page,
        toggled=tuple(toggle),
        unfolded=tuple(unfold),
    )
    # An option without an effect is a mistake of the person, who would look for it in the picture.
    _check(view, beside, beside_settings)
    if form == "py":
        if view != FIRST or beside:
            raise ExportError(
                "Keras code has no drawing options; leave out --level and similar options, or save"
                " a picture, for example as .svg."
            )
        files.write(output, exports.keras_source(config))
        return
    other = choose(beside, beside_settings).config() if beside else None
    files.write(output, exports.drawing(config, cast(DrawingFormat, form), view, other))


def _check(view: View, beside: str, beside_settings: list[str]) -> None:
    """Raise ExportError for an option that would have no effect."""
    if not beside and beside_settings:
        raise ExportError("--beside-set changes the second network; name it with --beside.")
    if not beside and view.colour == "difference":
        raise ExportError("Colour 'difference' needs a second network; name it with --beside.")


def plot(  # noqa: PLR0913, PLR0917  each is an option of keras.utils.plot_model
    name: Name,
    output: Output,
    settings: Settings,
    show_shapes: ShowShapes = False,
    show_dtype: ShowDtype = False,
    show_layer_names: ShowNames = False,
    show_layer_activations: ShowActivations = False,
    show_trainable: ShowTrainable = False,
    rankdir: Rank = "TB",
    dpi: Dpi = 200,
    engine: DrawnBy = "graph",
) -> None:
    """Draw the picture of keras.utils.plot_model: .svg, .pdf, .png or .dot."""
    options = PlotOptions(
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        rankdir=rankdir,
        dpi=dpi,
    )
    form = _picture_format(output)
    config = choose(name, settings).config()
    picture = (
        exports.plot(config, form, options)
        if engine == "graph"
        else _plot_by_keras(config, form, options)
    )
    files.write(output, picture)


def _picture_format(output: "Output") -> PictureFormat:
    return cast(PictureFormat, format_of(output, get_args(PictureFormat)))


def _plot_by_keras(config: ResNetConfig, form: PictureFormat, options: PlotOptions) -> bytes:
    # TensorFlow takes seconds to load, and only this engine needs it.
    from resnet.cli.saving import keras_model  # noqa: PLC0415

    # Graphviz runs outside: only the DOT text needs Keras.
    with keras_model() as keras:
        text: str = keras.keras_dot(keras.build_keras_model(config), options)
    return text.encode() if form == "dot" else render(text, form)
