"""Rows of the table: what was measured, beside what, what it must reach and what it reached."""

from collections.abc import Sequence
from typing import NamedTuple

COLUMNS = ("what", "today's peer, same run", "must reach", "reached", "")


class Row(NamedTuple):
    """One line of the table; `held` says whether the bar was reached."""

    what: str
    peer: str
    must_reach: str
    reached: str
    held: bool


def markdown(rows: Sequence[Row]) -> str:
    lines = [COLUMNS, *((*row[:4], "✓" if row.held else "✗") for row in rows)]
    text = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([text[0], "|---|---|---|---|---|", *text[1:]])


def seconds(value: float) -> str:
    """At most three digits: 174 s, 31.6 s, 1.9 s, 0.112 s, 4.3 ms."""
    if value < 0.1:
        return f"{value * 1000:.1f} ms"
    return f"{value:.3g} s"
