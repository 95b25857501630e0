"""A study of a folder of images whose runs are finished is read without the images, and never from
other ones."""

import json
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from resnet.errors import DataError
from resnet.runs.command import command
from resnet.runs.directory import ENVIRONMENT
from resnet.runs.run import runs_in
from resnet.studies import compared
from resnet.studies.export.bundle import read_bundle, write_bundle
from resnet.studies.outcome import numbers, outcome, reading
from resnet.studies.plan import study_files
from resnet.studies.plan.factors import Baseline, Factor
from resnet.studies.plan.study import Study, arms
from resnet.studies.planning import plan
from tests.cli_support import Shell, started
from tests.outcome_support import finish, grid
from tests.training_support import recipe_of

CLASSES = ("cats", "dogs")


def painted(folder: Path, classes: tuple[str, ...] = CLASSES) -> None:
    """A data folder with the folder `pets`, 20 images a class."""
    for kind in classes:
        (folder / "pets" / kind).mkdir(parents=True, exist_ok=True)
        for number in range(20):
            Image.new("RGB", (16, 16)).save(folder / "pets" / kind / f"{number}.png")


def pets(**fields: Any) -> Study:
    """Plain and residual at two depths; plain20 is one of its arms, so one arm is another one by
    other words."""
    recipe = recipe_of(100, {"evaluate_every": 50, "validation_images": 8})
    base = Baseline(network="resnet20", recipe=recipe, dataset="folder:pets", data_folder="images")
    return grid(**{"seeds": (0, 1), "baseline": base} | fields)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with images, the study's file and its finished runs."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    painted(Path("images"))
    finish(pets(), Path("runs").absolute())
    study_files.write(pets(), Path("study.yaml"))
    return tmp_path / "home"


def environment_of(run: Path, **dataset: Any) -> None:
    """Change what a run wrote down about its images."""
    found: dict[str, Any] = json.loads((run / ENVIRONMENT).read_text())
    found["dataset"] |= dataset
    (run / ENVIRONMENT).write_text(json.dumps(found))


def test_results_stay_the_same_without_the_images(
    home: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a table, a report and a zip that look at the images again when everything they say is
    on record."""
    monkeypatch.chdir(home)
    here = {
        form: shell("study", "table", "study.yaml", "--format", form).out
        for form in ("text", "csv")
    }
    shell("study", "export", "study.yaml", "-o", "study.zip")
    (home / "images").rename(home / "gone")
    for source in ("study.yaml", "study.zip"):
        assert {
            form: shell("study", "table", source, "--format", form).out for form in here
        } == here
        assert shell("study", "report", source, "-o", "r.html").status == 0
        assert "pets: 32 images for training and 8 for the test" in (home / "r.html").read_text()
        assert shell("study", "export", source, "-o", "again.zip").status == 0
        assert (home / "again.zip").read_bytes() == (home / "study.zip").read_bytes()
        assert shell("study", "figure", source, "-o", "f.svg").status == 0
    shown = shell("study", "show", "study.yaml")
    assert (shown.status, "8 runs: 8 finished already and reused." in shown.out) == (0, True)


def test_the_recipe_check_needs_no_images(
    home: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a check that looks for a folder of which every run has written down what it held."""
    monkeypatch.chdir(home)
    here = shell("check", "study.yaml").out
    assert "images" in here
    (home / "images").rename(home / "gone")
    assert shell("check", "study.yaml").out == here


def test_a_colleague_reads_the_runs_in_another_place(
    home: Path, tmp_path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches runs that are not found since their data folder is that of the machine they were made
    on."""
    monkeypatch.chdir(home)
    here = shell("study", "table", "study.yaml").out
    (tmp_path / "colleague").mkdir()
    for name in ("runs", "study.yaml"):
        shutil.move(home / name, tmp_path / "colleague")
    shutil.rmtree(home)
    monkeypatch.chdir(tmp_path / "colleague")
    there = shell("study", "table", "study.yaml")
    assert there.status == 0, there.err
    assert there.out.startswith(here.partition("\n\n")[0])
    said = (
        "The images of folder:pets are not here; what is said of them was recorded by the runs,"
        " which had them in "
    )
    assert f"{said}{home / 'images'}." in " ".join(there.out.split())


def test_runs_on_images_that_are_still_there_are_not_anothers(home: Path, tmp_path: Path) -> None:
    """Catches runs on other images of the same name counted for a study whose own images were
    deleted."""
    other = pets(
        baseline=pets().baseline.model_copy(update={"data_folder": str(tmp_path / "deleted")})
    )
    with pytest.raises(DataError, match=r"neither is here: There is no folder .+deleted/pets"):
        outcome(other, runs_in(home / "runs"))


def test_results_are_of_the_images_they_were_made_on(home: Path, tmp_path: Path) -> None:
    """Catches finished runs that vanish once their folder has a class more, and new runs planned on
    the old one."""
    before = numbers(outcome(pets(), runs_in(home / "runs"))).csv()
    write_bundle(outcome(pets(), runs_in(home / "runs")), home / "study.zip")
    painted(Path("images"), (*CLASSES, "fish"))
    assert numbers(outcome(pets(), runs_in(home / "runs"))).csv() == before
    assert numbers(outcome(*read_bundle(home / "study.zip", tmp_path / "study"))).csv() == before
    made = plan(pets(), runs_in(home / "runs"))
    assert (made.count("make"), {arm.config.classes for arm in made.arms}) == (8, {3})


def test_a_reference_by_another_name_needs_no_images(home: Path) -> None:
    """Catches an arm that has nothing to be compared with, without a word, since its reference
    looks at the folder."""
    by_name, by_plain = [
        pets(factors=(Factor(key="network", levels=levels), pets().factors[1]))
        for levels in (("resnet20",), ("plain20",))
    ]
    mixed = (
        arms(by_plain)[0],
        arms(by_name)[1],
    )  # plain20 as such, beside resnet20 whose reference is resnet20, none
    shutil.rmtree(home / "images")
    assert list(compared.references(by_name, mixed).values()) == [None, mixed[0].name]


def test_another_set_of_images_is_still_a_banner(home: Path) -> None:
    """Catches a guard that is silent because nobody looks at the images any more."""
    run = next((home / "runs").iterdir())
    found = json.loads((run / ENVIRONMENT).read_text()) | {"dataset_checksum": "another"}
    (run / ENVIRONMENT).write_text(json.dumps(found))
    shutil.rmtree(home / "images")
    banners = outcome(pets(), runs_in(home / "runs")).banners
    assert banners == ("Not the same data: runs of some arms recorded another set of images.",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"class_names": ["cats", "dogs", "fish"]},
        {"image_shape": [8, 8, 3]},
        {"image_shape": "16"},
        {"name": "folder:birds"},
    ],
)
def test_what_a_run_recorded_is_not_believed_against_its_spec(
    wrong: Mapping[str, Any], home: Path
) -> None:
    """Catches an environment.json, changed or damaged, that makes the study one of other
    networks."""
    shutil.rmtree(home / "images")
    *others, last = sorted((home / "runs").iterdir())
    environment_of(last, **wrong)
    found = outcome(pets(), runs_in(home / "runs"))
    assert (found.finished, {arm.config.classes for arm in found.planned}) == (8, {2})
    for run in others:
        environment_of(run, **wrong)
    with pytest.raises(
        DataError,
        match=r"^A study needs its images, or runs that recorded them, and neither is here",
    ):
        outcome(pets(), runs_in(home / "runs"))


def test_runs_that_disagree_need_the_images(home: Path) -> None:
    """Catches one of two studies picked by chance where both were made under one name."""
    painted(Path("images"), (*CLASSES, "fish"))
    finish(pets(seeds=(1,)), home / "runs")
    assert {arm.config.classes for arm in outcome(pets(), runs_in(home / "runs")).planned} == {3}
    shutil.rmtree(home / "images")
    said = (
        r"^The runs of this study recorded 2 classes of 16×16×3 and 3 classes of 16×16×3, and only"
        r" the images"
    )
    with pytest.raises(
        DataError, match=rf"{said} can show which of them is right: There is no folder "
    ):
        outcome(pets(), runs_in(home / "runs"))


def test_commands_say_where_the_images_lie(
    home: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a line of a zip, or below a run, that looks for a folder of images in the usual
    place."""
    monkeypatch.chdir(home)
    shell("study", "export", "study.yaml", "-o", "study.zip")
    bundle = read_bundle(home / "study.zip", home / "study")
    lines = [
        line.removeprefix("#   ")
        for line in (home / "study" / "commands.sh").read_text().splitlines()
    ]
    typed = [
        words
        for line in lines
        if (words := shlex.split(line, comments=True))[:3] == ["python", "-m", "resnet"]
    ]
    assert any(
        "study repeat" in line and "--data-folder images" in line for line in readme_of(home)
    )
    specs = started(monkeypatch)
    for words in typed:
        if words[3:5] != ["study", "run"]:
            shell(*words[3:])
    wanted = [run.spec.model_dump_json(exclude={"network"}) for run in bundle.runs if run.spec]
    assert sorted(spec.model_dump_json(exclude={"network"}) for spec in specs) == sorted(
        [*wanted, *wanted]
    )
    alone = command(runs_in(home / "runs")[0])
    assert alone
    assert alone.endswith(f"--data-folder {home / 'images'}")


def readme_of(home: Path) -> list[str]:
    return (home / "study" / "README.md").read_text().splitlines()


def test_what_is_missing_is_one_sentence(
    home: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a traceback, or a sentence that hides the way out, where there are neither images nor
    runs."""
    monkeypatch.chdir(home)
    shutil.rmtree("images")
    shutil.rmtree("runs")
    done = shell("study", "table", "study.yaml")
    assert (done.status, done.err) == (
        2,
        (
            "A study needs its images, or runs that recorded them, and neither is"
            f" here: There is no folder {home}/images/pets; name one that holds a subfolder of"
            " images for each class.\n"
        ),
    )
    assert shell("study", "show", "study.yaml").err.startswith("There is no folder ")


def test_missing_runs_are_not_started_without_the_images(
    home: Path, shell: Shell, monkeypatch: Any
) -> None:
    """Catches a run put on the queue with another machine's folder of images."""
    monkeypatch.chdir(home)
    shutil.rmtree("images")
    study_files.write(pets(seeds=(0, 1, 2)), Path("more.yaml"))
    done = shell("study", "run", "more.yaml")
    assert done.status == 2
    assert done.err.startswith(
        "Nothing was started, since arm plain20 cannot run here: There is no folder "
    )
    assert len(runs_in(home / "runs")) == 8
    assert reading(outcome(pets(seeds=(0, 1, 2)), runs_in(home / "runs"))).lines
