"""Curves of trainings done with other programs: CSV, Keras's CSVLogger, JSON histories and
TensorBoard's event files.

What a file does not say stays unknown (None); `notes` says what had to be guessed.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from resnet import bounded, files
from resnet.errors import DataError, ResNetLabError, UnknownNameError, echo
from resnet.imports import curve_tables, event_files
from resnet.imports.curve_tables import MOST_BYTES, MOST_CELLS, MOST_COLUMNS, CurveColumn
from resnet.network.config import ResNetConfig
from resnet.network.settings import Closed
from resnet.recipes.recipe import DecayCovers, Recipe, WeightDecayConfig
from resnet.why_loss.losses import Decay, KerasL2, LossItem, Observed

__all__ = [
    "IMPORTS",
    "CurveColumn",
    "Given",
    "ImportedCurve",
    "Imports",
    "kept",
    "read_curve",
    "read_import",
    "read_imports",
    "write_import",
]

IMPORTS = "imports"
"""The folder next to the runs that holds imported curves."""
SUFFIX = ".import.json"

RECIPE_FACTS = (*Recipe.model_fields, "dataset", "epochs", "decay_argument", "shuffle", "begins")


Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Given(Closed):
    """What a person states about a curve; None is unknown.

    `decay` is the number as typed, and `decay_meaning` what it does: "keras_l2" adds decay · Σw² to
    the loss, "l2" half of that, "decoupled" nothing. `penalty_in_loss`: whether the recorded loss
    includes it, as Keras prints it. `recipe` holds dotted keys of a recipe, and dataset, epochs,
    decay_argument (old Keras's `decay`), shuffle, begins.
    """

    path = "import"
    network: str | None = Field(default=None, max_length=200)
    config: ResNetConfig | None = None
    decay: float | None = Field(default=None, ge=0, lt=1)
    decay_meaning: Literal["l2", "keras_l2", "decoupled"] = "keras_l2"
    decay_covers: DecayCovers = "conv_kernels"
    penalty_in_loss: Literal["yes", "no"] | None = None
    seeds: tuple[Seed, ...] | None = None
    recipe: dict[str, Any] = Field(default_factory=dict)

    def check(self) -> None:
        for key in self.recipe:
            if key.partition(".")[0] not in RECIPE_FACTS:
                raise UnknownNameError("setting", key, RECIPE_FACTS)

    def decay_in_loss(self) -> Decay | None:
        """How the decay enters the recorded loss; None where that is unknown."""
        # λ = 0 says the same: the recorded loss is the data loss alone.
        if self.penalty_in_loss == "no":
            return KerasL2(0.0, self.decay_covers)
        if self.decay is None:
            return None
        if self.decay_meaning == "keras_l2":
            return KerasL2(self.decay, self.decay_covers)
        return WeightDecayConfig(
            value=self.decay, semantics=self.decay_meaning, covers=self.decay_covers
        )


class ImportedCurve(Closed):
    """A training with another program: what its file says, and what a person states about it."""

    path = "import"
    format_version: Literal[1] = 1
    name: str = Field(min_length=1, max_length=200)
    source: Literal["csv", "json", "tensorboard"]
    columns: tuple[CurveColumn, ...] = Field(min_length=1, max_length=MOST_COLUMNS)
    notes: tuple[str, ...] = ()
    given: Given = Given()

    def column(self, name: str) -> CurveColumn | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The facts that neither the file nor a person gives, in words."""
        facts = (
            ("network", self.given.config),
            ("λ", self.given.decay),
            ("seeds", self.given.seeds),
            ("penalty", self.given.penalty_in_loss),
        )
        missing = [fact for fact, value in facts if value is None]
        given = {key.partition(".")[0] for key in self.given.recipe}
        missing += [key for key in ("optimiser", "schedule", "batch_size") if key not in given]
        columns = [column.name for column in self.columns]
        losses = ("loss", "accuracy", "val_loss", "val_accuracy")
        missing += [name for name in losses if name not in columns]
        if any(column.along == "record" for column in self.columns):
            missing.append("epochs or steps")
        return tuple(missing)

    def as_loss_item(self) -> LossItem:
        """For `losses.explain`: the recorded loss, which includes the penalty unless a person says
        that it does not."""
        column, without_penalty = self.column("loss"), self.given.penalty_in_loss == "no"
        points = (
            [(x, y) for x, y in zip(column.x, column.y, strict=True) if y is not None]
            if column
            else []
        )
        along = column.along if column else "record"
        course = [
            Observed(x, along, y, y, 0.0) if without_penalty else Observed(x, along, y)
            for x, y in points
        ]
        return LossItem(
            self.name, "imported", self.given.config, self.given.decay_in_loss(), tuple(course)
        )


def read_curve(path: Path, given: Given | None = None) -> ImportedCurve:
    """The curve in a file; the format is found from its content, not from its name. Raises
    DataError, in one sentence, for a file without a curve."""
    if path.is_dir():
        raise DataError(
            f"Cannot read {echo(path.name or str(path))}: it is a folder; name a file in it."
        )
    notes: list[str] = []
    source: Literal["csv", "json", "tensorboard"] = "tensorboard"
    try:
        with path.open("rb") as file:
            start = file.read(event_files.HEADER_BYTES)
            # Content decides, not the name; the name only gives a better error for a damaged file.
            if not (events := event_files.is_event_file(start)):
                event_files.check_named(path, start)
            # utf-8-sig: programs on Windows begin a file with a byte order mark, which would become
            # a part of the first name.
            text = "" if events else (start + file.read(MOST_BYTES)).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"Cannot read {echo(path.name)}: {reason}; give a CSV, JSON or event file."
        ) from None
    if len(text) > MOST_BYTES:
        raise DataError(
            f"A curve's file may hold {MOST_BYTES:,} bytes; {echo(path.name)} holds more: keep"
            " fewer rows."
        )
    if events:
        # TensorBoard names a training by its folder; the file's name is a time and a host.
        name, columns = path.absolute().parent.name, curve_tables.from_events(path, notes)
    else:
        source = "json" if text.lstrip()[:1] in ("{", "[") else "csv"
        table = (
            curve_tables.from_json(path, text)
            if source == "json"
            else curve_tables.from_csv(path, text, notes)
        )
        name, columns = path.stem, curve_tables.columns_of(table, notes)
    if not (settled := tuple(curve_tables.settled(columns, notes))):
        raise DataError(
            f"{echo(path.name)} holds no column of numbers; give a file with a loss or an accuracy"
            " in it."
        )
    name = name[:200] or "curve"
    return ImportedCurve(
        name=name, source=source, columns=settled, notes=tuple(notes), given=given or Given()
    )


def write_import(folder: Path, curve: ImportedCurve) -> Path:
    """Store a curve in a folder, completely or not at all; the same curve twice is one file. Raises
    ExportError."""
    content = curve.model_dump_json(indent=1)
    # Of the content: the same curve gets the same name, and another one with this name does not
    # replace it.
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    path = folder / f"{curve_tables.lowered(curve.name)[:40] or 'curve'}-{digest}{SUFFIX}"
    with suppress(OSError):  # `files.write` says better why there is no folder
        folder.mkdir(parents=True, exist_ok=True)
    files.write(path, content)
    return path


class Imports(NamedTuple):
    """The curves in a folder by their file's name, and a sentence for each file that could not be
    read."""

    curves: dict[str, ImportedCurve]
    damaged: tuple[str, ...]

    def find(self, name: str) -> ImportedCurve | None:
        """The curve with this name, or in the file with this name; the first, where there are
        several."""
        return next(
            (curve for key, curve in self.curves.items() if name in (key, curve.name)), None
        )

    @property
    def names(self) -> list[str]:
        """All names that `find` accepts."""
        return list(dict.fromkeys([*[curve.name for curve in self.curves.values()], *self.curves]))


def read_imports(folder: Path) -> Imports:
    """Every curve stored in a folder; none where the folder does not exist."""
    curves, damaged = {}, []
    for path in kept(folder):
        try:
            curves[path.name] = read_import(path)
        except DataError as error:
            damaged.append(str(error))
    return Imports(curves, tuple(damaged))


def kept(folder: Path) -> list[Path]:
    """The files of a folder that hold one curve each, whole or damaged, by name; none where the
    folder does not exist."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def read_import(path: Path) -> ImportedCurve:
    """One stored curve. Raises DataError, in one sentence, where its file is damaged."""
    try:
        return ImportedCurve.model_validate(
            bounded.read_json(path.read_text("utf-8"), most_parts=4 * MOST_CELLS)
        )
    except (ResNetLabError, OSError, ValueError) as error:
        raise DataError(f"{echo(path.name)} cannot be used as an imported curve: {error}") from None
