"""docs/library.md can be followed: its blocks run one after the other, and give what they say they
give."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import runs_support as support

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "library.md"
GIVES = re.compile(r"^(?P<expression>\S.*?)\s+# → (?P<value>.*)$")
NEEDS_MORE = "## Build it in Keras"


def program(text: str) -> str:
    """The blocks as one script in which a line with an arrow is an assertion."""
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return "\n".join([asserting(line) for block in blocks for line in block.splitlines()])


def asserting(line: str) -> str:
    if not (found := GIVES.match(line)):
        return line
    value = ast.literal_eval(found["value"])
    return (
        f"found = {found['expression']}\nassert found == {value!r}, ({found['expression']!r},"
        " found)"
    )


def follow(script: str, folder: Path) -> None:
    (folder / "notebook.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "notebook.py"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_blocks_that_need_the_wheel_alone_run(tmp_path: Path) -> None:
    """A name that moved, a count that changed, an option that is called otherwise now."""
    follow(program(PAGE.read_text().partition(NEEDS_MORE)[0]), tmp_path)
    assert {file.name for file in tmp_path.iterdir()} >= {"resnet56.pdf", "column.svg", "pair.tex"}


@pytest.mark.training
def test_the_whole_page_runs(tmp_path: Path) -> None:
    """From the choice of a network to a finished run."""
    try:
        follow(program(PAGE.read_text()), tmp_path)
    finally:
        support.kill_everything(tmp_path / "runs")


def test_a_block_that_gives_something_else_is_noticed(tmp_path: Path) -> None:
    """Without this a page whose lines are never compared would pass."""
    with pytest.raises(AssertionError, match=r"config\.depth"):
        follow(
            program("```python\nconfig = type('C', (), {'depth': 3})\nconfig.depth  # → 56\n```\n"),
            tmp_path,
        )
