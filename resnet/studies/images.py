"""The known facts of a study's folders of images: as its runs recorded them, or as the images on
this machine are.

A named data set is the same everywhere. A folder of images is read; where a person has the runs but
not the images, the facts come from the records of the runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from resnet import data, quantity
from resnet.data import DatasetFacts
from resnet.errors import ConfigError, DataError, RunError
from resnet.runs import Run, RunSpec
from resnet.studies.plan.making import Made, fitted
from resnet.studies.plan.study import Study, unfitted

First = Literal["records", "images"]

RECORDED = TypeAdapter(DatasetFacts)


class Known(NamedTuple):
    """By a folder's data set: what it holds, and the data folder its runs had it in where the
    images are not here, and they may therefore count though the study looks elsewhere."""

    folder: str
    facts: Mapping[str, DatasetFacts]
    moved: Mapping[str, str]

    def brought(self, spec: RunSpec) -> RunSpec:
        """With the data folder as the store writes it; in a zip it may be relative. A moved one is
        the study's."""
        place = absolute(spec.data_folder)
        here = self.folder if self.moved.get(spec.dataset) == place else place
        return spec.model_copy(update={"data_folder": here})


class _Recorded(NamedTuple):
    """What a run of the study recorded about its folder, and the data folder it was in."""

    place: str
    facts: DatasetFacts

    @property
    def kind(self) -> str:
        """Everything that a network depends on: "2 classes of 32×32×3"."""
        return f"{self.facts.classes} classes of {quantity.shape(self.facts.image_shape)}"


def absolute(folder: str) -> str:
    """As the store writes a data folder."""
    return str(Path(folder).absolute())


def known_images(study: Study, there: Sequence[Run], first: First) -> Known:
    """What is known of each `folder:` of a study; nothing of other data sets, which need no look.

    Asked `first` are the "records" of the study's runs, so that results stay what they are, or the
    "images", which decide what a new run would be; and the other where the one says nothing. Raises
    DataError where neither does.
    """
    folder = absolute(study.baseline.data_folder)
    asked = [one for one in unfitted(study) if one.dataset.startswith(data.FOLDER_PREFIX)]
    facts: dict[str, DatasetFacts] = {}
    moved: dict[str, str] = {}
    for name in dict.fromkeys(one.dataset for one in asked):
        here = _here(name, folder)
        # A new run reads the images as they are now, so old records do not count for it.
        if first == "images" and isinstance(here, DatasetFacts):
            facts[name] = here
            continue
        own = [one for one in asked if one.dataset == name]
        found = _one_place(list(_recorded(study, own, there)), folder, here)
        facts[name] = _decided(found, here, first)
        # The runs had the images elsewhere, for example on the machine that made the zip.
        if found and found[0].place != folder:
            moved[name] = found[0].place
    return Known(folder, facts, moved)


def _recorded(study: Study, asked: Sequence[Made], there: Sequence[Run]) -> Iterator[_Recorded]:
    """Of the runs that are the study's if the images were what they wrote down, the oldest
    first."""
    for run in sorted(there, key=lambda run: run.id):
        spec = run.spec
        if spec is None or (spec.dataset, spec.device) != (asked[0].dataset, study.baseline.device):
            continue
        # A fork began at another run's checkpoint, so it is never a run of a study.
        if spec.recipe.seed not in study.seeds or run.parent is not None:
            continue
        facts = _facts(run, spec.dataset)
        if facts and any(_makes(one, facts, spec) for one in asked):
            yield _Recorded(absolute(spec.data_folder), facts)


def _makes(asked: Made, facts: DatasetFacts, spec: RunSpec) -> bool:
    """Whether an arm on such images is this run. Records that contradict the run's spec are not
    used."""
    # The baseline's recipe has seed 0 and each run has a seed, so seeds are left out of the
    # comparison.
    if spec.recipe.model_copy(update={"seed": asked.recipe.seed}) != asked.recipe:
        return False
    with suppress(ConfigError):
        return fitted(asked, facts).config == spec.config
    return False


def _one_place(
    found: Sequence[_Recorded], folder: str, here: DatasetFacts | DataError
) -> list[_Recorded]:
    """Those of the study's own data folder; where there are none, and no images either, those of
    another machine's."""
    own = [each for each in found if each.place == folder]
    if own or isinstance(here, DatasetFacts):
        return own
    # Another folder counts only if its images are gone. If they still exist, a person can name that
    # folder in the study.
    gone = cache(lambda place, name: isinstance(_here(name, place), DataError))
    others = [each for each in found if gone(each.place, each.facts.name)]
    if len(places := list(dict.fromkeys(each.place for each in others))) > 1:
        raise DataError(
            f"The runs of this study had their images in {len(places)} data folders,"
            f" {', '.join(places)}: give the right one as the study's data_folder."
        )
    return others


def _decided(
    found: Sequence[_Recorded], here: DatasetFacts | DataError, first: First
) -> DatasetFacts:
    """What the runs agree on, as the newest has it; else what is here."""
    kinds = sorted({each.kind for each in found})
    if len(kinds) == 1:
        # Sorted by id, and ids begin with the time, so the last one is the newest.
        return found[-1].facts
    if isinstance(here, DatasetFacts):
        return here
    # Two different records and no images: a choice between them would be a guess.
    if kinds:
        raise DataError(
            f"The runs of this study recorded {' and '.join(kinds)}, and only the images can show"
            f" which of them is right: {here}"
        )
    if first == "images":
        raise here
    raise DataError(
        f"A study needs its images, or runs that recorded them, and neither is here: {here}"
    )


def _here(name: str, folder: str) -> DatasetFacts | DataError:
    """The facts of the images there, or why they cannot be read."""
    try:
        return data.facts(name, folder)
    except DataError as error:
        return error


def _facts(run: Run, name: str) -> DatasetFacts | None:
    """What a run recorded about its images; None before that, and where the record is damaged."""
    with suppress(RunError, ValidationError):
        facts = RECORDED.validate_python((run.environment() or {}).get("dataset"))
        return facts if facts.name == name else None
    return None
