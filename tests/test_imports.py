"""Old curves come along: what a file says is read, what it does not say stays unknown, and no file
breaks the lab."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resnet import ConfigError, DataError, ExportError, ResNetLabError, UnknownNameError, get
from resnet.imports.imported import Given, ImportedCurve, read_curve, read_imports, write_import
from resnet.recipes.recipe import WeightDecayConfig
from resnet.shipped.notebook import FOLDER
from resnet.why_loss.losses import KerasL2, explain
from tests.curve_support import curve_of, record, values

# CSV


@pytest.mark.parametrize("name", ["plain_34_sgd", "resnet_34_sgd", "resnet_50_sgd"])
def test_the_seed_s_curves_are_read_whole(name: str) -> None:
    curve = read_curve(FOLDER / f"{name}.csv")
    assert curve.name == name and curve.source == "csv"
    assert [column.name for column in curve.columns] == [
        "step_ms",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
    ]
    assert all(
        column.along == "epoch" and column.x == tuple(range(1, 51)) for column in curve.columns
    )
    assert {"network", "λ", "seeds", "penalty"} <= set(curve.unknown)
    assert "epochs or steps" not in curve.unknown


def test_keras_counts_from_zero(tmp_path: Path) -> None:
    """CSVLogger's epoch 0 is the first one finished; taken as it stands it would lie an epoch to
    the left of ours."""
    curve = curve_of(tmp_path, "epoch,accuracy,loss\n0,0.5,1.5\n1,0.6,1.2\n")
    assert {column.x for column in curve.columns} == {(1.0, 2.0)}


def test_train_loss_and_val_acc_alone_in_any_order(tmp_path: Path) -> None:
    """pandas's unnamed index is no epoch, percent is no fraction, and what is missing stays
    missing."""
    curve = curve_of(
        tmp_path, ",val_acc,train_loss\n0,41.5,1.5\n1,55.25,1.25\n", "history_plain.csv"
    )
    assert values(curve, "val_accuracy") == (0.415, 0.5525)
    assert values(curve, "loss") == (1.5, 1.25)
    assert {column.along for column in curve.columns} == {"record"}
    assert {"epochs or steps", "accuracy", "val_loss"} <= set(curve.unknown)
    assert "it is read as percent" in " ".join(curve.notes)


def test_one_scale_for_all_accuracies(tmp_path: Path) -> None:
    """Validation below 1 % beside training at 3 % is percent too."""
    curve = curve_of(tmp_path, "epoch,acc,val_acc\n1,3.0,0.9\n")
    assert values(curve, "val_accuracy") == (pytest.approx(0.009),)


def test_steps_are_not_epochs(tmp_path: Path) -> None:
    curve = curve_of(tmp_path, "iteration,loss\n0,2.0\n100,1.0\n")
    column = curve.column("loss")
    assert column and (column.along, column.x) == ("step", (0.0, 100.0))


def test_errors_are_percent(tmp_path: Path) -> None:
    assert values(curve_of(tmp_path, "epoch,val_error\n1,0.25\n"), "val_error") == (25.0,)
    assert values(curve_of(tmp_path, "epoch,val_error\n1,25\n"), "val_error") == (25.0,)


def test_semicolons_and_commas(tmp_path: Path) -> None:
    assert values(curve_of(tmp_path, "epoch;loss\n1;0,75\n"), "loss") == (0.75,)


def test_a_cell_without_a_number_is_unknown(tmp_path: Path) -> None:
    curve = curve_of(tmp_path, "epoch,loss,val_loss,note\n1,nan,,a\n2,1.5,1.25,b\n")
    assert (values(curve, "loss"), values(curve, "val_loss")) == ((None, 1.5), (None, 1.25))
    assert curve.column("note") is None


def test_accuracies_out_of_range_are_left_out_and_said(tmp_path: Path) -> None:
    curve = curve_of(tmp_path, "epoch,loss,acc\n1,1.0,5000\n")
    assert curve.column("accuracy") is None
    assert "neither a fraction nor percent" in " ".join(curve.notes)


def test_a_second_training_in_one_file_is_said(tmp_path: Path) -> None:
    """CSVLogger(append=True): some of the notebook's models went on from earlier training, and
    nobody noticed."""
    curve = curve_of(tmp_path, "epoch,loss\n0,2.0\n1,1.0\n0,0.9\n1,0.8\n")
    assert "restarts" in " ".join(curve.notes)
    assert values(curve, "loss") == (2.0, 1.0, 0.9, 0.8)


def test_two_columns_that_mean_the_same_are_said(tmp_path: Path) -> None:
    curve = curve_of(tmp_path, "epoch,acc,accuracy\n1,0.5,0.6\n")
    assert values(curve, "accuracy") == (0.5,)
    assert "the first was used" in " ".join(curve.notes)


def test_a_torn_last_row_is_left_out_and_said(tmp_path: Path) -> None:
    """A copy that was cut short: the half row would be a number nobody measured."""
    curve = curve_of(tmp_path, "epoch,loss,acc\n1,2.0,0.5\n2,1.")
    assert values(curve, "loss") == (2.0,)
    assert "left out" in " ".join(curve.notes)
    assert "may be cut short" in " ".join(curve_of(tmp_path, "epoch,loss\n1,2.0\n2,1.").notes)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "names the columns"),
        ("epoch,loss\n", "a row below it"),
        ("1,2.0\n2,1.0\n", "names the columns"),
        ("epoch,loss\n1\n2,1.0\n", "row 2 of 'curve.csv' has 1 for 2"),
        ("epoch,loss,loss\n1,2,3\n", "different names"),
        ("epoch,name\n1,a\n", "no column of numbers"),
        ("{", "not complete JSON"),
        ("[" * 100_000, "not complete JSON"),
        ('{"loss": 3}', "does not"),
        ('{"loss": ["a"]}', "no column of numbers"),
        (b"\xff\xfe\x00\x01", "cannot read"),
    ],
)
def test_refused_in_one_sentence(tmp_path: Path, content: str | bytes, why: str) -> None:
    with pytest.raises(DataError, match=f"(?i){why}") as caught:
        curve_of(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DataError, match="Cannot read"):
            read_curve(path)


# JSON


@pytest.mark.parametrize(
    "data",
    [
        {"loss": [2.0, 1.0], "val_accuracy": [0.5, 0.75]},
        {
            "history": {"loss": [2.0, 1.0], "val_accuracy": [0.5, 0.75]},
            "epoch": [0, 1],
            "params": {},
        },
        [{"epoch": 1, "loss": 2.0, "val_acc": 0.5}, {"epoch": 2, "loss": 1.0, "val_acc": 0.75}],
    ],
)
def test_json_histories(tmp_path: Path, data: object) -> None:
    curve = curve_of(tmp_path, json.dumps(data), "history.json")
    assert curve.source == "json"
    assert (values(curve, "loss"), values(curve, "val_accuracy")) == ((2.0, 1.0), (0.5, 0.75))
    counted = "epoch" in json.dumps(data)
    assert {(column.along, column.x) for column in curve.columns} == {
        ("epoch" if counted else "record", (1.0, 2.0))
    }


def test_a_list_of_another_length_is_not_put_beside_the_epochs(tmp_path: Path) -> None:
    """validation_freq=2 leaves half as many values; which epochs they belong to is unknown."""
    curve = curve_of(tmp_path, json.dumps({"epoch": [0, 1], "loss": [2.0, 1.0], "val_loss": [1.5]}))
    found = {column.name: column.along for column in curve.columns}
    assert found == {"loss": "epoch", "val_loss": "record"}


# Hostile files

FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(st.sampled_from('epoch,loss;\n\r"0123.5e-\t{}[]:null\x00ü'), max_size=80)


@FUZZ
@given(
    st.binary(max_size=200)
    | TEXTS.map(str.encode)
    | st.binary(max_size=60).map(record)
    | st.just(b"")
)
def test_no_file_raises_anything_but_our_errors(tmp_path: Path, content: bytes) -> None:
    """A traceback on the page, or a curve of infinities."""
    try:
        curve = curve_of(tmp_path, content)
    except ResNetLabError as error:
        assert "\n" not in str(error)
    else:
        assert ImportedCurve.model_validate_json(curve.model_dump_json()) == curve


# What a person says, and where it is kept


def test_what_is_given_is_checked(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="optimiser"):
        Given(recipe={"optimizer.kind": "sgd"})
    with pytest.raises(ConfigError):
        Given(decay=-1.0)


def test_what_is_given_decides_what_the_loss_means() -> None:
    """None is unknown; "no penalty inside" is a fact, and then the loss on record is the data
    loss."""
    path, config = FOLDER / "resnet_34_sgd.csv", get("binary_resnet34").config
    assert read_curve(path).as_loss_item().decay is None
    keras = Given(config=config, decay=1e-3)
    assert keras.decay_in_loss() == KerasL2(1e-3)
    ours = Given(decay=1e-3, decay_meaning="l2", decay_covers="all")
    assert ours.decay_in_loss() == WeightDecayConfig(value=1e-3)
    apart = read_curve(path, Given(config=config, decay=1e-3, penalty_in_loss="no"))
    (row,) = explain([apart.as_loss_item()]).rows
    assert (row.penalty, row.data_loss) == (0.0, 17.646)


def test_kept_curves_come_back_as_they_were(tmp_path: Path) -> None:
    """Also that keeping one twice keeps one, and that the folder is made."""
    folder = tmp_path / "runs" / "imports"
    facts = Given(
        network="binary_resnet34",
        config=get("binary_resnet34").config,
        decay=1e-3,
        seeds=(0,),
        recipe={"optimiser.kind": "sgd", "batch_size": 16},
    )
    curves = [
        read_curve(FOLDER / "resnet_34_sgd.csv", facts),
        read_curve(FOLDER / "plain_34_sgd.csv"),
    ]
    paths = [write_import(folder, curve) for curve in [*curves, *curves]]
    found = read_imports(folder)
    assert found.curves == {path.name: curve for path, curve in zip(paths, curves, strict=False)}
    assert found.damaged == ()
    assert read_imports(tmp_path / "none") == ({}, ())


def test_a_damaged_copy_hides_no_other(tmp_path: Path) -> None:
    good = write_import(tmp_path, read_curve(FOLDER / "plain_34_sgd.csv"))
    for name, content in (("a", "{"), ("b", "[]"), ("c", '{"format_version": 2}'), ("d", "\0")):
        (tmp_path / f"{name}.import.json").write_text(content)
    found = read_imports(tmp_path)
    assert list(found.curves) == [good.name]
    assert len(found.damaged) == 4


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="Cannot write"):
        write_import(tmp_path / "file" / "imports", read_curve(FOLDER / "plain_34_sgd.csv"))


def test_a_setting_of_a_part_makes_the_part_known() -> None:
    """Catches "Unknown: optimiser, schedule" said to a person who has just given both."""
    path = FOLDER / "resnet_34_sgd.csv"
    given = Given(recipe={"optimiser.kind": "adam", "schedule.learning_rate": 0.1})
    assert {"optimiser", "schedule", "batch_size"} & set(read_curve(path, given).unknown) == {
        "batch_size"
    }


def test_a_seed_is_at_least_zero() -> None:
    """Catches a seed that no training of ours could have."""
    with pytest.raises(ConfigError, match="-3"):
        Given(seeds=(0, -3))


@pytest.mark.parametrize("content", [b"", b"\x18\0\0\0\0\0\0\0\xa3\x7f", b"\xd9" * 40])
def test_the_stump_of_an_event_file_is_called_one(tmp_path: Path, content: bytes) -> None:
    """Catches CSV's words, or a codec's, for a file of TensorBoard's that was cut while it was
    copied."""
    path = tmp_path / "events.out.tfevents.1700000000.host"
    path.write_bytes(content)
    why = "damaged at" if len(content) > 12 else "empty, or cut before"
    with pytest.raises(DataError, match=f"this event file is {why} its first record; "):
        read_curve(path)
    table = tmp_path / "tfevents.csv"
    table.write_text("epoch,loss\n1,2.0\n")
    assert read_curve(table).source == "csv"


def test_a_folder_is_named_as_it_was_typed() -> None:
    """Catches "Cannot read ''" for the folder one is in."""
    with pytest.raises(DataError, match=r"Cannot read '\.': it is a folder; "):
        read_curve(Path())
