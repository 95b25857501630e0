"""The drawings of a network on its page: ResNet Lab's and Keras's."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app import cache, state
from app.cache import Network
from app.components.diagram import KEY, Picture, show_diagram
from app.elements import controls
from resnet.as_keras.plot_model import PlotOptions
from resnet.diagram import OTHER, Colour, Direction, Level, Style
from resnet.diagram.content.fold import refolded, revealed
from resnet.diagram.content.view import places
from resnet.errors import ConfigError
from resnet.network import search
from resnet.network.link import Choice
from resnet.network.numbers import NUMBERS

# Characters of a search text: it comes from the browser, so its length is limited here.
LONGEST_QUESTION = 200
# Boxes and stamps of a drawing.
MOST_PARTS_TWICE = 300

LEVEL_TITLES: dict[Level, str] = {
    "network": "Network",
    "stage": "Stages",
    "block": "Blocks",
    "layer": "Layers",
}
STYLE_TITLES: dict[Style, str] = {
    "detailed": "Detailed",
    "compact": "Compact",
    "figure3": "Figure 3",
}
COLOUR_TITLES: dict[Colour, str] = {
    "operation": "Operations",
    "trainable_params": NUMBERS["trainable_params"].short,
    "macs": NUMBERS["macs"].short,
    "activation_bytes": NUMBERS["activation_bytes"].short,
    "receptive_field": NUMBERS["receptive_field"].short,
}
DIRECTION_TITLES: dict[Direction, str] = {"LR": "Left to right", "TB": "Top to bottom"}
STYLE_HELP = (
    "Detailed: one box for each layer. Compact: one box for a convolution with its norm and ReLU."
    " Figure 3: the style of figure 3 in He et al. 2015."
)
FIND = "find"

PLOT_OPTIONS = {
    "show_shapes": "Shapes",
    "show_layer_names": "Names",
    "show_dtype": "Types",
    "show_layer_activations": "Activations",
    "show_trainable": "Trainable",
}
# The key of the widget, and the key under which the choice is kept while the widget is not drawn.
SHOW, SHOWN = "plot_pills", "plot_shown"
FIRST_SHOWN = ["show_shapes", "show_layer_names"]


def level_switch() -> None:
    """How far the network is opened: stages, blocks, the layers in a block, or every layer."""
    view = state.drawing_view()
    controls.one_of(
        "Level of detail",
        LEVEL_TITLES,
        view.level,
        key="level",
        label_visibility="collapsed",
        on_change=_level_changed,
    )


def _level_changed() -> None:
    """Boxes that were opened or closed by hand have no meaning at another level, so they are
    forgotten."""
    change = {"level": state.read("level"), "toggled": (), "unfolded": ()}
    state.draw_as(state.drawing_view().model_copy(update=change))


def look_menu(colours: Mapping[Colour, str] = COLOUR_TITLES) -> None:
    """Style, colours and direction, in a menu."""
    popover = st.popover("Look", icon=":material/palette:", key="look", on_change="rerun")
    if not popover.open:
        return
    view = state.drawing_view()
    with popover:
        _choice("Style", "style", STYLE_TITLES, view.style, help=STYLE_HELP)
        _colour(colours)
        _choice("Direction", "direction", DIRECTION_TITLES, view.direction)


def _choice(label: str, key: str, titles: Mapping[Any, str], value: Any, **display: Any) -> None:
    controls.one_of(label, titles, value, key=key, on_change=_look_changed, args=(key,), **display)


def _colour(titles: Mapping[Colour, str]) -> None:
    # Compare offers one colouring more than Architecture, but both pages share the link. So each
    # page reads the colour through its own list.
    allowed = tuple(titles)
    now = state.colour(allowed)
    controls.one_of(
        "Colour",
        titles,
        now,
        key="colour",
        help="What the colour of a box shows.",
        on_change=state.look,
        args=("colour", allowed),
    )


def _look_changed(key: str) -> None:
    state.draw_as(state.drawing_view().model_copy(update={key: state.read(key)}))


@st.fragment
def drawing(network: Network, choice: Choice) -> None:
    """The interactive drawing. Opening a box reruns only this part of the page."""
    view = state.drawing_view(network.graph)
    # The server does not know how wide the browser is. Small drawings are sent in both directions,
    # and the browser shows the one that fits.
    scenes = {"wide": cache.scene_of(network.config, view)}
    if view.direction == "LR" and small(scenes["wide"]):
        scenes["tall"] = cache.scene_of(network.config, view.model_copy(update={"direction": "TB"}))
    show_diagram(
        Picture(
            network=network.config.fingerprint,
            key=f"{network.config.fingerprint} {view.model_dump_json()}",
            kind=f"{view.level} {view.style} {view.direction}",
            label=f"Drawing of {network.config.label}",
            scenes=scenes,
            tables=(cache.layers_of(network.config),),
        ),
        partial(act, (network,)),
        selected=state.selected_box(),
        hits=hits((network,)),
    )
    # A fragment reruns without the rest of the page, so it has to write the address itself.
    # Otherwise a copied link would not have the boxes that were just opened.
    state.publish(choice)


def small(scene: dict[str, Any]) -> bool:
    """Whether a drawing is small enough to be sent twice, for wide and for narrow screens."""
    return len(scene["boxes"]) + len(scene["stamps"]) <= MOST_PARTS_TWICE


def act(networks: Sequence[Network]) -> None:
    """Apply what a person did in the drawing of one or two networks."""
    # The action comes from the browser and may be old or forged: the network can have changed
    # since. So each name and number is checked against the graphs before it is used.
    done, view = state.done(KEY), state.drawing_view()
    name = str(done.get("id") or "").removeprefix(OTHER)
    # Boxes of the second network of a pair have ids with a prefix; "network" says which of the two
    # was clicked.
    of = networks[1 if done.get("network") == 1 and len(networks) > 1 else 0]
    known = any(name in places(network.graph) for network in networks)
    match done.get("name"):
        case "toggle" if known:
            state.draw_as(view.toggle(name))
            state.select_box(str(done["id"]))
        case "refold" if known:
            state.draw_as(refolded(of.graph, view, name))
        case "reveal" if done.get("layer") in range(len(of.graph.nodes)):
            state.draw_as(revealed(of.graph, view, of.graph.nodes[done["layer"]].id))
        case "select":
            state.select_box(str(done.get("id") or "") or None)
        case "find":
            state.remember(FIND, str(done.get("text") or "")[:LONGEST_QUESTION])


def hits(networks: Sequence[Network]) -> dict[str, Any] | None:
    """The layers that the search found in each network, as row numbers; or what is wrong with the
    search text."""
    text = state.read(FIND, "")
    if not text:
        return None
    try:
        return {"text": text, "layers": [_found(network, text) for network in networks]}
    except ConfigError as error:
        return {"text": text, "problem": str(error)}


def _found(network: Network, text: str) -> list[int]:
    # The browser gets row numbers of the layer table and not names: it has the table already, and
    # numbers are shorter.
    names = set(search.find(network.graph, network.metrics, text))
    return [index for index, node in enumerate(network.graph.nodes) if node.id in names]


def plot_model(network: Network) -> None:
    """Keras's picture of this model, made from the graph, with Keras's options."""
    shown = state.read(SHOWN, FIRST_SHOWN)
    st.pills(
        "Show",
        list(PLOT_OPTIONS),
        selection_mode="multi",
        default=shown,
        key=state.seed(SHOW, shown),
        format_func=PLOT_OPTIONS.__getitem__,
        label_visibility="collapsed",
        on_change=lambda: state.remember(SHOWN, state.read(SHOW)),
    )
    # The options are read from the kept choice, which the callback of the pills has set before this
    # rerun.
    options = plot_options()
    layers = len(network.graph.nodes)
    with st.spinner(f"Graphviz draws {layers:,} layers", show_time=True):
        svg = cache.keras_picture(network.config, options)
    picture = Picture(
        network=network.config.fingerprint,
        key=f"{network.config.fingerprint} {options.model_dump_json()}",
        kind="plot_model",
        label=f"Keras's picture of {network.config.label}",
        svg=svg,
    )
    # Graphviz draws black on white, so this picture stays light on a dark page.
    show_diagram(picture, lambda: None, scheme="light")


def plot_options() -> PlotOptions:
    """Keras's options, as last chosen."""
    return PlotOptions(**dict.fromkeys(state.read(SHOWN, FIRST_SHOWN), True))
