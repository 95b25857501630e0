"""Schedules against their closed forms, and the paper's to the step."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from resnet.errors import ConfigError
from resnet.recipes.recipes import default_recipe
from resnet.recipes.schedule import (
    ConstantSchedule,
    CosineSchedule,
    ErrorWarmup,
    InverseTimeSchedule,
    Schedule,
    StepsSchedule,
    StepsWarmup,
    rate_at,
)

steps = st.integers(0, 100_000)


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.1), (31_999, 0.1), (32_000, 0.01), (47_999, 0.01), (48_000, 0.001), (63_999, 0.001)],
)
def test_the_papers_drops_come_at_32k_and_48k_exactly(step: int, rate: float) -> None:
    """Catches a drop that is one step, or one epoch, early or late."""
    recipe = default_recipe("cifar10")
    assert recipe.steps == 64_000
    assert rate_at(recipe.schedule, recipe.warmup, step, warm=True) == pytest.approx(
        rate, rel=1e-12
    )


@given(steps, st.integers(1, 100_000), st.floats(0, 1))
def test_cosine_is_half_a_cosine_and_then_flat(step: int, length: int, final: float) -> None:
    schedule = CosineSchedule(learning_rate=0.4, steps=length, final_fraction=final)
    there = min(step / length, 1)
    expected = 0.4 * final + 0.4 * (1 - final) * 0.5 * (1 + math.cos(math.pi * there))
    assert schedule.rate(step) == pytest.approx(expected, abs=1e-12)
    assert schedule.rate(step + 1) <= schedule.rate(step) + 1e-15


@given(steps)
def test_inverse_time_is_the_old_keras_decay(step: int) -> None:
    """The notebook's SGD(1e-4, decay=1e-5): a learning-rate decay, not weight decay."""
    schedule = InverseTimeSchedule(learning_rate=1e-4, decay=1e-5)
    assert schedule.rate(step) == pytest.approx(1e-4 * (1 / (1 + 1e-5 * step)))


@given(steps)
def test_constant_is_constant(step: int) -> None:
    assert ConstantSchedule(learning_rate=0.3).rate(step) == 0.3


@given(steps, st.integers(1, 5000))
def test_warm_up_by_steps_grows_evenly_and_comes_back_to_the_schedule(
    step: int, length: int
) -> None:
    """Catches the public repositories that never came back from their warm-up."""
    rate = rate_at(ConstantSchedule(learning_rate=0.1), StepsWarmup(steps=length), step, warm=True)
    assert rate == pytest.approx(0.1 * min(1, (step + 1) / length))
    assert 0 < rate <= 0.1


def test_warm_up_until_the_error_falls_holds_its_own_rate_and_then_lets_go() -> None:
    schedule, warmup = StepsSchedule(learning_rate=0.1, drops=(500,)), ErrorWarmup()
    assert rate_at(schedule, warmup, 10, warm=False) == 0.01
    assert rate_at(schedule, warmup, 10, warm=True) == 0.1
    assert rate_at(schedule, warmup, 500, warm=True) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "steps", "learning_rate": 0.1, "drops": [200, 100]}, "must grow"),
        ({"kind": "steps", "learning_rate": 0.1, "drops": []}, "drops"),
        ({"kind": "steps", "learning_rate": 0.1, "drops": [1], "factor": 1}, "less than 1"),
        ({"kind": "constant", "learning_rate": 0}, "greater than 0"),
        ({"kind": "constant", "learning_rate": math.nan}, "finite"),
        ({"kind": "constant", "learning_rte": 0.1}, "learning_rate"),
        ({"kind": "inverse_time", "learning_rate": 0.1, "decay": -1}, "greater than 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    data: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        TypeAdapter(Schedule).validate_python(data)
    assert "\n" not in str(caught.value)
