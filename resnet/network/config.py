"""The description of a residual network as data: frozen, validated, read from and written as JSON.

Nothing here knows about graphs, Keras or drawings; everything else reads these classes.
"""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from resnet.errors import ConfigError
from resnet.network.settings import WHOLE, Closed

Stem = Literal["imagenet", "deep", "cifar"]  # 7×7 with pooling; three 3×3 with pooling; one 3×3
Block = Literal["basic", "bottleneck"]
# "none" is the plain network; the others are options A, B and C of He et al. 2015, table 3.
Shortcut = Literal["none", "padded_identity", "projection", "projection_always"]
# The layer of a bottleneck that strides: 1×1 in the paper, 3×3 in fb.resnet.torch ("v1.5").
StrideOn = Literal["1x1", "3x3"]
StrideAt = Literal["start", "end"]
Padding = Literal["same", "symmetric"]
Downsampling = Literal["convolution", "average_pool"]
BiasOn = Literal["all", "trunk"]
# ReLU after the addition (He et al. 2015) or norm and ReLU before each convolution (2016).
ActivationOrder = Literal["post", "pre"]
HeadActivation = Literal["softmax", "sigmoid", "none"]
NormKind = Literal["batch", "group", "layer", "layer_hwc", "none"]
Initialiser = Literal["he_normal", "he_uniform", "glorot_normal", "glorot_uniform"]

NORM_NAMES: dict[NormKind, str] = {
    "batch": "batch norm",
    "group": "group norm",
    "layer": "layer norm",
    "layer_hwc": "layer norm over H×W×C",
    "none": "no norm",
}
"""As drawings, sentences and tables call them."""

# Output channels of a block ÷ its `filters` (He et al. 2015, table 1).
EXPANSION = {"basic": 1, "bottleneck": 4}
CONVS_PER_BLOCK = {"basic": 2, "bottleneck": 3}
MOST_BLOCKS = 1000

Side = Annotated[int, Field(ge=1, le=4096)]
Channels = Annotated[int, Field(ge=1, le=65536)]


class NormConfig(Closed):
    """Normalisation after every convolution, with a scale and a shift for each channel.

    The kinds differ in what mean and variance are taken over, for maps of [N, H, W, C]:

    - "batch": over N, H and W.
    - "group": over H, W and the channels of a group.
    - "layer_hwc": over H, W and C. The layer norm of Ba et al. 2016 (all units of a layer), with
      which Wu and He 2018 compare group norm. It is group norm with one group.
    - "layer": over C, at each position by itself. Keras's LayerNormalization; ConvNeXt uses it.

    `momentum` is Keras's: the share of the old moving average that is kept at each step (PyTorch's
    0.1 is 0.9 here). `epsilon` is added to the variance. `groups` counts only for kind "group".
    `last_gamma` is the initial scale of the last norm in every residual branch: "zero" starts each
    block as the identity (Goyal et al. 2017).
    """

    path = "norm"
    kind: NormKind = "batch"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    epsilon: float = Field(default=1e-5, gt=0, le=1)
    groups: int = Field(default=8, ge=1, le=65536)
    last_gamma: Literal["one", "zero"] = "one"


class StageConfig(Closed):
    """Blocks at one resolution (the paper's conv2_x). The first block strides; `filters` are those
    of its 3×3."""

    path = "stages"
    blocks: int = Field(ge=1, le=MOST_BLOCKS)
    filters: Channels
    stride: int = Field(default=1, ge=1, le=4)


FIRST_FIELDS = frozenset(
    {
        "input_shape",
        "classes",
        "head_activation",
        "stem",
        "stages",
        "block",
        "cardinality",
        "base_width",
        "shortcut",
        "stride_on",
        "activation_order",
        "conv_bias",
        "norm",
        "initialiser",
    }
)
"""The fields that every network file has. Never add to them: a newer field is left out of files
where it has its default."""


class ResNetConfig(Closed):
    """A residual network, or its plain twin, described once.

    `input_shape` is (height, width, channels). The stem has as many filters as the first stage, as
    in He et al. 2015, unless `stem_filters` says otherwise. A block's output has
    `filters × expansion` channels: expansion is 1 for "basic", 4 for "bottleneck". `cardinality`
    and `base_width` are ResNeXt's (32x4d: 32 and 4) and count for bottlenecks only.

    `se_ratio` ends each residual branch with a squeeze-and-excitation gate (Hu et al. 2018), whose
    hidden layer has the branch's channels ÷ se_ratio; 16 in the paper, 0 for no gate.

    Stem "deep" has three 3×3 convolutions for the 7×7, the first two with half of its filters (He
    et al. 2019, ResNet-C); in `depth` it counts as one layer, as in the names of such networks.
    `stem_filters` are the stem's where it is not as wide as the first stage. `downsampling`: a
    projection strides by its convolution, or by an average pooling before it (ResNet-D).
    `projection_norm`: whether a projection has a norm; it counts in post-activation order only.
    `stride_at`: which block of a stage strides, the first or the last (Keras's ResNet50V2); at the
    end of a stage a shortcut that only strides takes every stride-th pixel. `padding`: what a
    window that strides reads at the edges, "same" as TensorFlow has it, which pads more behind than
    before, or "symmetric" as Caffe, PyTorch and fb.resnet.torch have it. `bias_on`: with conv_bias,
    all convolutions have biases, or those that write on the trunk only: the stem's last, each
    branch's last, and projections.
    """

    input_shape: tuple[Side, Side, Channels] = (32, 32, 3)
    classes: int = Field(default=10, ge=1, le=1_000_000)
    head_activation: HeadActivation = "softmax"
    stem: Stem = "cifar"
    stages: tuple[StageConfig, ...] = Field(min_length=1, max_length=8)
    block: Block = "basic"
    cardinality: int = Field(default=1, ge=1, le=1024)
    base_width: int = Field(default=64, ge=1, le=4096)
    shortcut: Shortcut = "padded_identity"
    stride_on: StrideOn = "1x1"
    activation_order: ActivationOrder = "post"
    conv_bias: bool = False
    norm: NormConfig = NormConfig()
    initialiser: Initialiser = "he_normal"
    se_ratio: int = Field(default=0, ge=0, le=1024)
    stem_filters: Channels | None = None
    downsampling: Downsampling = "convolution"
    projection_norm: bool = True
    stride_at: StrideAt = "start"
    padding: Padding = "same"
    bias_on: BiasOn = "all"

    @model_serializer(mode="wrap")
    def _as_before(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        """Leave out newer fields that have their defaults. So older networks keep their
        fingerprints and files, and earlier versions of this program can read them."""
        data: dict[str, Any] = handler(self)
        if info.context is not WHOLE:
            for name, field in type(self).model_fields.items():
                if name not in FIRST_FIELDS and getattr(self, name) == field.default:
                    data.pop(name, None)
        return data

    @property
    def depth(self) -> int:
        """Layers with weights on the longest path, as the paper counts: projections and norms are
        left out."""
        # The + 2 are the stem's convolution and the dense layer: 6n + 2 on CIFAR (section 4.2).
        return CONVS_PER_BLOCK[self.block] * sum(stage.blocks for stage in self.stages) + 2

    @property
    def stem_width(self) -> int:
        """Filters of the stem: those of the first stage, or `stem_filters`."""
        return self.stem_filters or self.stages[0].filters

    @property
    def label(self) -> str:
        """A short name: plain or resnet, and the depth."""
        return f"{'plain' if self.shortcut == 'none' else 'resnet'}{self.depth}"

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that are equal exactly when the configs are."""
        # Sorted keys and no spaces: the same config always gives the same bytes.
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def bottleneck_width(self, stage: StageConfig) -> int:
        """Channels of a bottleneck's 3×3 (Xie et al. 2017): filters × base_width / 64 ×
        cardinality."""
        return stage.filters * self.base_width // 64 * self.cardinality

    def check(self) -> None:
        """Raise ConfigError for fields that are valid alone but contradict each other."""
        for rule in RULES:
            rule(self)


def _enough_room(config: ResNetConfig) -> None:
    blocks = sum(stage.blocks for stage in config.stages)
    if blocks > MOST_BLOCKS:
        raise ConfigError(
            f"stages may hold at most {MOST_BLOCKS} blocks together; received {blocks}."
        )
    # Follow the shorter side through every stride; it must still be above 1 where one strides.
    side = min(config.input_shape[:2])
    strides = [("stem.conv", 2), ("stem.pool", 2)] if config.stem != "cifar" else []
    strides += [(f"stage{number}", stage.stride) for number, stage in enumerate(config.stages, 1)]
    for place, stride in strides:
        if stride > 1 and side == 1:
            raise ConfigError(
                f"The feature map would shrink to nothing: {place} strides by {stride} on a map"
                " already 1 wide; give larger images than"
                f" {config.input_shape[0]}×{config.input_shape[1]}, fewer strides or a CIFAR stem."
            )
        side = -(-side // stride)  # ceil(side / stride), as padding "same" gives


def _right_width(config: ResNetConfig) -> None:
    if config.block == "basic" and (config.cardinality, config.base_width) != (1, 64):
        raise ConfigError(
            f"cardinality and base_width belong to bottleneck blocks; received {config.cardinality}"
            f" and {config.base_width} with block 'basic'; leave them at 1 and 64, or choose block"
            " 'bottleneck'."
        )
    for number, stage in enumerate(config.stages, 1):
        # The width of the 3×3 is filters × base_width / 64 × cardinality (Xie et al. 2017).
        if stage.filters * config.base_width % 64:
            raise ConfigError(
                f"filters × base_width must be a multiple of 64 so that stage{number} has whole"
                f" channels; received {stage.filters} × {config.base_width}."
            )


def _norm_fits(config: ResNetConfig) -> None:
    if config.norm.kind != "group":
        return
    # Every place with another number of channels, since each of its norms is split into groups.
    widths = {"stem": config.stem_width}
    if config.stem == "deep":
        widths["the stem's first"] = config.stem_width // 2
    for number, stage in enumerate(config.stages, 1):
        widths[f"stage{number}"] = stage.filters * EXPANSION[config.block]
        if config.block == "bottleneck":
            widths[f"stage{number}'s 3×3"] = config.bottleneck_width(stage)
    for place, width in widths.items():
        if width % config.norm.groups:
            raise ConfigError(
                "norm.groups must divide the channels of every layer; received"
                f" {config.norm.groups} groups for the {width} channels of {place}."
            )


def _shortcut_possible(config: ResNetConfig) -> None:
    if config.shortcut != "padded_identity":
        return
    channels = config.stem_width
    for number, stage in enumerate(config.stages, 1):
        if stage.filters * EXPANSION[config.block] < channels:
            raise ConfigError(
                f"A padded identity can add channels, not drop them: stage{number} goes from"
                f" {channels} to {stage.filters * EXPANSION[config.block]}; choose shortcut"
                " 'projection'."
            )
        channels = stage.filters * EXPANSION[config.block]


def _branch_can_learn(config: ResNetConfig) -> None:
    if config.norm.last_gamma == "one":
        return
    way_out = "set norm.last_gamma to 'one'."
    if config.norm.kind == "none":
        raise ConfigError(
            f"norm.last_gamma 'zero' needs a norm to scale; received norm.kind 'none'; {way_out}"
        )
    if config.shortcut == "none":
        raise ConfigError(
            f"A plain network whose last norms start at zero passes no signal at all; {way_out}"
        )
    if config.activation_order == "pre":
        raise ConfigError(
            "With activation_order 'pre' a norm that starts at zero is followed by ReLU and a"
            f" convolution, so the branch would never receive a gradient; {way_out}"
        )


def _stem_can_be_halved(config: ResNetConfig) -> None:
    if config.stem == "deep" and config.stem_width % 2:
        raise ConfigError(
            "The first convolutions of a deep stem have half of its filters; received"
            f" {config.stem_width} filters: choose an even number as stem_filters."
        )


def _gate_has_whole_units(config: ResNetConfig) -> None:
    for number, stage in enumerate(config.stages, 1):
        channels = stage.filters * EXPANSION[config.block]
        if config.se_ratio and channels % config.se_ratio:
            raise ConfigError(
                f"se_ratio must divide the channels of every stage; received {config.se_ratio} for"
                f" the {channels} channels of stage{number}; choose a divisor, or 0 for no gate."
            )


def _head_means_something(config: ResNetConfig) -> None:
    if config.head_activation == "softmax" and config.classes == 1:
        raise ConfigError(
            "Softmax over one class is always 1; choose head_activation 'sigmoid', or at least 2"
            " classes."
        )


RULES = (
    _enough_room,
    _right_width,
    _norm_fits,
    _shortcut_possible,
    _branch_can_learn,
    _stem_can_be_halved,
    _gate_has_whole_units,
    _head_means_something,
)
