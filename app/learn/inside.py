"""Section 3: responses and gradients inside trained networks, the paper's figure 7 with our own
runs."""

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
    """One depth, before or after training."""
    st.subheader("3 · Inside a plain and a residual network", anchor="inside")
    st.markdown(
        "Four networks were trained on the digits: 20 and 56 layers, with shortcuts and without. A"
        " **response** is what a convolution gives behind its norm, before ReLU and addition; its"
        " standard deviation says how much the layer contributes. The **gradient** says how hard"
        " training pulls at a block's weights."
    )
    try:
        found = cache.measured()
    except ResNetLabError as error:
        views.problem(str(error))
        return
    with st.container(horizontal=True):
        depth = switch(NUMBERS["depth"].label, "learn_depth", DEPTHS, 56)
        moment = switch("Moment", "learn_moment", MOMENTS, "start")
    residual, plain = signals.of_depth(found, depth)
    left, right = st.columns(2, gap="medium")
    with left:
        _responses(residual, plain, moment)
    with right:
        _gradients(residual, plain, moment)
    _how(found, residual, plain)


def _responses(residual: NetworkSignals, plain: NetworkSignals, moment: Moment) -> None:
    lines = {
        "residual": [layer.response for layer in residual.layers(moment)],
        "plain": [layer.response for layer in plain.layers(moment)],
    }
    names = [layer.id for layer in residual.layers(moment)]
    decayed = residual.scale_by_decay if moment == "end" else None
    level = ("weight decay alone", decayed) if decayed else None
    chart = charts.both(
        lines,
        names,
        views.scheme(),
        along="layer, from the image on",
        about="standard deviation",
        level=level,
    )
    st.markdown("**Responses**")
    st.plotly_chart(chart, config=house.QUIET, key="learn_responses")
    if moment == "start":
        st.markdown(
            "Before training every response has a standard deviation of 1: that is what the norm is"
            " for."
        )
    else:
        means = {kind: sum(values) / len(values) for kind, values in lines.items()}
        st.markdown(
            f"On average {means['residual']:.2f} in the residual network, {means['plain']:.2f} in"
            " the plain one. He et al. find the residual ones smaller too, on CIFAR-10: with x at"
            " hand, each block changes it little."
            + (
                f" The dotted line is where weight decay alone would have led: {decayed:.2f}."
                if decayed
                else ""
            )
        )


def _gradients(residual: NetworkSignals, plain: NetworkSignals, moment: Moment) -> None:
    of = {
        kind: signals.gradients_by_block(network.layers(moment))
        for kind, network in (("residual", residual), ("plain", plain))
    }
    lines = {kind: list(blocks.values()) for kind, blocks in of.items()}
    chart = charts.both(
        lines,
        list(of["plain"]),
        views.scheme(),
        along="block, from the image on",
        about="gradient of the block's kernels",
        scale="log",
    )
    st.markdown("**Gradients**")
    st.plotly_chart(chart, config=house.QUIET, key="learn_gradients")
    st.markdown(
        "Between the block that is pulled hardest and the one that is pulled least lies a factor"
        f" of {_factor(lines['plain'])} in the plain network, {_factor(lines['residual'])} in the"
        " residual one. One learning rate has to suit all of them."
        + (
            " Norms keep gradients from vanishing, as section 4.1 of the paper says; here they grow"
            " instead, block by block on the way back."
            if moment == "start"
            else ""
        )
    )


def _factor(values: Sequence[float]) -> str:
    ratio = max(values) / min(values)
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _how(found: SignalsFile, residual: NetworkSignals, plain: NetworkSignals) -> None:
    st.caption(
        "He et al. 2015, section 4.2 and figure 7 (there CIFAR-10; responses only). Here one seed,"
        f" {residual.steps:,} steps on the digits; {residual.images} validation images in one"
        " batch, with that batch's norm statistics. Validation error after the last step: residual"
        f" {residual.validation_error:.2f} %, plain {plain.validation_error:.2f} %. In the paper,"
        " with more images and 64,000 steps, plain networks of 56 layers do learn, but less well"
        " than those of 20 (figure 6)."
    )
    with st.expander("How these numbers were made"):
        st.code(
            "\n".join([*(network.command for network in found.networks), found.command]),
            language=None,
            wrap_lines=True,
        )
        versions = ", ".join(
            f"{name} {version}" for name, version in found.environment["packages"].items()
        )
        st.caption(
            views.plain(
                f"{found.environment['device_name']}; Python {found.environment['python']};"
                f" {versions}."
            )
        )
