"""Widths that all boxes of one kind share, open or closed: no box changes its size when another one
is opened, and plain and residual twins have their boxes in the same places."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from resnet.diagram.content import wording
from resnet.diagram.content.fold import Unit, fold
from resnet.diagram.content.steps import body_steps, tail_steps
from resnet.diagram.content.view import Style, View
from resnet.diagram.layout import contents
from resnet.diagram.layout.blocks import BlockFrame, tag_width
from resnet.diagram.layout.cards import Content, layer_width, natural_width
from resnet.diagram.looks.text import width
from resnet.network.config import EXPANSION
from resnet.network.graph import Graph

LANE_GAP = 14.0


@dataclass(frozen=True, slots=True)
class LayerFrame:
    """Widths that all opened blocks of a drawing share; an empty lane has the same width."""

    width: float
    lane_width: float

    @property
    def lane_x(self) -> float:
        """Where the shortcut runs, from the trunk."""
        return self.width / 2 + LANE_GAP + self.lane_width / 2


class Frames:
    """Each width is computed at its first use, from the whole network at the level with such
    boxes."""

    def __init__(self, graph: Graph, style: Style) -> None:
        self.graph, self.style = graph, style

    @cached_property
    def units(self) -> list[Unit]:
        """Every unit of the network, closed and folded."""
        return [unit for section in fold(self.graph, View()) for unit in section.units]

    @cached_property
    def section_width(self) -> float:
        """The width of a section's card."""
        pairs = [
            (section, unit)
            for section in fold(self.graph, View(level="network"))
            for unit in section.units
        ]
        texts = [contents.section_content(self.graph, section, unit) for section, unit in pairs]
        return self._common_width([unit for _, unit in pairs], texts)

    @cached_property
    def block(self) -> BlockFrame:
        """The widths of a closed block, and of the runs of stem and head next to it."""
        texts = [contents.unit_content(self.graph, unit) for unit in self.units]
        # Any twin's tags count, so that plain and residual twins have their blocks in one place.
        tags = [tag_width(lines) for lines in wording.possible_tags(self.graph)]
        return BlockFrame(self._common_width(self.units, texts), halves(max(tags)))

    @cached_property
    def layer(self) -> LayerFrame:
        """The widths of a layer in an opened block."""
        order = self.graph.config.activation_order
        steps = [
            step
            for unit in self.units
            for step in (*body_steps(unit.layers, self.style, order), *tail_steps(unit.layers))
        ]
        widest = max(layer_width(wording.row_of(step)) for step in steps)
        titles = {wording.block_title(unit) for unit in self.units if unit.block}
        # The title stands left of the trunk, in half of the width; hence twice.
        titles_width = 2 * max(width(title, "title") + 4 for title in titles)
        return LayerFrame(halves(max(titles_width, widest)), halves(max(self._lane_widths())))

    def _common_width(self, units: list[Unit], texts: list[Content]) -> float:
        rooms = [contents.caption_room(self.graph, unit) for unit in units]
        return halves(
            max(natural_width(text, room) for text, room in zip(texts, rooms, strict=True))
        )

    def _lane_widths(self) -> Iterator[float]:
        """The widths of everything that any twin of the network may have on a shortcut."""
        norm = self.graph.by_id.get("stem.norm")
        pooled = self.graph.config.downsampling == "average_pool"
        if self.style == "compact":
            behind = ("norm",) if norm else ()
            # 4 is the largest stride, and all digits have one width: so /4 has room for every
            # stride.
            yield layer_width(wording.Row(("projection", *behind), "1×1 conv, /4"))
            if pooled:
                row = wording.Row(("avg_pool", "projection", *behind), "1×1 conv, avg-pool, /4")
                yield layer_width(row)
            yield layer_width(wording.Row(("subsample", "pad"), "pad, /4"))
            return
        # Detailed style has a box for each layer of a shortcut, and each may be the widest.
        expansion = EXPANSION[self.graph.config.block]
        for stage in self.graph.config.stages:
            channels = stage.filters * expansion
            yield layer_width(
                wording.Row(("projection",), f"1×1 conv, {channels}, /{stage.stride}")
            )
            yield layer_width(wording.Row(("pad",), f"pad, +{channels} channels"))
        if pooled:
            yield layer_width(wording.Row(("avg_pool",), "4×4 avg-pool, /4"))
        yield layer_width(wording.Row(("subsample",), "subsample, /4"))
        if norm:
            yield layer_width(wording.row_of((norm,)))


def halves(length: float) -> float:
    """Rounded up to half a point, so that files stay small and lines sharp."""
    # −⌊−2x⌋ / 2 = ⌈2x⌉ / 2
    return -(-length * 2 // 1) / 2
