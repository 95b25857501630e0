"""The environment that every test runs in, whatever shell, home and `make` it was started from.

A variable that somebody has set, or a file in their home, must not change what a test sees. What
the machine itself is stays as it is: its language, its time zone, its umask, its folder for
temporary files.
"""

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

OURS = re.compile(r"RESNET_|PORT$")
"""What this project reads: where runs, studies and data lie, and what one process of ours tells
another."""

OTHERS = re.compile(
    r"(STREAMLIT|KERAS|TF|XLA|PLOTLY|FONTCONFIG|XDG|GIT|HYPOTHESIS)_"
    r"|MPL|MAKE|PYTHON|PODMAN|FRESH_"
    r"|(COLUMNS|LINES|CDPATH|BASH_ENV|ENV|MFLAGS|SHELLOPTS|BASHOPTS|VERSION_CODENAME|POSIXLY_CORRECT|SOURCE_DATE_EPOCH)$"
    r"|(NO_COLOR|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|CUDA_VISIBLE_DEVICES|CUDA_DEVICE_ORDER|OMP_NUM_THREADS)$"
)
"""What the programs and packages under test read: settings, defaults, the size of a terminal, the
date in a file."""

KEPT = re.compile(
    r"PYTHON(DONTWRITEBYTECODE|PATH|UNBUFFERED|UTF8|COERCECLOCALE|HASHSEED)$|GIT_SSL_"
)
"""Asked for on purpose by the person who runs the tests, or how the machine reaches the network."""


def isolate() -> None:
    """Take this process, and all it starts, out of the surroundings it was started in, with an
    empty home.

    Workers of xdist inherit what the process that started them has done.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    home = tempfile.mkdtemp(prefix="resnet-home-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    clean = cleaned(os.environ, Path.home()) | {"HOME": home}
    os.environ.clear()
    os.environ.update(clean)


def cleaned(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment without what disturbs, and with the way to what is installed below the home
    and is no setting."""
    kept = {name: value for name, value in environment.items() if not disturbs(name)}
    places = {
        "PLAYWRIGHT_BROWSERS_PATH": home / ".cache" / "ms-playwright",
        "PIP_CACHE_DIR": home / ".cache" / "pip",
        "PIP_CONFIG_FILE": home / ".config" / "pip" / "pip.conf",
    }
    found = {name: str(path) for name, path in places.items() if path.exists()}
    # A checkout may belong to another user than the one who runs the tests, and git then asks to be
    # told so.
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    terminal = {"COLUMNS": "80", "LINES": "24"}  # else that of whoever looks on, or of nobody
    return found | kept | git | terminal


def disturbs(name: str) -> bool:
    """Whether a variable of this name could change what a test sees."""
    return bool((OURS.match(name) or OTHERS.match(name)) and not KEPT.match(name))


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    isolate()


@pytest.fixture(autouse=True)
def environment_as_it_was() -> Iterator[None]:
    """What one test sets in this process, the code under test included, no later test sees: they
    come in any order."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)
