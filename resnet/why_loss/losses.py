"""Why losses differ: the initial L2 penalty of a network, in closed form, and the data loss without
it.

The penalty is factor × E[Σw²] over the covered kernels. A kernel has fan-in × output channels
weights. The variance of each is 2 / fan-in (He) or 2 / (fan-in + fan-out) (Glorot). So with He,
E[Σw²] is twice the output channels, for every kernel size and number of groups (He et al. 2015,
Delving Deep into Rectifiers, 2.2). Keras counts fans the same way, and widens its truncated normal
to keep the variance (keras.initializers.VarianceScaling).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, prod
from typing import Literal, NamedTuple

from resnet import history
from resnet.extras import needed
from resnet.network.config import HeadActivation, ResNetConfig
from resnet.network.graph import Graph, Node, build_graph
from resnet.network.operations import Norm
from resnet.recipes.recipe import DecayCovers, WeightDecayConfig

WeightGroup = Literal["stem", "branch", "projection", "classifier", "norm"]
Source = Literal["network", "run", "imported"]
COVERED = {
    "conv_kernels": ("conv",),
    "kernels": ("conv", "dense"),
    "all": ("conv", "dense", "norm"),
}


@dataclass(frozen=True, slots=True)
class KerasL2:
    """Keras's `regularizers.l2(value)`: the loss gains value · Σw², twice what a weight decay of
    that value adds."""

    value: float
    covers: DecayCovers = "conv_kernels"


Decay = WeightDecayConfig | KerasL2


def factor(decay: Decay) -> float:
    """The factor of Σw² in the loss: λ for Keras, half the value for the paper's l2, 0 for
    decoupled decay."""
    if isinstance(decay, KerasL2):
        return decay.value + 0.0  # + 0.0 turns -0.0 into 0.0
    return decay.value / 2 + 0.0 if decay.semantics == "l2" else 0.0


class LayerPenalty(NamedTuple):
    """The penalty of one layer. `squares` is E[Σw²], `penalty` = factor × squares. `outputs` are a
    kernel's output channels; 0 for a norm. Biases and shifts start at 0 and add nothing."""

    id: str
    part: WeightGroup
    outputs: int
    weights: int
    variance: float
    squares: float
    penalty: float


@dataclass(frozen=True, slots=True)
class Penalty:
    """The penalty of an untrained network, by layers. `output_channels`: the sum over the covered
    kernels."""

    factor: float
    layers: tuple[LayerPenalty, ...]
    squares: float
    output_channels: int
    total: float


def penalty(graph: Graph, decay: Decay) -> Penalty:
    """The expected L2 penalty of the initial weights, in nats, by layers. No model is built."""
    scale, rows = factor(decay), []
    for node in graph.nodes:
        if node.op.kind in COVERED[decay.covers]:
            outputs, weights, variance = _fresh(node, graph)
            squares = weights * variance
            rows.append(
                LayerPenalty(
                    node.id, _part(node), outputs, weights, variance, squares, scale * squares
                )
            )
    squares = sum([row.squares for row in rows])
    return Penalty(scale, tuple(rows), squares, sum([row.outputs for row in rows]), scale * squares)


def expected_penalty(graph: Graph, decay: Decay) -> float:
    """`penalty(graph, decay).total`, in nats."""
    return penalty(graph, decay).total


def _part(node: Node) -> WeightGroup:
    if isinstance(node.op, Norm):
        return "norm"
    if node.path == "shortcut":
        return "projection"
    if node.section == "head":
        return "classifier"
    return "stem" if node.section == "stem" else "branch"


def _fresh(node: Node, graph: Graph) -> tuple[int, int, float]:
    """(output channels, number of weights, mean square of a weight) before training."""
    op = node.op
    # A norm starts with scales gamma of 1 or 0; the mean square is the same number. Its shifts
    # start at 0.
    if isinstance(op, Norm):
        return 0, node.output_shape[-1], 1.0 if op.gamma == "one" else 0.0
    kernel = op.drawn_kernel(graph.by_id[node.inputs[0]].output_shape)
    assert kernel, f"{node.id} has no kernel"
    *area, channels, outputs = kernel.shape
    # kernel.shape: [height, width, channels in, channels out], or [channels in, channels out].
    fan_in, fan_out = prod(area) * channels, prod(area) * outputs
    fans = fan_in if kernel.initialiser.startswith("he") else fan_in + fan_out
    return outputs, fan_in * outputs, 2 / fans


def chance_loss(classes: int, head: HeadActivation) -> float:
    """The chance-level cross-entropy, in nats: ln 2 for sigmoid units (Keras takes their mean),
    else ln C."""
    return log(2) if classes == 1 or head == "sigmoid" else log(classes)


def measured_penalty(config: ResNetConfig, decay: Decay, seed: int) -> float:
    """The penalty of the initial weights of this seed. It builds the Keras model, which needs
    TensorFlow and takes seconds."""
    with needed():
        from resnet.as_keras.model import build_keras_model  # noqa: PLC0415  imports Keras

    covered = {layer.id for layer in penalty(build_graph(config), decay).layers}
    layers = [layer for layer in build_keras_model(config, seed).layers if layer.name in covered]
    weights = [
        weight.numpy()
        for layer in layers
        for weight in layer.trainable_weights
        # With "all", biases and norms count too, as the covered layers say.
        if decay.covers == "all" or weight.path.endswith("/kernel")
    ]
    return factor(decay) * sum([float((values.astype("float64") ** 2).sum()) for values in weights])


class Observed(NamedTuple):
    """The losses of one record, in nats; None where unknown. `at` is its place `along` the axis.

    `since`: the record is the mean over the steps after that one, up to `at`; None where its steps
    are unknown.
    """

    at: float
    along: Literal["step", "epoch", "record"]
    total: float | None = None
    data_loss: float | None = None
    l2_penalty: float | None = None
    since: float | None = None

    @property
    def before_training(self) -> bool:
        """Whether it is the record of the first step alone. Its losses are those before the
        update."""
        return (self.along, self.since, self.at) == ("step", 0, 1)


@dataclass(frozen=True, slots=True)
class LossItem:
    """An item of `explain`: a network, a run, or an imported curve. Unknown values are None.

    `seed` is that of its initial weights, and `measured` is their penalty, in nats.
    """

    label: str
    source: Source
    config: ResNetConfig | None
    decay: Decay | None
    course: tuple[Observed, ...] = ()
    seed: int | None = None
    measured: float | None = None


def course_of(records: Sequence[history.Line]) -> tuple[Observed, ...]:
    """The losses of a run's training records, each a mean over the steps since the record before.
    Records without a finite loss are left out."""
    starts = history.all_of(records, history.Start)
    # A fork or a resumed file begins after this step, so its first mean does not start at step 1.
    since = (starts[0].resumed_from if starts else None) or 0
    course = []
    for record in history.all_of(records, history.Train):
        data_loss, l2_penalty = record.data_loss, record.l2_penalty
        if record.step is None:
            continue
        if data_loss is not None and l2_penalty is not None:
            total = data_loss + l2_penalty
            course.append(Observed(record.step, "step", total, data_loss, l2_penalty, since))
        since = record.step
    return tuple(course)


@dataclass(frozen=True, slots=True)
class LossRow:
    """The parts of one item's loss, in nats; None is unknown.

    `predicted` = `start.total` (the penalty before training) + `chance`. `penalty` + `data_loss` =
    `first`. `beneath` says where these two come from: "recorded" separately, "estimated" (the
    expected penalty, and the rest), or "expected" without any record. Where the decay is unknown,
    `implied` is the factor of Σw² over convolutions that explains the first loss if the data loss
    was at chance level; None where the loss is not above it.
    """

    item: LossItem
    start: Penalty | None
    chance: float | None
    predicted: float | None
    first: float | None
    penalty: float | None
    data_loss: float | None
    beneath: Literal["recorded", "estimated", "expected", "unknown"]
    implied: float | None

    @property
    def share(self) -> float | None:
        """The penalty's part of the first loss, 0 to 1."""
        return self.penalty / self.first if self.penalty is not None and self.first else None


@dataclass(frozen=True, slots=True)
class LossDifference:
    """Loss of `label` − loss of `base`, in nats, of first records or of predictions. The parts add
    up to `total`.

    `by_factor`: another λ on the same weights. `by_part`: other weights, by part of the network;
    `channels`: the change of output channels there. `by_drift`: how recorded penalties differ from
    their expectation, because of the steps until then and the random weights. `by_data_loss`: the
    rest.
    """

    base: str
    label: str
    compares: Literal["first records", "predictions"]
    total: float
    by_factor: float
    by_part: dict[WeightGroup, float]
    channels: dict[WeightGroup, int]
    by_drift: float
    by_data_loss: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Each item, and its difference from the first where known. `loss_words` writes sentences."""

    rows: tuple[LossRow, ...]
    differences: tuple[LossDifference, ...]


def explain(items: Sequence[LossItem]) -> Explanation:
    """Divide losses into their parts, and compare each with the first."""
    rows = tuple([_row(item) for item in items])
    differences = tuple([each for row in rows[1:] if (each := _difference(rows[0], row))])
    return Explanation(rows, differences)


def _row(item: LossItem) -> LossRow:
    record = item.course[0] if item.course else None
    if item.config is None:
        return LossRow(item, None, None, None, record and record.total, None, None, "unknown", None)
    graph, chance = (
        build_graph(item.config),
        chance_loss(item.config.classes, item.config.head_activation),
    )
    start = penalty(graph, item.decay) if item.decay else None
    predicted = start.total + chance if start else None
    first = record.total if record else predicted
    if record and record.data_loss is not None:
        return LossRow(
            item,
            start,
            chance,
            predicted,
            first,
            record.l2_penalty,
            record.data_loss,
            "recorded",
            None,
        )
    if start and first is not None:
        # Without separate records: loss − expected penalty = data loss.
        rest, beneath = first - start.total, "estimated" if record else "expected"
        return LossRow(item, start, chance, predicted, first, start.total, rest, beneath, None)  # type: ignore[arg-type]
    implied = None
    # A loss below chance level would need a negative penalty.
    if first is not None and first > chance and not item.decay:
        # loss = chance + f · Σw², solved for the factor f.
        implied = (first - chance) / penalty(graph, KerasL2(1)).squares
    return LossRow(item, start, chance, predicted, first, None, None, "unknown", implied)


def _difference(base: LossRow, row: LossRow) -> LossDifference | None:
    before, after = base.start, row.start
    if not before or not after:
        return None
    # Both must have records. A record and a prediction are losses of different moments.
    recorded = {base.beneath, row.beneath} <= {"recorded", "estimated"}
    losses = [
        (one.penalty, one.data_loss) if recorded else (start.total, one.chance)
        for one, start in ((base, before), (row, after))
    ]
    by_penalty, by_data_loss = [
        (now or 0.0) - (was or 0.0) for was, now in zip(*losses, strict=True)
    ]
    squares: dict[WeightGroup, float] = {}
    channels: dict[WeightGroup, int] = {}
    for sign, start in ((-1, before), (1, after)):
        for layer in start.layers:
            squares[layer.part] = squares.get(layer.part, 0.0) + sign * layer.squares
            channels[layer.part] = channels.get(layer.part, 0) + sign * layer.outputs
    # f₂s₂ − f₁s₁ = (f₁ + f₂) / 2 · (s₂ − s₁) + (f₂ − f₁) · (s₁ + s₂) / 2: the factor f and the
    # squares s are treated alike, so the result does not depend on which of them changes first.
    by_part = {
        part: (before.factor + after.factor) / 2 * more for part, more in squares.items() if more
    }
    by_factor = (after.factor - before.factor) * (before.squares + after.squares) / 2
    # What the closed form does not explain.
    drift = by_penalty - by_factor - sum(by_part.values())
    return LossDifference(
        base.item.label,
        row.item.label,
        "first records" if recorded else "predictions",
        by_penalty + by_data_loss,
        by_factor,
        by_part,
        {part: more for part, more in channels.items() if more},
        drift,
        by_data_loss,
    )
