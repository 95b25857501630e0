"""Forks: a new run that begins at the last complete checkpoint of another one, with a changed
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
"""Fields that decide the validation images. With other values, a fork would validate on images that
its parent was trained on."""


class Fork(NamedTuple):
    """The new run's spec, its first checkpoint, its parent, and messages about skipped
    checkpoints."""

    spec: RunSpec
    checkpoint: Checkpoint
    parent: Parent
    words: str


def plan(parent: Run, settings: Mapping[str, Any], device: str | None = None) -> Fork:
    """A run that continues from `parent`'s last checkpoint, with changes of its recipe: dotted keys
    as in `with_settings`.

    Raises ConfigError or UnknownNameError for the recipe, RunError where there is no checkpoint.
    """
    spec = parent.spec
    if spec is None:
        raise RunError(f"A fork needs its parent's spec; {parent.damage}")
    recipe = with_settings(spec.recipe, dict(settings))
    _check_same_images(spec.recipe, recipe)
    words: list[str] = []
    last = _last_checkpoint(parent, spec, words.append)
    if recipe.steps <= last.step:
        raise ConfigError(
            f"recipe.steps must be above {last.step:,}, the step of the checkpoint where the fork"
            f" begins; received {recipe.steps}; give more steps."
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
    """Give a new run its first checkpoint. It is a copy, so the parent may be deleted. Raises
    RunError."""
    folder: Path = directory.file(CHECKPOINTS)
    with one_sentence(folder):
        checkpoint.save(folder, fork.checkpoint)
        if fork.words:
            directory.file(LOG).write_text(fork.words)


def _check_same_images(before: Recipe, after: Recipe) -> None:
    for key in DRAWN_ONCE:
        if (old := getattr(before, key)) != (new := getattr(after, key)):
            raise ConfigError(
                f"A fork keeps its parent's recipe.{key}, {old}, else it would validate on images"
                f" it was trained on; received {new}; do not change it, or start a new run."
            )


def _last_checkpoint(parent: Run, spec: RunSpec, say: Callable[[str], None]) -> Checkpoint:
    last = checkpoint.load_last(parent.directory.file(CHECKPOINTS), say)
    if last is None:
        raise RunError(
            f"A fork begins at a complete checkpoint; {parent.id} has none. Its first is written"
            f" at step {min(spec.recipe.checkpoint_every, spec.recipe.steps):,}, or when it is"
            " stopped."
        )
    checkpoint.check_network(last, spec.config)
    return last


def _beginning(last: Checkpoint, before: Recipe, after: Recipe) -> Checkpoint:
    """The parent's checkpoint with the parts that still apply. Another optimiser has other slots,
    so it starts without them.

    Sums for the parent's next log record are left out, because a fork records only its own steps.
    """
    same_slots = (before.optimiser, before.precision) == (after.optimiser, after.precision)
    # Another warm-up starts from its beginning, so "warm" is kept only where it is the same.
    fields = ["config", "warm"] if before.warmup == after.warmup else ["config"]
    state = {key: last.state[key] for key in fields if key in last.state}
    return last._replace(optimiser=last.optimiser if same_slots else {}, state=state)
