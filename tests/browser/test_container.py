"""The Dockerfile without a container engine: its steps, in order, in an empty folder with an
environment of its own."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import ROOT, end, free_port
from playwright.sync_api import Page

from tests.checkout_support import tracked

STARTS_WITHIN_S = 60
TRAINS_WITHIN_S = 240
PORT = "8501"


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    instructions = []
    for line in lines:
        name, _, rest = line.partition(" ")
        instructions.append((name, rest))
    return instructions


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def settings() -> dict[str, str]:
    return dict(rest.split("=", 1) for rest in arguments("ENV"))


def test_the_container_uses_the_commands_of_make_run() -> None:
    """Steps that differ from `make run` would be tested nowhere."""
    makefile = (ROOT / "Makefile").read_text()
    start = json.loads(arguments("CMD")[0])
    assert 'tools/venv.sh "$REQUIREMENTS"' in arguments("RUN")
    assert "tools/venv.sh requirements.txt" in makefile
    assert start == ["tools/contained.sh", PORT]
    assert 'tools/serve.sh "$1"' in (ROOT / "tools" / "contained.sh").read_text()
    assert 'tools/serve.sh "$(PORT)"' in makefile


def test_the_container_runs_as_nobody_special_and_keeps_runs_and_data() -> None:
    names = [name for name, _ in instructions()]
    volume = arguments("VOLUME")[0]
    assert arguments("FROM") == ["$BASE"]
    assert arguments("ARG")[0].startswith("BASE=") and arguments("ARG")[0].endswith("-slim")
    assert arguments("USER")[-1] not in ("root", "0")
    assert names.index("USER") < names.index("COPY")
    assert settings()["RESNET_LAB_RUNS"].startswith(f"{volume}/")
    assert settings()["RESNET_LAB_STUDIES"].startswith(f"{volume}/")
    assert settings()["RESNET_LAB_DATA"].startswith(f"{volume}/")


def test_the_builder_receives_what_is_copied() -> None:
    """.dockerignore lets through exactly the paths the Dockerfile names."""
    let_through = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    sources = {word for rest in arguments("COPY") for word in rest.split()[1:-1]}
    assert {
        re.sub(r"requirements.*", "requirements*.txt", source) for source in sources
    } == let_through


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The working folder of the image: the tracked files the COPY lines name, and this Python's
    packages as .venv."""
    folder = tmp_path / "lab"
    folder.mkdir()
    for rest in arguments("COPY"):
        *sources, target = [word for word in shlex.split(rest) if not word.startswith("--")]
        for source in sources:
            copy_tracked(source, folder / target / source if target == "./" else folder / target)
    (
        folder / ".venv"
    ).mkdir()  # a link to the whole would let tools/venv.sh clear this Python's own
    for entry in Path(sys.prefix).iterdir():
        (folder / ".venv" / entry.name).symlink_to(entry)
    return folder


def copy_tracked(source: str, target: Path) -> None:
    for name in tracked(source):
        place = target / Path(name).relative_to(source) if name != source else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place)


@pytest.fixture
def clean_environment(tmp_path: Path) -> dict[str, str]:
    """What a container's process sees: the image's settings, with the volume moved to a folder we
    may write to."""
    volume = arguments("VOLUME")[0]
    moved = {
        key: value.replace(volume, str(tmp_path / "volume")) for key, value in settings().items()
    }
    moved["STREAMLIT_SERVER_ADDRESS"] = "127.0.0.1"  # no test listens to the outside
    return {
        "PATH": os.defpath,
        "HOME": str(tmp_path / "home"),
        "REQUIREMENTS": "requirements.txt",
        **moved,
    }


@pytest.fixture
def started(
    image: Path, clean_environment: dict[str, str]
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The image's RUN lines that touch its own folder, then its CMD on a free port."""
    for line in arguments("RUN"):
        if "useradd" not in line:  # makes a user on the machine it runs on
            subprocess.run(line, shell=True, cwd=image, env=clean_environment, check=True)
    port = free_port()
    command = [word.replace(PORT, str(port)) for word in json.loads(arguments("CMD")[0])]
    process = subprocess.Popen(command, cwd=image, env=clean_environment, start_new_session=True)
    yield port, process
    end(process)


@pytest.mark.git
def test_the_container_starts_answers_its_health_check_and_draws(
    started: tuple[int, subprocess.Popen[bytes]],
    image: Path,
    clean_environment: dict[str, str],
    page: Page,
) -> None:
    """A file the COPY lines forgot, or a health check that can never succeed, would be seen
    here."""
    port, process = started
    check = arguments("HEALTHCHECK")[0].partition("CMD ")[2].replace(PORT, str(port))
    assert wait_for(check, process, image, clean_environment)
    page.goto(f"http://127.0.0.1:{port}")
    page.locator(".lab-diagram .canvas svg").wait_for()


def wait_for(
    check: str, process: subprocess.Popen[bytes], folder: Path, environment: dict[str, str]
) -> bool:
    give_up = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < give_up and process.poll() is None:
        done = subprocess.run(
            check, shell=True, cwd=folder, env=environment, capture_output=True, check=False
        )
        if done.returncode == 0:
            return True
        time.sleep(0.2)
    return False


@pytest.mark.git
@pytest.mark.training
def test_a_stopped_container_leaves_a_checkpoint(
    started: tuple[int, subprocess.Popen[bytes]], image: Path, clean_environment: dict[str, str]
) -> None:
    """Catches an engine's stop: it signals the first process only, and when that one ends it kills
    all others."""
    _, process = started
    words = "-m resnet train resnet8 --data digits --steps 100000 --detach"
    words += " --recipe-set checkpoint_every=100000"
    subprocess.run(
        [".venv/bin/python", *words.split()], cwd=image, env=clean_environment, check=True
    )
    (run,) = Path(clean_environment["RESNET_LAB_RUNS"]).glob("*resnet8*")
    give_up = time.monotonic() + TRAINS_WITHIN_S
    while not has_trained(run) and time.monotonic() < give_up:
        time.sleep(0.2)
    process.terminate()
    assert process.wait(TRAINS_WITHIN_S) == 0
    assert json.loads((run / "exit.json").read_text())["outcome"] == "stopped"
    assert list((run / "checkpoint").glob("step-*"))


def has_trained(run: Path) -> bool:
    metrics = run / "metrics.jsonl"
    return metrics.exists() and '"train"' in metrics.read_text()
