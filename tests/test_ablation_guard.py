"""Guards: undeclared differences, plain twins and what is equal in them, streams that arms share."""

from typing import Any

import pytest
from hypothesis import given

from resnet import catalog
from resnet.ablation.differences import leaves
from resnet.ablation.guard import (
    compare_weights,
    differing,
    equal_starts,
    one_factor,
    prove,
    same_start,
    streams,
    twin,
    undeclared,
)
from resnet.ablation.study import Study, runs
from resnet.config import ResNetConfig, with_settings
from resnet.errors import ConfigError
from resnet.graph import build_graph
from resnet.metrics import describe
from resnet.runs import RunSpec
from tests.runs_support import spec
from tests.strategies import configs


def with_changes(network: dict[str, Any] | None = None, recipe: dict[str, Any] | None = None, seed: int = 0) -> RunSpec:
    one = spec(seed)
    changes = {"config": with_settings(one.config, network or {}), "recipe": with_settings(one.recipe, recipe or {})}
    return one.model_copy(update=changes)


def test_a_second_factor_changed_by_hand_is_named_with_its_values() -> None:
    """The notebook's own mistakes, each unseen for weeks: λ that changes with depth, another optimiser."""
    fair = {"baseline": [spec()], "plain": [with_changes({"shortcut": "none"})]}
    assert undeclared(fair, ["network.shortcut"]) == ()
    assert one_factor(fair, ["network.shortcut"]).purity == "one factor"
    unfair = fair | {"plain": [with_changes({"shortcut": "none"}, {"weight_decay.value": 0.002})]}
    (found,) = undeclared(unfair, ["network.shortcut"])
    assert found.key == "recipe.weight_decay.value"
    assert found.values == {"baseline": (0.0005,), "plain": (0.002,)}
    verdict = one_factor(unfair, ["network.shortcut"])
    assert verdict.purity == "undeclared"
    assert "recipe.weight_decay.value (0.0005: baseline; 0.002: plain)" in verdict.sentence


def test_seeds_are_no_difference_and_an_arm_that_disagrees_with_itself_is() -> None:
    """Runs of two studies put under one arm: their mean would mean nothing."""
    assert differing({"a": [spec(0), spec(1)], "b": [spec(0), spec(1)]}, []) == ()
    (found,) = undeclared({"a": [spec(0), with_changes({"norm.momentum": 0.5}, seed=1)]}, [])
    assert found.values == {"a": (0.9, 0.5)}


def test_a_factor_covers_what_lies_below_it_and_nothing_beside_it() -> None:
    """ "network.norm" must not cover "network.norm_something", nor "recipe.optimiser" the learning rate."""
    adam = {"optimiser": {"kind": "adam"}, "schedule.learning_rate": 0.001}
    arms = {"sgd": [spec()], "adam": [with_changes(recipe=adam)]}
    assert [found.key for found in undeclared(arms, ["recipe.optimiser"])] == ["recipe.schedule.learning_rate"]
    assert one_factor(arms, ["recipe.optimiser", "recipe.schedule.learning_rate"]).purity == "several factors"
    assert [found.key for found in undeclared(arms, ["recipe.optim"])] == [found.key for found in differing(arms, [])]


def test_one_factor_that_moves_several_settings_says_so() -> None:
    """ "resnet34 against plain34" sounds like one change; in the notebook it hid a stride."""
    fifty = [spec(config=catalog.get(f"binary_{kind}50").config) for kind in ("resnet", "plain")]
    verdict = one_factor({"resnet": [fifty[0]], "plain": [fifty[1]]}, ["network"])
    assert verdict.purity == "one factor, several settings"
    assert "network.stages.0.stride" in verdict.sentence
    assert "network.shortcut" in verdict.sentence


def test_input_and_classes_follow_a_declared_data_set() -> None:
    """Fashion-MNIST is larger than the digits; a banner about that would teach people to ignore banners."""
    base = {"network": "resnet20", "recipe": "digits_quick", "dataset": "digits"}
    factors = [{"key": "dataset", "levels": ["fashion_mnist"]}]
    made = Study.model_validate({"name": "data", "baseline": base, "factors": factors})
    arms = {run.arm.name: [run.spec] for run in runs(made)}
    assert undeclared(arms, made.keys) == ()
    assert one_factor(arms, []).purity == "undeclared"


def test_arms_without_a_difference() -> None:
    """Two arms that are one would be shown to differ by noise."""
    assert one_factor({"a": [spec()], "b": [spec()]}, ["network"]).purity == "no difference"


@given(configs(most_blocks=8, most_filters=32))
def test_a_twin_differs_by_its_shortcuts_only(config: ResNetConfig) -> None:
    """A twin that also loses a stride, a norm or a width is no twin: the notebook's plain-50 was one."""
    if config.shortcut == "none" or config.norm.last_gamma == "zero":
        with pytest.raises(ConfigError):
            twin(config)
        return
    plain = twin(config)
    assert with_settings(plain, {"shortcut": config.shortcut}) == config
    proof = prove(config)
    assert proof.changed_layers == ()
    assert {row.id for row in describe(plain).layers} == set(proof.equal_layers)
    more = sum(counted.trainable_params for counted in proof.extra.values())
    assert proof.trainable_params[0] - proof.trainable_params[1] == more
    assert proof.macs[0] - proof.macs[1] == sum(counted.macs for counted in proof.extra.values())
    assert bool(more) == bool(proof.projections)
    assert proof.exact == (not proof.projections)
    assert proof.other_start == ()  # a projection has weights of its own, and takes none from the other layers


def test_the_papers_twins_are_exact_and_projections_are_counted() -> None:
    """Option A on CIFAR has exactly the plain net's parameters; B brings projections: three on ImageNet's 34 layers."""
    assert prove(catalog.get("resnet56").config).exact
    proof = prove(catalog.get("resnet34").config)
    assert not proof.exact
    assert len(proof.projections) == 3
    assert proof.extra["conv"].layers == 3
    b = prove(catalog.get("resnet20").config.model_copy(update={"shortcut": "projection"}))
    assert b.trainable_params[0] - b.trainable_params[1] == 2752


def test_the_notebooks_plain_50_is_not_the_twin() -> None:
    """It does not stride in its first stage, so it works on maps four times as large."""
    residual, claimed = (catalog.get(f"binary_{kind}50").config for kind in ("resnet", "plain"))
    proof = prove(residual, claimed)
    assert "stage1.block1.conv1" in proof.changed_layers
    assert proof.verdict.startswith("No twins:")
    assert proof.sentences()[1].startswith("No twins:")
    assert "stage1.block1.conv1" in proof.equal_start  # a stride is no part of a kernel
    assert prove(catalog.get("binary_resnet34").config, catalog.get("binary_plain34").config).changed_layers == ()


def test_a_plain_network_has_no_twin_to_derive() -> None:
    """Which shortcuts to add is a choice; only removing them is not."""
    with pytest.raises(ConfigError, match="give the residual network"):
        twin(catalog.get("plain20").config)


def test_streams_are_shared_where_what_they_depend_on_is() -> None:
    """Arms that saw other images, or began elsewhere, without anybody saying so."""
    arms = {
        "baseline": [spec(0), spec(1)],
        "plain": [with_changes({"shortcut": "none"}, seed=seed) for seed in (1, 0)],
        "B": [with_changes({"shortcut": "projection"}, seed=seed) for seed in (0, 1)],
        "batch": [with_changes(recipe={"batch_size": 32}, seed=seed) for seed in (0, 1)],
        "pad": [with_changes(recipe={"augmentation.pad": 2}, seed=seed) for seed in (0, 1)],
        "split": [with_changes(recipe={"validation_images": 200}, seed=seed) for seed in (0, 1)],
    }
    groups = {stream.name: [set(group) for group in stream.groups] for stream in streams(arms)}
    assert {"split"} in groups["split"]
    assert {"baseline", "plain", "B", "pad"} in groups["order"]
    assert {"baseline", "plain", "B"} in groups["augmentation"]
    assert groups["initial weights"] == [set(arms)]
    assert {len(stream.groups) for stream in streams({name: arms[name] for name in ("baseline", "plain")})} == {1}


def test_other_seeds_are_other_streams() -> None:
    """Seeds 0 and 1 against 2 and 3 are not paired."""
    assert all(len(stream.groups) == 2 for stream in streams({"a": [spec(0)], "b": [spec(1)]}))


def test_every_setting_is_a_leaf_but_the_seed() -> None:
    """A setting the guard does not look at can differ unseen."""
    one = spec()
    found = leaves(one.config, one.recipe, one.dataset)
    changed = with_settings(one.recipe, {"seed": 5})
    assert leaves(one.config, changed, one.dataset) == found
    assert {"network.stages.0.blocks", "network.norm.epsilon", "recipe.schedule.kind", "dataset"} <= found.keys()
    assert not [value for value in found.values() if isinstance(value, dict)]


def test_deeper_networks_share_what_they_have_and_a_zero_gamma_is_another_start() -> None:
    """ "Equal starting weights" said of norms that start at 1 in one arm and at 0 in the other."""
    deep = spec(config=catalog.get("resnet56").config.model_copy(update={"input_shape": (8, 8, 1)}))
    narrow = with_changes({"stages.0.filters": 8})
    zero = with_changes({"norm.last_gamma": "zero"})
    kind = with_changes({"initialiser": "glorot_uniform"})
    base = {"a": [spec()]}
    together = {name: streams(base | {"b": [one]})[3].groups for name, one in
                {"deep": deep, "narrow": narrow, "zero": zero, "kind": kind}.items()}  # fmt: skip
    assert together == {"deep": (("a", "b"),)} | dict.fromkeys(("narrow", "zero", "kind"), (("a",), ("b",)))


def test_a_named_data_set_is_the_same_in_every_folder() -> None:
    """Two checkouts of one study would be said to see other images; two folders of photographs do."""
    elsewhere = spec(data_folder="/elsewhere")
    assert {len(stream.groups) for stream in streams({"a": [spec()], "b": [elsewhere]})} == {1}
    folders = [spec(dataset="folder:photos", data_folder=place) for place in ("/a", "/b")]
    assert len(streams({"a": folders[:1], "b": folders[1:]})[0].groups) == 2


WROTE: dict[str, Any] = {
    "split_hash": "s0",
    "first_batch": "b0",
    "initial_weights": {"stem.conv": "k0", "head.logits": "k1"},
}


def test_what_runs_wrote_down_proves_that_they_began_alike() -> None:
    """A rule that the code no longer follows would be believed; hashes of what was drawn cannot be."""
    more = WROTE | {"initial_weights": WROTE["initial_weights"] | {"stage1.block9.conv1": "k9"}}
    start = same_start({"plain": {0: WROTE, 1: WROTE}, "deep": {0: more, 1: more}, "late": {2: WROTE}})
    assert start.proven
    assert [seed.seed for seed in start.seeds] == [0, 1]
    assert [seed.kernels for seed in start.seeds] == [(2, 2), (2, 2)]
    assert "equal in all arms with seeds 0 and 1 (2 of 2 kernels" in start.sentences[2]


def test_one_other_hash_is_found_and_named() -> None:
    """An arm that saw other images in its first step, or one kernel of twenty that was drawn anew."""
    other = {**WROTE, "first_batch": "bx", "initial_weights": {"stem.conv": "k0", "head.logits": "kx"}}
    start = same_start({"a": {0: WROTE}, "b": {0: other}})
    assert not start.proven
    (seed,) = start.seeds
    assert (seed.split, seed.first_batch, seed.weights) == ("equal", "not equal", "not equal")
    assert (seed.kernels, seed.other_kernels) == ((1, 2), ("head.logits",))
    assert "not equal: head.logits" in start.sentences[2]


@pytest.mark.parametrize("older", [None, {}, {"split_hash": "s0"}, {**WROTE, "initial_weights": None}])
def test_older_runs_prove_nothing(older: dict[str, Any] | None) -> None:
    """What was not written down must not be read as equal."""
    start = same_start({"a": {0: WROTE}, "b": {0: older}})
    assert not start.proven
    assert start.seeds[0].weights == "not recorded"
    assert "not recorded by all runs with seed 0" in start.sentences[2]
    assert not same_start({"a": {0: WROTE}}).proven
    assert same_start({}).sentences == ("Not proven by hash yet: no two arms have run with one seed.",)


def test_weights_are_compared_layer_by_layer() -> None:
    """Equal counts of layers are no proof, and neither are layers of other names."""
    proof = compare_weights({"a": "1", "b": "2", "p": "3"}, {"a": "1", "b": "x"})
    assert (proof.equal, proof.other, proof.only_first, proof.only_second) == (("a",), ("b",), ("p",), ())
    assert "1 of the 2 kernels that both have start equal; others do not: b; 1 kernel only one" in proof.sentence
    assert "no kernel of one name" in compare_weights({"a": "1"}, {}).sentence


def kernels(config: ResNetConfig) -> dict[str, str]:
    from resnet.keras_model import build_keras_model, kernel_hashes  # noqa: PLC0415

    return kernel_hashes(build_keras_model(config, seed=7))


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resnet14", {"shortcut": "padded_identity"}),
        ("resnet14", {"shortcut": "projection"}),
        ("resnet14", {"shortcut": "projection_always", "initialiser": "glorot_uniform"}),
        ("resnet50", {"cardinality": 32, "base_width": 4, "input_shape": [32, 32, 3]}),
    ],
)
def test_equal_starts_are_what_keras_draws(name: str, settings: dict[str, Any]) -> None:
    """The proof says which kernels are equal under one seed; here they are drawn and hashed."""
    config = with_settings(catalog.get(name).config, settings)
    plain = twin(config)
    by_hash = compare_weights(kernels(config), kernels(plain))
    assert set(by_hash.equal) == set(equal_starts(build_graph(config), build_graph(plain))) == set(kernels(plain))
    assert set(by_hash.equal) == set(prove(config).equal_start)
    assert (by_hash.other, by_hash.only_second) == ((), ())
    assert set(by_hash.only_first) == set(prove(config).projections)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_other_shapes_and_initialisers_start_otherwise_as_predicted() -> None:
    """A narrower stage, another initialiser: predicted from the graph, and found so in Keras."""
    one = catalog.get("resnet14").config
    changes = ({"stages.1.filters": 24}, {"initialiser": "he_uniform"}, {"stages.0.stride": 2})
    for other in [with_settings(one, settings) for settings in changes]:
        by_hash = compare_weights(kernels(one), kernels(other))
        assert set(by_hash.equal) == set(equal_starts(build_graph(one), build_graph(other)))
