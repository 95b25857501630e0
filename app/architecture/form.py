"""The controls of a network. They call `state.choose` and `state.change`."""

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

import streamlit as st

from app import state
from app.architecture import words
from app.elements import controls
from resnet.network import catalog, config
from resnet.network.config import ResNetConfig
from resnet.network.link import Choice
from resnet.network.numbers import NUMBERS

# The numbers of each kind of norm that its summary shows. Only batch norm has moving averages, so
# only it has a momentum.
NORM_FIELDS = {
    "batch": ("momentum", "epsilon"),
    "group": ("groups", "epsilon"),
    "layer": ("epsilon",),
    "layer_hwc": ("epsilon",),
}
FIRST = {
    "cifar": "resnet56",
    "bottleneck": "preresnet164_bottleneck",
    "imagenet": "resnet50",
    "binary": "binary_resnet34",
}
BOTTLENECK_ONLY = ("cardinality", "base_width")
PORTABLE = ("norm.", "activation_order", "initialiser")
"""Settings that mean the same in every family, so they are kept when the family changes."""


def network_form(shown: state.Shown) -> None:
    """Every field of a network: the most important ones first, the others under "More"."""
    # The shown network and not the draft: the draft may be invalid, and the controls have to work
    # then too, so that a person can repair it.
    entry = catalog.get(shown.choice.network)
    _family(entry.family)
    if entry.n is not None:
        _n(entry.n, entry.family)
    else:
        _depth(entry)
    _shortcut(shown.config)
    _norm()
    more = st.expander("More", key="more", on_change="rerun")
    if more.open:  # a dozen widgets that most visits never use
        with more:
            _more(shown.config)


def _family(family: catalog.Family) -> None:
    controls.one_of(
        "Family",
        words.FAMILIES,
        family,
        key="family",
        on_change=_family_changed,
        help=words.FAMILY_HELP,
        width="stretch",
    )


def _family_changed() -> None:
    # Stages, input shape and classes of another family make little sense in the new one.
    settings = {
        key: value for key, value in state.draft().settings.items() if key.startswith(PORTABLE)
    }
    state.choose(Choice(FIRST[state.read("family")], settings))


def _n(n: int, family: catalog.Family) -> None:
    """The paper's n, as a slider and as a number."""
    last = catalog.N_RANGE[-1]
    help_text = (
        "Blocks per stage. The depth is 6n + 2: n = 3, 5, 7, 9, 18 and 200 are in the paper."
    )
    if family == "bottleneck":
        last = catalog.BOTTLENECK_N[-1]
        help_text = "Blocks per stage. The depth is 9n + 2: n = 18 and 111 are in the paper."
    # Two widgets for one value. Both are seeded with the same n in each rerun, so a change in one
    # also moves the other.
    slider, number = st.columns([5, 4], vertical_alignment="bottom", wrap=False)
    slider.slider(
        "n",
        1,
        last,
        n,
        key=state.seed("n_slider", n),
        help=help_text,
        on_change=_n_changed,
        args=("n_slider",),
    )
    number.number_input(
        "n",
        1,
        last,
        n,
        step=1,
        key=state.seed("n_number", n),
        label_visibility="collapsed",
        on_change=_n_changed,
        args=("n_number",),
    )


def _n_changed(key: str) -> None:
    # The papers have two CIFAR families: 6n + 2 with basic blocks (2015), 9n + 2 with bottlenecks
    # (2016). The names of the second also say the order of norm and ReLU.
    entry, n = catalog.get(state.draft().network), state.read(key)
    if entry.family == "bottleneck":
        network = catalog.bottleneck_name(n, entry.config.activation_order)
    else:
        network = catalog.cifar_name(n, _kind(entry.name))
    state.choose(Choice(network, _without_stages(state.draft().settings)))


def _depth(entry: catalog.Entry) -> None:
    depths = catalog.RESIDUAL_DEPTHS if entry.family == "imagenet" else (34, 50)
    options = {depth: str(depth) for depth in depths}
    depth = entry.config.depth
    controls.one_of(
        NUMBERS["depth"].label,
        options,
        depth,
        key="depth",
        on_change=_depth_changed,
        help=words.DEPTH_HELP,
        width="stretch",
    )


def _depth_changed() -> None:
    base = "binary_resnet" if state.read("family") == "binary" else "resnet"
    name = f"{base}{state.read('depth')}"
    settings = _without_stages(state.draft().settings)
    # A plain network stays plain: its twin of the new depth, if the catalogue has one, else the
    # residual network without its shortcuts.
    if state.shown().config.shortcut == "none":
        twin = catalog.twin(name, "plain")
        name, settings = (twin, settings) if twin else (name, {**settings, "shortcut": "none"})
    if catalog.get(name).config.block == "basic":
        settings = {key: value for key, value in settings.items() if key not in BOTTLENECK_ONLY}
    state.choose(Choice(name, settings))


def _shortcut(shown: ResNetConfig) -> None:
    now = "plain" if shown.shortcut == "none" else "resnet"
    controls.one_of(
        "Shortcut",
        words.KINDS,
        now,
        key="kind",
        on_change=_kind_changed,
        help=words.KIND_HELP,
        width="stretch",
    )
    if now == "resnet":
        _field(
            st,
            "Shortcut where the shape changes",
            "shortcut",
            words.OPTIONS,
            shown.shortcut,
            help=words.OPTION_HELP,
        )


def _kind_changed() -> None:
    """The catalogue's twin if there is one, else the same network without its shortcuts."""
    choice, kind = state.draft(), state.read("kind")
    settings = {key: value for key, value in choice.settings.items() if key != "shortcut"}
    twin = catalog.twin(choice.network, kind)
    if twin is None and kind == "plain":
        settings["shortcut"] = "none"
    state.choose(Choice(twin or choice.network, settings))


def _norm() -> None:
    draft = state.draft()
    # Read from the draft and not from the shown config: with an invalid number, the field must show
    # what the person typed and not the last valid value.
    norm = {**catalog.get(draft.network).config.norm.model_dump()}
    norm |= {
        key.removeprefix("norm."): value
        for key, value in draft.settings.items()
        if key.startswith("norm.")
    }
    _field(st, "Normalisation", "norm.kind", words.NORMS, norm["kind"], help=words.NORM_HELP)
    if norm["kind"] == "none":
        return
    summary = ", ".join(f"{key} {norm[key]:g}" for key in NORM_FIELDS[norm["kind"]])
    box = st.expander(summary.capitalize(), key="norm_numbers", on_change="rerun")
    if box.open:  # number fields are the slowest controls, and most visits never use these
        with box:
            _norm_numbers(norm)


def _norm_numbers(norm: dict[str, Any]) -> None:
    left, right = st.columns(2, wrap=False)
    if norm["kind"] == "batch":
        _number(
            left,
            "Momentum",
            "norm.momentum",
            float(norm["momentum"]),
            help=words.MOMENTUM_HELP,
            step=0.01,
            format="%g",
        )
    if norm["kind"] == "group":
        _number(
            left,
            "Groups",
            "norm.groups",
            int(norm["groups"]),
            help="Number of groups of channels. Each group is normalised separately.",
        )
    _number(
        right,
        "Epsilon",
        "norm.epsilon",
        float(norm["epsilon"]),
        help=words.EPSILON_HELP,
        step=1e-5,
        format="%e",
    )


def _more(shown: ResNetConfig) -> None:
    """The remaining fields. Only fields that apply to this network are shown."""
    _input_shape(shown)
    _number(st, "Classes", "classes", state.draft().settings.get("classes", shown.classes))
    _field(st, "Head", "head_activation", words.HEADS, shown.head_activation)
    _field(st, "Stem", "stem", words.STEMS, shown.stem, help=words.STEM_HELP)
    # The config's default is "as wide as the first stage". The control shows that number, because
    # an empty number field would look like a mistake.
    stem_width = state.draft().settings.get("stem_filters") or shown.stem_width
    _number(
        st, "Stem filters", "stem_filters", stem_width, min_value=1, help=words.STEM_FILTERS_HELP
    )
    _field(
        st,
        "Norm and ReLU",
        "activation_order",
        words.ORDERS,
        shown.activation_order,
        help=words.ORDER_HELP,
    )
    _field(st, "Block", "block", words.BLOCKS, shown.block)
    if shown.block == "bottleneck":
        _field(st, "Stride in", "stride_on", words.STRIDES, shown.stride_on, help=words.STRIDE_HELP)
        left, right = st.columns(2, wrap=False)
        _number(
            left,
            "Cardinality",
            "cardinality",
            shown.cardinality,
            help="Groups of the 3×3 convolution (Xie et al. 2017).",
        )
        _number(
            right,
            "Base width",
            "base_width",
            shown.base_width,
            help="Channels per group in a stage of 64 filters.",
        )
    _number(st, "SE reduction", "se_ratio", shown.se_ratio, min_value=0, help=words.SE_HELP)
    # Only here the last norm of a branch is followed directly by the addition. Then gamma = 0 makes
    # the branch 0 and the block the identity (Goyal et al. 2017, section 5.1).
    if shown.norm.kind != "none" and shown.shortcut != "none" and shown.activation_order == "post":
        _field(
            st,
            "First value of the last gamma",
            "norm.last_gamma",
            words.GAMMAS,
            shown.norm.last_gamma,
            help=words.GAMMA_HELP,
        )
    _windows(shown)
    _weights(shown)
    _stages(shown)


def _input_shape(shown: ResNetConfig) -> None:
    """Height, width and channels of an image."""
    height, width, channels = st.columns(3, wrap=False)
    shape = state.draft().settings.get("input_shape", list(shown.input_shape))
    for column, label, index in (
        (height, "Height", 0),
        (width, "Width", 1),
        (channels, "Channels", 2),
    ):
        side = int(shape[index])
        column.number_input(
            label,
            1,
            value=side,
            key=state.seed(f"input_shape.{index}", side),
            step=1,
            on_change=_shape_changed,
        )


def _weights(shown: ResNetConfig) -> None:
    """The initialiser of kernels, and which convolutions have biases."""
    kinds = get_args(config.Initialiser)
    st.selectbox(
        "Initialiser",
        kinds,
        kinds.index(shown.initialiser),
        on_change=_changed,
        args=("initialiser",),
        key=state.seed("initialiser", shown.initialiser),
    )
    st.toggle(
        "Biases in convolutions",
        shown.conv_bias,
        key=state.seed("conv_bias", shown.conv_bias),
        on_change=_changed,
        args=("conv_bias",),
    )
    if shown.conv_bias:
        _field(st, "Biases of", "bias_on", words.BIASES, shown.bias_on, help=words.BIAS_HELP)


def _windows(shown: ResNetConfig) -> None:
    """Padding and strides, and how projections are made."""
    _field(st, "Padding", "padding", words.PADDINGS, shown.padding, help=words.PADDING_HELP)
    _field(
        st, "Block that strides", "stride_at", words.PLACES, shown.stride_at, help=words.PLACE_HELP
    )
    if not shown.shortcut.startswith("projection"):
        return
    _field(
        st,
        "Downsampling",
        "downsampling",
        words.DOWNSAMPLINGS,
        shown.downsampling,
        help=words.DOWNSAMPLING_HELP,
    )
    # In pre-activation networks a projection has no norm after it (He et al. 2016).
    if shown.activation_order == "post" and shown.norm.kind != "none":
        st.toggle(
            "Norms in projections",
            shown.projection_norm,
            key=state.seed("projection_norm", shown.projection_norm),
            on_change=_changed,
            args=("projection_norm",),
            help=words.PROJECTION_NORM_HELP,
        )


def _stages(shown: ResNetConfig) -> None:
    """One row for each stage: blocks, filters, stride of its first block."""
    st.caption("Stages: blocks, filters, stride of the first block")
    for index, stage in enumerate(shown.stages):
        columns = st.columns(3, wrap=False)
        for column, name in zip(columns, ("blocks", "filters", "stride"), strict=True):
            key = f"stages.{index}.{name}"
            value = int(state.draft().settings.get(key, getattr(stage, name)))
            _number(column, f"Stage {index + 1} {name}", key, value, label_visibility="collapsed")


def _field(
    place: Any, label: str, key: str, options: Mapping[Any, str], value: Any, **display: Any
) -> None:
    """A segmented control for the config field with this dotted key."""
    display |= {"place": place, "on_change": partial(_changed, key), "width": "stretch"}
    controls.one_of(label, options, value, key=key, **display)


def _number(place: Any, label: str, key: str, value: float, **display: Any) -> None:
    display.setdefault("step", 1)  # a whole step tells Streamlit that the number is whole
    place.number_input(
        label, value=value, key=state.seed(key, value), on_change=_changed, args=(key,), **display
    )


def _changed(key: str) -> None:
    state.change(key, state.read(key))


def _shape_changed() -> None:
    state.change("input_shape", [state.read(f"input_shape.{index}") for index in range(3)])


def _without_stages(settings: dict[str, Any]) -> dict[str, Any]:
    # Stage settings are counted by position ("stages.0.blocks"). Another depth brings its own
    # numbers of blocks, which the old settings would replace.
    return {key: value for key, value in settings.items() if not key.startswith("stages")}


def _kind(network: str) -> catalog.Kind:
    return "plain" if catalog.get(network).config.shortcut == "none" else "resnet"
