"""Facts from networks, recipes, specs, the records of runs, and a person's entries.

Nothing here reads a file. Facts that a source lacks stay None.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from resnet import history
from resnet.checks.facts import Facts
from resnet.data import DatasetFacts
from resnet.errors import ConfigError, UnknownNameError, echo, explain
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.recipes.recipe import Recipe, SgdConfig
from resnet.recipes.schedule import StepsSchedule
from resnet.runs.spec import RunSpec

AnyNumber = TypeVar("AnyNumber", int, float)

KEYS = tuple([field.name for field in fields(Facts)])
"""The keys that `of_mapping` accepts."""

MOST = 1e15
"""The largest number that is accepted as a count or a rate."""

NOT_A_NUMBER = re.compile(r"Not a number at step ([\d,]{1,20})\b")
"""The start of the cause in exit.json where a run stopped because of not-a-number: that of
`resnet.training.failure.NotANumberError`."""

_ADAPTER = TypeAdapter(Facts)


def of_network(network: ResNetConfig, name: str = "") -> Facts:
    """The facts of a network."""
    return Facts(name=name or catalog.name_of(network), network=network)


def of_recipe(recipe: Recipe, name: str = "") -> Facts:
    """The facts of a recipe, and of every training by this program: images are shuffled, the mean
    is that of the training part, only training images are augmented, the loss excludes the penalty,
    and validation chooses the weights.
    """
    decay, augmentation = recipe.weight_decay, recipe.augmentation
    # "scale" divides by a constant and learns no mean from the images.
    centred = recipe.input_normalisation != "scale"
    return Facts(
        name=name,
        optimiser=recipe.optimiser.kind,
        momentum=recipe.optimiser.momentum if isinstance(recipe.optimiser, SgdConfig) else None,
        learning_rate=recipe.schedule.learning_rate,
        # An empty tuple: it is known that this schedule has none. None would mean unknown.
        drops=recipe.schedule.drops if isinstance(recipe.schedule, StepsSchedule) else (),
        warmup=recipe.warmup or "none",
        counts_in="steps",
        steps=recipe.steps,
        decay=decay.value,
        decay_meaning=decay.semantics,
        decay_covers=decay.covers,
        # This program records data loss and penalty apart.
        loss_includes_penalty=False,
        batch_size=recipe.batch_size,
        batch_counts="in_all",
        batch_norm_statistics=recipe.batch_norm_statistics,
        precision=recipe.precision,
        deterministic=recipe.deterministic,
        seed=recipe.seed,
        validation_images=recipe.validation_images,
        shuffle="before_batch",
        mean_of="training_part" if centred else None,
        augmentation=augmentation,
        augmented=("train",),
        chosen_on="validation" if recipe.test_weights == "best_validation" else "nothing",
        library="keras",
    )


def of_spec(spec: RunSpec, dataset: DatasetFacts | None = None, name: str = "") -> Facts:
    """The facts of a run before it starts."""
    facts = replace(
        of_recipe(spec.recipe, name or spec.network),
        network=spec.config,
        dataset=spec.dataset,
        # "gpu0+gpu1" are two devices.
        devices=spec.device.count("+") + 1,
        begins="fresh",
    )
    return with_dataset(facts, dataset) if dataset else facts


def of_arms(
    arms: Mapping[str, Sequence[RunSpec]],
    declared: Sequence[str] = (),
    dataset: DatasetFacts | None = None,
) -> list[Facts]:
    """The facts of a study before it runs. `arms` has the specs of each arm, one for each seed;
    `declared` are the keys that are varied on purpose."""
    return [
        replace(of_spec(spec, dataset), arm=arm, declared=tuple(declared))
        for arm, specs in arms.items()
        for spec in specs
    ]


def with_dataset(facts: Facts, dataset: DatasetFacts) -> Facts:
    """The same with the facts of the images. The training part is what validation leaves."""
    return replace(
        facts,
        dataset=dataset.name,
        image_shape=dataset.image_shape,
        train_images=max(1, dataset.train_images - (facts.validation_images or 0)),
        test_images=dataset.test_images,
    )


def of_run(
    facts: Facts,
    records: Sequence[Mapping[str, Any]],
    *,
    continued: bool = False,
    cause: str | None = None,
) -> Facts:
    """The facts of a run's spec, completed from its records. `cause` is that of exit.json: a run
    that stops because a weight is not a number writes no further record."""
    # A run that did not begin has no records; an empty record has None everywhere.
    start = history.last_of(records, history.Start) or history.Start()
    evaluation = history.last_of(records, history.Evaluation) or history.Evaluation()
    tests = history.all_of(records, history.Test)
    rates = history.values(records, history.Train, "learning_rate")
    steps = [_within(history.whole(record.get("step"))) for record in records]
    stopped_at = _step_without_a_number(cause)
    clean = _percent(evaluation.train_error_clean)
    return replace(
        facts,
        begins="continued" if continued else facts.begins,
        devices=_within(start.devices) or facts.devices,
        train_images=_within(start.train_images) or facts.train_images,
        validation_images=_within(start.validation_images) or facts.validation_images,
        test_images=_within(start.test_images) or facts.test_images,
        # For the rule about warm-ups that never end.
        highest_rate=max([rate for rate in map(_within, rates) if rate is not None], default=None),
        steps_done=max([step for step in [*steps, _within(stopped_at)] if step], default=None),
        train_error=clean,
        train_error_is="clean" if clean is not None else None,
        # By default, the weights of the best evaluation are the ones that are tested.
        validation_error=_percent(evaluation.best_validation_error),
        test_error=_percent(tests[-1].test_error) if tests else None,
        looks_at_test=len(tests) or None,
        not_a_number=stopped_at is not None
        or "not_a_number" in [one.warning for one in history.all_of(records, history.Warned)],
    )


def of_mapping(known: Mapping[str, Any]) -> Facts:
    """A person's facts about a training elsewhere, by the names of `Facts`. `network` may be a name
    of the catalogue.

    Raises ConfigError or UnknownNameError for an unknown key or an invalid value.
    """
    if not isinstance(known, Mapping):
        raise ConfigError(
            f"Facts are written as keys and values, as in a JSON object; received {echo(known)}."
        )
    for key in known:
        if key not in KEYS:
            raise UnknownNameError("fact", key, KEYS)
    network = known.get("network")
    named = {"network": catalog.get(network).config} if isinstance(network, str) else {}
    try:
        return _ADAPTER.validate_python({**known, **named})
    except ValidationError as error:
        raise ConfigError(explain(error, "facts", KEYS)) from None


def _step_without_a_number(cause: str | None) -> int | None:
    """The step at which a run stopped because of not-a-number; None where it ended otherwise."""
    match = NOT_A_NUMBER.match(cause or "")
    return int(match[1].replace(",", "")) if match else None


def _within(value: AnyNumber | None) -> AnyNumber | None:
    """A number that `Facts` accepts, else None: a person may have edited the file."""
    return value if value is not None and 0 <= value < MOST else None


def _percent(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= 100 else None
