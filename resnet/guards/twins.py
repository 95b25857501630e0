"""The plain twin of a residual network, and a proof of what is equal between the two. No I/O, no
Keras.

Each kernel is drawn from the seed and its layer's name (`resnet.as_keras.model`). So layers with
the same name, shape and initialiser start equal in both networks, and other layers do not affect
this. `prove` derives it from the graphs. `compare_weights` confirms it with the hashes of real
kernels from `resnet.as_keras.model.kernel_hashes`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from resnet.errors import ConfigError
from resnet.guards.differences import listed
from resnet.network.config import ResNetConfig
from resnet.network.graph import Graph, build_graph
from resnet.network.metrics import LayerMetrics, measure
from resnet.network.operations import Conv


def twin(config: ResNetConfig) -> ResNetConfig:
    """The same network without its shortcuts. Raises ConfigError where it has none."""
    if config.shortcut == "none":
        raise ConfigError(
            "A plain twin needs a network with shortcuts to remove; received shortcut 'none'; give"
            " the residual network instead."
        )
    # Validated and not only copied: some settings, such as last_gamma "zero", are impossible
    # without shortcuts.
    return ResNetConfig.model_validate(config.model_dump() | {"shortcut": "none"})


class Counted(NamedTuple):
    """Layers of one kind that only the residual network has, and their cost."""

    layers: int
    trainable_params: int
    macs: int


@dataclass(frozen=True, slots=True)
class TwinProof:
    """What is equal between a residual network and its plain twin, layer by layer, and what is not.

    `equal_layers` have the same operation and shape; `changed_layers` of the plain network do not.
    `extra` counts, by kind, the layers that only the residual network has. `projections` are its
    1×1 convolutions. Kernels that both have are in `equal_start` if the same seed gives both the
    same initial values, else in `other_start`.
    """

    residual: ResNetConfig
    plain: ResNetConfig
    equal_layers: tuple[str, ...]
    changed_layers: tuple[str, ...]
    extra: Mapping[str, Counted]
    projections: tuple[str, ...]
    equal_start: tuple[str, ...]
    other_start: tuple[str, ...]
    trainable_params: tuple[int, int]
    non_trainable_params: tuple[int, int]
    macs: tuple[int, int]

    @property
    def exact(self) -> bool:
        """Whether both have the same parameters, MACs, shapes and initial weights: only additions
        differ."""
        pairs = (self.trainable_params, self.non_trainable_params, self.macs)
        # Equal totals alone could hide two differences that cancel out.
        odd = self.changed_layers or self.other_start
        return not odd and all(residual == plain for residual, plain in pairs)

    @property
    def verdict(self) -> str:
        """The proof in one sentence."""
        if self.changed_layers:
            return "Not twins: more than the shortcuts differs."
        if self.exact:
            return (
                "Exact twins: same parameters, MACs, shapes and initial weights; only the additions"
                " differ."
            )
        # Option B or C: only projections add weights, so the twins differ in these alone.
        projected = _count_of(len(self.projections), "projection")
        return f"Twins except for {projected}, which have weights; everything else is equal."

    def sentences(self) -> tuple[str, ...]:
        """The proof in words, one fact each."""
        same = _count_of(len(self.equal_layers), "layer")
        sentences = [f"Equal in both, in operation, shape and parameters: {same}."]
        if self.changed_layers:
            changed = listed(self.changed_layers)
            sentences.append(f"Not twins: besides the shortcuts, {changed} differ.")
        sentences.append(self._costs())
        if self.extra:
            extra = listed([f"{counted.layers} {kind}" for kind, counted in self.extra.items()])
            sentences.append(f"Layers that only the residual network has: {extra}.")
        drawn = len(self.equal_start) + len(self.other_start)
        rest = (
            f"; other shapes or initialisers: {listed(self.other_start)}"
            if self.other_start
            else ""
        )
        sentences.append(
            f"With the same seed, {len(self.equal_start)} of the {drawn} kernels that both have"
            f" start equal{rest}: each is drawn from the seed and its layer's name."
        )
        return tuple(sentences)

    def _costs(self) -> str:
        params, macs = (residual - plain for residual, plain in (self.trainable_params, self.macs))
        if not params and not macs:
            return (
                f"Both have {self.trainable_params[0]:,} trainable parameters and {self.macs[0]:,}"
                " MACs."
            )
        return (
            f"Not equal: the residual network has {self.trainable_params[0]:,} trainable"
            f" parameters, the plain one {self.trainable_params[1]:,} ({params:+,}), and"
            f" {self.macs[0]:,} MACs against {self.macs[1]:,} ({macs:+,}), with"
            f" {_count_of(len(self.projections), 'projection')}."
        )


def _count_of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def prove(residual: ResNetConfig, plain: ResNetConfig | None = None) -> TwinProof:
    """Compare a residual network with its twin, or with `plain`, which may not be its twin. Raises
    ConfigError."""
    plain = plain or twin(residual)
    graphs = build_graph(residual), build_graph(plain)
    first, second = map(measure, graphs)
    rows = [{row.id: row for row in first.layers}, {row.id: row for row in second.layers}]
    ops = [{node.id: node.op for node in graphs[0].nodes}, {n.id: n.op for n in graphs[1].nodes}]
    # Layers are matched by name: the graph gives a twin the same names, shortcuts apart.
    shared = [name for name in rows[0] if name in rows[1]]
    equal = [
        name
        for name in shared
        if _alone(rows[0][name]) == _alone(rows[1][name]) and ops[0][name] == ops[1][name]
    ]
    starts, kernels = equal_starts(*graphs), drawn_kernels(graphs[0])
    return TwinProof(
        residual,
        plain,
        equal_layers=tuple(equal),
        # Layers of the plain network that the residual one does not have, or has in another form. A
        # true twin has none.
        changed_layers=tuple(name for name in rows[1] if name not in set(equal)),
        extra=_count(row for name, row in rows[0].items() if name not in rows[1]),
        projections=tuple(
            n.id for n in graphs[0].nodes if n.path == "shortcut" and isinstance(n.op, Conv)
        ),
        equal_start=starts,
        other_start=tuple(name for name in shared if name in kernels and name not in starts),
        trainable_params=(first.trainable_params, second.trainable_params),
        non_trainable_params=(first.non_trainable_params, second.non_trainable_params),
        macs=(first.macs, second.macs),
    )


def proofs(configs: Iterable[ResNetConfig]) -> tuple[TwinProof, ...]:
    """A proof for every residual network among these whose plain twin is among them too."""
    # A dict and not a set: it removes duplicates and keeps the order.
    known = dict.fromkeys(configs)
    return tuple(
        prove(config, plain)
        for config in known
        if config.shortcut != "none"
        and (plain := config.model_copy(update={"shortcut": "none"})) in known
    )


def _alone(row: LayerMetrics) -> LayerMetrics:
    """A layer's counts without its receptive field, which depends on the layers before it: a
    shortcut that average-pools 4×4 pixels sees further than the 3×3 convolutions of its branch."""
    return row._replace(receptive_field=0)


def _count(rows: Iterable[LayerMetrics]) -> dict[str, Counted]:
    counts: dict[str, Counted] = {}
    for row in rows:
        layers, params, macs = counts.get(row.op, Counted(0, 0, 0))
        counts[row.op] = Counted(layers + 1, params + row.trainable_params, macs + row.macs)
    return counts


def drawn_kernels(graph: Graph) -> dict[str, tuple[Any, ...]]:
    """Shape and initialiser of each kernel, by its layer's name. With the seed and the name, they
    determine its initial values; a stride does not matter."""
    kernels: dict[str, tuple[Any, ...]] = {}
    for node in graph.nodes:
        if node.inputs:
            kernel = node.op.drawn_kernel(graph.by_id[node.inputs[0]].output_shape)
            if kernel:
                # (height, width, channels in, channels out, initialiser)
                kernels[node.id] = (*kernel.shape, kernel.initialiser)
    return kernels


def equal_starts(first: Graph, second: Graph) -> tuple[str, ...]:
    """The layers whose initial kernels are equal under equal seeds: same name, kernel shape and
    initialiser."""
    one, other = drawn_kernels(first), drawn_kernels(second)
    return tuple(name for name, drawn in one.items() if other.get(name) == drawn)


@dataclass(frozen=True, slots=True)
class WeightsProof:
    """The kernels of two networks compared by hash. `other`: kernels of one name with different
    values."""

    equal: tuple[str, ...]
    other: tuple[str, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The count, and the layers that differ by name."""
        both = len(self.equal) + len(self.other)
        if not both:
            return "The two networks have no kernels with the same name."
        start = f"By hash, {len(self.equal)} of the {both} kernels that both have start equal"
        rest = f"; these do not: {listed(self.other)}" if self.other else ""
        alone = len(self.only_first) + len(self.only_second)
        more = f"; only in one of them: {_count_of(alone, 'kernel')}" if alone else ""
        return f"{start}{rest}{more}."


def compare_weights(first: Mapping[str, str], second: Mapping[str, str]) -> WeightsProof:
    """Compare two networks' kernels, each as {layer's name: hash}."""
    both = [name for name in first if name in second]
    return WeightsProof(
        equal=tuple(name for name in both if first[name] == second[name]),
        other=tuple(name for name in both if first[name] != second[name]),
        only_first=tuple(name for name in first if name not in second),
        only_second=tuple(name for name in second if name not in first),
    )
