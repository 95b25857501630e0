"""requirements*.txt are what pyproject.toml says: two lists that differ would install two different
programs."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tools" / "requirements.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("requirements_script", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_files_are_what_pyproject_says() -> None:
    """A package added to one list only is missing where the other is installed. Mend: python
    tools/requirements.py."""
    assert {name: (ROOT / name).read_text() for name in script().files()} == script().files()


@pytest.mark.parametrize("extra", ["plot", "study", "data", "train", "app"])
def test_requirements_txt_installs_every_extra(extra: str) -> None:
    """What no extra of the app's brings would be missing on a page."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    lines = (ROOT / "requirements.txt").read_text()
    missing = [
        name
        for name in extras[extra]
        if not name.startswith("resnet-lab[") and f"\n{name} " not in lines
    ]
    assert missing == []


def test_a_drift_is_named_before_anything_is_installed(tmp_path: Path) -> None:
    """`make run` after a change of pyproject.toml alone would install the list of before."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / SCRIPT.name).write_text(SCRIPT.read_text())
    for name in (
        "pyproject.toml",
        "requirements.txt",
        "requirements-cuda.txt",
        "requirements-dev.txt",
    ):
        (tmp_path / name).write_text((ROOT / name).read_text())
    command = [sys.executable, str(tmp_path / "tools" / SCRIPT.name), "--check"]
    assert subprocess.run(command, check=False).returncode == 0
    changed = (tmp_path / "pyproject.toml").read_text().replace("psutil>=7.1,<8", "psutil>=7.2,<8")
    (tmp_path / "pyproject.toml").write_text(changed)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "requirements.txt\n")
