"""Recipes as data: each with its source, its command, its time and its expected result. No
TensorFlow here.

Each has a quick copy: the same kind of training in twenty steps on digits. It shows in seconds that
everything works.
"""

from dataclasses import dataclass, replace

from resnet.data import FOLDER_PREFIX, DatasetFacts
from resnet.errors import UnknownNameError
from resnet.network.catalog import HE_2015, NOTEBOOK
from resnet.recipes.recipe import (
    AdamConfig,
    AugmentationConfig,
    Recipe,
    WeightDecayConfig,
    with_steps,
)
from resnet.recipes.schedule import (
    CosineSchedule,
    ErrorWarmup,
    InverseTimeSchedule,
    StepsSchedule,
    StepsWarmup,
)

QUICK_STEPS = 20
QUICK_NETWORK = "resnet8"
QUICK_DATASET = "digits"


@dataclass(frozen=True, slots=True)
class Entry:
    """A published or tested recipe. `network` is the catalogue's name of the network it was written
    for.

    `expected_time` says where it was not measured with this program. The expected result is then
    that of the source.
    """

    name: str
    recipe: Recipe
    dataset: str
    network: str
    source: str
    expected_time: str
    expected_result: str

    @property
    def command(self) -> str:
        """The command that trains with exactly this recipe."""
        return f"python -m resnet train {self.network} --data {self.dataset} --recipe {self.name}"

    @property
    def quick(self) -> Recipe:
        """A copy that trains in seconds: same optimiser, kind of schedule, warm-up, decay and
        precision, for few and small images.

        It fits the digits data set.
        """
        short = with_steps(self.recipe, QUICK_STEPS)
        changes = {
            "batch_size": 32,
            "validation_images": 100,
            "evaluate_every": QUICK_STEPS // 2,
            "checkpoint_every": QUICK_STEPS // 2,
            "log_every": QUICK_STEPS // 4,
            "augmentation": short.augmentation.model_copy(
                update={"pad": min(1, short.augmentation.pad)}
            ),
        }
        return Recipe.model_validate(short.model_dump() | changes)

    @property
    def quick_command(self) -> str:
        return (
            f"python -m resnet train {QUICK_NETWORK} --data {QUICK_DATASET} --recipe {self.name}"
            " --quick"
        )


def names() -> tuple[str, ...]:
    """Every recipe, the shortest first."""
    return tuple(_ENTRIES)


def get(name: str) -> Entry:
    """The recipe of this name. Raises UnknownNameError with the nearest one."""
    if name not in _ENTRIES:
        raise UnknownNameError("recipe", name, _ENTRIES)
    return _ENTRIES[name]


def default_for(dataset: str) -> Entry:
    """The recipe to begin with on this data set; the size in its name does not matter. Raises
    UnknownNameError."""
    if dataset.startswith(FOLDER_PREFIX):
        return _FASHION_QUICK
    name = dataset.partition("@")[0]
    if name not in _DEFAULTS:
        raise UnknownNameError("data set", dataset, _DEFAULTS)
    return get(_DEFAULTS[name])


def default_recipe(dataset: str) -> Recipe:
    """The recipe alone, without its source and expectations. Raises UnknownNameError."""
    return default_for(dataset).recipe


def begin_with(facts: DatasetFacts) -> Recipe:
    """The default recipe. For a folder of images, its validation part, batch size and crop are made
    to fit the number and size of the images.

    A batch has at most half of the training images, since the number of broken files is not known
    yet.
    """
    recipe = default_recipe(facts.name)
    if not facts.name.startswith(FOLDER_PREFIX):
        return recipe
    validation = min(recipe.validation_images, max(facts.classes, facts.train_images // 5))
    changes = {
        "validation_images": validation,
        "batch_size": max(1, min(recipe.batch_size, (facts.train_images - validation) // 2)),
        "augmentation": (
            recipe.augmentation.model_dump()
            | {"pad": min(recipe.augmentation.pad, min(facts.image_shape[:2]) - 1)}
        ),
    }
    return Recipe.model_validate(recipe.model_dump() | changes)


_DIGITS_QUICK = Entry(
    name="digits_quick",
    recipe=Recipe(
        schedule=CosineSchedule(learning_rate=0.05, steps=500),
        warmup=StepsWarmup(steps=50),
        weight_decay=WeightDecayConfig(value=5e-4),
        steps=500,
        batch_size=64,
        augmentation=AugmentationConfig(pad=1),  # no flip: a mirrored digit is not a digit
        validation_images=300,
        evaluate_every=25,
        checkpoint_every=100,
        log_every=10,
    ),
    dataset="digits",
    network="resnet20",
    source="this project: something to see while one waits, without a download",
    expected_time=(
        "1 m on two CPU cores that others used too (ResNet-56: 2 m 30 s), TensorFlow's start"
        " included"
    ),
    expected_result=(
        "best validation error 1.33 %, test error 4.04 %, with seed 0 (ResNet-56: 2.67 and 7.07 %)"
    ),
)

_FASHION_QUICK = Entry(
    name="fashion_quick",
    recipe=Recipe(
        schedule=CosineSchedule(learning_rate=0.1, steps=4000),
        warmup=StepsWarmup(steps=200),
        steps=4000,
        augmentation=AugmentationConfig(pad=2, flip="horizontal"),
        validation_images=5000,
        evaluate_every=400,
        checkpoint_every=400,
        log_every=20,
    ),
    dataset="fashion_mnist",
    network="resnet20",
    source="this project: the paper's section 4.2 cut to 4,000 steps, with a cosine for its steps",
    expected_time="not measured here to its end; 512,000 images, 20 minutes at 430 images a second",
    expected_result="not measured here",
)

_HE2015_CIFAR = Entry(
    name="he2015_cifar",
    recipe=Recipe(
        schedule=StepsSchedule(learning_rate=0.1, drops=(32_000, 48_000)),
        steps=64_000,
        augmentation=AugmentationConfig(pad=4, flip="horizontal"),
        validation_images=5000,
        evaluate_every=1000,
        checkpoint_every=1000,
        log_every=100,
    ),
    dataset="cifar10",
    network="resnet20",
    source=f"{HE_2015}, section 4.2, to the step",
    expected_time=(
        "not measured here to its end; 8.2 million images, 4.6 hours at 500 images a second"
    ),
    expected_result=(
        "test error 8.75 % with resnet20, 7.51 % with resnet32, 7.17 % with resnet44, 6.97 % with"
        " resnet56, says the paper's Table 6; not measured here"
    ),
)

_HE2015_CIFAR_110 = replace(
    _HE2015_CIFAR,
    name="he2015_cifar_110",
    recipe=_HE2015_CIFAR.recipe.model_copy(
        update={"warmup": ErrorWarmup(learning_rate=0.01, error=80.0)}
    ),
    network="resnet110",
    source=(
        f"{HE_2015}, section 4.2: 0.01 until the training error is below 80 %, about 400 steps,"
        " then back to 0.1"
    ),
    expected_time=(
        "not measured here to its end; 8.2 million images, 23 hours at 100 images a second"
    ),
    expected_result=(
        "test error 6.43 % at best, 6.61 ± 0.16 % over five runs, says the paper's Table 6; not"
        " measured here"
    ),
)

# The notebook: 50 epochs of 18,610 images in batches of 16. Keras counts 50 × 1,164 updates, the
# last of each epoch with 2 images; here every batch is full.
# It validated on 4,652 images. These are the test part here, so 1,000 of the 18,610 are held out
# for validation.
# Keras's l2(1e-3) adds 1e-3 · Σw², and `value` is halved in the loss, so it is 2e-3 here.
# Keras's old `decay=1e-5` lowers the learning rate over time; it is not weight decay.
_BINARY_ABLATION_SGD = Entry(
    name="binary_ablation_sgd",
    recipe=Recipe(
        schedule=InverseTimeSchedule(learning_rate=1e-4, decay=1e-5),
        weight_decay=WeightDecayConfig(value=2e-3, covers="conv_kernels"),
        steps=50 * 1164,
        batch_size=16,
        input_normalisation="scale",
        validation_images=1000,
        evaluate_every=1164,
        checkpoint_every=1164,
        log_every=97,
    ),
    dataset="cats_vs_dogs",
    network="binary_resnet34",
    source=(
        f"{NOTEBOOK}; its images were 224×224, and its 50-layer networks had a tenth of the"
        " penalty: --recipe-set weight_decay.value=2e-4"
    ),
    expected_time=(
        "not measured here; the notebook's printed steps add up to 1.1 hours on its machine"
    ),
    expected_result=(
        "test error after 50 epochs 16.72 % with binary_resnet34, 17.41 % with binary_plain34,"
        " 29.89 % with binary_resnet50, as the notebook printed them at 224×224; not measured here"
    ),
)

_BINARY_ABLATION_ADAM = replace(
    _BINARY_ABLATION_SGD,
    name="binary_ablation_adam",
    recipe=_BINARY_ABLATION_SGD.recipe.model_copy(update={"optimiser": AdamConfig()}),
    expected_time="not measured here",
    expected_result="not measured here, and no curve of it is at hand",
)

_ENTRIES = {
    entry.name: entry
    for entry in (
        _DIGITS_QUICK,
        _FASHION_QUICK,
        _HE2015_CIFAR,
        _HE2015_CIFAR_110,
        _BINARY_ABLATION_SGD,
        _BINARY_ABLATION_ADAM,
    )
}

_DEFAULTS = {
    "digits": "digits_quick",
    "fashion_mnist": "fashion_quick",
    "cifar10": "he2015_cifar",
    "cifar100": "he2015_cifar",
    "cats_vs_dogs": "binary_ablation_sgd",
}
