"""The drawing as a Mermaid flowchart, read line by line with as much of Mermaid's grammar as it
uses."""

import html
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import configs

from resnet import ResNetConfig, build_graph, get
from resnet.diagram import Box, Drawing, Edge, View, draw
from resnet.diagram.content.view import LEVELS
from resnet.diagram.formats.mermaid import mermaid

STYLES = ("detailed", "compact", "figure3")
LINK = "?network=resnet56&norm.momentum=0.99"
HOSTILE = (
    '"]; end\n  x --> y %%{init: {"theme": "dark"}}%% <b onclick=x> &amp; #quot; `md` \\ |x| (y)'
    " [z] -->"
)

LABEL = r'"((?:[^"#`%{}<>\[\]|\\\n]|#\w+;|<br/>)*)"'
"""What a label may hold; everything else has to be an entity."""
NAME = r"[bp](?:_[A-Za-z0-9]+)*(?:__add)?"
COMMENT = re.compile(r"%% [^{}\n]+")
START = re.compile(r"flowchart (TB|LR)")
SUBGRAPH = re.compile(rf"\s+subgraph ({NAME}) \[{LABEL}\]")
END = re.compile(r"\s+end")
NODE = re.compile(rf"\s+({NAME})(?:\[{LABEL}\]|\(\[{LABEL}\]\))")
LINE = re.compile(rf"  ({NAME}) (-->|==>|-\.->)(?:\|{LABEL}\|)? ({NAME})")
CLASS = re.compile(rf"  class ((?:{NAME},?)+) (\w+)")
CLASS_DEF = re.compile(r"  classDef (\w+) stroke:#[0-9a-f]{6}")
LINK_STYLE = re.compile(r"  linkStyle ([\d,]+) stroke:#[0-9a-f]{6}")


@dataclass
class Flowchart:
    """What Mermaid would find."""

    direction: str = ""
    nodes: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    panels: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, str, str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def words(label: str | None) -> str:
    """A label as a reader sees it."""
    named = re.sub(r"#(\d+);", r"&#\1;", (label or "").replace("<br/>", "\n"))
    return html.unescape(re.sub(r"#([a-z]+);", r"&\1;", named))


def read(text: str) -> Flowchart:
    """The flowchart, or an assertion at the first line that the grammar does not have."""
    chart, inside = Flowchart(), [""]
    classed: set[str] = set()
    for line in text.splitlines():
        if found := COMMENT.fullmatch(line):
            chart.comments.append(line)
        elif found := START.fullmatch(line):
            chart.direction = found[1]
        elif found := SUBGRAPH.fullmatch(line):
            assert found[1] not in chart.panels
            chart.panels[found[1]] = words(found[2])
            chart.parents[found[1]] = inside[-1]
            inside.append(found[1])
        elif END.fullmatch(line):
            inside.pop()
        elif found := NODE.fullmatch(line):
            assert found[1] not in chart.nodes
            chart.nodes[found[1]] = words(found[2] or found[3])
            chart.parents[found[1]] = inside[-1]
        elif found := LINE.fullmatch(line):
            chart.lines.append((found[1], found[2], words(found[3]), found[4]))
        elif found := CLASS.fullmatch(line):
            assert found[2] in classed
            assert set(found[1].split(",")) <= chart.nodes.keys()
        elif found := CLASS_DEF.fullmatch(line):
            classed.add(found[1])
        else:
            found = LINK_STYLE.fullmatch(line)
            assert found, line
            assert max(map(int, found[1].split(","))) < len(chart.lines)
    assert inside == [""]
    return chart


def drawing(name: str = "resnet56", beside: str = "", **view: Any) -> Drawing:
    other = build_graph(get(beside).config) if beside else None
    return draw(build_graph(get(name).config), View(**view), beside=other)


def redrawn(picture: Drawing, boxes: tuple[Box, ...], edges: tuple[Edge, ...]) -> Drawing:
    """The drawing with other boxes and lines, and no templates."""
    return replace(picture, placed=boxes, grounds=picture.panels, lines=edges)


@settings(max_examples=40)
@given(configs(), st.sampled_from(LEVELS), st.sampled_from(STYLES), st.sampled_from(["TB", "LR"]))
def test_every_flowchart_is_one(
    config: ResNetConfig, level: Any, style: Any, direction: Any
) -> None:
    """Catches a subgraph that is not closed, a line to a node that is not there, a sign that ends
    its label, and a network that falls apart into pieces."""
    picture = draw(build_graph(config), View(level=level, style=style, direction=direction))
    chart = read(mermaid(picture))
    assert chart.direction == picture.view.direction
    ends = {end for source, _, _, target in chart.lines for end in (source, target)}
    assert ends == chart.nodes.keys()
    assert len(chart.panels) == len(picture.panels)
    sources = {source for source, _, _, _ in chart.lines}
    targets = {target for _, _, _, target in chart.lines}
    assert (len(ends - targets), len(ends - sources)) == (1, 1)


@pytest.mark.parametrize("beside", ["", "plain20"])
@pytest.mark.parametrize("level", LEVELS)
def test_boxes_are_nodes_with_all_their_words(level: Any, beside: str) -> None:
    """Catches a box that is left out, and one that stands in another's panel."""
    picture = drawing("resnet20", beside, level=level)
    chart = read(mermaid(picture))
    arcs = {edge.source for edge in picture.edges if edge.source == edge.target}
    said = [
        "\n".join([box.title, *box.lines, *(() if box.id in arcs else box.behind)])
        for box in picture.boxes
    ]
    added = ["\n".join(box.behind) for box in picture.boxes if box.id in arcs]
    assert Counter(chart.nodes.values()) == Counter([*said, *added])
    titles = {panel.id: panel.title for panel in picture.panels}
    around = {
        name: chart.panels.get(parent, "")
        for name, parent in chart.parents.items()
        if name in chart.nodes
    }
    expected = [
        titles.get(box.parent, "")
        for box in picture.boxes
        for _ in range(2 if box.id in arcs else 1)
    ]
    assert Counter(around.values()) == Counter(expected)


def test_closed_blocks_have_an_addition_to_go_to() -> None:
    """Catches a shortcut that would go from a block to itself."""
    chart = read(mermaid(drawing("resnet20")))
    assert chart.nodes["b_stage2_block1__add"] == "add\nReLU"
    assert ("b_stage2_block1", "-->", "", "b_stage2_block1__add") in chart.lines
    source, arrow, label, _ = next(
        line for line in chart.lines if line[3] == "b_stage2_block1__add" and line[2]
    )
    assert (source, arrow, label) == (
        "b_stage1_block2__add",
        "-.->",
        "pad, /2, 16×16×32, no params",
    )
    assert ("b_stage1_block2__add", "-->", "", "b_stage2_block1") in chart.lines
    assert ("b_stage2_block1__add", "-->", "", "b_stage2_block2") in chart.lines
    assert all(source != target for source, _, _, target in chart.lines)


@pytest.mark.parametrize(
    ("name", "arrow", "kind"),
    [
        ("resnet20", "==>", "identity"),
        ("resnet20", "-.->", "pad, /2"),
        ("resnet50", "-->", "1×1 conv, /2"),
    ],
)
@pytest.mark.parametrize("style", ["detailed", "figure3"])
def test_shortcuts_are_told_apart(name: str, arrow: str, kind: str, style: Any) -> None:
    """Catches an identity that looks like a projection where there is no colour."""
    labelled = [
        line for line in read(mermaid(drawing(name, style=style))).lines if line[2].startswith(kind)
    ]
    assert labelled and {line[1] for line in labelled} == {arrow}


def test_a_tag_of_figure_3_is_its_lines_label() -> None:
    """Catches a node that nothing leads to."""
    picture = drawing("resnet34", style="figure3", level="layer")
    chart = read(mermaid(picture))
    tags = [box for box in picture.boxes if box.kind == "projection"]
    assert len(tags) == 3 and len(chart.nodes) == len(picture.boxes) - 3
    assert sum(label.startswith("1×1 conv, /2") for _, _, label, _ in chart.lines) == 3


def test_panels_stand_in_panels() -> None:
    """Catches an opened block that is not in its stage."""
    chart = read(mermaid(drawing(level="block")))
    assert (chart.panels["p_stage2"], chart.panels["p_stage2_block1"]) == ("Stage 2", "Block 1")
    assert chart.parents["p_stage2_block1"] == "p_stage2"
    assert chart.parents["p_stage2"] == ""


def test_hostile_words_stay_words() -> None:
    """Catches a name that climbs out of its label or comment, becomes a directive, or makes two
    nodes one."""
    plain = drawing("resnet20")
    box = replace(plain.boxes[-1], id=HOSTILE, title=HOSTILE, lines=(HOSTILE,), kind=HOSTILE)
    edge = replace(
        next(e for e in plain.edges if e.target == plain.boxes[-1].id),
        target=HOSTILE,
        label=HOSTILE,
    )
    edges = tuple(edge if old.target == plain.boxes[-1].id else old for old in plain.edges)
    hostile = replace(redrawn(plain, (*plain.boxes[:-1], box), edges), name=HOSTILE)
    text = mermaid(hostile, link=HOSTILE)
    chart = read(text)
    flat = " ".join(HOSTILE.split())
    assert f"{flat}\n{flat}" in chart.nodes.values()
    assert flat in [label for _, _, label, _ in chart.lines]
    assert "%%{" not in text


@pytest.mark.parametrize("ids", [("a.b", "a:b", "a b", "a_b_2"), ("end", "End", "ÿ", "", "è")])
def test_names_never_fall_together(ids: tuple[str, ...]) -> None:
    """Catches two boxes whose names differ only in signs that Mermaid cannot have."""
    plain = drawing("resnet20", level="network")
    renamed = dict(zip([box.id for box in plain.boxes], ids, strict=False))
    boxes = tuple(replace(box, id=renamed.get(box.id, box.id)) for box in plain.boxes)
    edges = tuple(
        replace(
            edge,
            source=renamed.get(edge.source, edge.source),
            target=renamed.get(edge.target, edge.target),
        )
        for edge in plain.edges
    )
    assert len(read(mermaid(redrawn(plain, boxes, edges))).nodes) == len(boxes)


def test_comments_say_what_it_is_and_when_it_is_too_much() -> None:
    """Catches a file without its name, and one that Mermaid refuses without a word of ours."""
    few = read(mermaid(drawing(), LINK)).comments
    assert few == [
        "%% resnet56",
        "%% A residual network with 56 layers, stage level.",
        f"%% {LINK}",
    ]
    many = read(mermaid(drawing("resnet152", level="layer"))).comments
    assert "maxEdges" in many[-1] and "maxTextSize" in many[-1]


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_drawing_gives_the_same_text(level: Any) -> None:
    """Catches an order that changes from run to run."""
    first, second = (mermaid(drawing(level=level, direction="LR"), LINK) for _ in range(2))
    assert first == second
