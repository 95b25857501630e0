"""What the tests of real workers share: a run directory with its processes, a short recipe, a small
network."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resnet.data import facts, fit_config
from resnet.network import catalog
from resnet.network.config import ResNetConfig, StageConfig
from resnet.recipes.recipe import Recipe, with_steps
from resnet.recipes.recipes import default_recipe
from resnet.runs import checkpoint
from resnet.runs.directory import RunDirectory
from resnet.runs.spec import RunSpec

START_S = 240.0
TIMES = {"time_s", "images_per_s"}
SGD = {
    "evaluate_every": 60,
    "checkpoint_every": 50,
    "log_every": 20,
}  # checkpoints fall between log records
ADAM = SGD | {
    "optimiser": {"kind": "adam"},
    "schedule": {"kind": "constant", "learning_rate": 0.003},
    "warmup": {"kind": "error", "learning_rate": 0.0003, "error": 60},
}

SMALL = ResNetConfig(
    input_shape=(8, 8, 1),
    stages=(StageConfig(blocks=1, filters=4), StageConfig(blocks=1, filters=8, stride=2)),
    head_activation="none",
)
"""A kernel, a norm with moving averages, a shortcut of each kind: all that a checkpoint holds,
compiled in a second."""


class Run:
    """A run directory and the processes that worked on it."""

    def __init__(self, path: Path, spec: RunSpec) -> None:
        path.mkdir()
        self.path = path
        self.directory = RunDirectory(path)
        (path / "spec.json").write_text(spec.model_dump_json())
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.path / "control.json").unlink(missing_ok=True)
        (self.path / "exit.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "resnet.training.worker", str(self.path)]
        with (self.path / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def wait(self) -> dict[str, Any] | None:
        """The last word, once the process has ended."""
        assert self.process
        self.process.wait(START_S)
        return self.directory.read_json("exit.json")

    def until(self, there: Callable[[], bool]) -> None:
        assert self.process
        give_up = time.monotonic() + START_S
        while not there():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < give_up, self.log()
            time.sleep(0.01)

    def until_step(self, step: int) -> None:
        self.until(lambda: any(record.get("step", 0) >= step for record in self.records()))

    def records(self) -> list[dict[str, Any]]:
        path = self.path / "metrics.jsonl"
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]

    def curve(self) -> list[dict[str, Any]]:
        """Every record with a step, times aside."""
        steps = []
        for record in self.records():
            if "step" in record:
                steps.append({key: value for key, value in record.items() if key not in TIMES})
        return steps

    def weights(self) -> checkpoint.Checkpoint:
        found = checkpoint.load_last(self.path / "checkpoint", lambda _: None)
        assert found
        return found

    def log(self) -> str:
        return (self.path / "log.txt").read_text()


def spec_with(recipe: Recipe, **changes: Any) -> RunSpec:
    config = fit_config(catalog.get("resnet8").config, facts("digits"))
    fields = {"network": "resnet8", "config": config, "recipe": recipe, "dataset": "digits"}
    return RunSpec.model_validate(fields | changes)


def recipe_of(steps: int, settings: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(
        with_steps(default_recipe("digits"), steps).model_dump(mode="json") | settings
    )


@pytest.fixture(scope="module")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[RunSpec], Run]]:
    made: list[Run] = []

    def make(spec: RunSpec) -> Run:
        made.append(Run(tmp_path_factory.mktemp("runs") / "run", spec))
        return made[-1]

    yield make
    for run in made:
        if run.process and run.process.poll() is None:
            run.process.kill()
            run.process.wait()


Make = Callable[[RunSpec], Run]
