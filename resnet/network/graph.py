"""A network as a list of layers: `build_graph(config)`.

Counts, drawings, Keras's picture and the Keras model all read this one description. Nodes are in
topological order. A node's id is the name of its Keras layer, for example "stage2.block1.conv1".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal, NamedTuple

from resnet.network.config import EXPANSION, NormConfig, ResNetConfig, StageConfig
from resnet.network.operations import (
    Activation,
    Add,
    AvgPool,
    Conv,
    Dense,
    Edges,
    GlobalPool,
    Input,
    MaxPool,
    Norm,
    Op,
    PadChannels,
    Relu,
    Scale,
    Shape,
    Subsample,
    ZeroPad,
)

Path = Literal["trunk", "branch", "shortcut"]


class Node(NamedTuple):
    """One layer. `section` is "stem", "stage1" … or "head"; `block` counts from 1 inside a stage
    and is 0 elsewhere."""

    id: str
    op: Op
    inputs: tuple[str, ...]
    output_shape: Shape
    section: str
    block: int
    path: Path


@dataclass(frozen=True)
class Graph:
    """Layers in topological order, and the config they came from."""

    config: ResNetConfig
    nodes: tuple[Node, ...]

    @cached_property
    def by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def last_map(self) -> Node:
        """The last convolutional feature map: what global pooling reads."""
        return self.by_id[self.by_id["head.pool"].inputs[0]]

    def blocks(self) -> Iterator[tuple[str, int, tuple[Node, ...]]]:
        """(section, block, nodes) in order; the stem and the head come as block 0 of their
        section."""
        for (section, block), nodes in groupby(
            self.nodes, key=lambda node: (node.section, node.block)
        ):
            yield section, block, tuple(nodes)


def build_graph(config: ResNetConfig) -> Graph:
    """The network's layers. The config is already valid, so nothing here can fail."""
    builder = _Builder(config)
    tip = _stem(builder)
    for number, stage in enumerate(config.stages, 1):
        for block in range(1, stage.blocks + 1):
            builder.enter(f"stage{number}", block)
            # One block of a stage strides: the first, or the last as in Keras's ResNet50V2.
            strides = block == (1 if config.stride_at == "start" else stage.blocks)
            tip = _block(builder, tip, stage, stage.stride if strides else 1)
    _head(builder, tip)
    return Graph(config, tuple(builder.nodes))


class _Builder:
    """Appends layers in order and calculates the shape of each. Convolutions with equal settings
    share one op object."""

    def __init__(self, config: ResNetConfig) -> None:
        self.config = config
        self.nodes: list[Node] = []
        self.norm = _norm_op(config.norm, "one")
        self.last_norm = _norm_op(config.norm, config.norm.last_gamma)
        self.relu = Relu()
        self.convs: dict[Conv, Conv] = {}  # a deep network has few different ones
        self.enter("stem", 0)

    def enter(self, section: str, block: int) -> None:
        self.section, self.block = section, block
        self.prefix = f"{section}.block{block}." if block else f"{section}."

    def layer(
        self, name: str, op: Op, *inputs: Node, path: Path = "branch", shape: Shape | None = None
    ) -> Node:
        """Append a layer whose output has `shape`, or the shape of its first input."""
        output = inputs[0].output_shape if shape is None else shape
        where: Path = path if self.block else "trunk"
        ids = tuple([node.id for node in inputs])
        node = Node(self.prefix + name, op, ids, output, self.section, self.block, where)
        self.nodes.append(node)
        return node

    def conv(
        self,
        name: str,
        tip: Node,
        filters: int,
        *,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        path: Path = "branch",
        trunk: bool = False,
    ) -> Node:
        """A convolution. `trunk`: whether its output goes to the trunk, which `bias_on` needs to
        know."""
        config, shape = self.config, _strided(tip.output_shape, stride, filters)
        bias = config.conv_bias and (trunk or config.bias_on == "all")
        tip, edges = self.padded(name, tip, kernel, stride)
        op = Conv(filters, kernel, stride, groups, bias, config.initialiser, edges)
        return self.layer(name, self.convs.setdefault(op, op), tip, path=path, shape=shape)

    def padded(self, name: str, tip: Node, size: int, stride: int) -> tuple[Node, Edges]:
        """The input of a window, padded by a layer where needed, and the window's own padding. With
        stride 1 and an odd size, "same" is symmetric already, so no layer is needed."""
        if self.config.padding == "same" or stride == 1 or size == 1:
            return tip, "same"
        height, width, channels = tip.output_shape
        more = 2 * (size // 2)  # size // 2 zeros on both sides
        shape = (height + more, width + more, channels)
        return self.layer(f"{name}.pad", ZeroPad(size // 2), tip, shape=shape), "valid"

    def normalise(self, name: str, tip: Node, op: Norm | None, path: Path = "branch") -> Node:
        return self.layer(name, op, tip, path=path) if op else tip

    def activate(self, name: str, tip: Node) -> Node:
        return self.layer(name, self.relu, tip)


def _norm_op(norm: NormConfig, gamma: Literal["one", "zero"]) -> Norm | None:
    return (
        None
        if norm.kind == "none"
        else Norm(norm.kind, norm.momentum, norm.epsilon, norm.groups, gamma)
    )


def _strided(shape: Shape, stride: int, channels: int) -> Shape:
    """Padding "same" gives ceil(side / stride)."""
    return (-(-shape[0] // stride), -(-shape[1] // stride), channels)


def _stem(b: _Builder) -> Node:
    b.prefix = ""
    tip = b.layer("input", Input(), shape=b.config.input_shape)
    b.enter("stem", 0)
    width = b.config.stem_width
    # One 7×7/2 for ImageNet (Table 1), one 3×3 for CIFAR (section 4.2).
    kernel, stride = (7, 2) if b.config.stem == "imagenet" else (3, 1)
    if b.config.stem == "deep":
        # Three 3×3 see as much as one 7×7, with fewer weights; the first one strides.
        for number, step in ((1, 2), (2, 1)):
            tip = b.conv(f"conv{number}", tip, width // 2, kernel=3, stride=step)
            tip = b.activate(f"relu{number}", b.normalise(f"norm{number}", tip, b.norm))
    tip = b.conv("conv", tip, width, kernel=kernel, stride=stride, trunk=True)
    tip = b.activate("relu", b.normalise("norm", tip, b.norm))
    if b.config.stem == "cifar":
        return tip
    # (side / 4, side / 4, width): convolution and pool both stride by 2.
    shape = _strided(tip.output_shape, 2, width)
    tip, edges = b.padded("pool", tip, 3, 2)
    return b.layer("pool", MaxPool(3, 2, edges), tip, shape=shape)


def _block(b: _Builder, tip: Node, stage: StageConfig, stride: int) -> Node:
    """One block. In "pre" order (He et al. 2016) it begins with norm and ReLU. The very first block
    does not: its input has passed the stem's norm and ReLU already. A projection reads the
    activated input, an identity the raw one.
    """
    config = b.config
    pre = config.activation_order == "pre"
    opened = tip
    if pre and b.prefix != "stage1.block1.":
        opened = b.activate("relu1", b.normalise("norm1", tip, b.norm))
    out = _branch(b, opened, stage, stride)
    if config.shortcut != "none":
        out = b.layer("add", Add(), out, _shortcut(b, tip, opened, out.output_shape, stride))
    # "post": ReLU after the addition. "pre": nothing, so the trunk is a pure sum.
    return out if pre else b.activate(f"relu{len(_convs(config, stage, stride))}", out)


def _convs(
    config: ResNetConfig, stage: StageConfig, stride: int
) -> list[tuple[int, int, int, int]]:
    """(filters, kernel, stride, groups) of a residual branch's convolutions: the brackets of the
    paper's Table 1."""
    if config.block == "basic":
        return [(stage.filters, 3, stride, 1), (stage.filters, 3, 1, 1)]
    width = config.bottleneck_width(stage)
    # The bottleneck strides once: on its first 1×1 (the paper) or on its 3×3.
    first, second = (stride, 1) if config.stride_on == "1x1" else (1, stride)
    expanded = stage.filters * EXPANSION["bottleneck"]
    return [(width, 1, first, 1), (width, 3, second, config.cardinality), (expanded, 1, 1, 1)]


def _branch(b: _Builder, tip: Node, stage: StageConfig, stride: int) -> Node:
    convs = _convs(b.config, stage, stride)
    pre = b.config.activation_order == "pre"
    for number, (filters, kernel, conv_stride, groups) in enumerate(convs, 1):
        last = number == len(convs)
        if pre and number > 1:
            tip = b.activate(
                f"relu{number}", b.normalise(f"norm{number}", tip, b.last_norm if last else b.norm)
            )
        tip = b.conv(
            f"conv{number}",
            tip,
            filters,
            kernel=kernel,
            stride=conv_stride,
            groups=groups,
            trunk=last,
        )
        if not pre:
            tip = b.normalise(f"norm{number}", tip, b.last_norm if last else b.norm)
            tip = tip if last else b.activate(f"relu{number}", tip)
    return _gated(b, tip) if b.config.se_ratio else tip


def _gated(b: _Builder, tip: Node) -> Node:
    """Squeeze: a mean for each channel. Excitation: two dense layers give each channel its gate."""
    channels, ratio = tip.output_shape[2], b.config.se_ratio
    # (channels,)
    gate = b.layer("se.pool", GlobalPool(), tip, shape=(channels,))
    # (channels / ratio,), then (channels,) again
    squeezed = Dense(channels // ratio, b.config.initialiser)
    gate = b.layer("se.reduce", squeezed, gate, shape=(channels // ratio,))
    gate = b.activate("se.relu", gate)
    gate = b.layer("se.expand", Dense(channels, b.config.initialiser), gate, shape=(channels,))
    gate = b.layer("se.sigmoid", Activation("sigmoid"), gate)
    return b.layer("se.scale", Scale(ratio), tip, gate)


def _shortcut(b: _Builder, raw: Node, opened: Node, target: Shape, stride: int) -> Node:
    """The shortcut's last layer. Where input and output have the same shape it is the identity,
    which has no layer."""
    config, kind = b.config, b.config.shortcut
    if kind != "projection_always" and raw.output_shape == target:
        return raw
    # Keras's ResNet50V2: a shortcut that strides but keeps its channels needs no weights.
    only_strides = config.stride_at == "end" and raw.output_shape[2] == target[2]
    if kind == "padded_identity" or (kind == "projection" and only_strides):
        return _padded_identity(b, raw, target, stride)
    tip = opened
    # ResNet-D (He et al. 2019): a 1×1 that strides by 2 would ignore 3 of 4 pixels.
    if config.downsampling == "average_pool" and stride > 1:
        shape = _strided(tip.output_shape, stride, tip.output_shape[2])
        pool = AvgPool(stride, stride)
        tip = b.layer("shortcut.pool", pool, tip, path="shortcut", shape=shape)
        stride = 1
    tip = b.conv(
        "shortcut.conv", tip, target[2], kernel=1, stride=stride, path="shortcut", trunk=True
    )
    # In "pre" order a projection has no norm of its output (He et al. 2016).
    normed = config.activation_order == "post" and config.projection_norm
    return b.normalise("shortcut.norm", tip, b.norm if normed else None, path="shortcut")


def _padded_identity(b: _Builder, tip: Node, target: Shape, stride: int) -> Node:
    if stride > 1:
        shape = _strided(tip.output_shape, stride, tip.output_shape[2])
        tip = b.layer("shortcut.subsample", Subsample(stride), tip, path="shortcut", shape=shape)
    # Option A: new channels are zeros, so the shortcut has no weights (section 3.3).
    if extra := target[2] - tip.output_shape[2]:
        tip = b.layer("shortcut.pad", PadChannels(extra), tip, path="shortcut", shape=target)
    return tip


def _head(b: _Builder, tip: Node) -> None:
    config = b.config
    b.enter("head", 0)
    if config.activation_order == "pre":
        tip = b.activate("relu", b.normalise("norm", tip, b.norm))
    tip = b.layer("pool", GlobalPool(), tip, shape=tip.output_shape[-1:])
    tip = b.layer("logits", Dense(config.classes, config.initialiser), tip, shape=(config.classes,))
    if config.head_activation != "none":
        b.layer(config.head_activation, Activation(config.head_activation), tip)
