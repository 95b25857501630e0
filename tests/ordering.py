"""In which order tests run: the slow files first, or, with `--shuffle SEED`, one that nobody
chose."""

import random
from collections.abc import Iterator
from itertools import groupby

import pytest

SECONDS = {"install": 30.0, "training": 8.0, "browser": 4.0, "keras": 1.0}
"""About what one test of a kind takes; any other takes a twentieth of a second."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shuffle",
        type=int,
        metavar="SEED",
        help="run files, and the tests in each, in another order",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.getoption("shuffle")
    return None if seed is None else f"order: --shuffle {seed}"


@pytest.hookimpl(trylast=True)  # once every test has its marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files stay whole, or what their tests share would be made again for each of them.

    Whoever starts with the longest file ends with many short ones, and two processes are done at
    about the same time. Shuffled, only the order depends on the number: what hypothesis draws does
    not, and every process finds the same.
    """
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    seed = config.getoption("shuffle")
    if seed is None:
        files.sort(key=lambda tests: sum(map(seconds, tests)), reverse=True)
    else:
        chance = random.Random(seed)
        chance.shuffle(files)
        for tests in files:
            chance.shuffle(tests)
    items[:] = [item for tests in files for item in tests]


def seconds(item: pytest.Item) -> float:
    return max(kinds_of(item), default=0.05)


def kinds_of(item: pytest.Item) -> Iterator[float]:
    return (SECONDS[mark.name] for mark in item.iter_markers() if mark.name in SECONDS)
