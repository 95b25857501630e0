"""Section 2: what batch normalisation's epsilon and momentum do to real images."""

import streamlit as st

from app.elements import charts as house
from app.elements import views
from app.elements.controls import steps
from app.learn import batch, cache, charts
from resnet.errors import DataError

EPSILONS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
MOMENTA = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99, 0.995, 0.997, 0.999)
LOOKED_AT = (10, 100, 300)
BEFORE, AFTER = (-1.5, 1.5), (-4.0, 4.0)


@st.fragment
def section() -> None:
    """Epsilon on the first batch, momentum over the batches that follow."""
    st.subheader("2 · Batch normalisation, on a real batch", anchor="norm")
    st.markdown(
        "Between a convolution and its ReLU stands a norm. In training it takes one batch, here"
        f" {batch.IMAGES} handwritten digits behind a 3×3 convolution with fresh weights, and moves"
        " each channel to mean 0 and standard deviation 1. (Two learned numbers then scale and"
        " shift it; they begin as 1 and 0.) **Epsilon** is added to the variance, so that a"
        " channel that never changes is not divided by zero."
    )
    try:
        seen = cache.responses()
    except DataError as error:
        views.problem(str(error))
        return
    epsilon = steps("Epsilon", "learn_epsilon", EPSILONS, 1e-5, format_func=_power)
    _histograms(seen, epsilon)
    st.markdown(
        "An image that is classified later comes alone: there is no batch. So training keeps a"
        " **moving average** of the batches' means and variances, and that is what divides then."
        " **Momentum** says how much of the old average each step keeps. In Keras, and on these"
        " pages, average ← momentum · average + (1 − momentum) · batch. PyTorch counts the other"
        " way round: its momentum of 0.1 is 0.9 here."
    )
    _averages(seen, epsilon)
    st.caption(
        "Ioffe and Szegedy 2015, Batch Normalization, algorithms 1 and 2; He et al. 2015 use it"
        " after every convolution (section 3.4). Computed here from the digits, one of 16 channels,"
        " weights drawn with seed 0."
    )


def _power(epsilon: float) -> str:
    """1e-5, as epsilons are written."""
    return "1" if epsilon == 1 else f"{epsilon:.0e}".replace("e-0", "e-")


def _histograms(seen: batch.Responses, epsilon: float) -> None:
    values = batch.normalised(seen.first, epsilon)
    left, right = st.columns(2)
    for place, shown, span, title, colour in (
        (left, seen.first, BEFORE, "before the norm", "grey"),
        (right, values, AFTER, "after the norm", "blue"),
    ):
        chart = charts.histogram(shown, span, title, colour, views.scheme())
        place.plotly_chart(chart, config=house.QUIET, key=f"learn_{colour}")
    views.number_row(
        [
            views.Number(
                "Mean before",
                f"{seen.first.mean():.4f}",
                "Over all images and positions of the batch.",
            ),
            views.Number("Variance before", f"{seen.first.var():.4f}", "What epsilon is added to."),
            views.Number(
                "Deviation after",
                f"{values.std():.4f}",
                "Standard deviation; 1 where epsilon hardly counts.",
            ),
        ]
    )
    st.markdown(_said(seen.first.var(), epsilon))


def _said(variance: float, epsilon: float) -> str:
    share = epsilon / (variance + epsilon) * 100
    if share < 1:
        return (
            f"At this epsilon, {share:.2g} % of what is under the root is epsilon: the channel does"
            " not notice."
        )
    return (
        f"Now {share:.0f} % of what is under the root is epsilon, so the channel comes out smaller"
        " than it should."
    )


@st.fragment
def _averages(seen: batch.Responses, epsilon: float) -> None:
    momentum = steps("Momentum", "learn_momentum", MOMENTA, 0.9)
    averages = batch.moving(seen, momentum)
    chart = charts.moving(seen.variances, averages.variances, views.scheme())
    st.plotly_chart(chart, config=house.QUIET, key="learn_moving")
    in_training, numbers = batch.deviation(seen.first, seen.first.var(), epsilon), []
    for step in LOOKED_AT:
        found = batch.deviation(seen.first, averages.variances[step], epsilon)
        about = (
            f"Moving variance {averages.variances[step]:.4f}. In training this batch has"
            f" {in_training:.3f}."
        )
        numbers.append(views.Number(f"Deviation after {step} steps", f"{found:.3f}", about))
    views.number_row(numbers)
    forgotten = batch.steps_to_forget(momentum)
    st.markdown(
        "The numbers say how wide the first batch comes out if the moving averages divide it after"
        " so many steps. They begin at mean 0 and variance 1; less than a hundredth of that is"
        f" left after {forgotten:,} step{'s' * (forgotten > 1)}. Close to 1, momentum gives a"
        " steady average that is late; close to 0, one that is early and follows every batch."
    )
