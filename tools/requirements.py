"""Writes requirements.txt, requirements-cuda.txt and requirements-dev.txt from pyproject.toml,
comments included.

    python tools/requirements.py            writes what differs
    python tools/requirements.py --check    writes nothing; exit code 1 where a file differs

A line of pyproject.toml that names a package, such as `"numpy>=2.1,<3",  # arrays`, becomes a line
of a file. The comments are the reason why the text is read and not only what tomllib makes of it.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PROJECT = "pyproject.toml"

ENTRY = re.compile(r'^\s*"(?P<requirement>[^"]+)",?\s*(?:#\s*(?P<comment>.*\S))?\s*$')
OURS = re.compile(r"resnet-lab\[(?P<extras>[\w,-]+)\]")

APP_NEEDS = ("app", "train")
"""The extras that requirements.txt installs: pages that can also train."""

MADE = "# Made from pyproject.toml by tools/requirements.py; change it there."


class Line(NamedTuple):
    """One package of a list, and why it is there."""

    requirement: str
    comment: str

    def text(self, width: int) -> str:
        """As a line of a requirements file, its comment beginning at column `width`."""
        return f"{self.requirement:{width}}  # {self.comment}" if self.comment else self.requirement


def files(project: Path = ROOT / PROJECT) -> dict[str, str]:
    """The three files by name. Raises ValueError where a list has an entry on a line that cannot be
    read."""
    text = project.read_text(encoding="utf-8")
    known = tomllib.loads(text)
    extras: dict[str, list[str]] = known["project"]["optional-dependencies"]
    comments = _comments(text)

    def lines(requirements: list[str]) -> list[Line]:
        """With the extras of this very project replaced by what they stand for, each package
        once."""
        found: dict[str, Line] = {}
        for requirement in requirements:
            if ours := OURS.fullmatch(requirement):
                for extra in ours["extras"].split(","):
                    found |= {line.requirement: line for line in lines(extras[extra])}
            else:
                found[requirement] = Line(requirement, comments[requirement])
        return list(found.values())

    base = [*known["project"]["dependencies"], f"resnet-lab[{','.join(APP_NEEDS)}]"]
    needed = lines(base)
    cuda = [line for line in lines(extras["cuda"]) if line not in needed]
    return {
        "requirements.txt": _written(
            "What the app needs, for Python 3.11, 3.12 and 3.13, on x86-64 and aarch64.", needed
        ),
        "requirements-cuda.txt": _written(
            "The app on a machine with NVIDIA GPUs.", cuda, "-r requirements.txt"
        ),
        "requirements-dev.txt": _written(
            "What the tests, `make check` and `make bench` need on top.",
            lines(known["dependency-groups"]["dev"]),
            "-r requirements.txt",
        ),
    }


def _comments(text: str) -> dict[str, str]:
    """Of each entry that stands on a line of its own."""
    entries = [entry for line in text.splitlines() if (entry := ENTRY.match(line))]
    return {entry["requirement"]: entry["comment"] or "" for entry in entries}


def _written(headline: str, lines: list[Line], *first: str) -> str:
    width = max(len(line.requirement) for line in lines)
    return "\n".join([f"# {headline}", MADE, *first, *[line.text(width) for line in lines]]) + "\n"


def main(arguments: list[str]) -> int:
    differing = {
        name: text
        for name, text in files().items()
        if not (ROOT / name).exists() or (ROOT / name).read_text(encoding="utf-8") != text
    }
    if "--check" in arguments:
        print("\n".join(differing))
        return 1 if differing else 0
    for name, text in differing.items():
        (ROOT / name).write_text(text, encoding="utf-8")
        print(f"{name} is written anew from {PROJECT}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
