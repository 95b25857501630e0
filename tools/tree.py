"""Brings the tree of docs/code.md up to date: `.venv/bin/python tools/tree.py`.

Lines that are there stay as a person wrote them; files that are gone lose theirs; new ones are put
at the end of their folder, with the first sentence of their docstring until somebody says it
shorter. The rooms stand in the order of imports.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, not the one it is started in

from tests.test_architecture import ORDER  # noqa: E402
from tests.test_docs import CODE, TREE, expected, tree  # noqa: E402

COLUMN = 26


def main() -> None:
    written = tree()
    wanted = expected()
    text = {path: written.get(path) or first_sentence(path) for path in wanted}
    place = {path: number for number, path in enumerate(written)}
    ordered = sorted(
        wanted,
        key=lambda path: [
            (rank(part), place.get(part, len(place)), part) for part in parents(path)
        ],
    )
    block = "".join(line(path, text[path]) for path in ordered)
    text_of_page = TREE.sub(lambda match: f"{match[1]}{block}{match[3]}", CODE.read_text(), count=1)
    CODE.write_text(text_of_page)


def parents(path: str) -> list[str]:
    """A path and the folders it lies in, outermost first: "a/b.py" gives "a/", "a/b.py"."""
    ends = [match.end() for match in re.finditer("/", path[:-1])]
    return [*(path[:end] for end in ends), path]


def rank(path: str) -> int:
    """The place of a file's room, or of a folder's first room, in the order of imports; what is in
    no room comes last."""
    name = path.removesuffix("/").removesuffix(".py").replace("/", ".")
    if path.endswith("/"):
        inside = [room for room in ORDER if f"{room}.".startswith(f"{name}.")]
        return ORDER.index(inside[0]) if inside else len(ORDER)
    room = name if name in ORDER else name.rpartition(".")[0]
    return ORDER.index(room) if room in ORDER else len(ORDER)


def line(path: str, text: str) -> str:
    *folders, _ = parents(path)
    name = "  " * len(folders) + path.removeprefix(folders[-1] if folders else "")
    return f"{name:<{COLUMN}}{text}\n" if len(name) < COLUMN else f"{name} {text}\n"


def first_sentence(path: str) -> str:
    file = ROOT / path / "__init__.py" if path.endswith("/") else ROOT / path
    docstring = (
        ast.get_docstring(ast.parse(file.read_text()))
        if file.suffix == ".py" and file.exists()
        else None
    )
    return re.split(r"[.:] |\.?$", (docstring or "").split("\n")[0])[0]


if __name__ == "__main__":
    main()
