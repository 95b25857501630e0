"""What the recipe check is told: facts of runs and of people, none of them guessed, none of them
impossible."""

from typing import Any

import pytest

from resnet.checks import sources
from resnet.checks.rules import Facts
from resnet.errors import ConfigError, UnknownNameError
from resnet.network import catalog
from resnet.recipes import recipes
from resnet.runs import RunSpec


def test_facts_of_a_run_are_those_of_its_records() -> None:
    entry = recipes.get("digits_quick")
    spec = RunSpec(
        network="resnet20",
        config=catalog.get("resnet20").config,
        recipe=entry.recipe,
        dataset="digits",
        device="cpu",
    )
    records: list[dict[str, Any]] = [
        {
            "kind": "start",
            "devices": 2,
            "train_images": 1137,
            "validation_images": 300,
            "test_images": 360,
        },
        {"kind": "train", "step": 10, "learning_rate": 0.01},
        {"kind": "train", "step": 20, "learning_rate": 0.05},
        {"kind": "evaluation", "step": 25, "train_error_clean": 1.5, "best_validation_error": 4.0},
        {"kind": "warning", "warning": "not_a_number", "step": 25},
        {"kind": "test", "step": 500, "test_error": 4.04},
        {"kind": "train", "step": "many", "learning_rate": True},
    ]
    facts = sources.of_run(sources.of_spec(spec), records, continued=True)
    assert (facts.devices, facts.train_images, facts.highest_rate, facts.steps_done) == (
        2,
        1137,
        0.05,
        500,
    )
    assert (facts.train_error, facts.validation_error, facts.test_error) == (1.5, 4.0, 4.04)
    assert (facts.not_a_number, facts.begins, facts.looks_at_test) == (True, "continued", 1)


def test_damaged_records_are_passed_over() -> None:
    facts = sources.of_run(
        Facts(), [{"kind": "test", "test_error": 1e9}, {"kind": "start", "devices": -1}, {}]
    )
    assert facts == Facts(not_a_number=False, looks_at_test=1)


@pytest.mark.parametrize(
    ("known_facts", "error"),
    [
        ({"lambda": 1}, UnknownNameError),
        ({"network": "resnet57x"}, UnknownNameError),
        ({"shuffle": "sometimes"}, ConfigError),
        ({"test_error": 101}, ConfigError),
        ({"batch_size": 0}, ConfigError),
        ([], ConfigError),
    ],
)
def test_facts_that_mean_nothing_are_refused(known_facts: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        sources.of_mapping(known_facts)
