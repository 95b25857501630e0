"""The question the project began with: two losses differ, and nobody could say that it was the
penalty."""

import re
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import configs

from resnet import ResNetConfig, build_graph, get, with_settings
from resnet.imports.imported import Given, read_curve
from resnet.network.graph import Conv, Dense, Graph, Node
from resnet.recipes.recipe import WeightDecayConfig
from resnet.shipped.notebook import FOLDER
from resnet.why_loss.loss_words import sentences
from resnet.why_loss.losses import (
    Decay,
    KerasL2,
    LossItem,
    Observed,
    chance_loss,
    course_of,
    expected_penalty,
    explain,
    factor,
    measured_penalty,
    penalty,
)

SEED = (  # shared/seed/README.md: network, λ, Σ output channels, predicted, printed first epoch
    ("resnet34", 1e-3, 8512, 17.717, 17.646),
    ("plain34", 1e-3, 7616, 15.925, 15.891),
    ("resnet50", 1e-4, 26560, 6.005, 6.021),
    ("plain50", 1e-4, 22720, 5.237, 5.243),
)
CURVES = (("resnet34", "resnet_34_sgd"), ("plain34", "plain_34_sgd"), ("resnet50", "resnet_50_sgd"))
SMALL = configs(most_blocks=4, most_filters=24, largest_side=16)
COVERS = st.sampled_from(("conv_kernels", "kernels", "all"))
DECAYS: st.SearchStrategy[Decay] = st.builds(KerasL2, st.floats(0, 0.01), COVERS) | st.builds(
    WeightDecayConfig,
    value=st.floats(0, 0.01),
    semantics=st.sampled_from(("l2", "decoupled")),
    covers=COVERS,
)


def notebook(name: str) -> LossItem:
    value = next(row[1] for row in SEED if row[0] == name)
    return LossItem(name, "network", get(f"binary_{name}").config, KerasL2(value))


def imported(name: str, file: str, value: float | None) -> LossItem:
    facts = Given(network=f"binary_{name}", config=get(f"binary_{name}").config, decay=value)
    return read_curve(FOLDER / f"{file}.csv", facts).as_loss_item()


@pytest.mark.parametrize(("name", "value", "channels", "predicted", "printed"), SEED)
def test_the_table_the_project_began_with(
    name: str, value: float, channels: int, predicted: float, printed: float
) -> None:
    """A factor of two, a forgotten projection or a counted classifier would move a digit of the
    README's table."""
    (row,) = explain([notebook(name)]).rows
    assert row.start and row.predicted
    assert row.start.output_channels == channels
    assert row.start.total == pytest.approx(value * 2 * channels, rel=1e-12)
    assert f"{row.predicted:.3f}" == f"{predicted:.3f}"
    assert row.predicted == pytest.approx(printed, rel=0.005)


@pytest.mark.parametrize(("name", "file"), CURVES)
def test_the_seed_s_curves_are_taken_apart(name: str, file: str) -> None:
    """The first epoch's loss is within 0.5 % of the prediction, and what lies beneath is near ln 2:
    no trace of 17."""
    value = next(row[1] for row in SEED if row[0] == name)
    (row,) = explain([imported(name, file, value)]).rows
    assert row.first == pytest.approx(row.predicted, rel=0.005)
    assert row.beneath == "estimated"
    assert row.data_loss == pytest.approx(log(2), abs=0.1)
    assert row.share and row.share > 0.85


def test_resnet_34_is_higher_by_its_projections_and_learns_better() -> None:
    """The author's own question; an answer that blamed the network would be this bug again."""
    found = explain(
        [imported("plain34", "plain_34_sgd", 1e-3), imported("resnet34", "resnet_34_sgd", 1e-3)]
    )
    (difference,) = found.differences
    assert difference.compares == "first records"
    assert difference.total == pytest.approx(17.6460 - 15.8909)
    assert difference.by_part == {"projection": pytest.approx(1e-3 * 2 * 896)}
    assert difference.channels == {"projection": 896}
    assert difference.by_factor == 0
    assert difference.by_data_loss < 0
    assert "projection weights (+896 output channels)" in sentences(found)[-1]


def test_lambda_that_changes_with_depth_is_named() -> None:
    """The 50-layer losses look lower only because λ is a tenth."""
    found = explain([notebook("resnet34"), notebook("resnet50")])
    assert found.differences[0].by_factor < -10
    assert found.differences[0].compares == "predictions"
    assert "from another λ" in sentences(found)[-1]


@pytest.mark.parametrize(("name", "file"), CURVES)
def test_a_penalty_nobody_mentioned_is_found(name: str, file: str) -> None:
    """With λ unknown nothing may be invented, but the λ that would explain the loss is within 4 %
    of the notebook's."""
    (row,) = explain([imported(name, file, None)]).rows
    assert (row.start, row.penalty, row.data_loss, row.beneath) == (None, None, None, "unknown")
    assert row.implied == pytest.approx(next(line[1] for line in SEED if line[0] == name), rel=0.04)
    assert "λ is unknown" in sentences(explain([imported(name, file, None)]))[0]


def test_what_is_unknown_is_said_and_not_guessed() -> None:
    unknown = LossItem("old", "imported", None, None, (Observed(1, "epoch", 17.0),))
    silent = LossItem("empty", "imported", None, None)
    found = explain([unknown, silent, notebook("resnet34")])
    assert found.differences == ()
    assert "its network is unknown" in sentences(found)[0]
    assert "no loss is recorded" in sentences(found)[1]
    assert found.rows[0].implied is None


def test_a_lambda_that_cannot_be_is_refused_in_words() -> None:
    """A typed λ ten times too large leaves a negative data loss; nobody should read that as a very
    good network."""
    found = explain([imported("resnet34", "resnet_34_sgd", 1e-2)])
    assert sentences(found)[0].endswith("check λ.")


def test_a_run_of_ours_is_recorded_and_not_estimated() -> None:
    """Our records keep the two apart; an estimate in their place would hide what training did to
    the weights."""
    records: list[dict[str, Any]] = [
        {"kind": "start", "steps": 20},
        {"kind": "train", "step": 10, "data_loss": 2.0, "l2_penalty": 0.5},
        {"kind": "train", "step": 15, "data_loss": None, "l2_penalty": None},
        {"kind": "train", "step": 20, "data_loss": 1.0, "l2_penalty": 0.4},
    ]
    course = course_of(records)
    assert [record.at for record in course] == [10, 20]
    item = LossItem("run", "run", get("resnet20").config, WeightDecayConfig(), course)
    found = explain([item])
    (row,) = found.rows
    assert (row.first, row.penalty, row.data_loss, row.beneath) == (2.5, 0.5, 2.0, "recorded")
    assert "by step 20 the penalty is 0.400 and the data loss 1.000" in sentences(found)[0]


@given(SMALL, DECAYS)
def test_the_layers_add_up(config: ResNetConfig, decay: Decay) -> None:
    """A layer counted twice, or in the total only."""
    found = penalty(build_graph(config), decay)
    assert found.total == pytest.approx(sum(layer.penalty for layer in found.layers), rel=1e-9)
    assert found.total == pytest.approx(found.factor * found.squares)
    assert len({layer.id for layer in found.layers}) == len(found.layers)


@given(SMALL, DECAYS, st.integers(0, 2**32 - 1))
def test_the_closed_form_is_what_a_draw_gives(
    config: ResNetConfig, decay: Decay, seed: int
) -> None:
    """Every layer against weights drawn by numpy: groups in the wrong fan, or Glorot taken for He,
    are far outside."""
    graph, random = build_graph(config), np.random.default_rng(seed)
    found = penalty(graph, decay)
    drawn = noise = 0.0
    for layer in found.layers:
        squares, variance = draw(graph, graph.by_id[layer.id], random)
        drawn, noise = drawn + squares, noise + 2 * layer.weights * variance**2
    assert found.squares == pytest.approx(drawn, abs=8 * sqrt(noise) + 1e-9)


def draw(graph: Graph, node: Node, random: np.random.Generator) -> tuple[float, float]:
    """Σw² of one kernel drawn as Keras's documentation says, and the variance of a weight; scales
    as they begin."""
    op = node.op
    if not isinstance(op, Conv | Dense):
        gamma = getattr(op, "gamma", "zero")
        return (float(node.output_shape[-1]) if gamma == "one" else 0.0), 0.0
    channels = graph.by_id[node.inputs[0]].output_shape[-1]
    shape = (
        (op.kernel, op.kernel, channels // op.groups, op.filters)
        if isinstance(op, Conv)
        else (channels, op.units)
    )
    area = int(np.prod(shape[:-2]))
    fans = (shape[-2] * area, shape[-1] * area)
    variance = 2 / fans[0] if op.initialiser.startswith("he_") else 1 / np.mean(fans)
    limit = sqrt(3 * variance)
    uniform = op.initialiser.endswith("uniform")
    values = (
        random.uniform(-limit, limit, shape) if uniform else random.normal(0, sqrt(variance), shape)
    )
    return float((values**2).sum()), float(variance)


@given(SMALL, st.floats(0, 0.1), COVERS)
def test_the_three_meanings_of_weight_decay(
    config: ResNetConfig, value: float, covers: Any
) -> None:
    """Keras's λ is half a weight decay, and a decoupled one never enters the loss."""
    graph = build_graph(config)
    ours = WeightDecayConfig(value=2 * value, covers=covers)
    assert expected_penalty(graph, ours) == pytest.approx(
        expected_penalty(graph, KerasL2(value, covers))
    )
    assert factor(WeightDecayConfig(value=value, semantics="decoupled", covers=covers)) == 0


@given(
    SMALL, SMALL, DECAYS, DECAYS, st.lists(st.floats(0.01, 50), min_size=2, max_size=2) | st.none()
)
def test_a_difference_is_all_accounted_for(
    one: ResNetConfig,
    other: ResNetConfig,
    decay: Decay,
    other_decay: Decay,
    losses: list[float] | None,
) -> None:
    """An attribution whose parts do not add up explains nothing."""
    courses = [(Observed(1, "epoch", loss),) for loss in losses] if losses else [(), ()]
    found = explain(
        [
            LossItem("a", "imported", one, decay, courses[0]),
            LossItem("b", "imported", other, other_decay, courses[1]),
        ]
    )
    (difference,) = found.differences
    first, second = (row.first if losses else row.predicted for row in found.rows)
    parts = (
        difference.by_factor
        + sum(difference.by_part.values())
        + difference.by_drift
        + difference.by_data_loss
    )
    assert first is not None and second is not None
    assert difference.total == pytest.approx(second - first, abs=1e-6)
    assert parts == pytest.approx(difference.total, abs=1e-6)


def of_ours(name: str, *records: tuple[int, float, float], begun: int = 0) -> LossItem:
    """A run on record: step, data loss, penalty."""
    lines: list[dict[str, Any]] = [{"kind": "start", "resumed_from": begun}]
    lines += [
        {"kind": "train", "step": step, "data_loss": data, "l2_penalty": l2}
        for step, data, l2 in records
    ]
    return LossItem(
        name,
        "run",
        get("plain56").config,
        WeightDecayConfig(value=5e-4, covers="all"),
        course_of(lines),
    )


def test_a_mean_over_steps_is_not_called_the_beginning() -> None:
    """Catches "begins at" said of ten steps' mean, and a penalty that grew in them blamed on the
    draw."""
    (said,) = sentences(explain([of_ours("slow", (10, 2.397, 2.224))]))
    assert "its first record, the mean of steps 1 to 10, is 4.621" in said
    assert (
        "the penalty is 1.529 before training" in said and "+0.695 from its change by then" in said
    )
    assert "random" not in said
    (fork,) = sentences(explain([of_ours("fork", (50, 2.0, 1.6), begun=40)]))
    assert "the mean of steps 41 to 50" in fork
    (first,) = sentences(explain([of_ours("first", (1, 2.0, 1.6))]))
    assert (
        "its first record, of step 1," in first
        and "+0.071 from the random initial weights" in first
    )


def test_a_bound_of_nothing_is_not_printed() -> None:
    """Catches "of which at least 0.000 is the penalty shrinking"."""
    (said,) = sentences(explain([imported("resnet50", "resnet_50_sgd", 1e-4)]))
    assert "fell by 0.526." in said
    (said,) = sentences(explain([imported("resnet34", "resnet_34_sgd", 1e-3)]))
    assert "of which at least 2.810 is the penalty shrinking" in said


LOSSES = st.tuples(st.floats(0.01, 50), st.floats(0.01, 50))


@given(LOSSES, LOSSES)
def test_what_is_printed_adds_up(one: tuple[float, float], other: tuple[float, float]) -> None:
    """Catches "0.139 higher: +0.140 from the data loss": a reader adds up what stands there."""
    *rows, said = sentences(explain([of_ours("a", (10, *one)), of_ours("b", (10, *other))]))
    total = re.search(r" is (?:([\d.]+) (higher|lower) than|as high as)", said)
    assert total
    parts = [float(part.replace("−", "-")) for part in re.findall(r"([+−][\d.]+) from", said)]
    signed = float(total[1] or 0) * (-1 if total[2] == "lower" else 1)
    assert sum(parts) == pytest.approx(signed, abs=1e-6)
    for row in rows:
        numbers = re.search(r" is ([\d.]+), of which ([\d.]+) .* and ([\d.]+) the data loss", row)
        assert numbers
        assert float(numbers[1]) == pytest.approx(float(numbers[2]) + float(numbers[3]), abs=1e-6)


def test_chance() -> None:
    assert chance_loss(1, "sigmoid") == chance_loss(1, "none") == log(2)
    assert chance_loss(10, "softmax") == chance_loss(10, "none") == log(10)


drawn = pytest.mark.parametrize(
    "initialiser", ["he_normal", "he_uniform", "glorot_normal", "glorot_uniform"]
)
one_of_both = pytest.mark.parametrize("name", ["resnet20", "resnext"])


def network(name: str, initialiser: str) -> ResNetConfig:
    grouped = (
        {"block": "bottleneck", "cardinality": 4, "shortcut": "projection"}
        if name == "resnext"
        else {}
    )
    return with_settings(
        get("resnet20").config, {"initialiser": initialiser, "conv_bias": True, **grouped}
    )


@pytest.mark.keras
@drawn
@pytest.mark.parametrize("covers", ["conv_kernels", "kernels", "all"])
@one_of_both
def test_keras_draws_what_the_closed_form_says(name: str, covers: Any, initialiser: str) -> None:
    """The built model is the judge: Keras's fans of a grouped kernel, its widened truncated normal,
    zero biases."""
    config, decay = network(name, initialiser), KerasL2(1e-3, covers)
    expected = expected_penalty(build_graph(config), decay)
    assert measured_penalty(config, decay, 3) == pytest.approx(expected, rel=0.03)


@pytest.mark.keras
@drawn
@one_of_both
def test_a_seed_draws_the_same_and_another_seed_does_not(name: str, initialiser: str) -> None:
    """Catches a measured penalty that nobody could measure again. What is drawn does not depend on
    what is covered."""
    config, decay = network(name, initialiser), KerasL2(1e-3, "all")
    measured = measured_penalty(config, decay, 3)
    assert measured == measured_penalty(config, decay, 3)
    assert measured != measured_penalty(config, decay, 4)


@pytest.mark.keras
@pytest.mark.parametrize("covers", ["conv_kernels", "kernels", "all"])
def test_the_trainer_adds_up_the_same_weights(covers: Any) -> None:
    """The l2_penalty of our records and the one explained are of the same variables, with the same
    factor."""
    from resnet import build_keras_model  # noqa: PLC0415  takes seconds
    from resnet.training.loss import decayed, l2_penalty  # noqa: PLC0415

    config, decay = get("resnet20").config, WeightDecayConfig(value=1e-3, covers=covers)
    recorded = float(l2_penalty(decayed(build_keras_model(config, 5), decay), decay.value))
    assert measured_penalty(config, decay, 5) == pytest.approx(recorded, rel=1e-5)
