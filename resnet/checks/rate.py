"""Rules for learning rates and steps."""

from resnet.checks.facts import NAMES, Facts
from resnet.checks.rule import HE_CIFAR, KERAS, NOTEBOOK, Rule, Said, short, times
from resnet.guards.differences import listed
from resnet.recipes.schedule import StepsWarmup

# He et al. 2015, section 4.2: a learning rate of 0.1 at batches of 128, momentum 0.9.
USUAL_SGD, USUAL_BATCH, USUAL_MOMENTUM = 0.1, 128, 0.9
# Keras's default, for RMSprop too.
USUAL_ADAM = 1e-3
FAR = 10.0
NEVER_REACHED = 0.5
WARMUP_IS_OVER = 4000
"""Steps. The paper's warm-up takes about 400; after ten times as many, any should have ended."""

DEEP = 110


def usual_rate(facts: Facts) -> float | None:
    """The usual rate: for SGD with momentum 0.9, 0.1 at batch 128, in proportion to the batch; for
    Adam, 1e-3."""
    if facts.optimiser in ("adam", "adamw", "rmsprop"):
        return USUAL_ADAM
    if facts.optimiser != "sgd" or facts.images_per_step is None:
        return None
    momentum = USUAL_MOMENTUM if facts.momentum is None else facts.momentum
    # A constant gradient g moves weights by rate · g / (1 − momentum), so less momentum needs a
    # higher rate for the same effect.
    return USUAL_SGD * facts.images_per_step / USUAL_BATCH * (1 - momentum) / (1 - USUAL_MOMENTUM)


def _far_from_usual(facts: Facts) -> Said | None:
    usual = usual_rate(facts)
    if not usual or not facts.learning_rate:
        return None
    ratio = facts.learning_rate / usual
    # Rounded, so that exactly ten times is not reported because of a last digit.
    if 1 / FAR <= round(ratio, 9) <= FAR:
        return None
    name = NAMES[facts.optimiser or "sgd"]
    at = f" at batch {facts.images_per_step:,}" if name == "SGD" else ""
    return Said(
        f"The learning rate {short(facts.learning_rate)} is {times(ratio)} the usual one of"
        f" {name}{at}, about {short(usual)}.",
        f"Try {short(usual)}, or a few rates around it on validation.",
    )


def _warmup_never_ends(facts: Facts) -> Said | None:
    warmup = facts.warmup
    # This kind can be judged from the recipe. One that ends at an error can be judged only from a
    # log.
    if isinstance(warmup, StepsWarmup):
        if facts.steps is None or warmup.steps < facts.steps:
            return None
        return Said(
            f"The warm-up takes {warmup.steps:,} of {facts.steps:,} steps, so the full rate is"
            " hardly reached.",
            "Shorten warmup.steps to a few hundred.",
        )
    if facts.learning_rate is None or facts.highest_rate is None or not facts.steps_done:
        return None
    # A run that is shorter than the limit is judged at its end.
    long_enough = facts.steps_done >= min(WARMUP_IS_OVER, facts.steps or WARMUP_IS_OVER)
    if not long_enough or facts.highest_rate >= NEVER_REACHED * facts.learning_rate:
        return None
    return Said(
        f"The learning rate should reach {short(facts.learning_rate)}, but after"
        f" {facts.steps_done:,} steps the highest one in the log is {short(facts.highest_rate)}:"
        " the warm-up has not ended.",
        "Make sure that the rate rises after the warm-up, and log it.",
    )


def _deep_without_warmup(facts: Facts) -> Said | None:
    network = facts.network
    if (
        network is None
        or facts.warmup != "none"
        or facts.optimiser != "sgd"
        or network.stem != "cifar"
    ):
        return None
    # A lower rate needs no warm-up.
    if network.depth < DEEP or not facts.learning_rate or facts.learning_rate < USUAL_SGD:
        return None
    return Said(
        f"{network.depth} layers start at a learning rate of {short(facts.learning_rate)} without a"
        " warm-up; with 110 layers, the paper found 0.1 slightly too large to start converging.",
        "Warm up at 0.01 until the training error is below 80 %, as recipe he2015_cifar_110 does.",
    )


def _drop_after_the_end(facts: Facts) -> Said | None:
    if not facts.drops or not facts.steps:
        return None
    # Steps count from 0, so the last one is steps − 1.
    late = [drop for drop in facts.drops if drop >= facts.steps]
    if not late:
        return None
    named = listed([f"{drop:,}" for drop in late])
    return Said(
        f"The learning rate drops at step {named}, but training ends at step {facts.steps:,}.",
        "Move the drops to a half and three quarters of the run, or train longer.",
    )


def _epochs_for_steps(facts: Facts) -> Said | None:
    if facts.counts_in != "epochs" or not facts.train_images or not facts.images_per_step:
        return None
    # Keras's last batch of an epoch is shorter, so an epoch has ⌈images / batch⌉ steps there.
    per_epoch = facts.train_images / facts.images_per_step
    # Then epochs and steps say the same.
    if per_epoch.is_integer():
        return None
    spans = ""
    if facts.epochs:
        exact, whole = (
            facts.epochs * per_epoch,
            facts.epochs * -(-facts.train_images // facts.images_per_step),
        )
        spans = (
            f": {facts.epochs:g} epochs are {exact:,.0f} steps, or {whole:,.0f} where the last"
            " batch is a short one"
        )
    return Said(
        f"The schedule counts epochs, and {facts.train_images:,} images in batches of"
        f" {facts.images_per_step:,} are {per_epoch:.2f} steps{spans}.",
        "Count steps, as the paper does (32k, 48k, 64k).",
    )


def _less_than_an_epoch(facts: Facts) -> Said | None:
    if not facts.steps or not facts.images_per_step or not facts.train_images:
        return None
    seen = facts.steps * facts.images_per_step
    if seen >= facts.train_images:
        return None
    return Said(
        f"{facts.steps:,} steps of {facts.images_per_step:,} show {seen:,} of"
        f" {facts.train_images:,} training images: {100 * seen / facts.train_images:.0f} % of an"
        " epoch.",
        f"Give at least {-(-facts.train_images // facts.images_per_step):,} steps; check"
        " that you did not mean epochs.",
    )


def _not_a_number(facts: Facts) -> Said | None:
    if not facts.not_a_number:
        return None
    where = f" by step {facts.steps_done:,}" if facts.steps_done else ""
    return Said(
        f"A loss or a weight was no longer a number{where}; records after that mean nothing.",
        "Lower the learning rate, or compute in float32; leave this run out, and say so.",
    )


GOYAL = "Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.1"

RULES = (
    Rule(
        key="rate_far_from_usual",
        subject="learning rate",
        title="Unusual learning rate for this optimiser",
        reason=(
            "With a rate that is too low little is learnt; with one that is too high training does"
            " not converge."
        ),
        source=(
            f"{HE_CIFAR}: 0.1; {GOYAL}, in proportion to the batch; {KERAS}, Adam: 0.001;"
            f" {NOTEBOOK}: 1e-4 for SGD"
        ),
        severity="unusual",
        each=_far_from_usual,
    ),
    Rule(
        key="warmup_never_ends",
        subject="learning rate",
        title="A warm-up that never ends",
        reason=(
            "A warm-up must end: two public repositories trained ResNet-110 at a tenth of the rate,"
            " without a message."
        ),
        source=(
            f"{HE_CIFAR}: about 400 iterations, then back to 0.1; training notes of this project"
        ),
        severity="wrong",
        each=_warmup_never_ends,
    ),
    Rule(
        key="deep_without_warmup",
        subject="learning rate",
        title="A very deep network without a warm-up",
        reason="A new network of 110 layers does not start to converge well at the full rate.",
        source=HE_CIFAR,
        severity="note",
        each=_deep_without_warmup,
    ),
    Rule(
        key="drop_after_the_end",
        subject="learning rate",
        title="The schedule goes on after the end",
        reason=(
            "Without the drop, the error stays that of the high learning rate, several points above"
            " the final one."
        ),
        source=f"{HE_CIFAR}: drops at 32k and 48k of 64k",
        severity="wrong",
        each=_drop_after_the_end,
    ),
    Rule(
        key="epochs_for_steps",
        subject="steps",
        title="Epochs where the paper counts steps",
        reason=(
            "An epoch is not a whole number of steps, so a schedule in epochs drifts from the one"
            " in steps."
        ),
        source=f"{HE_CIFAR}: 32k, 48k and 64k iterations",
        severity="unusual",
        each=_epochs_for_steps,
    ),
    Rule(
        key="less_than_an_epoch",
        subject="steps",
        title="Fewer steps than one epoch",
        reason="Most images are never seen, so only the start of a training is measured.",
        source=f"{HE_CIFAR}: 64k steps of 128 are 182 epochs of 45k images",
        severity="unusual",
        each=_less_than_an_epoch,
    ),
    Rule(
        key="not_a_number",
        subject="steps",
        title="Training became not-a-number",
        reason=(
            "A callback that stops a broken training stops it as if it had succeeded, so its"
            " numbers look valid."
        ),
        source=f"{KERAS}, TerminateOnNaN",
        severity="wrong",
        each=_not_a_number,
    ),
)
