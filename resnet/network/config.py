"""What a residual network is, as data: frozen, validated, closed, JSON in and out.

Nothing here knows about graphs, Keras or drawings; everything else reads these classes.
"""

import hashlib
import json
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from resnet.errors import ConfigError, echo, explain
from resnet.network.kinds import (
    KIND,
    Kinds,
    begun,
    check_group,
    check_whole,
    kinds_of,
    refuse_unknown,
)

Stem = Literal["imagenet", "cifar"]
Block = Literal["basic", "bottleneck"]
Shortcut = Literal["none", "padded_identity", "projection", "projection_always"]
StrideOn = Literal["1x1", "3x3"]
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

EXPANSION = {"basic": 1, "bottleneck": 4}
CONVS_PER_BLOCK = {"basic": 2, "bottleneck": 3}
MOST_BLOCKS = 1000

Side = Annotated[int, Field(ge=1, le=4096)]
Channels = Annotated[int, Field(ge=1, le=65536)]


class Closed(BaseModel):
    """A frozen record that refuses unknown keys and explains itself in one sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    path: ClassVar[str] = ""

    @model_validator(mode="wrap")
    @classmethod
    def _one_sentence(cls, data: Any, handler: Any) -> Self:
        cls._no_truth_for_a_number(data)
        try:
            config: Self = handler(data)
        except ValidationError as error:
            raise ConfigError(explain(error, cls.path, cls.model_fields)) from None
        config.check()
        return config

    @classmethod
    def _no_truth_for_a_number(cls, data: Any) -> None:
        """Python's True is 1, and pydantic takes it for one."""
        for name, value in data.items() if isinstance(data, dict) else ():
            field = cls.model_fields.get(name)
            if isinstance(value, bool) and field and field.annotation is not bool:
                where = f"{cls.path}.{name}" if cls.path else name
                raise ConfigError(
                    f"{where} is not a matter of true or false; received {echo(value)}."
                )

    def check(self) -> None:
        """Raise ConfigError where fields that are each allowed make no sense together."""


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


class ResNetConfig(Closed):
    """A residual network, or its plain twin, described once.

    `input_shape` is (height, width, channels). The stem has as many filters as the first stage, as
    in He et al. 2015, for ImageNet and for CIFAR. A block's output has `filters × expansion`
    channels: expansion is 1 for "basic", 4 for "bottleneck". `cardinality` and `base_width` are
    ResNeXt's (32x4d: 32 and 4) and count for bottlenecks only.
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

    @property
    def depth(self) -> int:
        """Layers with weights on the longest path, as the paper counts: projections and norms are
        left out."""
        return CONVS_PER_BLOCK[self.block] * sum(stage.blocks for stage in self.stages) + 2

    @property
    def label(self) -> str:
        """A short name made from the facts: plain or residual, and the depth."""
        return f"{'plain' if self.shortcut == 'none' else 'resnet'}{self.depth}"

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that are equal exactly when the configs are."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def bottleneck_width(self, stage: StageConfig) -> int:
        """Channels of a bottleneck's 3×3 (Xie et al. 2017): filters × base_width / 64 ×
        cardinality."""
        return stage.filters * self.base_width // 64 * self.cardinality

    def check(self) -> None:
        """Raise ConfigError where fields that are each allowed make no sense together."""
        for rule in RULES:
            rule(self)


def _enough_room(config: ResNetConfig) -> None:
    blocks = sum(stage.blocks for stage in config.stages)
    if blocks > MOST_BLOCKS:
        raise ConfigError(
            f"stages may hold at most {MOST_BLOCKS} blocks together; received {blocks}."
        )
    side = min(config.input_shape[:2])
    strides = [("stem.conv", 2), ("stem.pool", 2)] if config.stem == "imagenet" else []
    strides += [(f"stage{number}", stage.stride) for number, stage in enumerate(config.stages, 1)]
    for place, stride in strides:
        if stride > 1 and side == 1:
            raise ConfigError(
                f"The feature map would shrink to nothing: {place} strides by {stride} on a map"
                " already 1 wide; give larger images than"
                f" {config.input_shape[0]}×{config.input_shape[1]}, fewer strides or a CIFAR stem."
            )
        side = -(-side // stride)


def _right_width(config: ResNetConfig) -> None:
    if config.block == "basic" and (config.cardinality, config.base_width) != (1, 64):
        raise ConfigError(
            f"cardinality and base_width belong to bottleneck blocks; received {config.cardinality}"
            f" and {config.base_width} with block 'basic'; leave them at 1 and 64, or choose block"
            " 'bottleneck'."
        )
    for number, stage in enumerate(config.stages, 1):
        if stage.filters * config.base_width % 64:
            raise ConfigError(
                f"filters × base_width must be a multiple of 64 so that stage{number} has whole"
                f" channels; received {stage.filters} × {config.base_width}."
            )


def _norm_fits(config: ResNetConfig) -> None:
    if config.norm.kind != "group":
        return
    widths = {"stem": config.stages[0].filters}
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
    channels = config.stages[0].filters
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
    _head_means_something,
)


AnyConfig = TypeVar("AnyConfig", bound=Closed)


def with_settings(config: AnyConfig, settings: dict[str, Any]) -> AnyConfig:
    """The same network with some fields changed, addressed by dotted keys such as "norm.momentum"
    or "stages.0.blocks".

    A recipe takes the same: "schedule.learning_rate".

    Values may be Python values or the text a person typed. Broader keys are set before narrower
    ones. Another kind of optimiser, schedule or warm-up begins with that kind's defaults, then the
    rest of it is set. Raises ConfigError or UnknownNameError.
    """
    data, fresh = config.model_dump(mode="json"), dict[str, dict[str, Any]]()
    for key in sorted(settings, key=lambda key: (key.count("."), not key.endswith(f".{KIND}"))):
        value = parse_value(settings[key]) if isinstance(settings[key], str) else settings[key]
        field, _, last = key.partition(".")
        there, kinds = data.get(field), kinds_of(type(config), field)
        if last == KIND and kinds:
            there = data[field] = there or {KIND: None}  # a warm-up where there was none
            if group := begun(kinds, value, there):
                data[field] = fresh[field] = group
        _assign(data, key, value, kinds)
    for field, group in fresh.items():
        check_whole(field, group)
    return type(config).model_validate(data)


def parse_value(text: str) -> Any:
    """Typed text as data: JSON where it is JSON, a list where it has commas ("32,32,3"), else the
    text itself."""
    for candidate in (text, f"[{text}]") if "," in text else (text,):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return text


def _assign(data: dict[str, Any], key: str, value: Any, kinds: Kinds) -> None:
    if key not in (known := known_keys(data)):
        group = data.get(key.partition(".")[0]) if kinds else None
        refuse_unknown(key, known, kinds, group if isinstance(group, dict) else {})
    *parents, last = key.split(".")
    place: Any = data
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    at = int(last) if isinstance(place, list) else last
    no_group_yet = not parents and kinds and place[at] is None
    check_group(key, [value], {KIND: next(iter(kinds))} if no_group_yet else place[at], kinds)
    place[at] = value


def known_keys(data: dict[str, Any], prefix: str = "") -> list[str]:
    """Every dotted key that `with_settings` takes for this config."""
    keys: list[str] = []
    for name, value in data.items():
        keys.append(prefix + name)
        if isinstance(value, dict):
            keys += known_keys(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for index, item in enumerate(value):
                keys += known_keys(item, f"{prefix}{name}.{index}.")
    return keys
