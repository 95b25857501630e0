"""The README is tested too: its tree is the code's, its commands exist and work."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TREE = re.compile(r"^(## The code\n.*?^```\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
LISTED_IN_FULL = ("resnet/", "app/")
SHIPPED = re.compile(r"(resnet/shipped/\w+/).*")  # data: the folder's line says what is in it
NEEDS_TENSORFLOW = ("export", "train")


def tree() -> dict[str, str]:
    """Path and line of every entry in the tree of the code; folders end in a slash."""
    block = TREE.search(README)[2]
    entries: dict[str, str] = {}
    folders: list[str] = []
    for line in block.splitlines():
        indent, name, text = re.fullmatch(r"( *)(\S+)(?: +(.*))?", line).groups()
        folders = folders[: len(indent) // 2]
        entries["".join([*folders, name])] = text or ""
        if name.endswith("/"):
            folders.append(name)
    return entries


def tracked() -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


def expected() -> set[str]:
    """Files at the top and all of resnet/ and app/ with their folders; of the other folders only
    the name."""
    entries = set()
    for path in {SHIPPED.sub(r"\1", path) for path in tracked()}:
        if path.startswith(LISTED_IN_FULL):
            entries |= {f"{folder}/" for folder in map(str, Path(path).parents) if folder != "."}
            entries |= set() if path.endswith("__init__.py") else {path}
        else:
            top, slash, _ = path.partition("/")
            entries.add(top + slash)
    return entries


def test_the_tree_names_every_file_and_nothing_else() -> None:
    """A file added, moved or deleted without its line; tools/tree.py mends it."""
    assert {"missing": expected() - tree().keys(), "gone": tree().keys() - expected()} == {
        "missing": set(),
        "gone": set(),
    }


def test_every_line_of_the_tree_says_what_is_there() -> None:
    assert [path for path, text in tree().items() if not text] == []


def test_links_to_files_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_decision_has_its_three_parts() -> None:
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        text = path.read_text()
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), (
            path.name
        )


def commands() -> list[str]:
    return re.findall(r"^python -m resnet .*", README, re.MULTILINE)


def verb(command: str) -> str:
    return command.split()[3]


LIGHT = [command for command in commands() if verb(command) not in (*NEEDS_TENSORFLOW, "app")]
HEAVY = [command for command in commands() if verb(command) == "export"]


def run(command: str, folder: Path) -> None:
    """As typed, in a folder with a curve to import and a study; files it is told to write must be
    there afterwards."""
    words = [sys.executable, *shlex.split(command)[1:]]
    (folder / "study.yaml").write_bytes(
        (ROOT / "resnet/shipped/plain_or_residual/study.yaml").read_bytes()
    )
    (folder / "history.csv").write_bytes(
        (ROOT / "resnet/shipped/notebook_curves/resnet_34_sgd.csv").read_bytes()
    )
    done = subprocess.run(
        words,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all((folder / name).stat().st_size for name in re.findall(r"-o (\S+)", command))


@pytest.mark.parametrize("command", LIGHT)
def test_commands_work_as_written(command: str, tmp_path: Path) -> None:
    run(command, tmp_path)


@pytest.mark.keras
@pytest.mark.parametrize("command", HEAVY)
def test_commands_that_need_tensorflow_work_as_written(command: str, tmp_path: Path) -> None:
    run(command, tmp_path)


def test_every_command_is_shown() -> None:
    """A command nobody is told of."""
    from resnet.cli import (
        app,
    )

    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    assert known == {verb(command) for command in commands()}
