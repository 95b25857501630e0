"""Runs command lines in the Python that runs this file: a JSON list on stdin, how each ended as
JSON on stdout.

One process for all of them: a start takes longer than most commands. It imports nothing of the
checkout.
"""

import contextlib
import io
import json
import shlex
import sys


def outcome(command: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of one command line."""
    from resnet.cli import main  # noqa: PLC0415  the installed one

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(shlex.split(command))
    return status, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    results = {command: outcome(command) for command in json.load(sys.stdin)}
    print(json.dumps(results))
