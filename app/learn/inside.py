"""Section 3: responses and gradients inside trained networks, as in the paper's figure 7 but with
runs of this project."""

from collections.abc import Sequence

import streamlit as st

from app.elements import charts as house
from app.elements import views
from app.elements.controls import switch
from app.learn import cache, charts
from resnet.errors import ResNetLabError
from resnet.network.numbers import NUMBERS
from resnet.shipped import signals
from resnet.training.signal_record import Moment, NetworkSignals, SignalsFile

DEPTHS = {20: "20 layers", 56: "56 layers"}
MOMENTS: dict[Moment, str] = {"start": "Before training", "end": "After training"}


@st.fragment
def section() -> None:
    """The section, for one depth, before or after training."""
    st.subheader("3 · Inside a plain and a residual network", anchor="inside")
    st.markdown(
        "Four networks were trained on the digits: 20 and 56 layers, with and without shortcuts. A"
        " **response** is the output of a convolution after its norm, before ReLU and addition."
        " Its standard deviation shows how much the layer contributes. The **gradient** shows how"
        " strongly training changes the weights of a block."
    )
    try:
        record = cache.measured()
    except ResNetLabError as error:
        views.problem(str(error))
        return
    with st.container(horizontal=True):
        depth = switch(NUMBERS["depth"].label, "learn_depth", DEPTHS, 56)
        moment = switch("Moment", "learn_moment", MOMENTS, "start")
    # One pair of the same depth. Responses of networks with different depths have different numbers
    # of layers.
    residual, plain = signals.of_depth(record, depth)
    left, right = st.columns(2, gap="medium")
    with left:
        _responses(residual, plain, moment)
    with right:
        _gradients(residual, plain, moment)
    _how(record, residual, plain)


def _responses(residual: NetworkSignals, plain: NetworkSignals, moment: Moment) -> None:
    lines = {
        "residual": [layer.response for layer in residual.layers(moment)],
        "plain": [layer.response for layer in plain.layers(moment)],
    }
    names = [layer.id for layer in residual.layers(moment)]
    # Weight decay alone shrinks the scales of the norms. The line shows how much of a small
    # response is only that. Before training there is nothing to compare.
    decayed = residual.scale_by_decay if moment == "end" else None
    level = ("weight decay alone", decayed) if decayed else None
    chart = charts.both(
        lines,
        names,
        views.scheme(),
        along="layer, counted from the image",
        about="standard deviation",
        level=level,
    )
    st.markdown("**Responses**")
    st.plotly_chart(chart, config=house.QUIET, key="learn_responses")
    if moment == "start":
        st.markdown(
            "Before training, every response has a standard deviation of 1, because the norm sets"
            " it to 1."
        )
    else:
        means = {kind: sum(values) / len(values) for kind, values in lines.items()}
        st.markdown(
            f"The mean response is {means['residual']:.2f} in the residual network and"
            f" {means['plain']:.2f} in the plain one. He et al. also find smaller responses in"
            " residual networks, on CIFAR-10: each block gets x and changes it only a little."
            + (
                " The dotted line shows the response if only weight decay had changed the"
                f" weights: {decayed:.2f}."
                if decayed
                else ""
            )
        )


def _gradients(residual: NetworkSignals, plain: NetworkSignals, moment: Moment) -> None:
    # All kernels of a block together, √Σ‖g‖²: one point for each block.
    of = {
        kind: signals.gradients_by_block(network.layers(moment))
        for kind, network in (("residual", residual), ("plain", plain))
    }
    lines = {kind: list(blocks.values()) for kind, blocks in of.items()}
    chart = charts.both(
        lines,
        list(of["plain"]),
        views.scheme(),
        along="block, counted from the image",
        about="gradient of the block's kernels",
        scale="log",
    )
    st.markdown("**Gradients**")
    st.plotly_chart(chart, config=house.QUIET, key="learn_gradients")
    st.markdown(
        f"The largest gradient of a block is {_factor(lines['plain'])} times the smallest in the"
        f" plain network, and {_factor(lines['residual'])} times in the residual one. One learning"
        " rate has to fit all blocks."
        + (
            " Norms keep gradients from vanishing, as section 4.1 of the paper says. Here they"
            " grow instead, from block to block towards the image."
            if moment == "start"
            else ""
        )
    )


def _factor(values: Sequence[float]) -> str:
    ratio = max(values) / min(values)
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _how(record: SignalsFile, residual: NetworkSignals, plain: NetworkSignals) -> None:
    st.caption(
        "Source: He et al. 2015, section 4.2 and figure 7 (CIFAR-10, responses only). Here: one"
        f" seed, {residual.steps:,} steps on the digits, {residual.images} validation images in"
        " one batch, norm statistics of that batch. Validation error after the last step: residual"
        f" {residual.validation_error:.2f} %, plain {plain.validation_error:.2f} %. In the paper,"
        " with more images and 64,000 steps, plain networks with 56 layers also learn, but their"
        " error is higher than with 20 layers (figure 6)."
    )
    with st.expander("How these numbers were made"):
        st.code(
            "\n".join([*(network.command for network in record.networks), record.command]),
            language=None,
            wrap_lines=True,
        )
        versions = ", ".join(
            f"{name} {version}" for name, version in record.environment["packages"].items()
        )
        st.caption(
            views.plain(
                f"{record.environment['device_name']}; Python {record.environment['python']};"
                f" {versions}."
            )
        )
