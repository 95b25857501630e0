"""The command line as tests call it: in this process, in an empty folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from resnet.cli import main
from tests import runs_support as support


class Done(NamedTuple):
    status: int
    out: str
    err: str


Shell = Callable[..., Done]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Runs commands in this process, in an empty folder. Whatever they start is ended."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Done:
        capsys.readouterr()
        status = main([str(word) for word in words])
        return Done(status, *capsys.readouterr())

    yield run
    support.kill_everything(tmp_path / "runs")
