"""The programs that some tests need and that pip cannot install: one table, and the one place that
looks for them.

    .venv/bin/python tools/programs.py            looks for all of them, installs what is missing
    .venv/bin/python tools/programs.py chromium   does so for one program, and prints its path

A program is taken from the machine. If it is missing, Debian's packages are installed, but only
where that needs no password: as root, or with a sudo that asks for none. A program that is still
missing is no error: the tests that need it are left out and listed (`tests/left_out.py`). With
CI=true in the environment it is an error.

This file needs Python's standard library only.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
STARTS_WITHIN_S = 60
DOWNLOADS_WITHIN_S = 600


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the table.

    `marker` is the pytest marker of the tests that need the program. `names` are the names that the
    program has on different machines; the first is also its name on the command line of this file.
    Each of `proofs` is a command that must succeed before the program counts as present, since a
    file on the PATH may be a stub or may lack its libraries; `{path}` stands for the program.
    `packages` are Debian's.
    """

    marker: str
    title: str
    names: tuple[str, ...]
    proofs: tuple[tuple[str, ...], ...]
    packages: tuple[str, ...]


# The tests read their checkout with this setting, so that git also answers where another user owns
# the folder.
ANY_OWNER = ("-c", "safe.directory=*")

PROGRAMS = (
    Program(
        "browser",
        "Chromium",
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        (
            ("{path}", "--version"),
            (sys.executable, "-m", "playwright", "--version"),  # its own program needs libatomic
        ),
        ("chromium", "libatomic1"),
    ),
    Program(
        "latex",
        "pdflatex with TikZ",
        ("pdflatex",),
        (
            ("{path}", "--version"),
            ("kpsewhich", "article.cls"),
            ("kpsewhich", "geometry.sty"),
            ("kpsewhich", "longtable.sty"),
            ("kpsewhich", "tikz.sty"),
            ("kpsewhich", "cmssdc10.pfb"),
        ),
        ("texlive-latex-base", "texlive-pictures"),
    ),
    Program("poppler", "pdftoppm", ("pdftoppm",), (("{path}", "-v"),), ("poppler-utils",)),
    Program(
        "git",
        "git and a checkout",  # the files of a downloaded archive are not one
        ("git",),
        (("{path}", *ANY_OWNER, "-C", str(ROOT), "ls-files", "--error-unmatch", "Makefile"),),
        ("git",),
    ),
    Program("make", "make", ("make",), (("{path}", "--version"),), ("make",)),
    Program("sha256sum", "sha256sum", ("sha256sum",), (("{path}", "--version"),), ("coreutils",)),
)


def named(name: str) -> Program:
    """The row of the program with this name. Raises KeyError."""
    rows = {row.names[0]: row for row in PROGRAMS}
    return rows[name]


def path(program: Program) -> str | None:
    """Where the program is on this machine, or None where it is missing or does not start."""
    for candidate in candidates(program):
        if all(succeeds(proof, candidate) for proof in program.proofs):
            return candidate
    return None


def candidates(program: Program) -> Iterator[str]:
    """Files that may be the program. For the browser, CHROMIUM=… in the environment comes first."""
    is_browser = program.marker == "browser"
    names = (os.environ.get("CHROMIUM", ""), *program.names) if is_browser else program.names
    for name in names:
        if name and (file := shutil.which(name)):
            yield file
    if is_browser and (file := playwrights_chromium()):
        yield file


def playwrights_chromium() -> str | None:
    """The Chromium that Playwright downloaded earlier, if there is one."""
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    file = done.stdout.strip()
    return file if done.returncode == 0 and Path(file).is_file() else None


def succeeds(proof: tuple[str, ...], program: str) -> bool:
    command = [program if word == "{path}" else word for word in proof]
    try:
        done = subprocess.run(command, capture_output=True, timeout=STARTS_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def installed(program: Program) -> str | None:
    """Where the program is, after installing it if it was missing; None where that needs a password
    or fails."""
    if found := path(program):
        return found
    subprocess.run([ROOT / "tools" / "apt.sh", *program.packages], check=False)
    found = path(program)
    if found or program.marker != "browser":
        return found
    return downloaded_chromium(program)


def downloaded_chromium(program: Program) -> str | None:
    """Playwright's own Chromium, for machines whose package `chromium` is not the browser itself
    (Ubuntu's)."""
    print("Downloading Playwright's Chromium …", file=sys.stderr)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        subprocess.run(command, capture_output=True, timeout=DOWNLOADS_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    return path(program)


def missing(programs: Sequence[Program] = PROGRAMS) -> list[Program]:
    return [program for program in programs if path(program) is None]


def need(programs: list[Program]) -> str:
    """These programs with the packages that bring them, as part of a sentence."""
    return ", ".join(
        [f"{program.title} (Debian: {' '.join(program.packages)})" for program in programs]
    )


def nothing_may_be_left_out(environment: Mapping[str, str] = os.environ) -> bool:
    """Continuous integration sets CI=true; there a test that does not run is a failure."""
    return environment.get("CI", "").lower() not in ("", "0", "false")


def main(words: list[str]) -> int:
    if words:
        return print_path(words)
    lacking = [program for program in PROGRAMS if installed(program) is None]
    if lacking and nothing_may_be_left_out():
        print(
            f"With CI=true no test may be left out, and these are missing: {need(lacking)}.",
            file=sys.stderr,
        )
        return 1
    return 0


def print_path(words: list[str]) -> int:
    names = [program.names[0] for program in PROGRAMS]
    if len(words) != 1 or words[0] not in names:
        print(
            f"A program is one of {', '.join(names)}; received {' '.join(words)!r}.",
            file=sys.stderr,
        )
        return 2
    program = named(words[0])
    found = installed(program)
    if found is None:
        print(
            f"{need([program])} is missing and could not be installed; install it and try again.",
            file=sys.stderr,
        )
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
