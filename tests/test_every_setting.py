"""Every value of every enumerated setting of network and recipe really trains, and every pair of
them.

Would catch what no test of settings as data can: `optimiser.kind=adamw` was checked, linked,
recommended and exported, and no run of it ever took a step.
"""

import itertools
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from resnet.errors import ConfigError
from resnet.network.config import ResNetConfig
from resnet.recipes.recipe import Recipe
from resnet.runs.spec import RunSpec
from tests.settings_support import Case, Choice, Setting, active, choices, covering, enumerated

STEPS = 2

DECAY = Setting("recipe.weight_decay.value", (0.0, 0.01))
"""A number, but 0 means another program: no decay at all."""

SETTINGS = [*enumerated(ResNetConfig, "network."), *enumerated(Recipe, "recipe."), DECAY]

NUMBERS: dict[str, dict[Any, dict[str, Any]]] = {
    "recipe.schedule": {
        "constant": {"learning_rate": 0.01},
        "steps": {"learning_rate": 0.01, "drops": [1]},
        "cosine": {"learning_rate": 0.01, "steps": STEPS},
        "inverse_time": {"learning_rate": 0.01, "decay": 0.1},
    },
    "recipe.warmup": {"steps": {"steps": STEPS}},
}
"""What a kind of a group needs besides and has no default for. A new kind that is missing here is
refused, and its pairs then stand among the impossible ones."""

NETWORK = {
    "input_shape": [8, 8, 1],
    "stages": [
        {"blocks": 1, "filters": 4, "stride": 2}
    ],  # the stride makes each shortcut change shape
    "norm": {"groups": 2},
}
RECIPE = {
    "steps": STEPS,
    "batch_size": 8,
    "augmentation": {"pad": 1},
    "validation_images": 20,
    "evaluate_every": STEPS,
    "checkpoint_every": STEPS,
    "log_every": 1,
}

IMPOSSIBLE: set[Choice] = {
    frozenset({("network.norm.last_gamma", "zero"), ("network.norm.kind", "none")}),
    frozenset({("network.norm.last_gamma", "zero"), ("network.shortcut", "none")}),
    frozenset({("network.norm.last_gamma", "zero"), ("network.activation_order", "pre")}),
}
"""Pairs that the rules of a network refuse. Another one is either a new rule, to be named here, or
a fault."""


def spec_of(case: Case) -> RunSpec:
    """The case as a run on digits. Raises ConfigError where a rule refuses it."""
    data: dict[str, Any] = {
        "network": json.loads(json.dumps(NETWORK)),
        "recipe": json.loads(json.dumps(RECIPE)),
    }
    for key, value in case.items():
        put(data, key, value)
    for group, kinds in NUMBERS.items():
        for name, value in kinds.get(case[f"{group}.kind"], {}).items():
            put(data, f"{group}.{name}", value)
    config, recipe = (
        ResNetConfig.model_validate(data["network"]),
        Recipe.model_validate(data["recipe"]),
    )
    return RunSpec(network="tiny", config=config, recipe=recipe, dataset="digits")


def put(data: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key; a group of kind None is left out altogether."""
    *groups, name = key.split(".")
    if (name, value) == ("kind", None):
        return
    for group in groups:
        data = data.setdefault(group, {})
    data[name] = value


def allowed(case: Case) -> bool:
    try:
        spec_of(active(case, SETTINGS))
    except ConfigError:
        return False
    return True


def start() -> Case:
    """An allowed case: the first value of each setting, in a residual network."""
    case = {setting.key: setting.values[0] for setting in SETTINGS}
    return case | {
        "network.shortcut": "projection"
    }  # a plain network may not begin with a scale of zero


@cache
def cases(size: int) -> tuple[list[Case], set[Choice]]:
    """Cases with every value (size 1) or every pair (size 2), and what no rule allows."""
    return covering(SETTINGS, size, allowed, start())


def test_the_settings_are_found_by_themselves() -> None:
    """Would catch a search that passes over a kind of field and so tests nothing of it."""
    values = {setting.key: set(setting.values) for setting in SETTINGS}
    assert values["network.norm.kind"] >= {"batch", "group", "layer", "none"}
    assert values["network.conv_bias"] == {False, True}
    assert values["recipe.optimiser.kind"] >= {"sgd", "adam", "adamw"}
    assert values["recipe.warmup.kind"] >= {None, "steps", "error"}
    assert values["recipe.sentinels.no_progress"] == {"stop", "go_on"}
    assert ("recipe.optimiser.kind", "sgd") in next(
        s for s in SETTINGS if s.key == "recipe.optimiser.nesterov"
    ).needs


@pytest.mark.parametrize(("size", "impossible"), [(1, set()), (2, IMPOSSIBLE)])
def test_only_what_a_rule_refuses_is_left_out(size: int, impossible: set[Choice]) -> None:
    """Would catch a value that no network or recipe can have, such as one that a check forgot."""
    chosen, left_out = cases(size)
    assert left_out == impossible
    covered = {
        frozenset(some) for case in chosen for some in itertools.combinations(case.items(), size)
    }
    assert covered >= choices(SETTINGS, size) - impossible


@pytest.mark.training
@pytest.mark.keras
@pytest.mark.parametrize(("size", "how"), [(1, "whole"), (2, "eager")])
def test_every_value_and_every_pair_trains(size: int, how: str, tmp_path: Path) -> None:
    """Every value through the real trainer, evaluated, saved and tested; every pair by two real
    updates, not compiled, since compiling costs twenty times as much. A weight must have moved."""
    chosen = sorted(
        cases(size)[0], key=lambda case: case["recipe.deterministic"]
    )  # it cannot be taken back
    specs = "".join(f"{spec_of(case).model_dump_json()}\n" for case in chosen)
    command = [sys.executable, "-m", "tests.every_setting_process", how, str(tmp_path)]
    done = subprocess.run(command, input=specs, capture_output=True, text=True, check=False)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(chosen), done.stderr[-2000:]
    failed = [
        f"{case}\n{said['error']}"
        for case, said in zip(chosen, results, strict=True)
        if said["error"]
    ]
    assert not failed, f"{len(failed)} of {len(chosen)} cases do not train:\n" + "\n".join(failed)
    still = [case for case, said in zip(chosen, results, strict=True) if not said["moved"]]
    assert all(case["recipe.precision"] == "mixed_float16" for case in still), (
        still
    )  # it passes over its first steps
