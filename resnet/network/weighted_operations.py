"""Operations with weights: convolution, normalisation, dense."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from resnet import quantity
from resnet.network.config import NORM_NAMES, Initialiser, NormKind
from resnet.network.operation import (
    Cost,
    Edges,
    KerasLayer,
    Kernel,
    Operation,
    Shape,
    Span,
    named,
    strides,
    window,
)


@dataclass(frozen=True, slots=True)
class Conv(Operation):
    """A square convolution."""

    filters: int
    kernel: int
    stride: int
    groups: int
    bias: bool
    initialiser: Initialiser
    padding: Edges = "same"

    kind = "conv"
    group = "convolution"
    words = ("conv", "convolution")
    noun = "convolution"
    weighted = True

    @property
    def text(self) -> str:
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        window = f"{self.kernel}×{self.kernel} conv"
        return f"{window}, {self.filters}{groups}{strides(self.stride)}"

    @property
    def tag_text(self) -> str:
        return f"{self.kernel}×{self.kernel} conv{strides(self.stride)}"

    @property
    def keras(self) -> KerasLayer:
        arguments = {
            "filters": self.filters,
            "kernel_size": self.kernel,
            "strides": self.stride,
            "padding": self.padding,
            "groups": self.groups,
            "use_bias": self.bias,
            "kernel_initializer": self.initialiser,
        }
        return KerasLayer("Conv2D", arguments, "linear")

    @property
    def sizes(self) -> Mapping[str, int]:
        return {
            "kernel": self.kernel,
            "stride": self.stride,
            "filters": self.filters,
            "groups": self.groups,
        }

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {
            "kernel": f"{self.kernel}×{self.kernel}",
            "filters": str(self.filters),
            "stride": str(self.stride),
            "groups": str(self.groups),
            "padding": self.padding,
            "bias": "yes" if self.bias else "no",
            "initialiser": named(self.initialiser),
        }

    def drawn_kernel(self, incoming: Shape) -> Kernel:
        side = self.kernel
        # Keras's order: [height, width, channels in of one group, filters].
        return Kernel((side, side, incoming[-1] // self.groups, self.filters), self.initialiser)

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        # Weights behind one output value: k · k · (channels in ÷ groups).
        per_output = self.kernel**2 * (incoming[2] // self.groups)
        # Every output value costs that many multiply-adds; a bias adds one weight for each filter.
        values = output[0] * output[1] * output[2]
        return Cost(trainable=(per_output + self.bias) * self.filters, macs=values * per_output)

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        weights = self._per_output(incoming)
        return f"({weights} + 1)×{self.filters}" if self.bias else f"{weights}×{self.filters}"

    def macs_formula(self, incoming: Shape, output: Shape) -> str:
        return f"{quantity.shape(output)} × {self._per_output(incoming)}"

    def _per_output(self, incoming: Shape) -> str:
        """Weights behind one output value. A filter reads only the channels of its group."""
        channels = f"({incoming[2]}÷{self.groups})" if self.groups > 1 else str(incoming[2])
        return f"{self.kernel}×{self.kernel}×{channels}"

    def span(self, spans: Sequence[Span], side: int) -> Span:
        return window(spans[0], side, self.kernel, self.stride, self.padding)

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
        # E[y²] = fan-in · Var[w] · E[x²]. The fans are per group, as a filter reads one group.
        return squares[0] * _gain(self.initialiser, incoming[2] // self.groups, self.filters)


NORM_LAYERS: dict[NormKind, str] = {
    "batch": "BatchNormalization",
    "group": "GroupNormalization",
    "layer": "LayerNormalization",
    "layer_hwc": "GroupNormalization",
}


@dataclass(frozen=True, slots=True)
class Norm(Operation):
    """Normalisation with a scale and a shift per channel; kind "batch" also keeps moving
    averages."""

    norm: NormKind
    momentum: float
    epsilon: float
    groups: int
    gamma: Literal["one", "zero"]

    kind = "norm"
    group = "normalisation"
    words = ("norm", "normalisation", "normalization", "batchnorm", "groupnorm", "layernorm")
    role = "follows"
    weighted = True

    @property
    def text(self) -> str:
        groups = f", {self.groups} groups" if self.norm == "group" else ""
        return f"{self.short_text}{groups}"

    @property
    def short_text(self) -> str:
        return NORM_NAMES[self.norm]

    @property
    def noun(self) -> str:
        return self.text

    @property
    def keras(self) -> KerasLayer:
        arguments: dict[str, object] = {
            "epsilon": self.epsilon,
            "gamma_initializer": "ones" if self.gamma == "one" else "zeros",
        }
        # Momentum belongs to moving averages, which only batch norm keeps; groups to group norm.
        if self.norm == "batch":
            arguments["momentum"] = self.momentum
        if self.norm == "group":
            arguments["groups"] = self.groups
        if self.norm == "layer_hwc":  # group norm with one group
            arguments["groups"] = 1
        return KerasLayer(NORM_LAYERS[self.norm], arguments)

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"groups": self.groups} if self.norm == "group" else {}

    def answers(self, word: str) -> bool:
        kind = self.norm.removesuffix("_hwc")
        return word in ("norm", "normalisation", "normalization", f"{kind}norm")

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        momentum = {"momentum": str(self.momentum)} if self.norm == "batch" else {}
        groups = {"groups": str(self.groups)} if self.norm == "group" else {}
        gamma = {"gamma starts at": "1" if self.gamma == "one" else "0"}
        return {"kind": self.norm} | momentum | {"epsilon": str(self.epsilon)} | groups | gamma

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        """Batch norm has as many non-trainable values: its moving mean and variance."""
        trainable = 2 * output[-1]  # scale and shift, for each channel
        return Cost(trainable, trainable if self.norm == "batch" else 0)

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        return f"2×{output[-1]}"

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
        # A norm sets mean 0 and variance 1, then multiplies by gamma.
        return 1.0 if self.gamma == "one" else 0.0


@dataclass(frozen=True, slots=True)
class Dense(Operation):
    """A fully connected layer with biases. In the head it is the classifier, which gives the
    logits."""

    units: int
    initialiser: Initialiser

    kind = "dense"
    group = "dense"
    words = ("dense",)
    noun = "dense"
    weighted = True

    @property
    def text(self) -> str:
        return f"dense, {self.units}"

    @property
    def figure_text(self) -> str:
        return f"fc, {self.units}"

    @property
    def keras(self) -> KerasLayer:
        arguments = {"units": self.units, "kernel_initializer": self.initialiser}
        return KerasLayer("Dense", arguments, "linear")

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"units": self.units}

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        initialiser = named(self.initialiser)
        return {"units": str(self.units), "bias": "yes", "initialiser": initialiser}

    def drawn_kernel(self, incoming: Shape) -> Kernel:
        return Kernel((incoming[-1], self.units), self.initialiser)  # [features, units]

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        # The + 1 is the bias of each unit; biases are not counted as multiply-adds.
        return Cost((incoming[0] + 1) * self.units, macs=incoming[0] * self.units)

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        return f"({incoming[0]} + 1)×{self.units}"

    def macs_formula(self, incoming: Shape, output: Shape) -> str:
        return f"{incoming[0]}×{self.units}"


def _gain(initialiser: Initialiser, fan_in: int, fan_out: int) -> float:
    """Fan-in × the variance of a weight: the factor by which a convolution scales E[x²]."""
    # The kernel's area multiplies both fans, so it cancels; channels are enough here.
    match initialiser:
        case "he_normal" | "he_uniform":  # He et al. 2015: Var[w] = 2 / fan-in
            return 2.0
        case "glorot_normal" | "glorot_uniform":  # Var[w] = 2 / (fan-in + fan-out)
            return 2 * fan_in / (fan_in + fan_out)
    assert_never(initialiser)
