"""What a study has found, from a terminal; and the promise of the zip, kept by a real training."""

import csv
import io
import json
import shlex
import zipfile
from pathlib import Path

import pytest

from resnet.errors import RunError
from resnet.runs import Store
from resnet.runs.directory import METRICS
from resnet.studies.export.unpacked import read_bundle
from resnet.studies.plan.factors import Baseline, Factor, Listed
from resnet.studies.plan.study import Study
from resnet.studies.plan.study_files import write
from resnet.tables.text_table import in_markdown
from tests.cli_support import Shell, started
from tests.outcome_support import finish, grid, two_changed
from tests.training_support import recipe_of

SHORT = {"evaluate_every": 10, "checkpoint_every": 10, "log_every": 5}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study's file beside a folder with all of its runs."""
    made = grid(seeds=(0, 1, 2))
    finish(made, tmp_path / "runs")
    write(made, tmp_path / "study.yaml")
    return tmp_path / "study.yaml"


def test_the_table_in_each_of_its_formats(shell: Shell, study: Path) -> None:
    """Catches a format that prints another, and a table for programs without its paper columns."""
    text = shell("study", "table", study)
    assert text.status == 0
    assert "Residual helps by 4.0 ± 0.6 points at depth 56 (resnet56)." in text.out
    assert text.out.splitlines()[0].split()[0] == "Arm"
    rows = list(
        csv.DictReader(
            io.StringIO(shell("study", "table", study, "--format", "csv").out, newline="")
        )
    )
    assert len(rows) == 4
    assert {"paper_verdict", "banner", "sentence"} <= rows[0].keys()
    assert shell("study", "table", study, "--format", "markdown").out.startswith(
        "| Arm | Test error, % |"
    )
    assert r"\begin{tabular}" in shell("study", "table", study, "--format", "latex").out


def test_a_files_ending_says_the_format(shell: Shell, study: Path, tmp_path: Path) -> None:
    for name, begin in (
        ("t.csv", "arm,"),
        ("t.md", "| Arm"),
        ("t.tex", "% Needs"),
        ("t.txt", "Arm "),
    ):
        assert shell("study", "table", study, "-o", name).status == 0
        assert (tmp_path / name).read_text().startswith(begin)
    refused = shell("study", "table", study, "-o", "t.xlsx")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert ".txt, .csv, .md, .tex; received 't.xlsx'" in refused.err


def test_another_measure_is_compared(shell: Shell, study: Path) -> None:
    done = shell("study", "table", study, "--measure", "best_validation_error")
    assert "points of best validation error at depth 56" in done.out


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--about", "data_loss", "--along", "epoch", "--spread", "lines"],
        ["--along", "hour", "--spread", "range", "--width", "page"],
    ],
)
def test_the_figure(options: list[str], shell: Shell, study: Path, tmp_path: Path) -> None:
    """Catches an option that matplotlib meets first."""
    for name, begin in (("f.svg", b"<?xml"), ("f.pdf", b"%PDF")):
        done = shell("study", "figure", study, "-o", name, *options)
        assert done.status == 0, done.err
        assert (tmp_path / name).read_bytes().startswith(begin)


def test_what_cannot_be_drawn_is_one_line(shell: Shell, tmp_path: Path) -> None:
    """Catches a traceback before the first evaluation."""
    write(grid(), tmp_path / "study.yaml")
    done = shell("study", "figure", "study.yaml", "-o", "f.svg")
    assert (done.status, done.err) == (
        2,
        (
            "A figure needs at least one evaluation; none of this study's runs has one yet: run it"
            " first.\n"
        ),
    )
    assert not (tmp_path / "f.svg").exists()
    assert shell("study", "figure", "study.yaml", "-o", "f.png").err.startswith(
        "The file's ending sets the format"
    )
    assert shell("study", "table", "study.yaml").status == 0


def test_the_zip_is_read_like_a_study(shell: Shell, study: Path, tmp_path: Path) -> None:
    """Catches a zip whose table is not that of the study, unpacked or not."""
    here = shell("study", "table", study).out
    done = shell("study", "export", study, "-o", "study.zip")
    assert done.out.startswith("study.zip: 12 of 12 runs are finished")
    (tmp_path / "runs").rename(tmp_path / "moved")
    assert shell("study", "table", "study.zip").out == here
    with zipfile.ZipFile(tmp_path / "study.zip") as archive:
        archive.extractall(tmp_path / "study")
    assert shell("study", "table", "study").out == here
    assert shell("study", "report", "study", "-o", "r.html").status == 0
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")


def test_a_zip_that_was_changed_is_one_line(shell: Shell, study: Path, tmp_path: Path) -> None:
    shell("study", "export", study, "-o", "study.zip")
    read_bundle(tmp_path / "study.zip", tmp_path / "study")
    (tmp_path / "study" / "results.csv").write_text("better\n")
    done = shell("study", "table", "study")
    assert (done.status, done.err) == (
        2,
        "results.csv has been changed: its checksum differs; unpack the zip again.\n",
    )


def test_every_single_command_makes_the_run_it_stands_for(
    shell: Shell, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a line of commands.sh that trains something else."""
    shell("study", "export", study, "-o", "study.zip")
    bundle = read_bundle(tmp_path / "study.zip", tmp_path / "study")
    lines = [
        line.removeprefix("#   ")
        for line in (tmp_path / "study" / "commands.sh").read_text().splitlines()
    ]
    specs = started(monkeypatch)
    for line in lines:
        if line.startswith("python -m resnet train"):
            shell(*shlex.split(line)[3:])
    wanted = {run.spec.model_dump_json(exclude={"network"}) for run in bundle.runs if run.spec}
    assert {spec.model_dump_json(exclude={"network"}) for spec in specs} == wanted
    assert len(specs) == 12


def test_a_repeat_elsewhere_is_announced_before_it_starts(
    shell: Shell, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a sentence that comes after the training, or does not reach the terminal."""
    shell("study", "export", study, "-o", "study.zip")
    monkeypatch.setattr(
        Store, "start", lambda *_: (_ for _ in ()).throw(RunError("It would begin now."))
    )
    done = shell("study", "repeat", "study.zip", "--arm", "plain20", "--device", "cpu")
    assert done.err == "It would begin now.\n"
    assert done.out.startswith("The numbers may differ without an error: ")
    assert "device_name A processor there, " in done.out
    assert done.out.count("\n") == 1


def test_an_arm_called_like_a_formula(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a study's CSV that runs commands where it is opened, and a name from it that `repeat`
    does not know."""
    listed = (Listed(), Listed(name="=1+1", settings={"network.shortcut": "none"}))
    made = grid(seeds=(0,), design="list", factors=(Factor(key="network.shortcut"),), listed=listed)
    finish(made, tmp_path / "runs")
    write(made, tmp_path / "study.yaml")
    shell("study", "export", "study.yaml", "-o", "study.zip")
    text = shell("study", "table", "study.zip", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[1]["arm"] == "'=1+1"
    assert [row["difference_against"] for row in rows] == ["", rows[0]["arm"]]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]
    monkeypatch.setattr(
        Store, "start", lambda *_: (_ for _ in ()).throw(RunError("It would begin now."))
    )
    for name in ("=1+1", rows[1]["arm"]):
        assert shell("study", "repeat", "study.zip", "--arm", name).err == "It would begin now.\n"


@pytest.mark.training
def test_a_fresh_checkout_repeats_an_arm_to_the_last_bit(shell: Shell, tmp_path: Path) -> None:
    """The promise of the zip. Catches a spec that is not all that is needed to do a run again."""
    base = Baseline(network="resnet8", recipe=recipe_of(20, SHORT), dataset="digits")
    made = Study(
        name="tiny",
        baseline=base,
        factors=(Factor(key="network.shortcut", levels=("none",)),),
        seeds=(3,),
    )
    write(made, tmp_path / "study.yaml")
    assert shell("study", "run", "study.yaml").status == 0
    assert shell("study", "export", "study.yaml", "-o", "study.zip").status == 0
    arm = next(
        line
        for line in shell("study", "table", "study.yaml", "--format", "csv").out.splitlines()[1:]
    )
    name = next(iter(csv.reader([arm])))[0]
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    done = shell("study", "repeat", "study.zip", "--arm", name, "--seed", 3)
    assert done.status == 0, done.err
    assert "Equal bit for bit: all numbers of 7 records, except times and speeds." in done.out
    assert len(Store(tmp_path / "runs").list()) == 1
    bundle = read_bundle(tmp_path / "study.zip", tmp_path / "study")
    run = next(
        run for run in bundle.runs if run.spec and run.spec.config.shortcut == "padded_identity"
    )
    lines = (run.path / METRICS).read_text().splitlines()
    first = json.loads(lines[1])
    lines[1] = json.dumps(first | {"data_loss": first["data_loss"] + 1e-9})
    (run.path / METRICS).write_text("\n".join([*lines, ""]))
    (tmp_path / "study" / "SHA256SUMS").unlink()
    done = shell("study", "repeat", "study", "--arm", name, "--seed", 3)
    assert done.status == 2
    assert done.err.startswith("Not equal: train at step 5, data_loss is ")


def test_what_spoils_a_comparison_stands_above_the_table(shell: Shell, tmp_path: Path) -> None:
    """Catches a doubt that is read after the numbers, or twice."""
    study = two_changed()
    finish(study, tmp_path / "runs")
    write(study, tmp_path / "study.yaml")
    doubt = "2 factors differ between res and plain: network.shortcut and recipe.batch_size."
    text = shell("study", "table", "study.yaml").out
    assert text.startswith(f"{doubt}\n\nArm ")
    markdown = shell("study", "table", "study.yaml", "--format", "markdown").out
    assert markdown.startswith(f"**{in_markdown(doubt)}**\n\n| Arm | ")
    assert shell("study", "table", "study.yaml", "-o", "t.md").status == 0
    assert (tmp_path / "t.md").read_text() == markdown
    assert text.count("factors differ") == markdown.count("factors differ") == 1
    assert doubt in shell("study", "table", "study.yaml", "--format", "csv").out
    assert "2 factors differ" in shell("study", "table", "study.yaml", "--format", "latex").out
