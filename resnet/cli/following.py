"""Watching a run from a terminal."""

import time
from typing import Any

from resnet import history, quantity
from resnet.errors import RunError
from resnet.runs import START, Run, Store

POLL_S = 0.5
QUIET_S = 5.0
# Ends that are not errors, and states worth a line. "running" is seen from its records.
GOOD_ENDS = ("finished", "stopped")
PRINTED_STATES = ("queued", "starting", "stalled", "stopping")


def summary(run: Run) -> dict[str, Any]:
    """A run's entry in `runs --json`. Errors are in percent."""
    spec, state, progress, parent = run.spec, run.state(), run.progress(), run.parent
    return {
        "id": run.id,
        "path": str(run.path),
        "network": spec.network if spec else None,
        "dataset": spec.dataset if spec else None,
        "state": state.name,
        "cause": state.cause,
        "parent": f"{parent.id}, step {parent.step:,}" if parent else None,
        "step": progress.step,
        "steps": progress.steps,
        "last_validation_error": progress.last_validation_error,
        "best_validation_error": progress.best_validation_error,
    }


def follow(store: Store, run: Run) -> None:
    """Print a line for each evaluation, and every few seconds, until the run is over. Raises
    RunError where it failed.

    Ctrl+C asks the run to stop, waits for its end, and raises KeyboardInterrupt.
    """
    try:
        _print_until_over(run)
    except KeyboardInterrupt:
        # The worker is another process, and Ctrl+C does not reach it. So it is asked to stop, and
        # its last checkpoint is waited for.
        print(f"\nStopping {run.id}; it writes a checkpoint first.", flush=True)
        if not run.state().over:
            store.stop(run.id)
        store.wait(run.id)
        # Exit code 130, as after any Ctrl+C.
        raise
    state = run.state()
    if state.name not in GOOD_ENDS:
        raise RunError(
            f"Run {run.id} {state.name}: {state.cause or 'no reason is known'}; see"
            f" {run.path / 'log.txt'}."
        )
    print(f"{state.name}{f': {state.cause}' if state.cause else ''}")


def _print_until_over(run: Run) -> None:
    # `cursor` is the place in the file of records up to which lines were read.
    cursor, printed_s, known = START, 0.0, ""
    while True:
        state = run.state()  # before the records, so that the last ones are not missed
        if state.name != known and state.name in PRINTED_STATES:
            print(f"{state.name}{f': {state.cause}' if state.cause else ''}", flush=True)
        known = state.name
        lines, cursor = run.metrics(cursor)
        for line in lines:
            # A training record may come several times in a second. Evaluations are always printed.
            quiet = time.monotonic() - printed_s < QUIET_S
            if text := _text_of(line, run, quiet):
                print(text, flush=True)
                printed_s = time.monotonic()
        if state.over:
            return
        time.sleep(POLL_S)


def _text_of(line: history.Line, run: Run, quiet: bool) -> str | None:
    """A record as one line. The many training records give no line while `quiet`."""
    match history.of(line):
        case history.Start(steps=steps, train_images=images):
            return f"{steps or 0:,} steps on {images or 0:,} images"
        case history.Evaluation(step=step, validation_error=error):
            return _step(step, "validation error", error, run.progress().time_left_s)
        case history.Train(step=step, train_error=error) if not quiet:
            return _step(step, "train error", error, run.progress().time_left_s)
        case history.Test(step=step, test_error=error):
            return _step(step, "test error", error, None)
        case _:
            return None


def _step(step: int | None, what: str, error: float | None, time_left_s: float | None) -> str:
    number = "?" if error is None else quantity.percent(error)
    left = "" if time_left_s is None else f"   {quantity.duration(time_left_s)} left"
    return f"step {step or 0:>7,}   {what:16} {number:>8}{left}"
