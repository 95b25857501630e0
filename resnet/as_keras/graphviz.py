"""DOT -> SVG, PDF or PNG, drawn by Graphviz with the carried font; no `dot` on the PATH is
needed."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal, get_args

from resnet.as_keras.graphviz_process import ILLEGIBLE, NOT_A_GRAPH
from resnet.diagram.looks import fonts
from resnet.errors import ExportError, echo
from resnet.extras import require

Format = Literal["svg", "pdf", "png"]

TIMEOUT_S = 120.0
WAY_OUT = "take SVG or PDF, which have no such limit, or the folded drawing."
PDF_DATE = re.compile(rb"/CreationDate \(D:[^)]*\)")


def render(dot: str, form: Format, timeout_s: float = TIMEOUT_S) -> bytes:
    """The picture, the same bytes for the same DOT. Raises ExportError, and MissingExtraError
    without Graphviz.

    Graphviz runs in a process of its own: see `graphviz_process`. A PNG that it would have to
    shrink until its letters cannot be read is refused.
    """
    if form not in get_args(Format):
        raise ExportError(f"A picture is svg, pdf or png; received {echo(form)}.")
    require("pygraphviz")
    with tempfile.TemporaryDirectory(prefix="resnet-fonts-") as folder:
        status, output = _run(dot, form, timeout_s, fonts.fontconfig(Path(folder)))
    if status == ILLEGIBLE:
        raise ExportError(
            f"As a PNG this picture's letters would be {output.decode()} pixels high, too small to"
            f" read: a PNG's side ends at 32,767 pixels; {WAY_OUT}"
        )
    if status == NOT_A_GRAPH:
        raise ExportError(
            "Graphviz could not read this DOT text; give it what a drawing's or a model's dot()"
            " returns."
        )
    if status:
        raise ExportError(
            f"Graphviz ended with status {status} before the picture was done; take the folded"
            " drawing."
        )
    return _without_date(output) if form == "pdf" else output


def _run(dot: str, form: Format, timeout_s: float, fontconfig: Path) -> tuple[int, bytes]:
    """(exit status, what came out)."""
    program = Path(__file__).with_name("graphviz_process.py")
    command = [
        sys.executable,
        "-P",
        str(program),
        form,
    ]  # -P: modules beside the program must not hide libraries
    environment = os.environ | {"FONTCONFIG_FILE": str(fontconfig), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            input=dot.encode(),
            capture_output=True,
            env=environment,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"Graphviz did not finish this picture within {timeout_s:g} s; take the folded drawing,"
            " or DOT."
        ) from None
    return done.returncode, done.stdout


def _without_date(pdf: bytes) -> bytes:
    """The same figure must be the same file tomorrow; the length stays, since a PDF counts its own
    bytes."""
    return PDF_DATE.sub(
        lambda match: b"/CreationDate (D:" + b"19800101000000Z".ljust(len(match[0]) - 18) + b")",
        pdf,
    )
