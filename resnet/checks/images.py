"""The images: in which order, centred by what, changed where, and which of them choose."""

from math import sqrt

from resnet.checks.facts import Facts
from resnet.checks.rule import HE_CIFAR, KERAS, NOTEBOOK, Rule, Said, short
from resnet.guards.differences import listed
from resnet.results.statistics import error_standard_error

TWO_SIGMA = 2.0
HOPELESS = 100.0
"""Times too small. To see such a difference would take ten thousand times the images."""


def _shuffle_after_batch(facts: Facts) -> Said | None:
    if facts.shuffle != "after_batch":
        return None
    size = f" of {facts.batch_size:,}" if facts.batch_size else ""
    return Said(
        f"`shuffle` comes after `batch`: whole batches change places, and the same images{size}"
        " stay together in every epoch.",
        "Shuffle first, then batch, with a buffer as large as the data set.",
    )


def _never_shuffled(facts: Facts) -> Said | None:
    if facts.shuffle != "never":
        return None
    count = f"{facts.train_images:,} images" if facts.train_images else "images"
    return Said(
        f"The {count} come in the same order in every epoch.", "Shuffle them anew for each epoch."
    )


def _mean_of_wrong_images(facts: Facts) -> Said | None:
    if facts.mean_of is None or facts.mean_of == "training_part":
        return None
    what = {
        "training_and_validation": "training and validation images together",
        "test": "the test images",
        "everything": "all images, test included",
    }[facts.mean_of]
    if (
        facts.mean_of == "training_and_validation"
        and facts.train_images
        and facts.validation_images
    ):
        both = facts.train_images + facts.validation_images
        what = f"all {both:,} training images, {facts.validation_images:,} of which validate"
    part = (
        f"the {facts.train_images:,} of the training part"
        if facts.train_images
        else "the training part"
    )
    return Said(
        f"The mean is that of {what}, instead of {part}.", "Take it from the training part alone."
    )


def _test_chooses(facts: Facts) -> Said | None:
    looks = facts.looks_at_test
    if facts.chosen_on != "test" and (looks is None or looks <= 1):
        return None
    how = (
        "Test images choose which weights are reported"
        if facts.chosen_on == "test"
        else "Test was read"
    )
    often = f", the best of {looks:,} looks" if facts.chosen_on == "test" and looks else ""
    often = f" {looks:,} times" if facts.chosen_on != "test" else often
    return Said(
        f"{how}{often}: that is best-on-test, which is lower than what new images would give.",
        "Choose on validation and read test once, at the end; or call the number best-on-test.",
    )


def _augmented_evaluation(facts: Facts) -> Said | None:
    wrong = [part for part in facts.augmented or () if part != "train"]
    if not wrong:
        return None
    return Said(
        f"Crops and flips are drawn for {listed(wrong)} images too, so their error is that of other"
        " images each time.",
        "Augment training images only.",
    )


def _mirrored_digits(facts: Facts) -> Said | None:
    flips = facts.augmentation is not None and facts.augmentation.flip == "horizontal"
    if not flips or facts.dataset is None or facts.dataset.partition("@")[0] != "digits":
        return None
    return Said(
        "Half of the digits are mirrored; a mirrored 2 is no digit.",
        "Set augmentation.flip to 'none' for digits.",
    )


def _small_validation(facts: Facts) -> Said | None:
    error = facts.validation_error if facts.validation_error is not None else facts.test_error
    if error is None or not facts.validation_images or not facts.claimed_difference:
        return None
    one = error_standard_error(error, facts.validation_images)
    detectable = TWO_SIGMA * sqrt(2) * one
    claimed = abs(facts.claimed_difference)
    if claimed >= detectable:
        return None
    way_out = f"Claim a difference of at least {detectable:.1f} points"
    if (ratio := detectable / claimed) < HOPELESS:
        way_out += f", or validate on about {facts.validation_images * ratio**2:,.0f} images"
    return Said(
        f"{facts.validation_images:,} validation images near {error:.2f} % have a standard error of"
        f" {one:.2f} points, so a difference of {short(claimed)} cannot be told from chance.",
        f"{way_out}.",
    )


def _running_error(facts: Facts) -> Said | None:
    if facts.train_error is None or facts.train_error_is != "running":
        return None
    return Said(
        f"The training error of {facts.train_error:.2f} % is a running mean over batches in"
        " training mode, taken while the weights changed.",
        "Evaluate the training part cleanly before saying anything about training error.",
    )


RULES = (
    Rule(
        key="shuffle_after_batch",
        subject="data",
        title="Shuffle after batch",
        reason=(
            "Gradients of the same few images together, epoch after epoch, are less varied than"
            " fresh batches."
        ),
        source=f"TensorFlow documentation, tf.data.Dataset.shuffle; {NOTEBOOK}",
        severity="wrong",
        each=_shuffle_after_batch,
    ),
    Rule(
        key="never_shuffled",
        subject="data",
        title="Never shuffled",
        reason=(
            "An order that never changes, often one class after the other, teaches the last images"
            " best."
        ),
        source="TensorFlow documentation, tf.data.Dataset.shuffle",
        severity="wrong",
        each=_never_shuffled,
    ),
    Rule(
        key="mean_of_wrong_images",
        subject="data",
        title="The mean of the wrong images",
        reason=(
            "What is subtracted is learnt from data, and must not be learnt from images that judge."
        ),
        source=f"{HE_CIFAR}: per-pixel mean subtracted, 45k of 50k to train on",
        severity="wrong",
        each=_mean_of_wrong_images,
    ),
    Rule(
        key="test_chooses",
        subject="data",
        title="Test used for choosing",
        reason=(
            "The best of many looks at the test set is partly luck, and the luck does not come"
            " along."
        ),
        source=(
            "akamaster/pytorch_resnet_cifar10, README: best epoch on the test set; Recht et al."
            " 2019"
        ),
        severity="wrong",
        each=_test_chooses,
    ),
    Rule(
        key="augmented_evaluation",
        subject="data",
        title="Augmentation of images that judge",
        reason="Validation and test ask how well the network does on images as they are.",
        source=f"{HE_CIFAR}: for testing, only the single view of the original 32×32 image",
        severity="wrong",
        each=_augmented_evaluation,
    ),
    Rule(
        key="mirrored_digits",
        subject="data",
        title="Mirrored digits",
        reason="An augmentation is to keep the label true.",
        source="recipe digits_quick of this project",
        severity="unusual",
        each=_mirrored_digits,
    ),
    Rule(
        key="small_validation",
        subject="data",
        title="Too few validation images for the claim",
        reason="An error measured on n images is uncertain by √(p(1−p)/n), whatever the network.",
        source="the binomial distribution; two standard errors of a difference of two such errors",
        severity="unusual",
        each=_small_validation,
    ),
    Rule(
        key="running_train_error",
        subject="data",
        title="A training error that is a running mean",
        reason=(
            "What `fit` prints mixes the weights of a whole epoch, augmented images and batch"
            " statistics."
        ),
        source=f"{KERAS}, FAQ: why is my training loss much higher than my testing loss?",
        severity="note",
        each=_running_error,
    ),
)
