"""The data of runs and imported curves, kept between reruns and shared by all visitors.

A curve of 64,000 points is read once. Kept are its points as arrays, and a copy with few points for
everything else.
"""

import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.runs.cache import Journal
from app.side_by_side.arms import Arm
from resnet.curves import Curve, reduced
from resnet.errors import DataError, ResNetLabError
from resnet.imports import event_files
from resnet.imports.imported import CurveColumn, ImportedCurve, kept, read_curve, read_import
from resnet.results.arms import ArmRuns, Ending, SeedRun, ending
from resnet.runs.journal import Line
from resnet.runs.run import Run
from resnet.studies.curves import arm_points
from resnet.studies.curves.arm_points import ArmPoints, Series

LONGEST_STEM, UPLOAD_S = 50, 900.0
"""The most characters of an uploaded file's name (each up to four bytes in a file system), and how
long its content is kept."""
ONE_AT_A_TIME = threading.Lock()
LIGHT_POINTS = 400
"""The most points of a column, for code that needs only its ends and extremes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An imported curve. `curve` has at most LIGHT_POINTS points per column; `points` has all of
    them, for the chart.

    `total` is the recorded loss, with or without a penalty.
    """

    key: str
    curve: ImportedCurve
    points: ArmPoints
    total: Series | None


def imported(folder: Path) -> tuple[dict[str, Kept], tuple[str, ...]]:
    """Every curve in a folder, by file name, and a sentence for each file that cannot be used."""
    curves, damaged = {}, []
    for path in kept(folder):
        try:
            stat = path.stat()
            # Inode, size and time: a file that was written again has another key, so an old curve
            # is never shown for a new file.
            read = _kept(str(path), (stat.st_ino, stat.st_size, stat.st_mtime_ns))
        except OSError:  # removed meanwhile
            continue
        if isinstance(read, str):
            damaged.append(read)
        else:
            curves[path.name] = read
    return curves, tuple(damaged)


@st.cache_resource(max_entries=512, show_spinner=False)
def _kept(path: str, signature: tuple[int, int, int]) -> Kept | str:
    """The curve in a file, or why it cannot be used."""
    try:
        curve = read_import(Path(path))
    except DataError as error:
        return str(error)
    points = arm_points.of_import(curve)
    loss = curve.column("loss")
    total = Series(np.array(loss.y, float), {loss.along: np.array(loss.x, float)}) if loss else None
    light = curve.model_copy(
        update={"columns": tuple([_light(column) for column in curve.columns])}
    )
    return Kept(Path(path).name, light, points, total)


def _light(column: CurveColumn) -> CurveColumn:
    if len(column.x) <= LIGHT_POINTS:
        return column
    # Rows without a value would end up as ends or extremes of a stretch.
    known = [(x, y) for x, y in zip(column.x, column.y, strict=True) if y is not None]
    line = reduced(Curve([x for x, _ in known], [y for _, y in known]), LIGHT_POINTS)
    return column.model_copy(update={"x": tuple(line.x), "y": tuple(line.y)})


@st.cache_resource(max_entries=256, show_spinner=False)
def _journal(run_id: str) -> Journal:
    """The records of a run, kept because a page with many runs reads all of them at each rerun."""
    return Journal()


def records(run: Run) -> list[Line]:
    """The current records of a run. Only new ones are read. Raises RunError if they cannot be
    read."""
    return _journal(str(run.path)).catch_up(run)


def points(arm: Arm) -> ArmPoints:
    """The points of an arm's runs. Raises RunError if one cannot be read."""
    # The records are read outside the cache, so their number is known before the lookup. A run that
    # goes on has more of them each time, and so another key.
    read = tuple([(str(run.path), len(records(run)), ending(run.state().name)) for run in arm.runs])
    return _points(arm.name, read, arm)


@st.cache_resource(max_entries=256, show_spinner=False)
def _points(name: str, read: tuple[tuple[str, int, Ending], ...], _arm: Arm) -> ArmPoints:
    """`read` holds, for each run, the number of records and how it ended. If it is equal, the
    points are equal."""
    # Streamlit does not hash an argument whose name begins with "_". So the arm is not part of the
    # key; `read` is.
    seeds = [
        SeedRun(spec.recipe.seed, records(run), ended)
        for run, spec, (_, _, ended) in zip(_arm.runs, _arm.specs, read, strict=True)
    ]
    return arm_points.points_of(ArmRuns(name, seeds, shortcut=_arm.spec.config.shortcut))


def is_events(upload: UploadedFile) -> bool:
    """Whether an uploaded file is a TensorBoard event file."""
    return event_files.is_event_file(upload.getvalue()[: event_files.HEADER_BYTES])


@st.cache_resource(max_entries=16, ttl=UPLOAD_S, show_spinner=False)
def uploaded(file_id: str, name: str, part: str, _upload: UploadedFile) -> ImportedCurve | str:
    """The curve in an uploaded file, or why it contains none. TensorBoard separates training and
    validation by folder, so `part` names the folder.

    Files are read one at a time, because reading needs many times the memory of the file. The
    result needs much memory too, so it is kept only as long as a person needs to fill in the form.
    """
    with ONE_AT_A_TIME:
        return _read(name, part, _upload)


def _read(name: str, part: str, upload: UploadedFile) -> ImportedCurve | str:
    with tempfile.TemporaryDirectory(prefix="resnet-import-") as folder:
        path = Path(folder) / part / _file_name(name)
        try:
            path.parent.mkdir()
            path.write_bytes(upload.getvalue())
            return read_curve(path)
        except ResNetLabError as error:
            return str(error)
        except OSError as error:
            return f"The uploaded file could not be stored for reading: {error.strerror or error}."


def _file_name(name: str) -> str:
    """A name that every file system accepts. It keeps the ending, which gives the file type."""
    clean = Path(name.replace("\0", "")).name
    # "." and ".." are folders on every system.
    if not clean.strip("."):
        return "curve"
    return f"{clean[:LONGEST_STEM]}{Path(clean[LONGEST_STEM:]).suffix[:12]}"
