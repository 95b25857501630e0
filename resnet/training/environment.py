"""The environment of a run: enough to explain why two runs of the same spec differ."""

import contextlib
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import pynvml

from resnet.runs import clock, devices

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "pydantic")
PROJECT = Path(__file__).parents[2]


def describe_environment(device: str) -> dict[str, Any]:
    """Versions, machine and code. The worker adds the facts of the data set once it is loaded."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "device": device,
        "device_name": devices.get_device(device).name,
        "driver": _driver() if device != devices.CPU else None,
        "git_commit": _git_commit(),
        "boot_id": clock.boot_id(),
    }


def _version(package: str) -> str | None:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return None


def _driver() -> str | None:
    with devices.driver() as available:
        return str(pynvml.nvmlSystemGetDriverVersion()) if available else None


def _git_commit() -> str | None:
    """The commit of this code, marked "+changes" where files differ from it; None outside a git
    checkout."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        # git refuses another user's checkout, because its configuration could run code. Its code is
        # already running here, so this adds no risk.
        git = ["git", "-c", f"safe.directory={PROJECT}", "-C", str(PROJECT)]
        command = [*git, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+changes"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
        return done.stdout.strip() or None
    return None
