"""The published networks: every name, every number."""

import pytest
from published import Published, published

from resnet import ConfigError, UnknownNameError, build_graph, describe, get, names
from resnet.network import catalog

ROWS = published()


@pytest.mark.parametrize("row", ROWS, ids=[row.label for row in ROWS])
def test_counts_are_the_published_ones_exactly(row: Published) -> None:
    metrics = describe(row.config)
    counted = (metrics.trainable_params, metrics.non_trainable_params, metrics.macs)
    assert counted == (row.trainable_params, row.non_trainable_params, row.macs)


def test_every_n_has_a_residual_and_a_plain_network_of_depth_6n_plus_2() -> None:
    """Would catch an n that is missing, takes ImageNet's name, or has the wrong depth."""
    for n in catalog.N_RANGE:
        residual, plain = (get(catalog.cifar_name(n, kind)) for kind in ("resnet", "plain"))
        assert (residual.n, plain.n) == (n, n)
        assert residual.config.depth == plain.config.depth == 6 * n + 2
        assert [stage.blocks for stage in residual.config.stages] == [n, n, n]
        assert (residual.config.shortcut, plain.config.shortcut) == ("padded_identity", "none")


@pytest.mark.parametrize("n", [1, 2, 18, 25, 200])
def test_option_a_adds_no_parameter_and_no_macs_to_the_plain_network(n: int) -> None:
    residual, plain = (
        describe(get(catalog.cifar_name(n, kind)).config) for kind in ("resnet", "plain")
    )
    assert residual.trainable_params == plain.trainable_params
    assert residual.macs == plain.macs


def test_depth_is_the_number_in_the_name_and_is_counted_on_the_graph() -> None:
    """Would catch a depth that is stored, or that counts projections."""
    for entry in catalog.published():
        on_the_trunk = [
            node
            for node in build_graph(entry.config).nodes
            if node.op.kind in ("conv", "dense") and node.path != "shortcut"
        ]
        digits = "".join(filter(str.isdigit, entry.name))
        assert len(on_the_trunk) == entry.config.depth == int(digits), entry.name


def test_names_are_complete_unique_and_answered() -> None:
    assert len(set(names())) == len(names()) == 8 + 4 + 400
    for name in (
        "resnet152",
        "plain50",
        "binary_plain50",
        "resnet8",
        "resnet1202",
        "plain1202",
        "resnet50_cifar",
    ):
        assert get(name).name == name


def test_every_entry_carries_its_source() -> None:
    for entry in catalog.published():
        assert "He et al. 2015" in entry.source or "notebook" in entry.source


def test_a_config_finds_its_own_name() -> None:
    for name in names()[:60]:
        assert catalog.name_of(get(name).config) == name


def test_plain50_of_the_notebook_has_no_stride_in_its_first_stage_as_its_twin_has() -> None:
    """The notebook's own asymmetry, kept on purpose: it is one of the things a comparison must
    notice."""
    assert get("binary_resnet50").config.stages[0].stride == 2
    assert get("binary_plain50").config.stages[0].stride == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("resnet-50", "resnet50"),
        ("resnt56", "resnet56"),
        ("Resnet50", "resnet50"),
        ("plain-34", "plain34"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        get(typed)
    assert caught.value.nearest == meant
    assert meant in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "resnet1208", "resnet2", "plain101", "<script>", "../../etc/passwd", "x" * 10**7]
)
def test_a_name_nobody_answers_to_is_refused_in_one_short_line(name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        get(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("n", [0, 201, -1, 2.5, "ten", True, None, 10**30])
def test_an_n_outside_1_to_200_is_refused_with_what_was_received(n: object) -> None:
    with pytest.raises(ConfigError, match="n must be a whole number from 1 to 200; received"):
        catalog.cifar_config(n)  # type: ignore[arg-type]


def test_an_imagenet_depth_outside_table_1_is_refused() -> None:
    with pytest.raises(ConfigError, match="18, 34, 50, 101 or 152; received 42"):
        catalog.imagenet_config(42)
