"""The program that `keras_code` writes, against the model of `build_keras_model`: the same network,
layer by layer."""

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import configs

from resnet import ResNetConfig, build_graph, build_keras_model, describe, get, with_settings
from resnet.as_keras.program import DEEP, WIDTH, keras_code

LINK = "https://lab.example/?network=resnet20&norm.epsilon=0.001"
RESNEXT = {"block": "bottleneck", "cardinality": 32, "base_width": 4, "stride_on": "3x3"}
SMALL = {"input_shape": [64, 48, 3], "classes": 7}

NETWORKS = {
    name: with_settings(get(network).config, changes)
    for name, network, changes in (
        ("resnet20", "resnet20", {}),
        ("plain20", "plain20", {}),
        ("resnet18", "resnet18", {}),
        ("resnet50", "resnet50", SMALL),
        ("plain50", "plain50", SMALL),
        (
            "pre_padded",
            "resnet34",
            SMALL | {"shortcut": "padded_identity", "activation_order": "pre"},
        ),
        ("pre_projection", "resnet34", SMALL | {"activation_order": "pre", "conv_bias": True}),
        ("always", "resnet34", SMALL | {"shortcut": "projection_always"}),
        (
            "pre_always",
            "resnet18",
            SMALL | {"shortcut": "projection_always", "activation_order": "pre"},
        ),
        ("pre_plain", "plain20", {"activation_order": "pre"}),
        ("resnext", "resnet50", SMALL | RESNEXT),
        (
            "pre_resnext_group",
            "resnet50",
            SMALL | RESNEXT | {"activation_order": "pre", "norm.kind": "group"},
        ),
        (
            "wide",
            "resnet50",
            SMALL | {"base_width": 128, "norm.momentum": 0.42, "norm.epsilon": 0.03},
        ),
        ("group", "resnet20", {"norm.kind": "group", "norm.groups": 4, "norm.last_gamma": "zero"}),
        ("layer", "resnet20", {"norm.kind": "layer", "initialiser": "glorot_uniform"}),
        ("layer_hwc", "resnet20", {"norm.kind": "layer_hwc", "norm.last_gamma": "zero"}),
        ("none", "resnet20", {"norm.kind": "none", "conv_bias": True, "head_activation": "none"}),
        ("pre_none", "resnet20", {"norm.kind": "none", "activation_order": "pre"}),
        ("last_zero", "resnet50", SMALL | {"norm.last_gamma": "zero"}),
        (
            "strides",
            "resnet8",
            {"input_shape": [17, 22, 1], "stages.1.stride": 3, "stages.2.stride": 4},
        ),
        ("subsample_only", "resnet8", {"stages.1.filters": 16, "stages.2.filters": 16}),
        ("pad_only", "resnet8", {"stages.1.stride": 1, "stages.2.stride": 1}),
        ("identity", "resnet8", {"stages": [{"blocks": 2, "filters": 8}]}),
        (
            "one_block",
            "resnet8",
            {
                "stages": [{"blocks": 1, "filters": 8, "stride": 2}],
                "shortcut": "projection",
                "activation_order": "pre",
            },
        ),
        ("binary_resnet34", "binary_resnet34", {"input_shape": [64, 48, 3]}),
        ("binary_plain34", "binary_plain34", {"input_shape": [64, 48, 3]}),
    )
}

every_network = pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS.keys())


def source_of(config: ResNetConfig) -> str:
    return keras_code(config, name=config.label, link=LINK)


def run(source: str) -> dict[str, Any]:
    """What the program defines; __name__ is not "__main__", so it prints nothing."""
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(compile(source, "<generated>", "exec"), namespace)
    return namespace


def settled_alike(ours: keras.Model, theirs: keras.Model) -> None:
    """Give both the same weights, none of them where a fresh model has it, and none so small that
    it hides a layer."""
    rng = np.random.default_rng(1)
    for layer in ours.layers:
        for weight in layer.weights:
            if weight.path.endswith(("gamma", "moving_variance")):
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
            elif not weight.path.endswith("kernel"):
                weight.assign(rng.uniform(-0.3, 0.3, weight.shape))
        theirs.get_layer(layer.name).set_weights(layer.get_weights())


def settings_of(layer: keras.Layer) -> dict[str, Any]:
    """A layer's own config, but for where the moving variances begin: the program leaves that to
    Keras."""
    return {
        key: value
        for key, value in layer.get_config().items()
        if key != "moving_variance_initializer"
    }


def assert_the_same_network(ours: keras.Model, theirs: keras.Model) -> None:
    assert theirs.name == ours.name
    assert [layer.name for layer in theirs.layers] == [layer.name for layer in ours.layers]
    for own, other in zip(ours.layers, theirs.layers, strict=True):
        assert type(other) is type(own), own.name
        assert tuple(other.output.shape) == tuple(own.output.shape), own.name
        assert [weight.shape for weight in other.weights] == [
            weight.shape for weight in own.weights
        ], own.name
        assert settings_of(other) == settings_of(own), own.name


def assert_the_same_numbers(config: ResNetConfig, ours: keras.Model, theirs: keras.Model) -> None:
    """Logits, since a softmax hides what all classes have in common, and the outputs behind
    them."""
    settled_alike(ours, theirs)
    images = np.random.default_rng(0).normal(size=(2, *config.input_shape)).astype(np.float32)
    pair = [
        keras.Model(model.input, [model.get_layer("head.logits").output, model.output])
        for model in (ours, theirs)
    ]
    for own, other in zip(*(model(images) for model in pair), strict=True):
        scale = float(np.abs(own).max())
        assert np.isfinite(scale)
        np.testing.assert_allclose(np.asarray(other), np.asarray(own), rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.keras
@every_network
def test_the_program_builds_the_lab_s_network(config: ResNetConfig) -> None:
    """Catches a layer, a name, a setting or a connection that the program has otherwise than the
    lab's own model."""
    with keras.StatelessScope(initialize_variables=False):
        theirs = run(source_of(config))["build"]()
        ours = build_keras_model(config)
    assert_the_same_network(ours, theirs)
    small = narrow(config)
    pair = build_keras_model(small), run(source_of(small))["build"]()
    assert_the_same_numbers(small, *pair)


def narrow(config: ResNetConfig) -> ResNetConfig:
    """The same settings with at most two blocks a stage and a quarter of the wide filters: values
    need the memory and the time, and every block of a stage behind the second is like it."""
    part = 4 if config.stages[0].filters >= 64 else 1
    stages = []
    for stage in config.stages:
        less = {"blocks": min(stage.blocks, 2), "filters": stage.filters // part}
        stages.append(stage.model_copy(update=less))
    return config.model_copy(update={"stages": tuple(stages)})


@pytest.mark.keras
@settings(max_examples=15)
@given(configs(most_blocks=3, most_filters=24, largest_side=24))
def test_any_network_s_program_builds_it(config: ResNetConfig) -> None:
    """Catches a shape, an order or a variable that only an unusual combination of settings brings
    out."""
    theirs = run(source_of(config))["build"]()
    ours = build_keras_model(config)
    assert_the_same_network(ours, theirs)
    assert_the_same_numbers(config, ours, theirs)


def lines_of(function: FunctionType) -> set[int]:
    """Those that hold a statement, without the line of the `def`."""
    code: CodeType = function.__code__
    return {line for _, _, line in code.co_lines() if line} - {code.co_firstlineno}


def lines_run(function: FunctionType) -> set[int]:
    """Lines of the generated program that run when it builds the network."""
    seen: set[int] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != "<generated>":
            return None
        if event == "line":
            seen.add(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with keras.StatelessScope(initialize_variables=False):
            function()
    finally:
        sys.settrace(before)
    return seen


@pytest.mark.keras
@every_network
def test_every_line_of_the_program_runs(config: ResNetConfig) -> None:
    """Catches a branch that this network never takes: code that a reader would try to understand
    for nothing."""
    defined = run(source_of(config))
    functions = [defined[name] for name in ("shortcut", "block", "build") if name in defined]
    assert set().union(*map(lines_of, functions)) - lines_run(defined["build"]) == set()


def assert_tidy(source: str) -> None:
    """Width, imports, and nothing defined that is not used."""
    assert max(map(len, source.splitlines())) <= WIDTH
    assert source.endswith("\n") and not source.endswith("\n\n")
    nodes = list(ast.walk(ast.parse(source)))
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported - {"sys"} == {"math", "functools", "keras"}
    names = [node for node in nodes if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    assert made - read == set()
    for function in (node for node in nodes if isinstance(node, ast.FunctionDef)):
        inside = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        assert {argument.arg for argument in function.args.args} - inside == set(), function.name


@given(configs())
def test_any_network_s_program_is_tidy(config: ResNetConfig) -> None:
    """Catches a line too wide, an argument or constant that nothing reads, and a program that grows
    with depth."""
    source = source_of(config)
    assert_tidy(source)
    assert source.count("\n") < 125
    assert source == source_of(config)


@pytest.mark.parametrize(
    "tool", [["check"], ["format", "--check", "--line-length", str(WIDTH)]], ids=["lint", "format"]
)
def test_ruff_has_nothing_to_say(tool: list[str], tmp_path: Path) -> None:
    """Catches an import out of order, an unused name, and lines that the reader's own editor would
    change."""
    for name, config in NETWORKS.items():
        (tmp_path / f"{name}.py").write_text(source_of(config), encoding="utf-8")
    (tmp_path / "deep.py").write_text(source_of(get("resnet1202").config), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *tool, "--isolated", "--no-cache", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@every_network
def test_the_docstring_says_what_is_built(config: ResNetConfig) -> None:
    """Catches counts that are not the network's, or a name or a link that got lost."""
    about = ast.get_docstring(ast.parse(keras_code(config, name="my own network", link=LINK))) or ""
    counts = describe(config)
    assert about.startswith("my own network: ")
    assert LINK in about.splitlines()
    assert f"Trainable parameters:     {counts.trainable_params:,}\n" in about
    assert f"Non-trainable parameters: {counts.non_trainable_params:,}\n" in about


@pytest.mark.parametrize(
    "text",
    [
        '"""',
        'x"',
        "\\",
        "\\N",
        'import os"""\nimport os',
        "a\nb",
        "a\x00b",
        "\u202e",
        "{name}",
        "ü×",
        "word " * 60,
        "w" * 300,
    ],
)
def test_a_name_or_link_cannot_leave_the_docstring(text: str) -> None:
    """Catches a quotation mark, a backslash or a line break that would end the docstring or break
    the program."""
    source = keras_code(get("resnet20").config, name=text, link=text)
    plain = keras_code(get("resnet20").config, name="x")
    assert_tidy(source)
    assert ast.dump(without_docstring(source)) == ast.dump(without_docstring(plain))


def without_docstring(source: str) -> ast.Module:
    tree = ast.parse(source)
    assert ast.get_docstring(tree)
    return ast.Module(tree.body[1:], [])


def test_a_long_link_is_broken_behind_its_settings() -> None:
    """Catches a link that makes a line too wide, or that cannot be put together again."""
    link = "https://lab.example/?network=resnet20&" + "&".join(
        f"setting{number}=0.{'1' * 40}" for number in range(9)
    )
    about = (
        ast.get_docstring(ast.parse(keras_code(get("resnet20").config, name="long", link=link)))
        or ""
    )
    lines = [
        line for line in about.splitlines() if "network=" in line or line.startswith("setting")
    ]
    assert "".join(lines) == link
    assert all(line.endswith("&") for line in lines[:-1])


def test_without_a_link_there_is_none() -> None:
    """Catches an empty paragraph where the link would stand."""
    assert (
        "\n\n\n" not in keras_code(get("resnet20").config, name="resnet20").partition("import")[0]
    )


def test_the_deepest_network_s_program_is_no_longer() -> None:
    """Catches a line per layer, and room to recurse where nobody needs it."""
    shallow, deep = (source_of(get(name).config) for name in ("resnet20", "resnet1202"))
    compile(deep, "resnet1202.py", "exec")
    assert deep.count("\n") <= shallow.count("\n") + 5
    assert shallow.count("\n") <= 85
    assert "setrecursionlimit" in deep
    assert "sys" not in shallow


UNUSED = {
    "plain20": [
        "shortcut",
        "Add",
        "Pooling2D(1",
        "ZeroPadding",
        "groups",
        "CARDINALITY",
        "BASE_WIDTH",
        "opened",
    ],
    "resnet20": ["shortcut.conv", "opened", "gamma", "width =", "stem.pool", "head.norm", "groups"],
    "resnet18": ["ZeroPadding", "subsample", "opened", "gamma", "width =", "head.norm"],
    "always": ["return x\n", "x.shape", "ZeroPadding"],
    "none": ["norm(", "norm =", "Normalization", "Softmax", "Activation(", "moving"],
    "pre_projection": ["shortcut.norm", "ZeroPadding"],
    "pre_plain": ["shortcut", "Add"],
    "wide": ["CARDINALITY", "groups"],
    "group": ["momentum", "moving", "BatchNormalization"],
    "layer": ["momentum", "moving", "groups"],
    "subsample_only": ["ZeroPadding", "x.shape"],
    "pad_only": ["AveragePooling2D(1", "stride > 1"],
    "identity": ["def shortcut", "shortcut("],
    "one_block": ["opened", "relu1", "x.shape"],
    "binary_resnet34": ["Softmax"],
}


@pytest.mark.parametrize("name", UNUSED)
def test_what_the_network_lacks_is_not_in_its_program(name: str) -> None:
    """Catches code for another network's shortcut, norm, stem or head."""
    source = source_of(NETWORKS[name])
    assert [word for word in UNUSED[name] if word in source] == []


def deepest_without_room() -> ResNetConfig:
    """The deepest CIFAR network whose program leaves Python's limit alone."""
    found = [config for n in range(1, 60) if len(build_graph(config := get_cifar(n)).nodes) <= DEEP]
    return found[-1]


def get_cifar(n: int) -> ResNetConfig:
    return with_settings(
        get("resnet20").config, {f"stages.{stage}.blocks": n for stage in range(3)}
    )


RUN_EACH = """
import runpy, sys
for name in sys.argv[1:]:
    sys.argv = [name]
    runpy.run_path(name, run_name="__main__")
"""
"""Programs one after the other as if typed: one process, since most of a start is Keras's."""


def printed_by(sources: Sequence[str], folder: Path) -> list[str]:
    """What programs say, a line each, in a process and a folder with nothing of ours."""
    names = [f"network{number}.py" for number in range(len(sources))]
    for name, source in zip(names, sources, strict=True):
        (folder / name).write_text(source, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", RUN_EACH, *names],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


ALONE = {
    "resnet20": get("resnet20").config,
    "resnext": NETWORKS["pre_resnext_group"],
    "deepest without room": deepest_without_room(),
    "deeper than Python's own limit": get("resnet362").config,
}
"""The deepest last: it gives Python more room, from which the others would profit."""


@pytest.mark.keras
def test_the_programs_run_alone_and_print_their_counts(tmp_path: Path) -> None:
    """Catches an import of ours, a recursion limit that is too low, and a wrong count."""
    expected = []
    for config in ALONE.values():
        counts = describe(config)
        expected.append(
            f"{config.label}: {counts.trainable_params:,} trainable and"
            f" {counts.non_trainable_params:,} non-trainable parameters"
        )
    assert printed_by([source_of(config) for config in ALONE.values()], tmp_path) == expected
