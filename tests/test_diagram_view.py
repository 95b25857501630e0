"""What is open: by level, and by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import configs, looks, views

from resnet import ResNetConfig, UnknownNameError, build_graph, get, measure
from resnet.diagram import View, draw
from resnet.diagram.content.fold import fold, refolded, revealed
from resnet.diagram.content.view import places
from resnet.diagram.formats.svg import svg
from resnet.exports import view_from_query, view_query

SUMMED = ("trainable_params", "non_trainable_params", "macs", "activation_bytes")


@given(looks(configs()), st.data())
def test_opening_and_closing_gives_the_same_bytes(
    look: tuple[ResNetConfig, View], data: st.DataObject
) -> None:
    """Catches a toggle that leaves a trace: in the view, the link or the drawing."""
    config, view = look
    graph = build_graph(config)
    name = data.draw(st.sampled_from(sorted(places(graph))))
    again = view.toggle(name).toggle(name)
    assert again == view
    assert view.refold(name).refold(name) == view
    assert svg(draw(graph, again)) == svg(draw(graph, view))


@given(looks(configs()))
def test_the_sums_are_the_same_at_every_level(look: tuple[ResNetConfig, View]) -> None:
    """Catches a count that is lost or doubled where something is opened, folded or merged."""
    config, view = look
    graph = build_graph(config)
    metrics = measure(graph)
    rows = {row.id: row for row in metrics.layers}
    boxes = draw(graph, view).boxes
    for key in SUMMED:
        assert sum(getattr(rows[name], key) for box in boxes for name in box.node_ids) == getattr(
            metrics, key
        )


@given(looks(configs()))
def test_a_link_holds_the_view(look: tuple[ResNetConfig, View]) -> None:
    """Catches a way of looking that a pasted link forgets."""
    view = look[1]
    assert view_from_query(view_query(view)) == view


@given(looks(configs()), st.data())
def test_every_layer_can_be_revealed(look: tuple[ResNetConfig, View], data: st.DataObject) -> None:
    """Catches a search hit that stays inside a closed box: afterwards a box stands for it and its
    likes alone, or, in styles that merge them, for the convolution it belongs to. The layers of a
    gate share a box in every style."""
    config, view = look
    graph = build_graph(config)
    layer = data.draw(st.sampled_from(graph.nodes)).id
    for _ in range(2):  # the section, then the block
        view = revealed(graph, view, layer)
    box = next(box for box in draw(graph, view).boxes if layer in box.node_ids)
    convolutions = [
        name
        for name in box.node_ids[: len(box.node_ids) // box.repeat]
        if graph.by_id[name].op.kind == "conv"
    ]
    assert len(convolutions) <= 1
    assert view.style != "detailed" or ".se." in layer or len(box.node_ids) == box.repeat


@given(looks(configs(most_blocks=40)), st.data())
def test_repeats_unfold_and_fold_back(look: tuple[ResNetConfig, View], data: st.DataObject) -> None:
    """Catches blocks that cannot be told apart again, or stay apart."""
    config, view = look
    graph = build_graph(config)
    stage = data.draw(
        st.sampled_from([f"stage{number}" for number in range(1, len(config.stages) + 1)])
    )
    view = view if view.opens_section(stage) else view.toggle(stage)
    counts = []
    for _ in range(3):
        section = next(section for section in fold(graph, view) if section.name == stage)
        counts.append(len(section.units))
        view = refolded(graph, view, stage)
    number = int(stage.removeprefix("stage")) - 1
    blocks = config.stages[number].blocks
    # A last block that strides is never one of the repeats.
    strides_last = config.stride_at == "end" and config.stages[number].stride > 1
    folded = min(3 if strides_last else 2, blocks)
    assert set(counts) <= {folded, blocks}
    assert counts[1:] in ([folded, blocks], [blocks, folded]) or blocks <= folded


def test_a_box_that_does_not_exist_is_named() -> None:
    """Catches a typo that is swallowed: the figure would silently be another one."""
    with pytest.raises(UnknownNameError, match=r"stage1\.block2"):
        draw(build_graph(get("resnet20").config), View(toggled=("stage1.blok2",)))


@given(configs(), st.data())
def test_a_view_of_another_network_keeps_what_fits(
    config: ResNetConfig, data: st.DataObject
) -> None:
    """Catches a page that breaks when n becomes smaller while the last block is open."""
    view = data.draw(views(get("resnet110").config))
    graph = build_graph(config)
    draw(graph, view.within(graph))


@pytest.mark.parametrize("level", ["network", "stage", "block", "layer"])
def test_a_toggle_opens_what_is_closed_and_closes_what_is_open(level: Any) -> None:
    """Catches a stage that can be opened but not closed again."""
    graph = build_graph(get("resnet20").config)
    plain, toggled = (draw(graph, View(level=level, toggled=names)) for names in ((), ("stage2",)))
    assert ("stage2" in plain.by_id) == (level == "network")
    assert ("stage2" in toggled.by_id) != ("stage2" in plain.by_id)
