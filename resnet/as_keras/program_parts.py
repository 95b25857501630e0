"""The functions of the program that `resnet.as_keras.program` writes: shortcut, block and build, as
lines of text.

`Plan` reads from the graph which parts are needed, so that the program has no branch that never
runs.
"""

from dataclasses import dataclass

from resnet.network.config import EXPANSION, ResNetConfig
from resnet.network.graph import Graph
from resnet.network.operations import AvgPool, Conv, PadChannels, Subsample, ZeroPad
from resnet.network.shortcuts import shortcut_kinds

Lines = list[str]

PAD = """\
    if filters > x.shape[-1]:
        # Told that channels come first, it pads the last two axes: here the width, by none, and
        # the channels. No other standard layer appends zero channels.
        more = ((0, 0), (0, filters - x.shape[-1]))
        x = layers.ZeroPadding2D(more, data_format="channels_first", name=f"{name}.shortcut.pad")(x)
"""

SUBSAMPLE = """\
    if stride > 1:  # the mean of one pixel: takes every stride-th one
        x = layers.AveragePooling2D(1, stride, name=f"{name}.shortcut.subsample")(x)
"""

GATE = """\
    # Squeeze-and-excitation: from its mean, each channel gets a gate between 0 and 1.
    dense = partial(layers.Dense, kernel_initializer="{initialiser}")
    gate = layers.GlobalAveragePooling2D(name=f"{{name}}.se.pool")(y)
    gate = dense(y.shape[-1] // {ratio}, name=f"{{name}}.se.reduce")(gate)
    gate = layers.ReLU(name=f"{{name}}.se.relu")(gate)
    gate = dense(y.shape[-1], name=f"{{name}}.se.expand")(gate)
    gate = layers.Activation("sigmoid", name=f"{{name}}.se.sigmoid")(gate)
    y = layers.Multiply(name=f"{{name}}.se.scale")([y, gate])
"""

STRIDED = [
    "def strided(x, filters, stride, name, groups=1):",
    '    """A 3x3 convolution; where it strides, zeros stand on all four sides, as in PyTorch."""',
    "    if stride > 1:",
    '        x = layers.ZeroPadding2D(1, name=f"{name}.pad")(x)',
    '    edges = "valid" if stride > 1 else "same"',
    "    return conv(filters, 3, stride, padding=edges, groups=groups, name=name)(x)",
]

SUBSAMPLED = 'layers.AveragePooling2D(1, stride, name=f"{name}.shortcut.subsample")'
POOLED = 'layers.AveragePooling2D(stride, stride, "same", name=f"{name}.shortcut.pool")'

LOOP = """\
    for number, (blocks, filters, stride) in enumerate(STAGES, 1):
        for index in range(1, blocks + 1):
            name = f"stage{number}.block{index}"
            x = block(x, filters, stride if index == {place} else 1, name)
"""

ACTIVATIONS = {
    "softmax": ['    x = layers.Softmax(name="head.softmax")(x)'],
    "sigmoid": ['    x = layers.Activation("sigmoid", name="head.sigmoid")(x)'],
    "none": [],
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The network, and which parts it has.

    `opens`: blocks begin with norm and ReLU. `pads_maps`: some 3×3 of a block has zero padding
    before it. `projects`, `pools`, `subsamples`, `pads`: some shortcut does this. `passes`: some
    shortcut is the identity.
    """

    config: ResNetConfig
    opens: bool
    pads_maps: bool
    projects: bool
    pools: bool
    subsamples: bool
    pads: bool
    passes: bool

    @property
    def pre(self) -> bool:
        return self.config.activation_order == "pre"

    @property
    def normalises(self) -> bool:
        return self.config.norm.kind != "none"

    @property
    def reads_raw(self) -> bool:
        """Whether some shortcut reads the block's raw input, although others are projections."""
        return self.passes or self.subsamples

    @property
    def changes(self) -> bool:
        """Whether some shortcut is not the identity."""
        return self.projects or self.subsamples or self.pads

    @property
    def opened(self) -> str:
        """The variable that a block's first convolution reads."""
        return "opened" if self.opens else "x"


def plan_of(graph: Graph) -> Plan:
    """The plan, from the layers and not from the settings: in a network of one stage, shortcuts may
    all be identities."""
    config = graph.config
    ops = [node.op for node in graph.nodes if node.path == "shortcut"]
    projections = sum(isinstance(op, Conv) for op in ops)
    return Plan(
        config,
        # In pre-activation order the very first block has its norm and ReLU in the stem, so a
        # network of one block opens none.
        opens=config.activation_order == "pre" and sum(stage.blocks for stage in config.stages) > 1,
        pads_maps=any(isinstance(node.op, ZeroPad) and node.block for node in graph.nodes),
        projects=projections > 0,
        pools=any(isinstance(op, AvgPool) for op in ops),
        subsamples=any(isinstance(op, Subsample) for op in ops),
        pads=any(isinstance(op, PadChannels) for op in ops),
        passes="identity" in shortcut_kinds(graph).values(),
    )


def shortcut_function(plan: Plan) -> Lines:
    """The function for shortcuts; no lines where all are identities."""
    if not plan.changes:
        return []
    opening = [f"def shortcut({_shortcut_arguments(plan)}):"]
    if not plan.projects:
        return [*opening, *_padded_identity(plan), "    return x"]
    source = "opened" if "opened" in opening[0] else "x"
    about = '    """A projection: a convolution that sees one pixel at a time."""'
    guard: Lines = []
    # The graph has the identity exactly where input and output have one shape. The program has no
    # graph, so it tests the stride and the channels.
    if plan.passes:
        about = (
            '    """The identity; where the shape changes, a projection by a 1x1 convolution."""'
        )
        guard = ["    if stride == 1 and filters == x.shape[-1]:", "        return x"]
    # Keras's ResNet50V2: a shortcut that strides and keeps its channels needs no weights.
    if plan.subsamples:
        guard += ["    if filters == x.shape[-1]:", f"        return {SUBSAMPLED}(x)"]
    # ResNet-D: the pooling strides, so the 1×1 after it reads every pixel.
    if plan.pools:
        guard += ["    x = opened"] if source == "opened" else []
        guard += ["    if stride > 1:", f"        x = {POOLED}(x)"]
        source = "x"
    stride = "" if plan.pools else ", stride"
    bias = _trunk_bias(plan.config)
    lines = [
        *opening,
        about,
        *guard,
        f'    x = conv(filters, 1{stride}, {bias}name=f"{{name}}.shortcut.conv")({source})',
    ]
    # In pre-activation order a projection has no norm behind it (He et al. 2016).
    if plan.normalises and not plan.pre and plan.config.projection_norm:
        lines += ['    x = norm(name=f"{name}.shortcut.norm")(x)']
    return _returning(lines)


def _padded_identity(plan: Plan) -> Lines:
    steps = {
        "subsampled": (plan.subsamples, SUBSAMPLE),
        "padded with zero channels": (plan.pads, PAD),
    }
    needed = {name: lines.rstrip() for name, (used, lines) in steps.items() if used}
    return [
        f'    """The identity; {" and ".join(needed)} where the shape changes."""',
        *needed.values(),
    ]


def _shortcut_arguments(plan: Plan) -> str:
    """The parameters of the shortcut function. In pre-activation order a projection reads the
    activated input, an identity the raw one."""
    both = plan.projects and plan.reads_raw and plan.opens
    names = {
        "x": True,
        "opened": both,
        "filters": plan.projects or plan.pads,
        "stride": plan.projects or plan.subsamples,
        "name": True,
    }
    return ", ".join(name for name, used in names.items() if used)


def _shortcut_call(plan: Plan) -> str:
    """The shortcut's value, as the addition in a block reads it."""
    if not plan.changes:
        return "x"
    arguments = _shortcut_arguments(plan)
    if plan.projects and not plan.reads_raw:
        # The first x is the first argument, what the shortcut reads.
        arguments = arguments.replace("x", plan.opened, 1)
    # `filters` are those of the 3×3; a bottleneck's output has 4 times as many (He et al. 2015,
    # table 1).
    if plan.config.block == "bottleneck":
        arguments = arguments.replace("filters", f"{EXPANSION['bottleneck']} * filters")
    return f"shortcut({arguments})"


def strided_function(plan: Plan) -> Lines:
    """The function for 3×3 convolutions that may stride, where "same" would read other pixels."""
    return STRIDED if plan.pads_maps else []


def _trunk_bias(config: ResNetConfig) -> str:
    """The bias argument of a trunk convolution, where only these have a bias."""
    return "use_bias=True, " if config.conv_bias and config.bias_on == "trunk" else ""


def bottleneck_width(config: ResNetConfig) -> str:
    """Channels of a bottleneck's 3×3, as an expression."""
    # ResNeXt (Xie et al. 2017): at 64 filters, each of the CARDINALITY groups has BASE_WIDTH
    # channels. 32x4d has 64 · 4 / 64 · 32 = 128.
    if config.cardinality > 1:
        return "filters * BASE_WIDTH // 64 * CARDINALITY"
    return "filters" if config.base_width == 64 else "filters * BASE_WIDTH // 64"


def block_function(plan: Plan) -> Lines:
    """The function for one block. Its arguments are the loop variables of `build`."""
    lines = [
        "def block(x, filters, stride, name):",
        f'    """{_about_block(plan)}"""',
        *_opening(plan),
    ]
    if bottleneck_width(plan.config) != "filters":
        lines += [f"    width = {bottleneck_width(plan.config)}"]
    convs = _convs(plan.config)
    for number, arguments in enumerate(convs, 1):
        last = number == len(convs)
        around = _norm_and_relu(plan, number, last)
        read = plan.opened if number == 1 else "y"
        # The last convolution of a branch writes on the trunk, by the addition.
        bias = _trunk_bias(plan.config) if last else ""
        conv = [f'    y = conv({arguments}, {bias}name=f"{{name}}.conv{number}")({read})']
        if plan.pads_maps and ", 3, stride" in arguments:
            width, _, groups = arguments.partition(", 3, stride")
            conv = [f'    y = strided({read}, {width}, stride, f"{{name}}.conv{number}"{groups})']
        # "pre": norm and ReLU stand before their convolution, and `_opening` has written the first
        # ones. "post": they stand after it.
        lines += (around if number > 1 else []) + conv if plan.pre else conv + around
    if plan.config.se_ratio:
        gate = GATE.format(initialiser=plan.config.initialiser, ratio=plan.config.se_ratio)
        lines += gate.splitlines()
    if plan.config.shortcut != "none":
        lines += [f'    y = layers.Add(name=f"{{name}}.add")([y, {_shortcut_call(plan)}])']
    if not plan.pre:
        lines += [f'    y = layers.ReLU(name=f"{{name}}.relu{len(convs)}")(y)']
    return _returning(lines)


def _returning(lines: Lines) -> Lines:
    """The same function; its last assignment becomes the return statement."""
    return [*lines[:-1], "    return " + lines[-1].partition(" = ")[2]]


def _about_block(plan: Plan) -> str:
    convolutions = (
        "Two 3x3 convolutions"
        if plan.config.block == "basic"
        else "A bottleneck of 1x1, 3x3 and 1x1"
    )
    order = ", each behind norm and ReLU" if plan.normalises else ", each behind a ReLU"
    residual = "" if plan.config.shortcut == "none" else "; then the shortcut is added"
    return f"{convolutions}{order if plan.pre else ''}{residual}."


def _opening(plan: Plan) -> Lines:
    """The norm and ReLU at the start of a pre-activation block. The very first block has them in
    the stem."""
    if not plan.opens:
        return []
    lines = ["    opened = x", '    if name != "stage1.block1":  # there the stem has just done so']
    if plan.normalises:
        lines += ['        opened = norm(name=f"{name}.norm1")(opened)']
    return [*lines, '        opened = layers.ReLU(name=f"{name}.relu1")(opened)']


def _convs(config: ResNetConfig) -> Lines:
    """The arguments of each convolution of a block, without the name."""
    if config.block == "basic":
        return ["filters, 3, stride", "filters, 3"]
    # A bottleneck strides in its first 1×1 (the paper) or in its 3×3 (fb.resnet.torch).
    first, second = (", stride", "") if config.stride_on == "1x1" else ("", ", stride")
    width = "filters" if bottleneck_width(config) == "filters" else "width"
    groups = ", groups=CARDINALITY" if config.cardinality > 1 else ""
    return [
        f"{width}, 1{first}",
        f"{width}, 3{second}{groups}",
        f"{EXPANSION['bottleneck']} * filters, 1",
    ]


def _norm_and_relu(plan: Plan, number: int, last: bool) -> Lines:
    """The norm and ReLU of convolution `number`. In post-activation order the last ReLU comes after
    the addition."""
    # γ = 0 in the last norm: each block starts as its shortcut (Goyal et al. 2017).
    gamma = 'gamma_initializer="zeros", ' if last and plan.config.norm.last_gamma == "zero" else ""
    lines = [f'    y = norm({gamma}name=f"{{name}}.norm{number}")(y)'] if plan.normalises else []
    return (
        lines
        if last and not plan.pre
        else [*lines, f'    y = layers.ReLU(name=f"{{name}}.relu{number}")(y)']
    )


def build_function(plan: Plan) -> Lines:
    """Stem, the loop over the stages, and head."""
    config = plan.config
    lines = ["def build() -> keras.Model:", '    inputs = keras.Input(INPUT_SHAPE, name="input")']
    lines += _stem(plan)
    # Not `format`: LOOP has the braces of the program's own f-string.
    loop = LOOP.rstrip().replace("{place}", "1" if config.stride_at == "start" else "blocks")
    lines += [loop, *(_closing(plan, "head") if plan.pre else [])]
    lines += ['    x = layers.GlobalAveragePooling2D(name="head.pool")(x)']
    lines += [
        f'    x = layers.Dense(CLASSES, kernel_initializer="{config.initialiser}",'
        ' name="head.logits")(x)'
    ]
    return [
        *lines,
        *ACTIVATIONS[config.head_activation],
        f'    return keras.Model(inputs, x, name="{config.label}")',
    ]


def _stem(plan: Plan) -> Lines:
    """One convolution or three, then max-pooling where the stem strides."""
    config, width, read = plan.config, plan.config.stem_width, "inputs"
    lines: Lines = []
    bias = _trunk_bias(config)
    if config.stem == "deep":
        lines += _stem_conv(config, "conv1", f"{width // 2}, 3, 2", read)
        lines += _closing(plan, "stem", "1")
        # ResNet-C (He et al. 2019): of three 3×3, the first strides, and two have half of the
        # filters.
        lines += [f'    x = conv({width // 2}, 3, name="stem.conv2")(x)']
        lines += _closing(plan, "stem", "2")
        read = "x"
    arguments = f"{width}, 7, 2" if config.stem == "imagenet" else f"{width}, 3"
    lines += _stem_conv(config, "conv", arguments, read, bias)
    lines += _closing(plan, "stem")
    if config.stem == "cifar":
        return lines
    if config.padding == "same":
        return [*lines, '    x = layers.MaxPooling2D(3, 2, padding="same", name="stem.pool")(x)']
    return [
        *lines,
        '    x = layers.ZeroPadding2D(1, name="stem.pool.pad")(x)',
        '    x = layers.MaxPooling2D(3, 2, name="stem.pool")(x)',
    ]


def _stem_conv(config: ResNetConfig, name: str, arguments: str, read: str, bias: str = "") -> Lines:
    """A convolution of the stem, with symmetric zero padding before it where it strides."""
    _, size, *stride = arguments.split(", ")
    lines: Lines = []
    if stride and config.padding == "symmetric":
        lines += [f'    x = layers.ZeroPadding2D({int(size) // 2}, name="stem.{name}.pad")({read})']
        arguments, read = f'{arguments}, padding="valid"', "x"
    return [*lines, f'    x = conv({arguments}, {bias}name="stem.{name}")({read})']


def _closing(plan: Plan, section: str, number: str = "") -> Lines:
    lines = [f'    x = norm(name="{section}.norm{number}")(x)'] if plan.normalises else []
    return [*lines, f'    x = layers.ReLU(name="{section}.relu{number}")(x)']
