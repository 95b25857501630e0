"""Rules for networks: whether they fit the images, the settings of batch norm, and whether plain
and residual arms differ only in their shortcuts."""

from functools import lru_cache
from itertools import combinations
from math import ceil

from resnet.checks.facts import Arms, Facts, arm_label
from resnet.checks.rule import HE_CIFAR, HE_IMAGENET, KERAS, NOTEBOOK, Rule, Said
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from resnet.network.metrics import measure

# Pixels: an ImageNet stem is questioned up to the first, a CIFAR stem from the second one on.
SMALL_SIDE, LARGE_SIDE = 64, 112
# PyTorch's usual 0.1 read as Keras's momentum; Keras's values are near 1.
WRONG_WAY_ROUND = 0.5
# The share of the initial values that may be left in the averages.
UNSETTLED = 0.05
HALF_BREAKS_FROM = 56


def _wrong_family(facts: Facts) -> Said | None:
    if facts.network is None:
        return None
    # The shorter side, since it shrinks to nothing first.
    side = min((facts.image_shape or facts.network.input_shape)[:2])
    if facts.network.stem != "cifar" and side <= SMALL_SIDE:
        left = ceil(ceil(side / 2) / 2)  # the convolution halves the map, then the pool
        return Said(
            f"An ImageNet stem, 7×7/2 and a pool, leaves maps of {left}×{left} of images"
            f" {side}×{side} before the first block.",
            "Choose stem 'cifar', or larger images.",
        )
    if facts.network.stem == "cifar" and side >= LARGE_SIDE:
        return Said(
            f"A CIFAR stem keeps maps of {side}×{side} through the first stage,"
            f" {(side / 32) ** 2:.4g} times the work of 32×32.",
            "Choose stem 'imagenet', or smaller images.",
        )
    return None


def _momentum_wrong_way_round(facts: Facts) -> Said | None:
    momentum = facts.moving_momentum
    if momentum is None or momentum > WRONG_WAY_ROUND:
        return None
    return Said(
        f"Batch norm's momentum is {momentum:g}, so each step keeps {100 * momentum:g} % of the"
        f" moving averages: they follow only the last {1 / (1 - momentum):.2g} batches.",
        f"PyTorch's {momentum:g} is Keras's {1 - momentum:g}: set norm.momentum to that.",
    )


def _averages_unsettled(facts: Facts) -> Said | None:
    momentum, steps = facts.moving_momentum, facts.steps_done or facts.steps
    if momentum is None or not steps or (left := momentum**steps) < UNSETTLED:
        return None
    # average ← momentum · average + (1 − momentum) · batch: the initial value shrinks by
    # momentum^n.
    return Said(
        f"After {steps:,} steps at batch norm momentum {momentum:g}, the moving averages still"
        f" consist to {100 * left:.0f} % of their initial values.",
        "Train longer, lower norm.momentum, or look at the test error with exact statistics.",
    )


def _first_stage_strides(facts: Facts) -> Said | None:
    strides = facts.stage_strides
    if not strides or strides[0] == 1:
        return None
    return Said(
        f"Stage 1 has stride {strides[0]}, so its maps have 1/{strides[0] ** 2} of the area of the"
        " paper's.",
        "Set stages.0.stride to 1.",
    )


def _strides_differ(arms: Arms) -> Said | None:
    for one, two in combinations([arm[0] for arm in arms], 2):
        first, second = one.stage_strides, two.stage_strides
        if (
            not first
            or not second
            or len(first) != len(second)
            or one.varies("stages")
            or two.varies("stages")
        ):
            continue
        # Different stems are for images of different sizes, and their strides follow from that.
        if one.network and two.network and one.network.stem != two.network.stem:
            continue
        for stage, (fine, coarse) in enumerate(zip(first, second, strict=True), 1):
            if fine != coarse:
                return _strides_problem(one, two, stage, (fine, coarse))
    return None


def _strides_problem(one: Facts, two: Facts, stage: int, strides: tuple[int, int]) -> Said:
    # The smaller stride first: it gives the larger maps.
    (fine, first), (coarse, second) = sorted(
        zip(strides, (one, two), strict=True), key=lambda pair: pair[0]
    )
    twins = _twins(one, two)
    return Said(
        f"{'The twins' if twins else 'Arms'} have different strides: in stage {stage}"
        f" {second.called} has {coarse} and {first.called} {fine}, so the maps of"
        f" {first.called} are {(coarse / fine) ** 2:.3g} times as large from there on.",
        "Give both the same strides: derive the plain twin by removing shortcuts, as `twin` does.",
    )


def _twins(one: Facts, two: Facts) -> bool:
    """Whether one is plain and the other residual, with the same depth and kind of block."""
    if one.network is None or two.network is None:
        return False
    # Depth counts no projections, so twins have equal depths.
    same = (one.network.depth, one.network.block) == (two.network.depth, two.network.block)
    return same and (one.network.shortcut == "none") != (two.network.shortcut == "none")


@lru_cache(maxsize=256)
def _parameters(network: ResNetConfig) -> int:
    return measure(build_graph(network)).trainable_params


def _parity(arms: Arms) -> Said | None:
    for one, two in combinations([arm[0] for arm in arms], 2):
        if not _twins(one, two) or one.network is None or two.network is None:
            continue
        # False comes before True, so the plain network is first.
        plain, residual = sorted(
            (one.network, two.network), key=lambda network: network.shortcut != "none"
        )
        extra = _parameters(residual) - _parameters(plain)
        # Extra parameters without projections have another cause, which is not this rule's.
        if extra and residual.shortcut in ("projection", "projection_always"):
            option = "B" if residual.shortcut == "projection" else "C"
            names = (one.called, two.called) if two.network is plain else (two.called, one.called)
            return Said(
                f"Option {option} gives {names[0]} {extra:,} parameters that its plain twin"
                f" {names[1]} does not have.",
                "Choose shortcut 'padded_identity', option A, which adds no parameters.",
            )
    return None


def _half_precision(facts: Facts) -> Said | None:
    network = facts.network
    if network is None or facts.precision != "mixed_float16" or network.shortcut != "none":
        return None
    # The depth comes from the training notes of this project.
    if network.depth < HALF_BREAKS_FROM:
        return None
    return Said(
        f"A plain network of {network.depth} layers can become not-a-number in float16, whose"
        " largest number is 65,504.",
        "Choose precision 'float32' or 'mixed_bfloat16', in every arm.",
    )


def _precision_differs(arms: Arms) -> Said | None:
    known = {arm_label(arm): arm[0].precision for arm in arms if arm[0].precision}
    if len(set(known.values())) < 2 or any(arm[0].varies("precision") for arm in arms):
        return None
    numbers = "; ".join([f"{name} {precision}" for name, precision in known.items()])
    return Said(
        f"The arms compute in different precision: {numbers}.", "Give all arms one precision."
    )


RULES = (
    Rule(
        key="wrong_family",
        subject="network",
        title="A network for images of another size",
        reason="The stem decides how large the maps are that the first block works on.",
        source=(
            f"{HE_CIFAR}: a 3×3 first layer for 32×32; {HE_IMAGENET}: 7×7/2 and a pool for 224×224"
        ),
        severity="unusual",
        each=_wrong_family,
    ),
    Rule(
        key="norm_momentum_wrong_way_round",
        subject="batch norm",
        title="Batch norm's momentum as PyTorch counts it",
        reason="In Keras, momentum is the share of the old average; in PyTorch, of the new batch.",
        source=f"{KERAS}, BatchNormalization; PyTorch documentation, BatchNorm2d",
        severity="wrong",
        each=_momentum_wrong_way_round,
    ),
    Rule(
        key="norm_averages_unsettled",
        subject="batch norm",
        title="Moving averages that have not settled",
        reason=(
            "Testing uses moving averages; at each step the part of their initial value is"
            " multiplied by the momentum."
        ),
        source=f"{KERAS}, BatchNormalization; Ioffe and Szegedy 2015, Algorithm 2",
        severity="note",
        each=_averages_unsettled,
    ),
    Rule(
        key="first_stage_strides",
        subject="network",
        title="The first stage has a stride",
        reason=(
            "The paper keeps the map's size in the first stage; a stride there makes another,"
            " cheaper network."
        ),
        source=f"{HE_IMAGENET}; {NOTEBOOK}, whose ResNet-50 does",
        severity="unusual",
        each=_first_stage_strides,
    ),
    Rule(
        key="strides_differ",
        subject="network",
        title="Arms with different strides",
        reason=(
            "Larger maps mean more work and finer features, and neither is an effect of shortcuts."
        ),
        source=f"{NOTEBOOK}: ResNet-50 strides in stage 1, Plain-50 does not",
        severity="unfair",
        arms=_strides_differ,
    ),
    Rule(
        key="projections_break_parity",
        subject="network",
        title="Projections give the residual network more parameters",
        reason="Projection shortcuts have weights, so the residual network is also the larger one.",
        source=(
            f"{HE_CIFAR}: identity shortcuts in all cases, so that both have exactly the same"
            " parameters"
        ),
        severity="unfair",
        arms=_parity,
    ),
    Rule(
        key="plain_deep_in_float16",
        subject="network",
        title="A deep plain network in float16",
        reason=(
            "Without shortcuts, the responses and gradients of a deep network can leave the narrow"
            " range of float16."
        ),
        source="Micikevicius et al. 2018, Mixed Precision Training; training notes of this project",
        severity="unusual",
        each=_half_precision,
    ),
    Rule(
        key="precision_differs",
        subject="comparison",
        title="Arms in different precision",
        reason="Precision is a factor of the experiment: it can cost accuracy, or end a training.",
        source="Micikevicius et al. 2018, Mixed Precision Training",
        severity="unfair",
        arms=_precision_differs,
    ),
)
