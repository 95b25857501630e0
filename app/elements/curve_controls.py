"""The controls of every chart of arms: the quantity, the horizontal axis, and the spread around a
mean."""

from collections.abc import Mapping

from app.elements.controls import Option, switch
from resnet.studies.curves.arm_curves import About, Spread
from resnet.studies.curves.arm_points import Along

ABOUTS: dict[About, str] = {"error": "Error", "data_loss": "Data loss"}
ALONGS: dict[Along, str] = {"step": "Steps", "epoch": "Epochs", "hour": "Hours"}
SPREADS: dict[Spread, str] = {"sd": "± sd", "se": "± se", "range": "Min–max", "lines": "Every run"}


def choice(label: str, page: str, titles: Mapping[Option, str], first: Option) -> Option:
    """One of these controls. It is not shown if there is only one choice."""
    if len(titles) == 1:
        return first
    # The page is part of the key: the Runs page and the Study page keep their choices apart.
    return switch(label, f"{page}_{label.lower()}", titles, first, label_visibility="collapsed")
