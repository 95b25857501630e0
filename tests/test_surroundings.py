"""The tests see the same, wherever they are started: what a shell has set and a home holds does not
reach them."""

import ast
import os
import pwd
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.surroundings import cleaned, disturbs

ROOT = Path(__file__).parents[1]
PROGRAMS = [
    path for folder in ("resnet", "app", "bench") for path in sorted((ROOT / folder).rglob("*.py"))
]
SCRIPTS = [ROOT / "Makefile", *sorted((ROOT / "tools").glob("*.sh"))]
THE_MACHINES = {"PATH", "CHROMIUM", "CI", "HOME", "TMPDIR", "LC_ALL", "TZ"}
"""What the machine is and what is installed on it, and the word that nothing may be left out."""


def read_by(program: Path) -> Iterator[str]:
    """Variables that a module reads: os.environ["A"], os.environ.get("A"), "A" in os.environ,
    os.getenv("A")."""
    tree = ast.parse(program.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "os.environ.get",
            "os.environ.pop",
            "os.getenv",
        }:
            yield name_of(tree, node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            yield name_of(tree, node.slice)
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) == "os.environ":
            yield name_of(tree, node.left)


def name_of(tree: ast.Module, expression: ast.expr) -> str:
    """A variable's name as it is written there, or as the constant of the same module has it."""
    named = {
        target.id: ast.unparse(statement.value)
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    written = ast.unparse(expression)
    return named.get(written, written).strip("'\"")


def test_what_the_project_reads_is_kept_from_the_tests() -> None:
    """Catches a variable that is added to the code and forgotten here: whoever has set it would see
    tests fail."""
    read = {name for program in PROGRAMS for name in read_by(program)}
    assert {
        "RESNET_LAB_RUNS",
        "RESNET_LAB_STUDIES",
        "RESNET_LAB_DATA",
        "KERAS_HOME",
        "RESNET_RUN_LOCK_FD",
    } <= read
    forgotten = {
        name for name in read - THE_MACHINES if not disturbs(name) and not name.startswith("PYTHON")
    }
    assert not forgotten


def test_what_the_scripts_read_is_kept_from_the_tests_too() -> None:
    """Catches the same in the Makefile and in tools/: `PORT=8502 make test` would look for an app
    elsewhere."""
    text = "".join(script.read_text(encoding="utf-8") for script in SCRIPTS)
    read = set(re.findall(r"\$\{([A-Z_]+):-|^([A-Z_]+) \?=", text, re.MULTILINE))
    names = {first or second for first, second in read}
    assert "PORT" in names
    assert not {name for name in names - THE_MACHINES if not disturbs(name)}


def test_settings_go_and_the_machine_stays(tmp_path: Path) -> None:
    """Catches a cleaning that takes the language, the proxy or the browser away, or that leaves a
    setting."""
    settings = {
        "RESNET_LAB_RUNS": "/a",
        "STREAMLIT_SERVER_PORT": "1",
        "MPLBACKEND": "b",
        "SOURCE_DATE_EPOCH": "0",
        "GIT_DIR": "c",
    }
    machine = {
        "PATH": "/bin",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Pacific/Kiritimati",
        "https_proxy": "d",
        "CHROMIUM": "e",
    }
    (tmp_path / ".cache" / "ms-playwright").mkdir(parents=True)
    clean = cleaned(settings | machine, tmp_path)
    assert machine.items() <= clean.items()
    assert not settings.keys() & clean.keys()
    assert clean["PLAYWRIGHT_BROWSERS_PATH"] == str(tmp_path / ".cache" / "ms-playwright")


def test_the_home_of_the_tests_is_nobodys() -> None:
    """Catches a matplotlibrc or a keras.json of a person's own in what tests draw and build."""
    assert Path(pwd.getpwuid(os.getuid()).pw_dir) != Path.home()
    assert Path.home().name.startswith("resnet-home-")


FIRST, SECOND = "RESNET_LAB_DATA", "PORT"


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_what_one_test_sets_the_next_does_not_see(name: str) -> None:
    """In either order: each sets what the other must not find."""
    other = SECOND if name == FIRST else FIRST
    assert other not in os.environ
    os.environ[name] = "/nowhere"
