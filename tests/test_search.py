"""A query finds what it says: exact answers on published networks, brute force on random ones."""

import operator
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import configs

from resnet import (
    ConfigError,
    Graph,
    Metrics,
    Node,
    ResNetConfig,
    build_graph,
    get,
    measure,
    with_settings,
)
from resnet.network.metrics import LayerMetrics
from resnet.network.search import find, parse


@cache
def network(name: str) -> tuple[Graph, Metrics]:
    graph = build_graph(get(name).config)
    return graph, measure(graph)


def found(name: str, query: str) -> tuple[str, ...]:
    return find(*network(name), query)


def brute_force(name: str, holds: Callable[[Node, LayerMetrics], object]) -> tuple[str, ...]:
    graph, metrics = network(name)
    return tuple(
        row.id for node, row in zip(graph.nodes, metrics.layers, strict=True) if holds(node, row)
    )


BLOCK = tuple(
    f"stage3.block2.{layer}"
    for layer in ("conv1", "norm1", "relu1", "conv2", "norm2", "add", "relu2")
)
PROJECTIONS = tuple(f"stage{number}.block1.shortcut.conv" for number in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("resnet50", "projection", PROJECTIONS),
        ("resnet50", "Projections", PROJECTIONS),
        ("resnet50", "projection stride 2", PROJECTIONS[1:]),
        ("resnet50", "pool", ("stem.pool", "head.pool")),
        ("resnet50", "max-pool", ("stem.pool",)),
        ("resnet50", "global average pooling", ("head.pool",)),
        (
            "resnet50",
            "7x7 conv block 2",
            tuple(f"stage4.block2.conv{number}" for number in (1, 2, 3)),
        ),
        ("resnet50", "7x7 conv stem", ("stem.conv",)),
        ("resnet50", "kernel 7×7", ("stem.conv",)),
        ("resnet50", "kernel=7", ("stem.conv",)),
        ("resnet50", "filters 2048 block 3", ("stage4.block3.conv3",)),
        ("resnet50", "params > 2,000,000 dense", ("head.logits",)),
        ("resnet50", "units 1000", ("head.logits",)),
        ("resnet20", "projection", ()),
        ("resnet20", "stage 3 block 2", BLOCK),
        ("resnet20", "STAGE3.block2", BLOCK),
        ("resnet20", "stage 3, block 2", BLOCK),
        ("resnet20", "stage3 block2 relu", (BLOCK[2], BLOCK[6])),
        ("resnet20", "stage >= 3 block = 2 normalisation", (BLOCK[1], BLOCK[4])),
        ("resnet20", '"batch norm" stem', ("stem.norm",)),
        ("resnet20", "group norm", ()),
        ("resnet20", "stem", ("input", "stem.conv", "stem.norm", "stem.relu")),
        ("resnet20", "head", ("head.pool", "head.logits", "head.softmax")),
        ("resnet20", "head 64x8x8", ()),
        ("resnet20", "logits", ("head.logits",)),
        ("resnet20", "block3.conv 32x32", ("stage1.block3.conv1", "stage1.block3.conv2")),
        (
            "resnet20",
            "conv1 3x3 8 × 8",
            tuple(f"stage3.block{number}.conv1" for number in (1, 2, 3)),
        ),
        (
            "resnet20",
            "stride 2",
            (
                "stage2.block1.conv1",
                "stage2.block1.shortcut.subsample",
                "stage3.block1.conv1",
                "stage3.block1.shortcut.subsample",
            ),
        ),
        ("resnet20", "padding", ("stage2.block1.shortcut.pad", "stage3.block1.shortcut.pad")),
        (
            "resnet20",
            "padded identity stage 2",
            ("stage2.block1.shortcut.subsample", "stage2.block1.shortcut.pad"),
        ),
        ("resnet20", "shortcut 8x8x32", ("stage3.block1.shortcut.subsample",)),
        (
            "resnet20",
            "addition stage 1",
            tuple(f"stage1.block{number}.add" for number in (1, 2, 3)),
        ),
        ("resnet20", "identity stage 2", ("stage2.block2.add", "stage2.block3.add")),
        ("resnet20", "params 432", ("stem.conv",)),
        ("resnet20", "sees = 3", ("stem.conv", "stem.norm", "stem.relu")),
        ("resnet20", "", ()),
        ("resnet20", "  \n ", ()),
        ("resnet20", " , ' ", ()),
        ("resnet20", "transformer", ()),
        ("resnet20", "conv dense", ()),
    ],
)
def test_a_query_finds_exactly(name: str, query: str, expected: tuple[str, ...]) -> None:
    assert found(name, query) == expected


@pytest.mark.parametrize("name", ["resnet20", "resnet50", "resnet56"])
@pytest.mark.parametrize(
    ("queries", "holds"),
    [
        (
            ("params > 100k", "params>100k", "Parameters >100,000", "100k<params"),
            lambda n, r: r.trainable_params > 1e5,
        ),
        (("macs>=1.5M", "macs ≥ 1.5 M", "MACs >= 1,500,000"), lambda n, r: r.macs >= 1.5e6),
        (
            ("memory < 64k", "memory<64 kB", "memory < 64,000 bytes"),
            lambda n, r: r.activation_bytes < 64_000,
        ),
        (
            ("sees > 35", "receptive field > 35", "Receptive  Field>35"),
            lambda n, r: r.receptive_field > 35,
        ),
        (
            ("channels <= 64", "channels≤64"),
            lambda n, r: len(r.output_shape) == 3 and r.output_shape[2] <= 64,
        ),
        (
            ("conv filters > 16", "filters>16"),
            lambda n, r: n.op.kind == "conv" and n.op.filters > 16,
        ),
        (("64x8x8", "8x8x64", "8×8×64", "8 x 64 x 8"), lambda n, r: n.output_shape == (8, 8, 64)),
        (("conv", "convolution", "CONVOLUTIONS"), lambda n, r: n.op.kind == "conv"),
        (("relu", "ReLU", "relus"), lambda n, r: n.op.kind == "relu"),
        (("norm", "batch norm", "batch-normalization"), lambda n, r: n.op.kind == "norm"),
        (("shortcut",), lambda n, r: n.path == "shortcut"),
        (("subsample",), lambda n, r: n.op.kind == "subsample"),
        (
            ("1x1 conv", "conv 1×1", "kernel 1"),
            lambda n, r: n.op.kind == "conv" and n.op.kernel == 1,
        ),
        (("block1", "block 1"), lambda n, r: n.block == 1),
    ],
)
def test_every_way_to_write_it_agrees_with_brute_force(
    name: str, queries: tuple[str, ...], holds: Callable[[Node, LayerMetrics], object]
) -> None:
    expected = brute_force(name, holds)
    for query in queries:
        assert found(name, query) == expected, query


def test_a_number_in_an_id_is_a_whole_number() -> None:
    assert found("resnet110", "stage1.block1 add") == ("stage1.block1.add",)
    assert found("resnet110", "stage1.block18 add") == ("stage1.block18.add",)


def test_groups_are_those_of_convolutions_and_of_group_norm() -> None:
    config = with_settings(
        get("resnet50").config, {"cardinality": 32, "base_width": 4, "norm.kind": "group"}
    )
    graph = build_graph(config)
    metrics = measure(graph)
    assert len(find(graph, metrics, "groups 32")) == 16
    assert (
        find(graph, metrics, "groups 8")
        == find(graph, metrics, "group norm")
        == find(graph, metrics, "norm")
    )


@pytest.mark.parametrize(
    ("query", "received"),
    [
        ("params > many", "'params > many'"),
        ("conv params>", "'params >'"),
        ("> 3", "'> 3'"),
        ("weight>3", "'weight > 3'"),
        ("params > 1,5M", "'params > 1,5m'"),
        ("1 < params < 3", "'1 < params < 3'"),
        ("stride=2=2", "'stride = 2 = 2'"),
        ("params > -1", "'params > -1'"),
        ("=", "'='"),
    ],
)
def test_a_condition_not_understood_is_answered_with_an_example(query: str, received: str) -> None:
    with pytest.raises(ConfigError) as caught:
        found("resnet20", query)
    message = str(caught.value)
    assert f"received {received};" in message
    assert message.endswith("write for example params > 100k.")
    assert found("resnet20", "params > 100k") == ()


WORDS = (
    "conv",
    "norm",
    "stage",
    "block",
    "2",
    "3x3",
    "8x8x64",
    "params",
    ">",
    "<=",
    "=",
    "100k",
    "kernel",
    "identity",
    "stem",
    ",",
    "receptive",
    "field",
    "1.5",
    "M",
    "²",
    "٣",
    "9" * 400,
    "pad",
    "(",
    "[",
    "\\",
    "x",
)


@given(
    st.text()
    | st.lists(st.sampled_from(WORDS)).map(" ".join)
    | st.lists(st.sampled_from(WORDS)).map("".join)
)
@example("params > " + "9" * 5000)
@example("stage " + "9" * 5000)
@example("x".join(["9" * 5000] * 3))
@example(" " * 10_000 + "=" * 10)
def test_any_text_finds_something_in_order_or_raises_the_one_error(query: str) -> None:
    graph, metrics = network("resnet20")
    try:
        ids = find(graph, metrics, query)
    except ConfigError as error:
        assert set("<>=≤≥") & set(query)
        assert len(str(error)) < 400
    else:
        places = [list(graph.by_id).index(name) for name in ids]
        assert places == sorted(set(places))


FIELDS: dict[str, Callable[[Node, LayerMetrics], int | None]] = {
    "params": lambda node, row: row.trainable_params,
    "macs": lambda node, row: row.macs,
    "memory": lambda node, row: row.activation_bytes,
    "receptive field": lambda node, row: row.receptive_field,
    "stride": lambda node, row: getattr(node.op, "stride", None),
    "filters": lambda node, row: getattr(node.op, "filters", None),
    # A padding has a size too, but no window.
    "kernel": lambda node, row: (
        None
        if node.op.kind == "zero_pad"
        else getattr(node.op, "kernel", getattr(node.op, "size", None))
    ),
    "channels": lambda node, row: node.output_shape[2] if len(node.output_shape) == 3 else None,
}
COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


@given(configs(), st.data())
def test_conditions_agree_with_brute_force(config: ResNetConfig, data: st.DataObject) -> None:
    """The limit is one of the network's own numbers, so that equality is met and missed; a second
    condition narrows."""
    graph = build_graph(config)
    metrics = measure(graph)
    expected = list(zip(graph.nodes, metrics.layers, strict=True))
    query = []
    for _ in range(data.draw(st.integers(1, 2))):
        name, sign = (
            data.draw(st.sampled_from(sorted(FIELDS))),
            data.draw(st.sampled_from(sorted(COMPARE))),
        )
        numbers = sorted(
            {FIELDS[name](*pair) or 0 for pair in zip(graph.nodes, metrics.layers, strict=True)}
        )
        limit = data.draw(st.sampled_from(numbers))
        gap = data.draw(st.sampled_from(["", " "]))
        query.append(f"{name}{gap}{sign}{gap}{limit:{data.draw(st.sampled_from(['', ',']))}}")
        expected = [
            pair
            for pair in expected
            if (number := FIELDS[name](*pair)) is not None and COMPARE[sign](number, limit)
        ]
    assert find(graph, metrics, " ".join(query)) == tuple(node.id for node, _ in expected)


@given(configs())
def test_places_and_shapes_agree_with_brute_force(config: ResNetConfig) -> None:
    graph = build_graph(config)
    metrics = measure(graph)
    for section, block, nodes in graph.blocks():
        query = f"stage {section.removeprefix('stage')} block {block}" if block else section
        assert find(graph, metrics, query) == tuple(node.id for node in nodes)
    height, width, channels = graph.last_map.output_shape
    same = tuple(
        node.id
        for node in graph.nodes
        if sorted(node.output_shape) == sorted((height, width, channels))
    )
    assert find(graph, metrics, f"{channels}x{height}x{width}") == same
    assert find(graph, metrics, f"{width}×{height}×{channels}") == same
    maps = {
        node.id
        for node in graph.nodes
        if node.output_shape[:2] == (height, width) and len(node.output_shape) == 3
    }
    assert maps <= set(find(graph, metrics, f"{height}x{width}"))


@given(configs())
def test_identities_and_projections_are_told_apart(config: ResNetConfig) -> None:
    """A block that adds has a projection, a padded identity, or no layer at all on its shortcut."""
    graph = build_graph(config)
    metrics = measure(graph)
    padded = find(graph, metrics, "padded identity")
    projections, identities = find(graph, metrics, "projection"), find(graph, metrics, "identity")
    for _, _, nodes in graph.blocks():
        adds = [node.id for node in nodes if node.op.kind == "add"]
        # A norm and an average pooling belong to the projection they follow or lead.
        attached = ("norm", "avg_pool")
        own = [
            node.id for node in nodes if node.path == "shortcut" and node.op.kind not in attached
        ]
        assert [name for name in adds if name in identities] == ([] if own else adds)
        assert own == [name for name in own if name in {*projections, *padded}]
    # A stage that strides at its end, in a network with projections, subsamples there: the channels
    # stay, so there is nothing to project.
    assert not (projections and padded) or config.stride_at == "end"


@pytest.mark.parametrize("query", ["flops > 2m", "FLOPs 2M", "conv 2m < flops"])
def test_flops_have_two_meanings_and_get_one_answer(query: str) -> None:
    """Catches "flops > 2m" that finds what "macs > 2m" finds, for those to whom a multiply-add is
    two operations."""
    with pytest.raises(ConfigError, match="write macs"):
        parse(query)
