"""Section 1: what a block computes, with the shapes of a real network."""

import streamlit as st

from app import cache
from app.architecture.words import OPTIONS
from app.elements import views
from app.elements.controls import menu, switch
from app.learn import block, still
from app.learn import cache as learned
from resnet import quantity
from resnet.network import catalog
from resnet.network.config import Shortcut
from resnet.network.graph import Graph
from resnet.network.metrics import Metrics
from resnet.network.shortcuts import shortcut_kinds

NETWORKS = {
    "resnet20": "ResNet-20",
    "resnet56": "ResNet-56",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
}
SHORTCUTS: dict[Shortcut, str] = {
    **{kind: f"Option {name}" for kind, name in OPTIONS.items()},
    "none": "No shortcut",
}
FORMULAS = {
    "identity": (
        "y = ReLU(F(x) + x)",
        "The input x and F(x) have the same shape, so x is added unchanged.",
    ),
    "padded identity": (
        "y = ReLU(F(x) + pad(x))",
        (
            "F(x) and x have different shapes, so only every second pixel of x is kept and"
            " channels of zeros are added."
        ),
    ),
    "projection": (
        "y = ReLU(F(x) + Wₛ·x)",
        "A 1×1 convolution Wₛ, followed by a norm, gives x the shape of F(x).",
    ),
    "none": (
        "y = ReLU(F(x))",
        "Nothing is added. All information about x that the next block needs has to pass"
        " through F.",
    ),
}


@st.fragment
def section() -> None:
    """Choose a network, a block and the kind of shortcut."""
    st.subheader("1 · A block adds its input to what it computes", anchor="block")
    st.markdown(
        "A block passes its input x through a few layers; the result is F(x). A residual block"
        " then adds x to F(x). If it is best that a block changes nothing, its layers only have to"
        " learn F(x) = 0. Without the shortcut, they would have to learn to copy x through"
        " convolutions and ReLUs, which is hard."
    )
    left, right = st.columns([5, 6], gap="large")
    with left:
        name = menu("Network", "learn_network", NETWORKS, "resnet56")
        published = catalog.get(name).config
        # The networks have different published shortcuts (A for CIFAR, B for ImageNet). The choice
        # of a person stays when the network changes.
        shortcut = switch("Shortcut", "learn_shortcut", SHORTCUTS, published.shortcut)
        network = cache.network(published.model_copy(update={"shortcut": shortcut}))
        titles = block.blocks(network.graph)
        # The first block of stage 2: its shapes differ in every network, so it shows what the
        # options change.
        chosen = menu("Block", "learn_block", titles, "stage2.block1")
        _formula(network.graph, network.metrics, chosen)
    with right:
        still.show(learned.picture(network.config, chosen), "learn_picture")
    st.caption(
        "Source: He et al. 2015, sections 3.1 to 3.3, equations 1 and 2, figure 2. Options A, B"
        " and C are in Table 3. Shapes are height×width×channels."
    )


def _formula(graph: Graph, metrics: Metrics, name: str) -> None:
    # A plain block has no entry: shortcut_kinds lists only blocks with an addition.
    formula, why = FORMULAS[shortcut_kinds(graph).get(name, "none")]
    st.markdown(f"**{formula}**")
    st.markdown(why)
    before, after = block.shapes_of(graph, name)
    branch, shortcut = _parameters(graph, metrics, name)
    views.number_row(
        [
            views.Number("x", quantity.shape(before), "The input of the block."),
            views.Number(
                "F(x)",
                quantity.shape(after),
                "The output of the block's layers, before the addition.",
            ),
            views.Number(
                "y",
                quantity.shape(after),
                "The output of the block, which is the input of the next one.",
            ),
            views.Number(
                "Parameters of F",
                quantity.exact(branch),
                "Trainable parameters of the block's convolutions and norms.",
                f"{quantity.exact(shortcut)} in the shortcut",
            ),
        ]
    )
    st.markdown(_cost(graph, metrics))


def _parameters(graph: Graph, metrics: Metrics, name: str) -> tuple[int, int]:
    """Trainable parameters of the branch and of the shortcut."""
    rows = {row.id: row.trainable_params for row in metrics.layers}
    nodes = block.nodes_of(graph, name)
    shortcut = sum(rows[node.id] for node in nodes if node.path == "shortcut")
    return sum(rows[node.id] for node in nodes) - shortcut, shortcut


def _cost(graph: Graph, metrics: Metrics) -> str:
    """How many parameters all shortcuts of the network have together."""
    kinds = list(shortcut_kinds(graph).values())
    if not kinds:
        return "This network is plain: it has the same layers but no additions."
    paths = {node.id: node.path for node in graph.nodes}
    cost = sum(row.trainable_params for row in metrics.layers if paths[row.id] == "shortcut")
    projections = kinds.count("projection")
    if not projections:
        return f"None of the {len(kinds)} shortcuts of this network has a parameter."
    share = quantity.percent(cost / metrics.trainable_params * 100)
    which = (
        f"All {len(kinds)}" if projections == len(kinds) else f"{projections} of the {len(kinds)}"
    )
    return (
        f"{which} shortcuts of this network are projections. Together they have "
        f"{quantity.exact(cost)} parameters, {share} of {quantity.exact(metrics.trainable_params)}."
    )
