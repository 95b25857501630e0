"""The command line: `python -m resnet
list|describe|compare|family|draw|plot|export|check|why-loss|study|twin|…`.

The same calls as the page makes. Whatever goes wrong is one line on stderr and exit code 2; Ctrl+C
is 130.
"""

import os
import sys
from collections.abc import Sequence

import typer

from resnet.cli import (
    checking,
    comparing,
    describing,
    explaining,
    managing,
    offering,
    pictures,
    running,
    saving,
    studying,
)
from resnet.errors import ResNetLabError, echo

FAILED, INTERRUPTED = 2, 130

USAGE_ERROR = (
    typer.BadParameter.__base__ or ValueError
)  # typer brings its own click; this is the one it raises

app = typer.Typer(
    help="Choose a residual network, see it, count it, export it, train it.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in (
    describing,
    comparing,
    pictures,
    saving,
    checking,
    explaining,
    offering,
    running,
    managing,
    studying,
):
    group.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 with one line on stderr, or 130 after
    Ctrl+C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app(words or ["--help"], prog_name="python -m resnet", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return 0
    except Exception as error:  # whatever it is, a stranger must not meet a traceback
        return _complain(error)
    return status if isinstance(status, int) else 0


def _complain(error: Exception) -> int:
    """One line on stderr, whatever it was."""
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
