"""The numbers of a network have one name each: what people read comes from one table."""

import ast
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.architecture.picture import COLOUR_TITLES
from resnet import build_graph, describe, get, measure
from resnet.as_keras.program import keras_code
from resnet.diagram.formats import scene
from resnet.network.numbers import NUMBERS, OF_LAYERS
from resnet.results import tables
from resnet.results.arms import ArmRuns, SeedRun, results
from resnet.tables import family, layer_table
from resnet.tables.comparison import compare, table_csv, table_latex, table_markdown
from tests.cli_support import Shell

ROOT = Path(__file__).parents[1]
HEADINGS = [number.heading for number in NUMBERS.values()]
OF_LAYERS_HEADINGS = [NUMBERS[key].heading for key in OF_LAYERS]
WORDS = {
    word for number in NUMBERS.values() for word in (number.label, number.short, number.heading)
}
OLD_WORDS = {
    "Not trained",
    "Sees",
    "Sees, pixels",
    "Memory, bytes",
    "Parameters",
}


def constants(file: Path) -> Iterator[str]:
    """Every string of a file as it stands alone in its source."""
    if file.suffix == ".js":
        yield from re.findall(r'"([^"\n]*)"', file.read_text())
        return
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_label_is_written_by_hand() -> None:
    """Catches a list of labels beside the table: the next one would differ from it some day."""
    table = ROOT / "resnet" / "network" / "numbers.py"
    files = [*ROOT.glob("resnet/**/*.py"), *ROOT.glob("app/**/*.py"), *ROOT.glob("app/**/*.js")]
    by_hand = {
        (file.relative_to(ROOT).as_posix(), text)
        for file in files
        if file != table
        for text in constants(file)
        if text in WORDS | OLD_WORDS
    }
    assert not by_hand


def test_labels_differ_and_short_ones_are_shorter() -> None:
    """Catches two numbers that a reader cannot tell apart."""
    numbers = NUMBERS.values()
    assert len({number.short for number in numbers}) == len(NUMBERS)
    assert all(len(number.short) <= len(number.label) for number in numbers)
    assert all(number.convention.endswith(".") for number in numbers)


def test_the_total_is_that_of_keras() -> None:
    """Catches a total that leaves a part out; Keras's summary of the notebook's ResNet-34 printed
    21,310,721."""
    assert describe(get("binary_resnet34").config).total_params == 21_310_721


def headings(markdown: str) -> list[str]:
    [line] = [line for line in markdown.splitlines() if line.startswith("| ")][:1]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_tables_of_text_use_the_table_of_numbers() -> None:
    """Catches a table with words of its own, in Markdown, in LaTeX, and keys that moved in CSV."""
    graph = build_graph(get("resnet20").config)
    rows = layer_table.rows(measure(graph), graph, "stage")
    members = family.family([3], ["resnet"])
    change = compare(get("plain20").config, get("resnet20").config)
    assert headings(layer_table.markdown(rows))[3:-1] == OF_LAYERS_HEADINGS
    assert headings(family.markdown(members))[3:] == HEADINGS
    assert headings(table_markdown(change))[2:] == OF_LAYERS_HEADINGS
    for latex in (layer_table.latex(rows), table_latex(change)):
        assert all(f"{heading}: " in latex for heading in OF_LAYERS_HEADINGS)
    assert layer_table.csv(rows).split("\n")[0].split(",")[3:-1] == list(OF_LAYERS)
    assert family.csv(members).split("\n")[0].split(",")[3:] == list(NUMBERS)
    differences = [
        f"{key}_{part}" for key in OF_LAYERS for part in ("before", "after", "difference")
    ]
    assert table_csv(change).split("\n")[0].split(",")[2:] == differences


def test_results_of_studies_use_the_table_of_numbers() -> None:
    """Catches a study's table that calls trainable parameters by another name."""
    [result] = results([ArmRuns("a", [SeedRun(0, [])], trainable_params=1, macs=2)])
    shown = [column.heading for column in tables.reading_table([result]).columns]
    assert [NUMBERS["trainable_params"].heading, NUMBERS["macs"].heading] == shown[1:3]


def test_commands_use_the_table_of_numbers(shell: Shell) -> None:
    """Catches a command with words of its own, and JSON that lost a key."""
    said = shell("describe", "resnet20", "--layers").out
    for number in NUMBERS.values():
        assert re.search(rf"^  {re.escape(number.label)}  +\d", said, re.MULTILINE), number.key
        assert number.convention in said
    head = next(line for line in said.splitlines() if line.startswith("Layer "))
    assert re.split(r"  +", head)[3:] == [
        NUMBERS[key].heading for key in OF_LAYERS if key != "activation_bytes"
    ]
    record = json.loads(shell("describe", "resnet20", "--json").out)
    assert [key for key in record if key in NUMBERS] == list(NUMBERS)
    change = compare(get("plain20").config, get("resnet20").config)
    assert table_markdown(change) in shell("compare", "plain20", "resnet20").out
    assert headings(shell("family", "--n", "1").out)[3:] == HEADINGS


def test_programs_and_drawings_use_the_table_of_numbers() -> None:
    """Catches an exported program, or the panel beside a drawing, with words of its own."""
    program = keras_code(get("resnet20").config, name="resnet20")
    for key in ("total_params", "trainable_params", "non_trainable_params"):
        assert f"\n{NUMBERS[key].label}: " in program
    graph = build_graph(get("resnet20").config)
    labels = scene.layers(graph, measure(graph))["labels"]
    assert labels == {key: NUMBERS[key].short for key in OF_LAYERS}
    assert {key: title for key, title in COLOUR_TITLES.items() if key != "operation"} == {
        key: NUMBERS[key].short for key in COLOUR_TITLES if key != "operation"
    }


def page(name: str, **parameters: str) -> AppTest:
    """A fresh visit of a page by a link."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
    app = app.run().switch_page(f"app/pages/{name}.py")
    for key, value in parameters.items():
        app.query_params[key] = value
    return app.run()


def shown_numbers(app: AppTest) -> list[str]:
    [row] = [html.proto.body for html in app.get("html") if html.proto.body.startswith("<dl")]
    return [unescape(label) for label in re.findall(r"<dt>(.*?)</dt>", row)]


def headed(app: AppTest) -> dict[str, str]:
    """The headings of the first table's columns, by key."""
    columns: dict[str, Any] = json.loads(app.dataframe[0].proto.columns)
    return {key: column.get("label", key) for key, column in columns.items()}


@pytest.mark.parametrize("name", ["architecture", "compare"])
def test_pages_show_the_numbers_of_the_table(name: str) -> None:
    """Catches a row of numbers with words of its own, in another order, or without one of them."""
    app = page(name, network="resnet20")
    assert not app.exception
    assert shown_numbers(app) == [number.short for number in NUMBERS.values()]


def test_tables_on_pages_use_the_table_of_numbers() -> None:
    """Catches a table on a page with words of its own."""
    layers = headed(page("architecture", network="resnet20", view="Layers"))
    assert {key: layers[key] for key in OF_LAYERS} == {
        key: NUMBERS[key].heading for key in OF_LAYERS
    }
    members = headed(page("compare", network="resnet20", view="Family"))
    assert {key: members[key] for key in NUMBERS} == {
        key: number.heading for key, number in NUMBERS.items()
    }
    changes = page("compare", network="plain20", beside="resnet20", view="Differences")
    columns = set(changes.dataframe[0].value.columns)
    assert {NUMBERS[key].heading for key in ("trainable_params", "macs")} <= columns
