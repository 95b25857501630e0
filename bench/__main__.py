"""Print every row of the table of docs/speed.md, and fail where one misses its bar."""

import sys
from itertools import chain

from bench import arm_chart, library, pages, runs_page, studio, training
from bench.table import Row, markdown


def main() -> int:
    rows: list[Row] = []
    for row in chain(
        library.rows(),
        pages.rows(),
        studio.rows(),
        runs_page.rows(),
        arm_chart.rows(),
        training.rows(),
    ):
        print(f"{row.what}: {row.reached}", file=sys.stderr, flush=True)
        rows.append(row)
    print(markdown(rows))
    return 0 if all(row.held for row in rows) else 1


sys.exit(main())
