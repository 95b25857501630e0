"""The command `check`: all that it can be given is read, and what it finds is said with reason,
source and way out."""

import json
from pathlib import Path

import pytest

from resnet.checks import rules
from resnet.imports.imported import CurveColumn, Given, ImportedCurve
from resnet.network import catalog
from resnet.network.settings import with_settings
from resnet.recipes import recipes
from resnet.runs import RunSpec
from resnet.runs.directory import EXIT, SPEC, RunDirectory
from resnet.studies import checked
from resnet.studies.plan.study_files import write
from resnet.training.failure import NotANumberError
from tests.cli_support import Shell, assert_refused, printed
from tests.outcome_support import grid, outcome_of, two_changed

# The notebook's three networks, and what somebody remembers of their training.
REMEMBERED = {
    "decay_meaning": "keras_l2",
    "decay_covers": "conv_kernels",
    "loss_includes_penalty": True,
    "seeds": 1,
}
CURVES = {
    "plain_34_sgd": {"network": "binary_plain34", "decay": 1e-3},
    "resnet_34_sgd": {"network": "binary_resnet34", "decay": 1e-3},
    "resnet_50_sgd": {"network": "binary_resnet50", "decay": 1e-4},
}


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known.json"
    path.write_text(
        json.dumps([{"name": name, **REMEMBERED, **own} for name, own in CURVES.items()])
    )
    return path


def test_check_reads_what_somebody_knows(known: Path, shell: Shell) -> None:
    said = json.loads(printed(shell, "check", known, "--json"))
    assert {"losses_not_comparable", "decay_changes", "strides_differ", "one_seed"} <= {
        finding["rule"] for finding in said["findings"]
    }
    assert all(
        finding["reason"] and finding["source"] and finding["way_out"]
        for finding in said["findings"]
    )
    assert said["follows"] == {}


def test_check_prints_reason_source_and_way_out(known: Path, shell: Shell) -> None:
    out = printed(shell, "check", known)
    assert out.startswith("1 wrong, ")
    assert (
        "\nwrong    Losses with penalties compared across networks\n         The loss of"
        " plain_34_sgd" in out
    )
    assert out.count("Way out: ") == out.count("Why: ") == out.count("Source: ")


def test_check_takes_curves(tmp_path: Path, shell: Shell) -> None:
    """As CSV, or as an import that is kept."""
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,accuracy\n1,15.9,0.5\n2,15.8,0.6\n")
    nothing = "No problems found in what is known about this training.\n"
    assert printed(shell, "check", path) == nothing
    kept = tmp_path / "kept.json"
    column = CurveColumn(name="loss", along="epoch", x=(1,), y=(6.0,))
    given = Given(decay=1e-3, config=catalog.get("binary_resnet34").config)
    kept.write_text(
        ImportedCurve(name="kept", source="csv", columns=(column,), given=given).model_dump_json()
    )
    assert "The loss includes the L2 penalty (17.024 before the first step)" in printed(
        shell, "check", kept
    )


def test_check_of_the_papers_recipe(shell: Shell) -> None:
    assert (
        printed(shell, "check", "he2015_cifar")
        == "No problems found in what is known about this training.\n\n"
        "he2015_cifar: Follows He et al. 2015 in 19 of 19 points.\n"
    )


@pytest.mark.parametrize("kind", ["spec", "recipe", "network"])
def test_check_takes_what_this_program_writes(kind: str, tmp_path: Path, shell: Shell) -> None:
    entry = recipes.get("he2015_cifar")
    network = catalog.get("plain56").config
    spec = RunSpec(network="plain56", config=network, recipe=entry.recipe, dataset="cifar10")
    written = {"spec": spec, "recipe": entry.recipe, "network": network}[kind]
    path = tmp_path / "written.json"
    path.write_text(written.model_dump_json())
    points = {"spec": "19 of 19", "recipe": "8 of 8", "network": "9 of 9"}[kind]
    assert f"Follows He et al. 2015 in {points} points" in printed(shell, "check", path)


def test_check_of_two_networks_compares_them(shell: Shell) -> None:
    said = json.loads(printed(shell, "check", "binary_resnet50", "binary_plain50", "--json"))
    found = {finding["rule"] for finding in said["findings"]}
    assert found == {"strides_differ", "projections_break_parity", "first_stage_strides"}


def test_check_of_a_run_reads_its_records(tmp_path: Path, shell: Shell) -> None:
    """By its id in a folder of runs, and by the path of its own folder."""
    entry = recipes.get("he2015_cifar_110")
    network = catalog.get("resnet110").config
    spec = RunSpec(network="resnet110", config=network, recipe=entry.recipe, dataset="cifar10")
    directory = RunDirectory(tmp_path / "20261124-062501-resnet110-cifar10-3fa9")
    directory.path.mkdir()
    directory.write(SPEC, spec)
    for step in range(8000, 64_001, 8000):
        directory.append_metric({"kind": "train", "step": step, "learning_rate": 0.01})
    for words in ([directory.path.name, "--runs", tmp_path], [directory.path]):
        out = printed(shell, "check", *words)
        assert out.startswith("1 wrong\n\nwrong    A warm-up that never ends\n")
        assert "Follows He et al. 2015 in 19 of 19 points." in out


def test_check_refuses_what_it_does_not_know(tmp_path: Path, shell: Shell) -> None:
    assert_refused(shell("check", "resnet56x"), "resnet56")
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    assert_refused(shell("check", bad), "JSON")
    run = "20261124-062501-resnet20-digits-3fa9"
    assert_refused(shell("check", run, "--runs", tmp_path), run)


def found_by(shell: Shell, *words: str | Path) -> dict[str, str]:
    """The sentence of each rule that speaks."""
    found = json.loads(printed(shell, "check", *words, "--json"))["findings"]
    return {finding["rule"]: finding["sentence"] for finding in found}


def test_check_of_a_study_counts_its_runs_as_the_page_does(tmp_path: Path, shell: Shell) -> None:
    """Catches a check that has nothing to say of a study whose page finds a difference within the
    noise."""
    study = grid()
    write(study, tmp_path / "study.yaml")
    found = outcome_of(
        study, tmp_path / "finished", lambda planned: 9.0 + planned.seed * len(planned.arm.name)
    )
    page = rules.check(
        *checked.facts_of_study(study, found.steps, checked.records_of_arms(found.arms))
    )
    said = found_by(shell, "study.yaml", "--runs", tmp_path / "finished")
    assert said == {finding.rule: finding.sentence for finding in page}
    assert "which is within noise" in said["within_noise"]
    assert "within_noise" not in found_by(shell, "study.yaml", "--runs", tmp_path / "none")


def test_check_of_runs_names_all_factors_that_differ(tmp_path: Path, shell: Shell) -> None:
    """Catches two runs that differ in two settings, and no word of it; another seed, or one
    setting, is no finding."""
    settings = [{}, {"seed": 1}, {"optimiser.momentum": 0.5}]
    names = [
        made_run(tmp_path, "resnet20", number, changes) for number, changes in enumerate(settings)
    ]
    both = made_run(tmp_path, "plain20", 3, {"optimiser.momentum": 0.5})
    said = found_by(shell, names[0], both, "--runs", tmp_path)
    assert (
        said["several_factors"]
        == f"2 factors differ between {names[0]} and {both}: network.shortcut and"
        " recipe.optimiser.momentum."
    )
    for other in names[1:]:
        assert "several_factors" not in found_by(shell, names[0], other, "--runs", tmp_path)


def made_run(folder: Path, network: str, number: int, changes: dict[str, object]) -> str:
    recipe = with_settings(recipes.get("he2015_cifar").recipe, changes)
    spec = RunSpec(
        network=network, config=catalog.get(network).config, recipe=recipe, dataset="cifar10"
    )
    directory = RunDirectory(folder / f"20261124-062501-{network}-cifar10-3fa{number}")
    directory.path.mkdir()
    directory.write(SPEC, spec)
    return directory.path.name


def test_check_of_a_listed_study_does_not_reassure_where_two_factors_changed(
    tmp_path: Path, shell: Shell
) -> None:
    """Catches "2 declared factors differ, and nothing else" said of a comparison with two
    causes."""
    write(two_changed(), tmp_path / "listed.yaml")
    assert (
        found_by(shell, "listed.yaml")["several_factors"]
        == "2 factors differ between res and plain: network.shortcut and recipe.batch_size."
    )
    assert "and nothing else" not in printed(shell, "check", "listed.yaml")
    write(grid(), tmp_path / "grid.yaml")  # two factors, and each comparison changes one
    assert "several_factors" not in found_by(shell, "grid.yaml")


def test_check_knows_imported_curves_by_name(tmp_path: Path, shell: Shell) -> None:
    """Catches a curve that `why-loss` finds by its name, and `check` does not."""
    (tmp_path / "theirs.csv").write_text("epoch,loss\n1,6.0\n2,5.0\n")
    words = ["--network", "binary_resnet34", "--lambda", "0.001"]
    kept = printed(shell, "import", "theirs.csv", *words).split()[0]
    for name in ("theirs", kept):
        assert "loss_with_penalty" in found_by(shell, name)
    assert_refused(shell("check", "thiers"), "did you mean 'theirs'")


def test_a_run_that_stopped_at_not_a_number_is_found(tmp_path: Path, shell: Shell) -> None:
    """Catches a rule that waits for a record which a run that stops there never writes: the cause
    is its last word."""
    name = made_run(tmp_path, "resnet20", 0, {})
    ending = {"outcome": "failed", "cause": str(NotANumberError(4)), "time_s": 1.0}
    RunDirectory(tmp_path / name).write_json(EXIT, ending)
    said = found_by(shell, name, "--runs", tmp_path)
    assert said["not_a_number"].startswith("A loss or a weight was no longer a number by step 4;")
