"""Print every row of the table of docs/speed.md, and fail where one misses its bar."""

import sys
from itertools import chain

from bench import arm_chart, library, pages, runs_page, start, studio, training
from bench.table import Row, markdown


def main() -> int:
    rows: list[Row] = []
    parts = (start, library, pages, studio, runs_page, arm_chart, training)
    for row in chain.from_iterable(part.rows() for part in parts):
        print(f"{row.what}: {row.reached}", file=sys.stderr, flush=True)
        rows.append(row)
    print(markdown(rows))
    return 0 if all(row.held for row in rows) else 1


sys.exit(main())
