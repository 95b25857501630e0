"""Forks: a new run that begins at the last whole checkpoint of another one, with a changed
recipe."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from resnet.errors import ConfigError, RunError
from resnet.network.settings import with_settings
from resnet.recipes.recipe import Recipe
from resnet.recipes.role import deciding
from resnet.runs import checkpoint
from resnet.runs.checkpoint import Checkpoint
from resnet.runs.directory import CHECKPOINTS, LOG, RunDirectory
from resnet.runs.disk import one_sentence
from resnet.runs.records import Parent
from resnet.runs.run import Run
from resnet.runs.spec import RunSpec

DRAWN_ONCE = deciding(Recipe, "split")
"""Fields that decide which images validate. Others would be images the parent has trained on."""


class Fork(NamedTuple):
    """What is to be trained, from where, and what there is to say about the checkpoints passed
    over."""

    spec: RunSpec
    checkpoint: Checkpoint
    parent: Parent
    words: str


def plan(parent: Run, settings: Mapping[str, Any], device: str | None = None) -> Fork:
    """The run that goes on where `parent` was, with some fields of its recipe changed: dotted keys,
    `with_settings`.

    Raises ConfigError or UnknownNameError for the recipe, RunError where there is no checkpoint to
    begin at.
    """
    spec = parent.spec
    if spec is None:
        raise RunError(f"A run can be forked only where its spec can be read; {parent.damage}")
    recipe = with_settings(spec.recipe, dict(settings))
    _check_same_images(spec.recipe, recipe)
    words: list[str] = []
    last = _last_checkpoint(parent, spec, words.append)
    if recipe.steps <= last.step:
        raise ConfigError(
            f"A fork goes on past the checkpoint it begins at, that of step {last.step:,}; received"
            f" recipe.steps={recipe.steps}; give more steps."
        )
    changes = {"recipe": recipe, "device": device or spec.device}
    forked = RunSpec.model_validate(spec.model_dump() | changes)
    beginning = _beginning(last, spec.recipe, recipe)
    return Fork(
        forked,
        beginning,
        Parent(id=parent.id, step=last.step),
        "".join(f"{word}\n" for word in words),
    )


def write(fork: Fork, directory: RunDirectory) -> None:
    """Give a new run its first checkpoint, a copy: what becomes of the parent does not matter.
    Raises RunError."""
    folder: Path = directory.file(CHECKPOINTS)
    with one_sentence(folder):
        checkpoint.save(folder, fork.checkpoint)
        if fork.words:
            directory.file(LOG).write_text(fork.words)


def _check_same_images(before: Recipe, after: Recipe) -> None:
    for key in DRAWN_ONCE:
        if (old := getattr(before, key)) != (new := getattr(after, key)):
            raise ConfigError(
                f"A fork keeps its parent's recipe.{key}, {old}, or it would validate on images its"
                f" weights have learnt; received {new}; leave it, or start a new run."
            )


def _last_checkpoint(parent: Run, spec: RunSpec, say: Callable[[str], None]) -> Checkpoint:
    last = checkpoint.load_last(parent.directory.file(CHECKPOINTS), say)
    if last is None:
        raise RunError(
            f"A fork begins at a checkpoint, and {parent.id} has none that is whole; its first is"
            f" due at step {min(spec.recipe.checkpoint_every, spec.recipe.steps):,}, or when it is"
            " stopped."
        )
    checkpoint.check_network(last, spec.config)
    return last


def _beginning(last: Checkpoint, before: Recipe, after: Recipe) -> Checkpoint:
    """The parent's checkpoint with what still means something: another optimiser has other slots,
    and begins anew.

    Sums for the parent's next log record are left out: a fork's records are about its own steps.
    """
    same_slots = (before.optimiser, before.precision) == (after.optimiser, after.precision)
    fields = ["config", "warm"] if before.warmup == after.warmup else ["config"]
    state = {key: last.state[key] for key in fields if key in last.state}
    return last._replace(optimiser=last.optimiser if same_slots else {}, state=state)
