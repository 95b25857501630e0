"""The process that trains one run: `python -m resnet.training.worker RUN_DIRECTORY`.

It holds the run's lock until its end, reports every second that it is alive, and writes exit.json
last.
"""

import logging
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from resnet import data
from resnet.as_keras.start import import_keras
from resnet.data.fit import check_fit
from resnet.errors import ResNetLabError, RunError
from resnet.recipes.recipe import check_against
from resnet.recipes.split import draw_split
from resnet.runs.directory import ENVIRONMENT, SPEC, RunDirectory
from resnet.runs.launcher import Launcher
from resnet.runs.records import Outcome
from resnet.runs.run import runs_in
from resnet.runs.spec import RunSpec
from resnet.runs.state import PATIENT
from resnet.runs.supervisor import attend
from resnet.training.device import claim, hide_others
from resnet.training.environment import describe_environment
from resnet.training.failure import explain_failure
from resnet.training.heartbeat import Heart
from resnet.training.stop import Stop, StopAsked

USAGE = 2

log = logging.getLogger("resnet.training")


def main(arguments: list[str]) -> int:
    """Train, and return the exit status: 0 where the run finished or was stopped, 1 where it
    failed."""
    if len(arguments) != 1:
        print("usage: python -m resnet.training.worker RUN_DIRECTORY", file=sys.stderr)
        return USAGE
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    directory = RunDirectory(Path(arguments[0]).absolute())
    # Copied before `hide_others` changes it: the next run may need another device.
    environment = dict(os.environ)
    try:
        with directory.lock():
            status = _work(directory)
    except RunError as error:  # another worker has the lock, or exit.json cannot be written
        log.error("%s", error)
        status = USAGE
    _pass_on(directory.path.parent, environment)
    return status


def _pass_on(root: Path, environment: dict[str, str]) -> None:
    """Start the folder's supervisor again if it has died, so that waiting runs begin without a
    reader opening the page.

    It is started like this worker, with the same command. Its environment must not hide any device.
    """
    os.environ.clear()
    os.environ.update(environment)
    try:
        attend(runs_in(root), root, Launcher(sys.orig_argv[:-1]), PATIENT)
    except Exception:  # exit.json is written already: the run's result must stand
        log.exception(
            "The next run could not be started; it starts when somebody opens or lists the runs."
        )


def _work(directory: RunDirectory) -> int:
    """The run from its spec to exit.json. Returns the exit status."""
    stop = Stop(directory)
    device = "this device"
    with Heart(directory) as heart:
        outcome: Outcome
        try:
            directory.reserve()
            spec = RunSpec.model_validate(directory.read_json(SPEC))
            device = spec.device
            with directory.temporary_files():
                outcome, cause = train(spec, directory, heart, stop), None
        except Exception as error:
            outcome, cause = "failed", explain_failure(error, device)
            log.error("%s", cause, exc_info=not isinstance(error, ResNetLabError))
        heart.enter("exiting")
        directory.write_exit(outcome, cause)
    log.info("%s", outcome)
    return 0 if outcome != "failed" else 1


def train(spec: RunSpec, directory: RunDirectory, heart: Heart, stop: Stop) -> Outcome:
    """Train according to the spec. All checks come before the import of TensorFlow, which takes
    seconds."""
    facts = data.facts(spec.dataset, spec.data_folder)
    check_against(spec.recipe, facts)
    check_fit(spec.config, facts)
    log.info("%s on %s, %s", spec.network, facts.title, spec.device)
    try:
        with stop.interrupting():
            data.fetch(spec.dataset, spec.data_folder)
            dataset = data.read(spec.dataset, spec.data_folder)
    except StopAsked:
        log.info("stopping before the first step, as asked")
        return "stopped"
    check_against(spec.recipe, dataset.facts)  # once more: broken files are known now
    if dataset.facts.broken_files:
        log.warning("%s: %d broken file(s) skipped", facts.title, dataset.facts.broken_files)
    split = draw_split(dataset, spec.recipe.validation_images, spec.recipe.seed)
    log.info("importing TensorFlow")
    hide_others(spec.device)
    import_keras()
    claim(spec.device, spec.recipe)
    environment = describe_environment(spec.device)
    images = {
        "dataset": asdict(dataset.facts),
        "dataset_checksum": dataset.checksum,
        "split_hash": split.hash,
    }
    directory.write_json(ENVIRONMENT, _began(directory) | environment | images)
    # Imported only now: it imports TensorFlow, which must not see the devices of other runs.
    from resnet.training.trainer import Trainer  # noqa: PLC0415

    return Trainer(spec, directory, heart, stop.asked).run(dataset, split)


def _began(directory: RunDirectory) -> dict[str, Any]:
    """The environment that the run's first start recorded; a later start cannot measure it
    again."""
    with suppress(RunError):
        return directory.read_json(ENVIRONMENT) or {}
    return {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
