"""The operations of a network: one class for each, which says everything about it.

What a layer is called, what it costs, which pixels it sees, how Keras builds it: counts, formulas,
search, drawings, Keras's picture, the model and the program all ask these classes. A new operation
is a class here, added to `Op` and to `OPERATIONS`; the abstract members name what it must answer.
Its sign is in `resnet.diagram.looks.glyphs`. `tests/test_operations.py` walks all of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, get_args

from resnet import quantity
from resnet.network.config import NORM_NAMES, HeadActivation, Initialiser, NormKind

Shape = tuple[int, ...]
"""(height, width, channels), or (features,) behind global pooling; the batch axis is left out."""

Group = Literal[
    "convolution",
    "normalisation",
    "activation",
    "addition",
    "pooling",
    "dense",
    "projection",
    "padding",
]
"""Operations that share a colour."""

GROUPS: tuple[Group, ...] = get_args(Group)

Role = Literal["main", "follows", "leads"]
"""How a layer is drawn with others: "follows", in one box with the layer before it, as norms and
ReLUs are; "leads", in one box with the layer after it; "main", in a box with its own name."""

Edges = Literal["same", "valid"]
"""What a window reads at the edges: zeros as TensorFlow pads them, or nothing but the map."""


class Cost(NamedTuple):
    """What a layer costs by itself: weights that are trained, weights that are not, and
    multiply-adds for one image."""

    trainable: int = 0
    fixed: int = 0
    macs: int = 0


FREE = Cost()


class Kernel(NamedTuple):
    """The weights that an initialiser draws: their shape as Keras has it, and the initialiser."""

    shape: tuple[int, ...]
    initialiser: Initialiser


class KerasLayer(NamedTuple):
    """A class of `keras.layers` and its arguments. `activation` is what Keras finds in the layer's
    `activation`; ReLU and Softmax layers have no such attribute."""

    name: str
    arguments: Mapping[str, object] = {}
    activation: str | None = None


class Span(NamedTuple):
    """Position i of a map sees input rows i·jump + low … i·jump + high."""

    low: int
    high: int
    jump: int


class Operation(ABC):
    """What every operation answers. Members without a body here must be given by each."""

    __slots__ = ()

    kind: ClassVar[str]
    """Its name in tables, files and links."""
    group: ClassVar[Group | None] = None
    """Its colour; None for the image."""
    words: ClassVar[tuple[str, ...]]
    """What a search calls it."""
    role: ClassVar[Role] = "main"
    weighted: ClassVar[bool] = False
    """Whether it has weights."""

    @property
    @abstractmethod
    def text(self) -> str:
        """As the paper writes it: "3×3 conv, 64, /2"."""

    @property
    @abstractmethod
    def noun(self) -> str:
        """What a legend calls it. Operations of one sign have one noun."""

    @property
    @abstractmethod
    def keras(self) -> KerasLayer:
        """The standard layer that does it."""

    @property
    def short_text(self) -> str:
        """`text`, where it stands with other layers in one line."""
        return self.text

    @property
    def figure_text(self) -> str:
        """`text` as figure 3 of He et al. 2015 has it."""
        return self.text

    @property
    def tag_text(self) -> str:
        """`text` on the line of a shortcut, where the channels are known."""
        return self.text

    @property
    def sizes(self) -> Mapping[str, int]:
        """Numbers a search compares: stride, kernel, filters, groups, units."""
        return {}

    def answers(self, word: str) -> bool:
        """Whether a search for one of its `words` finds this layer."""
        return word in self.words

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        """Its settings in words, in the order to show them."""
        return {}

    def drawn_kernel(self, incoming: Shape) -> Kernel | None:
        """The weights an initialiser draws; norms, whose scales begin at 1 or 0, have none."""
        return None

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        """Its weights and multiply-adds; `incoming` is its first input."""
        return FREE

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        """`cost(…).trainable` factor by factor, "3×3×16×32"; "" where there are none."""
        return ""

    def macs_formula(self, incoming: Shape, output: Shape) -> str:
        """`cost(…).macs` factor by factor: output values × weights behind each."""
        return ""

    def span(self, spans: Sequence[Span], side: int) -> Span:
        """What a position sees, along one axis: `spans` are those of its inputs, `side` is the
        length of the first. Without a window or a stride, what its input sees."""
        return spans[0]

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: "Operation") -> float:
        """Of its output over fresh weights, from those of its inputs; `source` made the first.
        He et al. 2015, Delving Deep into Rectifiers, section 2.2."""
        return squares[0]


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
            "initialiser": _named(self.initialiser),
        }

    def drawn_kernel(self, incoming: Shape) -> Kernel:
        side = self.kernel
        return Kernel((side, side, incoming[-1] // self.groups, self.filters), self.initialiser)

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        per_output = self.kernel**2 * (incoming[2] // self.groups)
        values = output[0] * output[1] * output[2]
        return Cost(trainable=(per_output + self.bias) * self.filters, macs=values * per_output)

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        weights = self._per_output(incoming)
        return f"({weights} + 1)×{self.filters}" if self.bias else f"{weights}×{self.filters}"

    def macs_formula(self, incoming: Shape, output: Shape) -> str:
        return f"{quantity.shape(output)} × {self._per_output(incoming)}"

    def _per_output(self, incoming: Shape) -> str:
        """One filter sees its group's channels only."""
        channels = f"({incoming[2]}÷{self.groups})" if self.groups > 1 else str(incoming[2])
        return f"{self.kernel}×{self.kernel}×{channels}"

    def span(self, spans: Sequence[Span], side: int) -> Span:
        return window(spans[0], side, self.kernel, self.stride, self.padding)

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
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
        kept = {"momentum": str(self.momentum)} if self.norm == "batch" else {}
        split = {"groups": str(self.groups)} if self.norm == "group" else {}
        gamma = {"gamma starts at": "1" if self.gamma == "one" else "0"}
        return {"kind": self.norm} | kept | {"epsilon": str(self.epsilon)} | split | gamma

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        """Batch norm keeps as many untrained values, its moving mean and variance."""
        trainable = 2 * output[-1]
        return Cost(trainable, trainable if self.norm == "batch" else 0)

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        return f"2×{output[-1]}"

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
        return 1.0 if self.gamma == "one" else 0.0


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
        # It halves what is as often negative as positive. Behind an addition it keeps most: what
        # comes through the shortcut is hardly negative.
        return squares[0] if isinstance(source, Add) else squares[0] / 2


@dataclass(frozen=True, slots=True)
class Activation(Operation):
    """A function of every value by itself: logits to probabilities."""

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
        """It sees what either arm sees."""
        one, other = spans
        return Span(min(one.low, other.low), max(one.high, other.high), one.jump)

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: Operation) -> float:
        return sum(squares)


@dataclass(frozen=True, slots=True)
class Scale(Operation):
    """Each channel times its gate, a number from 0 to 1: squeeze-and-excitation (Hu et al. 2018).

    The first input is the map, the second its gates: its channels' means through two dense layers,
    the first of them with the channels ÷ `reduction`. Like a norm that averages over the map, the
    gate is left out of receptive fields.
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
        """A fresh gate is about half open."""
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
        return Span(low, high + (side - 1) * jump, jump * side)


@dataclass(frozen=True, slots=True)
class Dense(Operation):
    """A fully connected layer with biases. The head's is the classifier: it gives the logits."""

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
        initialiser = _named(self.initialiser)
        return {"units": str(self.units), "bias": "yes", "initialiser": initialiser}

    def drawn_kernel(self, incoming: Shape) -> Kernel:
        return Kernel((incoming[-1], self.units), self.initialiser)

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        return Cost((incoming[0] + 1) * self.units, macs=incoming[0] * self.units)

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        return f"({incoming[0]} + 1)×{self.units}"

    def macs_formula(self, incoming: Shape, output: Shape) -> str:
        return f"{incoming[0]}×{self.units}"


@dataclass(frozen=True, slots=True)
class ZeroPad(Operation):
    """`size` rows and columns of zeros on all four sides: how Caffe and PyTorch pad before a window
    that strides. Max-pooling has the same result with zeros, since it reads behind a ReLU."""

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
        return Span(low - self.size * jump, high - self.size * jump, jump)


@dataclass(frozen=True, slots=True)
class AvgPool(Operation):
    """The mean of a square; at the edges, of its pixels inside the map, as PyTorch has it with
    `ceil_mode` and without `count_include_pad`."""

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
    """Zero channels appended behind the existing ones: how a padded identity widens without a
    parameter."""

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
        """Told that channels come first, ZeroPadding2D pads the last two axes: here width, by
        nothing, and channels. It is the only standard layer that appends zero channels and is saved
        under its own name."""
        padding = ((0, 0), (0, self.extra))
        return KerasLayer("ZeroPadding2D", {"padding": padding, "data_format": "channels_first"})

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"extra channels": str(self.extra)}


@dataclass(frozen=True, slots=True)
class Subsample(Operation):
    """Every stride-th pixel: how a padded identity halves the map without a parameter."""

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
        """The mean of one pixel."""
        return KerasLayer("AveragePooling2D", {"pool_size": 1, "strides": self.stride})

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"stride": self.stride}

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        return {"stride": str(self.stride)}

    def span(self, spans: Sequence[Span], side: int) -> Span:
        return window(spans[0], side, 1, self.stride)


Op = (
    Input
    | Conv
    | Norm
    | Relu
    | Activation
    | Add
    | Scale
    | MaxPool
    | GlobalPool
    | Dense
    | ZeroPad
    | AvgPool
    | PadChannels
    | Subsample
)

OPERATIONS: tuple[type[Op], ...] = get_args(Op)
"""All of them, in the order of a legend."""

ATTACHED = frozenset(operation.kind for operation in OPERATIONS if operation.role != "main")
"""Kinds that are drawn in one box with the layer before or after them."""

SHORTCUT_ONLY: tuple[type[Op], ...] = (PadChannels, Subsample)
"""Operations of shortcuts that have no weights."""


def strides(stride: int) -> str:
    """The end of a layer's text: ", /2", or nothing for stride 1."""
    return f", /{stride}" if stride > 1 else ""


def window(span: Span, side: int, size: int, stride: int, edges: Edges = "same") -> Span:
    """What a window sees. With TensorFlow's "same", the smaller half of the padding goes before the
    first pixel."""
    low, high, jump = span
    padding = max((-(-side // stride) - 1) * stride + size - side, 0)
    before = padding // 2 if edges == "same" else 0
    return Span(low - before * jump, high + (size - 1 - before) * jump, jump * stride)


def _gain(initialiser: Initialiser, fan_in: int, fan_out: int) -> float:
    """Fan-in × the variance of a weight: 2 by He; by Glorot 2 × fan-in / (fan-in + fan-out), which
    the kernel's area, a factor of both fans, leaves as it is."""
    return 2.0 if initialiser.startswith("he") else 2 * fan_in / (fan_in + fan_out)


def _named(initialiser: Initialiser) -> str:
    """He normal, Glorot uniform."""
    return initialiser.replace("_", " ").capitalize()
