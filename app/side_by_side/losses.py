"""Why the losses of the chosen runs and curves differ. Untrained networks of the catalogue can be
added."""

import streamlit as st

from app.elements import views
from app.runs import loss_parts
from app.side_by_side import cache
from app.side_by_side.choose import Chosen
from resnet.errors import ResNetLabError
from resnet.network import catalog
from resnet.shipped import notebook
from resnet.why_loss import losses
from resnet.why_loss.losses import LossItem


def show(chosen: Chosen) -> None:
    """The control to add networks, and the parts of all losses."""
    names = list(catalog.names())
    added = st.multiselect(
        "Untrained networks from the catalogue",
        names,
        key="beside_networks",
        persist_state="session",
        placeholder="Add networks by name",
    )
    problems: list[str] = []
    items = [*_items(chosen, problems), *map(of_network, added)]
    for sentence in problems:
        views.problem(sentence)
    if not items:
        st.markdown("Choose runs, curves or networks. Their losses are explained here.")
        return
    loss_parts.show(items, max([len(arm.runs) for arm in chosen.arms], default=0))


def of_network(name: str) -> LossItem:
    """A network of the catalogue, with the weight decay it is usually trained with."""
    return LossItem(name, "network", catalog.get(name).config, notebook.usual_decay(name))


def _items(chosen: Chosen, problems: list[str]) -> list[LossItem]:
    items = []
    for arm in chosen.arms:
        try:
            course = losses.course_of(cache.records(arm.runs[0]))
        except ResNetLabError as error:
            problems.append(f"{arm.name} cannot be explained: {error}")
            continue
        items.append(
            LossItem(arm.name, "run", arm.spec.config, arm.spec.recipe.weight_decay, course)
        )
    return [*items, *[imported.curve.as_loss_item() for imported in chosen.imports]]
