"""Rules for images: their order, the mean that is subtracted, augmentation, and the images that
choose the weights."""

from math import sqrt

from resnet.checks.facts import Facts
from resnet.checks.rule import HE_CIFAR, KERAS, NOTEBOOK, Rule, Said, short
from resnet.guards.differences import listed
from resnet.results.statistics import error_standard_error

TWO_SIGMA = 2.0
HOPELESS = 100.0
"""Where a claim is this many times too small, more images are no solution: 100² = 10,000 times as
many would be needed."""


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
        f"The {count} come in the same order in every epoch.", "Shuffle them again for each epoch."
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
        # Only with both numbers known; else the words above.
        what = f"all {both:,} training images, {facts.validation_images:,} of which validate"
    part = (
        f"the {facts.train_images:,} of the training part"
        if facts.train_images
        else "the training part"
    )
    return Said(
        f"The mean is taken over {what}, instead of {part}.", "Take it over the training part only."
    )


def _test_chooses(facts: Facts) -> Said | None:
    looks = facts.looks_at_test
    # One look at the test set, at the end, is how it is meant.
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
        f"{how}{often}: that is best-on-test, which is lower than the error on new images.",
        "Choose on validation and read test once, at the end; or call the number best-on-test.",
    )


def _augmented_evaluation(facts: Facts) -> Said | None:
    # Only training images may be augmented.
    wrong = [part for part in facts.augmented or () if part != "train"]
    if not wrong:
        return None
    return Said(
        f"Crops and flips are drawn for {listed(wrong)} images too, so their error is measured on"
        " other images each time.",
        "Augment training images only.",
    )


def _mirrored_digits(facts: Facts) -> Said | None:
    flips = facts.augmentation is not None and facts.augmentation.flip == "horizontal"
    # "digits@16" is the same data set in another size.
    if not flips or facts.dataset is None or facts.dataset.partition("@")[0] != "digits":
        return None
    return Said(
        "Half of the digits are mirrored; a mirrored 2 is not a digit.",
        "Set augmentation.flip to 'none' for digits.",
    )


def _small_validation(facts: Facts) -> Said | None:
    # Only the size of the error matters here: it gives p in √(p(1−p)/n).
    error = facts.validation_error if facts.validation_error is not None else facts.test_error
    if error is None or not facts.validation_images or not facts.claimed_difference:
        return None
    one = error_standard_error(error, facts.validation_images)
    # Var[a − b] = 2 · Var[a] for two errors on as many images, so the sd is √2 times one error's.
    detectable = TWO_SIGMA * sqrt(2) * one
    claimed = abs(facts.claimed_difference)
    if claimed >= detectable:
        return None
    way_out = f"Claim a difference of at least {detectable:.1f} points"
    if (ratio := detectable / claimed) < HOPELESS:
        # The standard error falls with √images, so a ratio r needs r² times as many images.
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
        "Evaluate the training part with fixed weights before you say anything about training"
        " error.",
    )


RULES = (
    Rule(
        key="shuffle_after_batch",
        subject="data",
        title="Shuffle after batch",
        reason=(
            "If the same few images form a batch in every epoch, the gradients vary less than with"
            " new batches."
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
            "With a fixed order, often one class after the other, the network learns the last"
            " images best."
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
            "The mean is learnt from data, so it must not be learnt from validation or test images."
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
            "The best of many looks at the test set is partly luck, and new images do not repeat"
            " the luck."
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
        title="Augmented validation or test images",
        reason="Validation and test measure the error on images as they are.",
        source=f"{HE_CIFAR}: for testing, only the single view of the original 32×32 image",
        severity="wrong",
        each=_augmented_evaluation,
    ),
    Rule(
        key="mirrored_digits",
        subject="data",
        title="Mirrored digits",
        reason="After an augmentation, the label must still be true.",
        source="recipe digits_quick of this project",
        severity="unusual",
        each=_mirrored_digits,
    ),
    Rule(
        key="small_validation",
        subject="data",
        title="Too few validation images for the claim",
        reason="An error measured on n images is uncertain by √(p(1−p)/n), for every network.",
        source="the binomial distribution; two standard errors of a difference of two such errors",
        severity="unusual",
        each=_small_validation,
    ),
    Rule(
        key="running_train_error",
        subject="data",
        title="A training error that is a running mean",
        reason=(
            "The number that `fit` prints mixes the weights of a whole epoch, augmented images and"
            " batch statistics."
        ),
        source=f"{KERAS}, FAQ: why is my training loss much higher than my testing loss?",
        severity="note",
        each=_running_error,
    ),
)
