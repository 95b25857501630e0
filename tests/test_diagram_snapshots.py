"""Whole drawings, word for word and place for place, for a spread of networks.

A change of the drawing shows here as a readable difference. After looking at it, refresh the files
with

    REFRESH_SNAPSHOTS=1 .venv/bin/python -m pytest tests/test_diagram_snapshots.py
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from resnet import ResNetConfig, build_graph, get, with_settings
from resnet.diagram import Drawing, View, draw
from resnet.diagram.formats.svg import svg

SNAPSHOTS = Path(__file__).parent / "golden" / "diagrams"
REFRESH = "REFRESH_SNAPSHOTS"


class Case(NamedTuple):
    """A network, what is changed in it, and how it is drawn."""

    network: str
    settings: dict[str, Any]
    view: View = View()
    beside: str = ""

    def draw(self) -> Drawing:
        config: ResNetConfig = with_settings(get(self.network).config, self.settings)
        beside = build_graph(get(self.beside).config) if self.beside else None
        return draw(build_graph(config), self.view, beside=beside)


GROUP = {"norm.kind": "group", "norm.groups": 16}
CASES = {
    "resnet20": Case("resnet20", {}),
    "resnet56-lr": Case("resnet56", {}, View(direction="LR")),
    "plain56-lr": Case("plain56", {}, View(direction="LR")),
    "resnet1202": Case("resnet1202", {}),
    "resnet18-lr": Case("resnet18", {}, View(direction="LR")),
    "resnet34-padded": Case("resnet34", {"shortcut": "padded_identity"}),
    "resnet34": Case("resnet34", {}),
    "resnet34-projection-always": Case("resnet34", {"shortcut": "projection_always"}),
    "resnet152-lr": Case("resnet152", {}, View(direction="LR")),
    "resnext50": Case("resnet50", {"cardinality": 32, "base_width": 4, "stride_on": "3x3"}),
    "resnet110-pre-activation": Case("resnet110", {"activation_order": "pre"}),
    "resnet34-pre-activation-block": Case(
        "resnet34", {"activation_order": "pre"}, View(level="block", direction="LR")
    ),
    "resnet20-group-norm": Case("resnet20", GROUP),
    "resnet20-without-norm": Case("resnet20", {"norm.kind": "none", "head_activation": "none"}),
    "one-stage": Case("resnet20", {"stages": [{"blocks": 1, "filters": 16}]}),
    "resnet50-network-lr": Case("resnet50", {}, View(level="network", direction="LR")),
    "resnet1202-network": Case("resnet1202", {}, View(level="network")),
    "resnet50-block-lr": Case("resnet50", {}, View(level="block", direction="LR")),
    "resnet20-layer": Case("resnet20", {}, View(level="layer")),
    "resnet56-layer-lr": Case("resnet56", {}, View(level="layer", direction="LR")),
    "resnet20-opened-by-hand": Case(
        "resnet20", {}, View(toggled=("stage1.block2", "stage2"), unfolded=("stage3.block2",))
    ),
    "resnet50-compact": Case("resnet50", {}, View(level="block", style="compact", direction="LR")),
    "resnet34-figure3": Case("resnet34", {}, View(level="layer", style="figure3")),
    "plain34-beside-resnet34": Case(
        "plain34", {}, View(level="layer", style="figure3"), "resnet34"
    ),
    "resnet20-beside-resnet50": Case("resnet20", {}, View(direction="LR"), "resnet50"),
    "resnet56-macs": Case("resnet56", {}, View(colour="macs")),
    "resnet1202-a4": Case("resnet1202", {}, View(level="layer", page="a4")),
    "resnet110-column": Case("resnet110", {}, View(page="column")),
    "resnet152-slide": Case(
        "resnet152", {}, View(page="slide", direction="LR", colour="trainable_params")
    ),
}


def outline(drawing: Drawing) -> Iterator[str]:
    """A drawing as lines of text."""
    view = drawing.view
    yield (
        f"{drawing.name}, {view.level} level, {view.direction},"
        f" {drawing.width:g}×{drawing.height:g} points"
    )
    if paper := drawing.paper:
        yield (
            f"on paper {paper.width:g}×{paper.height:g}, scaled {paper.scale:.4f}, at"
            f" {paper.left:g},{paper.top:g}"
        )
    for panel in drawing.panels:
        yield f"panel {panel.id}: {panel.title} {place(panel)}{inside(panel.parent)}"
    for box in drawing.boxes:
        looks = "".join(f" {mark.look}" for mark in box.marks if mark.look.startswith("heat"))
        yield f"box {box.id} ({box.kind}): {box.label} {place(box)}{inside(box.parent)}{looks}"
        yield (
            f"    {box.repeat} × {len(box.node_ids) // box.repeat}: {box.node_ids[0]} …"
            f" {box.node_ids[-1]}"
        )
    for edge in drawing.edges:
        ends = f"{edge.start[0]:g},{edge.start[1]:g} → {edge.end[0]:g},{edge.end[1]:g}"
        said = f" “{edge.label}”" if edge.label else ""
        yield f"{edge.kind} {edge.source} → {edge.target}{said} [{ends}]"


def place(part: Any) -> str:
    return f"[{part.x:g},{part.y:g} {part.width:g}×{part.height:g}]"


def inside(parent: str) -> str:
    return f" in {parent}" if parent else ""


def compare(name: str, text: str) -> None:
    """Equal to the stored text; with REFRESH_SNAPSHOTS set, store it."""
    file = SNAPSHOTS / name
    if os.environ.get(REFRESH):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, f"look at it, then refresh with {REFRESH}=1"


@pytest.mark.parametrize("name", CASES)
def test_a_drawing_is_as_it_was(name: str) -> None:
    compare(f"{name}.txt", "\n".join(outline(CASES[name].draw())) + "\n")


def test_an_svg_is_byte_for_byte_as_it_was() -> None:
    """All marks, looks and attributes of one drawing."""
    link = "?network=resnet20"
    compare("resnet20.svg", svg(CASES["resnet20"].draw(), link).replace("><", ">\n<"))


def test_every_snapshot_belongs_to_a_test() -> None:
    """Files that nobody compares any more."""
    expected = {f"{name}.txt" for name in CASES} | {"resnet20.svg"}
    assert {file.name for file in SNAPSHOTS.iterdir()} == expected
