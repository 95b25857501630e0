"""Drawings as data: what is drawn, where it stands, and that nothing is missing, doubled or in the way."""

from hypothesis import given, settings

from resnet.config import ResNetConfig
from resnet.diagram import draw
from resnet.graph import build_graph
from tests.strategies import configs

MOST_BOXES = 25


@settings(deadline=None)
@given(configs(most_blocks=60))
def test_a_folded_drawing_has_at_most_25_boxes(config: ResNetConfig) -> None:
    """Catches folding that fails for some combination of fields."""
    assert len(draw(build_graph(config)).boxes) <= MOST_BOXES
