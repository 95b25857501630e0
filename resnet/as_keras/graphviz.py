"""DOT to SVG, PDF or PNG, drawn by Graphviz with the included font. No `dot` program is needed."""

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
WAY_OUT = "choose SVG or PDF, which have no such limit, or the folded drawing."
PDF_DATE = re.compile(rb"/CreationDate \(D:[^)]*\)")


def render(dot: str, form: Format, timeout_s: float = TIMEOUT_S) -> bytes:
    """The picture; the same DOT gives the same bytes. Raises ExportError, and MissingExtraError
    without Graphviz.

    Graphviz runs in a separate process, see `graphviz_process`. A PNG that would have to be shrunk
    until its letters are unreadable is refused.
    """
    if form not in get_args(Format):
        raise ExportError(f"A picture is svg, pdf or png; received {echo(form)}.")
    require("pygraphviz")
    with tempfile.TemporaryDirectory(prefix="resnet-fonts-") as folder:
        status, output = _run(dot, form, timeout_s, fonts.fontconfig(Path(folder)))
    if status == ILLEGIBLE:
        raise ExportError(
            f"A PNG has at most 32,767 pixels on a side; this picture's letters would be"
            f" {output.decode()} pixels high, too small to read; {WAY_OUT}"
        )
    if status == NOT_A_GRAPH:
        raise ExportError(
            "Graphviz could not read this DOT text; give it what a drawing's or a model's dot()"
            " returns."
        )
    if status:
        raise ExportError(
            f"Graphviz ended with status {status} before the picture was complete; choose the"
            " folded drawing."
        )
    return _without_date(output) if form == "pdf" else output


def _run(dot: str, form: Format, timeout_s: float, fontconfig: Path) -> tuple[int, bytes]:
    """Run Graphviz; gives (exit status, standard output)."""
    program = Path(__file__).with_name("graphviz_process.py")
    # -P: modules in the program's folder must not hide libraries.
    command = [sys.executable, "-P", str(program), form]
    # One locale on all machines: text is UTF-8, and numbers have a point and not a comma.
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
            f"Graphviz did not finish this picture within {timeout_s:g} s; choose the folded"
            " drawing, or DOT."
        ) from None
    return done.returncode, done.stdout


def _without_date(pdf: bytes) -> bytes:
    """The PDF with a fixed date, so that the same figure is always the same file. The length must
    not change, because a PDF contains offsets of its parts."""
    # 18 bytes are not date: the 17 of "/CreationDate (D:" and the ")".
    return PDF_DATE.sub(
        lambda match: b"/CreationDate (D:" + b"19800101000000Z".ljust(len(match[0]) - 18) + b")",
        pdf,
    )
