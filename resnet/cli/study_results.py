"""study table|figure|report|export|repeat: the results of a study, to print, publish, share and
repeat."""

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
        metavar="FILE", help="A study: .yaml, .yml or .json; or its zip, or the unpacked folder."
    ),
]
TableOutput = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="The file to write; by default it is printed."
    ),
]
Format = Annotated[
    TableFormat | None, typer.Option("--format", help="By default that of the file's ending.")
]
Compared = Annotated[
    ErrorMeasure | None, typer.Option("--measure", help="The measure of the differences.")
]
AboutWhat = Annotated[About, typer.Option("--about", help="The quantity to draw.")]
AlongWhat = Annotated[
    Literal["step", "epoch", "hour"], typer.Option("--along", help="The horizontal axis.")
]
SpreadOf = Annotated[
    Spread,
    typer.Option("--spread", help="The band: standard deviation or error, range, or every run."),
]
Width = Annotated[
    FigureWidth, typer.Option("--width", help="The width of a paper's column, or of its page.")
]
Archive = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="A study's zip, or the unpacked folder.")
]
ArmName = Annotated[
    str, typer.Option("--arm", metavar="NAME", help="An arm, by its name in the table.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="One of the study's seeds.")]
OnDevice = Annotated[
    str | None, typer.Option("--device", help="cpu, gpu0, …; by default that of the run.")
]

FORMATS: dict[str, TableFormat] = {"txt": "text", "csv": "csv", "md": "markdown", "tex": "latex"}


def add_to(study_app: typer.Typer) -> None:
    """Add these commands to `study`."""
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
    """Print the results of each arm: mean ± sd, difference and interval, comparison with the paper,
    and a sentence."""
    # --format wins over the ending, so a table can be written as text to any file.
    chosen = form or (FORMATS[format_of(output, tuple(FORMATS))] if output else "text")
    with _outcome(file, runs, measure) as results:
        text = exported(results, chosen)
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
    """Draw the curves of all arms with bands over seeds, for a paper: .svg or .pdf."""
    forms: tuple[FigureFormat, ...] = get_args(FigureFormat)
    # format_of returns a str. The index gives the same word with the type FigureFormat.
    form = forms[forms.index(format_of(output, forms))]
    with _outcome(file, runs) as results:
        files.write(
            output,
            study_figure(results, form, width, Options(about=about, along=along, spread=spread)),
        )


def write_report(file: File, output: Output, runs: Runs = DEFAULT_ROOT) -> None:
    """Write a report as one page that needs no internet connection: .html."""
    # Only the check: a wrong ending is an error before the runs are read.
    format_of(output, ("html",))
    with _outcome(file, runs) as results:
        files.write(output, report(results))


def export(file: File, output: Output, runs: Runs = DEFAULT_ROOT) -> None:
    """Write one .zip with everything to repeat the study: specs, commands, environment, records,
    checksums, tables and figures."""
    format_of(output, ("zip",))
    with _outcome(file, runs) as results:
        write_bundle(results, output)
        print(
            f"{output}: {results.finished} of {len(results.steps)} runs are finished; see README.md"
            " inside for the next steps."
        )


def repeat(  # noqa: PLR0917  each is an option
    bundle: Archive,
    arm: ArmName,
    seed: Seed = 0,
    runs: Runs = DEFAULT_ROOT,
    data_folder: DataFolder = Path(data.DEFAULT_FOLDER),
    device: OnDevice = None,
) -> None:
    """Train one run of a study again and check whether its numbers are the same, bit for bit."""
    with _unpacked(bundle) as unpacked:
        step = again.find(unpacked, arm, seed)
        assert step.run  # `find` guarantees it
        store, spec = Store(runs), again.spec_again(step, data_folder, device)
        # Before the training, so that a person can stop it.
        if warning := again.warning(step.run, spec.device):
            print(warning, flush=True)
        run = store.start(spec)
        print(f"{run.id}   {run.path}", flush=True)
        follow(store, run)
        if run.state().name != "finished":
            raise RunError(
                f"A comparison needs a finished run; {run.id} was stopped; continue it with"
                f" `runs resume {run.id}`."
            )
        result = again.compare_runs(step.run, run)
    # An error, so that scripts see a run that is not repeatable by its exit code.
    if not result.equal:
        raise RunError(result.sentence)
    print(result.sentence)


@contextmanager
def _outcome(file: Path, runs: Path, measure: ErrorMeasure | None = None) -> Iterator[Outcome]:
    """The results of a study's file with the runs of this machine, or of a zip with its own
    runs."""
    if file.is_dir() or file.suffix.lower() == ".zip":
        with _unpacked(file) as unpacked:
            # Inside the block: the zip's files are removed at its end.
            yield outcome(unpacked.study, unpacked.runs, measure)
    else:
        yield outcome(read(file), Store(runs).list(), measure)


@contextmanager
def _unpacked(path: Path) -> Iterator[Bundle]:
    """The content of a zip, unpacked to a temporary folder during the block."""
    with tempfile.TemporaryDirectory(prefix="resnet-study-") as folder:
        yield read_bundle(path, Path(folder) / "study")
