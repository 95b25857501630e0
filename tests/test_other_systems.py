"""macOS and Windows, as far as a Linux can show them: what those lack is hidden from a Python,
which then has to work.

Windows has no fcntl; macOS has no /proc, pidfd, CLOCK_BOOTTIME, sched_getaffinity or
posix_fallocate. psutil's own look at /proc stands for what it asks of the other systems.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import runs_support as support

ROOT = Path(__file__).parents[1]

HIDE = """
import importlib.abc, os, signal, sys, time

def of_psutil(frame):
    while frame:
        if f"{{os.sep}}psutil{{os.sep}}" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {modules!r} and not of_psutil(sys._getframe()):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

def no_proc(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith("/proc"):
        if not of_psutil(sys._getframe()):
            raise FileNotFoundError(2, "No such file or directory", arguments[0])

if {modules!r}:
    sys.meta_path.insert(0, Hidden())
    for name in {modules!r}:
        sys.modules.pop(name, None)
for module, names in ((os, {os_names!r}), (signal, {signal_names!r}), (time, {time_names!r})):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
sys.addaudithook(no_proc)
"""

MACOS = {
    "modules": (),
    "os_names": ("pidfd_open", "sched_getaffinity", "sched_setaffinity", "posix_fallocate"),
    "signal_names": ("pidfd_send_signal",),
    "time_names": ("CLOCK_BOOTTIME",),
}
WINDOWS = {
    "modules": ("fcntl", "resource", "pwd", "grp", "termios"),
    "os_names": (
        *MACOS["os_names"],
        "register_at_fork",
        "getsid",
        "setsid",
        "fork",
        "O_DIRECTORY",
        "O_CLOEXEC",
        "pread",
    ),
    "signal_names": ("pidfd_send_signal", "SIGKILL", "SIGUSR1"),
    "time_names": ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC", "clock_gettime"),
}
SYSTEMS = {"macOS": MACOS, "Windows": WINDOWS}

PURE = (
    "list --all",
    "describe resnet56 --json",
    "compare resnet56 plain56",
    "family --n 3",
    *[
        f"draw resnet20 -o drawing.{form}"
        for form in ("svg", "pdf", "png", "dot", "tex", "mmd", "json", "py")
    ],
    "plot resnet20 -o keras.dot",
    *[f"export resnet20 -o table.{form}" for form in ("py", "json", "csv", "md", "tex")],
    "check resnet56 he2015_cifar",
    "why-loss resnet56 plain56",
    "twin resnet20 --no-weights",
    "recipes",
    "data",
    "runs",
    "study new mine -o mine.yaml",
)

SEND = """
import signal, subprocess, sys
from resnet.runs import processes
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
process = processes.read(child.pid)
processes.send([process._replace(start_ticks=process.start_ticks - 1)], signal.SIGKILL)
processes.send([process], signal.SIGTERM)
print(child.wait() == -signal.SIGTERM)
"""


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def environment(system: str, folder: Path) -> dict[str, str]:
    """Environment variables under which every Python, workers included, lacks what that system
    lacks."""
    (folder / "hidden").mkdir(exist_ok=True)
    (folder / "hidden" / "sitecustomize.py").write_text(HIDE.format(**SYSTEMS[system]))
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": f"{folder / 'hidden'}:{ROOT}",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def python(
    system: str, folder: Path, *words: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        input=given,
        cwd=folder,
        env=environment(system, folder),
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_hidden_is_hidden(tmp_path: Path) -> None:
    """Without this the other tests would show nothing."""
    for statement in ("import fcntl", "import time; time.CLOCK_MONOTONIC", "open('/proc/stat')"):
        assert python("Windows", tmp_path, "-c", statement).returncode == 1


def test_pure_commands_work(system: str, tmp_path: Path) -> None:
    """A lock, a look at /proc or a call that only Linux has, on the way of a command that needs
    none of them."""
    done = python(system, tmp_path, str(ROOT / "tests" / "wheel_runner.py"), given=json.dumps(PURE))
    assert done.returncode == 0, done.stderr
    failed = {
        command: err
        for command, (status, _, err) in json.loads(done.stdout).items()
        if status or err
    }
    assert failed == {}


@pytest.mark.parametrize("command", ["train resnet8", "study run mine.yaml"])
def test_windows_is_told_where_training_works(command: str, tmp_path: Path) -> None:
    """One sentence instead of a traceback about fcntl."""
    python("Windows", tmp_path, "-m", "resnet", *shlex.split("study new mine -o mine.yaml"))
    done = python("Windows", tmp_path, "-m", "resnet", *shlex.split(command))
    assert done.returncode == 2
    assert "Training and runs need file locks" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_handles_a_signal_still_reaches_only_the_process_that_was_meant(
    tmp_path: Path,
) -> None:
    """macOS has no pidfd: the start is compared once more right before the signal."""
    done = python("macOS", tmp_path, "-c", SEND)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.training
def test_a_run_trains_without_what_only_linux_has(tmp_path: Path) -> None:
    """A worker that asks /proc, or the clock that only Linux has, would fail on every Mac."""
    words = ("train", "resnet8", "--quick", "--steps", "20", "--device", "cpu")
    try:
        done = python("macOS", tmp_path, "-m", "resnet", *words)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "finished"
        listed = python("macOS", tmp_path, "-m", "resnet", "runs", "--json")
        assert [run["state"] for run in json.loads(listed.stdout)] == ["finished"]
    finally:
        support.kill_everything(tmp_path / "runs")
