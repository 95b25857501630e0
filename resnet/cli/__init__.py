"""The command line: `resnet-lab COMMAND`, or `python -m resnet COMMAND`; resnet/cli/commands.py
lists them.

It makes the same calls as the pages. Every error is one line on stderr and exit code 2; Ctrl+C
gives exit code 130.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from resnet.cli.commands import COMMANDS, Commands
from resnet.errors import ResNetLabError, echo
from resnet.extras import EXTRAS, missing

FAILED, INTERRUPTED = 2, 130

# Typer has a copy of click inside; this is the error class of that copy.
USAGE_ERROR = typer.BadParameter.__base__ or ValueError

lab = Commands(COMMANDS, help="Choose a residual network, see it, count it, export it, train it.")
PROGRAM = "resnet-lab"
"""The name of the program that the wheel installs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 with one line on stderr, or 130 after
    Ctrl+C."""
    # `arguments` is for tests and for calls from Python.
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # standalone_mode=False: click then raises its errors instead of printing them in several
        # lines and ending the process.
        status = lab.main(words or ["--help"], prog_name=_called(), standalone_mode=False)
        # Here and not at exit, so that a closed pipe is met inside this `try`.
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    # As in `resnet-lab list | head`: the reader has enough, which is not an error.
    except BrokenPipeError:
        _drop_output()
        return 0
    except Exception as error:  # any error: users must not see a traceback
        return _complain(error)
    return status if isinstance(status, int) else 0


def _called() -> str:
    """The program as it was called, for usage lines."""
    return PROGRAM if Path(sys.argv[0]).stem == PROGRAM else "python -m resnet"


def _complain(error: Exception) -> int:
    """Print any error as one line on stderr."""
    if (
        # A package of an extra is not installed. The sentence then says which extra to install.
        isinstance(error, ModuleNotFoundError)
        and error.name
        and error.name.partition(".")[0] in EXTRAS
    ):
        error = missing(error.name.partition(".")[0])
    if isinstance(error, ResNetLabError):
        message = str(error)
    elif isinstance(error, USAGE_ERROR):
        message = f"{_plain(error.format_message())}; see --help."  # type: ignore[attr-defined]
    elif isinstance(error, OSError):
        message = f"The system refused: {error.strerror or error}; nothing was changed."
        _drop_output()
    else:
        message = f"Unexpected error {type(error).__name__}: {echo(str(error))}; please report it."
    # One line, also for a message with line breaks: programs read stderr line by line.
    print(" ".join(message.split()), file=sys.stderr)
    return FAILED


def _plain(message: str) -> str:
    """Typer's message without pydantic's technical phrases."""
    message = message.replace("Value error, ", "").replace("Input should be", "it must be")
    return message.partition(", unable to")[0].rstrip(".")


def _drop_output() -> None:
    """Discard the output buffer, which cannot be written. Otherwise Python would try again at exit
    and print a second error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
