"""Tables as text: what goes in comes back out of CSV, people read it in Markdown, and LaTeX sets it
over pages."""

import csv as csv_module
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet import build_graph, get, measure
from resnet.network.numbers import NUMBERS
from resnet.tables import family, layer_table
from resnet.tables.comparison import compare, table_latex
from resnet.tables.text_table import (
    Compared,
    TextTable,
    compared,
    conventions,
    counted,
    guarded,
    named,
    unguarded,
)
from tests.latex_support import PAGES, typeset

TABLE = TextTable(
    columns=[named("id", "Layer"), counted("macs"), compared("depth"), named("out", "Output")],
    lines=[
        ["a_1", 1234, Compared(1000, 2500, 1500), (32, 32, 16)],
        ["b", 0, Compared(9, 8, -1), (10,)],
        ["c", None, Compared(7, 7, 0), ()],
        ["d", 5, Compared(None, 3, 3), None],
        ["total", 1229, Compared(None, None, None), None],
    ],
    notes=["MACs: 100 % of them."],
    total=True,
)


def test_csv() -> None:
    """Catches separators in numbers, and a column of two networks that is not three."""
    assert TABLE.csv().splitlines() == [
        "id,macs,depth_before,depth_after,depth_difference,out",
        "a_1,1234,1000,2500,1500,32x32x16",
        "b,0,9,8,-1,10",
        "c,,7,7,0,",
        "d,5,,3,3,",
        "total,1229,,,,",
    ]


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.lists(st.tuples(words, st.integers()), max_size=5))
def test_csv_reads_back_whatever_the_words_are(lines: list[tuple[str, int]]) -> None:
    """Catches a comma, a quote or a line break that moves the columns."""
    text = TextTable([named("word", "Word"), counted("macs")], lines).csv()
    read = []
    for line in csv_module.reader(io.StringIO(text, newline="")):
        read.append([unguarded(cell) for cell in line])
    assert read == [["word", "macs"], *[[word, str(number)] for word, number in lines]]


@pytest.mark.parametrize(
    "word", ["=1+1", "+x", "-x", "@SUM(A1)", "\t=1", "\r=1", "-1+1", "=x;=y", "'=1", "''=1", "-1_0"]
)
def test_no_text_is_a_formula(word: str) -> None:
    """Catches the name of an arm that a spreadsheet runs as a command, and one that cannot be told
    back."""
    line = TextTable([named("id", "Layer")], [[word]]).csv().split("\n", 1)[1].strip("\n")
    (cell,) = next(csv_module.reader(io.StringIO(line, newline="")))
    assert cell == f"'{word}"
    assert unguarded(cell) == word
    assert ";" not in word or line.startswith('"')


@given(st.one_of(st.floats(allow_nan=False), st.integers()), st.booleans())
def test_numbers_stay_numbers(number: float, as_text: bool) -> None:
    """Catches a negative number that a program, or a spreadsheet, reads as text; written as a
    number or as its text."""
    cell = TextTable(
        [counted("macs")], [[str(number) if as_text or isinstance(number, float) else number]]
    ).csv()
    assert cell.splitlines()[1] == str(number)


@given(words, words)
def test_guarding_is_no_loss(one: str, other: str) -> None:
    """Catches two names that are one in a CSV."""
    assert unguarded(guarded(one)) == one
    assert (guarded(one) == guarded(other)) == (one == other)
    assert not guarded(one).startswith(("=", "@"))


def test_markdown() -> None:
    """Catches a difference without its sign, and one made up where a network has no such part."""
    assert TABLE.markdown().splitlines() == [
        "| Layer | MACs | Depth | Output |",
        "| :-- | --: | --: | :-- |",
        "| a_1 | 1,234 | 1,000 → 2,500 (+1,500) | 32×32×16 |",
        "| b | 0 | 9 → 8 (−1) | 10 |",
        "| c |  | 7 |  |",
        "| d | 5 | – → 3 |  |",
        "| total | 1,229 |  |  |",
        "",
        "*MACs: 100 % of them.*",
    ]


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("a|b", r"a\|b"),
        (r"a\|b", r"a\\\|b"),
        ("<img src=//x>", r"\<img src=//x>"),
        ("![x](//y)", r"!\[x](//y)"),
        ("&lt;", r"\&lt;"),
        ("a*b*`c`", r"a\*b\*\`c\`"),
        ("a\r\nb\u2028c", "a b c"),
        ("stage1_block1_conv", "stage1_block1_conv"),
        ("_a_ b__c ~~d~~", r"\_a\_ b\_\_c \~\~d\~\~"),
    ],
)
def test_nothing_is_markup_in_markdown(word: str, written: str) -> None:
    """Catches a name that ends its column, a backslash that frees the bar behind it, and an image
    fetched by whoever reads the table; in the notes below too."""
    *_, line, _, notes = TextTable([named("id", "Layer")], [[word]], [word]).markdown().splitlines()
    assert (line, notes) == (f"| {written} |", f"*{written}*")


def test_latex() -> None:
    """Catches a heading that stands on the first page only, a total like any line, and letters that
    LaTeX obeys."""
    text = TABLE.latex()
    assert text.isascii()
    assert r"\noindent\begin{tabular}{lrrl}" in text
    assert r"\hline Layer & MACs & Depth & Output \\ \hline" in text
    change = r"\begin{tabular}[t]{@{}r@{}}1,000 $\to$ 2,500 \\ (+1,500)\end{tabular}"
    assert rf"a\_1 & 1,234 & {change} & 32$\times$32$\times$16 \\" in text.splitlines()
    assert "\\hline\ntotal & 1,229 &  &  \\\\\n\\hline\n\\end{tabular}" in text
    assert "% MACs: 100 % of them.\n" in text
    assert r"\noindent MACs: 100 \% of them.\par" in text
    assert "\\hline\nx \\\\\n" in TextTable([named("id", "Layer")], [["x"]], total=True).latex()


@given(st.text("%&#_{}$\\~^<>|→−–×ab "))
def test_signs_that_latex_obeys_are_letters(word: str) -> None:
    """Catches a brace that opens a group, and a percent sign that swallows the line."""
    (line,) = re.findall(
        r"\\ \\hline\n(.*) \\\\\n", TextTable([named("id", "Layer")], [[word]]).latex()
    )
    commands = r"\\[%&#_{}$]|\\text[a-z]+\{\}|\$(\\to|\\times|-)\$"
    assert not re.search(r"[\\%&#_{}$~^<>|]", re.sub(commands, "", line))


def test_conventions() -> None:
    """Catches a column that is counted and does not say what."""
    notes = conventions(["id", *NUMBERS])
    assert [note.partition(": ")[0] for note in notes] == [
        number.heading for number in NUMBERS.values()
    ]
    assert notes[3] == (
        "Non-trainable params: batch norm's moving mean and variance: kept, never trained."
    )
    assert conventions(["id"]) == ()


def tables() -> dict[str, str]:
    """Every table that this project writes, and one that is longer than five pages."""
    long, short = [build_graph(get(name).config) for name in ("resnet110", "resnet20")]
    rows = {by: layer_table.rows(measure(short), short, by) for by in ("layer", "block", "stage")}
    between = compare(get("resnet14").config, get("resnet20").config)
    return {
        **{by: layer_table.latex(table) for by, table in rows.items()},
        "long": layer_table.latex(layer_table.rows(measure(long), long, "layer")),
        "nothing": layer_table.latex(()),
        "cifar": family.latex(family.family([8], ["resnet", "plain"])),
        "imagenet": family.latex(family.imagenet_family()),
        "compare": table_latex(between),
        "signs": (
            TABLE.latex() + TextTable([named("id", "Layer")], [["%&#_{}$\\~^<>|→−–×"]]).latex()
        ),
    }


@pytest.mark.latex
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", tables())
def test_latex_sets_it(name: str, page: str, tmp_path: Path) -> None:
    """Catches a sign LaTeX does not know, a table wider or longer than a page, and one that takes a
    number."""
    text = tables()[name]
    if page == "two columns" and "\\begin{longtable}" in text:
        page = "two columns, long"  # as its first line says
    said = typeset(f"{text}\\typeout{{number \\thetable}}", tmp_path, page)
    assert "number 0" in said
    (pages,) = map(int, re.findall(r"\((\d+) pages?", said))
    pages -= 2 * (page == "two columns, long")  # words before and after
    # 75 rows in two parts: three pages; in 11 pt its notes may begin a fourth.
    assert pages >= 6 if name == "long" else pages <= 4


@pytest.mark.latex
@pytest.mark.parametrize("page", PAGES)
def test_columns_that_do_not_fit_stand_below_with_the_first(page: str, tmp_path: Path) -> None:
    """Catches a table of many columns or of wide letters that runs into the margin, and a column
    that is lost."""
    heads = [named("arm", "Arm"), *[counted(f"c{at}", f"Column{at} WWWW") for at in range(30)]]
    table = TextTable(heads, [["MMMMM@%&", *range(123_456_789, 123_456_819)]])
    text = table.latex()
    assert text.count("\nMMMMM@") == text.count("\\begin{tabular}{l") > 2
    assert all(f"Column{at} " in text for at in range(30))
    typeset(text, tmp_path, page)
