"""Rules for several devices, and for repeatable runs."""

from resnet.checks.facts import Arms, Facts, arm_label
from resnet.checks.rule import HE_CIFAR, KERAS, Rule, Said


def images_per_statistic(facts: Facts) -> int | None:
    """The images behind each batch norm statistic."""
    if (
        facts.devices is None
        or facts.images_per_step is None
        or facts.batch_norm_statistics is None
    ):
        return None
    # Other norms use one image at a time, so devices make no difference.
    if facts.network is not None and facts.network.norm.kind != "batch":
        return None
    # Synchronised statistics are over all images of a step, as on one device.
    share = facts.devices if facts.batch_norm_statistics == "per_device" else 1
    return max(1, facts.images_per_step // max(1, share))


def _statistics_over_a_share(facts: Facts) -> Said | None:
    images = images_per_statistic(facts)
    # One device, or synchronised.
    if images is None or images == facts.images_per_step:
        return None
    return Said(
        f"On {facts.devices} devices, batch norm's statistics are over {images:,} images, not "
        f"{facts.images_per_step:,}.",
        "Set batch_norm_statistics to 'synchronised' for the whole batch, or say how many images"
        " are used.",
    )


def _shares_differ(arms: Arms) -> Said | None:
    known = {arm_label(arm): images for arm in arms if (images := images_per_statistic(arm[0]))}
    if len(set(known.values())) < 2 or any(
        arm[0].varies("batch_size", "batch_norm_statistics") for arm in arms
    ):
        return None
    numbers = "; ".join([f"{name} {images:,}" for name, images in known.items()])
    return Said(
        f"Batch norm's statistics are over different numbers of images: {numbers}.",
        "Give all arms the same batch, devices and batch_norm_statistics.",
    )


def _batch_per_device(facts: Facts) -> Said | None:
    if (
        facts.batch_counts != "per_device"
        or not facts.devices
        or facts.devices < 2
        or not facts.batch_size
    ):
        return None
    return Said(
        f"Each device takes a batch of {facts.batch_size:,}: {facts.devices} devices take"
        f" {facts.images_per_step:,} images a step.",
        "Give the whole batch, as the paper does with 128 on two GPUs, or raise the learning rate"
        " in proportion.",
    )


def _not_repeatable(facts: Facts) -> Said | None:
    # None is unknown, and True is what is wanted.
    if facts.deterministic is not False:
        return None
    seed = f" {facts.seed}" if facts.seed is not None else ""
    return Said(
        f"With deterministic off, seed{seed} does not give the same run twice.",
        "Set recipe.deterministic to true for a run that must be repeatable.",
    )


RULES = (
    Rule(
        key="statistics_over_a_share",
        subject="devices",
        title="Batch norm's statistics over a device's share",
        reason="Each device normalises by its own images, unless the statistics are synchronised.",
        source=(
            f"{KERAS}, BatchNormalization(synchronized=False); {HE_CIFAR}: 128 on two GPUs means 64"
        ),
        severity="note",
        each=_statistics_over_a_share,
    ),
    Rule(
        key="statistics_differ",
        subject="devices",
        title="Arms with statistics over different numbers of images",
        reason=(
            "Batch norm's noise regularises, and it depends on how many images a statistic is"
            " taken over."
        ),
        source="Wu and He 2018, Group Normalization, figure 1",
        severity="unfair",
        arms=_shares_differ,
    ),
    Rule(
        key="batch_per_device",
        subject="devices",
        title="A batch for each device",
        reason=(
            "The learning rate must fit the batch of one update: the images of all devices"
            " together."
        ),
        source=f"Goyal et al. 2017, section 2.1; {HE_CIFAR}",
        severity="unusual",
        each=_batch_per_device,
    ),
    Rule(
        key="not_repeatable",
        subject="devices",
        title="A run that cannot be repeated",
        reason=(
            "Sums in another order have other last digits, and training turns them into other"
            " weights."
        ),
        source="TensorFlow documentation, tf.config.experimental.enable_op_determinism",
        severity="note",
        each=_not_repeatable,
    ),
)
