"""Rules for weight decay: its effect on a weight, its part of a loss, and whether arms share it."""

from functools import lru_cache
from itertools import combinations

from resnet.checks.facts import NAMES, Arms, Facts, Meaning, arm_label
from resnet.checks.rule import HE_CIFAR, KERAS, NOTEBOOK, Rule, Said, short, times
from resnet.guards.differences import listed
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from resnet.recipes.recipe import DecayCovers
from resnet.why_loss.losses import KerasL2, expected_penalty

# He et al. 2015, section 4.2: "weight decay of 0.0001 and momentum of 0.9".
PAPER_DECAY, PAPER_MOMENTUM = 1e-4, 0.9
# Ratios of two decays: up to the first they count as equal, above the second one as unusual.
ALIKE, FAR = 1.01, 10.0
MEANS = {"l2": "l2 of the paper", "keras_l2": "Keras's l2", "decoupled": "decoupled decay"}


def gradient_decay(facts: Facts) -> float | None:
    """The equivalent λ of the paper, whose gradient is λ·w; None where it is unknown."""
    if facts.decay is None:
        return None
    if facts.decay_meaning == "decoupled":
        # A constant gradient g moves a weight by rate · g / (1 − momentum) per step in the end.
        # Decoupled decay is not multiplied by this, so the equivalent λ is decay · (1 − momentum).
        # Only for SGD. Adam divides by the size of the gradients, so the two kinds have no common
        # unit there.
        lasting = facts.optimiser == "sgd" and facts.momentum is not None
        return facts.decay * (1 - (facts.momentum or 0.0)) if lasting else None
    return in_one_unit(facts.decay, facts.decay_meaning)[0] if facts.decay_meaning else None


def in_one_unit(decay: float, meaning: Meaning) -> tuple[float, Meaning]:
    """A penalty as the paper's λ, λ/2 · Σw². Keras's l2(x) is x · Σw², so its λ is 2x. Decoupled
    decay is not a penalty and stays as it is."""
    return (2 * decay, "l2") if meaning == "keras_l2" else (decay, meaning)


def shrink_per_step(facts: Facts) -> float | None:
    """The share of a weight that decay removes at each step, at the full learning rate, once the
    momentum has settled.

    A penalty with SGD: rate·λ / (1 − momentum). Decoupled decay with any optimiser: rate·λ. A
    penalty with Adam is divided by the size of the gradients, so it has no fixed share.
    """
    if facts.decay is None or facts.learning_rate is None:
        return None
    if facts.decay_meaning == "decoupled":
        # Decoupled: w ← w − rate · decay · w, beside the optimiser's update.
        return facts.learning_rate * facts.decay
    pull = gradient_decay(facts)
    if pull is None or facts.optimiser != "sgd" or facts.momentum is None or facts.momentum >= 1:
        return None
    return facts.learning_rate * pull / (1 - facts.momentum)


# A study has many runs of few networks, and a graph takes longer to build than the rest of the
# check.
@lru_cache(maxsize=256)
def _squares_at_start(network: ResNetConfig, covers: DecayCovers) -> float:
    """E[Σw²] over the covered weights, before training."""
    return expected_penalty(build_graph(network), KerasL2(1.0, covers))


def penalty_at_start(facts: Facts) -> float | None:
    """The penalty in the loss before the first step. Where it is unknown what it covers, that of
    the convolutions alone."""
    if (
        facts.network is None
        or facts.decay is None
        or facts.decay_meaning not in ("l2", "keras_l2")
    ):
        return None
    # Keras: x · Σw². The paper: λ / 2 · Σw².
    factor = facts.decay if facts.decay_meaning == "keras_l2" else facts.decay / 2
    return factor * _squares_at_start(facts.network, facts.decay_covers or "conv_kernels")


def _loss_includes_penalty(facts: Facts) -> Said | None:
    if not facts.loss_includes_penalty:
        return None
    penalty = penalty_at_start(facts)
    amount = f" ({penalty:.3f} before the first step)" if penalty else ""
    return Said(
        f"The loss includes the L2 penalty{amount}, so it does not measure how well the network"
        " fits the data.",
        DATA_LOSS,
    )


DATA_LOSS = (
    "Compare errors, or the data loss: the loss without the penalty, which `why-loss` computes."
)


def _losses_not_comparable(arms: Arms) -> Said | None:
    holding = []
    for arm in arms:
        if any(facts.loss_includes_penalty for facts in arm):
            holding.append(arm)
    if not holding:
        return None
    networks = {arm[0].network for arm in arms}
    lambdas = {(arm[0].decay, arm[0].decay_meaning) for arm in arms}
    # One network and one λ: the penalties start equal, so the losses can be compared.
    if len(networks) == 1 and len(lambdas) == 1 and len(holding) == len(arms):
        return None
    known = {arm_label(arm): penalty for arm in holding if (penalty := penalty_at_start(arm[0]))}
    numbers = "; ".join([f"{name} {penalty:.3f}" for name, penalty in known.items()])
    amounts = f" (at the start {numbers})" if known else ""
    names = listed([arm_label(arm) for arm in holding])
    return Said(
        f"The loss of {names} includes an L2 penalty{amounts}:"
        " the curves compare penalties, not networks.",
        DATA_LOSS,
    )


def _meaning(facts: Facts) -> Said | None:
    if not facts.decay or facts.decay_meaning not in ("keras_l2", "decoupled"):
        return None
    if facts.decay_meaning == "keras_l2":
        # d/dw (x · w²) = 2 · x · w, and the paper's gradient is λ · w.
        pull = 2 * facts.decay
        what = f"Keras's l2({short(facts.decay)}) gives the gradient {short(pull)}·w"
        way_out = f"For the paper's {PAPER_DECAY:g} type l2({PAPER_DECAY / 2:g})."
    else:
        shrink, share = shrink_per_step(facts), gradient_decay(facts)
        taken = (
            f", which removes {short(shrink)} of each weight at each step at the full rate"
            if shrink
            else ""
        )
        # With Adam, or an unknown momentum, there is no value in the paper's unit.
        if share is None:
            return Said(
                f"Decoupled decay of {short(facts.decay)} is not part of the gradient{taken}.",
                STRENGTH,
            )
        what = (
            f"Decoupled decay of {short(facts.decay)} is not multiplied by momentum"
            f" {facts.momentum:g}{taken}"
        )
        pull, way_out = share, STRENGTH
    return Said(
        f"{what}: in the paper's meaning a weight decay of {short(pull)}; the paper uses"
        f" {PAPER_DECAY:g}.",
        way_out,
    )


STRENGTH = "Say which meaning is used, or use l2, whose gradient is value · w."


def _meanings_differ(arms: Arms) -> Said | None:
    known = [arm[0] for arm in arms if arm[0].decay and arm[0].decay_meaning]
    # A decay of 0 has no meaning that could differ, so such arms are not in `known`.
    if len({facts.decay_meaning for facts in known}) < 2 or _declared(known):
        return None
    shrinks = {facts.called: shrink_per_step(facts) for facts in known}
    numbers = "; ".join([f"{name} {short(value)}" for name, value in shrinks.items() if value])
    means = listed(sorted({MEANS[facts.decay_meaning] for facts in known if facts.decay_meaning}))
    amounts = f"; share of a weight removed at each step: {numbers}" if numbers else ""
    return Said(
        f"Weight decay means different things in the arms, {means}{amounts}.",
        "Use one meaning in all arms.",
    )


def _strength_differs(arms: Arms) -> Said | None:
    known = [(arm[0], pull) for arm in arms if (pull := gradient_decay(arm[0])) is not None]
    if _declared([facts for facts, _ in known]):
        return None
    for (one, weak), (two, strong) in combinations(known, 2):
        # Both in the paper's unit, so Keras's 5e-5 equals 1e-4; ALIKE allows for rounding.
        if max(weak, strong) > ALIKE * min(weak, strong):
            numbers = "; ".join([f"{facts.called} {_typed(facts)}" for facts, _ in known])
            # The notebook's case: λ changed together with the depth, so it is named as such.
            depths = {facts.network.depth for facts in (one, two) if facts.network}
            why = " with the depth" if len(depths) == 2 else " between arms"
            return Said(
                f"The weight decay λ changes{why}: {numbers}.",
                "Give all arms one weight decay, or make it the factor of the study.",
            )
    return None


def _typed(facts: Facts) -> str:
    return (
        f"l2({short(facts.decay or 0)})"
        if facts.decay_meaning == "keras_l2"
        else short(facts.decay or 0)
    )


def _declared(known: list[Facts]) -> bool:
    return any(facts.varies("weight_decay") for facts in known)


def _far_from_usual(facts: Facts) -> Said | None:
    # For Adam, other values are usual.
    if not (pull := gradient_decay(facts)) or facts.optimiser != "sgd":
        return None
    ratio = pull / PAPER_DECAY
    # Rounded, so that exactly ten times is not reported because of a last digit.
    if 1 / FAR <= round(ratio, 9) <= FAR:
        return None
    return Said(
        f"In the paper's meaning the weight decay is {short(pull)}, {times(ratio)} the paper's"
        f" {PAPER_DECAY:g}.",
        "Choose 1e-4 to 5e-4, or give a reason for another value.",
    )


def _decay_argument(facts: Facts) -> Said | None:
    if not facts.decay_argument:
        return None
    left = ""
    if facts.steps:
        # Old Keras: rate / (1 + decay · step).
        left = (
            f", to {100 / (1 + facts.decay_argument * facts.steps):.3g} % of it after"
            f" {facts.steps:,} steps"
        )
    return Said(
        f"`decay={short(facts.decay_argument)}` of old Keras lowers the learning rate{left}; it"
        " does not shrink weights, and Keras 3 ignores it with a warning.",
        "Write it as schedule.kind 'inverse_time', and give weight decay by weight_decay.value.",
    )


def _penalty_under_adam(facts: Facts) -> Said | None:
    if (
        facts.optimiser not in ("adam", "rmsprop")
        or not facts.decay
        or facts.decay_meaning == "decoupled"
    ):
        return None
    # It may be decoupled, and that would be right.
    if facts.decay_meaning is None:
        return None
    name = NAMES[facts.optimiser]
    return Said(
        f"{name} divides the gradient of the penalty {short(facts.decay)} by the size of the"
        " gradients, so each weight shrinks by a different amount.",
        "Choose optimiser 'adamw' with semantics 'decoupled', or weight_decay.value 0.",
    )


def _reaches_norms(facts: Facts) -> Said | None:
    if not facts.decay or facts.decay_meaning != "decoupled" or facts.decay_covers != "all":
        return None
    return Said(
        f"Decoupled decay of {short(facts.decay)} shrinks the scales of batch norm and the biases"
        " too.",
        "Set weight_decay.covers to 'kernels'; in Keras call exclude_from_weight_decay before"
        " build.",
    )


DECOUPLED = "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization"

RULES = (
    Rule(
        key="loss_with_penalty",
        subject="weight decay",
        title="The loss includes the penalty",
        reason=(
            "Keras adds every penalty to `loss` and `val_loss`, so a low loss may only mean a small"
            " penalty."
        ),
        source=f"{KERAS}, Layer weight regularizers",
        severity="note",
        each=_loss_includes_penalty,
    ),
    Rule(
        key="losses_not_comparable",
        subject="weight decay",
        title="Losses with penalties compared across networks",
        reason=(
            "A network with more channels, or a larger λ, has a larger penalty before training"
            " starts."
        ),
        source=f"{NOTEBOOK}; He et al. 2015, Delving Deep into Rectifiers, section 2.2, for E[Σw²]",
        severity="wrong",
        arms=_losses_not_comparable,
    ),
    Rule(
        key="decay_meaning",
        subject="weight decay",
        title="What the number means",
        reason=(
            "Libraries use the words weight decay for three things, and in each the same number has"
            " another strength."
        ),
        source=f"{KERAS}, regularizers.L2 and optimizers.SGD(weight_decay); {DECOUPLED}",
        severity="note",
        each=_meaning,
    ),
    Rule(
        key="decay_meanings_differ",
        subject="weight decay",
        title="Weight decay means different things in the arms",
        reason="Arms that shrink weights by different amounts differ in more than what is studied.",
        source=DECOUPLED,
        severity="unfair",
        arms=_meanings_differ,
    ),
    Rule(
        key="decay_changes",
        subject="weight decay",
        title="Weight decay changes between arms",
        reason=(
            "A difference between arms may then come from the weight decay instead of the network."
        ),
        source=(
            f"{NOTEBOOK}: 1e-3 at 34 layers and 1e-4 at 50; {HE_CIFAR}, keeps 1e-4 at every depth"
        ),
        severity="unfair",
        arms=_strength_differs,
    ),
    Rule(
        key="decay_far_from_usual",
        subject="weight decay",
        title="Unusual weight decay",
        reason=(
            "Too much keeps the weights so small that a network cannot fit its data; too little has"
            " no effect."
        ),
        source=f"{HE_CIFAR}: weight decay of 0.0001",
        severity="unusual",
        each=_far_from_usual,
    ),
    Rule(
        key="decay_argument",
        subject="weight decay",
        title="Old Keras's `decay` mistaken for weight decay",
        reason=("That argument divided the learning rate by 1 + decay · step; Keras 3 ignores it."),
        source=(
            f"{NOTEBOOK}; Keras 3, BaseOptimizer: `decay` is no longer supported and will be"
            " ignored"
        ),
        severity="wrong",
        each=_decay_argument,
    ),
    Rule(
        key="penalty_under_adam",
        subject="weight decay",
        title="A penalty under an adaptive optimiser",
        reason="An adaptive optimiser rescales all gradients, the gradient of the penalty too.",
        source=DECOUPLED,
        severity="note",
        each=_penalty_under_adam,
    ),
    Rule(
        key="decay_reaches_norms",
        subject="weight decay",
        title="Decoupled decay reaches batch norm and biases",
        reason=(
            "The next layer can undo smaller scales and biases, so shrinking them does not simplify"
            " the function; it only slows training."
        ),
        source=f"{KERAS}, Optimizer.exclude_from_weight_decay",
        severity="note",
        each=_reaches_norms,
    ),
)
