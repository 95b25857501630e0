"""What a study cannot show, said before it runs, on the command line and on the page."""

import json
from pathlib import Path

import pytest

from app.study import preview
from resnet.runs import Run
from resnet.studies.plan.study import Study
from resnet.studies.plan.study_files import write
from resnet.studies.planning import plan
from tests.cli_support import Shell
from tests.outcome_support import finish, grid


def scattered(folder: Path) -> tuple[Study, list[Run]]:
    """Two seeds whose errors lie far apart in every arm, and in another way in each."""
    study = grid(seeds=(0, 1))
    runs = finish(study, folder, lambda planned: 10.0 + planned.seed * len(planned.arm.name) * 5)
    return study, runs


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (
            grid(factors=(), design="one_at_a_time"),
            "One arm shows no difference: there is nothing to compare it with.",
        ),
        (
            grid(seeds=(0,)),
            (
                "One seed shows no difference: there is nothing to tell it from chance; take three"
                " or more."
            ),
        ),
    ],
)
def test_one_arm_and_one_seed_show_nothing(
    study: Study, said: str, tmp_path: Path, shell: Shell
) -> None:
    """Catches a difference promised by `show` where nothing is compared, and another answer on the
    page."""
    write(study, tmp_path / "study.yaml")
    assert said in shell("study", "show", "study.yaml").out
    facts = json.loads(shell("study", "show", "study.yaml", "--json").out)
    assert facts["detectable_in_sd"] is facts["detectable_points"] is None
    (number,) = [
        one for one in preview.numbers_of(plan(study, [])) if one.label == "Detectable difference"
    ]
    assert (number.value, number.about) == ("none", said)


def test_no_error_is_larger_than_a_hundred_points(tmp_path: Path) -> None:
    """Catches "can show 170 points": where two seeds scatter so, there is nothing they could
    show."""
    made = plan(*scattered(tmp_path))
    assert made.detectable(made.noise().sd) > 100
    silence = made.silence()
    assert silence and silence.startswith(
        "2 seeds show no difference: where they scatter as in the test error of "
    )
    assert "more than 100 points" in silence
    assert plan(grid(), []).silence() is None


def test_arms_stand_in_columns_however_long_their_names(tmp_path: Path, shell: Shell) -> None:
    """Catches a long name that pushes what stands behind it to the right in its own line only."""
    study = grid(
        factors=(
            {"key": "network.norm.momentum", "levels": [0.9, 0.99]},
            {"key": "recipe.weight_decay.semantics", "levels": ["l2", "decoupled"]},
            {"key": "recipe.batch_size", "levels": [64, 128]},
        )
    )
    write(study, tmp_path / "study.yaml")
    lines = [
        line
        for line in shell("study", "show", "study.yaml").out.splitlines()
        if "speed not measured" in line
    ]
    assert len(lines) == 8
    assert len({line.index("speed not measured") for line in lines}) == 1
