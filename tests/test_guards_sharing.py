"""What arms share: split, order, augmentation and initial weights, by rule from specs and by hash
from runs."""

from typing import Any

import pytest

from resnet.guards.sharing import same_start, selection, streams
from resnet.network import catalog
from tests.runs_support import spec
from tests.test_guards import with_changes


def test_who_chooses_is_said() -> None:
    """ "Validation chose" printed over a recipe that tests the last weights."""
    last = with_changes(recipe={"test_weights": "last"})
    assert selection({"a": [spec()], "b": [spec()]}).startswith("Validation chooses: ")
    assert selection({"a": [last]}).startswith(
        "No weights are chosen: those of the last step are tested"
    )
    assert selection({"a": [spec()], "b": [last]}).startswith(
        "Validation chooses the weights only in a;"
    )


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
    groups = {stream.name: list(map(set, stream.groups)) for stream in streams(arms)}
    assert {"split"} in groups["split"]
    assert {"baseline", "plain", "B", "pad"} in groups["order"]
    assert {"baseline", "plain", "B"} in groups["augmentation"]
    assert groups["initial weights"] == [set(arms)]
    pair = {"baseline": arms["baseline"], "plain": arms["plain"]}
    assert {len(stream.groups) for stream in streams(pair)} == {1}


def test_other_seeds_are_other_streams() -> None:
    """Seeds 0 and 1 against 2 and 3 are not paired."""
    assert all(len(stream.groups) == 2 for stream in streams({"a": [spec(0)], "b": [spec(1)]}))


def test_deeper_networks_share_what_they_have_and_a_zero_gamma_is_another_start() -> None:
    """ "Equal starting weights" said of norms that start at 1 in one arm and at 0 in the other."""
    deep = spec(config=catalog.get("resnet56").config.model_copy(update={"input_shape": (8, 8, 1)}))
    narrow = with_changes({"stages.0.filters": 8})
    zero = with_changes({"norm.last_gamma": "zero"})
    kind = with_changes({"initialiser": "glorot_uniform"})
    base = {"a": [spec()]}
    together = {
        name: streams(base | {"b": [one]})[3].groups
        for name, one in {"deep": deep, "narrow": narrow, "zero": zero, "kind": kind}.items()
    }
    assert together == {"deep": (("a", "b"),)} | dict.fromkeys(
        ("narrow", "zero", "kind"), (("a",), ("b",))
    )


def test_a_named_data_set_is_the_same_in_every_folder() -> None:
    """Two checkouts of one study would be said to see other images; two folders of photographs
    do."""
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
    """A rule that the code no longer follows would be believed; hashes of what was drawn cannot
    be."""
    more = WROTE | {"initial_weights": WROTE["initial_weights"] | {"stage1.block9.conv1": "k9"}}
    start = same_start(
        {"plain": {0: WROTE, 1: WROTE}, "deep": {0: more, 1: more}, "late": {2: WROTE}}
    )
    assert start.proven
    assert [seed.seed for seed in start.seeds] == [0, 1]
    assert [seed.kernels for seed in start.seeds] == [(2, 2), (2, 2)]
    assert "equal in all arms with seeds 0 and 1 (2 of 2 kernels" in start.sentences[2]


def test_one_other_hash_is_found_and_named() -> None:
    """An arm that saw other images in its first step, or one kernel of twenty that was drawn
    anew."""
    other = {
        **WROTE,
        "first_batch": "bx",
        "initial_weights": {"stem.conv": "k0", "head.logits": "kx"},
    }
    start = same_start({"a": {0: WROTE}, "b": {0: other}})
    assert not start.proven
    (seed,) = start.seeds
    assert (seed.split, seed.first_batch, seed.weights) == ("equal", "not equal", "not equal")
    assert (seed.kernels, seed.other_kernels) == ((1, 2), ("head.logits",))
    assert "not equal: head.logits" in start.sentences[2]


@pytest.mark.parametrize(
    "older", [None, {}, {"split_hash": "s0"}, {**WROTE, "initial_weights": None}]
)
def test_older_runs_prove_nothing(older: dict[str, Any] | None) -> None:
    """What was not written down must not be read as equal."""
    start = same_start({"a": {0: WROTE}, "b": {0: older}, "c": {0: WROTE}})
    assert not start.proven
    (seed,) = start.seeds
    row = older or {}
    assert seed.weights == "not recorded"
    assert seed.split == ("equal" if "split_hash" in row else "not recorded")
    assert seed.first_batch == ("equal" if "first_batch" in row else "not recorded")
    assert seed.unknown == ("b",)
    assert "not recorded by all runs with seed 0" in start.sentences[2]
    assert not same_start({"a": {0: WROTE}}).proven
    assert same_start({}).sentences == (
        "Not proven by hash yet: no two arms have run with the same seed.",
    )
