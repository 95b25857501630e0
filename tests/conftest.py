"""Rules for every test: one that skips itself has failed, and hypothesis draws the same examples on
every machine."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.cli_support import shell
from tests.training_support import make_run

pytest_plugins = ["tests.left_out", "tests.surroundings", "tests.ordering"]
__all__ = [
    "make_run",
    "shell",
]  # fixtures for every test of a real worker, and of commands that start some

settings.register_profile(
    "lab",
    derandomize=True,  # a failure seen once can be seen again
    deadline=None,  # machines differ; speed is measured by bench/, never asserted here
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("quick", settings.get_profile("lab"), max_examples=10)  # for `make check`
settings.load_profile("lab")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A test that skips itself proves nothing: count it as failed, with its reason."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        fail_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file that skips itself while it is read."""
    report = yield
    if report.skipped:
        fail_skipped(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many faults of the fault matrix were survived."""
    faults = {}
    for outcome in ("passed", "failed", "error"):
        reports = terminalreporter.getreports(outcome)
        counts = [faults_of(report) for report in reports if "fault_matrix.py" in report.nodeid]
        faults[outcome] = sum(counts)
    if sum(faults.values()):
        terminalreporter.write_line(
            f"fault matrix: {sum(faults.values())} faults, {faults['passed']} survived"
        )


def faults_of(report: pytest.TestReport) -> int:
    """How many faults a test brings: one, unless it says otherwise."""
    return int(dict(report.user_properties).get("faults", 1))


def fail_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: no test may pass by skipping ({reason})"
