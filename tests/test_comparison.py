"""Two networks compared: every number adds up, every sentence is true, and the two directions
mirror each other."""

import csv as csv_module
import re

import pytest
from hypothesis import given
from strategies import configs

from resnet import ResNetConfig, build_graph, get, measure, with_settings
from resnet.network.shortcuts import shortcut_kinds
from resnet.tables.comparison import Comparison, compare, table_csv, table_markdown
from resnet.tables.layer_table import conventions

COSTS = ("trainable_params", "non_trainable_params", "macs", "activation_bytes")
MIRRORED = {"added": "removed", "removed": "added", "changed": "changed", "same": "same"}


def network(name: str, **settings: object) -> ResNetConfig:
    """A catalogue network; two underscores stand for a dot: norm__momentum."""
    return with_settings(
        get(name).config, {key.replace("__", "."): value for key, value in settings.items()}
    )


def between(before: str, after: str) -> Comparison:
    return compare(network(before), network(after))


def sentence(before: ResNetConfig, after: ResNetConfig) -> str:
    return compare(before, after).sentence


def what(comparison: Comparison, layer: str) -> tuple[str, ...]:
    return next(change.what for change in comparison.layers if change.id == layer)


def test_plain_and_residual() -> None:
    """Catches a wrong count of shortcuts, or cost where the paper's option A has none."""
    assert (
        between("plain56", "resnet56").sentence
        == "the same 853,018 parameters; 27 shortcuts added, 2 of them padded"
    )
    assert (
        between("resnet56", "plain56").sentence
        == "the same 853,018 parameters; 27 shortcuts removed, 2 of them padded"
    )
    assert (
        between("plain18", "resnet18").sentence
        == "173,824 more parameters (+1.5 %), 19.3 M more MACs; 8 shortcuts added, 3 of them"
        " projections"
    )


def test_the_kinds_of_shortcuts() -> None:
    """Catches a projection's norm or a padded identity's subsampling taken for another kind."""
    kinds = shortcut_kinds(build_graph(network("resnet18")))
    assert len(kinds) == 8
    assert {block for block, kind in kinds.items() if kind == "projection"} == {
        "stage2.block1",
        "stage3.block1",
        "stage4.block1",
    }
    padded = list(shortcut_kinds(build_graph(network("resnet20"))).values())
    assert padded == ["identity"] * 3 + ["padded identity", "identity", "identity"] * 2
    assert shortcut_kinds(build_graph(network("plain20"))) == {}


def test_option_a_and_option_b() -> None:
    """Catches a change of kind told as shortcuts added, and a MAC count that is not the
    projections' own."""
    padded, projected = network("resnet34", shortcut="padded_identity"), network("resnet34")
    assert (
        sentence(padded, projected)
        == "173,824 more parameters (+0.8 %), 19.3 M more MACs; 3 shortcuts changed from padded"
        " identity to projection"
    )
    assert sentence(projected, network("resnet34", shortcut="projection_always")).endswith(
        "; 13 shortcuts changed from identity to projection"
    )


def test_deeper_and_shallower() -> None:
    """Catches blocks counted per stage, and "more" said of less."""
    deeper = between("resnet20", "resnet56")
    assert (
        deeper.sentence == "583,296 more parameters (+216.3 %), 84.9 M more MACs; 18 blocks added"
    )
    assert (
        between("resnet56", "resnet20").sentence
        == "583,296 fewer parameters (−68.4 %), 84.9 M fewer MACs; 18 blocks removed"
    )
    assert deeper.totals.difference.depth == 36
    assert [part.change for part in deeper.stages] == [
        "same",
        "changed",
        "changed",
        "changed",
        "same",
    ]
    assert next(part for part in deeper.blocks if part.id == "stage2.block1").change == "same"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "the same network"),
        (
            {"norm__momentum": 0.99},
            "the same 853,018 parameters; norm.momentum 0.9 → 0.99 in 55 layers",
        ),
        (
            {"norm__kind": "group"},
            "the same 853,018 parameters; norm.kind batch → group in 55 layers",
        ),
        ({"norm__kind": "none"}, "4,064 fewer parameters (−0.5 %); 55 norms removed"),
        ({"norm__groups": 4}, "the same layers; norm.groups 8 → 4 makes no difference here"),
        (
            {"norm__groups": 4, "stride_on": "3x3"},
            "the same layers; stride_on 1x1 → 3x3 and norm.groups 8 → 4 make no difference here",
        ),
        (
            {"norm__last_gamma": "zero"},
            "the same 853,018 parameters; norm.last_gamma one → zero in 27 layers",
        ),
        (
            {"conv_bias": True},
            "2,032 more parameters (+0.2 %); conv_bias false → true in 55 layers",
        ),
        (
            {"initialiser": "glorot_uniform"},
            "the same 853,018 parameters; initialiser he_normal → glorot_uniform in 56 layers",
        ),
        ({"activation_order": "pre"}, "the same 853,018 parameters; activation_order post → pre"),
        (
            {"head_activation": "none"},
            "the same 853,018 parameters; head_activation softmax → none",
        ),
        (
            {"stages__1__stride": 1},
            "the same 853,018 parameters, 247.7 M more MACs; stride per stage 1, 2, 2 → 1, 1, 2",
        ),
        (
            {"stages__1__filters": 48},
            (
                "207,936 more parameters (+24.4 %), 51.3 M more MACs; filters per stage 16, 32, 64"
                " → 16, 48, 64"
            ),
        ),
        (
            {"classes": 100, "input_shape": (64, 64, 3)},
            (
                "5,850 more parameters (+0.7 %), 376.5 M more MACs; 64×64×3 images instead of"
                " 32×32×3; 100 classes instead of 10"
            ),
        ),
        (
            {"stem": "imagenet"},
            (
                "1,920 more parameters (+0.2 %), 117.1 M fewer MACs; ImageNet stem instead of the"
                " CIFAR stem"
            ),
        ),
        (
            {"norm__kind": "group", "norm__momentum": 0.5, "norm__groups": 4, "stride_on": "3x3"},
            "the same 853,018 parameters; norm.kind batch → group in 55 layers",
        ),
        (
            {
                "classes": 11,
                "input_shape": (33, 32, 3),
                "stem": "imagenet",
                "head_activation": "none",
                "norm__momentum": 0.5,
            },
            (
                "1,985 more parameters (+0.2 %), 114.8 M fewer MACs; ImageNet stem instead of the"
                " CIFAR stem; 33×32×3 images instead of 32×32×3; 11 classes instead of 10;"
                " head_activation softmax → none; norm.momentum 0.9 → 0.5 in 55 layers"
            ),
        ),
        ({"block": "bottleneck", "shortcut": "projection"}, None),
    ],
)
def test_one_setting_of_resnet56(settings: dict[str, object], said: str | None) -> None:
    """Catches a clause that is missing, wrong, or said of the wrong number of layers."""
    found = sentence(network("resnet56"), network("resnet56", **settings))
    if said is None:
        assert "bottleneck blocks instead of basic ones" in found
    else:
        assert found == said


def test_nothing_rounded_is_untrue() -> None:
    """Catches "+0.0 %" of something, "−100.0 %" of everything, and "16 of them" for all 16."""
    assert sentence(network("resnet152"), network("resnet152", classes=1001)).startswith(
        "2,049 more parameters, "
    )
    assert "%" not in sentence(
        network("resnet152"), network("resnet8", stages__1__filters=16, stages__2__filters=16)
    )
    always = sentence(network("plain34"), network("resnet34", shortcut="projection_always"))
    assert always.endswith("; 16 shortcuts added, all of them projections")
    one = {"stages": [{"blocks": 1, "filters": 16, "stride": 2}]}
    said = sentence(network("plain20", **one), network("resnet20", **one, shortcut="projection"))
    assert said.endswith("; 1 shortcut added, a projection")


def test_many_differences_are_summed_up() -> None:
    """Catches a sentence that lists everything, and one that drops the rest silently."""
    said = between("resnet56", "resnet50").sentence
    assert said.endswith("; and 4 other settings")
    assert said.count("; ") == 5


def test_what_changed_of_a_layer() -> None:
    """Catches attributes, shapes and readers that are left out or said twice."""
    strided = compare(
        network("resnet56"), network("resnet56", stages__1__stride=1, norm__momentum=0.99)
    )
    assert what(strided, "stage2.block1.conv1") == ("stride 2 → 1", "output 16×16×32 → 32×32×32")
    assert what(strided, "stage2.block1.norm1") == (
        "momentum 0.9 → 0.99",
        "output 16×16×32 → 32×32×32",
    )
    assert what(strided, "stage1.block1.conv1") == ()
    wider = compare(network("resnet56"), network("resnet56", stages__1__filters=48))
    assert what(wider, "stage3.block1.conv1") == ("input 16×16×32 → 16×16×48",)
    assert what(between("plain56", "resnet56"), "stage1.block1.relu2") == (
        "reads stage1.block1.norm2 → stage1.block1.add",
    )


def test_layers_stand_where_a_reader_expects_them() -> None:
    """Catches additions gathered at the end, and removed layers that lose their place."""
    padded = network("resnet20")
    changes = compare(padded, network("resnet20", shortcut="projection")).layers
    block = [
        (c.id.removeprefix("stage2.block1."), c.change)
        for c in changes
        if c.id.startswith("stage2.block1.")
    ]
    assert block[4:] == [
        ("norm2", "same"),
        ("shortcut.subsample", "removed"),
        ("shortcut.pad", "removed"),
        ("shortcut.conv", "added"),
        ("shortcut.norm", "added"),
        ("add", "changed"),
        ("relu2", "same"),
    ]
    shallower = [part.id for part in between("resnet20", "resnet14").blocks]
    assert shallower == [part.id for part in between("resnet14", "resnet20").blocks]
    assert shallower.index("stage1.block3") == shallower.index("stage2.block1") - 1


def test_settings_by_dotted_key() -> None:
    """Catches before and after exchanged."""
    assert compare(network("resnet56"), network("resnet56", norm__momentum=0.5)).settings == {
        "norm.momentum": (0.9, 0.5)
    }


@given(configs(), configs())
def test_differences_add_up(before: ResNetConfig, after: ResNetConfig) -> None:
    """Catches a layer or a block that is lost or counted twice."""
    c = compare(before, after)
    for key in COSTS:
        whole = getattr(c.totals.difference, key)
        assert whole == getattr(c.totals.after, key) - getattr(c.totals.before, key)
        assert whole == sum(getattr(x.after, key, 0) - getattr(x.before, key, 0) for x in c.layers)
        for parts in (c.blocks, c.stages):
            assert whole == sum(getattr(part.difference, key) for part in parts)
            assert getattr(c.totals.after, key) == sum(
                getattr(part.after, key, 0) for part in parts
            )
    ids = [layer.id for layer in c.layers]
    assert len(ids) == len(set(ids))
    assert [layer.id for layer in c.layers if layer.after] == [node.id for node in c.after.nodes]
    assert c.after_metrics == measure(build_graph(after))


@given(configs(), configs())
def test_mirrored(before: ResNetConfig, after: ResNetConfig) -> None:
    """Catches a comparison that depends on which network comes first."""
    there, back = compare(before, after), compare(after, before)
    seen = {(c.id, c.change, c.before, c.after) for c in there.layers}
    assert seen == {(c.id, MIRRORED[c.change], c.after, c.before) for c in back.layers}
    assert [(p.id, p.change) for p in there.blocks] == [
        (p.id, MIRRORED[p.change]) for p in back.blocks
    ]
    assert [(p.id, p.change) for p in there.stages] == [
        (p.id, MIRRORED[p.change]) for p in back.stages
    ]
    assert there.totals.difference == tuple(-value for value in back.totals.difference)
    assert there.settings == {key: (was, now) for key, (now, was) in back.settings.items()}


@given(configs())
def test_a_network_and_itself(config: ResNetConfig) -> None:
    """Catches a difference made up out of nothing."""
    c = compare(config, config)
    assert {x.change for x in (*c.layers, *c.blocks, *c.stages)} == {"same"}
    assert not any(c.totals.difference)
    assert c.settings == {}
    assert c.sentence == "the same network"


@given(configs(), configs())
def test_every_sentence_can_be_read(before: ResNetConfig, after: ResNetConfig) -> None:
    """Catches empty clauses, endless sentences and plurals of one."""
    said = sentence(before, after)
    assert said == " ".join(said.split())
    assert 0 < said.count("; ") <= 5 or before == after
    assert not re.search(
        r"(^|\D)1 (more |fewer )?(parameter|shortcut|stage|block|norm|layer|class)e?s\b", said
    ), said
    if before != after:
        assert ("more parameter" in said) == (
            compare(before, after).totals.difference.trainable_params > 0
        )


@given(configs(), configs())
def test_the_tables_say_the_same_numbers(before: ResNetConfig, after: ResNetConfig) -> None:
    """Catches columns that are shifted, and a total that is not the sum."""
    c = compare(before, after)
    lines = list(csv_module.DictReader(table_csv(c).splitlines()))
    assert [line["id"] for line in lines] == [*[part.id for part in c.blocks], "total"]
    for key in COSTS:
        column = [int(line[f"{key}_difference"]) for line in lines]
        assert column == [
            *[getattr(part.difference, key) for part in c.blocks],
            getattr(c.totals.difference, key),
        ]
    seen = [line["receptive_field_difference"] for line in lines[:-1]]
    fields = [part.difference.receptive_field for part in c.blocks]
    assert seen == ["" if field is None else str(field) for field in fields]


def test_the_table_as_markdown() -> None:
    """Catches a table without its total, its arrows or its conventions."""
    text = table_markdown(between("resnet14", "resnet20"))
    assert (
        "| stage1.block3 | added | – → 4,672 | – → 64 | – → 4,718,592 | – → 458,752 | – → 15 |"
        in text
    )
    assert "| total | changed | 172,506 → 269,722 (+97,216) |" in text
    assert all(note in text for note in conventions())
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
