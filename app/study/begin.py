"""What a new study starts from: a ready study in one of its sizes, the network and recipe of the
other pages, a copied study, or a file."""

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
    "Quick: few steps on small images; takes minutes on two CPU cores. Small: longer runs that"
    " give a useful result. Whole: as in the source; takes days."
)


def titles() -> dict[str, str]:
    """Everything that a study can start from, by key, the most likely first."""
    options = {key: ready.get(key).title for key in ready.names()}
    options |= {shelf.MINE: "The network and recipe from the other pages"}
    # The newest intention comes first, because the first entry is the default of the form.
    if copied := state.read(shelf.COPIED):
        options = {
            shelf.COPY: f"A copy of {'the example' if copied == shelf.EXAMPLE else copied}",
            **options,
        }
    if state.read(UPLOADED):
        options = {shelf.FILE: "The uploaded file", **options}
    return options


def sizes(key: str) -> tuple[Size, ...]:
    """The sizes that this study has. Only ready studies have sizes."""
    if key not in ready.names():
        return ()
    return tuple([size for size in SIZES if size in ready.get(key).sizes])


def study(key: str, size: Size | None) -> Study:
    """The study of this key. Raises ConfigError or UnknownNameError."""
    match key:
        case "mine":
            return _mine()
        case "copy":
            return shelf.read(state.read(shelf.COPIED))
        case "file":
            return cast(Study, state.read(UPLOADED))
    return ready.get(key).at(size or "quick")


def take_file(name: str, content: bytes) -> None:
    """Read an uploaded study. Raises ConfigError or UnknownNameError."""
    # The control accepts three endings only. YAML is the usual form, and it also reads JSON.
    form = study_files.FORMS.get(f".{name.rpartition('.')[2].lower()}", "yaml")
    # errors="replace": a file in another encoding then gives an error about its content, in one
    # sentence.
    state.remember(UPLOADED, study_files.from_text(content.decode("utf-8", errors="replace"), form))


def _mine() -> Study:
    """The network and recipe of the Architecture and Train pages, with and without shortcuts."""
    choice, config = state.shown().choice, state.shown().config
    dataset = state.read(DATASET) or data.names()[0]
    # The one level that differs from the network of the page. The baseline itself is the other arm.
    levels = ("padded_identity",) if config.shortcut == "none" else ("none",)
    return Study(
        name=f"{choice.network}_shortcuts",
        question="How much do the shortcuts of this network change the error under this recipe?",
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
    """The recipe of the Train page, without its seed: the study gives each run its seed."""
    base = recipes.get(state.read(BASES, {}).get(dataset, recipes.default_for(dataset).name)).recipe
    settings = dict(state.read(SETTINGS, {}).get(dataset, {}))
    # A baseline with another seed than 0 is refused.
    settings.pop("seed", None)
    # Steps first: they stretch the schedule, and a typed drop must not be stretched again.
    return with_settings(with_steps(base, settings.pop("steps", base.steps)), settings)
