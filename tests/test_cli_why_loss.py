"""The commands `import` and `why-loss`: networks, runs and old curves in one question, each with
its own λ."""

import json
from math import inf
from pathlib import Path

import pytest

from resnet import get
from resnet.shipped.notebook import FOLDER
from resnet.why_loss.losses import measured_penalty
from tests.cli_support import Shell, assert_refused, printed
from tests.runs_support import spec

PREDICTED = {"resnet34": 17.717, "plain34": 15.925, "resnet50": 6.005, "plain50": 5.237}
"""The notebook's networks, each with its λ (shared/seed/README.md)."""


def test_why_loss_of_the_notebook_s_networks(shell: Shell) -> None:
    """The four by name are enough: λ is the notebook's."""
    names = [f"binary_{name}" for name in PREDICTED]
    items = json.loads(printed(shell, "why-loss", *names, "--json"))["items"]
    assert [round(item["predicted"], 3) for item in items] == list(PREDICTED.values())
    text = printed(shell, "why-loss", *names)
    assert all(f"{loss:.3f}" in text for loss in PREDICTED.values())


def test_why_loss_with_another_decay(shell: Shell) -> None:
    """--weight-decay X is half as much as --lambda X on the same weights."""
    ours, keras = (
        json.loads(printed(shell, "why-loss", "resnet20", option, "0.01", "--json"))["items"][0]
        for option in ("--weight-decay", "--lambda")
    )
    assert (ours["factor"], keras["factor"]) == (0.005, 0.01)


def test_an_imported_curve_beside_a_run_and_a_network(shell: Shell, tmp_path: Path) -> None:
    """All three kinds in one question; a run's folder without records is only predicted."""
    run = tmp_path / "20261124-062501-resnet20-digits-3fa9"
    run.mkdir()
    (run / "spec.json").write_text(spec().model_dump_json())
    (run / "exit.json").write_text('{"outcome": "finished"}')
    lines = [{"kind": "train", "step": 5, "data_loss": 2.3, "l2_penalty": 0.25}]
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    curve = FOLDER / "resnet_34_sgd.csv"
    said = printed(
        shell,
        "import",
        curve,
        "--network",
        "binary_resnet34",
        "--lambda",
        "0.001",
        "--runs",
        tmp_path,
    )
    assert "Unknown: seeds" in said
    found = json.loads(
        printed(
            shell,
            "why-loss",
            "resnet_34_sgd",
            run.name,
            "binary_resnet34",
            "--json",
            "--runs",
            tmp_path,
        )
    )
    assert [item["beneath"] for item in found["items"]] == ["estimated", "recorded", "expected"]
    assert len(found["differences"]) == 2
    assert all(
        abs(value) < inf for value in (found["items"][1]["first"], found["differences"][0]["total"])
    )


@pytest.mark.keras
def test_the_penalty_of_the_very_weights(shell: Shell, tmp_path: Path) -> None:
    """Catches a measured penalty of other weights than a run drew, and one claimed for a fork,
    which drew none."""
    decay = spec().recipe.weight_decay
    names = ["20261124-062501-resnet20-digits-3fa9", "20261124-062502-resnet20-digits-3fa8"]
    for name, origin in zip(names, ("", names[0]), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "spec.json").write_text(spec(seed=3).model_dump_json())
        (tmp_path / name / "exit.json").write_text('{"outcome": "finished"}')
        if origin:
            request = {
                "time_s": 1.0,
                "uptime_s": 1.0,
                "boot_id": "b",
                "parent": {"id": origin, "step": 5},
            }
            (tmp_path / name / "request.json").write_text(json.dumps(request))
    shown = ["why-loss", *names, "resnet20", "--weight-decay", str(decay.value), "--runs", tmp_path]
    assert "drawn" not in printed(shell, *shown)
    measured = [
        item["measured_at_start"]
        for item in json.loads(printed(shell, *shown, "--measured", "--json"))["items"]
    ]
    assert measured[0] == pytest.approx(measured_penalty(spec().config, decay, 3))
    assert measured[1] is None
    assert measured[2] == pytest.approx(measured_penalty(get("resnet20").config, decay, 0))


def test_a_name_nobody_knows_and_a_damaged_run(shell: Shell, tmp_path: Path) -> None:
    assert_refused(shell("why-loss", "resnet-20"), "did you mean 'resnet20'")
    run = tmp_path / "20261124-062501-resnet20-digits-3fa9"
    run.mkdir()
    (run / "exit.json").write_text('{"outcome": "finished"}')
    assert_refused(shell("why-loss", run.name, "--runs", tmp_path), "cannot be explained")


def test_import_drops_no_option_without_a_word(shell: Shell, tmp_path: Path) -> None:
    """Catches `--set` that is forgotten since nobody named the network, and a seed below zero that
    is kept."""
    curve = FOLDER / "resnet_34_sgd.csv"
    assert_refused(shell("import", curve, "--set", "shortcut=none"), "so it needs --network")
    assert_refused(shell("import", curve, "--seed", "-3"), "-3")
    assert not (tmp_path / "runs").exists()


def test_no_penalty_is_negative(shell: Shell, tmp_path: Path) -> None:
    """Catches "-0.0021 · Σw² would explain it": a loss below what guessing costs needs no penalty
    at all."""
    curve = tmp_path / "low.csv"
    curve.write_text("epoch,loss\n0,1.5\n1,1.2\n")
    printed(shell, "import", curve, "--network", "resnet20", "--runs", tmp_path)
    item = json.loads(printed(shell, "why-loss", "low", "--json", "--runs", tmp_path))["items"][0]
    assert item["first"] < item["chance"]
    assert item["implied_factor"] is None
    said = printed(shell, "why-loss", "low", "--runs", tmp_path)
    assert "would explain" not in said
    assert "not above the chance-level loss" in said


def test_minus_nothing_is_nothing(shell: Shell) -> None:
    """Catches a penalty of "-0.000"."""
    for option in ("--lambda", "--weight-decay"):
        assert "-0" not in printed(shell, "why-loss", "resnet20", option, "-0.0").replace("--", "")


@pytest.mark.parametrize("option", ["--lambda", "--weight-decay"])
@pytest.mark.parametrize("value", ["-1e-9", "nan", "inf", "-inf", "1e400", "1"])
def test_a_penalty_that_cannot_be_is_one_sentence(shell: Shell, option: str, value: str) -> None:
    """Catches a number that no training takes."""
    assert_refused(shell("why-loss", "resnet20", option, value), option)
