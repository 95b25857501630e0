"""Config to folded drawing, beside building the same network in Keras and drawing it with
plot_model."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from statistics import median
from typing import IO, cast

from bench.table import Row, seconds
from resnet import build_graph, measure, with_settings
from resnet.diagram import draw
from resnet.diagram.formats.svg import svg
from resnet.network import catalog
from tests.browser.driver import ROOT

EPSILONS = count(1e-5, 1e-9)
PAIRS = 9
PAIRS_OF_1202 = 2
"""Keras takes half a minute for each."""


def rows() -> Iterator[Row]:
    with keras_peer() as peer:
        peer_s("resnet50", peer)  # TensorFlow's first operations are slow, and not what is compared
        yield beside_keras("resnet1202", peer, PAIRS_OF_1202, 300)
        yield beside_keras("resnet50", peer, PAIRS, 50)
    yield growth()


def beside_keras(name: str, peer: subprocess.Popen[str], pairs: int, must: int) -> Row:
    times = [(ours_s(name), peer_s(name, peer)) for _ in range(pairs)]
    ratio = median(theirs / ours for ours, theirs in times)
    ours, theirs = (median(column) for column in zip(*times, strict=True))
    what = f"config → graph, all metrics, folded SVG: {name}"
    reached = f"{seconds(ours)}, 1/{ratio:,.0f}"
    return Row(
        what,
        f"Keras build + plot_model {seconds(theirs)}",
        f"1/{must} of that",
        reached,
        ratio >= must,
    )


def growth() -> Row:
    """ResNet-1202 has 11 times the layers of ResNet-110; the time must not grow faster than
    that."""
    times = [(ours_s("resnet1202"), ours_s("resnet110")) for _ in range(PAIRS)]
    ratio = median(large / small for large, small in times)
    what = "the same, resnet1202 ÷ resnet110"
    return Row(
        what,
        f"resnet110: {seconds(median(small for _, small in times))}",
        "under 12",
        f"{ratio:.1f}",
        ratio < 12,
    )


def ours_s(name: str) -> float:
    """Seconds for a network never seen before: every call has another epsilon, so that nothing can
    have been kept."""
    begin = time.perf_counter()
    config = with_settings(catalog.get(name).config, {"norm.epsilon": next(EPSILONS)})
    graph = build_graph(config)
    measure(graph)
    svg(draw(graph))
    return time.perf_counter() - begin


@contextmanager
def keras_peer() -> Iterator[subprocess.Popen[str]]:
    """A process with Keras in it, as a notebook would have: names in, seconds out."""
    command = [sys.executable, "-m", "bench.keras_peer"]
    peer = subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield peer
    finally:
        cast(IO[str], peer.stdin).close()
        peer.wait()


def peer_s(name: str, peer: subprocess.Popen[str]) -> float:
    question, answer = cast(IO[str], peer.stdin), cast(IO[str], peer.stdout)
    question.write(f"{name}\n")
    question.flush()
    return float(answer.readline())
