"""The Runs page with a year's work in it: `python -m bench.runs_page` prints these rows.

200 finished runs of 64,000 logged steps each, all with the same curve, each in a directory of its
own.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from bench.table import Row, markdown, seconds
from resnet import data
from resnet.network import catalog
from resnet.recipes.recipes import default_recipe
from resnet.runs import Run, RunSpec, Store
from resnet.runs.directory import METRICS
from resnet.runs.launcher import Launcher
from tests.browser.driver import RunningApp, chromium, running_app

RUNS, STEPS, EVALUATE_EVERY = 200, 64_000, 1000
ROUNDS = 5
MOST_S = 1.0
NOBODY = Launcher(["true"])
"""A worker that ends at once: the runs get their directories, and their curves are written here."""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        runs = written(Path(folder) / "runs")
        with running_app(Path(folder)) as app:
            yield from pages(browser, app, runs)


def written(root: Path) -> list[Run]:
    """As many as there are rounds more, since each round looks at one that is deleted
    afterwards."""
    config = data.fit_config(catalog.get("resnet20").config, data.facts("digits"))
    recipe = default_recipe("digits")
    store = Store(root, NOBODY)
    store.queue.directory.path.mkdir(parents=True)
    store.queue.pause()
    recipes = [
        recipe.model_copy(update={"seed": seed}) for seed in range(RUNS + ROUNDS + 1)
    ]  # the same one twice is one run
    text = "".join(lines())
    runs = [
        store.start(RunSpec(network="resnet20", config=config, recipe=each, dataset="digits"))
        for each in recipes
    ]
    for run in runs:
        (run.path / METRICS).write_text(text)
        run.directory.write_exit("finished", None)
    return runs


def lines() -> Iterator[str]:
    began_s = time.time() - STEPS
    yield json.dumps({"kind": "start", "time_s": began_s, "steps": STEPS, "batch_size": 128}) + "\n"
    for step in range(1, STEPS + 1):
        place = {"step": step, "epoch": step / 352, "time_s": began_s + step}
        fields = {
            "learning_rate": 0.1,
            "data_loss": 2 / step**0.2,
            "l2_penalty": 0.1,
            "gradient_norm": 1.0,
        }
        yield (
            json.dumps(
                {
                    "kind": "train",
                    **place,
                    **fields,
                    "train_error": 90 / step**0.2,
                    "images_per_s": 500,
                }
            )
            + "\n"
        )
        if step % EVALUATE_EVERY == 0:
            error = 90 / step**0.2
            found = {
                "validation_error": error,
                "validation_data_loss": error / 50,
                "best_validation_error": error,
            }
            yield json.dumps({"kind": "evaluation", **place, **found}) + "\n"


def pages(browser: Browser, app: RunningApp, runs: list[Run]) -> Iterator[Row]:
    """Each time the newest run is one nobody has looked at yet: those that were are deleted."""
    store = Store(app.folder / "runs", NOBODY)
    drawn(browser, app)
    store.delete(runs.pop().id)  # the first page of a server imports what all others find imported
    both = []
    for run in reversed(runs[-ROUNDS:]):
        both.append(drawn(browser, app))
        store.delete(run.id)
    size = runs[0].metrics_path.stat().st_size
    peer = f"{RUNS} runs of {STEPS:,} logged steps, {size / 1e6:.0f} MB each"
    board_s, curve_s = (median(each) for each in zip(*both, strict=True))
    yield Row(
        "Runs clicked → the board on the screen", peer, "1 s", seconds(board_s), board_s < MOST_S
    )
    yield Row(
        "the same → the newest run's curves on the screen",
        peer,
        "1 s",
        seconds(curve_s),
        curve_s < MOST_S,
    )


def drawn(browser: Browser, app: RunningApp) -> tuple[float, float]:
    """Seconds from the click in the menu of another page to the table, and to the curve."""
    page = browser.new_page()
    page.goto(f"{app.url}/train")
    page.get_by_role("button", name="Start training").wait_for()
    page.wait_for_load_state("networkidle")
    began_s = time.perf_counter()
    page.get_by_role("link", name="Runs").click()
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    board_s = time.perf_counter() - began_s
    page.locator(".js-plotly-plot .scatterlayer").first.wait_for()
    curve_s = time.perf_counter() - began_s
    page.close()
    return board_s, curve_s


def main() -> None:
    print(markdown(list(rows())))


if __name__ == "__main__":
    main()
