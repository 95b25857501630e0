"""A result beside the paper's: compared only where it is the same experiment, and by no more than
the seeds say."""

from collections.abc import Sequence
from typing import Any

import pytest

from resnet import get, with_settings
from resnet.recipes import recipes
from resnet.results.published import PUBLISHED, Verdict, against_paper
from resnet.results.statistics import summary

RECIPE = recipes.get("he2015_cifar").recipe
RESNET20 = get("resnet20").config


def verdict(
    values: Sequence[float], name: str = "resnet20", recipe_name: str = "he2015_cifar"
) -> Verdict:
    return against_paper(
        get(name).config, "cifar10", recipes.get(recipe_name).recipe, summary(values)
    )


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        ([8.7, 8.9, 8.6], "reproduces", "reproduces the paper's 8.75 % (0.0 ± 0.5 points apart)"),
        (
            [8.2, 9.8, 8.9],
            "within noise",
            "within noise of the paper's 8.75 % (0.2 ± 1.8 points apart: more seeds would tell)",
        ),
        ([9.9, 10.1, 9.8], "off", "off by 1.2 ± 0.5 points, worse than the paper's 8.75 %"),
        ([9.2, 9.3, 9.25], "off", "off by 0.5 ± 0.4 points, worse than the paper's 8.75 %"),
        ([7.05, 7.15, 6.95], "off", "off by 1.7 ± 0.4 points, better than the paper's 8.75 %"),
        (
            [8.75],
            "no claim",
            "one seed: 8.75 % (the paper has 8.75 %); no interval, so no claim",
        ),
    ],
)
def test_beside_the_paper(values: list[float], kind: str, text: str) -> None:
    """Catches luck sold as a reproduction, and one run sold as anything."""
    found = verdict(values)
    assert (found.kind, found.text) == (kind, text)


def test_a_mean_is_held_against_the_papers_mean() -> None:
    """Catches our mean compared with the best of the paper's five runs, 6.43 %."""
    found = verdict([6.5, 6.7, 6.6, 6.8, 6.45], "resnet110", "he2015_cifar_110")
    assert (
        found.text == "reproduces the paper's 6.61 ± 0.16 % over 5 runs (0.00 ± 0.22 points apart)"
    )


@pytest.mark.parametrize("name", ["he2015_cifar", "he2015_cifar_110"])
def test_resnet1202_with_or_without_warm_up(name: str) -> None:
    """The paper says "as described above", which may mean either; catches a reason made up."""
    assert verdict([7.9, 8.0, 7.85], "resnet1202", name).kind == "reproduces"
    assert verdict([6.6, 6.7], "resnet110", "he2015_cifar").text.endswith(
        "over 5 runs: another warm-up"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steps": 70_000}, "another number of steps"),
        ({"schedule": {"kind": "constant", "learning_rate": 0.1}}, "another schedule"),
        ({"augmentation": {"pad": 4}}, "another augmentation"),
        ({"validation_images": 1000}, "another split"),
        (
            {"precision": "mixed_bfloat16", "batch_size": 64},
            "another batch size, another precision",
        ),
        ({"weight_decay": {"semantics": "decoupled"}}, "another weight decay"),
        ({"warmup": {"kind": "error", "learning_rate": 0.01, "error": 80.0}}, "another warm-up"),
    ],
)
def test_never_for_another_recipe(changes: dict[str, Any], reason: str) -> None:
    """Catches a quick run that "beats the paper"."""
    other = type(RECIPE).model_validate(RECIPE.model_dump() | changes)
    found = against_paper(RESNET20, "cifar10", other, summary([8.7, 8.9, 8.6]))
    assert (found.kind, found.difference) == ("not comparable", None)
    assert found.text == f"not compared with the paper's 8.75 %: {reason}"


def test_the_seed_and_the_bookkeeping_make_no_other_recipe() -> None:
    """Catches a comparison that holds for seed 0 only."""
    other = RECIPE.model_copy(
        update={"seed": 7, "log_every": 50, "evaluate_every": 500, "deterministic": False}
    )
    assert against_paper(RESNET20, "cifar10", other, summary([8.7, 8.9, 8.6])).kind == "reproduces"


def test_never_for_another_data_set_or_network() -> None:
    """Catches Fashion-MNIST beside CIFAR-10, another shortcut of the same depth, and figures read
    off by eye."""
    values = summary([8.7, 8.9, 8.6])
    assert (
        against_paper(RESNET20, "fashion_mnist", RECIPE, values).text
        == "not compared with the paper's 8.75 %: another data set (fashion_mnist; the paper's is"
        " cifar10)"
    )
    unknown = "not compared: the paper reports no error for this network"
    changed = with_settings(RESNET20, {"shortcut": "projection"})
    for config in (changed, get("plain20").config, get("resnet26").config):
        assert against_paper(config, "cifar10", RECIPE, values).text == unknown
    assert (
        against_paper(get("resnet34").config, "imagenet", RECIPE, values).text
        == "not compared with the paper's 24.52 %: the paper's is a 10-crop top-1 validation error"
    )


def test_the_published_numbers() -> None:
    """shared/anchors.md, and the paper's Tables 2, 3 and 6; each belongs to a network of the
    catalogue."""
    assert {name: row.error for name, row in PUBLISHED.items() if row.dataset == "cifar10"} == {
        "resnet20": 8.75,
        "resnet32": 7.51,
        "resnet44": 7.17,
        "resnet56": 6.97,
        "resnet110": 6.61,
        "resnet1202": 7.93,
    }
    assert (
        PUBLISHED["resnet110"].sd,
        PUBLISHED["resnet110"].runs,
        PUBLISHED["resnet110"].best,
    ) == (0.16, 5, 6.43)
    assert all(
        get(name).name == name and "He et al. 2015, " in row.source
        for name, row in PUBLISHED.items()
    )
