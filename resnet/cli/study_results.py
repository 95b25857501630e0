"""study table|figure|report|export|repeat: what a study has found, to print, to publish, to give
away, to do again."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from resnet import data, files
from resnet.cli.following import follow
from resnet.cli.options import DataFolder, Output, Runs, format_of
from resnet.errors import RunError
from resnet.results.arms import ErrorMeasure
from resnet.results.tables import TableFormat
from resnet.runs import Store
from resnet.runs.store import DEFAULT_ROOT
from resnet.studies.curves.arm_curves import About, Options, Spread
from resnet.studies.export import repeat as again
from resnet.studies.export.bundle import Bundle, read_bundle, write_bundle
from resnet.studies.export.report import report
from resnet.studies.export.study_figure import FigureFormat, FigureWidth, study_figure
from resnet.studies.outcome import Outcome, exported, outcome
from resnet.studies.plan.study_files import read

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="A study: .yaml, .yml or .json; or its zip, unpacked or not."
    ),
]
TableOutput = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to, else printed.")
]
Format = Annotated[
    TableFormat | None, typer.Option("--format", help="By default what the file's ending says.")
]
Compared = Annotated[
    ErrorMeasure | None, typer.Option("--measure", help="What differences are about.")
]
AboutWhat = Annotated[About, typer.Option("--about", help="What is drawn.")]
AlongWhat = Annotated[
    Literal["step", "epoch", "hour"], typer.Option("--along", help="Against what.")
]
SpreadOf = Annotated[
    Spread, typer.Option("--spread", help="Standard deviation or error, range, or every run.")
]
Width = Annotated[
    FigureWidth, typer.Option("--width", help="That of a paper's column, or of its page.")
]
Archive = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="A study's zip, or the folder it was unpacked to.")
]
ArmName = Annotated[
    str, typer.Option("--arm", metavar="NAME", help="Which arm, as the table names it.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Which of the study's seeds.")]
OnDevice = Annotated[
    str | None, typer.Option("--device", help="cpu, gpu0, …; the run's own unless told otherwise.")
]

FORMATS: dict[str, TableFormat] = {"txt": "text", "csv": "csv", "md": "markdown", "tex": "latex"}


def add_to(study_app: typer.Typer) -> None:
    """Put these commands beside the other ones of `study`."""
    study_app.command("table")(table)
    study_app.command("figure")(figure)
    study_app.command("report")(write_report)
    study_app.command("export")(export)
    study_app.command("repeat")(repeat)


def table(
    file: File,
    runs: Runs = DEFAULT_ROOT,
    form: Format = None,
    output: TableOutput = None,
    measure: Compared = None,
) -> None:
    """Mean ± sd of each arm, its difference and interval, how it stands against the paper, and a
    sentence each."""
    chosen = form or (FORMATS[format_of(output, tuple(FORMATS))] if output else "text")
    with _outcome(file, runs, measure) as found:
        text = exported(found, chosen)
    if output:
        files.write(output, text)
    else:
        print(text, end="")


def figure(  # noqa: PLR0917  each is an option
    file: File,
    output: Output,
    runs: Runs = DEFAULT_ROOT,
    about: AboutWhat = "error",
    along: AlongWhat = "step",
    spread: SpreadOf = "sd",
    width: Width = "column",
) -> None:
    """The curves of all arms with their bands over seeds, for a paper: .svg or .pdf."""
    forms: tuple[FigureFormat, ...] = get_args(FigureFormat)
    form = forms[forms.index(format_of(output, forms))]
    with _outcome(file, runs) as found:
        files.write(
            output,
            study_figure(found, form, width, Options(about=about, along=along, spread=spread)),
        )


def write_report(file: File, output: Output, runs: Runs = DEFAULT_ROOT) -> None:
    """One page to read, print and keep, which needs no network: .html."""
    format_of(output, ("html",))
    with _outcome(file, runs) as found:
        files.write(output, report(found))


def export(file: File, output: Output, runs: Runs = DEFAULT_ROOT) -> None:
    """One .zip that repeats the study: specs, commands, environment, records, checksums, tables and
    figures."""
    format_of(output, ("zip",))
    with _outcome(file, runs) as found:
        write_bundle(found, output)
        print(
            f"{output}: {found.finished} of {len(found.steps)} runs are finished; README.md inside"
            " says how to go on."
        )


def repeat(  # noqa: PLR0917  each is an option
    bundle: Archive,
    arm: ArmName,
    seed: Seed = 0,
    runs: Runs = DEFAULT_ROOT,
    data_folder: DataFolder = Path(data.DEFAULT_FOLDER),
    device: OnDevice = None,
) -> None:
    """Train one run of a study anew and say whether its numbers are the same, bit for bit."""
    with _unpacked(bundle) as found:
        step = again.find(found, arm, seed)
        assert step.run  # `find` sees to it
        store, spec = Store(runs), again.spec_again(step, data_folder, device)
        if warning := again.warning(step.run, spec.device):
            print(warning, flush=True)
        run = store.start(spec)
        print(f"{run.id}   {run.path}", flush=True)
        follow(store, run)
        if run.state().name != "finished":
            raise RunError(
                f"Run {run.id} was stopped, so nothing can be compared; `runs resume {run.id}`"
                " goes on."
            )
        result = again.compare_runs(step.run, run)
    if not result.equal:
        raise RunError(result.sentence)
    print(result.sentence)


@contextmanager
def _outcome(file: Path, runs: Path, measure: ErrorMeasure | None = None) -> Iterator[Outcome]:
    """Of a study's file with the runs of this machine, or of a zip with its own."""
    if file.is_dir() or file.suffix.lower() == ".zip":
        with _unpacked(file) as found:
            yield outcome(found.study, found.runs, measure)
    else:
        yield outcome(read(file), Store(runs).list(), measure)


@contextmanager
def _unpacked(path: Path) -> Iterator[Bundle]:
    """A zip is unpacked for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="resnet-study-") as folder:
        yield read_bundle(path, Path(folder) / "study")
