"""A wheel of this checkout, and virtual environments it is installed into."""

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SOURCES = (
    "pyproject.toml",
    "setup.py",
    "README.md",
    "resnet",
    "app",
    "streamlit_app.py",
    ".streamlit",
)
RUNNER = ROOT / "tests" / "wheel_runner.py"


class Outcome(NamedTuple):
    """How one command ended: its exit status and what it printed."""

    status: int
    out: str
    err: str


class Environment(NamedTuple):
    """A virtual environment with the wheel in it, and nothing of this checkout."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        return next(self.folder.glob("lib/python3*/site-packages"))

    def run(self, *words: str, folder: Path, status: int = 0) -> str:
        """What a program of this environment prints; its environment variables say nothing of this
        checkout."""
        done = subprocess.run(
            [str(self.folder / "bin" / words[0]), *words[1:]],
            cwd=folder,
            env=clean(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stdout

    def outcomes(self, commands: Sequence[str], folder: Path) -> dict[str, Outcome]:
        """Each command line, run one after the other in one Python of this environment, in
        `folder`."""
        done = subprocess.run(
            [self.python, RUNNER],
            input=json.dumps(list(commands)),
            cwd=folder,
            env=clean(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return {command: Outcome(*outcome) for command, outcome in json.loads(done.stdout).items()}


def clean() -> dict[str, str]:
    """Environment variables in which nothing leads to this checkout or to somebody's runs."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TF_CPP_MIN_LOG_LEVEL": "3"}


def build(folder: Path) -> Path:
    """The wheel, built by `pip wheel .` from a copy, which leaves nothing in the checkout."""
    copy = folder / "checkout"
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(copy))
    [wheel] = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, folder: Path) -> Environment:
    """A new environment into which pip has put the wheel and what it requires, and nothing else."""
    environment = Environment(folder)
    venv.create(folder, with_pip=False)
    pip("--python", str(environment.python), "install", "--no-compile", str(wheel))
    return environment


def linked(wheel: Path, folder: Path, extras: Iterable[str]) -> Environment:
    """The same with extras. TensorFlow alone is 2 GB: what the extras require is linked from the
    Python that runs the tests, each distribution that the wheel's own metadata leads to and no
    other."""
    environment = Environment(folder)
    venv.create(folder, with_pip=False)
    pip("--python", str(environment.python), "install", "--no-compile", "--no-deps", str(wheel))
    [own] = environment.packages.glob("resnet_lab-*.dist-info")
    for name in closure(metadata.PathDistribution(own), frozenset(extras)):
        link(metadata.distribution(name), environment.packages)
    return environment


def closure(root: metadata.Distribution, extras: frozenset[str]) -> set[str]:
    """The distributions that one with these extras requires, directly or not."""
    found: set[str] = set()
    own = canonicalize_name(root.metadata["Name"])
    waiting = [(root, extras)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        distribution, wanted = waiting.pop()
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if not any(applies(requirement, extra) for extra in ("", *wanted)):
                continue
            name, more = canonicalize_name(requirement.name), frozenset(requirement.extras)
            if (name, more) in seen:
                continue
            seen.add((name, more))
            if name == own:
                waiting.append((root, more))
            else:
                found.add(name)
                waiting.append((metadata.distribution(name), more))
    return found


def applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def link(distribution: metadata.Distribution, packages: Path) -> None:
    """Put the top-level files and folders of a distribution where another environment finds
    them."""
    files = distribution.files
    assert files, distribution.metadata["Name"]
    for name in {file.parts[0] for file in files} - {"..", "__pycache__"}:
        target = Path(str(distribution.locate_file(name))).resolve()
        if not (packages / name).exists():
            (packages / name).symlink_to(target)


def size_bytes(environment: Environment) -> int:
    """What is installed takes up; no pip or setuptools is in there."""
    return sum(file.stat().st_size for file in environment.packages.rglob("*") if file.is_file())


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
