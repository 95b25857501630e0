"""Reads a study's zip, or the folder it was unpacked to. No file is used before its checksum has
been compared."""

import hashlib
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from resnet.errors import ConfigError, echo
from resnet.runs import Run
from resnet.runs.run import by_coming, runs_in
from resnet.studies.plan import study_files
from resnet.studies.plan.study import Study

RUNS = "runs"
SUMS = "SHA256SUMS"
STUDY = "study.yaml"
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
# The most files of a zip, and the most bytes when unpacked (2 GiB).
MOST_FILES = 20_000
MOST_BYTES = 1 << 31
# Everything that zipfile raises for a damaged, encrypted or unknown kind of zip.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class Bundle(NamedTuple):
    """A study and its runs, in a folder without locks and processes: every run is over."""

    study: Study
    runs: list[Run]


def read_bundle(path: Path, into: Path | None = None) -> Bundle:
    """The study and runs of an unpacked folder, or of a zip, which is unpacked to the new folder
    `into`.

    A zip is unpacked completely or not at all. Raises ConfigError, in one sentence, for a name
    that leads out of the folder, a checksum that does not agree, a missing file, or a file that is
    not a study's zip.
    """
    if path.is_dir():
        _check_sums(path)
        return _read(path)
    if into is None:
        raise ConfigError(f"A zip must be unpacked first; give a new folder for {echo(path.name)}.")
    # Unpacked beside its place and renamed at the end. A rename within one file system is one step,
    # so a half-unpacked study is never seen.
    with _draft(path, into) as draft:
        _unpack(path, draft)
        if not (draft / SUMS).is_file():
            raise ConfigError(
                f"A study's zip holds {SUMS}; {echo(path.name)} does not: export the study again."
            )
        _check_sums(draft)
        _read(draft)
    return _read(into)


def _read(folder: Path) -> Bundle:
    return Bundle(study_files.read(folder / STUDY), by_coming(runs_in(folder / RUNS)))


@contextmanager
def _draft(path: Path, into: Path) -> Iterator[Path]:
    """A folder next to `into`: renamed to it if the block succeeds, else removed."""
    if into.exists() and not (into.is_dir() and not any(into.iterdir())):
        raise ConfigError(
            f"A zip is unpacked to a new folder; {echo(into.name)} is not empty: give another one."
        )
    try:
        draft = Path(tempfile.mkdtemp(prefix=".unpacked-", dir=into.parent))
        try:
            yield draft
            # mkdtemp makes a folder for one user only.
            draft.chmod(0o755)
            draft.replace(into)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise ConfigError(
            f"{echo(path.name)} cannot be unpacked: {error.strerror or error}."
        ) from None


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(entries)
            for entry in entries:
                target = folder / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as packed, target.open("wb") as file:
                    shutil.copyfileobj(packed, file)  # in pieces: one file may have 2 GB
    except BROKEN as error:
        raise ConfigError(
            f"{echo(path.name)} cannot be read as a zip: {echo(str(error))}."
        ) from None


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Raise ConfigError for a zip that would write elsewhere, twice, or without end."""
    names = [entry.filename for entry in entries]
    if (odd := next((name for name in names if not _inside(name)), None)) is not None:
        raise ConfigError(
            f"Every file of a zip must stay in its folder; received {echo(odd)}: do not trust this"
            " zip."
        )
    if odd := next(
        (entry.filename for entry in entries if stat.S_ISLNK(entry.external_attr >> 16)), None
    ):
        raise ConfigError(
            f"A study's zip must not hold links; received {echo(odd)}: do not trust this zip."
        )
    # Some file systems ignore case: there "A" and "a" would overwrite each other.
    if len({name.casefold() for name in names}) < len(names):
        raise ConfigError("File names in a zip must differ; this one holds a name twice.")
    # Against "zip bombs": a small zip that would fill the disk.
    if len(names) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise ConfigError(
            f"A study's zip has at most {MOST_FILES:,} files and 2 GB unpacked; this one has more."
        )


def _inside(name: str) -> bool:
    """Whether a name stays inside the folder it is joined to, on every system."""
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and not name.startswith("/")
        and ".." not in parts
        # Windows reads "\" as a separator and "C:" as a drive. A null character ends a name in C.
        and not set(name) & set("\\:\0")
    )


def _check_sums(folder: Path) -> None:
    """Raise ConfigError for the first changed file; a folder without checksums is accepted."""
    sums = folder / SUMS
    if not sums.exists():
        return
    known = set()
    for line in sums.read_text(encoding="utf-8", errors="replace").splitlines():
        match = LINE.fullmatch(line)
        if match is None or not _inside(match[2]):
            raise ConfigError(
                f"A line of {SUMS} must be a checksum and a name; received {echo(line)}."
            )
        file = folder / match[2]
        if not file.is_file():
            raise ConfigError(f"{SUMS} lists {match[2]}, which is missing: unpack the zip again.")
        if hashlib.sha256(file.read_bytes()).hexdigest() != match[1]:
            raise ConfigError(
                f"{match[2]} has been changed: its checksum differs; unpack the zip again."
            )
        known.add(match[2])
    _check_complete(folder, known)


def _check_complete(folder: Path, known: Collection[str]) -> None:
    """Raise ConfigError for a file of a run without a checksum."""
    # Only the runs are results. Other files may be added beside the study.
    for root, _, names in os.walk(folder / RUNS):
        for name in names:
            file = (Path(root) / name).relative_to(folder).as_posix()
            if file not in known:
                raise ConfigError(
                    f"{file} is not in {SUMS}, so it cannot be checked: unpack the zip again."
                )
