"""The terminal command that repeats a run."""

import shlex
from collections.abc import Mapping
from typing import Any

from resnet import data
from resnet.network.link import choice_of, difference, written
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe
from resnet.runs.run import Run
from resnet.runs.spec import RunSpec

RESNET = ("python", "-m", "resnet")


def command(run: Run, data_folder: str | None = None) -> str | None:
    """The command that starts another run like this. None where the spec cannot be read, or the run
    is a fork whose parent was deleted.

    A fork begins at its parent's last checkpoint; the parent may have a later one now.
    `data_folder` is the place of a folder of images; by default that of the run.
    """
    spec, parent = run.spec, run.parent
    if spec is None:
        return None
    if parent is None:
        return shlex.join([*RESNET, *_train(spec), *_place(spec, data_folder)])
    before = Run(run.path.parent / parent.id).spec
    if before is None:
        return None
    settings = _settings("--recipe-set", difference(before.recipe, spec.recipe))
    return shlex.join([*RESNET, "runs", "fork", parent.id, "--device", spec.device, *settings])


def _train(spec: RunSpec) -> list[str]:
    network, name = choice_of(spec.config), nearest(spec.recipe)
    words = [
        "train",
        network.network,
        "--data",
        spec.dataset,
        "--recipe",
        name,
        "--device",
        spec.device,
    ]
    changes = difference(recipes.get(name).recipe, spec.recipe)
    return words + _settings("--set", network.settings) + _settings("--recipe-set", changes)


def _place(spec: RunSpec, data_folder: str | None) -> list[str]:
    """The place of a folder of images. Other data sets are the same on every machine and need no
    path."""
    return (
        ["--data-folder", data_folder or spec.data_folder]
        if spec.dataset.startswith(data.FOLDER_PREFIX)
        else []
    )


def nearest(recipe: Recipe) -> str:
    """The name of the catalogue's recipe that differs in the fewest settings."""
    return min(recipes.names(), key=lambda name: len(difference(recipes.get(name).recipe, recipe)))


def _settings(flag: str, settings: Mapping[str, Any]) -> list[str]:
    return [word for key, value in settings.items() for word in (flag, f"{key}={written(value)}")]
