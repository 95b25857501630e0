"""A study in one zip: all it takes to read it, to check it and to do it again. The same study gives
the same bytes.

README.md  study.yaml  study.json  commands.sh  results.csv  results.md  results.tex  report.html
figures/…  runs/<run id>/{spec,environment,exit}.json, metrics.jsonl  SHA256SUMS
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from resnet import data, files
from resnet.results.tables import TableFormat
from resnet.runs import Run
from resnet.runs.directory import ENVIRONMENT, EXIT, METRICS, SPEC
from resnet.runs.disk import one_sentence
from resnet.studies.export import bundle_readme
from resnet.studies.export.report import report
from resnet.studies.export.study_figure import FigureFormat, drawable, study_figure
from resnet.studies.export.unpacked import RUNS, SUMS, Bundle, read_bundle
from resnet.studies.outcome import Outcome, exported
from resnet.studies.plan.study import Study, unfitted
from resnet.studies.plan.study_files import to_text
from resnet.studies.planning import Step

__all__ = ["Bundle", "contents", "packed", "read_bundle", "write_bundle"]

TABLES: Mapping[str, TableFormat] = {
    "results.csv": "csv",
    "results.md": "markdown",
    "results.tex": "latex",
}
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first date a zip can hold: when it was written is no part of a study."""

# A zip keeps Unix permissions in the upper 16 bits of external_attr. 0o100000 means "a regular
# file".
ORDINARY_FILE = 0o100644 << 16
RUNNABLE_FILE = 0o100755 << 16
MADE_BY_UNIX = 3


def write_bundle(outcome: Outcome, path: Path) -> None:
    """The study as a zip, whole or not at all. Runs that are not over are left out, and the README
    says so.

    Raises ExportError where the disk refuses, RunError where a run cannot be read.
    """
    files.write(path, packed(outcome))


def packed(outcome: Outcome) -> bytes:
    """The zip's bytes. Raises RunError where a run cannot be read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents(outcome).items():
            # Date, system and permissions would otherwise depend on the machine, and the bytes
            # would differ.
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, MADE_BY_UNIX
            entry.external_attr = RUNNABLE_FILE if name.endswith(".sh") else ORDINARY_FILE
            archive.writestr(entry, content)
    return buffer.getvalue()


def contents(outcome: Outcome) -> dict[str, bytes]:
    """What the zip holds, by path, in order; the checksums are last. Raises RunError where a run
    cannot be read."""
    study = portable(outcome.study)
    found: dict[str, bytes] = {}
    for step in outcome.steps:
        if step.run and kept(step):
            found |= {
                f"{RUNS}/{step.run.id}/{name}": content
                for name, content in _run(step.run, study).items()
            }
    texts = {
        "study.yaml": to_text(study, "yaml"),
        "study.json": to_text(study, "json"),
        "commands.sh": bundle_readme.commands(outcome),
        "report.html": report(outcome),
        **{name: exported(outcome, form) for name, form in TABLES.items()},
    }
    found |= {name: text.encode() for name, text in texts.items()} | _figures(outcome)
    # After the other files, because it lists them. SHA256SUMS does not exist yet, but is in the
    # list too.
    found["README.md"] = bundle_readme.readme(outcome, sorted([*found, SUMS])).encode()
    in_order = dict(sorted(found.items()))
    # Last, because it covers every other file.
    return in_order | {SUMS: checksums(in_order).encode()}


def checksums(found: Mapping[str, bytes]) -> str:
    """Lines as `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in found.items()
    )


def kept(step: Step) -> bool:
    """Whether a run goes into the zip: it is over, and said how it ended."""
    return bool(step.run and step.state and step.state.over and (step.run.path / EXIT).exists())


def portable(study: Study) -> Study:
    """Without the data folder of this machine, unless it decides which images are meant."""
    # An absolute path means nothing on another machine, and says something about its owner. A
    # relative folder, or one with a person's own images, has to stay.
    own = any(one.dataset.startswith(data.FOLDER_PREFIX) for one in unfitted(study))
    if own or not Path(study.baseline.data_folder).is_absolute():
        return study
    baseline = study.baseline.model_copy(update={"data_folder": data.DEFAULT_FOLDER})
    return study.model_copy(update={"baseline": baseline})


def _run(run: Run, study: Study) -> dict[str, bytes]:
    """The files of a run that say what it was and what it found: its curve to the byte, and nothing
    of this machine's folders."""
    found: dict[str, bytes] = {}
    if spec := run.spec:
        found[SPEC] = _json(
            spec.model_dump(mode="json") | {"data_folder": study.baseline.data_folder}
        )
    # boot_id names one start of this machine. It is needed to find crashed runs, not to repeat one.
    if environment := run.environment():
        found[ENVIRONMENT] = _json(
            {key: value for key, value in environment.items() if key != "boot_id"}
        )
    there = (
        [METRICS] if run.metrics_path.exists() else []
    )  # one that was taken back before it began has none
    for name in (*there, EXIT):
        with one_sentence(run.path / name):
            found[name] = (run.path / name).read_bytes()
    return found


def _json(facts: Mapping[str, object]) -> bytes:
    return json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n"


def _figures(outcome: Outcome) -> dict[str, bytes]:
    """The error of all arms at column width; nothing before the first evaluation."""
    if not drawable(outcome):
        return {}
    forms: tuple[FigureFormat, ...] = get_args(FigureFormat)
    return {f"figures/error.{form}": study_figure(outcome, form) for form in forms}
