"""Section 5: gradients through many blocks, in a toy model."""

import streamlit as st

from app.elements import charts as house
from app.elements import views
from app.elements.controls import steps, switch
from app.learn import cache, charts, stack

SCALES = {0.25: "× 0.25", 0.5: "× 0.5", 0.75: "× 0.75", 1.0: "× 1", 1.25: "× 1.25"}

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@st.fragment
def section() -> None:
    """Choose the number of blocks and the size of their weights."""
    st.subheader("Try it: a gradient on its way back through many blocks", anchor="toy")
    st.markdown(
        "Training sends a gradient from the end of the network back to its beginning. A plain"
        " block multiplies it by J, the Jacobian of F. A residual block multiplies it by J + I;"
        " the I is the shortcut. (The ReLU at the end of the block lets only a part through.) A"
        " product of many small factors vanishes; a product of many large factors explodes. This"
        " is a **toy model**: 16 numbers instead of images, random weights, no norm and no"
        " training. The products are exact."
    )
    left, right = st.columns([1, 1], gap="large")
    with left:
        blocks = steps("Blocks", "learn_blocks", range(1, stack.DEEPEST + 1), 30)
    with right:
        scale = switch("Weights, relative to usual", "learn_scale", SCALES, 0.5)
    gradients = cache.toy(blocks, scale)
    lines = {"residual": gradients.residual.tolist(), "plain": gradients.plain.tolist()}
    # blocks + 1 points: the gradient at the end of the stack (0) and at the input of each block.
    names = [f"{count} blocks before the end" for count in range(blocks + 1)]
    chart = charts.both(
        lines,
        names,
        views.scheme(),
        along="blocks before the end",
        about="size of the gradient",
        scale="log",
        first=0,
    )
    st.plotly_chart(chart, config=house.QUIET, key="learn_toy")
    views.number_row(
        [
            views.Number(
                "Plain",
                _short(gradients.plain[-1]),
                "Gradient at the first block, relative to the gradient at the end.",
            ),
            views.Number(
                "Residual",
                _short(gradients.residual[-1]),
                "Gradient at the first block, relative to the gradient at the end.",
            ),
        ]
    )
    st.markdown(
        "With small weights, the shortcut keeps the gradient from vanishing. With large weights,"
        " it makes the gradient explode even earlier. So residual networks also need a norm, or"
        " small initial weights."
    )
    st.caption(
        "Source: He et al. 2016, Identity Mappings, equation 5. Usual weights have variance 2 /"
        " fan-in (He et al. 2015, Delving Deep into Rectifiers). The lines are geometric means of"
        f" {stack.NETWORKS} networks, seed 0."
    )


def _short(value: float) -> str:
    """1.46, or 6.0 × 10⁻²¹ for very small and very large values."""
    if 1e-3 <= value < 1e5:
        return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits} × 10{str(int(power)).translate(RAISED)}"
