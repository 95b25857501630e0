"""Ready studies as data: each with its question, its source, and sizes from a few minutes to days.
No I/O.

"whole" has the size of the source. "quick" asks the same question in minutes on two cores, on
digits, which need no download (the notebook's four networks need larger images). "small" trains
longer, until a result. An answer is valid only for the data set and the steps of its size.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from resnet.errors import UnknownNameError
from resnet.network.catalog import HE_2015, NOTEBOOK
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe, with_steps
from resnet.studies.plan.factors import Baseline, Factor, Listed
from resnet.studies.plan.study import Study

Size = Literal["whole", "small", "quick"]

# Three seeds are the fewest that leave two degrees of freedom for an interval.
SEEDS = (0, 1, 2)
QUICK_STEPS = 150
PAPER_DEPTHS = ("resnet20", "resnet32", "resnet44", "resnet56")


@dataclass(frozen=True, slots=True)
class Ready:
    """A study of the catalogue in several sizes; "whole" and "quick" always exist. `expected` is
    the source's result, or says that it was not measured here."""

    key: str
    title: str
    sizes: Mapping[Size, Study]
    expected: str

    @property
    def study(self) -> Study:
        """The study at the size of its source."""
        return self.sizes["whole"]

    @property
    def quick(self) -> Study:
        """The study that takes minutes."""
        return self.sizes["quick"]

    @property
    def command(self) -> str:
        """The command that writes the study to a file; --size chooses another size."""
        return f"python -m resnet study new {self.key} --ready {self.key} -o {self.key}.yaml"

    def at(self, size: str) -> Study:
        """The study at this size. Raises UnknownNameError for a size it does not have."""
        for name, study in self.sizes.items():
            if name == size:
                return study
        raise UnknownNameError(f"size of {self.key}", size, self.sizes)


def names() -> tuple[str, ...]:
    """Every ready study's key."""
    return tuple(_READY)


@cache
def get(key: str) -> Ready:
    """The ready study of this key. Raises UnknownNameError with the nearest one."""
    if key not in _READY:
        raise UnknownNameError("ready study", key, _READY)
    # Created on demand: every study is checked when it is created, which would slow down each
    # start.
    return _READY[key]()


def changed(recipe: str, steps: int | None = None, **changes: Any) -> Recipe:
    """A catalogue recipe with another number of steps and some changed fields."""
    entry = recipes.get(recipe).recipe
    shorter = with_steps(entry, steps) if steps else entry
    return Recipe.model_validate(shorter.model_dump(mode="json") | changes)


def _quick_recipe(**changes: Any) -> Recipe:
    """The digits' recipe, shortened, with three evaluations for a curve."""
    return changed(
        "digits_quick", QUICK_STEPS, **{"evaluate_every": 50, "checkpoint_every": 50, **changes}
    )


def _on_cifar(network: str = "resnet56", recipe: str = "he2015_cifar") -> Baseline:
    return Baseline(network=network, recipe=recipes.get(recipe).recipe, dataset="cifar10")


def _on_digits(network: str = "resnet20", recipe: Recipe | None = None) -> Baseline:
    return Baseline(network=network, recipe=recipe or _quick_recipe(), dataset="digits")


@dataclass(frozen=True, slots=True)
class _Words:
    key: str
    title: str
    question: str
    source: str
    expected: str


def _ready(words: _Words, whole: Mapping[str, Any], **others: Mapping[str, Any]) -> Ready:
    """`others` are the other sizes, each with only its differences from the whole study."""
    common = {"question": words.question, "source": words.source, "seeds": SEEDS}
    fields = common | {"name": words.key} | dict(whole)
    sizes: dict[Size, Study] = {"whole": Study.model_validate(fields)}
    # In one order for all studies, not in that of the keywords.
    for size in get_args(Size):
        if size in others:
            sizes[size] = Study.model_validate(
                fields | {"name": f"{words.key}_{size}"} | dict(others[size])
            )
    return Ready(words.key, words.title, sizes, words.expected)


def _factors(**levels: list[Any]) -> list[Factor]:
    """Factors by keyword, with two underscores for a dot: recipe__optimiser."""
    return [
        Factor(key=key.replace("__", "."), levels=tuple(values)) for key, values in levels.items()
    ]


def _plain_or_residual() -> Ready:
    """A grid, so that the plain network of each depth is compared with the residual one of the same
    depth."""
    words = _Words(
        "plain_or_residual",
        "Plain or residual, at several depths",
        "Does a deeper plain network train worse, and do shortcuts change that?",
        f"{HE_2015}, section 4.2 and figure 6, n = 3, 5, 7, 9",
        "Test error 8.75, 7.51, 7.17 and 6.97 % for the residual networks (Table 6); the plain ones"
        " get worse with depth, as figure 6 draws it.",
    )
    # The plain one first: it is the reference of the residual one.
    kinds = ["none", "padded_identity"]
    whole = {
        "baseline": _on_cifar("resnet20"),
        "factors": _factors(network=list(PAPER_DEPTHS), network__shortcut=kinds),
        "design": "grid",
    }
    two_depths = _factors(network=["resnet20", "resnet56"], network__shortcut=kinds)
    return _ready(
        words,
        whole,
        small={
            "baseline": _on_digits(recipe=recipes.get("digits_quick").recipe),
            "factors": two_depths,
        },
        quick={"baseline": _on_digits(), "factors": two_depths},
    )


def _shortcut() -> Ready:
    words = _Words(
        "shortcut",
        "Shortcut A, B or C",
        "What do projections bring over identities that are padded with zeros?",
        f"{HE_2015}, section 3.3 and Table 3 (there on ImageNet, with ResNet-34)",
        "On ImageNet top-1 error 25.03, 24.52 and 24.19 % for A, B and C; on CIFAR not measured"
        " here.",
    )
    # Option A is the baseline's shortcut, so only B and C are levels.
    factors = _factors(network__shortcut=["projection", "projection_always"])
    return _ready(
        words, {"baseline": _on_cifar(), "factors": factors}, quick={"baseline": _on_digits()}
    )


def _batch_norm() -> Ready:
    words = _Words(
        "batch_norm",
        "Batch norm's momentum and epsilon",
        "Do the moving averages' momentum and the variance's epsilon matter at these settings?",
        f"{NOTEBOOK}: 0.9 and 1e-5 there; Keras's own are 0.99 and 1e-3",
        "Not measured here; at 0.99 the averages of the first steps last longer, so early"
        " evaluations are worse.",
    )
    # The baseline has the notebook's 0.9 and 1e-5. The first level is Keras's default, the second
    # one is far away on purpose.
    factors = _factors(network__norm__momentum=[0.99, 0.5], network__norm__epsilon=[1e-3, 1e-2])
    return _ready(
        words,
        {"baseline": _on_cifar("resnet20"), "factors": factors},
        quick={"baseline": _on_digits()},
    )


def _norm_kind() -> Ready:
    words = _Words(
        "norm_kind",
        "Kinds of normalisation",
        "What does a residual network lose with another norm than batch norm, or with none?",
        "Wu and He 2018, Group Normalization (there on ImageNet); Ba et al. 2016, Layer"
        " Normalization. Their layer norm averages over height, width and channels, kind"
        " 'layer_hwc'; kind 'layer' averages over channels alone",
        "On ImageNet with ResNet-50 and 32 images per GPU, group norm 0.5 points behind batch norm;"
        " here not measured. Without a norm the recipe's learning rate may be too high: the run"
        " then fails, and that is its result.",
    )
    factors = _factors(network__norm__kind=["group", "layer_hwc", "none"])
    return _ready(
        words,
        {"baseline": _on_cifar("resnet20"), "factors": factors},
        quick={"baseline": _on_digits()},
    )


def _optimiser() -> Ready:
    """Two declared factors, since no learning rate is good for both. So this compares two settings,
    not two methods."""
    words = _Words(
        "optimiser",
        "SGD or Adam",
        "Which of two settings trains better: SGD at the recipe's learning rate, or Adam at 0.001?",
        f"{NOTEBOOK} compared SGD and Adam at one learning rate, which says little; here each has a"
        " usual one",
        "Not measured here, and true at these settings only: one learning rate each is no search.",
    )
    # A list and not a grid: the other two combinations, such as Adam at 0.1, would answer another
    # question.
    settings = {"recipe.optimiser": {"kind": "adam"}, "recipe.schedule.learning_rate": 0.001}
    whole = {
        "baseline": _on_cifar("resnet20"),
        "factors": [Factor(key=key) for key in settings],
        "design": "list",
        "listed": [Listed(), Listed(name="Adam at 0.001", settings=settings)],
    }
    return _ready(words, whole, quick={"baseline": _on_digits()})


def _weight_decay() -> Ready:
    words = _Words(
        "weight_decay",
        "Weight decay: in the gradient or decoupled",
        "Does it matter whether weights are shrunk through the loss or beside the update?",
        "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization",
        "Not measured here. At momentum 0.9, decoupled decay of the same value shrinks weights"
        " about a tenth as much.",
    )
    factors = _factors(recipe__weight_decay__semantics=["decoupled"])
    return _ready(
        words,
        {"baseline": _on_cifar("resnet20"), "factors": factors},
        quick={"baseline": _on_digits()},
    )


def _notebook() -> Ready:
    """One λ for all, unlike in the notebook. The stride of its ResNet-50 is kept, and the guard
    names it."""
    words = _Words(
        "notebook",
        "The notebook's four networks",
        "How do ResNet-34, Plain-34, ResNet-50 and Plain-50 compare under one recipe and one weight"
        " decay?",
        f"{NOTEBOOK}; its λ changed with depth and its losses held the penalty, so its curves"
        " compare penalties",
        "Not measured here. Of the notebook's own errors (16.72, 17.41 and 29.89 % for ResNet-34,"
        " Plain-34, ResNet-50) each is one seed with its own λ.",
    )
    # binary_resnet34 is the baseline, and so the first arm.
    networks = _factors(network=["binary_plain34", "binary_resnet50", "binary_plain50"])
    short = changed(
        "binary_ablation_sgd",
        40,
        batch_size=16,
        validation_images=1000,
        evaluate_every=40,
        checkpoint_every=40,
        log_every=10,
    )
    whole = Baseline(
        network="binary_resnet34",
        recipe=recipes.get("binary_ablation_sgd").recipe,
        dataset="cats_vs_dogs@224",
    )
    quick = Baseline(network="binary_resnet34", recipe=short, dataset="fashion_mnist@64")
    return _ready(
        words, {"baseline": whole, "factors": networks}, quick={"baseline": quick, "seeds": (0, 1)}
    )


_READY: dict[str, Callable[[], Ready]] = {
    "plain_or_residual": _plain_or_residual,
    "shortcut": _shortcut,
    "batch_norm": _batch_norm,
    "norm_kind": _norm_kind,
    "optimiser": _optimiser,
    "weight_decay": _weight_decay,
    "notebook": _notebook,
}
