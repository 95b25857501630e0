"""Ready studies: each can be run, at each of its sizes, and is what its source did."""

import pytest

from resnet.errors import UnknownNameError
from resnet.recipes import recipes
from resnet.runs.spec import check_possible
from resnet.studies.plan import ready
from resnet.studies.plan.study import arms, runs


@pytest.mark.parametrize("key", ready.names())
def test_ready_studies_can_be_run(key: str) -> None:
    """A ready study that this program refuses helps nobody; the quick one must run without a
    download."""
    entry = ready.get(key)
    assert entry.key == key == entry.study.name
    assert entry.study.source
    assert entry.study.question.endswith("?")
    assert len(entry.study.seeds) >= 3
    assert entry.sizes.keys() >= {"whole", "quick"}
    for run in runs(entry.quick):
        check_possible(run.spec)
    for study in entry.sizes.values():
        assert {factor.key for factor in entry.study.factors} == {
            factor.key for factor in study.factors
        }
        assert len(arms(study)) >= 2
    assert len({study.fingerprint for study in entry.sizes.values()}) == len(entry.sizes)
    assert (
        sum(run.spec.recipe.steps * run.spec.recipe.batch_size for run in runs(entry.quick))
        < 200_000
    )


def test_the_study_of_norms_trains_the_layer_norm_of_the_papers_it_cites() -> None:
    """Wu and He 2018 and Ba et al. 2016 average over height, width and channels; kind "layer" does
    over channels."""
    assert [arm.config.norm.kind for arm in arms(ready.get("norm_kind").study)] == [
        "batch",
        "group",
        "layer_hwc",
        "none",
    ]


def test_plain_or_residual_is_the_papers_figure_6() -> None:
    """n = 3, 5, 7, 9, each plain and residual, on the paper's recipe."""
    entry = ready.get("plain_or_residual")
    found = arms(entry.study)
    names = [f"{kind}{depth}" for depth in (20, 32, 44, 56) for kind in ("plain", "resnet")]
    assert [arm.name for arm in found] == names
    assert [arm.name for arm in found] == [arm.network for arm in found]
    assert {arm.recipe for arm in found} == {recipes.get("he2015_cifar").recipe}
    assert {arm.dataset for arm in found} == {"cifar10"}
    small = entry.at("small")
    assert [arm.name for arm in arms(small)] == ["plain20", "resnet20", "plain56", "resnet56"]
    assert {arm.recipe for arm in arms(small)} == {recipes.get("digits_quick").recipe}
    assert small.seeds == (0, 1, 2)


def test_a_size_that_is_not_there() -> None:
    """The whole study, of days, in place of a small one that this study does not have."""
    with pytest.raises(UnknownNameError, match="no size of shortcut 'small'"):
        ready.get("shortcut").at("small")


def test_an_unknown_ready_study_names_the_nearest() -> None:
    """One letter wrong must not end in a list to search through."""
    with pytest.raises(UnknownNameError, match="did you mean 'norm_kind'"):
        ready.get("norm_kinds")
