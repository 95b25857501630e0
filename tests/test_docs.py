"""README and docs are tested: links lead somewhere, commands work, the tree names every file."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout_support import tracked
from tests.test_architecture import ORDER

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CODE = ROOT / "docs" / "code.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
LARGEST_README = 10_000
TREE = re.compile(r"^(```\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
LISTED_IN_FULL = ("resnet/", "app/")
SHIPPED = re.compile(r"(resnet/shipped/\w+/).*")  # data: the folder's line says what is in it
NEEDS_TENSORFLOW = ("export", "train")


def tree() -> dict[str, str]:
    """Path and line of every entry in the tree of the code; folders end in a slash."""
    block = TREE.search(CODE.read_text())[2]
    entries: dict[str, str] = {}
    folders: list[str] = []
    for line in block.splitlines():
        indent, name, text = re.fullmatch(r"( *)(\S+)(?: +(.*))?", line).groups()
        folders = folders[: len(indent) // 2]
        entries["".join([*folders, name])] = text or ""
        if name.endswith("/"):
            folders.append(name)
    return entries


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


@pytest.mark.git
def test_the_tree_names_every_file_and_nothing_else() -> None:
    """A file added, moved or deleted without its line; tools/tree.py mends it."""
    assert {"missing": expected() - tree().keys(), "gone": tree().keys() - expected()} == {
        "missing": set(),
        "gone": set(),
    }


def test_every_line_of_the_tree_says_what_is_there() -> None:
    assert [path for path, text in tree().items() if not text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


def test_every_page_is_linked_from_the_readme() -> None:
    """A page that nobody can find."""
    assert [
        page.name for page in PAGES[1:] if f"(docs/{page.name})" not in README.read_text()
    ] == []


def test_the_readme_is_short() -> None:
    """Details belong in docs/, where they can be linked."""
    assert len(README.read_bytes()) <= LARGEST_README


@pytest.mark.git
def test_the_map_names_every_room_and_no_other() -> None:
    """A folder of the library that a newcomer cannot find from the README, or one that is gone."""
    folders = {path.rpartition("/")[0] for path in tracked() if path.startswith("resnet/")} - {
        "resnet"
    }
    named = set(re.findall(r"`((?:resnet|app)/[\w/]*)`", README.read_text()))
    roofs = {f"{name.rstrip('/')}/" for name in named}
    assert {folder for folder in folders if not f"{folder}/".startswith(tuple(roofs))} == set()
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_map_has_the_order_of_imports() -> None:
    """Catches a map that says "from top to bottom" and is not."""
    _, _, table = README.read_text().partition("| to change | look in |")
    places = []
    for name in re.findall(r"\| `((?:resnet|app)/[\w/.]+)`", table.partition("\n\n")[0]):
        room = name.rstrip("/").removesuffix(".py").replace("/", ".")
        inside = [each for each in ORDER if each == room or each.startswith(f"{room}.")]
        places.append(ORDER.index(room) if room in ORDER else ORDER.index(inside[0]))
    assert len(places) > 20
    assert places == sorted(places)


def test_every_decision_has_its_three_parts() -> None:
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        text = path.read_text()
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), (
            path.name
        )


def commands() -> list[str]:
    """Every command of the README and the docs, each once."""
    texts = [page.read_text() for page in PAGES]
    found = [
        line for text in texts for line in re.findall(r"^python -m resnet .*", text, re.MULTILINE)
    ]
    return list(dict.fromkeys(found))


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
    # If it is missing, this test fails, not the reading of this file.
    from resnet.cli.commands import COMMANDS  # noqa: PLC0415

    known = {command.name for command in COMMANDS}
    assert known == {verb(command) for command in commands()}
