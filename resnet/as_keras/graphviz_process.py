"""Graphviz in a separate process: DOT on stdin, a picture on stdout. Only
`resnet.as_keras.graphviz` starts it.

Graphviz is not thread-safe, a crash ends its process, and long networks take seconds. This file
imports nothing of the project, so that it starts fast.

Exit status: 0 drawn; 3 letters would be unreadable (their height in pixels is on stdout); 4 not a
graph; any other comes from Graphviz.
"""

import re
import sys

ILLEGIBLE, NOT_A_GRAPH = 3, 4

POINTS_PER_INCH = 72
LARGEST_BITMAP = 32_767
"""Cairo's limit for a side, in pixels; Graphviz scales a larger picture down until it fits."""

SMALLEST_LETTERS = 8
"""The smallest readable line height in a bitmap, in pixels."""


def main(form: str) -> int:
    """Lay the graph out once, and draw it as svg, pdf or png."""
    # resnet.as_keras.graphviz imports this file for its constants and must not load Graphviz.
    from pygraphviz import AGraph, DotError  # noqa: PLC0415
    from pygraphviz import graphviz as gv  # noqa: PLC0415

    def drawn(kind: str) -> bytes:
        status, data = gv.gvRenderData(context, graph.handle, kind.encode())
        if status:
            raise SystemExit(NOT_A_GRAPH)
        return bytes(data)

    text = sys.stdin.buffer.read().decode()
    try:
        graph = AGraph(string=text)  # without `string=`, other text would be taken for a path
    except DotError:
        return NOT_A_GRAPH
    context = gv.gvContextWithBuiltins()
    if gv.gvLayout(context, graph.handle, b"dot"):
        return NOT_A_GRAPH
    # "plain" is a list of sizes and places: nothing is painted for it.
    if form == "png" and (height := letter_height(text, drawn("plain"))) < SMALLEST_LETTERS:
        sys.stdout.write(f"{height:.1f}")
        return ILLEGIBLE
    sys.stdout.buffer.write(drawn(form))
    return 0


def letter_height(text: str, plain: bytes) -> float:
    """Height in pixels of the smallest letters in a PNG, from the DOT text and Graphviz's "plain"
    output.

    The first line of "plain" is `graph SCALE WIDTH HEIGHT`, in inches.
    """
    sides = [float(side) for side in plain.split(maxsplit=4)[2:4]]
    # Graphviz's own defaults, where the text sets none: 96 dots an inch here, letters of 14 points
    # below.
    dpi = float(_first(r"\bdpi=\"?([\d.]+)", text, default="96"))
    # Graphviz shrinks a picture whose longer side is above Cairo's limit.
    scale = min(1.0, LARGEST_BITMAP / (max(sides) * dpi))
    points = min(
        map(float, re.findall(r"(?:point-size=\"|fontsize=\"?)([\d.]+)", text)), default=14.0
    )
    return points / POINTS_PER_INCH * dpi * scale


def _first(pattern: str, text: str, *, default: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else default


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
