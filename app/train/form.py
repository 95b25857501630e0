"""The controls of a training: data set, recipe, device."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from app import state
from app.train.dataset import DATASET, dataset_form
from resnet import quantity
from resnet.data import DatasetFacts
from resnet.errors import ResNetLabError
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe, SgdConfig, check_against, with_steps
from resnet.runs.devices import Device

# By data set: the chosen recipe, and the changes to it. So a change of the data set and back loses
# nothing.
BASES, SETTINGS, DEVICE = "recipe_bases", "recipe_settings", "device"
STEPS_HELP = "Number of optimiser updates. The learning rate schedule is stretched to this length."
RATE_HELP = "Learning rate of the first step after the warm-up. The schedule lowers it later."
DECAY_HELP = (
    "As in the paper: (value / 2) · Σw² is added to the loss. For Keras's l2 regulariser, use half"
    " of this value."
)
PAD_HELP = (
    "Pixels of padding on each side, before a random crop back to the image size. 0: no"
    " padding and no crop."
)
VALIDATION_HELP = (
    "Number of training images that are kept apart to measure the error. The test set is read"
    " once, at the end."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The chosen training. `recipe` is None if the settings contradict each other; `problem` says
    why."""

    facts: DatasetFacts
    device: str
    recipe: Recipe | None
    problem: str | None


def training_form(devices: list[Device]) -> Plan:
    """The controls. Returns the chosen training."""
    facts = dataset_form()
    names = {device.id: _device_title(device) for device in devices}
    left, right = st.columns(2)
    base = _begun(_base(left, facts.name), facts)
    device = right.selectbox(
        "Device", list(names), key=DEVICE, format_func=names.__getitem__, persist_state="session"
    )
    recipe, problem = _recipe(facts, base)
    # Contradicting settings give no recipe. The controls then show the base under the typed values,
    # which `_number` reads.
    _few(recipe or base)
    with st.expander("More"):
        _more(recipe or base)
    return Plan(facts, device or devices[-1].id, recipe, problem)


def _base(place: Any, dataset: str) -> recipes.Entry:
    """The recipe of the catalogue that the controls change. Each data set has its own default
    recipe."""
    name = state.remembered(BASES, dict).get(dataset, recipes.default_for(dataset).name)
    place.selectbox(
        "Recipe",
        recipes.names(),
        index=recipes.names().index(name),
        key=state.seed("base", name),
        help=recipes.get(name).source,
        on_change=_base_changed,
    )
    return recipes.get(name)


def _begun(entry: recipes.Entry, facts: DatasetFacts) -> Recipe:
    """The recipe of the catalogue. The default recipe of a folder is fitted to its number of
    images."""
    return recipes.begin_with(facts) if entry == recipes.default_for(facts.name) else entry.recipe


def _base_changed() -> None:
    """A newly chosen recipe starts as in the catalogue; the changes to the one before are
    dropped."""
    dataset = state.read(DATASET)
    state.remember(BASES, {**state.read(BASES), dataset: state.read("base")})
    state.remember(SETTINGS, {**state.read(SETTINGS, {}), dataset: {}})


def _recipe(facts: DatasetFacts, base: Recipe) -> tuple[Recipe | None, str | None]:
    settings = dict(state.remembered(SETTINGS, dict).get(facts.name, {}))
    try:
        # Steps first: they stretch the schedule, and a typed drop must not be stretched again.
        recipe = with_settings(with_steps(base, settings.pop("steps", base.steps)), settings)
        check_against(recipe, facts)
    except ResNetLabError as error:
        return None, str(error)
    return recipe, None


def _few(recipe: Recipe) -> None:
    steps, batch, rate, decay = st.columns(4)
    _number(steps, "Steps", "steps", recipe.steps, help=STEPS_HELP, step=100)
    _number(
        batch, "Batch size", "batch_size", recipe.batch_size, help="Number of images in one step."
    )
    _number(
        rate,
        "Learning rate",
        "schedule.learning_rate",
        recipe.schedule.learning_rate,
        help=RATE_HELP,
        step=0.01,
        format="%g",
    )
    _number(
        decay,
        "Weight decay",
        "weight_decay.value",
        recipe.weight_decay.value,
        help=DECAY_HELP,
        step=1e-4,
        format="%g",
    )
    pad, flip, validation, seed = st.columns(4, vertical_alignment="bottom")
    _number(pad, "Pad and crop", "augmentation.pad", recipe.augmentation.pad, help=PAD_HELP)
    flips = recipe.augmentation.flip == "horizontal"
    flip.toggle(
        "Random horizontal flip",
        flips,
        key=state.seed("recipe.flip", flips),
        on_change=_flip_changed,
    )
    _number(
        validation,
        "Validation images",
        "validation_images",
        recipe.validation_images,
        help=VALIDATION_HELP,
    )
    _number(
        seed,
        "Seed",
        "seed",
        recipe.seed,
        help=("Sets the random initial weights, split, order and augmentation."),
    )


def _more(recipe: Recipe) -> None:
    momentum, every, checkpoint = st.columns(3)
    # Adam has no field of this name; its two averages are set in a study or on the command line.
    if isinstance(recipe.optimiser, SgdConfig):
        _number(
            momentum,
            "SGD momentum",
            "optimiser.momentum",
            recipe.optimiser.momentum,
            step=0.05,
            format="%g",
        )
    _number(
        every,
        "Steps between evaluations",
        "evaluate_every",
        recipe.evaluate_every,
        help="The validation error is measured after this many steps.",
    )
    _number(checkpoint, "Steps between checkpoints", "checkpoint_every", recipe.checkpoint_every)


def _number(place: Any, label: str, key: str, value: float, **display: Any) -> None:
    settings = state.read(SETTINGS, {}).get(state.read(DATASET), {})
    shown = settings.get(key, value)
    display.setdefault("step", 1)  # a whole step tells Streamlit that the number is whole
    place.number_input(
        label,
        value=shown,
        key=state.seed(f"recipe.{key}", shown),
        on_change=partial(_changed, key),
        **display,
    )


def _changed(key: str) -> None:
    # A copy, so that a callback does not change a dictionary that the page reads at the same time.
    every = {name: dict(settings) for name, settings in state.read(SETTINGS, {}).items()}
    every.setdefault(state.read(DATASET), {})[key] = state.read(f"recipe.{key}")
    state.remember(SETTINGS, every)


def _flip_changed() -> None:
    every = {name: dict(settings) for name, settings in state.read(SETTINGS, {}).items()}
    flip = "horizontal" if state.read("recipe.flip") else "none"
    every.setdefault(state.read(DATASET), {})["augmentation.flip"] = flip
    state.remember(SETTINGS, every)


def _device_title(device: Device) -> str:
    free = f" · {quantity.size(device.free_bytes)} free" if device.free_bytes else ""
    return f"{device.name}{free}"
