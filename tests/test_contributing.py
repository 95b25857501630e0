"""The pages for contributors name files that are there, and facts that hold."""

import re
from pathlib import Path

import pytest
import yaml

import resnet

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"`([^`]+)`")


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "docs/library.md"])
def test_the_files_that_are_named_are_there(page: str) -> None:
    """A file that moved: a beginner would look for it in vain."""
    named = [
        word
        for word in CODE.findall((ROOT / page).read_text())
        if re.fullmatch(r"[\w./]+/[\w.]+\.(py|md|toml)", word)
    ]
    assert [name for name in named if not (ROOT / name).exists() and "NAME" not in name] == []


def test_the_tests_to_run_are_there() -> None:
    words = re.findall(r"tests/\w+\.py", (ROOT / "CONTRIBUTING.md").read_text())
    assert words
    assert [word for word in words if not (ROOT / word).exists()] == []


def test_each_way_to_contribute_has_its_section() -> None:
    sections = re.findall(r"^## (.*)$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    wanted = ("network option", "operation", "data set", "recipe field", "page", "export")
    text = "\n".join(sections)
    assert [name for name in wanted if name not in text] == []


def test_the_citation_is_of_this_version() -> None:
    """Reference managers read this file; one that lags behind cites another program."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["version"] == resnet.__version__
