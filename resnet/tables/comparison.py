"""What differs between two networks: layer by layer, block by block, in total, and in one sentence.

Layers are matched by id. What each number counts is `resnet.network.metrics.CONVENTIONS`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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
from resnet.tables.layer_table import TableRow, block_of
from resnet.tables.text_table import Cell, Compared, TextTable, compared, named

Change = Literal["added", "removed", "changed", "same"]


class LayerChange(NamedTuple):
    """`what` has words such as "stride 2 → 1"; what only follows from other layers, as receptive
    fields do, is none."""

    id: str
    change: Change
    before: LayerMetrics | None
    after: LayerMetrics | None
    what: tuple[str, ...]


class Difference(NamedTuple):
    """After − before, a missing part taken as 0; no receptive field unless both have one."""

    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int | None


class PartChange(NamedTuple):
    """A block ("stage1.block1"), a stage, the stem or the head; "changed" if any of its layers is
    not the same."""

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
    """Parts stand as in `after`; what only `before` has stands behind what it stood behind there.

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
    """What turns `before` into `after`. Both are valid already, so nothing here can fail."""
    graphs = build_graph(before), build_graph(after)
    metrics = measure(graphs[0]), measure(graphs[1])
    was, now = family.facts_of(metrics[0]), family.facts_of(metrics[1])
    blocks = [layer_table.rows(*both, "block") for both in zip(metrics, graphs, strict=True)]
    stages = [layer_table.rows(*both, "stage") for both in zip(metrics, graphs, strict=True)]
    layers = _layers(graphs, metrics)
    differing = [
        name for name, group in layers.items() if any(layer.change != "same" for layer in group)
    ]
    changed = {*differing, *[name.partition(".")[0] for name in differing]}
    earlier = difference(after, before)
    return Comparison(
        *graphs,
        *metrics,
        layers=tuple([layer for group in layers.values() for layer in group]),
        blocks=_parts(blocks, changed),
        stages=_parts(stages, changed),
        totals=Totals(was, now, family.Facts(*[b - a for a, b in zip(was, now, strict=True)])),
        settings={key: (earlier[key], value) for key, value in difference(before, after).items()},
    )


def _layers(
    graphs: tuple[Graph, Graph], metrics: tuple[Metrics, Metrics]
) -> dict[str, list[LayerChange]]:
    counts, later = [{row.id: row for row in one.layers} for one in metrics]
    old, new = [
        {block_of(nodes[0]): [n.id for n in nodes] for _, _, nodes in graph.blocks()}
        for graph in graphs
    ]
    groups: dict[str, list[LayerChange]] = {}
    for name in sorted(old.keys() | new.keys(), key=_place):
        groups[name] = []
        for layer in _merged(old.get(name, []), new.get(name, [])):
            before, after = counts.get(layer), later.get(layer)
            what = _what(layer, *graphs) if before and after else ()
            groups[name].append(
                LayerChange(layer, _change(before, after, bool(what)), before, after, what)
            )
    return groups


def _place(name: str) -> tuple[int, int]:
    """Where a block stands, whichever network it is of."""
    section, _, block = name.partition(".block")
    number = {"stem": 0, "head": 99}.get(section)
    return int(section.removeprefix("stage")) if number is None else number, int(block or 0)


def _merged(old: list[str], new: list[str]) -> list[str]:
    if old == new:
        return new
    known, behind, last = set(new), dict[str, list[str]](), ""
    for name in old:
        if name in known:
            last = name
        else:
            behind.setdefault(last, []).append(name)
    return behind.get("", []) + [both for name in new for both in (name, *behind.get(name, ()))]


def _change(before: object | None, after: object | None, changed: bool) -> Change:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "changed" if changed else "same"


def _what(layer: str, old: Graph, new: Graph) -> tuple[str, ...]:
    before, after = old.by_id[layer], new.by_id[layer]
    made, makes, fed, feeds = (
        before.output_shape,
        after.output_shape,
        _incoming(before, old),
        _incoming(after, new),
    )
    if before.op == after.op and made == makes and fed == feeds and before.inputs == after.inputs:
        return ()
    was, now = attributes(before, old), attributes(after, new)
    own = [
        key for key in was | now if key not in ("adds", "reads") and was.get(key) != now.get(key)
    ]
    words = [f"{key} {was.get(key, 'none')} → {now.get(key, 'none')}" for key in own]
    if fed != feeds and (fed, feeds) != (made, makes):
        words.append(f"input {quantity.shape(fed)} → {quantity.shape(feeds)}")
    if made != makes:
        words.append(f"output {quantity.shape(made)} → {quantity.shape(makes)}")
    if _sources(before) != _sources(after):
        words.append(f"reads {was['reads']} → {now['reads']}")
    return tuple(words)


def _incoming(node: Node, graph: Graph) -> Shape:
    return graph.by_id[node.inputs[0]].output_shape if node.inputs else ()


def _sources(node: Node) -> list[str]:
    """What it reads inside its block; with which layer the block before ends is no matter of this
    one."""
    own = f"{block_of(node)}."
    return [name if name.startswith(own) else "" for name in node.inputs]


def _parts(tables: list[tuple[TableRow, ...]], changed: set[str]) -> tuple[PartChange, ...]:
    old, new = [{row.id: row for row in table} for table in tables]
    names = sorted(old.keys() | new.keys(), key=_place)
    return tuple([_part(name, old.get(name), new.get(name), name in changed) for name in names])


def _part(name: str, before: TableRow | None, after: TableRow | None, changed: bool) -> PartChange:
    was, now = [row[3:8] if row else (0, 0, 0, 0, 0) for row in (before, after)]
    more = Difference(*[b - a for a, b in zip(was, now, strict=True)])
    if not (before and after):
        more = more._replace(receptive_field=None)
    return PartChange(name, _change(before, after, changed), before, after, more)


MOST_CLAUSES = 5
SAID = {"input_shape", "classes", "stem", "block", "shortcut", "stages"}
"""Settings that have a clause of their own."""
LAYERS_SAY = {
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
    if all(layer.change == "same" for layer in c.layers):
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
    before, more, macs = (
        totals.before.trainable_params,
        totals.difference.trainable_params,
        totals.difference.macs,
    )
    text = f"the same {_many(before, 'parameter')}"
    if more:
        share = f"{100 * more / before:+,.1f}".replace("-", "−")
        said = (
            "" if share in ("+0.0", "−0.0", "−100.0") else f" ({share} %)"
        )  # rounded like that, it would not be true
        text = f"{_many(abs(more), 'more parameter' if more > 0 else 'fewer parameter')}{said}"
    return (
        f"{text}, {quantity.short(abs(macs))} {'more' if macs > 0 else 'fewer'} MACs"
        if macs
        else text
    )


def _counted(c: Comparison) -> Iterator[str]:
    """Stages and blocks that only one of them has."""
    for word, parts in (("stage", c.stages), ("block", c.blocks)):
        count = Counter([part.change for part in parts])
        said = [
            f"{_many(count[change], word)} {change}"
            for change in ("added", "removed")
            if count[change]
        ]
        if said:
            yield " and ".join(said)


def _choices(c: Comparison) -> Iterator[str]:
    old, new = c.before.config, c.after.config
    for word in ("filters", "stride"):
        was, now = [[getattr(stage, word) for stage in config.stages] for config in (old, new)]
        if any(a != b for a, b in zip(was, now, strict=False)):
            yield (
                f"{word} per stage {' → '.join([', '.join(map(str, side)) for side in (was, now)])}"
            )
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


def _details(c: Comparison) -> Iterator[str]:
    """Settings by their keys; those that change nothing in either network are left out."""
    basic = c.before.config.block == c.after.config.block == "basic"
    for key, (was, now) in c.settings.items():
        if key.partition(".")[0] in SAID or (key == "stride_on" and basic):
            continue
        if key == "norm.kind" and "none" in (was, now):
            count = sum([node.op.kind == "norm" for node in (*c.before.nodes, *c.after.nodes)])
            yield f"{_many(count, 'norm')} {'removed' if now == 'none' else 'added'}"
        elif key not in LAYERS_SAY:
            yield _arrow(key, c)
        elif count := sum([_says(layer, key) for layer in c.layers]):
            yield f"{_arrow(key, c)} in {_many(count, 'layer')}"


def _says(layer: LayerChange, key: str) -> bool:
    """Whether the layer has the setting in both networks, and it changed. A convolution's groups
    are no norm's."""
    if key.startswith("norm.") != (".norm" in layer.id):
        return False
    return any(what.startswith(f"{LAYERS_SAY[key]} ") and "none" not in what for what in layer.what)


def table_csv(comparison: Comparison) -> str:
    """Block by block and in total: plain numbers, three columns each; empty where there is nothing
    to say."""
    return _table(comparison).csv()


def table_markdown(comparison: Comparison) -> str:
    """Block by block and in total, as a pipe table with what is counted in italics below."""
    return _table(comparison).markdown()


def table_latex(comparison: Comparison) -> str:
    """Block by block and in total, as LaTeX with what is counted below."""
    return _table(comparison).latex()


def _table(c: Comparison) -> TextTable:
    """A total has no receptive field, as in `layer_table`."""
    none = (None,) * len(Difference._fields)
    sides = [[row[3:8] if row else none for row in (part.before, part.after)] for part in c.blocks]
    lines: list[list[Cell]] = [
        [part.id, part.change, *map(Compared, *side, part.difference)]
        for part, side in zip(c.blocks, sides, strict=True)
    ]
    change = "same" if all(part.change == "same" for part in c.blocks) else "changed"
    lines.append(["total", change, *map(Compared, *[(*facts[1:5], None) for facts in c.totals])])
    columns = [named("id", "Part"), named("change", "Change"), *map(compared, Difference._fields)]
    return TextTable(columns, lines, layer_table.conventions(), total=True)
