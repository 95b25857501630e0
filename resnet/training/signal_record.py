"""What `resnet.training.signals` measures, as data: responses and gradients, layer by layer. No
Keras here."""

from typing import Any, Literal

from pydantic import Field

from resnet.network.config import Shortcut
from resnet.network.settings import Closed

Moment = Literal["start", "end"]
"""Before the first step, and after the last."""


class LayerSignal(Closed):
    """One convolution of the trunk or a residual branch. `block` is "stem" or as in
    "stage1.block1".

    `response` is the standard deviation, over images, positions and channels, of its output after
    the norm and before the ReLU and the addition: what figure 7 of He et al. 2015 draws. `gradient`
    is the length (the L2 norm) of the gradient of the data loss with respect to its kernel.
    """

    path = "layer"
    id: str
    block: str
    response: float = Field(ge=0)
    gradient: float = Field(ge=0)


class NetworkSignals(Closed):
    """One network at both moments. `command` trains it again. `images` of `dataset` were measured
    in one batch: the first of the run's validation part, normalised as in the run, with the norm
    statistics of this batch. `validation_error`, in %, is that of the last step. `scale_by_decay`:
    the value to which weight decay alone would have shrunk a norm's scale of 1; None where
    unknown."""

    path = "network"
    network: str
    fingerprint: str
    depth: int
    shortcut: Shortcut
    dataset: str
    images: int
    seed: int
    steps: int
    validation_error: float
    scale_by_decay: float | None
    command: str
    start: tuple[LayerSignal, ...]
    end: tuple[LayerSignal, ...]

    def layers(self, moment: Moment) -> tuple[LayerSignal, ...]:
        return self.start if moment == "start" else self.end


class SignalsFile(Closed):
    """The measurements of one command. `environment` is that of `resnet.training.environment`,
    without the boot id."""

    path = "signals"
    format_version: Literal[1] = 1
    command: str
    environment: dict[str, Any]
    networks: tuple[NetworkSignals, ...]
