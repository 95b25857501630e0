"""A pytest plugin: tests whose program is missing on this machine are left out, counted and listed,
never passed.

`tools/programs.py` holds the programs; a test says which one it needs by that row's marker. With
CI=true such a test fails. A test that starts one of the machine's programs without the marker fails
on every machine, so that its author notices, and not the first person without the program.
"""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tools.programs import PROGRAMS, ROOT, missing, need, nothing_may_be_left_out

ABSENT = pytest.StashKey[list[str]]()
"""Markers of the programs that are missing here."""

LEFT_OUT = pytest.StashKey[dict[str, list[str]]]()
"""Marker of a missing program -> the names of the tests left out for it, each as often as it has
cases."""

MARKER_OF = {name: program.marker for program in PROGRAMS for name in program.names}
ALWAYS_THERE = ("sh", "bash", f"python3.{sys.version_info.minor}", "python3", "python")
NO_PROGRAM_OF_THE_MACHINE = (sys.prefix, str(ROOT), tempfile.gettempdir())
"""Where pip installs, this checkout, and where a test writes programs of its own."""

OWN_CODE = tuple(f"{ROOT / folder}{os.sep}" for folder in ("resnet", "app"))
TEST_CODE = tuple(f"{ROOT / folder}{os.sep}" for folder in ("tests", "tools"))

running: list[pytest.Item] = []
"""The test that runs now."""


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = {}
    config.stash[ABSENT] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist's workers must all leave out the same tests, so the main process tells them."""
    node.workerinput["absent"] = everything_missing()


@cache
def everything_missing() -> list[str]:
    """Markers of all programs that are missing here."""
    return [program.marker for program in missing()]


def missing_for(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Markers of the programs that these tests need and that are missing."""
    told = getattr(config, "workerinput", None)
    if told is not None:
        return list(told["absent"])
    wanted = {mark.name for item in items for mark in item.iter_markers()}
    needed = [row for row in PROGRAMS if row.marker in wanted]
    return [program.marker for program in missing(needed)]


# Last, after -m and -k, so that only tests that would have run are counted.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[ABSENT] = missing_for(config, items)
    if nothing_may_be_left_out():
        return
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        if marker := lacking(item):
            groups.setdefault(marker, []).append(item)
    cases = Counter(item.path for item in items)
    for marker, group in groups.items():
        config.stash[LEFT_OUT][marker] = names(group, cases)
        config.hook.pytest_deselected(items=group)
    items[:] = [item for item in items if lacking(item) is None]


def lacking(item: pytest.Item) -> str | None:
    """The marker of the first missing program that this test needs."""
    return next(
        (marker for marker in item.config.stash[ABSENT] if item.get_closest_marker(marker)), None
    )


def names(items: list[pytest.Item], cases: Counter[Path]) -> list[str]:
    """What each of these tests is called: file::function, or the file alone where none of its tests
    is left."""
    gone = Counter(item.path for item in items)
    called = []
    for item in items:
        file = item.nodeid.partition("::")[0]
        function = getattr(item, "originalname", item.name)
        called.append(file if gone[item.path] == cases[item.path] else f"{file}::{function}")
    return called


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its list to the main process, which collects no tests
    itself."""
    handed = getattr(session.config, "workeroutput", None)
    if handed is not None:
        handed["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    node.config.stash[LEFT_OUT].update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for marker, called in terminalreporter.config.stash[LEFT_OUT].items():
        terminalreporter.write_line(sentence(marker, called))


def sentence(marker: str, called: list[str]) -> str:
    program = next(program for program in PROGRAMS if program.marker == marker)
    each = [name if count == 1 else f"{name} ({count})" for name, count in Counter(called).items()]
    tests = "test that needs" if len(called) == 1 else "tests that need"
    return f"left out: {len(called)} {tests} {need([program])}: {', '.join(each)}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if marker := lacking(item):  # still among the tests only where none may be left out
        program = next(program for program in PROGRAMS if program.marker == marker)
        pytest.fail(
            f"With CI=true no test may be left out, and this is missing: {need([program])}",
            pytrace=False,
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    running.append(item)
    try:
        return (yield)
    finally:
        running.pop()


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's audit hook: called before this process starts another program."""
    if event != "subprocess.Popen" or not running:
        return
    program, words, _, environment = arguments
    search = os.environ if environment is None else environment
    path = shutil.which(os.fsdecode(program or words[0]), path=search.get("PATH", os.defpath))
    if path is None or not Path(path).is_absolute():  # missing, or in a folder that the test made
        return
    if not path.startswith(NO_PROGRAM_OF_THE_MACHINE) and not is_optional(sys._getframe(1)):
        check(path, running[-1])


def is_optional(frame: FrameType | None) -> bool:
    """Whether the lab's own code starts it, which does without any program: git's commit in a run's
    record, say."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(TEST_CODE):
            return False
        if frame.f_code.co_filename.startswith(OWN_CODE):
            return True
        frame = frame.f_back
    return False


def check(path: str, item: pytest.Item) -> None:
    name = Path(path).name
    marker = MARKER_OF.get(name)
    if name in ALWAYS_THERE or (marker and item.get_closest_marker(marker)):
        return
    row = f"it lacks the marker `{marker}`" if marker else "tools/programs.py has no row for it"
    raise AssertionError(f"{item.nodeid} starts the machine's program {name}, but {row}.")


sys.addaudithook(watch)
