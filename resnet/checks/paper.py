"""Section 4.2 of He et al. 2015 as a list of points: for each the expected and the actual value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from resnet.checks.rule import HE_CIFAR, short
from resnet.data import DatasetFacts
from resnet.network.config import NORM_NAMES, ResNetConfig
from resnet.recipes.recipe import Recipe, SgdConfig
from resnet.recipes.schedule import ErrorWarmup, StepsSchedule

Verdict = Literal["met", "differs", "unknown"]
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# n = 18 is ResNet-110, the network for which the paper warms up.
DEEP_N = 18
TRAIN_IMAGES, VALIDATION_IMAGES = 45_000, 5_000


class Asked(NamedTuple):
    """What is compared with the paper; None where unknown."""

    network: ResNetConfig | None
    recipe: Recipe | None
    dataset: DatasetFacts | None


class PaperPoint(NamedTuple):
    """One statement of the paper, and the actual value `found`; empty where unknown."""

    key: str
    expected: str
    found: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Conformity:
    """Every point of the paper's section 4.2, in its order."""

    points: tuple[PaperPoint, ...]
    source: str = HE_CIFAR

    def of(self, verdict: Verdict) -> tuple[PaperPoint, ...]:
        """The points with this verdict."""
        return tuple([point for point in self.points if point.verdict == verdict])

    @property
    def sentence(self) -> str:
        """Follows He et al. 2015 in 17 of 19 points; these two differ: …"""
        differing, unknown = self.of("differs"), len(self.of("unknown"))
        known = len(self.points) - unknown
        text = f"Follows He et al. 2015 in {known - len(differing)} of {known} points"
        if differing:
            which = (
                "this one differs"
                if len(differing) == 1
                else f"these {_word(len(differing))} differ"
            )
            contrasts = [f"{each.key} ({each.found}, not {each.expected})" for each in differing]
            text += f"; {which}: {'; '.join(contrasts)}"
        if unknown:
            text += f"; {_word(unknown)} more cannot be known from this"
        return f"{text}."


def _word(number: int) -> str:
    return WORDS[number] if number < len(WORDS) else str(number)


OfNetwork = Callable[[ResNetConfig], tuple[bool, str]]
OfRecipe = Callable[[Recipe], tuple[bool, str]]


def _depth(network: ResNetConfig) -> tuple[bool, str]:
    blocks = [stage.blocks for stage in network.stages]
    good = network.block == "basic" and len(blocks) == 3 and len(set(blocks)) == 1
    found = f"{'+'.join(map(str, blocks))} {network.block} blocks, {network.depth} layers"
    return good, f"6·{blocks[0]}+2 = {network.depth} layers" if good else found


def _filters(network: ResNetConfig) -> tuple[bool, str]:
    filters = [stage.filters for stage in network.stages]
    return filters == [16, 32, 64], ", ".join(map(str, filters))


def _maps(network: ResNetConfig) -> tuple[bool, str]:
    # An ImageNet stem halves the map twice. −(−a // b) rounds up, as padding "same" does.
    side = network.input_shape[0] if network.stem == "cifar" else -(-network.input_shape[0] // 4)
    sides = [side := -(-side // stage.stride) for stage in network.stages]
    square = network.input_shape[0] == network.input_shape[1]
    return square and sides == [32, 16, 8], ", ".join(map(str, sides))


def _stem(network: ResNetConfig) -> tuple[bool, str]:
    return network.stem == "cifar", "a 3×3" if network.stem == "cifar" else "a 7×7/2 and a pool"


def _shortcuts(network: ResNetConfig) -> tuple[bool, str]:
    names = {"none": "none, a plain network", "padded_identity": "option A"}
    names |= {"projection": "option B", "projection_always": "option C"}
    # The paper's plain networks are in section 4.2 too.
    return network.shortcut in ("none", "padded_identity"), names[network.shortcut]


def _head(network: ResNetConfig) -> tuple[bool, str]:
    good = network.classes == 10 and network.head_activation == "softmax"
    return good, f"{network.classes}-way {network.head_activation}"


def _norm(network: ResNetConfig) -> tuple[bool, str]:
    place = (
        "before the activation"
        if network.activation_order == "post"
        else "before the convolution (pre-activation)"
    )
    # Zero scales came later (Goyal et al. 2017).
    start = "" if network.norm.last_gamma == "one" else ", the last scales starting at 0"
    norm = network.norm
    good = norm.kind == "batch" and network.activation_order == "post" and norm.last_gamma == "one"
    name = NORM_NAMES[norm.kind]
    return good, name if norm.kind == "none" else f"{name} {place}{start}"


def _initialiser(network: ResNetConfig) -> tuple[bool, str]:
    return network.initialiser == "he_normal", network.initialiser.replace("_", " ").capitalize()


def _dropout(network: ResNetConfig) -> tuple[bool, str]:
    """No network of this program has dropout."""
    return True, "none"


def _optimiser(recipe: Recipe) -> tuple[bool, str]:
    if not isinstance(recipe.optimiser, SgdConfig):
        return False, recipe.optimiser.kind
    nesterov = ", Nesterov's" if recipe.optimiser.nesterov else ""
    # The paper does not mention Nesterov's momentum.
    good = recipe.optimiser.momentum == 0.9 and not recipe.optimiser.nesterov
    return good, f"SGD, momentum {recipe.optimiser.momentum:g}{nesterov}"


def _decay(recipe: Recipe) -> tuple[bool, str]:
    decay = recipe.weight_decay
    good = decay.value == 1e-4 and decay.semantics == "l2"
    return good, f"{short(decay.value)}, {decay.semantics}"


def _batch(recipe: Recipe) -> tuple[bool, str]:
    return recipe.batch_size == 128, f"{recipe.batch_size:,}"


def _rate(recipe: Recipe) -> tuple[bool, str]:
    return recipe.schedule.learning_rate == 0.1, short(recipe.schedule.learning_rate)


def _drops(recipe: Recipe) -> tuple[bool, str]:
    schedule = recipe.schedule
    if not isinstance(schedule, StepsSchedule):
        return False, f"a schedule of kind {schedule.kind}"
    drops = " and ".join([f"{drop:,}" for drop in schedule.drops])
    # As in the text of section 4.2: "divide it by 10 at 32k and 48k iterations".
    good = schedule.drops == (32_000, 48_000) and schedule.factor == 0.1
    return good, f"×{schedule.factor:g} at {drops}"


def _end(recipe: Recipe) -> tuple[bool, str]:
    return recipe.steps == 64_000, f"{recipe.steps:,}"


def _augmentation(recipe: Recipe) -> tuple[bool, str]:
    pad, flip = recipe.augmentation.pad, recipe.augmentation.flip
    words = [
        f"pad {pad} and crop" if pad else "no crop",
        "flip" if flip == "horizontal" else "no flip",
    ]
    return (pad, flip) == (4, "horizontal"), ", ".join(words)


def _normalisation(recipe: Recipe) -> tuple[bool, str]:
    kind = recipe.input_normalisation
    return kind == "per_pixel_mean", kind.replace("_", " ")


OF_NETWORK: tuple[tuple[str, str, OfNetwork], ...] = (
    ("depth", "6n+2 layers in three stages of n blocks of two 3×3", _depth),
    ("filters", "16, 32, 64", _filters),
    ("maps", "32, 16, 8", _maps),
    ("first layer", "a 3×3", _stem),
    ("shortcuts", "option A", _shortcuts),
    ("head", "10-way softmax", _head),
    ("norm", "batch norm before the activation", _norm),
    ("initialisation", "He normal", _initialiser),
    ("dropout", "none", _dropout),
)
OF_RECIPE: tuple[tuple[str, str, OfRecipe], ...] = (
    ("optimiser", "SGD, momentum 0.9", _optimiser),
    ("weight decay", "0.0001, l2", _decay),
    ("batch", "128", _batch),
    ("learning rate", "0.1", _rate),
    ("drops", "×0.1 at 32,000 and 48,000", _drops),
    ("last step", "64,000", _end),
    ("augmentation", "pad 4 and crop, flip", _augmentation),
    ("normalisation", "per pixel mean", _normalisation),
)


def _warmup(asked: Asked) -> PaperPoint:
    """0.01 until the training error is below 80 %, for 110 layers; none for fewer."""
    key, shallow = "warm-up", "none"
    if asked.recipe is None:
        return PaperPoint(key, shallow, "", "unknown")
    warmup = asked.recipe.warmup
    if warmup is None:
        found = "none"
    elif warmup.kind == "steps":
        found = f"{warmup.steps:,} steps"
    else:
        found = _of_error(warmup)
    if asked.network is None:
        return PaperPoint(key, shallow, found, "unknown")
    # In every stage, because the rule is for 6n + 2 with this n.
    deep = all(stage.blocks >= DEEP_N for stage in asked.network.stages)
    expected = _of_error(ErrorWarmup()) if deep else shallow
    return PaperPoint(key, expected, found, "met" if found == expected else "differs")


def _of_error(warmup: ErrorWarmup) -> str:
    return f"{short(warmup.learning_rate)} until {warmup.error:g} % error"


def _split(asked: Asked) -> PaperPoint:
    key, expected = "split", f"{TRAIN_IMAGES:,} / {VALIDATION_IMAGES:,} of CIFAR-10"
    if asked.recipe is None or asked.dataset is None:
        return PaperPoint(key, expected, "", "unknown")
    validation = asked.recipe.validation_images
    train = asked.dataset.train_images - validation
    # 45k/5k is the paper's split for choosing. Another data set or another split differs.
    good = (asked.dataset.name, train, validation) == ("cifar10", TRAIN_IMAGES, VALIDATION_IMAGES)
    return PaperPoint(
        key,
        expected,
        f"{train:,} / {validation:,} of {asked.dataset.title}",
        "met" if good else "differs",
    )


def follows(
    recipe: Recipe | None, network: ResNetConfig | None, dataset: DatasetFacts | None = None
) -> Conformity:
    """Compare a training with section 4.2 of He et al. 2015, point by point. Points about a None
    are unknown."""
    points = [
        _point(key, expected, look(network) if network else None)
        for key, expected, look in OF_NETWORK
    ]
    points += [
        _point(key, expected, look(recipe) if recipe else None) for key, expected, look in OF_RECIPE
    ]
    asked = Asked(network, recipe, dataset)
    return Conformity((*points, _warmup(asked), _split(asked)))


def _point(key: str, expected: str, found: tuple[bool, str] | None) -> PaperPoint:
    if found is None:
        return PaperPoint(key, expected, "", "unknown")
    good, words = found
    return PaperPoint(key, expected, words, "met" if good else "differs")
