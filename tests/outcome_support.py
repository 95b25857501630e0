"""Pretend runs of a study, as directories on disk: what the tests of its tables, report and zip are
made of."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from resnet.data import facts
from resnet.recipes import recipes
from resnet.runs import Run
from resnet.runs.directory import ENVIRONMENT, EXIT, SPEC, RunDirectory
from resnet.runs.run import runs_in
from resnet.runs.spec import new_id
from resnet.studies import outcome as outcomes
from resnet.studies.outcome import Outcome
from resnet.studies.plan.factors import Baseline, Factor, Listed
from resnet.studies.plan.study import PlannedRun, Study, runs
from tests.training_support import recipe_of

BEGAN_S = 1795522220.0
DEPTHS = ("resnet20", "resnet56")
SHORTCUTS = ("none", "padded_identity")
SPREAD = (0.0, 0.3, -0.2)
"""What the seeds add to their arm's error."""

Errors = Callable[[PlannedRun], float]


def grid(**fields: Any) -> Study:
    """Plain and residual at two depths, on digits."""
    base = Baseline(
        network="resnet20", recipe=recipe_of(100, {"evaluate_every": 50}), dataset="digits"
    )
    factors = (
        Factor(key="network", levels=DEPTHS),
        Factor(key="network.shortcut", levels=SHORTCUTS),
    )
    made = {
        "name": "depths",
        "baseline": base,
        "factors": factors,
        "design": "grid",
        "seeds": (0, 1, 2),
    }
    return Study.model_validate(made | fields)


def two_changed(**fields: Any) -> Study:
    """A list whose second arm changes two factors at once."""
    settings = {"network.shortcut": "none", "recipe.batch_size": 32}
    listed = (Listed(name="res"), Listed(name="plain", settings=settings))
    made = {
        "name": "listed",
        "factors": tuple([Factor(key=key) for key in settings]),
        "design": "list",
    }
    return grid(**made | {"listed": listed} | fields)


def papers(**fields: Any) -> Study:
    """The paper's ResNet-20 on the paper's data with the paper's recipe, plain and residual."""
    base = Baseline(
        network="resnet20", recipe=recipes.get("he2015_cifar").recipe, dataset="cifar10"
    )
    factors = (Factor(key="network.shortcut", levels=("none",)),)
    return Study.model_validate({"name": "papers", "baseline": base, "factors": factors} | fields)


def deep_plain_is_worse(planned: PlannedRun) -> float:
    """13 % for the deep plain network, 9 % for the others."""
    deep = planned.arm.config.depth == 56 and planned.arm.config.shortcut == "none"
    return (13.0 if deep else 9.0) + SPREAD[planned.seed % 3] * (
        2 if planned.arm.config.shortcut == "none" else 1
    )


def records(planned: PlannedRun, error: float) -> list[dict[str, Any]]:
    steps = planned.spec.recipe.steps
    found: list[dict[str, Any]] = [
        {"kind": "start", "time_s": BEGAN_S, "steps": steps, "batch_size": 64}
    ]
    for part in (1, 2):
        at = {"step": steps * part // 2, "epoch": 5.0 * part, "time_s": BEGAN_S + 10 * part}
        found.append(
            {
                "kind": "train",
                **at,
                "learning_rate": 0.1 / part,
                "data_loss": 1.5 / part,
                "l2_penalty": 0.2,
                "train_error": error / part,
                "images_per_s": 9000.0,
            }
        )
        found.append(
            {
                "kind": "evaluation",
                **at,
                "validation_error": error + 1 / part,
                "validation_data_loss": 0.4,
                "train_error_clean": error / 3,
                "train_data_loss_clean": 0.1,
            }
        )
    return [
        *found,
        {
            "kind": "test",
            "step": steps,
            "time_s": BEGAN_S + 21,
            "test_error": error,
            "test_data_loss": 0.5,
        },
    ]


def environment(planned: PlannedRun) -> dict[str, Any]:
    spec, seed = planned.spec, planned.seed
    known = {
        "python": "3.11.7",
        "packages": {"tensorflow": "2.21.0"},
        "platform": "Linux",
        "driver": None,
        "device": "cpu",
        "device_name": "A processor",
        "git_commit": "0" * 40,
        "boot_id": "a-boot",
    }
    images = {
        "dataset": asdict(facts(spec.dataset, spec.data_folder)),
        "dataset_checksum": "0d10",
        "split_hash": f"s{seed}",
    }
    start = {"initial_weights": {"stem.conv": f"w{seed}"}, "first_batch": f"b{seed}"}
    return json.loads(json.dumps(known | images | start, default=str))  # type: ignore[no-any-return]


def finish(
    study: Study,
    folder: Path,
    error: Errors = deep_plain_is_worse,
    *,
    only: Callable[[PlannedRun], bool] | None = None,
) -> list[Run]:
    """Every run of a study, or only some, as if it had been trained here."""
    for planned in runs(study):
        if only is None or only(planned):
            finished(planned, folder, records(planned, error(planned)))
    return runs_in(folder)


def finished(
    planned: PlannedRun,
    folder: Path,
    lines: list[dict[str, Any]],
    ending: Mapping[str, Any] | None = None,
) -> RunDirectory:
    """One run's directory."""
    path = folder / new_id(planned.spec)
    while path.exists():  # four random digits, and all of a study in one second
        path = folder / new_id(planned.spec)
    directory = RunDirectory(path)
    path.mkdir(parents=True)
    spec = planned.spec.model_copy(
        update={"data_folder": str(Path(planned.spec.data_folder).absolute())}
    )
    directory.write(SPEC, spec)
    directory.write_json(ENVIRONMENT, environment(planned))
    for line in lines:
        directory.append_metric(line)
    directory.close()
    directory.write_json(
        EXIT, ending or {"outcome": "finished", "cause": None, "time_s": BEGAN_S + 30}
    )
    return directory


def outcome_of(study: Study, folder: Path, error: Errors = deep_plain_is_worse) -> Outcome:
    return outcomes.outcome(study, finish(study, folder, error))
