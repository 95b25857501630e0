"""The worker as a process of its own: trains, is stopped, killed and resumed, and says why where it
fails."""

import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from resnet.as_keras import model as keras_model
from resnet.network import catalog
from resnet.network.graph import Conv, Dense, build_graph
from resnet.recipes.recipes import default_recipe
from resnet.runs import checkpoint
from tests.runs_support import wait_for
from tests.training_support import ADAM, SGD, SMALL, Make, Run, recipe_of, spec_with

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def uninterrupted(make_run: Make) -> Run:
    """resnet8 on digits for 300 steps, SGD, from start to end."""
    run = make_run(spec_with(recipe_of(300, SGD)))
    run.start()
    assert run.wait() is not None, run.log()
    return run


def test_a_short_run_learns_digits_and_records_it(uninterrupted: Run) -> None:
    """A network that guesses is wrong in 90 % of the cases."""
    last_word = uninterrupted.directory.read_json("exit.json")
    assert last_word is not None
    assert (last_word["outcome"], last_word["cause"]) == ("finished", None)
    records = uninterrupted.records()
    assert [record["kind"] for record in records].count("test") == 1
    assert records[-1]["kind"] == "test"
    last_evaluated = [record for record in records if record["kind"] == "evaluation"]
    best = min(last_evaluated, key=lambda record: record["validation_error"])
    assert records[-1]["tested_step"] == best["step"]
    assert records[-1]["tested_validation_error"] == best["validation_error"]
    assert abs(records[-1]["test_error_exact_statistics"] - records[-1]["test_error"]) < 5
    assert records[-1]["exact_statistics_images"] == 1152  # full batches of 64 out of 1,200 images
    evaluations = [record for record in records if record["kind"] == "evaluation"]
    assert evaluations[-1]["validation_error"] < 8
    assert evaluations[-1]["train_error_clean"] < evaluations[0]["train_error_clean"]
    assert evaluations[-1]["train_images_evaluated"] == 1200
    assert [record["step"] for record in evaluations] == [60, 120, 180, 240, 300]


def test_the_start_record_says_what_is_trained_on_what(uninterrupted: Run) -> None:
    start, *others = uninterrupted.records()
    assert start["kind"] == "start"
    assert (start["train_images"], start["validation_images"], start["test_images"]) == (
        1200,
        300,
        297,
    )
    assert (start["steps"], start["batch_size"], start["device"], start["resumed_from"]) == (
        300,
        64,
        "cpu",
        None,
    )
    assert all(record["kind"] != "start" for record in others)
    environment = uninterrupted.directory.read_json("environment.json")
    assert environment is not None
    assert environment["split_hash"] == start["split_hash"]
    assert environment["packages"]["tensorflow"]
    assert environment["dataset_checksum"]
    assert environment["initial_weights"].keys() == {
        node.id
        for node in build_graph(catalog.get("resnet8").config).nodes
        if isinstance(node.op, Conv | Dense)
    }
    assert len(environment["first_batch"]) == 16
    assert environment["boot_id"]


def test_train_records_hold_the_applied_rate_and_the_loss_without_its_penalty(
    uninterrupted: Run,
) -> None:
    recipe = recipe_of(300, SGD)
    trains = [record for record in uninterrupted.records() if record["kind"] == "train"]
    assert [record["step"] for record in trains] == list(range(20, 301, 20))
    assert trains[-1]["epoch"] == pytest.approx(300 * 64 / 1200)
    for record in trains:
        expected = recipe.schedule.rate(record["step"] - 1)
        warmed = expected * min(1, record["step"] / recipe.model_dump()["warmup"]["steps"])
        assert record["learning_rate"] == pytest.approx(warmed, rel=1e-5, abs=1e-9)
        assert 0 <= record["train_error"] <= 100
        assert record["images_per_s"] is None or record["images_per_s"] > 0
        assert record["gradient_norm"] > 0
    assert trains[0]["data_loss"] == pytest.approx(
        np.log(10), rel=0.3
    )  # ln 10 is guessing; a penalty would be on top
    assert trains[0]["l2_penalty"] > 0.1


def test_killed_anywhere_and_resumed_is_the_same_run_to_the_bit(make_run: Make) -> None:
    """Killed twice, the second time with its newest checkpoint damaged: the same curve, the same
    weights."""
    whole, run = (make_run(spec_with(recipe_of(300, SGD), config=SMALL)) for _ in range(2))
    whole.start()
    assert whole.wait() is not None, whole.log()
    for step in (70, 150):
        run.start()
        run.until_step(step)
        assert run.process
        run.process.kill()
        run.process.wait()
        with (run.path / "metrics.jsonl").open("ab") as file:
            file.write(b'{"kind":"train","st')  # a line torn by the death
    newest = checkpoint.steps(run.path / "checkpoint")[-1]
    (newest / "weights.npz").write_bytes(b"broken")
    run.start()
    last_word = run.wait()
    assert last_word is not None, run.log()
    assert last_word["outcome"] == "finished"
    assert f"{newest.name} is damaged" in run.log()
    assert run.curve() == whole.curve()
    for part in ("weights", "optimiser"):
        found, expected = getattr(run.weights(), part), getattr(whole.weights(), part)
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_stopped_and_resumed_is_the_same_run_to_the_bit(make_run: Make) -> None:
    """Adam, with a warm-up by training error: stopped between evaluations, by a person and by a
    signal."""
    whole, cut = (make_run(spec_with(recipe_of(160, ADAM))) for _ in range(2))
    whole.start()
    assert whole.wait() is not None, whole.log()
    cut.start()
    cut.until_step(20)
    cut.directory.ask_stop()
    last_word = cut.wait()
    assert last_word is not None, cut.log()
    assert last_word["outcome"] == "stopped"
    first_stop = cut.weights().step
    began = cut.directory.read_json("environment.json") or {}
    del began["initial_weights"]  # as a version wrote that hashed nothing
    cut.directory.write_json(
        "environment.json", began | {"first_batch": "as it began", "python": "2"}
    )
    assert 20 <= first_stop < 160
    cut.start()
    cut.until_step(first_stop + 30)
    assert cut.process
    os.kill(cut.process.pid, signal.SIGTERM)
    last_word = cut.wait()
    assert last_word is not None, cut.log()
    assert last_word["outcome"] == "stopped"
    cut.start()
    assert cut.wait() is not None, cut.log()
    starts = [record["resumed_from"] for record in cut.records() if record["kind"] == "start"]
    assert starts[:2] == [None, first_stop]
    environment = cut.directory.read_json("environment.json") or {}
    assert (environment["first_batch"], environment["python"] != "2") == ("as it began", True)
    assert (
        "initial_weights" not in environment
    )  # a proof of what this process drew, not of what the run began with
    assert cut.curve() == whole.curve()
    assert all(
        np.array_equal(cut.weights().weights[name], value)
        for name, value in whole.weights().weights.items()
    )
    rates = {record["learning_rate"] for record in whole.records() if record["kind"] == "train"}
    assert rates == {
        np.float32(0.0003).item(),
        np.float32(0.003).item(),
    }  # it did come back from its warm-up


def test_not_a_number_fails_with_its_step_and_keeps_the_last_good_checkpoint(
    make_run: Make,
) -> None:
    """At rate 10 a decay of 0.5 multiplies every weight by -4 a step, so the penalty is infinite
    before step 40."""
    blows_up = {
        "schedule": {"kind": "constant", "learning_rate": 10},
        "warmup": None,
        "checkpoint_every": 5,
    }
    run = make_run(
        spec_with(recipe_of(200, SGD | blows_up | {"weight_decay": {"value": 0.5}}), config=SMALL)
    )
    run.start()
    last_word = run.wait()
    assert last_word is not None, run.log()
    assert last_word["outcome"] == "failed"
    found = re.match(r"Not a number at step (\d+):", last_word["cause"])
    assert found, last_word
    assert run.weights().step < int(found[1]) < 40
    assert all(np.isfinite(values).all() for values in run.weights().weights.values())
    assert "Traceback" not in run.log()


def test_not_a_number_can_be_gone_on_from_with_a_word(make_run: Make) -> None:
    """The curve says null, which is JSON, and the last good checkpoint stays."""
    blows_up = {
        "schedule": {"kind": "constant", "learning_rate": 10},
        "warmup": None,
        "checkpoint_every": 5,
    }
    goes_on = {"weight_decay": {"value": 0.5}, "sentinels": {"not_a_number": "go_on"}}
    run = make_run(spec_with(recipe_of(60, SGD | blows_up | goes_on), config=SMALL))
    run.start()
    last_word = run.wait()
    assert last_word is not None, run.log()
    assert last_word["outcome"] == "finished", last_word
    warnings = [record for record in run.records() if record["kind"] == "warning"]
    assert [record["warning"] for record in warnings] == ["not_a_number"]
    trains = [record for record in run.records() if record["kind"] == "train"]
    assert trains[-1]["data_loss"] is None
    assert all(np.isfinite(values).all() for values in run.weights().weights.values())


@pytest.mark.parametrize(("reaction", "outcome"), [("stop", "failed"), ("go_on", "finished")])
def test_no_progress_acts_by_the_recipe(make_run: Make, reaction: str, outcome: str) -> None:
    """A rate too small to learn anything: the validation error stands still."""
    still = {
        "schedule": {"kind": "constant", "learning_rate": 1e-12},
        "warmup": None,
        "evaluate_every": 10,
    }
    run = make_run(
        spec_with(
            recipe_of(60, SGD | still | {"sentinels": {"no_progress": reaction, "patience": 3}}),
            config=SMALL,
        )
    )
    run.start()
    last_word = run.wait()
    assert last_word is not None, run.log()
    assert last_word["outcome"] == outcome, last_word
    if reaction == "stop":
        assert last_word["cause"].startswith("No progress: the validation error has not been below")
        assert run.weights().step < 60
    else:
        assert [record["warning"] for record in run.records() if record["kind"] == "warning"] == [
            "no_progress"
        ]


def test_a_finished_run_leaves_a_model_that_plain_keras_loads(uninterrupted: Run) -> None:
    """The tested weights, not those of the last step, in the network as the catalogue has it."""
    model = keras_model.load_keras_model(uninterrupted.path / "model.keras")
    values = {variable.path: variable.numpy() for variable in model.variables}
    best = uninterrupted.weights().best
    assert best is not None
    assert all(np.array_equal(values[name], best[name]) for name in best)
    assert "FusedBatchNormalization" not in {type(layer).__name__ for layer in model.layers}


def refused(run: Run) -> str:
    """Why the worker would not train; it must have said so before importing TensorFlow."""
    run.start()
    last_word = run.wait()
    assert last_word is not None, run.log()
    assert last_word["outcome"] == "failed"
    assert not (run.path / "environment.json").exists()
    return str(last_word["cause"])


def test_missing_data_is_one_sentence(
    make_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # no network
    config = catalog.get("resnet8").config
    run = make_run(
        spec_with(
            default_recipe("cifar10"),
            config=config,
            dataset="cifar10",
            data_folder=str(tmp_path / "data"),
        )
    )
    assert "put cifar-10-python.tar.gz or its folder" in refused(run)
    assert "Traceback" not in run.log()


def test_a_network_for_other_images_and_a_damaged_spec_are_refused(make_run: Make) -> None:
    run = make_run(spec_with(default_recipe("digits"), config=catalog.get("resnet8").config))
    assert "Digits has 10 classes of images 8×8×1" in refused(run)
    (run.path / "spec.json").write_text("{")
    assert "spec.json" in refused(run)


def test_a_run_whose_directory_is_removed_ends(make_run: Make) -> None:
    """It would train on for days where nobody can see or stop it, and bring back parts of the
    directory."""
    run = make_run(spec_with(recipe_of(100_000, SGD)))
    run.start()
    run.until_step(20)

    def gone() -> bool:
        """Removed as `rm -rf` does it: once more where the worker wrote a record between two looks
        at the folder."""
        shutil.rmtree(run.path, ignore_errors=True)
        return not run.path.exists()

    wait_for(gone)
    assert run.process
    run.process.wait(20)
    assert run.process.returncode != 0
    assert not run.path.exists()


def test_two_workers_on_one_run_are_one_too_many(make_run: Make) -> None:
    run = make_run(spec_with(default_recipe("digits")))
    with run.directory.lock():
        run.start()
        assert run.wait() is None
    assert run.process
    assert run.process.returncode == 2
    assert "already has one" in run.log()
