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
# Fixed axes, so that a change of epsilon moves the bars and not the axis.
BEFORE, AFTER = (-1.5, 1.5), (-4.0, 4.0)


@st.fragment
def section() -> None:
    """Epsilon on the first batch, then momentum over the next batches."""
    st.subheader("2 · Batch normalisation, on a real batch", anchor="norm")
    st.markdown(
        "A norm is placed between a convolution and its ReLU. In training, it takes one batch and"
        f" moves each channel to mean 0 and standard deviation 1. Here the batch is {batch.IMAGES}"
        " handwritten digits after a 3×3 convolution with random weights. (Two learned numbers"
        " then scale and shift each channel; they start at 1 and 0.) **Epsilon** is added to the"
        " variance, so that a constant channel is not divided by zero."
    )
    try:
        seen = cache.responses()
    except DataError as error:
        views.problem(str(error))
        return
    epsilon = steps("Epsilon", "learn_epsilon", EPSILONS, 1e-5, format_func=_power)
    _histograms(seen, epsilon)
    st.markdown(
        "After training, an image may be classified alone, without a batch. So training keeps a"
        " **moving average** of the means and variances of the batches, and the norm uses these"
        " averages later. **Momentum** is the share of the old average that each step keeps. In"
        " Keras, and on these pages, average ← momentum · average + (1 − momentum) · batch."
        " PyTorch uses the other share: its momentum of 0.1 is 0.9 here."
    )
    _averages(seen, epsilon)
    st.caption(
        "Source: Ioffe and Szegedy 2015, Batch Normalization, algorithms 1 and 2. He et al. 2015"
        " use it after every convolution (section 3.4). The numbers here are computed from the"
        " digits, for one of 16 channels, with weights drawn with seed 0."
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
            views.Number(
                "Variance before", f"{seen.first.var():.4f}", "Epsilon is added to this number."
            ),
            views.Number(
                "Standard deviation after",
                f"{values.std():.4f}",
                "It is 1 if epsilon is small compared with the variance.",
            ),
        ]
    )
    st.markdown(_said(seen.first.var(), epsilon))


def _said(variance: float, epsilon: float) -> str:
    # The norm divides by √(variance + epsilon). Below 1 % of the sum, the output is smaller by
    # about 0.5 % at most.
    share = epsilon / (variance + epsilon) * 100
    if share < 1:
        return (
            f"Epsilon is {share:.2g} % of the sum under the square root: it has almost no effect."
        )
    return (
        f"Epsilon is {share:.0f} % of the sum under the square root, so the output of the norm is"
        " too small."
    )


# A fragment in a fragment: a change of momentum draws only this chart again.
@st.fragment
def _averages(seen: batch.Responses, epsilon: float) -> None:
    momentum = steps("Momentum", "learn_momentum", MOMENTA, 0.9)
    averages = batch.moving(seen, momentum)
    chart = charts.moving(seen.variances, averages.variances, views.scheme())
    st.plotly_chart(chart, config=house.QUIET, key="learn_moving")
    # The value to compare with: the batch normalised by its own variance, as in training.
    in_training, numbers = batch.deviation(seen.first, seen.first.var(), epsilon), []
    for step in LOOKED_AT:
        deviation = batch.deviation(seen.first, averages.variances[step], epsilon)
        about = (
            f"Moving variance: {averages.variances[step]:.4f}. With its own variance, this batch"
            f" has standard deviation {in_training:.3f}."
        )
        numbers.append(
            views.Number(f"Standard deviation after {step} steps", f"{deviation:.3f}", about)
        )
    views.number_row(numbers)
    forgotten = batch.steps_to_forget(momentum)
    st.markdown(
        "The numbers show the standard deviation of the first batch if the moving average after so"
        " many steps is used to normalise it. The averages start at mean 0 and variance 1; after"
        f" {forgotten:,} step{'s' * (forgotten > 1)}, less than 1 % of these values is left. A"
        " momentum close to 1 gives a smooth average that reacts slowly. A momentum close to 0"
        " gives an average that reacts fast and follows every batch."
    )
