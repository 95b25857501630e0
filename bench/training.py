"""Training speed beside `model.fit` and beside a bare compiled step: `python -m bench.training`
prints these rows."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO, cast

import numpy as np

from bench.table import Row, markdown, seconds
from resnet import data
from resnet.network import catalog
from resnet.recipes.recipes import default_recipe
from resnet.runs import Run, RunSpec, Store
from resnet.training.heartbeat import BEAT_S
from tests.browser.driver import ROOT

ROUNDS = 9
LOOP = "ResNet-20, batch 128, augmentation: our loop"
START_S = 120.0


def rows() -> Iterator[Row]:
    with peer() as process:
        ask(process, "ours")
        costs = {
            name: ask(process, name) for name in ("evaluation", "checkpoint", "record", "beat")
        }
        memory = ask(process, "memory")
        rounds = []
        for _ in range(ROUNDS):
            rounds.append({name: ask(process, name) for name in ("fit", "ours", "bare")})
        ours = median(one["ours"] for one in rounds)
        fit = median(one["fit"] for one in rounds)
        bare = median(one["bare"] for one in rounds)
        to_fit = median(one["ours"] / one["fit"] for one in rounds)
        to_bare = median(one["ours"] / one["bare"] for one in rounds)
        reached = f"{ours:.0f} images/s, {{:.2f}}"
        yield Row(
            f"{LOOP} ÷ model.fit",
            f"{fit:.0f} images/s",
            "1.3",
            reached.format(to_fit),
            to_fit >= 1.3,
        )
        yield Row(
            f"{LOOP} ÷ bare step",
            f"{bare:.0f} images/s",
            "0.95",
            reached.format(to_bare),
            to_bare >= 0.95,
        )
        yield cost_of_truth(ours, costs)
        what = "memory of a process that trains and evaluates on 60,000 images 32×32×3"
        yield Row(what, "", "1.5 GB", f"{memory / 1e9:.2f} GB", memory < 1.5e9)
    yield from starts()


def cost_of_truth(images_per_s: float, costs: dict[str, float]) -> Row:
    """Log records, heartbeats, evaluations and checkpoints of the CIFAR-10 recipe, as a share of
    the steps."""
    recipe = default_recipe("cifar10")
    every_s = (
        recipe.batch_size
        / images_per_s
        * np.array([recipe.evaluate_every, recipe.checkpoint_every, recipe.log_every])
    )
    shares = np.array([costs[name] for name in ("evaluation", "checkpoint", "record")]) / every_s
    share = float(shares.sum()) + costs["beat"] / BEAT_S
    said = ", ".join(f"{name} {seconds(costs[name])}" for name in costs)
    return Row(
        "cost of log, heartbeat, evaluations and checkpoints",
        said,
        "3 %",
        f"{100 * share:.1f} %",
        share < 0.03,
    )


def starts() -> Iterator[Row]:
    """A worker's start to its first step, then the same run stopped and resumed."""
    config = data.fit_config(catalog.get("resnet20").config, data.facts("digits"))
    recipe = default_recipe("digits").model_copy(update={"log_every": 1})
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        begun_s = time.monotonic()
        run = store.start(
            RunSpec(network="resnet20", config=config, recipe=recipe, dataset="digits")
        )
        yield first_step("start of a worker to its first step", run, begun_s, 15)
        store.stop(run.id)
        store.wait(run.id)
        begun_s = time.monotonic()
        store.resume(run.id)
        yield first_step("the same, resumed", run, begun_s, 20)
        store.stop(run.id)
        store.wait(run.id)


def first_step(what: str, run: Run, begun_s: float, must_s: int) -> Row:
    """Waits for a step beyond those the run has made already."""
    before = run.progress().step
    while run.progress().step <= before:
        if time.monotonic() > begun_s + START_S:
            raise TimeoutError(run.log_tail())
        time.sleep(0.02)
    taken_s = time.monotonic() - begun_s
    return Row(what, "", f"{must_s} s", seconds(taken_s), taken_s < must_s)


@contextmanager
def peer() -> Iterator[subprocess.Popen[str]]:
    """A process with TensorFlow in it: names in, numbers out."""
    command = [sys.executable, "-m", "bench.training_peer"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        cast(IO[str], process.stdin).close()
        process.wait()


def ask(process: subprocess.Popen[str], name: str) -> float:
    question, answer = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
    question.write(f"{name}\n")
    question.flush()
    return float(answer.readline())


if __name__ == "__main__":
    table = []
    for row in rows():
        print(f"{row.what}: {row.reached}", file=sys.stderr, flush=True)
        table.append(row)
    print(markdown(table))
