"""The learn page without a browser: what it says is what the graph, numpy, scipy and Keras say."""

from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.signal import correlate2d
from streamlit.testing.v1 import AppTest
from test_app_architecture import APP, warnings

from app.learn import batch, block, shortcut, stack
from resnet import data, measure, quantity, shipped, with_settings
from resnet.errors import ResNetLabError
from resnet.network import catalog
from resnet.network.graph import build_graph
from resnet.network.metrics import describe
from resnet.runs.run import runs_in
from resnet.shipped import signals
from resnet.studies.outcome import outcome
from resnet.studies.plan.study_files import read


def visit() -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    return app.switch_page("app/pages/learn.py").run()


def rows(app: AppTest) -> list[str]:
    return [html.proto.body for html in app.get("html") if html.proto.body.startswith("<dl")]


def text(app: AppTest) -> str:
    return "\n".join(
        [*(found.value for found in app.markdown), *(found.value for found in app.caption)]
    )


def test_the_page_opens_whole() -> None:
    """Catches a section that breaks the others, and one without its source."""
    app = visit()
    assert not app.exception
    assert not warnings(app)
    assert len(app.subheader) >= 4
    assert len(app.get("plotly_chart")) >= 6
    for source in ("figure 2", "algorithms 1 and 2", "figure 7", "equation 5"):
        assert source in text(app)


@pytest.mark.parametrize("network", shortcut.NETWORKS)
@pytest.mark.parametrize("option", shortcut.SHORTCUTS)
def test_what_projections_cost_is_what_the_network_has_more(network: str, option: str) -> None:
    """Catches projections counted without their norms, in the wrong network, or for another
    option."""
    app = visit()
    app.selectbox(key="learn_network").set_value(network).run()
    app.button_group(key="learn_shortcut").set_value(option).run()
    assert not app.exception
    config = catalog.get(network).config
    chosen, plain = (
        describe(with_settings(config, {"shortcut": kind})) for kind in (option, "none")
    )
    more = chosen.trainable_params - plain.trainable_params
    if more:
        assert f"{quantity.exact(more)} parameters" in text(app)
        assert quantity.exact(chosen.trainable_params) in text(app)
    else:
        assert "has a parameter" in text(app) or "This network is plain" in text(app)


def test_every_block_is_drawn_with_its_shapes() -> None:
    """Catches a block whose picture is another's, or that cannot be cut out of the network's
    drawing."""
    for network, option in product(shortcut.NETWORKS, shortcut.SHORTCUTS):
        graph = build_graph(with_settings(catalog.get(network).config, {"shortcut": option}))
        for name in block.blocks(graph):
            picture = ElementTree.fromstring(block.picture(graph, name))
            said = [
                "".join(found.itertext())
                for found in picture.iter("{http://www.w3.org/2000/svg}text")
            ]
            before, after = block.shapes_of(graph, name)
            assert f"x   {quantity.shape(before)}" in said
            assert f"y   {quantity.shape(after)}" in said
            assert "F(x)" in said
            convs = [node for node in block.nodes_of(graph, name) if node.op.kind == "conv"]
            assert sum("conv" in words or "proj" in words for words in said) == len(convs), (
                network,
                option,
                name,
            )


def test_the_parts_of_a_block_add_up() -> None:
    """Catches a layer of the branch counted for the shortcut."""
    graph = build_graph(with_settings(catalog.get("resnet50").config, {"shortcut": "projection"}))
    branch, own = shortcut._parameters(graph, measure(graph), "stage2.block1")
    assert own == 256 * 512 + 2 * 512
    assert branch == (256 * 128 + 2 * 128) + (9 * 128 * 128 + 2 * 128) + (128 * 512 + 2 * 512)


def test_a_choice_is_kept_while_another_page_is_visited() -> None:
    """Catches a slider that jumps back."""
    app = visit()
    app.select_slider(key="learn_momentum").set_value(0.99).run()
    app.selectbox(key="learn_network").set_value("resnet50").run()
    app = app.switch_page("app/pages/compare.py").run().switch_page("app/pages/learn.py").run()
    assert app.select_slider(key="learn_momentum").value == 0.99
    assert app.selectbox(key="learn_network").value == "resnet50"


# Batch normalisation


def test_the_convolution_is_scipy_s() -> None:
    """Catches a kernel that is turned round, or a border of another size."""
    chance = np.random.default_rng(0)
    images, kernel = chance.normal(size=(3, 8, 8)), chance.normal(size=(3, 3))
    wanted = [correlate2d(image, kernel, mode="same") for image in images]
    assert batch.convolved(images, kernel) == pytest.approx(np.array(wanted))


def test_the_batches_are_real_images_with_their_mean_taken_away() -> None:
    """Catches noise passed off as digits: over all images the mean of what the convolution gives is
    zero."""
    seen = batch.responses()
    assert seen.first.shape == (batch.IMAGES, 8, 8)
    assert seen.means[0] == seen.first.mean()
    assert abs(seen.means.mean()) < 0.01
    assert len(np.unique(seen.first.round(6))) > batch.IMAGES * 32
    assert data.load("digits").train_images.shape[1:3] == seen.first.shape[1:]


@pytest.mark.keras
@pytest.mark.parametrize("epsilon", [1e-5, 1e-1])
@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.99])
def test_the_norm_is_keras_s(epsilon: float, momentum: float) -> None:
    """Catches momentum the wrong way round, epsilon outside the root, and a variance divided by n -
    1."""
    import keras  # noqa: PLC0415  seconds that the other tests need not wait for

    chance = np.random.default_rng(0)
    batches = [chance.normal(1.0, 0.3, size=(16, 8, 8)) for _ in range(5)]
    seen = batch.Responses(
        batches[0],
        np.array([values.mean() for values in batches]),
        np.array([values.var() for values in batches]),
    )
    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon)
    outputs = [
        layer(values[..., None].astype(np.float32), training=True).numpy()[..., 0]
        for values in batches
    ]
    assert batch.normalised(batches[0], epsilon) == pytest.approx(outputs[0], abs=1e-4)
    averages = batch.moving(seen, momentum)
    alone = layer(batches[0][..., None].astype(np.float32), training=False).numpy()
    assert batch.deviation(batches[0], averages.variances[-1], epsilon) == pytest.approx(
        alone.std(), rel=1e-4
    )
    assert averages.means[-1] == pytest.approx(float(layer.moving_mean.numpy()[0]), rel=1e-4)
    assert averages.variances[-1] == pytest.approx(
        float(layer.moving_variance.numpy()[0]), rel=1e-4
    )


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99, 0.999])
def test_the_start_is_forgotten_after_as_many_steps_as_are_said(momentum: float) -> None:
    """Catches a count that is one too many or too few."""
    steps = batch.steps_to_forget(momentum)
    assert momentum**steps <= batch.FORGOTTEN < momentum ** (steps - 1)


def test_epsilon_and_momentum_reach_the_numbers() -> None:
    """Catches a slider that moves nothing."""
    app = visit()
    before = rows(app)
    app.select_slider(key="learn_epsilon").set_value(1.0).run()
    assert rows(app)[1] != before[1]
    app.select_slider(key="learn_momentum").set_value(0.999).run()
    assert "4,603 steps" in text(app)


# The toy


def forward(
    values: np.ndarray, blocks: int, shortcuts: stack.Shortcuts, scale: float
) -> np.ndarray:
    chance = np.random.default_rng(0)
    chance.normal(size=(stack.NETWORKS, stack.WIDTH, 1))
    for _ in range(blocks):
        values, _ = stack._block(values, shortcuts, scale, chance)
    return values


@pytest.mark.parametrize("shortcuts", ["plain", "residual"])
def test_the_gradient_is_that_of_finite_differences(shortcuts: stack.Shortcuts) -> None:
    """Catches a Jacobian multiplied from the wrong side, and a shortcut left out of it."""
    blocks, scale, reach = 3, 0.75, 1e-6
    values = np.random.default_rng(0).normal(size=(stack.NETWORKS, stack.WIDTH, 1))
    end = np.random.default_rng(1).normal(size=(stack.NETWORKS, 1, stack.WIDTH))
    slopes = []
    for index in range(stack.WIDTH):
        shift = np.zeros_like(values)
        shift[:, index] = reach
        ahead, behind = (
            forward(values + side * shift, blocks, shortcuts, scale) for side in (1, -1)
        )
        slopes.append((end @ (ahead - behind))[:, 0, 0] / (2 * reach))
    lengths = np.linalg.norm(np.array(slopes), axis=0) / np.linalg.norm(end, axis=(1, 2))
    wanted = np.exp(np.log(np.maximum(lengths, np.finfo(float).tiny)).mean())
    assert getattr(stack.gradients(blocks, scale), shortcuts)[-1] == pytest.approx(wanted, rel=1e-3)


def test_small_weights_end_a_plain_gradient_and_no_residual_one() -> None:
    """Catches lines under each other's names."""
    found = stack.gradients(stack.DEEPEST, 0.5)
    assert found.plain[-1] < 1e-30
    assert 0.1 < found.residual[-1] < 1000
    assert found.plain[0] == found.residual[0] == 1


def test_the_toy_follows_its_sliders() -> None:
    app = visit()
    before = rows(app)[-1]
    app.select_slider(key="learn_blocks").set_value(100).run()
    assert rows(app)[-1] != before
    app.button_group(key="learn_scale").set_value(1.25).run()
    assert not app.exception


# What comes with the project


def test_the_shipped_networks_are_the_catalogue_s() -> None:
    """Catches signals of networks that are no longer what their names say, or a file that grew out
    of hand."""
    assert signals.SHIPPED.stat().st_size < 100_000
    file = signals.shipped()
    assert {network.network for network in file.networks} == {
        "resnet20",
        "plain20",
        "resnet56",
        "plain56",
    }
    for network in file.networks:
        config = data.fit_config(catalog.get(network.network).config, data.facts(network.dataset))
        assert network.fingerprint == config.fingerprint
        assert len(network.start) == len(network.end) == network.depth - 1
        assert all(layer.response == pytest.approx(1, abs=1e-3) for layer in network.start)
        assert network.network in network.command


def test_each_depth_has_its_pair() -> None:
    """Catches plain and residual the other way round."""
    for depth in (20, 56):
        residual, plain = signals.of_depth(signals.shipped(), depth)
        assert (residual.network, plain.network) == (f"resnet{depth}", f"plain{depth}")
        blocks = signals.gradients_by_block(residual.start)
        assert list(blocks)[:2] == ["stem", "stage1.block1"]
        assert len(blocks) == (depth - 2) // 2 + 1
        first, second = (layer.gradient for layer in residual.start[1:3])
        assert blocks["stage1.block1"] == pytest.approx((first**2 + second**2) ** 0.5)


@pytest.mark.parametrize(
    "content", ["", "{", '{"format_version": 2}', '{"format_version": 1, "networks": 3}']
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: str) -> None:
    """Catches a traceback on the page where the file was cut short or written by another
    version."""
    (tmp_path / "signals.json").write_text(content)
    for path in (tmp_path / "signals.json", tmp_path / "nothing.json"):
        with pytest.raises(ResNetLabError) as caught:
            signals.read_signals(path)
        assert "\n" not in str(caught.value)


def test_without_the_study_its_section_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Catches a heading above nothing."""
    monkeypatch.setattr(shipped, "folder", lambda: tmp_path)
    app = visit()
    assert not app.exception
    assert not [found for found in app.subheader if "matter" in found.value]


def test_the_study_s_own_sentences_stand_on_the_page() -> None:
    """Catches a sentence that is made up here, or marks of Markdown in it that were not meant."""
    study = read(shipped.folder() / "study.yaml")
    found = outcome(study, runs_in(shipped.folder() / "runs"))
    sentences = [result.sentence for result in found.results if result.difference]
    assert sentences
    for sentence in sentences:
        assert sentence[1:] in text(visit()).replace("\\", "")


def test_the_first_numbers_are_those_of_the_block() -> None:
    """Catches x and y exchanged."""
    app = visit()
    [first, *_] = rows(app)
    assert first.index("32×32×16") < first.index("16×16×32")
