"""Facts over a family of networks: the published numbers, in every format, and no others."""

import csv as csv_module
import json
from typing import Any

import pytest
from published import COUNTS

from resnet import ConfigError, UnknownNameError, describe, get
from resnet.network.catalog import PLAIN_DEPTHS, RESIDUAL_DEPTHS
from resnet.tables.family import FamilyRow, conventions, csv, family, imagenet_family, markdown

PUBLISHED: list[dict[str, Any]] = json.loads(COUNTS.read_text())
COUNTED = ("trainable_params", "non_trainable_params", "macs")


@pytest.mark.parametrize(
    "row", [row for row in PUBLISHED if "n" in row], ids=lambda row: row["network"]
)
def test_cifar_counts_are_the_published_ones(row: dict[str, Any]) -> None:
    """Catches a family whose rows are not the networks they are named after."""
    kind = "plain" if row["shortcut"] == "none" else "resnet"
    settings = {} if kind == "plain" else {"shortcut": row["shortcut"]}
    (found,) = family([row["n"]], [kind], settings)
    assert (found.name, found.n, found.depth) == (row["network"], row["n"], 6 * row["n"] + 2)
    assert {key: getattr(found, key) for key in COUNTED} == {key: row[key] for key in COUNTED}


def test_imagenet_counts_are_the_published_ones() -> None:
    """Catches a network missing from Table 1, or one with another count."""
    rows = {row.name: row for row in imagenet_family()}
    assert list(rows) == [f"resnet{depth}" for depth in RESIDUAL_DEPTHS] + [
        f"plain{depth}" for depth in PLAIN_DEPTHS
    ]
    held = 0
    for row in PUBLISHED:
        config = get(row["network"]).config
        as_in_catalogue = (
            row["shortcut"] == config.shortcut and row.get("stride_on", "1x1") == config.stride_on
        )
        if row["network"] in rows and as_in_catalogue:
            found = rows[row["network"]]
            assert {key: getattr(found, key) for key in COUNTED} == {
                key: row[key] for key in COUNTED
            }
            held += 1
    assert held == 5


def test_rows_come_n_by_n_and_kind_by_kind() -> None:
    """Catches another order, ImageNet's names, and totals that are not the network's."""
    rows = family(range(7, 10), ["plain", "resnet"])
    assert [row.name for row in rows] == [
        "plain44",
        "resnet44",
        "plain50_cifar",
        "resnet50_cifar",
        "plain56",
        "resnet56",
    ]
    for row in rows:
        metrics = describe(get(row.name).config)
        assert row == FamilyRow(
            row.name, row.n, row.kind, *[getattr(metrics, key) for key in FamilyRow._fields[3:]]
        )


def test_settings_count_for_every_row() -> None:
    """Catches settings that are dropped, and shortcuts in a plain network."""
    plain, residual = family([3], ["plain", "resnet"], {"shortcut": "projection", "classes": 100})
    assert plain.trainable_params == 269_722 + 90 * 65
    assert residual.trainable_params == 272_474 + 90 * 65


@pytest.mark.parametrize(
    ("ns", "kinds", "settings", "words"),
    [
        ([], ["resnet"], {}, "at least one n; received none; give"),
        ([3, 0], ["resnet"], {}, "from 1 to 200; received 0;"),
        ([201], ["resnet"], {}, "received 201"),
        ([True], ["resnet"], {}, "received True"),
        ([3.0], ["resnet"], {}, r"received 3\.0"),
        (["3"], ["resnet"], {}, "received '3'"),
        ([3], [], {}, r"kinds must be .* received \[\]; try"),
        ([3], "resnet", {}, "kinds must be .* received 'resnet'; try"),
        ([3], ["resnet", ["plain"]], {}, "kinds must be"),
        ([3], ["resnet"], {"shortcut": "none"}, "choose kind 'plain'"),
        ([3], ["resnet"], {"stages": []}, "n sets the number of blocks"),
        ([3], ["resnet"], {"stages.1.blocks": 4}, "n sets the number of blocks"),
        ([3], ["resnet"], {"classes": 0}, "classes"),
    ],
)
def test_what_makes_no_sense_is_refused(
    ns: Any, kinds: Any, settings: dict[str, Any], words: str
) -> None:
    """Catches a traceback, an empty table, or a message without rule, value and way out."""
    with pytest.raises(ConfigError, match=words) as caught:
        family(ns, kinds, settings)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_an_unknown_setting_is_refused() -> None:
    """Catches a typing error that is silently ignored."""
    with pytest.raises(UnknownNameError, match="classes"):
        family([3], ["resnet"], {"clases": 3})


def test_csv_reads_back() -> None:
    """Catches separators in numbers and columns that are shifted."""
    rows = (*family([3, 9], ["resnet"]), *imagenet_family())
    read = list(csv_module.DictReader(csv(rows).splitlines()))
    assert len(read) == len(rows)
    for line, row in zip(read, rows, strict=True):
        assert list(line.values()) == ["" if value is None else str(value) for value in row]


def test_markdown_has_every_number_and_what_it_counts() -> None:
    """Catches a column of n that says nothing, a ragged table, and numbers without their
    meaning."""
    text = markdown(family([9], ["resnet", "plain"]))
    assert "| resnet56 | 9 | resnet | 56 | 857,082 | 853,018 | 4,064 | 125,485,696 |" in text
    assert all(note in text for note in conventions())
    other = markdown(imagenet_family())
    assert "| Network | Kind | Depth |" in other
    for table in (text, other):
        assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1
