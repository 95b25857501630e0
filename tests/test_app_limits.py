"""The limits of the page and of the data are one: each is tried at its limit and one above, on the
page itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.study import begin, build, fields, shelf
from resnet.errors import ConfigError
from resnet.network.catalog import N_RANGE
from resnet.recipes.schedule import MOST_STEPS
from resnet.results.statistics import STUDY_SEEDS
from resnet.studies.plan.factors import MOST_ARMS, Listed
from resnet.studies.plan.study import Study
from tests.study_page_support import (
    APP,
    field,
    new_study,
    own_lab,
    press,
    put_on_shelf,
    small_study,
    visit,
    warnings,
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from own_lab(tmp_path, monkeypatch)


def begun_with(study: Study) -> AppTest:
    """The form of a new study that begins with an uploaded one, with "Customise" open."""
    app = press(visit(), "New study")
    app.session_state[begin.UPLOADED] = study
    app.session_state[shelf.BEGIN] = shelf.FILE
    app.session_state["study_change"] = True
    return app.run()


@pytest.mark.parametrize("seeds", [20, 21, 25, STUDY_SEEDS])
def test_a_study_of_as_many_seeds_as_there_may_be_is_begun_again(lab: Path, seeds: int) -> None:
    """Catches the error box for more than 20 seeds, which a file, the command line and "Add a seed"
    all allow."""
    study = small_study(seeds=list(range(seeds)))
    app = begun_with(study)
    assert not app.exception
    assert field(app, "seeds", "number_input", "file").value == seeds
    put_on_shelf(study)
    app = press(visit(study.name), "Copy this study")
    assert not app.exception


@pytest.mark.parametrize("steps", [10_000_000, 10_000_001, MOST_STEPS])
def test_a_study_of_as_many_steps_as_there_may_be_is_begun_again(lab: Path, steps: int) -> None:
    """Catches the same for steps."""
    facts = small_study().model_dump(mode="json")
    facts["baseline"]["recipe"]["steps"] = steps
    app = begun_with(Study.model_validate(facts))
    assert not app.exception
    assert field(app, "steps", "number_input", "file").value == steps


def test_as_many_arms_as_there_may_be_and_one_more() -> None:
    """Catches a form whose own limit is another; one more is a sentence. (Shown on a page they take
    many seconds.)"""
    key = "recipe.schedule.learning_rate"
    rates = [(number + 1) / 10_000 for number in range(MOST_ARMS)]
    arms = [Listed(name=f"arm {number}", settings={key: rate}) for number, rate in enumerate(rates)]
    facts = {
        "design": "list",
        "factors": [{"key": key}],
        "listed": [arm.model_dump() for arm in arms],
        "seeds": [0],
    }
    study = small_study(**facts)
    assert (
        len(build.made(study, {"design": "list", "arms": fields.arms_text(study)}).listed)
        == MOST_ARMS
    )
    more = f"{fields.arms_text(study)}\none more: {key}=0.09"
    with pytest.raises(ConfigError, match=f"at most {MOST_ARMS}"):
        build.made(study, {"design": "list", "arms": more})


@pytest.mark.parametrize(
    ("name", "at_limit", "above"),
    [
        ("name", "n" * 200, "n" * 201),
        ("question", "q" * 1000, "q" * 1001),
        ("levels 1", "1e-4", "1e400"),
        ("everywhere", "recipe.batch_size=64", "recipe.batch_size=70000"),
        ("everywhere", "recipe.batch_size=64", "recipe.batch_size=" + "9" * 5000),
        ("everywhere", "recipe.weight_decay.value=0", "recipe.weight_decay.value=-1"),
        ("everywhere", "recipe.weight_decay.value=0", "recipe.weight_decay.value=NaN"),
        (
            "everywhere",
            "recipe.schedule.learning_rate=100",
            "recipe.schedule.learning_rate=Infinity",
        ),
    ],
)
def test_what_is_typed_at_its_limit_and_above(
    lab: Path, name: str, at_limit: str, above: str
) -> None:
    """Catches an error box, or silence, where a limit of the data is passed."""
    app = new_study()
    field(app, name).set_value(at_limit).run()
    assert not app.exception
    field(app, name).set_value(above).run()
    assert not app.exception
    assert warnings(app)


NUMBERS = {
    "recipe.steps": (1, 0, MOST_STEPS + 1),
    "recipe.batch_size": (1, 0, 65537),
    "recipe.schedule.learning_rate": (100.0, 0.0, 101.0, -1.0),
    "recipe.weight_decay.value": (0.0, -0.1, 1.0),
    "recipe.augmentation.pad": (0, -1, 65),
    "recipe.validation_images": (200, 0, 10_000_001),
    "recipe.seed": (2**31 - 1, -1, 2**31),
    "recipe.optimiser.momentum": (0.0, -0.1, 1.0),
    "recipe.evaluate_every": (1, 0, MOST_STEPS + 1),
    "recipe.checkpoint_every": (1, 0, MOST_STEPS + 1),
}


@pytest.mark.parametrize("key", NUMBERS)
def test_every_number_of_the_train_page(lab: Path, key: str) -> None:
    """Catches a number that the page lets through and the recipe does not, or the other way
    round."""
    app = (
        AppTest.from_file(str(APP), default_timeout=60)
        .run()
        .switch_page("app/pages/train.py")
        .run()
    )
    most, *wrong = NUMBERS[key]
    app.number_input(key=key).set_value(most).run()
    assert not app.exception
    for value in wrong:
        app.number_input(key=key).set_value(value).run()
        assert not app.exception, value
        assert warnings(app), value


@pytest.mark.parametrize("n", [N_RANGE[0], N_RANGE[-1]])
def test_the_ends_of_the_family(lab: Path, n: int) -> None:
    """Catches a slider that ends elsewhere than the catalogue."""
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    slider: Any = app.slider(key="n_slider")
    assert (slider.min, slider.max) == (N_RANGE[0], N_RANGE[-1])
    slider.set_value(n).run()
    assert not app.exception
