"""How long the command line and the library take to start, in seconds of the processor."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from bench.table import Row, seconds
from tests.browser.driver import ROOT

TRIES = 9
LIST_S, IMPORT_S = 0.35, 0.15

LIST = ("-m", "resnet", "list")
IMPORT = ("-c", "import resnet")
PEER = ("-m", "pip", "--version")


def rows() -> Iterator[Row]:
    peer = f"pip --version {seconds(processor_s(PEER))}"
    for what, words, most in (
        ("`resnet-lab list`", LIST, LIST_S),
        ("`import resnet`", IMPORT, IMPORT_S),
    ):
        reached = processor_s(words)
        yield Row(
            f"{what}, processor time", peer, f"at most {most} s", seconds(reached), reached <= most
        )


def processor_s(words: tuple[str, ...]) -> float:
    """The median over some starts of Python with these words; the first, which may write .pyc
    files, is left out."""
    return median([once(words) for _ in range(TRIES + 1)][1:])


def once(words: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
