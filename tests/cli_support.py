"""The command line as tests call it: in this process, in an empty folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from resnet.cli import main
from resnet.runs import RunSpec, Store
from tests import runs_support as support


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


Shell = Callable[..., Done]


def assert_refused(done: Done, reason: str) -> None:
    """Exit code 2, nothing on stdout, one line on stderr, no traceback."""
    assert done.status == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert done.err.endswith("\n")
    assert reason in done.err
    assert "Traceback" not in done.err
    assert len(done.err) < 500


def started(monkeypatch: pytest.MonkeyPatch) -> list[RunSpec]:
    """From now on commands start nothing: what each would have started comes into this list, and
    the command ends."""
    specs: list[RunSpec] = []

    def start(self: Store, spec: RunSpec) -> None:
        specs.append(spec)
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "start", start)
    return specs


def printed(shell: Shell, *words: str | Path) -> str:
    """What a command prints where nothing goes wrong."""
    done = shell(*words)
    assert (done.status, done.err) == (0, "")
    return done.out


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """Runs commands in this process, in an empty folder. Whatever they start is ended."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Done:
        capsys.readouterr()
        status = main([str(word) for word in words])
        return Done(status, *capsys.readouterr())

    yield run
    support.kill_everything(tmp_path / "runs")
