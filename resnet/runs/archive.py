"""A run as a download: its records as CSV, its directory as a zip."""

import csv
import io
import zipfile
from pathlib import Path

from resnet.runs import disk
from resnet.runs.directory import CHECKPOINTS, TEMPORARY
from resnet.runs.run import Run
from resnet.tables.text_table import guarded

FIRST_COLUMNS = ("kind", "step", "epoch", "time_s")


def metrics_csv(run: Run) -> str:
    """One line for each record, and one column for each field of any record, including kinds and
    fields that only a newer version knows. Text is guarded against formulas, as in all CSV.

    Raises RunError.
    """
    records, _ = run.metrics()
    fields = dict.fromkeys(FIRST_COLUMNS)
    for record in records:
        fields |= dict.fromkeys(record)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(map(guarded, fields))
    for record in records:
        rows.writerow([_cell(record.get(field)) for field in fields])
    return text.getvalue()


def _cell(value: object) -> object:
    return guarded(value) if isinstance(value, str) else value


def last_weights(run: Run) -> Path | None:
    """The weights file of the newest checkpoint; None before the first."""
    # Steps are written with 8 digits, so the greatest name is the newest. [0-9] at the end leaves
    # out unfinished folders, which end in ".part".
    return max(run.directory.file(CHECKPOINTS).glob("step-*[0-9]/weights.npz"), default=None)


def zipped(run: Run) -> bytes:
    """The run's directory without temporary files, in a folder with the run's id. Raises
    RunError."""
    packed = io.BytesIO()
    with disk.one_sentence(run.path), zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(run.path.rglob("*")):
            inside = path.relative_to(run.path)
            if path.is_file() and inside.parts[0] != TEMPORARY:
                archive.write(path, f"{run.id}/{inside}")
    return packed.getvalue()
