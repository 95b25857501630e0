"""What to type to repeat a study, or one run of it."""

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from resnet.data import FOLDER_PREFIX
from resnet.runs.command import RESNET, command
from resnet.studies.outcome import Outcome

STUDY_FILE = "study.yaml"


class OneRun(NamedTuple):
    """How one run is repeated: `again` trains it and compares it with this one, `train` only trains
    it."""

    arm: str
    seed: int
    again: str
    train: str


def whole(study_file: str = STUDY_FILE) -> str:
    """All runs of the study; those that are there already are not repeated."""
    return shlex.join([*RESNET, "study", "run", study_file])


def one_by_one(outcome: Outcome, bundle: str = ".") -> Iterator[OneRun]:
    """Each finished run of the study. `bundle` is where its zip, or what was in it, lies; folders
    of images lie where the study says."""
    folder = outcome.study.baseline.data_folder
    for step in outcome.steps:
        if step.action == "reuse" and step.run:
            arm, seed = step.planned.arm.name, step.planned.seed
            again = [*RESNET, "study", "repeat", bundle, "--arm", arm, "--seed", str(seed)]
            again += (
                # A named data set is found in the default folder. A person's own images are
                # somewhere else.
                ["--data-folder", folder]
                if step.planned.arm.dataset.startswith(FOLDER_PREFIX)
                else []
            )
            yield OneRun(arm, seed, shlex.join(again), command(step.run, folder) or "")
