"""The command line: `resnet-lab COMMAND`, or `python -m resnet COMMAND`; resnet/cli/commands.py
lists them.

The same calls as the page makes. Whatever goes wrong is one line on stderr and exit code 2; Ctrl+C
is 130.
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

USAGE_ERROR = (
    typer.BadParameter.__base__ or ValueError
)  # typer brings its own click; this is the one it raises

lab = Commands(COMMANDS, help="Choose a residual network, see it, count it, export it, train it.")
PROGRAM = "resnet-lab"
"""The name under which a wheel puts this on the PATH."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 with one line on stderr, or 130 after
    Ctrl+C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = lab.main(words or ["--help"], prog_name=_called(), standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return 0
    except Exception as error:  # whatever it is, a stranger must not meet a traceback
        return _complain(error)
    return status if isinstance(status, int) else 0


def _called() -> str:
    """What was typed to start this, for the lines that say how it is used."""
    return PROGRAM if Path(sys.argv[0]).stem == PROGRAM else "python -m resnet"


def _complain(error: Exception) -> int:
    """One line on stderr, whatever it was."""
    if (
        isinstance(error, ModuleNotFoundError)
        and error.name
        and error.name.partition(".")[0] in EXTRAS
    ):
        error = missing(error.name.partition(".")[0])
    if isinstance(error, ResNetLabError):
        message = str(error)
    elif isinstance(error, USAGE_ERROR):
        message = f"{_plain(error.format_message())}; --help says what there is."  # type: ignore[attr-defined]
    elif isinstance(error, OSError):
        message = f"The system refused: {error.strerror or error}; nothing was changed."
        _drop_output()
    else:
        message = (
            f"Something unforeseen went wrong, {type(error).__name__}: {echo(str(error))}; please"
            " report it."
        )
    print(" ".join(message.split()), file=sys.stderr)
    return FAILED


def _plain(message: str) -> str:
    """Typer's message without pydantic's turns of phrase."""
    message = message.replace("Value error, ", "").replace("Input should be", "it must be")
    return message.partition(", unable to")[0].rstrip(".")


def _drop_output() -> None:
    """Nobody reads what is still in the buffer, or nobody can: Python must not try again at
    exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
