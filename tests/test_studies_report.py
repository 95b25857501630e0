"""The report is what people print and pass on: it must be whole, say nothing false, and fetch
nothing."""

import re
from base64 import b64decode
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from resnet.errors import RunError
from resnet.guards.guard import one_factor
from resnet.results.arms import begun
from resnet.runs.directory import METRICS
from resnet.studies.export import report_page
from resnet.studies.export.report import report, sha256
from resnet.studies.outcome import outcome
from resnet.studies.plan.factors import Factor, Listed
from resnet.studies.plan.study import Study, runs
from tests.outcome_support import finish, finished, grid, outcome_of, papers, records

HOSTILE = '<script>alert(1)</script> & "quoted" \' <img src=http://example.org/x.png> </style>'
VOID = {"meta", "img", "br"}
SECTIONS = [
    "Findings",
    "Curves",
    "Results",
    "Against the paper",
    "Method",
    "What is equal, and what is not",
    "Every run",
    "Do it again",
    "Checksums",
]


class Reader(HTMLParser):
    """Its tags, whether each is closed in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.headings: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)
        if self.open[-1:] == ["h2"]:
            self.headings.append(data)


def read(text: str) -> Reader:
    found = Reader(text)
    assert found.open == []
    return found


def hostile() -> Study:
    listed = (Listed(), Listed(name=HOSTILE[:60], settings={"network.shortcut": "none"}))
    said = {"name": HOSTILE, "question": HOSTILE, "source": HOSTILE}
    return grid(**said, design="list", factors=(Factor(key="network.shortcut"),), listed=listed)


def test_everything_is_on_the_page(tmp_path: Path) -> None:
    """Catches a section that is lost, and a sentence of the findings or the guards that is."""
    found = outcome_of(grid(question="Does depth hurt?", source="He et al. 2015"), tmp_path)
    page = read(report(found))
    assert page.headings == SECTIONS
    text = " ".join(page.text)
    for said in (
        "Does depth hurt?",
        "He et al. 2015",
        "12 of 12 runs are finished",
        found.study.fingerprint,
        "Residual helps by 4.0 ± 0.6 points at depth 56 (resnet56).",
        *found.guards,
        "2.21.0",
        "A processor",
        "schedule.learning_rate",
        "1,500 images for training",
        "exact twins",
        "run study.yaml",
    ):
        assert said in text, said
    for (_, seed), run in found.runs.items():
        assert run.id in text
        assert sha256(run, METRICS) in text
        assert f"seed {seed}" in text


def test_it_fetches_nothing(tmp_path: Path) -> None:
    """Catches a font, script or image from elsewhere, which is gone in ten years and tells who
    reads."""
    text = report(outcome_of(grid(), tmp_path))
    page = read(text)
    images = [own["src"] for tag, own in page.tags if tag == "img"]
    assert len(images) == 2
    assert all(source and source.startswith("data:image/svg+xml;base64,") for source in images)
    assert {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "iframe",
        "object",
        "base",
        "form",
    } == set()
    assert not re.search(r"url\(|@import|srcset", text)
    for source in images:
        ElementTree.fromstring(b64decode((source or "").partition(",")[2]))


def test_names_are_no_markup(tmp_path: Path) -> None:
    """Catches a study that runs a script where its report is read."""
    study = hostile()
    for found in (outcome_of(study, tmp_path), outcome(study, [])):
        page = read(report(found))
        assert not {tag for tag, _ in page.tags} & {"script"}
        assert {own["src"][:5] for tag, own in page.tags if tag == "img" and own["src"]} == {
            "data:"
        }
        assert HOSTILE in "".join(page.text)


def test_a_banner_comes_before_everything(tmp_path: Path) -> None:
    """Catches an unfair comparison that is printed without a word, and a finding above the doubt
    about it."""
    found = outcome_of(grid(), tmp_path)
    specs = {step.planned.arm.name: [step.planned.spec] for step in found.steps}
    text = report(replace(found, one_factor=one_factor(specs, [])))
    assert 'class="banner"' not in report(found)
    place = text.index('<div class="banner"')
    assert place < text.index("<h2>")
    assert unescape(text[place:]).startswith(
        '<div class="banner" role="alert">Not a fair comparison: '
    )


def test_before_any_run_there_is_a_page() -> None:
    """Catches a report that fails where nothing is finished, and empty sections."""
    page = read(report(outcome(grid(), [])))
    assert page.headings == [name for name in SECTIONS if name != "Checksums"]
    text = " ".join(page.text)
    assert "0 of 12 runs are finished" in text
    assert "its curve will be here" in text
    assert text.count("not begun") == 12


def test_what_the_paper_says_with_its_source(tmp_path: Path) -> None:
    """Catches a verdict without its source, and a table whose last column is another arm's."""
    page = read(report(outcome_of(papers(), tmp_path, lambda planned: 8.75 + 0.05 * planned.seed)))
    text = " ".join(page.text)
    assert "reproduces the paper's 8.75 %" in text
    assert "Table 6)." in text
    assert "not comparable" in page.text


def test_a_failed_run_stands_in_its_table(tmp_path: Path) -> None:
    """Catches a run that is hidden since it ended badly."""
    study = grid(seeds=(0,))
    finish(study, tmp_path, only=lambda planned: planned.arm.config.depth == 56)
    finished(
        runs(study)[0],
        tmp_path,
        records(runs(study)[0], 50.0),
        {"outcome": "failed", "cause": "diverged"},
    )
    page = read(report(outcome(study, finish(study, tmp_path, only=lambda planned: False))))
    assert page.text.count("failed") == 1
    assert page.text.count("not begun") == 1


def test_the_same_outcome_gives_the_same_bytes(tmp_path: Path) -> None:
    """Catches a date or an order that changes, so that two exports of one study look like two
    studies."""
    found = outcome_of(grid(), tmp_path)
    assert report(found) == report(found)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    found = outcome_of(grid(seeds=(0,)), tmp_path)
    run = next(iter(found.runs.values()))
    (run.path / METRICS).unlink()
    with pytest.raises(RunError, match=r"^Cannot read or write \S+/metrics\.jsonl: "):
        report(found)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("residual helps", "Residual helps"),
        ("resnet56: no finished run", "resnet56: no finished run"),
        ("baseline: no finished run", "Baseline: no finished run"),
        ("at depth 20 it is", "At depth 20 it is"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_but_a_name_keeps_its_own(
    sentence: str, said: str
) -> None:
    """Catches Resnet56."""
    assert begun(sentence) == said


def test_long_tables_may_go_on_over_the_page() -> None:
    """Catches a table of a hundred runs that no page can hold, pushed from page to page."""
    heads = [("Arm", "l")]
    assert 'class="long"' in report_page.table(heads, [["a"]] * (report_page.LONG + 1))
    assert 'class="long"' not in report_page.table(heads, [["a"]] * report_page.LONG)
