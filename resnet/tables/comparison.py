"""The differences between two networks: by layer, by block, in total, and in one sentence.

Layers are matched by id. `resnet.network.numbers` defines what each number counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal, NamedTuple

from resnet import quantity
from resnet.network.config import ResNetConfig
from resnet.network.formulas import attributes
from resnet.network.graph import Graph, Node, build_graph
from resnet.network.link import difference, written
from resnet.network.metrics import LayerMetrics, Metrics, measure
from resnet.network.operations import Shape
from resnet.network.shortcuts import shortcut_changes
from resnet.tables import family, layer_table
from resnet.tables.layer_table import Grouping, TableRow, block_of
from resnet.tables.text_table import Cell, Compared, TextTable, compared, named

Change = Literal["added", "removed", "changed", "same"]


class LayerChange(NamedTuple):
    """One layer of two networks. `what` lists its changes, such as "stride 2 → 1".

    A number that changes only because of other layers, as receptive fields do, is not a change of
    this layer.
    """

    id: str
    change: Change
    before: LayerMetrics | None
    after: LayerMetrics | None
    what: tuple[str, ...]


class Difference(NamedTuple):
    """After − before. A missing part counts as 0; the receptive field is None unless both networks
    have the part."""

    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int | None


class PartChange(NamedTuple):
    """A block ("stage1.block1"), a stage, the stem or the head of two networks. It is "changed" if
    any of its layers is not the same."""

    id: str
    change: Change
    before: TableRow | None
    after: TableRow | None
    difference: Difference


class Totals(NamedTuple):
    """`difference` is after − before."""

    before: family.Facts
    after: family.Facts
    difference: family.Facts


@dataclass(frozen=True)
class Comparison:
    """Two networks and all their differences. Layers and blocks are in the order of `after`. A
    layer that only `before` has follows the same layer as there.

    `settings` has (before, after) by dotted key.
    """

    before: Graph
    after: Graph
    before_metrics: Metrics
    after_metrics: Metrics
    layers: tuple[LayerChange, ...]
    blocks: tuple[PartChange, ...]
    stages: tuple[PartChange, ...]
    totals: Totals
    settings: dict[str, tuple[Any, Any]]

    @cached_property
    def sentence(self) -> str:
        """Such as "the same 853,018 parameters; 27 shortcuts added, 2 of them padded"."""
        return _sentence(self)


def compare(before: ResNetConfig, after: ResNetConfig) -> Comparison:
    """The changes from `before` to `after`. Both configs are valid already, so nothing here can
    fail."""
    graphs = build_graph(before), build_graph(after)
    metrics = measure(graphs[0]), measure(graphs[1])
    facts_before, facts_after = [family.facts_of(one) for one in metrics]
    layers = _layers(graphs, metrics)
    differing = [name for name, group in layers.items() if _any_changed(group)]
    changed = {*differing, *[name.partition(".")[0] for name in differing]}
    earlier = difference(after, before)
    more = [new - old for old, new in zip(facts_before, facts_after, strict=True)]
    return Comparison(
        *graphs,
        *metrics,
        layers=tuple(chain.from_iterable(layers.values())),
        blocks=_parts(_rows(metrics, graphs, "block"), changed),
        stages=_parts(_rows(metrics, graphs, "stage"), changed),
        totals=Totals(facts_before, facts_after, family.Facts(*more)),
        settings={key: (earlier[key], value) for key, value in difference(before, after).items()},
    )


def _any_changed(layers: Iterable[LayerChange]) -> bool:
    return any(layer.change != "same" for layer in layers)


def _rows(
    metrics: tuple[Metrics, Metrics], graphs: tuple[Graph, Graph], by: Grouping
) -> list[dict[str, TableRow]]:
    """The rows of both networks, by their names."""
    tables = []
    for counts, graph in zip(metrics, graphs, strict=True):
        tables.append({row.id: row for row in layer_table.rows(counts, graph, by)})
    return tables


def _layers(
    graphs: tuple[Graph, Graph], metrics: tuple[Metrics, Metrics]
) -> dict[str, list[LayerChange]]:
    """The layers of both networks, by the name of their block."""
    rows_before = {row.id: row for row in metrics[0].layers}
    rows_after = {row.id: row for row in metrics[1].layers}
    blocks_before, blocks_after = [_names_by_block(graph) for graph in graphs]
    groups: dict[str, list[LayerChange]] = {}
    for name in sorted(blocks_before.keys() | blocks_after.keys(), key=_place):
        groups[name] = []
        for layer in _merged(blocks_before.get(name, []), blocks_after.get(name, [])):
            before, after = rows_before.get(layer), rows_after.get(layer)
            what = _what(layer, *graphs) if before and after else ()
            groups[name].append(
                LayerChange(layer, _change(before, after, bool(what)), before, after, what)
            )
    return groups


def _names_by_block(graph: Graph) -> dict[str, list[str]]:
    names = {}
    for _, _, nodes in graph.blocks():
        names[block_of(nodes[0])] = [node.id for node in nodes]
    return names


def _place(name: str) -> tuple[int, int]:
    """The place of a block: its section, then its number there."""
    # Stages have numbers from 1 to 8, so 0 puts the stem first and 99 puts the head last.
    section, _, block = name.partition(".block")
    number = {"stem": 0, "head": 99}.get(section)
    return int(section.removeprefix("stage")) if number is None else number, int(block or 0)


def _merged(old: list[str], new: list[str]) -> list[str]:
    """The names of both lists in the order of `new`. A name that only `old` has follows the last
    shared name before it in `old`."""
    if old == new:
        return new
    shared, last = set(new), ""
    removed_after: dict[str, list[str]] = {}
    for name in old:
        if name in shared:
            last = name
        else:
            removed_after.setdefault(last, []).append(name)
    merged = removed_after.get("", [])
    for name in new:
        merged = [*merged, name, *removed_after.get(name, [])]
    return merged


def _change(before: object | None, after: object | None, changed: bool) -> Change:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "changed" if changed else "same"


def _what(layer: str, old: Graph, new: Graph) -> tuple[str, ...]:
    """The changes of a layer that both networks have, one phrase each."""
    before, after = old.by_id[layer], new.by_id[layer]
    inputs = _incoming(before, old), _incoming(after, new)
    outputs = before.output_shape, after.output_shape
    if before == after and inputs[0] == inputs[1]:
        return ()
    was, now = attributes(before, old), attributes(after, new)
    words = []
    for key in was | now:
        # What a layer reads is compared below, inside its block.
        if key not in ("adds", "reads") and was.get(key) != now.get(key):
            words.append(f"{key} {was.get(key, 'none')} → {now.get(key, 'none')}")
    # For a layer that keeps the shape, the output's change is enough.
    if inputs[0] != inputs[1] and inputs != outputs:
        words.append("input " + " → ".join(map(quantity.shape, inputs)))
    if outputs[0] != outputs[1]:
        words.append("output " + " → ".join(map(quantity.shape, outputs)))
    if _sources(before) != _sources(after):
        words.append(f"reads {was['reads']} → {now['reads']}")
    return tuple(words)


def _incoming(node: Node, graph: Graph) -> Shape:
    return graph.by_id[node.inputs[0]].output_shape if node.inputs else ()


def _sources(node: Node) -> list[str]:
    """The inputs inside its block, with "" for one outside: a different block before it does not
    change this layer."""
    prefix = f"{block_of(node)}."
    return [name if name.startswith(prefix) else "" for name in node.inputs]


def _parts(tables: list[dict[str, TableRow]], changed: set[str]) -> tuple[PartChange, ...]:
    old, new = tables
    names = sorted(old.keys() | new.keys(), key=_place)
    return tuple([_part(name, old.get(name), new.get(name), name in changed) for name in names])


def _part(name: str, before: TableRow | None, after: TableRow | None, changed: bool) -> PartChange:
    more = Difference(
        *[getattr(after, key, 0) - getattr(before, key, 0) for key in Difference._fields]
    )
    if not (before and after):
        more = more._replace(receptive_field=None)
    return PartChange(name, _change(before, after, changed), before, after, more)


MOST_CLAUSES = 5
IN_CLAUSES = {"input_shape", "classes", "stem", "block", "shortcut", "stages"}
"""Settings that `_choices` or `shortcut_changes` describe."""
IN_LAYERS = {
    "norm.kind": "kind",
    "norm.momentum": "momentum",
    "norm.epsilon": "epsilon",
    "norm.groups": "groups",
    "norm.last_gamma": "gamma starts at",
    "conv_bias": "bias",
    "initialiser": "initialiser",
}
STEMS = {"imagenet": "ImageNet", "deep": "deep", "cifar": "CIFAR"}


def _sentence(c: Comparison) -> str:
    if not c.settings:
        return "the same network"
    if not _any_changed(c.layers):
        verb = "makes" if len(c.settings) == 1 else "make"
        return (
            f"the same layers; {' and '.join([_arrow(key, c) for key in c.settings])} {verb} no"
            " difference here"
        )
    clauses = [
        _costs(c.totals),
        *shortcut_changes(c.before, c.after),
        *_counted(c),
        *_choices(c),
        *_details(c),
    ]
    left = len(clauses) - MOST_CLAUSES
    return "; ".join(
        [*clauses[:MOST_CLAUSES], f"and {left} other settings"] if left > 1 else clauses
    )


def _arrow(key: str, c: Comparison) -> str:
    return f"{key} {' → '.join(map(written, c.settings[key]))}"


def _many(count: int, word: str) -> str:
    return f"{quantity.exact(count)} {word}{'s' * (count != 1)}"


def _costs(totals: Totals) -> str:
    before = totals.before.trainable_params
    more, macs = totals.difference.trainable_params, totals.difference.macs
    text = f"the same {_many(before, 'parameter')}"
    if more:
        text = _many(abs(more), "more parameter" if more > 0 else "fewer parameter")
        share = f"{100 * more / before:+,.1f}".replace("-", "−")
        if share not in ("+0.0", "−0.0", "−100.0"):  # as rounded, these would be wrong
            text += f" ({share} %)"
    if macs:
        text += f", {quantity.short(abs(macs))} {'more' if macs > 0 else 'fewer'} MACs"
    return text


def _counted(c: Comparison) -> Iterator[str]:
    """Clauses for stages and blocks that only one network has."""
    for word, parts in (("stage", c.stages), ("block", c.blocks)):
        count = Counter([part.change for part in parts])
        phrases = [
            f"{_many(count[change], word)} {change}"
            for change in ("added", "removed")
            if count[change]
        ]
        if phrases:
            yield " and ".join(phrases)


def _choices(c: Comparison) -> Iterator[str]:
    """Clauses for settings of the whole network."""
    old, new = c.before.config, c.after.config
    for word in ("filters", "stride"):
        was, now = _per_stage(old, word), _per_stage(new, word)
        # Stages that only one network has are counted elsewhere.
        if any(first != second for first, second in zip(was, now, strict=False)):
            yield f"{word} per stage {', '.join(was)} → {', '.join(now)}"
    if old.stem != new.stem:
        yield f"{STEMS[new.stem]} stem instead of the {STEMS[old.stem]} stem"
    if old.block != new.block:
        yield f"{new.block} blocks instead of {old.block} ones"
    if old.input_shape != new.input_shape:
        yield (
            f"{quantity.shape(new.input_shape)} images instead of {quantity.shape(old.input_shape)}"
        )
    if old.classes != new.classes:
        yield (
            f"{quantity.exact(new.classes)} class{'es' * (new.classes != 1)} instead of"
            f" {quantity.exact(old.classes)}"
        )


def _per_stage(config: ResNetConfig, field: str) -> list[str]:
    return [str(getattr(stage, field)) for stage in config.stages]


def _details(c: Comparison) -> Iterator[str]:
    """Clauses for other settings, by their keys. Settings without effect in both networks are left
    out."""
    basic = c.before.config.block == c.after.config.block == "basic"
    for key, (was, now) in c.settings.items():
        if key.partition(".")[0] in IN_CLAUSES or (key == "stride_on" and basic):
            continue
        if key == "norm.kind" and "none" in (was, now):
            count = sum([node.op.kind == "norm" for node in (*c.before.nodes, *c.after.nodes)])
            yield f"{_many(count, 'norm')} {'removed' if now == 'none' else 'added'}"
        elif key not in IN_LAYERS:
            yield _arrow(key, c)
        elif count := sum([_shows(layer, key) for layer in c.layers]):
            yield f"{_arrow(key, c)} in {_many(count, 'layer')}"


def _shows(layer: LayerChange, key: str) -> bool:
    """Whether the layer has the setting in both networks, and it changed."""
    # Convolutions have groups too, which are not those of the norm.
    if key.startswith("norm.") != (".norm" in layer.id):
        return False
    return any(what.startswith(f"{IN_LAYERS[key]} ") and "none" not in what for what in layer.what)


def table_csv(comparison: Comparison) -> str:
    """By block and in total, as plain numbers. A missing part gives an empty cell."""
    return _table(comparison).csv()


def table_markdown(comparison: Comparison) -> str:
    """By block and in total, as a pipe table with conventions in italics below."""
    return _table(comparison).markdown()


def table_latex(comparison: Comparison) -> str:
    """By block and in total, as LaTeX with conventions below."""
    return _table(comparison).latex()


def _table(c: Comparison) -> TextTable:
    """The table of blocks. Its total has no receptive field, as in `layer_table`."""
    lines: list[list[Cell]] = []
    for part in c.blocks:
        cells = [
            Compared(
                getattr(part.before, key, None),
                getattr(part.after, key, None),
                getattr(part.difference, key),
            )
            for key in Difference._fields
        ]
        lines.append([part.id, part.change, *cells])
    changes = {part.change for part in c.blocks}
    lines.append(["total", "same" if changes == {"same"} else "changed"])
    for key in Difference._fields:
        if key == "receptive_field":
            lines[-1].append(Compared(None, None, None))
        else:
            lines[-1].append(Compared(*[getattr(facts, key) for facts in c.totals]))
    columns = [named("id", "Part"), named("change", "Change"), *map(compared, Difference._fields)]
    return TextTable(columns, lines, layer_table.conventions(), total=True)
