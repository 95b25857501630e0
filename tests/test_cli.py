"""The command line: what it prints and writes, and one line with exit code 2 for whatever goes
wrong."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import pytest

from resnet import ResNetConfig, describe, exports, get, with_settings
from resnet.as_keras.plot_model import PlotOptions
from resnet.diagram import View
from resnet.network import catalog
from resnet.runs import Store
from tests.cli_support import Done, Shell, assert_refused

ROOT = Path(__file__).parents[1]


def python_m_resnet(*words: str, folder: Path, **options: object) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "resnet", *words]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )  # type: ignore[call-overload, no-any-return]


def test_list_names_the_published_networks_with_their_sources(shell: Shell) -> None:
    done = shell("list")
    assert [line.split()[0] for line in done.out.splitlines()] == [
        entry.name for entry in catalog.published()
    ]
    assert "He et al. 2015" in done.out


def test_list_all_as_json_holds_every_name(shell: Shell) -> None:
    records = json.loads(shell("list", "--all", "--json").out)
    assert [record["name"] for record in records] == list(catalog.names())
    (record,) = [record for record in records if record["name"] == "plain1202"]
    assert record == {
        "name": "plain1202",
        "family": "cifar",
        "n": 200,
        "depth": 1202,
        "source": get("plain1202").source,
    }


def test_describe_as_json_holds_exactly_what_is_promised(shell: Shell) -> None:
    record = json.loads(shell("describe", "resnet56", "--json").out)
    totals = (
        "depth",
        "total_params",
        "trainable_params",
        "non_trainable_params",
        "macs",
        "activation_bytes",
        "receptive_field",
    )
    assert list(record) == ["name", "config", *totals, "layers"]
    metrics = describe(get("resnet56").config)
    assert {key: record[key] for key in totals} == {key: getattr(metrics, key) for key in totals}
    assert ResNetConfig.model_validate(record["config"]) == get("resnet56").config
    columns = (
        "id",
        "op",
        "output_shape",
        "trainable_params",
        "non_trainable_params",
        "macs",
        "receptive_field",
    )
    for layer, row in zip(record["layers"], metrics.layers, strict=True):
        assert list(layer) == list(columns)
        assert layer == {key: getattr(row, key) for key in columns} | {
            "output_shape": list(row.output_shape)
        }


def test_describe_says_each_number_and_what_it_counts(shell: Shell) -> None:
    out = shell("describe", "resnet56").out
    for text in (
        "857,082",
        "853,018",
        "4,064",
        "125,485,696",
        "7,508,304",
        "249 pixels",
        "He et al. 2015",
        "The paper calls",
    ):
        assert text in out


def test_describe_shows_the_layers_when_asked(shell: Shell) -> None:
    assert "stage3.block9.add" not in shell("describe", "resnet56").out
    lines = shell("describe", "resnet56", "--layers").out.splitlines()
    row = next(line.split() for line in lines if line.startswith("stage2.block1.conv1 "))
    assert row == ["stage2.block1.conv1", "conv", "16×16×32", "4,608", "0", "1,179,648", "41"]


def test_set_reaches_any_field(shell: Shell) -> None:
    words = [
        "--set",
        "norm.momentum=0.99",
        "--set",
        "stages.0.blocks=4",
        "--set",
        "input_shape=28,28,1",
    ]
    config = json.loads(shell("describe", "resnet20", *words, "--json").out)["config"]
    assert config["norm"]["momentum"] == 0.99
    assert config["stages"][0]["blocks"] == 4
    assert config["input_shape"] == [28, 28, 1]


@pytest.mark.parametrize("form", get_args(exports.DrawingFormat))
def test_draw_writes_what_the_library_gives(shell: Shell, form: exports.DrawingFormat) -> None:
    """The page downloads the bytes of the same call."""
    looks = ["--level", "block", "--style", "compact", "--colour", "macs", "--page", "a4"]
    boxes = ["--toggle", "stage2", "--unfold", "stage1.block2"]
    done = shell("draw", "resnet20", "-o", f"a.{form}", *looks, *boxes, "--beside", "plain20")
    assert done == (0, "", "")
    view = View(
        level="block",
        style="compact",
        colour="macs",
        page="a4",
        toggled=("stage2",),
        unfolded=("stage1.block2",),
    )
    written = exports.drawing(get("resnet20").config, form, view, get("plain20").config)
    assert Path(f"a.{form}").read_bytes() == written


def test_draw_writes_keras_code(shell: Shell) -> None:
    assert shell("draw", "resnet20", "-o", "a.py") == (0, "", "")
    assert Path("a.py").read_text() == exports.keras_source(get("resnet20").config)


def test_compare_says_the_sentence_and_the_table(shell: Shell) -> None:
    """Catches a comparison that is only on the page."""
    done = shell("compare", "plain56", "resnet56")
    assert done.status == 0
    assert done.out.startswith(
        "the same 853,018 parameters; 27 shortcuts added, 2 of them padded\n"
    )
    assert done.out.count("\n| stage") == 27
    record = json.loads(
        shell("compare", "plain56", "plain56", "--other-set", "norm.momentum=0.99", "--json").out
    )
    assert record["settings"] == {"norm.momentum": [0.9, 0.99]}


@pytest.mark.parametrize("form", ["csv", "md", "tex"])
@pytest.mark.parametrize(
    "words", [("compare", "plain20", "resnet20"), ("family", "--n", "3"), ("export", "resnet20")]
)
def test_tables_come_in_three_formats(shell: Shell, form: str, words: tuple[str, ...]) -> None:
    """Catches a format that one of the tables lacks."""
    assert shell(*words, "-o", f"a.{form}") == (0, "", "")
    assert "stem" in Path(f"a.{form}").read_text() or "plain8" in Path(f"a.{form}").read_text()


def test_the_table_of_layers_is_filtered_and_summed(shell: Shell) -> None:
    assert (
        shell("export", "resnet50", "--by", "stage", "--where", "projection", "-o", "a.csv").status
        == 0
    )
    with Path("a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["stage1", "stage2", "stage3", "stage4"]
    assert [row["layers"] for row in rows] == ["1"] * 4
    assert_refused(shell("export", "resnet50", "--where", "params > many", "-o", "b.csv"), "many")


def test_a_family_is_printed(shell: Shell) -> None:
    rows = json.loads(shell("family", "--n", "3", "--json").out)
    assert [row["name"] for row in rows if row["kind"] == "resnet"] == [
        "resnet8",
        "resnet14",
        "resnet20",
    ]


@pytest.mark.parametrize("form", ["svg", "pdf", "png", "dot"])
def test_plot_writes_what_the_library_gives(shell: Shell, form: exports.PictureFormat) -> None:
    words = [
        "--show-shapes",
        "--show-layer-names",
        "--show-dtype",
        "--show-layer-activations",
        "--show-trainable",
    ]
    done = shell("plot", "resnet8", "-o", f"a.{form}", *words, "--rankdir", "LR", "--dpi", "70")
    assert done == (0, "", "")
    options = PlotOptions(
        show_shapes=True,
        show_layer_names=True,
        show_dtype=True,
        show_layer_activations=True,
        show_trainable=True,
        rankdir="LR",
        dpi=70,
    )
    assert Path(f"a.{form}").read_bytes() == exports.plot(get("resnet8").config, form, options)


def test_export_csv_is_the_layer_table(shell: Shell) -> None:
    assert shell("export", "resnet20", "-o", "a.csv") == (0, "", "")
    rows = list(csv.DictReader(Path("a.csv").read_text().splitlines()))
    metrics = describe(get("resnet20").config)
    assert Path("a.csv").read_text() == exports.layers_csv(metrics)
    assert [row["id"] for row in rows] == [layer.id for layer in metrics.layers]
    assert sum(int(row["macs"]) for row in rows) == 40_551_040
    assert rows[1]["output_shape"] == "32x32x16"


def test_export_json_is_the_config(shell: Shell) -> None:
    assert shell("export", "resnet20", "--set", "classes=7", "-o", "a.json") == (0, "", "")
    expected = with_settings(get("resnet20").config, {"classes": 7})
    assert ResNetConfig.model_validate_json(Path("a.json").read_text()) == expected


@pytest.mark.keras
def test_export_keras_and_keras_s_own_picture_in_silence(tmp_path: Path) -> None:
    """TensorFlow's chatter stays out of a terminal; what is written is a model and a picture."""
    for words in (
        ("export", "resnet8", "-o", "a.keras"),
        ("plot", "resnet8", "--engine", "keras", "-o", "a.dot"),
    ):
        done = python_m_resnet(*words, folder=tmp_path)
        assert (*done.communicate(), done.returncode) == ("", "", 0)
    assert (tmp_path / "a.keras").read_bytes()[:2] == b"PK"
    assert (tmp_path / "a.dot").read_text().count("[label=") == len(
        describe(get("resnet8").config).layers
    )
    assert "ortho" not in (tmp_path / "a.dot").read_text()


BAD = [
    (("draw", "resnet20", "--colour", "difference", "-o", "a.svg"), "name it with --beside"),
    (
        ("draw", "resnet20", "--beside-set", "norm.momentum=0.5", "-o", "a.svg"),
        "name it with --beside",
    ),
    (("draw", "resnet20", "--toggle", "stage9", "-o", "a.svg"), "There is no box 'stage9'"),
    (
        ("draw", "resnet20", "--toggle", "stage9", "--beside", "plain20", "-o", "a.svg"),
        "There is no box 'stage9'",
    ),
    (("draw", "resnet20", "--level", "block", "-o", "a.py"), "Keras code has no drawing options"),
    (("describe", "resnt50"), "did you mean 'resnet50'?"),
    (("describe", "<script>"), "There is no network '<script>'"),
    (("describe", "../../etc/passwd"), "There is no network"),
    (("describe", "x" * 100_000), "There is no network"),
    (("describe", "resnet1208"), "There is no network"),
    (
        ("describe", "resnet20", "--set", "norm.momentum=1"),
        "norm.momentum must be less than 1; received 1",
    ),
    (("describe", "resnet20", "--set", "norm.momentum=-0.1"), "norm.momentum must be greater"),
    (("describe", "resnet20", "--set", "norm.momentum=nan"), "norm.momentum must be"),
    (("describe", "resnet20", "--set", "norm.epsilon=0"), "norm.epsilon must be greater than 0"),
    (("describe", "resnet20", "--set", "norm.momentun=0.9"), "did you mean 'norm.momentum'?"),
    (
        ("describe", "resnet20", "--set", "norm.kind=group", "--set", "norm.groups=3"),
        "must divide the channels",
    ),
    (("describe", "resnet20", "--set", "input_shape=1,1,3"), "shrink to nothing"),
    (("describe", "resnet20", "--set", "momentum"), "written KEY=VALUE"),
    (("describe", "resnet20", "--set", "=1"), "written KEY=VALUE"),
    (("describe",), "Missing argument 'NAME'"),
    (("describe", "resnet20", "--jsn"), "No such option: --jsn"),
    (("describe", "resnet20", "resnet56"), "unexpected extra argument"),
    (("descrbe", "resnet20"), "No such command 'descrbe'"),
    (("draw", "resnet20"), "Missing option"),
    (
        ("draw", "resnet20", "-o", "a.gif"),
        ".svg, .pdf, .png, .dot, .tex, .mmd, .json, .py; received 'a.gif'",
    ),
    (("draw", "resnet20", "-o", "a"), ".svg, .pdf, .png, .dot"),
    (("draw", "resnet20", "-o", "a.svg", "--level", "galaxy"), "'galaxy' is not one of"),
    (("draw", "resnet20", "-o", "no/such/folder/a.svg"), "its folder does not exist"),
    (("plot", "resnet1202", "-o", "a.png"), "too small to read"),
    (("plot", "resnet20", "-o", "a.svg", "--dpi", "0"), "plot.dpi must be"),
    (("plot", "resnet20", "-o", "a.svg", "--dpi", "many"), "it must be a valid integer"),
    (("plot", "resnet20", "-o", "a.svg", "--engine", "hand"), "'hand' is not one of"),
    (("export", "resnet20", "-o", "a.h5"), ".keras, .py, .json, .csv, .md, .tex; received 'a.h5'"),
    (("export", "resnet20", "-o", "no/such/folder/a.keras"), "its folder does not exist"),
    (("train", "resnet20", "--data", "digit"), "did you mean 'digits'?"),
    (("train", "resnet20", "--steps", "0"), "at least 1"),
    (("train", "resnet20", "--steps", "2.5"), "it must be a valid integer"),
    (
        ("train", "resnet20", "--recipe-set", "schedule.learning_rte=1"),
        "did you mean 'schedule.learning_rate'?",
    ),
    (("train", "resnet20", "--device", "gpu7"), "There is no device 'gpu7'"),
    (("train", "resnt20"), "did you mean 'resnet20'?"),
    (("runs", "stop", "../../etc"), "There is no run '../../etc'"),
    (("runs", "stop"), "Missing argument 'ID'"),
    (("app", "--port", "0"), "--port"),
    (("app", "--port", "70000"), "--port"),
]


@pytest.mark.parametrize(("words", "reason"), BAD, ids=[" ".join(words)[:60] for words, _ in BAD])
def test_a_mistake_is_one_line_and_leaves_nothing_behind(
    shell: Shell, words: Sequence[str], reason: str
) -> None:
    assert_refused(shell(*words), reason)
    assert list(Path().iterdir()) == []


def test_a_port_in_use_is_one_line(shell: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert_refused(
            shell("app", "--port", str(port)), f"Port {port} cannot be used: Address already in use"
        )


def test_a_file_that_cannot_be_written_leaves_the_old_one(shell: Shell) -> None:
    """A refusal after the work was done, and one before it."""
    Path("a.png").write_bytes(b"old")
    assert_refused(shell("plot", "resnet1202", "-o", "a.png"), "too small to read")
    assert Path("a.png").read_bytes() == b"old"
    Path("b.svg").mkdir()
    assert_refused(shell("draw", "resnet20", "-o", "b.svg"), "not an ordinary file")
    assert sorted(path.name for path in Path().iterdir()) == ["a.png", "b.svg"]


def test_whatever_is_unforeseen_is_one_line_too(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "drawing", lambda *_args, **_options: 1 / 0)
    assert_refused(
        shell("draw", "resnet20", "-o", "a.svg"),
        "Unexpected error ZeroDivisionError",
    )


def test_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "resnet", "list"]
        done = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert_refused(Done(done.returncode, "", done.stderr), "No space left on device")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """As in `describe resnet1202 --json | head -1`."""
    running = python_m_resnet("describe", "resnet1202", "--json", folder=tmp_path)
    assert running.stdout
    assert running.stderr
    running.stdout.readline()
    running.stdout.close()
    assert running.stderr.read() == ""
    running.stderr.close()
    running.wait()


def test_without_a_command_it_says_what_there_is(shell: Shell) -> None:
    done = shell()
    assert (done.status, done.err) == (0, "")
    for command in ("list", "describe", "draw", "plot", "export", "train", "runs", "app"):
        assert f"\n  {command} " in done.out
        assert shell(command, "--help").status == 0


def test_no_runs_is_an_answer(shell: Shell) -> None:
    assert "No runs" in shell("runs").out
    assert shell("runs", "--json").out == "[]\n"


@pytest.fixture
def following(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A training of some minutes that is being followed, in a process group of its own."""
    words = (
        "train",
        "resnet8",
        "--steps",
        "100000",
        "--device",
        "cpu",
        "--runs",
        "all",
        "--recipe-set",
        "evaluate_every=20",
    )
    running = python_m_resnet(
        *words, folder=tmp_path, start_new_session=True, preexec_fn=heed_ctrl_c
    )
    yield running
    running.kill()
    running.communicate()
    store = Store(tmp_path / "all")
    for run in store.list():  # a test that failed must not leave a training behind
        if not run.state().over:
            store.stop(run.id)
            store.wait(run.id)


def heed_ctrl_c() -> None:
    """A shell starts its background jobs deaf to Ctrl+C, and tests may be such a job; a person's
    command is not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.training
def test_train_follows_a_run_to_its_end_and_runs_lists_it(shell: Shell, tmp_path: Path) -> None:
    words = ["--data", "digits", "--steps", "3", "--device", "cpu", "--runs", tmp_path / "all"]
    changes = [
        "--set",
        "norm.momentum=0.5",
        "--recipe-set",
        "seed=7",
        "--recipe-set",
        "schedule.learning_rate=0.01",
    ]
    done = shell("train", "resnet8", *words, *changes)
    assert (done.status, done.err) == (0, "")
    first, *lines = done.out.splitlines()
    assert lines[-1] == "finished"
    assert any(line.split()[:4] == ["step", "3", "validation", "error"] for line in lines)
    (run,) = Store(tmp_path / "all").list()
    assert first.split()[0] == run.id
    assert run.spec
    assert (run.spec.config.norm.momentum, run.spec.recipe.seed) == (0.5, 7)
    assert run.spec.recipe.schedule.learning_rate == 0.01
    (record,) = json.loads(shell("runs", "--json", "--runs", tmp_path / "all").out)
    assert (record["id"], record["state"], record["step"], record["steps"]) == (
        run.id,
        "finished",
        3,
        3,
    )
    assert (
        f"{run.id}   finished   step 3 of 3   best "
        in shell("runs", "--runs", tmp_path / "all").out
    )
    assert_refused(shell("runs", "--runs", tmp_path / "all", "stop", run.id), "is over: finished")


@pytest.mark.training
def test_ctrl_c_stops_the_run_and_says_so(following: subprocess.Popen[str], tmp_path: Path) -> None:
    assert following.stdout
    following.stdout.readline()
    while " error " not in following.stdout.readline():
        assert following.poll() is None
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=60)
    assert following.returncode == 130
    assert "Stopping" in out
    assert err == ""
    (run,) = Store(tmp_path / "all").list()
    assert run.state().name == "stopped"


@pytest.mark.training
def test_a_detached_run_goes_on_and_can_be_stopped(shell: Shell, tmp_path: Path) -> None:
    done = shell(
        "train",
        "resnet8",
        "--steps",
        "100000",
        "--device",
        "cpu",
        "--runs",
        tmp_path / "all",
        "--detach",
    )
    run_id = done.out.split()[0]
    run = Store(tmp_path / "all").get(run_id)
    while run.state().name != "running":
        assert not run.state().over, run.state()
        time.sleep(0.2)
    stopped = shell("runs", "stop", run_id, "--runs", tmp_path / "all")
    assert (stopped.status, stopped.out) == (0, f"{run_id}   stopped\n")
