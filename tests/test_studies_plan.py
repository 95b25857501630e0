"""Studies as data: arms, names, growth, and one clear sentence for each mistake."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.errors import ConfigError, UnknownNameError
from resnet.guards.guard import one_factor
from resnet.guards.sharing import streams
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.studies.plan.factors import Baseline, Factor, Listed
from resnet.studies.plan.making import BASELINE
from resnet.studies.plan.study import Study, arms, grown, run_fingerprint, runs
from tests.strategies import Draw

LEVELS: dict[str, list[Any]] = {
    "network": ["resnet8", "resnet14", "resnet20", "plain20"],
    "network.shortcut": ["none", "padded_identity", "projection", "projection_always"],
    "network.norm.momentum": [0.9, 0.99, 0.5, 0.0],
    "network.norm.epsilon": [1e-5, 1e-3, 0.1],
    "network.stages.0.blocks": [1, 2, 3],
    "recipe.optimiser": [{"kind": "sgd"}, {"kind": "adam"}, {"kind": "sgd", "momentum": 0.5}],
    "recipe.schedule.learning_rate": [0.05, 0.01, 1e-7],
    "recipe.weight_decay.value": [0.0, 5e-4, 1e-4],
    "recipe.augmentation.flip": ["none", "horizontal"],
    "recipe.warmup": [None, {"kind": "steps", "steps": 10}],
    "dataset": ["digits", "fashion_mnist"],
}


def baseline(**changes: Any) -> Baseline:
    return Baseline.model_validate(
        {"network": "resnet20", "recipe": "digits_quick", "dataset": "digits"} | changes
    )


def study(**changes: Any) -> Study:
    factors = [Factor(key="network.shortcut", levels=("none", "projection"))]
    return Study.model_validate(
        {"name": "shortcuts", "baseline": baseline(), "factors": factors} | changes
    )


@st.composite
def studies(draw: Draw) -> Study:
    """A study that makes sense, of any design."""
    keys = draw(st.lists(st.sampled_from(sorted(LEVELS)), max_size=3, unique=True))
    levels = {key: draw(st.permutations(LEVELS[key]))[: draw(st.integers(1, 3))] for key in keys}
    design = draw(st.sampled_from(("one_at_a_time", "grid", "list")))
    some = st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(values) for key, values in levels.items()}
    )
    listed = draw(st.lists(some, min_size=1, max_size=4)) if design == "list" else []
    return study(
        name=draw(st.text(min_size=1, max_size=20)),
        question=draw(st.text(max_size=20)),
        factors=[{"key": key, "levels": values} for key, values in levels.items()],
        design=design,
        listed=[{"settings": settings} for settings in listed],
        seeds=draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=3, unique=True)),
    )


@given(studies())
def test_arms_are_distinct_and_the_baseline_comes_first(made: Study) -> None:
    """Two arms of one name, or one arm twice, would mix runs or train the same thing for
    nothing."""
    found = arms(made)
    assert len({arm.name for arm in found}) == len(found)
    assert len(
        {(arm.config.fingerprint, arm.recipe.model_dump_json(), arm.dataset) for arm in found}
    ) == len(found)
    assert sum(not arm.changes for arm in found) <= 1
    assert all(not arm.changes for arm in found if arm.name == BASELINE)
    if made.design != "grid":
        assert [arm for arm in found[1:] if not arm.changes] == []
    if made.design == "one_at_a_time":
        assert not found[0].changes


@given(studies())
def test_a_study_never_trips_its_own_guard_and_each_run_is_another(made: Study) -> None:
    """A banner on every honest study would teach people to ignore banners; two runs of one
    fingerprint are one run."""
    found = runs(made)
    specs = {}
    for arm in arms(made):
        specs[arm.name] = [run.spec for run in found if run.arm.name == arm.name]
    assert one_factor(specs, made.keys).purity != "undeclared"
    assert (
        len({run_fingerprint(run.spec) for run in found})
        == len(found)
        == len(arms(made)) * len(made.seeds)
    )
    if all(key.startswith("network") for key in made.keys):
        assert all(len(stream.groups) == 1 for stream in streams(specs)[:3])


@given(studies(), studies())
def test_fingerprints_are_equal_exactly_where_studies_are(one: Study, other: Study) -> None:
    """Two questions under one fingerprint, or one under two."""
    words = {"name": "x", "question": "", "source": ""}
    same = one.model_copy(update=words) == other.model_copy(update=words)
    assert (one.fingerprint == other.fingerprint) == same
    assert one.fingerprint == Study.model_validate(one.model_dump(mode="json")).fingerprint


@given(studies(), st.integers(0, 2**31 - 1), st.data())
def test_growing_keeps_every_run(made: Study, seed: int, choice: st.DataObject) -> None:
    """A run that is not recognised any more would be trained a second time."""
    before = {run_fingerprint(run.spec): run.arm.name for run in runs(made)}
    levels = {}
    if made.design != "list" and made.factors:
        key = choice.draw(st.sampled_from(made.keys))
        levels = {key: [choice.draw(st.sampled_from(LEVELS[key]))]}
    larger = {
        run_fingerprint(run.spec): run.arm.name
        for run in runs(grown(made, levels=levels, seeds=[seed]))
    }
    assert before.items() <= larger.items()
    assert len(larger) >= len(before)


def test_each_arm_is_what_its_settings_say() -> None:
    """An arm that carries another network than its name says makes every conclusion wrong."""
    base, plain, projected = arms(study())
    assert (base.name, plain.name, projected.name) == (
        BASELINE,
        "shortcut none",
        "shortcut projection",
    )
    assert plain.config == with_settings(base.config, {"shortcut": "none"})
    assert dict(plain.changes) == {"network.shortcut": ("padded_identity", "none")}
    assert base.config.input_shape == (8, 8, 1)
    assert plain.network == "plain20"


def test_a_grid_has_all_combinations_and_names_say_what_is_unusual() -> None:
    """A baseline hidden among the levels would be trained twice, under two names."""
    factors = [
        Factor(key="network", levels=("resnet56", "resnet20")),
        Factor(key="network.shortcut", levels=("none", "padded_identity")),
    ]
    names = [arm.name for arm in arms(study(factors=factors, design="grid"))]
    assert names == ["plain56", "resnet56", "plain20", "resnet20"]
    other = [Factor(key="network.norm.momentum", levels=(0.9, 0.5)), factors[1]]
    names = [arm.name for arm in arms(study(factors=other, design="grid"))]
    assert names == [
        "shortcut none",
        BASELINE,
        "norm.momentum 0.5, shortcut none",
        "norm.momentum 0.5",
    ]


def test_networks_beside_the_catalogue_are_told_from_those_in_it() -> None:
    """Option B has the label of option A; an arm that is called resnet20 must be the
    catalogue's."""
    factors = [
        Factor(key="network", levels=("resnet20", "resnet56")),
        Factor(key="network.shortcut", levels=("projection", "padded_identity")),
    ]
    names = [arm.name for arm in arms(study(factors=factors, design="grid"))]
    assert names == [
        "resnet20, shortcut projection",
        "resnet20",
        "resnet56, shortcut projection",
        "resnet56",
    ]


def test_every_run_has_its_seed_and_arms_take_turns() -> None:
    """Seeds of one arm first would leave nothing to compare until the very end."""
    made = runs(study(seeds=[7, 3]))
    assert [run.spec.recipe.seed for run in made] == [7, 7, 7, 3, 3, 3]
    assert [run.arm.name for run in made[:3]] == [arm.name for arm in arms(study())]


def test_a_recipe_may_be_named() -> None:
    """By hand nobody types a whole recipe."""
    assert baseline().recipe == recipes.get("digits_quick").recipe
    made = study(factors=[Factor(key="recipe", levels=("fashion_quick",))])
    assert arms(made)[1].recipe == recipes.get("fashion_quick").recipe


def test_numbers_that_yaml_takes_for_text() -> None:
    """YAML 1.1 reads 1e-4 as text; the level would be compared with the number as something
    else."""
    typed = study(factors=[Factor(key="network.norm.epsilon", levels=("1e-4",))])
    assert typed == study(factors=[Factor(key="network.norm.epsilon", levels=(1e-4,))])


def test_words_for_the_reader_leave_the_fingerprint_alone() -> None:
    """A corrected sentence must not look like another study; another seed must."""
    assert study(question="why?", name="another").fingerprint == study().fingerprint
    assert study(seeds=[0]).fingerprint != study().fingerprint


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"factor": []}, "There is no setting 'study.factor'; did you mean 'study.factors'?"),
    ({"seeds": [1, 1]}, "A study's seeds must differ; received 1 twice."),
    ({"seeds": []}, "A study needs at least one seed"),
    ({"seeds": [-1]}, "Seeds are whole numbers from 0"),
    (
        {"design": "squares"},
        "study.design must be 'grid', 'one_at_a_time' or 'list'; received 'squares'.",
    ),
    ({"format_version": 2}, "study.format_version must be 1; received 2"),
    (
        {"factors": [{"key": "netwrk", "levels": ["resnet8"]}]},
        "There is no factor 'netwrk'; did you mean 'network'?",
    ),
    (
        {"factors": [{"key": "network.norm.momentun", "levels": [0]}]},
        "did you mean 'network.norm.momentum'?",
    ),
    ({"factors": [{"key": "recipe.optimizer", "levels": [0]}]}, "did you mean 'recipe.optimiser'?"),
    ({"factors": [{"key": "network", "levels": ["resnet21"]}]}, "There is no network 'resnet21'"),
    (
        {"factors": [{"key": "network", "levels": [["a"]]}]},
        "A level of network is a name; received ['a'].",
    ),
    (
        {"factors": [{"key": "dataset", "levels": ["digit"]}]},
        "There is no data set 'digit'; did you mean 'digits'?",
    ),
    (
        {"factors": [{"key": "network.norm.momentum", "levels": [2]}]},
        "Arm norm.momentum 2 cannot be: norm.momentum",
    ),
    (
        {"factors": [{"key": "network.classes", "levels": [2]}]},
        "network.classes is set by the data set",
    ),
    ({"factors": [{"key": "recipe.seed", "levels": [2]}]}, "list them in `seeds`"),
    (
        {"factors": [{"key": "network.shortcut"}]},
        "least one level of each factor; 'network.shortcut' has none",
    ),
    ({"factors": [{"key": "network", "levels": ["resnet8"]}] * 2}, "A study's factors must differ"),
    (
        {"factors": [{"key": "network.shortcut", "levels": ["none", "none"]}]},
        'received "none" twice',
    ),
    ({"design": "list"}, "Design 'list' needs at least one arm"),
    (
        {"design": "list", "listed": [{"settings": {"network": "resnet8"}}]},
        "received 'network': add it to `factors`.",
    ),
    (
        {"design": "list", "listed": [{"name": "a"}, {"name": "a"}]},
        "names of its arms must differ; received 'a' twice",
    ),
    ({"listed": [{}]}, "`listed` belongs to design 'list'; received it with 'one_at_a_time'."),
    (
        {"factors": [{"key": "recipe.optimiser", "levels": [{"kind": "adamw"}]}]},
        "Arm optimiser adamw cannot be: AdamW",
    ),
    (
        {
            "factors": [
                {"key": "network.norm.epsilon", "levels": [i / 1000 for i in range(1, 30)]},
                {"key": "network.norm.momentum", "levels": [i / 1000 for i in range(30)]},
            ],
            "design": "grid",
        },
        "at most 500 arms; received levels for 870",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG, ids=lambda value: str(value)[:40])
def test_each_mistake_is_one_clear_sentence(changes: dict[str, Any], sentence: str) -> None:
    """A study that cannot be must say so when it is read, not after the first night of training."""
    with pytest.raises((ConfigError, UnknownNameError)) as caught:
        study(**changes)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_seed_in_the_recipe_is_refused() -> None:
    """It would be silently replaced by the study's."""
    with pytest.raises(ConfigError, match="leave it at 0"):
        baseline(recipe=recipes.get("digits_quick").recipe.model_copy(update={"seed": 3}))


def test_listed_arms_keep_their_names_and_may_be_told_apart() -> None:
    """A second arm under one name would be added to the first one's seeds."""
    factors = [Factor(key="network.shortcut"), Factor(key="network.norm.momentum")]
    listed = [
        Listed(name="shortcut none", settings={"network.norm.momentum": 0.5}),
        Listed(settings={"network.shortcut": "none"}),
        Listed(name="ours"),
    ]
    names = [arm.name for arm in arms(study(design="list", factors=factors, listed=listed))]
    assert names[0] == "ours"
    assert len(set(names)) == 3
    assert all(name.startswith("shortcut none (") for name in names[1:])


def test_a_listed_arm_that_is_another_one_again_is_refused() -> None:
    """An arm somebody named, gone from every table without a word: two names for one thing are one
    arm."""
    factors = [Factor(key="network.shortcut"), Factor(key="network")]
    plain = Listed(name="plain", settings={"network.shortcut": "none"})
    again = Listed(name="by name", settings={"network": "plain20"})
    with pytest.raises(ConfigError, match="received 'by name', which equals 'plain'"):
        arms(study(design="list", factors=factors, listed=[plain, again]))
    unnamed = Listed(settings={"network": "plain20"})
    assert [
        arm.name for arm in arms(study(design="list", factors=factors, listed=[plain, unnamed]))
    ] == ["plain"]


def test_growing_by_a_factor_it_does_not_have() -> None:
    """A typing mistake would be a new factor."""
    with pytest.raises(UnknownNameError, match=r"did you mean 'network.shortcut'"):
        grown(study(), levels={"network.shortcuts": ["none"]})


def test_a_list_does_not_grow_by_levels() -> None:
    """It would look larger, and train nothing more."""
    listed = study(design="list", listed=[{"settings": {"network.shortcut": "none"}}])
    with pytest.raises(ConfigError, match="grows by arms in `listed`"):
        grown(listed, levels={"network.shortcut": ["projection_always"]})
    assert len(runs(grown(listed, seeds=[9]))) == 4
