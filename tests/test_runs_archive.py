"""What is taken away must hold all that is there."""

import csv
import io
import zipfile
from pathlib import Path

from resnet.runs.archive import metrics_csv, zipped
from resnet.runs.directory import RunDirectory
from resnet.runs.run import Run

ID = "20261124-062501-resnet20-digits-3fa9"


def made(folder: Path) -> Run:
    path = folder / ID
    (path / "checkpoint").mkdir(parents=True)
    (path / "checkpoint" / "weights").write_bytes(b"\0" * 100)
    directory = RunDirectory(path)
    directory.append_metric({"kind": "train", "step": 10, "time_s": 1.0, "data_loss": 0.5})
    directory.append_metric(
        {"kind": "evaluation", "step": 10, "time_s": 2.0, "validation_error": 6.25}
    )
    return Run(path)


def test_the_csv_has_every_record_and_every_field(tmp_path: Path) -> None:
    """Catches a column that only later records have, and a record that is dropped."""
    rows = list(csv.DictReader(io.StringIO(metrics_csv(made(tmp_path)))))
    assert [row["kind"] for row in rows] == ["train", "evaluation"]
    assert (rows[0]["data_loss"], rows[0]["validation_error"], rows[1]["validation_error"]) == (
        "0.5",
        "",
        "6.25",
    )


def test_a_record_is_no_formula(tmp_path: Path) -> None:
    """Catches a field or a word, in a run that came from elsewhere, that a spreadsheet runs; and a
    guarded number."""
    run = made(tmp_path)
    run.directory.append_metric({"kind": "=1+1", "@x": -0.5, "step": 20})
    heads, *_, last = csv.reader(io.StringIO(metrics_csv(run)))
    row = dict(zip(heads, last, strict=True))
    assert (row["kind"], row["'@x"], row["step"]) == ("'=1+1", "-0.5", "20")


def test_the_zip_holds_the_directory(tmp_path: Path) -> None:
    """Catches a zip without its subfolders."""
    run = made(tmp_path)
    with zipfile.ZipFile(io.BytesIO(zipped(run))) as archive:
        names = set(archive.namelist())
        assert archive.read(f"{ID}/checkpoint/weights") == b"\0" * 100
    assert names == {
        f"{ID}/{path.relative_to(run.path)}" for path in run.path.rglob("*") if path.is_file()
    }
