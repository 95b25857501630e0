"""What the command line and the library load when they start. Seconds are measured by bench/; here
it is names."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.main import get_group

from resnet.cli.commands import COMMANDS, Command, load
from tests.cli_support import Shell, printed

ROOT = Path(__file__).parents[1]

SLOW = {
    "PIL",
    "fontTools",
    "graphviz",
    "keras",
    "matplotlib",
    "numpy",
    "pandas",
    "plotly",
    "psutil",
    "pydantic",
    "pynvml",
    "reportlab",
    "rich",
    "scipy",
    "sklearn",
    "streamlit",
    "tensorflow",
    "typer",
    "yaml",
}
"""Packages that take a hundredth of a second or more."""

LOADED: dict[str, set[str]] = {
    "import resnet": set(),
    "import resnet.cli": {"typer"},
    "from resnet.cli import main; main(['--help'])": {"typer"},
    "from resnet.cli import main; main(['list'])": {"typer", "pydantic"},
    "import resnet; resnet.get('resnet56')": {"pydantic"},
    "import resnet; resnet.describe(resnet.get('resnet56').config)": {"pydantic"},
}


def modules_after(statement: str) -> set[str]:
    """Everything in memory after a statement in a fresh Python."""
    code = f"import sys; {statement}; sys.stdout.write('\\n' + ' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("statement", LOADED)
def test_a_start_loads_these_packages_and_no_other(statement: str) -> None:
    """One import at the top of a module that many import costs every start of every command."""
    loaded = {name.partition(".")[0] for name in modules_after(statement)}
    assert loaded & SLOW == LOADED[statement]


def test_a_command_loads_its_own_module_only() -> None:
    """`list` used to take 0.8 s, since every command's work was imported before it."""
    loaded = modules_after("from resnet.cli import main; main(['list'])")
    assert {name for name in loaded if name.startswith("resnet.cli.")} == {
        "resnet.cli.commands",
        "resnet.cli.listing",
        "resnet.cli.options",
    }


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_is_where_the_registry_says(command: Command) -> None:
    """A renamed module or command would only be missed when somebody calls it."""
    loaded = load(command.module, command.name)
    assert loaded.name == command.name
    assert loaded.help


def test_every_command_of_every_module_is_in_the_registry() -> None:
    """A command that a module registers and the registry leaves out cannot be called."""
    registered = set()
    for file in (ROOT / "resnet" / "cli").glob("*.py"):
        module = import_module(f"resnet.cli.{file.stem}")
        if hasattr(module, "register"):
            app = typer.Typer()
            module.register(app)
            registered |= {(name, file.stem) for name in get_group(app).commands}
    assert registered == {(command.name, command.module) for command in COMMANDS}


def test_the_overview_is_not_cut_short(shell: Shell) -> None:
    """A line that ends in dots tells half of what a command does."""
    overview = printed(shell, "--help")
    assert [command.name for command in COMMANDS if f"  {command.name} " not in overview] == []
    assert "..." not in overview.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("program", "name"), [("resnet-lab", "resnet-lab"), ("__main__.py", "python -m resnet")]
)
def test_the_usage_names_what_was_typed(
    program: str, name: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A usage line to be copied has to work where it is read."""
    monkeypatch.setattr(sys, "argv", [f"/somewhere/{program}"])
    assert printed(shell, "list", "--help").startswith(f"Usage: {name} list ")
