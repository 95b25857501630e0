"""TensorBoard's files without TensorFlow: a number nobody wrote, and a file that is not whole,
would be believed."""

import contextlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resnet import DataError
from resnet.imports.event_files import EventFile, Scalar, is_event_file, masked_crc, read_scalars
from resnet.imports.imported import read_curve
from tests.curve_support import EVENTS, curve_of, event, field, record, values

ROOT = Path(__file__).parents[1]
FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_an_event_file_is_known_by_its_first_bytes() -> None:
    assert is_event_file(EVENTS[:12])
    assert not is_event_file(b"epoch,loss\n1")


def test_the_checksum_is_castagnoli_s() -> None:
    """RFC 3720, B.4: CRC-32C of 32 zero bytes is 0x8a9136aa; TensorFlow turns and moves it."""
    crc = 0x8A9136AA
    assert masked_crc(bytes(32)) == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_epochs_and_steps_of_an_event_file(tmp_path: Path) -> None:
    folder = tmp_path / "validation"
    folder.mkdir()
    curve = curve_of(folder, EVENTS, "events.out.tfevents.1")
    assert [(column.name, column.along, column.x) for column in curve.columns] == [
        ("val_loss", "epoch", (1.0, 2.0)),
        ("evaluation_loss_vs_iterations", "step", (7.0,)),
    ]


def test_pytorch_s_names_and_an_unknown_count(tmp_path: Path) -> None:
    curve = curve_of(tmp_path, event(3, "Loss/train", 2.0) + event(3, "Accuracy/val", 0.5))
    assert [(column.name, column.along) for column in curve.columns] == [
        ("loss", "record"),
        ("val_accuracy", "record"),
    ]


@pytest.mark.parametrize("cut", range(1, len(event(7, "evaluation_loss_vs_iterations", 0.5))))
def test_a_file_cut_anywhere_is_read_to_its_last_whole_record(tmp_path: Path, cut: int) -> None:
    curve = curve_of(tmp_path, EVENTS[:-cut])
    assert values(curve, "loss") == (2.0, 1.0)
    assert "up to its last whole record" in curve.notes[0]


def test_a_flipped_bit_ends_the_reading(tmp_path: Path) -> None:
    """Without the checksum a loss of 2 may become one of 1e38."""
    first = len(event(0, "epoch_loss", 2.0))
    broken = bytearray(EVENTS)
    broken[first + 20] ^= 4
    curve = curve_of(tmp_path, bytes(broken))
    assert values(curve, "loss") == (2.0,)
    assert "checksum" in curve.notes[0]


def test_a_long_record_is_passed_over(tmp_path: Path) -> None:
    """A graph of megabytes is not read byte by byte."""
    path = tmp_path / "events"
    path.write_bytes(record(field(6, 2, b"")) + record(bytes(1 << 17)) + EVENTS)
    found = read_scalars(path)
    assert (found.passed_over, len(found.scalars), found.damage) == (1, 3, None)


REAL_WRITER = """
    import sys
    import tensorflow as tf
    folder = sys.argv[1]
    writer = tf.summary.create_file_writer(folder + "/two/train")
    plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
    metadata = tf.compat.v1.SummaryMetadata(plugin_data=plugin)
    # What tf.summary.scalar does; that itself needs the package tensorboard.
    with writer.as_default():
        for step in range(300):
            loss = tf.constant(2.0 / (step + 1))
            tf.summary.write("epoch_loss", loss, step=step, metadata=metadata)
        tf.summary.write("epoch_accuracy", tf.constant(0.5, tf.float64), step=0, metadata=metadata)
        tf.summary.write("count", tf.constant(-7, tf.int64), step=2**40, metadata=metadata)
        tf.summary.write("half", tf.constant(0.25, tf.float16), step=1, metadata=metadata)
        tf.summary.write("histogram", tf.zeros([3, 3]), step=0)
        tf.summary.write("text", tf.constant("hello"), step=0)
        tf.summary.write("picture", tf.zeros([200, 200]), step=0)
    writer.close()
    with tf.Graph().as_default():
        old = tf.compat.v1.summary.FileWriter(folder + "/one")
        value = tf.compat.v1.Summary.Value(tag="Loss/train", simple_value=0.5)
        old.add_summary(tf.compat.v1.Summary(value=[value]), global_step=12)
        old.close()
    import keras
    import numpy as np
    model = keras.Sequential([keras.layers.Dense(1, kernel_regularizer=keras.regularizers.l2(0.1))])
    model.compile("sgd", "mse")
    logger = keras.callbacks.CSVLogger(folder + "/keras.csv")
    images, labels = np.ones((8, 2)), np.ones(8)
    model.fit(images, labels, validation_split=0.5, epochs=3, verbose=0, callbacks=[logger])
"""


@pytest.mark.keras
def test_what_tensorflow_and_keras_really_write(tmp_path: Path) -> None:
    """Files made by TensorFlow 2's and 1's own writers and by CSVLogger, in a process of their
    own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(REAL_WRITER), str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (two,) = (tmp_path / "two" / "train").iterdir()
    found = read_scalars(two)
    assert found.damage is None
    assert [scalar.value for scalar in found.scalars[:3]] == [2.0, 1.0, pytest.approx(2 / 3)]
    assert found.scalars[300:] == (
        Scalar("epoch_accuracy", 0, 0.5),
        Scalar("count", 2**40, -7.0),
        Scalar("half", 1, 0.25),
    )
    curve = read_curve(two)
    assert (curve.name, curve.source, len(values(curve, "loss"))) == ("train", "tensorboard", 300)
    (one,) = (tmp_path / "one").iterdir()
    assert read_scalars(one) == EventFile((Scalar("Loss/train", 12, 0.5),))
    logged = read_curve(tmp_path / "keras.csv")
    assert {column.name: column.x for column in logged.columns} == dict.fromkeys(
        ("loss", "val_loss"), (1.0, 2.0, 3.0)
    )


@FUZZ
@given(st.integers(0, len(EVENTS) - 1), st.binary(min_size=1, max_size=12))
def test_no_damage_to_an_event_file_does(tmp_path: Path, place: int, noise: bytes) -> None:
    """Bytes written over, with and without a checksum that fits again."""
    broken = EVENTS[:place] + noise + EVENTS[place + len(noise) :]
    for content in (broken, record(broken[16:]) + EVENTS):
        with contextlib.suppress(DataError):
            curve_of(tmp_path, content)
