"""The shell scripts behind `make`: which Python is taken, and what is said where it cannot go
on."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BASH = shutil.which("bash") or "/bin/bash"
EVERYDAY = ("bash", "dirname", "env", "grep", "id", "timeout")
"""What the scripts may expect of any machine; the tests' PATH holds nothing else."""

SHIM = "echo 'pyenv: command not found' >&2; exit 127"
REAL = f'exec {sys.executable} "$@"'
WITHOUT_ENSUREPIP = f'case "$2" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac'
TOO_OLD = 'case "$2" in *version_info*) exit 1;; esac'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder that stands for the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in EVERYDAY:
        (folder / name).symlink_to(shutil.which(name) or "")
    return folder


def program(path: Path, name: str, body: str) -> None:
    (path / name).unlink(missing_ok=True)  # a link there leads to the machine's own program
    (path / name).write_text(f"#!{BASH}\n{body}\n")
    (path / name).chmod(0o755)


def run(script: str, *words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path) if path else os.environ["PATH"]}
    return subprocess.run(
        [BASH, str(ROOT / "tools" / script), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def fails_in_one_sentence(done: subprocess.CompletedProcess[str]) -> bool:
    lines = done.stderr.splitlines()
    return done.returncode != 0 and not done.stdout and len(lines) == 1 and lines[0].endswith(".")


def test_a_python_that_only_seems_to_be_there_is_passed_over(path: Path) -> None:
    program(path, "python3.13", SHIM)
    program(path, "python3.12", REAL)
    program(path, "python3", REAL)
    assert run("python.sh", path=path).stdout == f"{path}/python3.12\n"


def test_a_python_that_can_make_environments_goes_before_a_newer_one_that_cannot(
    path: Path,
) -> None:
    program(path, "python3.13", WITHOUT_ENSUREPIP)
    program(path, "python3.11", REAL)
    assert run("python.sh", path=path).stdout == f"{path}/python3.11\n"


def test_without_a_python_of_a_known_version_one_sentence_says_so(path: Path) -> None:
    program(path, "python3", TOO_OLD)
    assert fails_in_one_sentence(run("python.sh", path=path))


def test_without_ensurepip_the_package_is_named(path: Path) -> None:
    program(path, "python3", WITHOUT_ENSUREPIP)
    done = run("python.sh", path=path)
    assert fails_in_one_sentence(done)
    assert f"python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr


def test_a_port_in_use_is_one_sentence_that_names_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve.sh", str(port))
    assert fails_in_one_sentence(done)
    assert f"PORT={port + 1}" in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "", "-1", "80 80", "1e3"])
def test_a_port_that_is_none_is_one_sentence(port: str) -> None:
    assert fails_in_one_sentence(run("serve.sh", port))


@pytest.mark.parametrize("script", ["fresh.sh", "container.sh"])
@pytest.mark.parametrize("words", [["--nonsense"], ["--keep"], ["--base"]])
def test_a_wrong_option_is_told_how_to_do_it(script: str, words: list[str]) -> None:
    """Catches an option that is passed over, and half an hour of work that nobody asked for."""
    done = run(script, *words)
    assert done.returncode == 2
    assert f"usage: tools/{script}" in done.stderr and "unbound variable" not in done.stderr


def test_a_fresh_debian_needs_root(path: Path) -> None:
    """Catches a sudo in the middle of the script, which asks for a password after minutes."""
    program(path, "uname", "echo Linux")
    program(path, "id", "echo 1000")
    assert fails_in_one_sentence(run("fresh.sh", path=path))


def test_pip_settings_are_variables_that_mean_the_same(tmp_path: Path) -> None:
    """Catches a file of pip's that the fresh system lacks, and a list whose lines are lost."""
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nextra-index-url = file:///a/simple\n    file:///b/simple\n"
        "[install]\nno-compile = true\n"
    )
    environment = os.environ | {"PIP_CONFIG_FILE": str(file), "PIP_TIMEOUT": "7"}
    command = [BASH, str(ROOT / "tools" / "pip_settings.sh")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert "PIP_EXTRA_INDEX_URL=file:///a/simple file:///b/simple" in lines
    assert "PIP_NO_COMPILE=true" in lines and "PIP_TIMEOUT=7" in lines


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A checkout in which `make run` has been run before."""
    folder = tmp_path / "checkout"
    (folder / ".venv").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / ".venv" / "installed").touch()
    return folder


def would_do(folder: Path) -> str:
    return subprocess.run(
        ["make", "-n", "run"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.make
def test_a_second_make_run_installs_nothing(installed: Path) -> None:
    assert "venv.sh" not in would_do(installed)
    assert "serve.sh" in would_do(installed)


@pytest.mark.make
def test_changed_requirements_are_installed(installed: Path) -> None:
    later = (installed / ".venv" / "installed").stat().st_mtime + 1
    os.utime(installed / "requirements.txt", (later, later))
    assert "venv.sh requirements.txt" in would_do(installed)
