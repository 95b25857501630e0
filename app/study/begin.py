"""What a new study begins with: a ready one at a size, the network and recipe of the other pages, a
study or a file."""

from collections.abc import Mapping
from typing import cast

from app import state
from app.study import shelf
from app.train.dataset import DATASET, data_folder
from app.train.form import BASES, SETTINGS
from resnet import data
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe, with_steps
from resnet.studies.plan import ready, study_files
from resnet.studies.plan.factors import Baseline, Factor
from resnet.studies.plan.ready import Size
from resnet.studies.plan.study import Study

UPLOADED = "study_uploaded"
SIZES: Mapping[Size, str] = {"quick": "Quick", "small": "Small", "whole": "Whole"}
SIZE_HELP = (
    "Quick: few steps on small images, minutes on two cores. Small: the same trained to a result."
    " Whole: as its source ran it, which takes days."
)


def titles() -> dict[str, str]:
    """Everything a study can begin with, by key, the likeliest first."""
    found = {key: ready.get(key).title for key in ready.names()}
    found |= {shelf.MINE: "The network and recipe of the other pages"}
    if copied := state.read(shelf.COPIED):
        found = {shelf.COPY: f"A copy of {shelf.TITLES.get(copied, copied).lower()}", **found}
    if state.read(UPLOADED):
        found = {shelf.FILE: "The uploaded file", **found}
    return found


def sizes(key: str) -> tuple[Size, ...]:
    """The sizes there are of it: only ready studies have several."""
    if key not in ready.names():
        return ()
    return tuple([size for size in SIZES if size in ready.get(key).sizes])


def study(key: str, size: Size | None) -> Study:
    """The study it stands for. Raises ConfigError or UnknownNameError."""
    match key:
        case "mine":
            return _mine()
        case "copy":
            return shelf.read(state.read(shelf.COPIED))
        case "file":
            return cast(Study, state.read(UPLOADED))
    return ready.get(key).at(size or "quick")


def take_file(name: str, content: bytes) -> None:
    """A study from somewhere else. Raises ConfigError or UnknownNameError, in one sentence."""
    form = study_files.FORMS.get(f".{name.rpartition('.')[2].lower()}", "yaml")
    state.remember(UPLOADED, study_files.from_text(content.decode("utf-8", errors="replace"), form))


def _mine() -> Study:
    """What stands on the Architecture and the Train page, with and without its shortcuts."""
    choice, config = state.shown().choice, state.shown().config
    dataset = state.read(DATASET) or data.names()[0]
    levels = ("padded_identity",) if config.shortcut == "none" else ("none",)
    return Study(
        name=f"{choice.network}_shortcuts",
        question="What do the shortcuts of this network bring under this recipe?",
        baseline=Baseline(
            network=choice.network,
            settings=dict(choice.settings),
            recipe=_recipe(dataset),
            dataset=dataset,
            data_folder=data_folder(),
        ),
        factors=(Factor(key="network.shortcut", levels=levels),),
    )


def _recipe(dataset: str) -> Recipe:
    """As the Train page has it; the study gives each run its own seed."""
    base = recipes.get(state.read(BASES, {}).get(dataset, recipes.default_for(dataset).name)).recipe
    settings = dict(state.read(SETTINGS, {}).get(dataset, {}))
    settings.pop("seed", None)
    return with_settings(with_steps(base, settings.pop("steps", base.steps)), settings)
