"""Results of the Learn page, kept between reruns and shared by all visitors."""

import streamlit as st

from app.cache import BY_FINGERPRINT, network
from app.learn import batch, block, stack
from resnet.network.config import ResNetConfig
from resnet.shipped import signals
from resnet.training.signal_record import SignalsFile


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=BY_FINGERPRINT)
def picture(config: ResNetConfig, name: str) -> str:
    """A block of this network, drawn."""
    return block.picture(network(config).graph, name)


@st.cache_resource(show_spinner=False)
def responses() -> batch.Responses:
    """The digits after one convolution. Raises DataError."""
    return batch.responses()


@st.cache_resource(show_spinner=False)
def measured() -> SignalsFile:
    """Responses and gradients of the networks that come with the project. Raises RunError and
    ConfigError."""
    return signals.shipped()


# A person drags the slider over many values; 64 of them stay.
@st.cache_resource(max_entries=64, show_spinner=False)
def toy(blocks: int, scale: float) -> stack.Gradients:
    """The gradients of a stack of this many blocks. `scale` multiplies the usual weights."""
    return stack.gradients(blocks, scale)
