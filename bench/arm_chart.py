"""60 runs of 64,000 points on one chart, own and imported: `python -m bench.arm_chart` prints these
rows.

The points are what the app keeps of a run after it has read it once; timed is everything from there
to the screen.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Literal

import numpy as np
from playwright.sync_api import Browser

from bench.table import Row, markdown, seconds
from resnet.imports.imported import CurveColumn, ImportedCurve
from resnet.results.arms import ArmRuns, SeedRun
from resnet.studies.curves.arm_points import ArmPoints, of_import, points_of
from tests.browser.driver import RunningApp, chromium, running_app

Whose = Literal["own", "imported"]

RUNS, SEEDS, POINTS = 60, 3, 64_000
ROUNDS = 5
MOST_S = 1.0

PAGE = """
import streamlit as st
from app import charts
from app.elements.arm_charts import arms_chart
from bench.arm_chart import arms
from resnet.studies.curves.arm_curves import Options, arm_curves

kept = st.cache_resource(arms)
for whose in ("own", "imported"):
    kept(whose)
st.plotly_chart(charts.schedule_chart([0, 1], [0.1, 0.1], "light"))
for whose in ("own", "imported"):
    if st.button(whose):
        st.plotly_chart(arms_chart(arm_curves(kept(whose), Options(spread="sd")), "light"))
"""

LINES = ".js-plotly-plot .scatterlayer .trace"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        script = Path(folder) / "page.py"
        script.write_text(PAGE)
        with running_app(Path(folder), script) as app:
            for whose in ("own", "imported"):
                drawn_s(
                    browser, app, whose
                )  # the first page of a server imports what all others find imported
                took_s = median([drawn_s(browser, app, whose) for _ in range(ROUNDS)])
                what = f"{RUNS} {whose} runs asked for → on one chart on the screen"
                yield Row(what, f"{POINTS:,} points each", "1 s", seconds(took_s), took_s < MOST_S)


def drawn_s(browser: Browser, app: RunningApp, whose: str) -> float:
    """Seconds from the click to the last of the chart's lines."""
    page = browser.new_page()
    page.goto(app.url)
    button = page.get_by_role("button", name=whose, exact=True)
    button.wait_for(timeout=120_000)
    page.locator(LINES).wait_for(state="attached")  # the browser has Plotly from an earlier chart
    page.wait_for_load_state("networkidle")
    began_s = time.perf_counter()
    button.click()
    page.locator(LINES).nth(RUNS).wait_for(state="attached")
    page.evaluate(PAINTED)
    took_s = time.perf_counter() - began_s
    page.close()
    return took_s


def arms(whose: Whose) -> list[ArmPoints]:
    """20 arms of three seeds, or 60 imported curves; no two lines are the same."""
    if whose == "imported":
        return [of_import(imported(seed)) for seed in range(RUNS)]
    trained = []
    for number in range(RUNS // SEEDS):
        runs = [SeedRun(seed, records(SEEDS * number + seed)) for seed in range(SEEDS)]
        trained.append(points_of(ArmRuns(f"arm {number}", runs)))
    return trained


def errors(seed: int) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, 0.5, POINTS)
    found: list[float] = (10 + seed / 10 + 80 / np.arange(1, POINTS + 1) ** 0.3 + noise).tolist()
    return found


def records(seed: int) -> list[dict[str, object]]:
    """A training and a validation error at every step."""
    steps = enumerate(zip(errors(seed), errors(seed + RUNS), strict=True), 1)
    return [
        record
        for step, (training, validation) in steps
        for record in (
            {"kind": "train", "step": step, "train_error": training, "learning_rate": 0.1},
            {"kind": "evaluation", "step": step, "validation_error": validation},
        )
    ]


def imported(seed: int) -> ImportedCurve:
    x = tuple([float(step) for step in range(1, POINTS + 1)])
    columns = []
    for name, noise in (("accuracy", seed), ("val_accuracy", seed + RUNS)):
        accuracies = tuple([1 - error / 100 for error in errors(noise)])
        columns.append(CurveColumn(name=name, along="step", x=x, y=accuracies))
    return ImportedCurve(name=f"curve {seed}", source="csv", columns=tuple(columns))


def main() -> None:
    print(markdown(list(rows())))


if __name__ == "__main__":
    main()
