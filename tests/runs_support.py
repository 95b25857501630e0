"""What the tests of runs share: a small spec, a store whose workers need no TensorFlow, waiting for
what must come."""

import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from resnet.data import facts, fit_config
from resnet.network import catalog
from resnet.recipes.recipes import default_recipe
from resnet.runs import Patience, RunSpec, Store, processes
from resnet.runs.launcher import Launcher

HOME = Path(__file__).parents[1]
WORKER = HOME / "tests" / "runs_worker.py"
LONGEST_WAIT_S = 30.0
HASTY = Patience(grace_s=0.3, terminate_s=0.3)
NERVOUS = Patience(stale_after_s=1.0, first_sign_s=2.0)


def spec(seed: int = 0, **changes: object) -> RunSpec:
    recipe = default_recipe("digits").model_copy(update={"seed": seed})
    config = fit_config(catalog.get("resnet20").config, facts("digits"))
    fields = {"network": "resnet20", "config": config, "recipe": recipe, "dataset": "digits"}
    return RunSpec.model_validate(fields | changes)


def command(behaviour: str) -> tuple[str, ...]:
    return (sys.executable, str(WORKER), behaviour)


def store(root: Path, behaviour: str = "obedient", patience: Patience = HASTY) -> Store:
    return Store(root, Launcher(command(behaviour)), patience)


def wait_for(condition: Callable[[], bool], longest_s: float = LONGEST_WAIT_S) -> None:
    """Until the condition holds; fails where it never does."""
    give_up = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < give_up, "what was waited for never came"
        time.sleep(0.01)


def kill_everything(root: Path) -> None:
    """End what a failed test left running: only processes that carry the mark of a run below this
    root."""
    processes.send(supervisors(root), signal.SIGKILL)
    below = f"{root.resolve()}/"
    marked = []
    for process in everyone():
        if processes.environment(process.pid).get(processes.MARK, "").startswith(below):
            marked.append(process)
    processes.send(marked, signal.SIGKILL)


def everyone() -> list[processes.Process]:
    """Every living process this user may see."""
    return [process for pid in psutil.pids() if (process := processes.read(pid))]


def supervisors(root: Path) -> list[processes.Process]:
    """The processes that start the waiting runs of this folder."""
    wanted = [b"resnet.runs.supervisor", str(root.absolute()).encode()]
    return [process for process in everyone() if _command_line(process.pid)[3:5] == wanted]


def _command_line(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return []
