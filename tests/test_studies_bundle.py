"""The zip is what somebody else repeats a study from: it must be whole, honest, and harmless to
unpack."""

import hashlib
import json
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from resnet.errors import ConfigError, ExportError, RunError, UnknownNameError
from resnet.runs.directory import ENVIRONMENT, EXIT, METRICS, SPEC
from resnet.runs.journal import Line
from resnet.runs.run import runs_in
from resnet.studies.export import repeat
from resnet.studies.export.bundle import contents, read_bundle, write_bundle
from resnet.studies.export.repeat import compare_records, compare_runs, find, spec_again
from resnet.studies.export.unpacked import SUMS
from resnet.studies.outcome import Outcome, numbers, outcome
from resnet.studies.plan.factors import Factor, Listed
from resnet.studies.plan.study import runs
from resnet.studies.plan.study_files import from_text
from resnet.training.environment import describe_environment
from tests.outcome_support import environment, finish, finished, grid, outcome_of, records

FIXED = {
    "README.md",
    "SHA256SUMS",
    "commands.sh",
    "figures/error.pdf",
    "figures/error.svg",
    "report.html",
    "results.csv",
    "results.md",
    "results.tex",
    "study.json",
    "study.yaml",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return outcome_of(
        grid(seeds=(0, 1), question="Does depth hurt?"), tmp_path_factory.mktemp("runs")
    )


@pytest.fixture(scope="module")
def packed(found: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "study.zip"
    write_bundle(found, path)
    return path


def rewritten(
    packed: Path, path: Path, change: Callable[[dict[str, bytes]], object], *, sums: bool = True
) -> Path:
    """The zip with something changed in it, and with checksums that agree, unless not."""
    with zipfile.ZipFile(packed) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    if sums:
        lines = [
            f"{hashlib.sha256(own).hexdigest()}  {name}\n"
            for name, own in files.items()
            if name != SUMS
        ]
        files[SUMS] = "".join(lines).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, own in files.items():
            archive.writestr(name, own)
    return path


def test_everything_is_in_it(packed: Path, found: Outcome) -> None:
    """Catches a run, a table or a figure that is left out."""
    with zipfile.ZipFile(packed) as archive:
        names = set(archive.namelist())
        study = from_text(archive.read("study.yaml").decode(), "yaml")
        assert from_text(archive.read("study.json").decode(), "json") == study == found.study
        assert archive.read("results.csv").decode() == numbers(found).csv()
        assert archive.read("figures/error.pdf").startswith(b"%PDF")
        assert archive.testzip() is None
    own = {
        f"runs/{run.id}/{name}"
        for run in found.runs.values()
        for name in (SPEC, ENVIRONMENT, METRICS, EXIT)
    }
    assert names == FIXED | own


def test_a_curve_is_kept_to_the_byte(packed: Path, found: Outcome) -> None:
    """Catches records that were read and written anew, whose last digit is no proof any more."""
    with zipfile.ZipFile(packed) as archive:
        for run in found.runs.values():
            assert archive.read(f"runs/{run.id}/{METRICS}") == (run.path / METRICS).read_bytes()


def test_the_same_study_gives_the_same_bytes(packed: Path, found: Outcome, tmp_path: Path) -> None:
    """Catches the time of day, an order or a machine in the zip; also after it was unpacked and
    packed again."""
    write_bundle(found, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()
    bundle = read_bundle(packed, tmp_path / "study")
    write_bundle(outcome(*bundle), tmp_path / "third.zip")
    assert (tmp_path / "third.zip").read_bytes() == packed.read_bytes()


def test_nothing_of_this_machine_is_in_it(packed: Path, found: Outcome) -> None:
    """Catches the absolute data folder that a store writes into every spec, and the machine's own
    id."""
    home = next(iter(found.runs.values())).path.parent
    with zipfile.ZipFile(packed) as archive:
        text = b"\n".join(archive.read(name) for name in archive.namelist())
        specs = [
            json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(SPEC)
        ]
    assert {spec["data_folder"] for spec in specs} == {"data"}
    for secret in (str(Path.cwd()), str(home), "a-boot"):
        assert secret.encode() not in text


def test_it_is_read_back(packed: Path, found: Outcome, tmp_path: Path) -> None:
    """Catches a run that is not finished once it has no lock, and one that is no longer the
    study's."""
    bundle = read_bundle(packed, tmp_path / "study")
    assert bundle.study == found.study
    assert {run.state().name for run in bundle.runs} == {"finished"}
    again = outcome(*bundle)
    assert numbers(again).csv() == numbers(found).csv()
    assert again.finished == 8
    assert [run.id for run in read_bundle(tmp_path / "study").runs] == [
        run.id for run in bundle.runs
    ]


@pytest.mark.sha256sum
def test_others_can_check_it_too(packed: Path, tmp_path: Path) -> None:
    """Catches checksums in a form that only this program reads."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=tmp_path, check=True)
    assert stat.S_ISREG(zipfile.ZipFile(packed).infolist()[0].external_attr >> 16)
    subprocess.run(["sh", "-n", "commands.sh"], cwd=tmp_path, check=True)


def test_runs_that_are_not_over_are_left_out_and_it_says_so(tmp_path: Path) -> None:
    """Catches half a run that looks like a whole one, and a failed one that vanishes."""
    study = grid(seeds=(0,))
    planned = runs(study)
    finish(study, tmp_path / "runs", only=lambda one: one.arm.config.depth == 56)
    failed = finished(
        planned[0],
        tmp_path / "runs",
        records(planned[0], 50.0),
        {"outcome": "failed", "cause": "so"},
    )
    waiting = finished(planned[1], tmp_path / "runs", records(planned[1], 9.0)[:3])
    (waiting.path / EXIT).unlink()
    files = contents(outcome(study, runs_in(tmp_path / "runs")))
    assert {name.split("/")[1] for name in files if name.startswith("runs/")} >= {failed.path.name}
    assert not any(waiting.path.name in name for name in files)
    assert "or have not begun: 1 of 4 runs." in files["README.md"].decode()
    assert f"{planned[0].arm.name}: seed 0 failed and is not counted" in files["README.md"].decode()


def test_before_any_run_there_is_a_zip() -> None:
    """Catches a figure demanded where there is nothing to draw."""
    files = contents(outcome(grid(), []))
    assert files.keys() == {name for name in FIXED if not name.startswith("figures/")}


def test_names_stay_on_their_line(tmp_path: Path) -> None:
    """Catches an arm's name that ends a comment in commands.sh and is run as a command."""
    name = "a\ntouch gone; `touch gone` $(touch gone) 'x"
    study = grid(
        name="x\ntouch gone",
        seeds=(0,),
        design="list",
        factors=(Factor(key="network.shortcut"),),
        listed=(Listed(), Listed(name=name, settings={"network.shortcut": "none"})),
    )
    files = contents(outcome_of(study, tmp_path))
    commands = files["commands.sh"].decode().splitlines()
    assert [line for line in commands if line and not line.startswith("#")] == [
        "set -eu",
        'here=$(dirname "$0")',
        'python -m resnet study run "$here/study.yaml"',
    ]
    assert "\n# x touch gone\n" in "\n" + files["README.md"].decode()


def test_a_disk_that_refuses_leaves_what_was_there(found: Outcome, tmp_path: Path) -> None:
    """Catches a zip of half a study in the place of a whole one."""
    with pytest.raises(ExportError, match=r"^Cannot write 'study\.zip': its folder does not exist"):
        write_bundle(found, tmp_path / "none" / "study.zip")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "runs/../../evil.txt", "..\\evil.txt", "C:evil.txt"]
)
def test_a_name_that_leads_out_is_refused(name: str, packed: Path, tmp_path: Path) -> None:
    """Catches zip slip: a zip from a stranger that writes anywhere."""
    (tmp_path / "inner").mkdir()
    path = rewritten(packed, tmp_path / "evil.zip", lambda files: files.update({name: b"evil"}))
    with pytest.raises(
        ConfigError, match=r"^Every file of a zip must stay in its folder; received '.+': do not"
    ):
        read_bundle(path, tmp_path / "inner" / "study")
    assert list((tmp_path / "inner").iterdir()) == []
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_link_is_refused(packed: Path, tmp_path: Path) -> None:
    """Catches a link that makes the next file land elsewhere."""
    path = tmp_path / "evil.zip"
    shutil.copy(packed, path)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("link")
        entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc")
    with pytest.raises(
        ConfigError,
        match=r"^A study's zip must not hold links; received 'link': do not trust this zip\.$",
    ):
        read_bundle(path, tmp_path / "study")


def test_a_changed_number_is_refused(packed: Path, found: Outcome, tmp_path: Path) -> None:
    """Catches a result improved by hand, in a zip and in a folder; also a run that was added, and
    one that is gone."""
    name = f"runs/{next(iter(found.runs.values())).id}/{METRICS}"
    path = rewritten(
        packed,
        tmp_path / "z.zip",
        lambda files: files.update({name: files[name] + b"{}\n"}),
        sums=False,
    )
    with pytest.raises(ConfigError, match=r"metrics\.jsonl has been changed: its checksum differs"):
        read_bundle(path, tmp_path / "study")
    assert not (tmp_path / "study").exists()
    read_bundle(packed, tmp_path / "study")
    (tmp_path / "study" / name).unlink()
    with pytest.raises(ConfigError, match=r"SHA256SUMS lists .+metrics\.jsonl, which is missing"):
        read_bundle(tmp_path / "study")
    more = rewritten(
        packed,
        tmp_path / "m.zip",
        lambda files: files.update({"runs/x/spec.json": b"{}"}),
        sums=False,
    )
    with pytest.raises(
        ConfigError, match=r"^runs/x/spec\.json is not in SHA256SUMS, so it cannot be checked"
    ):
        read_bundle(more, tmp_path / "more")


def test_what_is_no_study_is_refused_in_one_sentence(
    packed: Path, found: Outcome, tmp_path: Path
) -> None:
    """Catches a traceback for a picture with the wrong ending, and a folder that is written
    over."""
    (tmp_path / "picture.zip").write_bytes(b"no zip at all")
    with pytest.raises(
        ConfigError,
        match=r"^'picture\.zip' cannot be read as a zip: 'File is not a zip file'\.$",
    ):
        read_bundle(tmp_path / "picture.zip", tmp_path / "a")
    with pytest.raises(
        ConfigError, match=r"^'none\.zip' cannot be unpacked: No such file or directory\.$"
    ):
        read_bundle(tmp_path / "none.zip", tmp_path / "a")
    bare = rewritten(packed, tmp_path / "bare.zip", lambda files: files.pop(SUMS), sums=False)
    with pytest.raises(ConfigError, match=r"^A study's zip holds SHA256SUMS; 'bare\.zip' does not"):
        read_bundle(bare, tmp_path / "a")
    other = rewritten(packed, tmp_path / "other.zip", lambda files: files.pop("study.yaml"))
    with pytest.raises(
        ConfigError, match=r"study\.yaml cannot be read: No such file or directory\.$"
    ):
        read_bundle(other, tmp_path / "a")
    with pytest.raises(
        ConfigError, match=r"^A zip must be unpacked first; give a new folder for 'study\.zip'\.$"
    ):
        read_bundle(packed)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("years of work")
    with pytest.raises(
        ConfigError, match=r"^A zip is unpacked to a new folder; 'full' is not empty"
    ):
        read_bundle(packed, tmp_path / "full")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["full"]


@pytest.mark.parametrize("at", [100, -200, -3])
def test_a_broken_zip_is_one_sentence(at: int, packed: Path, tmp_path: Path) -> None:
    """Catches a download cut short or garbled that ends in a traceback."""
    content = bytearray(packed.read_bytes())
    content[at] ^= 0xFF
    for name, own in (
        ("garbled.zip", bytes(content)),
        ("short.zip", bytes(content[: len(content) // 2])),
    ):
        (tmp_path / name).write_bytes(own)
        try:
            read_bundle(tmp_path / name, tmp_path / "study")
        except ConfigError as error:
            assert str(error).endswith((".", "anew.", "zip."))
        shutil.rmtree(tmp_path / "study", ignore_errors=True)


def curve() -> list[Line]:
    return [
        {"kind": "train", "step": 1, "time_s": 5.0, "images_per_s": 9.0, "data_loss": 0.1 + 0.2},
        {"kind": "evaluation", "step": 2, "validation_error": 8.0, "train_error_clean": None},
    ]


def test_equal_but_for_times() -> None:
    """Catches a clock taken for a result."""
    other = [record | {"time_s": 99.0, "images_per_s": 1.0} for record in curve()]
    found = compare_records([{"kind": "start", "device": "cpu"}, *curve()], other)
    assert (found.equal, found.sentence) == (
        True,
        "Equal bit for bit: all numbers of 2 records, except times and speeds.",
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"data_loss": 0.3},
            "Not equal: train at step 1, data_loss is 0.30000000000000004 there and 0.3 here.",
        ),
        ({"step": 3}, "Not equal: where one has train at step 1, the other has train at step 3."),
        ({"more": 1}, "Not equal: train at step 1, more is None there and 1 here."),
    ],
)
def test_the_first_difference_is_named(change: Line, said: str) -> None:
    """Catches a tolerance where bits were promised, and a field that only one run has."""
    first, second = curve()
    assert compare_records(curve(), [first | change, second]) == repeat.Repeat(False, said)


def test_missing_records_are_no_equality() -> None:
    """Catches zip() over unequal lengths, and nothing equal to nothing."""
    assert (
        compare_records(curve(), curve()[:1]).sentence == "Not equal: 2 records there and 1 here."
    )
    assert not compare_records([], []).equal
    assert not compare_records(curve(), [{"kind": "start"}]).equal
    zero = [{"kind": "test", "step": 1, "test_error": 0.0}]
    assert not compare_records(zero, [zero[0] | {"test_error": -0.0}]).equal


@pytest.mark.parametrize("error", [9.0, 9.1])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"packages": {"tensorflow": "2.16.1"}},
            "these differ: tensorflow 2.21.0 there, 2.16.1 here",
        ),
        (
            {"device": "gpu0", "device_name": "A card"},
            "these differ: device cpu there, gpu here; device_name A processor there, A card here",
        ),
        ({"dataset_checksum": "other"}, "these differ: dataset_checksum 0d10 there, other here"),
        ({}, ""),
    ],
)
def test_what_differs_around_a_run_is_part_of_the_verdict(
    change: Line, reason: str, error: float, tmp_path: Path
) -> None:
    """Catches a repeat called broken where TensorFlow, the device or the images are others, and
    bits sold as luck."""
    planned = runs(grid(seeds=(0,)))[0]
    finished(planned, tmp_path / "a", records(planned, 9.0))
    other = finished(planned, tmp_path / "b", records(planned, error))
    (other.path / ENVIRONMENT).write_text(json.dumps(environment(planned) | change))
    found = compare_runs(*[runs_in(tmp_path / name)[0] for name in ("a", "b")])
    assert found.equal is (error == 9.0)
    if found.equal:
        assert found.sentence.endswith(
            f"except times and speeds{', though ' + reason if reason else ''}."
        )
    elif reason:
        assert found.sentence.endswith(f"This may happen: {repeat.PROMISE}, and {reason}.")
    else:
        assert found.sentence.endswith("They should be equal: device and versions are the same.")


def test_other_surroundings_are_said_before_it_trains(tmp_path: Path) -> None:
    """Catches hours of training before somebody learns that equal bits were never promised; and a
    warning always."""
    planned = runs(grid(seeds=(0,)))[0]
    directory = finished(planned, tmp_path, records(planned, 9.0))
    run, here = runs_in(tmp_path)[0], describe_environment("cpu")
    (directory.path / ENVIRONMENT).write_text(json.dumps(here))
    assert repeat.warning(run, "cpu") is None
    (directory.path / ENVIRONMENT).write_text(
        json.dumps(here | {"device": "gpu0", "python": "3.0"})
    )
    said = f"these differ: device gpu there, cpu here; python 3.0 there, {here['python']} here."
    assert (
        repeat.warning(run, "cpu")
        == f"The numbers may differ without an error: {repeat.PROMISE}, and {said}"
    )
    (directory.path / ENVIRONMENT).unlink()
    assert "the first run did not record its versions" in (repeat.warning(run, "cpu") or "")


def test_what_to_repeat_is_found_or_refused(packed: Path, tmp_path: Path) -> None:
    """Catches the run of another seed, and a traceback for a name mistyped."""
    bundle = read_bundle(packed, tmp_path / "study")
    names = [arm.name for arm in outcome(*bundle).arms]
    step = find(bundle, names[-1], 1)
    assert (step.planned.arm.name, step.planned.spec.recipe.seed) == (names[-1], 1)
    spec = spec_again(step, tmp_path / "images")
    assert (spec.data_folder, spec.recipe, spec.device) == (
        str(tmp_path / "images"),
        step.planned.spec.recipe,
        "cpu",
    )
    with pytest.raises(
        UnknownNameError, match=r"^There is no arm of this study 'resnet56x'; did you mean"
    ):
        find(bundle, "resnet56x", 1)
    with pytest.raises(ConfigError, match=r"^The seeds of this study are 0, 1; received 7\.$"):
        find(bundle, names[0], 7)
    shutil.rmtree(tmp_path / "study" / "runs")
    (tmp_path / "study" / SUMS).unlink()
    with pytest.raises(
        RunError,
        match=r"^Only a finished run can be repeated and compared; .+ with seed 1 has none\.$",
    ):
        find(read_bundle(tmp_path / "study"), names[0], 1)
