"""The interface of every operation: words, sizes, costs, receptive field, and its Keras layer.

The operations themselves are in `weighted_operations` and `weightless_operations`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple, get_args

from resnet.network.config import Initialiser

Shape = tuple[int, ...]
"""(height, width, channels), or (features,) after global pooling. The batch axis is left out."""


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
"""How a window is padded at the edges: "same" with zeros, as TensorFlow does, or "valid" without
padding."""


class Cost(NamedTuple):
    """The cost of one layer: trainable weights, non-trainable weights, and multiply-adds for one
    image."""

    trainable: int = 0
    fixed: int = 0
    macs: int = 0


FREE = Cost()


class Kernel(NamedTuple):
    """The weights that an initialiser draws: their shape in Keras's order, and the initialiser."""

    shape: tuple[int, ...]
    initialiser: Initialiser


class KerasLayer(NamedTuple):
    """A class of `keras.layers` and its arguments. `activation` is the value of the layer's
    attribute of that name; ReLU and Softmax layers have no such attribute."""

    name: str
    arguments: Mapping[str, object] = {}
    activation: str | None = None


class Span(NamedTuple):
    """Position i of a map sees input rows i·jump + low … i·jump + high."""

    low: int
    high: int
    jump: int


class Operation(ABC):
    """What every operation must provide. Each subclass defines the abstract members."""

    __slots__ = ()

    kind: ClassVar[str]
    """Its name in tables, files and links."""
    group: ClassVar[Group | None] = None
    """Its colour; None for the image."""
    words: ClassVar[tuple[str, ...]]
    """Words that find it in a search."""
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
        """Its name in a legend. Operations drawn with the same sign share one noun."""

    @property
    @abstractmethod
    def keras(self) -> KerasLayer:
        """The standard Keras layer that computes it."""

    @property
    def short_text(self) -> str:
        """`text`, shortened for a line that lists several layers."""
        return self.text

    @property
    def figure_text(self) -> str:
        """`text` as figure 3 of He et al. 2015 has it."""
        return self.text

    @property
    def tag_text(self) -> str:
        """`text` on a shortcut's line, without the channels, which the drawing shows already."""
        return self.text

    @property
    def sizes(self) -> Mapping[str, int]:
        """Numbers a search compares: stride, kernel, filters, groups, units."""
        return {}

    def answers(self, word: str) -> bool:
        """Whether a search for one of its `words` finds this layer."""
        return word in self.words

    def attributes(self, inputs: Sequence[str], incoming: Shape) -> dict[str, str]:
        """Its settings as text, in display order."""
        return {}

    def drawn_kernel(self, incoming: Shape) -> Kernel | None:
        """The weights an initialiser draws; norms, whose scales begin at 1 or 0, have none."""
        return None

    def cost(self, incoming: Shape, output: Shape) -> Cost:
        """Its weights and multiply-adds. `incoming` is the shape of its first input."""
        return FREE

    def weights_formula(self, incoming: Shape, output: Shape) -> str:
        """`cost(…).trainable` factor by factor, "3×3×16×32"; "" where there are none."""
        return ""

    def macs_formula(self, incoming: Shape, output: Shape) -> str:
        """`cost(…).macs` factor by factor: output values × weights behind each."""
        return ""

    def span(self, spans: Sequence[Span], side: int) -> Span:
        """The receptive field of one position, along one axis. `spans` are those of its inputs,
        `side` is the length of the first input. A layer without window and stride keeps its
        input's span."""
        return spans[0]

    def mean_square(self, squares: Sequence[float], incoming: Shape, source: "Operation") -> float:
        """E[y²] of its output, in expectation over the initial weights, from those of its inputs.
        `source` is the operation before its first input. He et al. 2015, Delving Deep into
        Rectifiers, section 2.2."""
        return squares[0]


def strides(stride: int) -> str:
    """The end of a layer's text: ", /2", or nothing for stride 1."""
    return f", /{stride}" if stride > 1 else ""


def window(span: Span, side: int, size: int, stride: int, edges: Edges = "same") -> Span:
    """The receptive field of a window over a map with this span."""
    low, high, jump = span
    # TensorFlow's "same": ceil(side / stride) outputs, so the last window starts at
    # (outputs − 1) · stride and the padding is what it needs past the map's end.
    padding = max((-(-side // stride) - 1) * stride + size - side, 0)
    # Where the padding is odd, TensorFlow puts the smaller half before the first pixel.
    before = padding // 2 if edges == "same" else 0
    # One step in this map is `jump` input pixels; the window reaches `before` steps back and
    # size − 1 − before steps ahead. After the stride, neighbours are `stride` times further apart.
    return Span(low - before * jump, high + (size - 1 - before) * jump, jump * stride)


def named(initialiser: Initialiser) -> str:
    """The initialiser's name as people write it: "He normal", "Glorot uniform"."""
    return initialiser.replace("_", " ").capitalize()
