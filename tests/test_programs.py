"""The programs from outside: found where they work, left out by name where they are missing, never
passed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.checkout_support import tracked
from tests.left_out import check
from tools import programs
from tools.programs import PROGRAMS, ROOT, named

BASH = shutil.which("bash") or "/bin/bash"

SUITE = """
import subprocess
import pytest

@pytest.mark.latex
@pytest.mark.parametrize("page", [1, 2])
def test_pages(page):
    pass

@pytest.mark.latex
def test_title():
    pass

def test_plain():
    pass
"""
"""A suite of four tests, three of which need pdflatex."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CHROMIUM", raising=False)
    return folder


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).unlink(missing_ok=True)  # a link there leads to the machine's own program
    (folder / name).write_text(f"#!{BASH}\n{body}\n")
    (folder / name).chmod(0o755)


CHROMIUM = replace(named("chromium"), proofs=(("{path}", "--version"),))
"""Without the proof of Playwright's own program, which these tests do not need."""


def test_a_chromium_that_only_asks_for_a_snap_is_passed_over(path: Path) -> None:
    """Catches Ubuntu's chromium-browser, a script that starts nothing."""
    program(path, "chromium-browser", "echo 'install the snap'; exit 1")
    program(path, "google-chrome", "echo 'Google Chrome 150.0'")
    assert programs.path(CHROMIUM) == f"{path}/google-chrome"


def test_the_chromium_that_the_environment_names_comes_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(path, "chromium", "exit 0")
    program(path, "mine", "exit 0")
    monkeypatch.setenv("CHROMIUM", str(path / "mine"))
    assert programs.path(CHROMIUM) == str(path / "mine")


def test_a_latex_without_tikz_is_none(path: Path) -> None:
    """Catches a small TeX that starts, and then fails forty tests."""
    program(path, "pdflatex", "exit 0")
    program(path, "kpsewhich", "[ $1 != tikz.sty ]")
    assert programs.path(named("pdflatex")) is None
    program(path, "kpsewhich", "exit 0")
    assert programs.path(named("pdflatex")) == f"{path}/pdflatex"


def test_what_is_missing_is_installed_where_that_needs_no_password(
    path: Path, tmp_path: Path
) -> None:
    """Catches a package that is asked for and not used, or is asked of a person."""
    for name in ("bash", "dirname", "chmod", "cp"):
        (path / name).symlink_to(shutil.which(name, path=os.defpath) or "")
    program(tmp_path, "real", "exit 0")
    program(path, "id", "echo 0")  # root
    program(path, "env", 'shift; exec "$@"')
    program(
        path,
        "apt-get",
        f'case " $* " in *" poppler-utils "*) cp {tmp_path}/real {path}/pdftoppm;; esac',
    )
    assert programs.installed(named("pdftoppm")) == f"{path}/pdftoppm"


def test_nothing_is_installed_where_sudo_asks_for_a_password(path: Path, tmp_path: Path) -> None:
    for name in ("bash", "dirname", "touch"):
        (path / name).symlink_to(shutil.which(name, path=os.defpath) or "")
    program(path, "id", "echo 1000")
    program(path, "sudo", "exit 1")
    program(path, "apt-get", f"touch {tmp_path}/asked")
    assert programs.installed(named("pdftoppm")) is None
    assert not (tmp_path / "asked").exists()


def test_an_unknown_program_is_one_sentence() -> None:
    command = [sys.executable, ROOT / "tools" / "programs.py", "dot"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"A program is one of chromium, .*; received 'dot'\.\n", done.stderr)


def test_every_row_has_its_marker() -> None:
    """Catches a new program whose tests cannot be left out."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    known = {text.partition(":")[0] for text in settings["markers"]}
    assert {row.marker for row in PROGRAMS} <= known


@pytest.mark.git
def test_files_are_listed_where_another_user_owns_the_checkout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Catches "dubious ownership": root in a checkout of a user, or a folder that a container was
    lent."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "Makefile" in tracked()
    assert programs.path(named("git"))


def suite(
    folder: Path, *words: str, ci: str = "", text: str = SUITE
) -> subprocess.CompletedProcess[str]:
    """What pytest says of this suite on a machine without pdflatex."""
    (folder / "test_suite.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    latex: needs pdflatex\n")
    (folder / "nothing").mkdir()
    environment = {
        "PATH": str(folder / "nothing"),
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "CHROMIUM": sys.executable,
        "CI": ci,
    }
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.left_out", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "spread", [[], ["--numprocesses", "2"]], ids=["one process", "two workers"]
)
def test_what_is_left_out_is_counted_and_named_in_one_line(
    spread: list[str], tmp_path: Path
) -> None:
    """Catches tests that vanish, or pass, and a list that pytest-xdist's workers keep to
    themselves."""
    done = suite(tmp_path, *spread)
    assert done.returncode == 0
    assert re.search(r"\b1 passed", done.stdout) and "skipped" not in done.stdout
    assert done.stdout.count("left out:") == 1
    assert (
        "left out: 3 tests that need pdflatex with TikZ (Debian: texlive-latex-base "
        "texlive-pictures): test_suite.py::test_pages (2), test_suite.py::test_title\n"
    ) in done.stdout


def test_a_file_that_is_left_out_whole_is_one_name(tmp_path: Path) -> None:
    done = suite(
        tmp_path,
        text="import pytest\n"
        + SUITE.partition("import pytest\n")[2].partition("def test_plain")[0],
    )
    assert "texlive-pictures): test_suite.py (3)\n" in done.stdout
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


def test_tests_that_nobody_asked_for_are_not_counted(tmp_path: Path) -> None:
    assert "left out: 1 test that needs" in suite(tmp_path, "-k", "title or plain").stdout
    shutil.rmtree(tmp_path / "nothing")
    assert "left out" not in suite(tmp_path, "-m", "not latex").stdout


@pytest.mark.parametrize(
    "spread", [[], ["--numprocesses", "2"]], ids=["one process", "two workers"]
)
def test_continuous_integration_leaves_nothing_out(spread: list[str], tmp_path: Path) -> None:
    """Catches a green run of a machine on which a third of the tests did not run."""
    done = suite(tmp_path, *spread, ci="true")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert re.search(r"3 errors?\b", done.stdout) and "1 passed" in done.stdout
    assert "left out:" not in done.stdout
    assert "With CI=true no test may be left out, and this is missing: pdflatex" in done.stdout


def test_make_test_stops_in_continuous_integration_before_the_tests(path: Path) -> None:
    environment = {"PATH": str(path), "CI": "true", "CHROMIUM": sys.executable}
    command = [sys.executable, ROOT / "tools" / "programs.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "With CI=true no test may be left out" in done.stderr
    assert "pdftoppm (Debian: poppler-utils)" in done.stderr and "Traceback" not in done.stderr


def test_a_program_without_its_marker_is_noticed_where_it_is_installed(
    request: pytest.FixtureRequest,
) -> None:
    """Catches the author of a test who has TeX: it would fail for the first person who has none."""
    with pytest.raises(
        AssertionError,
        match=r"the machine's program true, but tools/programs\.py has no row for it\.$",
    ):
        subprocess.run(["true"], check=False)
    with pytest.raises(
        AssertionError, match=r"the machine's program make, but it lacks the marker `make`\.$"
    ):
        check("/usr/bin/make", request.node)
    request.node.add_marker("make")
    check("/usr/bin/make", request.node)


def test_the_docs_list_the_same_programs() -> None:
    """Catches a row that the table in the docs lacks, and packages that changed on one side."""
    section = (ROOT / "docs" / "testing.md").read_text().split("\n## ")[1]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")][2:]
    cells = [[row[2].strip(" `"), row[3].strip(" `")] for row in rows]
    assert cells == [[row.marker, ", ".join(row.packages)] for row in PROGRAMS]
