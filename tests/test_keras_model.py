"""The Keras model against the graph and the published numbers, and .keras files that travel."""

import errno
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from published import Published, published
from strategies import configs

from resnet import (
    ExportError,
    ResNetConfig,
    build_graph,
    build_keras_model,
    describe,
    get,
    with_settings,
)
from resnet.as_keras.model import (
    RECURSION_ROOM,
    deep_recursion,
    kernel_hashes,
    load_keras_model,
    save_keras_model,
)
from resnet.network.graph import Subsample

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation:DeprecationWarning"
    ),  # Keras's own, while it saves
]

ROWS = [row for row in published() if row.config.depth < 1202]
DEEPEST = next(row for row in published() if row.config.depth == 1202)
ROOT = Path(__file__).parents[1]

TRAVELLERS = {
    "option_a": get("resnet20").config,
    "resnext_pre": with_settings(
        get("resnet20").config,
        {
            "block": "bottleneck",
            "cardinality": 4,
            "base_width": 32,
            "norm.kind": "layer",
            "activation_order": "pre",
            "stages.1.stride": 3,
            "input_shape": [17, 22, 1],
        },
    ),
    "notebook": with_settings(
        get("binary_resnet34").config, {"input_shape": [64, 48, 3], "norm.kind": "group"}
    ),
}


def assert_layers_agree(config: ResNetConfig, model: keras.Model) -> None:
    """Names, order of the trunk aside, output shapes and parameters of every layer, and nothing but
    standard layers."""
    rows = {row.id: row for row in describe(config).layers}
    assert {layer.name for layer in model.layers} == set(rows)
    for layer in model.layers:
        row = rows[layer.name]
        assert type(layer).__module__.startswith("keras.")
        assert tuple(layer.output.shape) == (None, *row.output_shape), layer.name
        assert _size(layer.trainable_weights) == row.trainable_params, layer.name
        assert _size(layer.non_trainable_weights) == row.non_trainable_params, layer.name
        assert _macs(layer) == row.macs, layer.name


def _size(weights: list[Any]) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)


def _macs(layer: keras.Layer) -> int:
    """Multiply-adds from Keras's own kernel and output shape."""
    if isinstance(layer, keras.layers.Conv2D):
        return int(np.prod(layer.output.shape[1:3]) * np.prod(layer.kernel.shape))
    return int(np.prod(layer.kernel.shape)) if isinstance(layer, keras.layers.Dense) else 0


def assert_counts(row: Published, model: keras.Model) -> None:
    assert _size(model.trainable_weights) == row.trainable_params
    assert _size(model.non_trainable_weights) == row.non_trainable_params
    assert sum(map(_macs, model.layers)) == row.macs


@pytest.mark.parametrize("row", ROWS, ids=[row.label for row in ROWS])
def test_the_built_model_has_the_published_counts_and_the_graphs_layers(row: Published) -> None:
    with keras.StatelessScope(
        initialize_variables=False
    ):  # shapes are enough here, values take half of the time
        model = build_keras_model(row.config)
    assert_counts(row, model)
    assert_layers_agree(row.config, model)
    assert model.name == row.config.label


@settings(max_examples=25)
@given(configs(most_blocks=3, most_filters=24, largest_side=24))
def test_any_network_agrees_with_its_graph_and_predicts_finite_numbers(
    config: ResNetConfig,
) -> None:
    """Would catch a shape, an order of layers or a parameter that only an unusual combination of
    fields brings out."""
    model = build_keras_model(config)
    assert_layers_agree(config, model)
    output = np.asarray(model(images(config)))
    assert output.shape == (2, config.classes)
    assert np.isfinite(output).all()
    if config.head_activation == "softmax":
        np.testing.assert_allclose(output.sum(axis=1), 1, rtol=1e-4)


def images(config: ResNetConfig, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).random((count, *config.input_shape), dtype=np.float32)


@pytest.mark.parametrize("kind", ["batch", "group", "layer", "layer_hwc"])
def test_settings_reach_the_layers(kind: str) -> None:
    """Momentum, epsilon, groups, the last gamma, the initialiser and bias: each would be lost
    without a trace."""
    changes = {
        "norm.kind": kind,
        "norm.momentum": 0.42,
        "norm.epsilon": 0.03,
        "norm.groups": 4,
        "norm.last_gamma": "zero",
        "conv_bias": True,
        "initialiser": "glorot_uniform",
    }
    model = build_keras_model(with_settings(get("resnet8").config, changes))
    norm, last = model.get_layer("stage2.block1.norm1"), model.get_layer("stage2.block1.norm2")
    assert norm.epsilon == 0.03
    assert getattr(norm, "momentum", 0.42) == 0.42
    assert getattr(norm, "groups", 4) == (1 if kind == "layer_hwc" else 4)
    assert norm.axis in (-1, [-1], 3)
    assert (np.asarray(norm.gamma) == 1).all()
    assert (np.asarray(last.gamma) == 0).all()
    conv = model.get_layer("stage2.block1.conv1")
    assert conv.use_bias
    assert isinstance(conv.kernel_initializer, keras.initializers.GlorotUniform)


@pytest.mark.parametrize(
    ("kind", "axes"),
    [("layer", (3,)), ("layer_hwc", (1, 2, 3))],
)
def test_what_the_two_layer_norms_average_over(kind: str, axes: tuple[int, ...]) -> None:
    """Mean and variance by numpy: over the channels of each position, or over height, width and
    channels of each image as Wu and He 2018 mean it. The ready study cited them and trained the
    former."""
    config = with_settings(get("resnet8").config, {"norm.kind": kind, "norm.epsilon": 0.03})
    model = build_keras_model(config)
    norm = model.get_layer("stage2.block1.norm1")
    maps = np.random.default_rng(1).normal(2, 3, (4, *norm.input.shape[1:])).astype(np.float32)
    deviation = np.sqrt(maps.var(axes, keepdims=True) + 0.03)
    assert np.allclose(norm(maps), (maps - maps.mean(axes, keepdims=True)) / deviation, atol=1e-5)
    assert (
        norm.gamma.shape == norm.beta.shape == (32,)
    )  # a scale and a shift for each channel, whatever the map's size


def test_without_norm_there_is_none() -> None:
    model = build_keras_model(with_settings(get("resnet8").config, {"norm.kind": "none"}))
    assert not [layer.name for layer in model.layers if "norm" in layer.name]


@pytest.mark.parametrize("side", [7, 8, 9])
@pytest.mark.parametrize("stride", [2, 3, 4])
def test_the_padded_identity_takes_every_stride_th_pixel_and_appends_zero_channels(
    side: int, stride: int
) -> None:
    """Would catch channels put before, between or into the width; odd sides would catch a
    subsampling that is off."""
    config = with_settings(
        get("resnet8").config, {"input_shape": [side, side + 2, 3], "stages.1.stride": stride}
    )
    model = build_keras_model(config)
    arms = ["stage1.block1.relu2", "stage2.block1.shortcut.pad"]
    probe = keras.Model(model.input, [model.get_layer(name).output for name in arms])
    before, after = (np.asarray(value) for value in probe(images(config)))
    kept = before[:, ::stride, ::stride, :]
    np.testing.assert_array_equal(after, np.concatenate([kept, np.zeros_like(kept)], axis=-1))


def test_the_padded_identity_may_stride_without_widening() -> None:
    """A subsampling alone is saved, drawn and counted as any other layer."""
    config = with_settings(get("resnet8").config, {"stages.1.filters": 16, "stages.2.filters": 16})
    ops = [node.op for node in build_graph(config).nodes if node.path == "shortcut"]
    assert ops == [Subsample(2), Subsample(2)]
    assert_layers_agree(config, build_keras_model(config))


def unsettled(model: keras.Model) -> keras.Model:
    """Give every weight a value that no fresh model has, without letting activations grow."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if weight.path.endswith(("gamma", "beta", "moving_mean", "bias")):
            weight.assign(rng.uniform(0.01, 0.1, weight.shape))
    return model


def test_a_saved_file_loads_where_only_keras_is_and_predicts_the_same(tmp_path: Path) -> None:
    """A process that never saw this project: no path to it, another folder, isolated."""
    expected = {}
    for name, config in TRAVELLERS.items():
        model = unsettled(build_keras_model(config))
        save_keras_model(model, tmp_path / f"{name}.keras")
        np.save(tmp_path / f"{name}.in.npy", images(config))
        expected[name] = np.asarray(model(images(config)))
    program = f"""
        import sys
        import keras, numpy as np
        for name in {list(TRAVELLERS)}:
            model = keras.models.load_model(name + ".keras")
            np.save(name + ".out.npy", model(np.load(name + ".in.npy")))
        assert "resnet" not in sys.modules
    """
    run_python(program, tmp_path, "-I")
    for name, output in expected.items():
        np.testing.assert_allclose(
            np.load(tmp_path / f"{name}.out.npy"), output, rtol=1e-5, atol=1e-7
        )


def run_python(program: str, folder: Path, *flags: str) -> None:
    command = [sys.executable, *flags, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_resnet1202_builds_with_its_published_counts_and_predicts_numbers() -> None:
    """With Keras's own initial moving variances an untrained one predicts NaN."""
    deepest = build_keras_model(DEEPEST.config)
    assert_counts(DEEPEST, deepest)
    assert_layers_agree(DEEPEST.config, deepest)
    assert np.isfinite(np.asarray(deepest(images(DEEPEST.config, 1)))).all()


def test_a_deep_network_is_saved_loaded_and_asked_in_a_fresh_process(tmp_path: Path) -> None:
    """The fresh process raises no recursion limit; Python's own stops Keras near 300 layers, so 398
    prove as much as 1202 and take a quarter of the time."""
    deep = build_keras_model(get("resnet398").config)
    save_keras_model(unsettled(deep), tmp_path / "deep.keras")
    pixels = images(get("resnet398").config, 1)
    np.save(tmp_path / "in.npy", pixels)
    program = f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        import numpy as np
        import resnet
        limit = sys.getrecursionlimit()
        model = resnet.load_keras_model("deep.keras")
        np.save("out.npy", model.predict(np.load("in.npy"), verbose=0))
        assert sys.getrecursionlimit() == limit == 1000
    """
    run_python(program, tmp_path)
    output = np.load(tmp_path / "out.npy")
    assert np.isfinite(output).all()
    np.testing.assert_allclose(output, np.asarray(deep(pixels)), rtol=1e-3, atol=1e-5)


def test_two_models_built_at_once_keep_their_room_to_recurse() -> None:
    """Whoever is ready first must not lower the limit under the other's feet."""
    before = sys.getrecursionlimit()
    first_is_ready = threading.Event()
    seen: list[int] = []

    def second() -> None:
        with deep_recursion():
            first_is_ready.wait(10)
            seen.append(sys.getrecursionlimit())

    thread = threading.Thread(target=second)
    with deep_recursion():
        thread.start()
        thread.join(0.2)  # time enough to enter, if it may
    first_is_ready.set()
    thread.join()
    assert seen == [max(before, RECURSION_ROOM)]
    assert sys.getrecursionlimit() == before


@pytest.fixture(scope="module")
def small() -> keras.Model:
    return build_keras_model(get("resnet8").config)


def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_else(
    small: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"the old one")

    def half(draft: Path) -> Iterator[None]:
        Path(draft).write_bytes(b"half a mod")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(small, "save", half)
    with pytest.raises(ExportError, match="the disk is full"):
        save_keras_model(small, path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("model.keras", b"the old one")
    ]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("model.h5", "must end in .keras"),
        ("no/such/folder/model.keras", "folder does not exist"),
        ("", "must end in .keras"),
    ],
)
def test_a_path_that_cannot_hold_a_model_is_refused(
    small: keras.Model, tmp_path: Path, path: str, reason: str
) -> None:
    with pytest.raises(ExportError, match=reason):
        save_keras_model(small, tmp_path / path if path else "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.keras").write_bytes(b"PK\x03\x04 not a zip")
    for name, reason in (
        ("broken.keras", "does not hold a Keras model"),
        ("missing.keras", "There is no file"),
    ):
        with pytest.raises(ExportError, match=reason) as caught:
            load_keras_model(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shortcut", ["padded_identity", "projection", "projection_always"])
def test_layers_of_one_name_begin_equal_in_twins(shortcut: str) -> None:
    """Catches kernels drawn one after the other: each projection would give every layer behind it
    other weights."""
    residual = with_settings(get("resnet14").config, {"shortcut": shortcut})
    plain = with_settings(residual, {"shortcut": "none"})
    drawn, other = (
        kernel_hashes(build_keras_model(config, seed=7)) for config in (residual, plain)
    )
    assert {name: drawn[name] for name in other} == other
    assert len(set(drawn.values())) == len(drawn)  # and no two layers of one network do
    again, another = (kernel_hashes(build_keras_model(plain, seed=seed)) for seed in (7, 8))
    assert again == other
    assert not set(another.values()) & set(other.values())


def test_a_seeded_kernel_has_the_spread_of_he_initialisation() -> None:
    """Catches another initialiser being asked for than the graph names."""
    model = build_keras_model(get("resnet56").config, seed=3)
    kernel = model.get_layer("stage3.block4.conv1").kernel.numpy()
    assert kernel.std() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.02)
