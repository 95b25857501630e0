"""Operations without weights: functions of values, sums, windows and paddings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resnet import quantity
from resnet.network.config import HeadActivation
from resnet.network.operation import (
    Edges,
    KerasLayer,
    Operation,
    Shape,
    Span,
    strides,
    window,
)


@dataclass(frozen=True, slots=True)
class Input(Operation):
    """The image."""

    kind = "input"
    words = ()
    text = "input"
    noun = "image"
    figure_text = "image"
    keras = KerasLayer("InputLayer")


@dataclass(frozen=True, slots=True)
class Relu(Operation):
    """max(0, x)."""

    kind = "relu"
    group = "activation"
    words = ("relu",)
    role = "follows"
    text = "ReLU"
    noun = "ReLU"
    keras = KerasLayer("ReLU")

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"function": "max(0, x)"}

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
        # An input that is symmetric around 0 loses half of its mean square (He et al. 2015, 2.2).
        # After an addition most is kept: the shortcut carries a ReLU's output, which is never
        # negative.
        return squares[0] if isinstance(source, Add) else squares[0] / 2


@dataclass(frozen=True, slots=True)
class Activation(Operation):
    """The function at the network's end that turns logits into probabilities."""

    function: HeadActivation

    kind = "activation"
    group = "activation"
    words = ()

    @property
    def text(self) -> str:
        return self.function

    @property
    def noun(self) -> str:
        return self.function

    @property
    def keras(self) -> KerasLayer:
        if self.function == "softmax":
            return KerasLayer("Softmax")
        return KerasLayer("Activation", {"activation": self.function}, self.function)

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"function": self.function}


@dataclass(frozen=True, slots=True)
class Add(Operation):
    """Residual branch + shortcut."""

    kind = "add"
    group = "addition"
    words = ("add", "addition")
    text = "add"
    noun = "addition"
    keras = KerasLayer("Add")

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"adds": " + ".join(inputs)}

    def span(self, spans: Sequence[Span], side: int) -> Span:
        """The union of what the branch and the shortcut see."""
        one, other = spans  # both have the same jump, since their maps have the same size
        return Span(min(one.low, other.low), max(one.high, other.high), one.jump)

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
        # Branch and shortcut are taken as uncorrelated: E[(a + b)²] = E[a²] + E[b²].
        return sum(squares)


@dataclass(frozen=True, slots=True)
class Scale(Operation):
    """Each channel times its gate, a number from 0 to 1: squeeze-and-excitation (Hu et al. 2018).

    The first input is the map, the second its gates: the mean of each channel, passed through two
    dense layers. The first dense layer has channels ÷ `reduction` units. Receptive fields ignore
    the gate, as they ignore norms that average over the map.
    """

    reduction: int

    kind = "scale"
    group = "addition"
    words = ("scale", "gate", "multiply")
    noun = "times a gate"
    keras = KerasLayer("Multiply")

    @property
    def text(self) -> str:
        return f"SE gate, ÷{self.reduction}"

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"reduction": str(self.reduction)}

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
        # With initial weights the sigmoid gives about 1/2, and (x / 2)² = x² / 4.
        return squares[0] / 4


@dataclass(frozen=True, slots=True)
class MaxPool(Operation):
    """Square max-pooling."""

    size: int
    stride: int
    padding: Edges = "same"

    kind = "pool"
    group = "pooling"
    words = ("pool", "pooling", "maxpool")
    noun = "pooling"

    @property
    def text(self) -> str:
        return f"{self.size}×{self.size} max-pool{strides(self.stride)}"

    @property
    def figure_text(self) -> str:
        return self.text.replace("3×3 max-pool", "pool")

    @property
    def keras(self) -> KerasLayer:
        arguments = {"pool_size": self.size, "strides": self.stride, "padding": self.padding}
        return KerasLayer("MaxPooling2D", arguments)

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"kernel": self.size, "stride": self.stride}

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        size = f"{self.size}×{self.size}"
        return {"size": size, "stride": str(self.stride), "padding": self.padding}

    def span(self, spans: Sequence[Span], side: int) -> Span:
        return window(spans[0], side, self.size, self.stride, self.padding)


@dataclass(frozen=True, slots=True)
class GlobalPool(Operation):
    """The mean over height and width."""

    kind = "global_pool"
    group = "pooling"
    words = ("pool", "pooling", "globalpool")
    text = "global average pool"
    noun = "pooling"
    figure_text = "avg pool"
    keras = KerasLayer("GlobalAveragePooling2D")

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"averages over": quantity.shape(incoming[:2])}

    def span(self, spans: Sequence[Span], side: int) -> Span:
        low, high, jump = spans[0]
        # One window over the whole map: `side` positions, the first of them at the map's start.
        return Span(low, high + (side - 1) * jump, jump * side)


@dataclass(frozen=True, slots=True)
class ZeroPad(Operation):
    """`size` rows and columns of zeros on all four sides, as Caffe and PyTorch pad before a window
    that strides. For max-pooling, zeros do not change the result, because its input is a ReLU's
    output."""

    size: int

    kind = "zero_pad"
    group = "padding"
    words = ("pad", "padding", "zeropad")
    role = "leads"
    noun = "zero padding"

    @property
    def text(self) -> str:
        return f"zero pad, {self.size}"

    @property
    def keras(self) -> KerasLayer:
        return KerasLayer("ZeroPadding2D", {"padding": self.size})

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"rows and columns": f"{self.size} on each side"}

    def span(self, spans: Sequence[Span], side: int) -> Span:
        low, high, jump = spans[0]
        # Position 0 now lies `size` steps before the map, so the whole span moves back.
        return Span(low - self.size * jump, high - self.size * jump, jump)


@dataclass(frozen=True, slots=True)
class AvgPool(Operation):
    """The mean over a square window. At the edges only pixels inside the map are averaged, as in
    PyTorch with `ceil_mode` and without `count_include_pad`."""

    size: int
    stride: int

    kind = "avg_pool"
    group = "pooling"
    words = ("pool", "pooling", "avgpool")
    noun = "pooling"

    @property
    def text(self) -> str:
        return f"{self.size}×{self.size} {self.tag_text}"

    @property
    def tag_text(self) -> str:
        return f"avg-pool{strides(self.stride)}"

    @property
    def keras(self) -> KerasLayer:
        arguments = {"pool_size": self.size, "strides": self.stride, "padding": "same"}
        return KerasLayer("AveragePooling2D", arguments)

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"kernel": self.size, "stride": self.stride}

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        size = f"{self.size}×{self.size}"
        return {"size": size, "stride": str(self.stride), "padding": "same"}

    def span(self, spans: Sequence[Span], side: int) -> Span:
        return window(spans[0], side, self.size, self.stride)


@dataclass(frozen=True, slots=True)
class PadChannels(Operation):
    """Zero channels appended after the existing ones: a padded identity widens this way, without
    parameters."""

    extra: int

    kind = "pad"
    group = "padding"
    words = ("pad", "padding")
    noun = "zero channels"

    @property
    def text(self) -> str:
        return f"pad, +{self.extra} channels"

    @property
    def tag_text(self) -> str:
        return "pad"

    @property
    def keras(self) -> KerasLayer:
        # With "channels_first", ZeroPadding2D pads the last two axes. Here these are width, padded
        # by 0, and channels. No other standard layer appends zero channels without custom code, so
        # a saved model loads without this project.
        padding = ((0, 0), (0, self.extra))
        return KerasLayer("ZeroPadding2D", {"padding": padding, "data_format": "channels_first"})

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"extra channels": str(self.extra)}


@dataclass(frozen=True, slots=True)
class Subsample(Operation):
    """Every stride-th pixel: a padded identity halves the map this way, without parameters."""

    stride: int

    kind = "subsample"
    group = "padding"
    words = ("subsample",)
    noun = "subsampling"

    @property
    def text(self) -> str:
        return f"subsample{strides(self.stride)}"

    @property
    def tag_text(self) -> str:
        return f"/{self.stride}"

    @property
    def keras(self) -> KerasLayer:
        # The average over a 1×1 window is the pixel itself, so this only skips pixels.
        return KerasLayer("AveragePooling2D", {"pool_size": 1, "strides": self.stride})

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"stride": self.stride}

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"stride": str(self.stride)}

    def span(self, spans: Sequence[Span], side: int) -> Span:
        return window(spans[0], side, 1, self.stride)
