"""What `make bench` times is really there: its stopwatch stops, and its table holds what was
measured."""

from driver import RunningApp
from playwright.sync_api import Page

from bench import pages
from bench.table import Row, markdown, seconds


def test_the_stopwatch_sees_the_drawing_and_the_numbers_change(page: Page, lab: RunningApp) -> None:
    """A selector that no longer fits the page would leave the bench waiting."""
    times = pages.moves(page, lab, "resnet", range(9, 12))
    assert len(times) == 2
    assert all(took_s > 0 for took_s in times)


def test_memory_is_that_of_the_server_and_all_it_started(lab: RunningApp) -> None:
    processes = pages.family(lab.process.pid)
    assert processes[0] == lab.process.pid
    assert sum(pages.memory_bytes(pid) for pid in processes) > 50e6  # a Python with Streamlit in it


def test_the_table_shows_what_missed_its_bar() -> None:
    text = markdown(
        [Row("a", "1.9 s", "1/50", "1/300", True), Row("b", "–", "0.3 s", seconds(0.51), False)]
    )
    assert [line.rsplit("|", 3)[1:3] for line in text.splitlines()[2:]] == [
        [" 1/300 ", " ✓ "],
        [" 0.51 s ", " ✗ "],
    ]
