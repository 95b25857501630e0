"""The command line around training: recipes, data sets, and every `runs` command, each one line
where it is refused."""

import csv
import json
import shlex
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resnet import data
from resnet.cli import main
from resnet.network import catalog
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe, with_steps
from resnet.runs import Run, RunSpec, Store, checkpoint
from resnet.runs.checkpoint import Checkpoint
from resnet.runs.command import command
from resnet.runs.directory import CHECKPOINTS, SPEC, RunDirectory
from tests import runs_support as support
from tests.cli_support import Done, Shell, assert_refused

RUN_ID = "20261124-062501-resnet20-digits-{:04x}"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[RunSpec]:
    """What `train` hands to the store, which starts nothing."""
    specs: list[RunSpec] = []

    def start(self: Store, spec: RunSpec) -> Run:
        specs.append(spec)
        return Run(self.root / RUN_ID.format(1))

    monkeypatch.setattr(Store, "start", start)
    return specs


@pytest.fixture
def paused(tmp_path: Path) -> Store:
    """The store the commands see; no worker begins by itself."""
    store = Store(tmp_path / "runs")
    store.root.mkdir()
    store.queue.pause()
    return store


def stopped(store: Store, number: int = 1) -> Run:
    """A run as a worker leaves it that was asked to stop at step 100."""
    directory = RunDirectory(store.root / RUN_ID.format(number))
    directory.path.mkdir()
    spec = support.spec(seed=number)
    directory.write(SPEC, spec)
    state = {"config": spec.config.fingerprint, "warm": True, "running": {}}
    checkpoint.save(
        directory.file(CHECKPOINTS), Checkpoint(100, {"kernel": np.zeros(3)}, {}, state)
    )
    with directory.lock():
        directory.append_metric({"kind": "start", "steps": 500, "batch_size": 64})
        directory.append_metric(
            {"kind": "evaluation", "step": 100, "time_s": 1.0, "validation_error": 12.5}
        )
        directory.write_exit("stopped")
    return Run(directory.path)


# recipes, data


def test_recipes_says_of_each_what_a_person_must_know(shell: Shell) -> None:
    out = shell("recipes").out
    for entry in map(recipes.get, recipes.names()):
        for text in (
            entry.command,
            entry.quick_command,
            entry.source,
            entry.expected_time,
            entry.expected_result,
        ):
            assert text in out


def test_recipes_as_json_are_the_catalogue(shell: Shell) -> None:
    records = json.loads(shell("recipes", "--json").out)
    assert [record["name"] for record in records] == list(recipes.names())
    for record, entry in zip(records, map(recipes.get, recipes.names()), strict=True):
        assert record["recipe"] == entry.recipe.model_dump(mode="json")
        assert record["quick"] == entry.quick.model_dump(mode="json")


@pytest.mark.parametrize(
    "name", [name for name in recipes.names() if recipes.get(name).dataset in data.names()]
)
def test_a_recipes_commands_train_exactly_that(
    shell: Shell, started: list[RunSpec], name: str
) -> None:
    """The command in the catalogue, typed, gives the recipe in the catalogue: no default creeps
    in."""
    entry = recipes.get(name)
    for line in (entry.command, entry.quick_command):
        assert shell(*shlex.split(line)[3:], "--detach").err == ""
    assert [spec.recipe for spec in started] == [entry.recipe, entry.quick]
    assert [spec.network for spec in started] == [entry.network, recipes.QUICK_NETWORK]
    assert [spec.dataset for spec in started] == [entry.dataset, recipes.QUICK_DATASET]


def test_a_recipe_brings_its_data_set_and_can_be_changed(
    shell: Shell, started: list[RunSpec]
) -> None:
    words = ["--recipe", "he2015_cifar", "--steps", "640", "--recipe-set", "seed=3", "--detach"]
    shell("train", "resnet20", *words)
    shell("train", "resnet20", "--data", "fashion_mnist", *words)
    shell("train", "resnet20", "--detach")
    wanted = with_settings(with_steps(recipes.get("he2015_cifar").recipe, 640), {"seed": 3})
    assert [spec.recipe for spec in started] == [wanted, wanted, recipes.get("digits_quick").recipe]
    assert [spec.dataset for spec in started] == ["cifar10", "fashion_mnist", "digits"]


def test_a_recipe_that_is_unknown_or_does_not_fit_is_one_line(shell: Shell) -> None:
    assert_refused(
        shell("train", "resnet20", "--recipe", "he2015cifar"), "did you mean 'he2015_cifar'"
    )
    assert_refused(
        shell("train", "resnet20", "--recipe", "he2015_cifar", "--data", "digits"),
        "images of 1,500",
    )


def test_data_says_what_there_is_and_whether_it_is_here(shell: Shell, tmp_path: Path) -> None:
    out = shell("data", "--data-folder", tmp_path).out
    assert all(name in out for name in data.names())
    records = {record["name"]: record for record in json.loads(shell("data", "--json").out)}
    assert list(records) == list(data.names())
    assert records["digits"]["present"] is True
    assert records["digits"]["train_images"] == 1500
    assert records["digits"]["image_shape"] == [8, 8, 1]


# runs


@pytest.mark.parametrize(
    "words",
    [["runs"], ["runs", "list"], ["runs", "--runs", "runs"], ["runs", "list", "--runs", "runs"]],
)
def test_runs_alone_is_the_list(shell: Shell, paused: Store, words: list[str]) -> None:
    run = stopped(paused)
    assert (
        shell(*words).out == f"{run.id}   stopped   step 100 of 500   best 12.50 %, last 12.50 %\n"
    )


@pytest.mark.parametrize(
    "words", [["runs", "--json"], ["runs", "list", "--json"], ["runs", "--json", "list"]]
)
def test_runs_as_json_wherever_the_word_stands(
    shell: Shell, paused: Store, words: list[str]
) -> None:
    run = stopped(paused)
    (record,) = json.loads(shell(*words).out)
    assert (record["id"], record["state"], record["step"], record["steps"]) == (
        run.id,
        "stopped",
        100,
        500,
    )
    assert record["parent"] is None


def test_imported_curves_are_listed_below_the_runs(
    shell: Shell, paused: Store, tmp_path: Path
) -> None:
    """Catches a curve that was kept beside the runs and is never seen again, and one that passes
    for a run."""
    run = stopped(paused)
    (tmp_path / "theirs.csv").write_text("epoch,loss\n1,6.0\n2,5.0\n")
    file = shell("import", "theirs.csv", "--network", "resnet20").out.split()[0]
    (tmp_path / "runs" / "imports" / "a.import.json").write_text("{")
    first, second, third = shell("runs").out.splitlines()
    assert first.startswith(run.id)
    assert second == f"{file}   imported   theirs: loss (2)"
    assert "'a.import.json' cannot be used" in third
    ours, theirs = json.loads(shell("runs", "--json").out)
    assert ours.keys() == theirs.keys()
    assert (theirs["id"], theirs["state"], theirs["network"]) == (file, "imported", "resnet20")


def test_show_says_how_a_run_stands_and_what_it_printed(shell: Shell, paused: Store) -> None:
    run = stopped(paused)
    (run.path / "log.txt").write_text("step 100: validation error 12.50 %\n")
    out = shell("runs", "show", run.id).out
    for text in (run.id, "stopped", "12.50 %", "digits", "step 100: validation error"):
        assert text in out
    for words in (["runs", "--json", "show", run.id], ["runs", "show", run.id, "--json"]):
        record = json.loads(shell(*words).out)
        assert record["spec"] == support.spec(seed=1).model_dump(mode="json")
        assert record["state"] == "stopped"


OTHERS: tuple[tuple[str, dict[str, str], str, Recipe], ...] = (
    ("resnet20", {}, "digits", recipes.get("digits_quick").recipe),
    ("resnet56", {"norm.momentum": "0.99"}, "digits", recipes.get("he2015_cifar_110").quick),
    ("plain20", {"stages.0.blocks": "4"}, "fashion_mnist", recipes.get("he2015_cifar").recipe),
    (
        "binary_resnet50",
        {},
        "cats_vs_dogs",
        with_steps(recipes.get("binary_ablation_adam").recipe, 7),
    ),
)


@pytest.mark.parametrize(
    ("network", "settings", "dataset", "recipe"), OTHERS, ids=lambda value: str(value)[:12]
)
def test_the_command_of_a_run_does_it_again(  # noqa: PLR0917  each is a part of the run
    shell: Shell,
    paused: Store,
    started: list[RunSpec],
    network: str,
    settings: dict[str, str],
    dataset: str,
    recipe: Recipe,
) -> None:
    """Typed, it must give the very same network, recipe, data set and device."""
    config = data.fit_config(
        with_settings(catalog.get(network).config, settings), data.facts(dataset)
    )
    run = stopped(paused)
    run.directory.write(
        SPEC, RunSpec(network=network, config=config, recipe=recipe, dataset=dataset)
    )
    typed = json.loads(shell("runs", "show", run.id, "--json").out)["command"]
    assert shell(*shlex.split(typed)[3:], "--detach").err == ""
    (again,) = started
    assert (again.config, again.recipe, again.dataset, again.device) == (
        config,
        recipe,
        dataset,
        "cpu",
    )


def test_the_command_of_a_fork_forks_its_parent(shell: Shell, paused: Store) -> None:
    first = stopped(paused)
    fork = paused.fork(first.id, {"steps": 600, "optimiser": {"kind": "adam"}})
    typed = command(fork)
    assert typed
    again = paused.get(shell(*shlex.split(typed)[3:]).out.split()[0])
    assert (again.spec, again.parent) == (fork.spec, fork.parent)
    shell("runs", "delete", first.id)
    assert command(fork) is None


def test_show_says_why_a_run_waits(shell: Shell, paused: Store) -> None:
    run = paused.start(support.spec())
    assert "the queue is paused" in shell("runs", "show", run.id).out


def test_show_of_a_damaged_run_says_so(shell: Shell, paused: Store) -> None:
    run = stopped(paused)
    (run.path / SPEC).write_text("{")
    done = shell("runs", "show", run.id)
    assert (done.status, done.err) == (0, "")
    assert run.id in done.out


def test_fork_goes_on_from_the_checkpoint_with_another_recipe(shell: Shell, paused: Store) -> None:
    first = stopped(paused)
    words = ["--steps", "1000", "--recipe-set", "weight_decay.value=0.001"]
    done = shell("runs", "fork", first.id, *words)
    fork = paused.get(done.out.split()[0])
    assert done.out == f"{fork.id}   {fork.path}   from {first.id}, step 100\n"
    assert first.spec
    assert fork.spec
    assert fork.spec.recipe == with_settings(
        with_steps(first.spec.recipe, 1000), {"weight_decay.value": 0.001}
    )
    assert fork.parent
    assert (fork.parent.id, fork.parent.step) == (first.id, 100)
    assert (
        json.loads(shell("runs", "--json", "show", fork.id).out)["parent"]
        == f"{first.id}, step 100"
    )


def test_resume_and_stop_answer_with_the_state(shell: Shell, paused: Store) -> None:
    run = stopped(paused)
    assert shell("runs", "resume", run.id).out == f"{run.id}   queued\n"
    assert shell("runs", "stop", run.id).out == f"{run.id}   stopped\n"
    assert json.loads(shell("runs", "--json", "resume", run.id).out)["state"] == "queued"


def test_move_gives_a_waiting_run_another_place(shell: Shell, paused: Store) -> None:
    ids = [paused.start(support.spec(seed=seed)).id for seed in range(3)]
    assert shell("runs", "move", ids[2], "1").out == f"{ids[2]}   place 1 of 3\n"
    assert shell("runs", "move", ids[0], "99").out == f"{ids[0]}   place 3 of 3\n"
    assert [run.id for run in paused.waiting()] == [ids[2], ids[1], ids[0]]


def test_delete_and_restore(shell: Shell, paused: Store) -> None:
    run = stopped(paused)
    assert shell("runs", "delete", run.id).out.startswith(f"{run.id}   deleted; ")
    assert paused.list() == []
    assert shell("runs", "restore", run.id).out == f"{run.id}   stopped\n"
    assert paused.list() == [run]
    assert json.loads(shell("runs", "--json", "delete", run.id).out)["id"] == run.id


def test_the_bin_can_be_emptied(shell: Shell, paused: Store) -> None:
    """Catches disk space that no command and no page gives back."""
    assert shell("runs", "empty-bin") == Done(0, "The bin is empty.\n", "")
    run = stopped(paused)
    shell("runs", "delete", run.id)
    assert shell("runs", "empty-bin").out == "1 run deleted permanently.\n"
    assert paused.deleted() == []
    assert shell("runs", "restore", run.id).status == 2


def test_export_writes_the_curve_and_the_directory(shell: Shell, paused: Store) -> None:
    run = stopped(paused)
    assert shell("runs", "export", run.id, "-o", "curve.csv") == Done(0, "", "")
    rows: list[dict[str, Any]] = list(csv.DictReader(Path("curve.csv").read_text().splitlines()))
    assert [(row["kind"], row["step"], row["validation_error"]) for row in rows][1:] == [
        ("evaluation", "100", "12.5")
    ]
    shell("runs", "export", run.id, "-o", "all.zip")
    with zipfile.ZipFile("all.zip") as archive:
        assert f"{run.id}/{SPEC}" in archive.namelist()


COMMANDS_OF_ONE_RUN = (
    ["show"],
    ["stop"],
    ["resume"],
    ["fork"],
    ["move", "1"],
    ["delete"],
    ["restore"],
    ["export", "-o", "a.csv"],
)


@pytest.mark.parametrize("words", COMMANDS_OF_ONE_RUN, ids=lambda words: words[0])
def test_a_run_that_is_not_there_is_one_line_and_no_folder(
    shell: Shell, words: list[str], tmp_path: Path
) -> None:
    command, *more = words
    assert_refused(shell("runs", command, "20261124-062501-a-b-0000", *more), "There is no run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["stop"], "is over: stopped"),
        (["move", "1"], "There is no waiting run"),
        (["move", "0"], "PLACE"),
        (["move", "first"], "PLACE"),
        (["restore"], "There is no run"),
        (["fork", "--steps", "50"], "recipe.steps must be above"),
        (["fork", "--recipe-set", "seed=9"], "keeps its parent's recipe.seed"),
        (["fork", "--recipe-set", "steps"], "KEY=VALUE"),
        (["export", "-o", "a.txt"], ".csv, .zip"),
        (["export", "-o", "nowhere/a.csv"], "folder does not exist"),
        (["export"], "--output"),
        (["shew"], "shew"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_line(
    shell: Shell, paused: Store, words: list[str], reason: str
) -> None:
    run = stopped(paused)
    command, *more = words
    before = sorted(path for path in paused.root.rglob("*") if ".queue" not in path.parts)
    assert_refused(shell("runs", command, run.id, *more), reason)
    assert sorted(path for path in paused.root.rglob("*") if ".queue" not in path.parts) == before


@pytest.mark.training
@pytest.mark.parametrize("name", ["he2015_cifar_110", "binary_ablation_adam"])
def test_a_quick_twin_trains_to_its_end(shell: Shell, name: str) -> None:
    """By the real worker: warm-up by error, inverse time, decay of convolutions alone."""
    done = shell(*shlex.split(recipes.get(name).quick_command)[3:], "--device", "cpu")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "finished"


def test_the_folder_of_images_is_the_apps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path / "elsewhere"))
    assert main(["data"]) == 0
    assert str(tmp_path / "elsewhere") in capsys.readouterr().out


def test_help_says_no_default_that_is_a_type(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "--help"])
    assert "<class" not in capsys.readouterr().out


def test_the_folder_of_runs_is_the_apps_and_a_named_one_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise page and terminal would look into different folders without a word."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("RESNET_LAB_RUNS", str(tmp_path / "file"))
    assert main(["runs"]) != 0
    assert main(["runs", "--runs", str(tmp_path / "none")]) == 0
