"""One way to look at a network, as data: level, open boxes, style, colours, direction, page. A link
holds the network and this."""

from collections.abc import Collection
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from resnet.network.graph import Graph
from resnet.network.settings import Closed

Level = Literal["network", "stage", "block", "layer"]
Direction = Literal["TB", "LR"]
Style = Literal["detailed", "compact", "figure3"]
Colour = Literal[
    "operation", "trainable_params", "macs", "activation_bytes", "receptive_field", "difference"
]
PageFormat = Literal["free", "a4", "letter", "column", "slide"]

LEVELS: tuple[Level, ...] = get_args(Level)
# Names may come from a link that a person has edited: so their length and number have limits.
Ids = Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=2000)]


class View(Closed):
    """One way to look at a network.

    `level` says what is open to begin with; `toggled` names the boxes that a person opened or
    closed since: a section ("stage2"), a block or the first of blocks that are alike
    ("stage2.block2"), a convolution with its norm ("stem.conv"). `unfolded` names blocks whose
    repeats are drawn one by one, or, at level "layer", are not. `style`: "detailed"; "compact", a
    convolution, its norm and its ReLU in one box; "figure3", as in He et al. 2015. `colour`: what
    the boxes' colour stands for; "difference" is for two networks side by side. `page`:
    "free", or a page that the drawing has to fit.
    """

    path = "view"
    level: Level = "stage"
    direction: Direction = "LR"
    style: Style = "detailed"
    colour: Colour = "operation"
    page: PageFormat = "free"
    toggled: Ids = ()
    unfolded: Ids = ()

    @field_validator("toggled", "unfolded")
    @classmethod
    def _in_order(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Equal views give equal links and files: the order of opening does not count."""
        return tuple(sorted(set(names)))

    def opens_section(self, name: str) -> bool:
        """Whether the contents of the stem, a stage or the head are drawn."""
        # `!=` of two booleans is "exclusive or": toggling reverses what the level says.
        return (self.level != "network") != (name in self.toggled)

    def opens_block(self, name: str) -> bool:
        """Whether a block is drawn as its layers."""
        return (self.level in ("block", "layer")) != (name in self.toggled)

    def opens_run(self, name: str) -> bool:
        """Whether a convolution of the stem is drawn apart from its norm and ReLU."""
        # In the other styles a convolution always is one box with its norm and ReLU.
        return self.style == "detailed" and (self.level in ("block", "layer")) != (
            name in self.toggled
        )

    def unfolds(self, name: str) -> bool:
        """Whether the blocks that look like this first one are drawn one by one."""
        return (self.level == "layer") != (name in self.unfolded)

    def toggle(self, name: str) -> "View":
        """Open a closed box or close an open one; a second call undoes the first."""
        return self.model_copy(update={"toggled": _flipped(self.toggled, name)})

    def refold(self, name: str) -> "View":
        """Draw repeats one by one, or as one again."""
        return self.model_copy(update={"unfolded": _flipped(self.unfolded, name)})

    def within(self, *graphs: Graph) -> "View":
        """Without boxes that none of these networks has: a view made for one network can be used
        for others."""
        known = frozenset().union(*[places(graph) for graph in graphs])
        toggled = tuple([name for name in self.toggled if name in known])
        unfolded = tuple([name for name in self.unfolded if name in known])
        return self.model_copy(update={"toggled": toggled, "unfolded": unfolded})


def places(graph: Graph) -> frozenset[str]:
    """The names that can be toggled: sections, blocks, and the first layers of the stem's and the
    head's runs."""
    stages = graph.config.stages
    blocks = [
        f"stage{number}.block{block}"
        for number, stage in enumerate(stages, 1)
        for block in range(1, stage.blocks + 1)
    ]
    sections = ["stem", "head", *[f"stage{number}" for number in range(1, len(stages) + 1)]]
    return frozenset([*sections, *blocks, *[node.id for node in graph.nodes if not node.block]])


def _flipped(names: Collection[str], name: str) -> tuple[str, ...]:
    # Symmetric difference: adds the name, or removes it if it is in the set.
    return tuple(sorted(set(names) ^ {name}))
