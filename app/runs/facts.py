"""What a run's records contain besides curves: warnings, test errors, and how batch norm statistics
were computed."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.elements import views
from app.runs import wording
from resnet import history, quantity
from resnet.network import catalog
from resnet.network.link import choice_of, difference, written
from resnet.network.settings import Closed, whole
from resnet.recipes import recipes
from resnet.runs.command import nearest
from resnet.runs.journal import Line
from resnet.runs.spec import RunSpec


def warnings(records: Sequence[Line]) -> None:
    """Warnings: problems that did not end the run, in orange."""
    for record in history.all_of(records, history.Warned):
        st.markdown(f":orange[{views.plain(record.message or '')}]")


def test_cells(records: Sequence[Line]) -> dict[str, str]:
    """The test errors, if there are any: with moving averages and, for batch norm, with recomputed
    statistics."""
    test = history.last_of(records, history.Test)
    if test is None:
        return {}
    errors = {
        "Test error": test.test_error,
        "Test error, batch norm recomputed": test.test_error_exact_statistics,
    }
    return {label: wording.error(error) for label, error in errors.items() if error is not None}


def small_print(records: Sequence[Line], environment: dict[str, Any] | None) -> None:
    """Notes on the numbers above."""
    sentences = [
        _tested(history.last_of(records, history.Test)),
        _spread(history.last_of(records, history.Start)),
        _broken((environment or {}).get("dataset")),
    ]
    if any(sentences):
        st.caption(views.plain(" ".join(filter(None, sentences))))


def differences(spec: RunSpec) -> None:
    """The settings that differ from the catalogue."""
    network, recipe = choice_of(spec.config), nearest(spec.recipe)
    base = recipes.get(recipe).recipe
    rows = [
        _row(f"network {network.network}", catalog.get(network.network).config, key, value)
        for key, value in network.settings.items()
    ]
    rows += [
        _row(f"recipe {recipe}", base, key, value)
        for key, value in difference(base, spec.recipe).items()
    ]
    if not rows:
        st.caption(
            views.plain(f"Network {network.network} and recipe {recipe}, both as in the catalogue.")
        )
        return
    st.caption("Settings that differ from the catalogue")
    st.table(rows, border="horizontal", hide_index=True)


def _row(of: str, base: Closed, key: str, value: object) -> dict[str, str]:
    # A dotted key is a path: "stages.0.blocks" goes through a dict, a list and a dict.
    base_value: object = whole(base)
    for part in key.split("."):
        base_value = _inside(base_value, part)
    return {"Of": of, "Setting": key, "Catalogue": _said(base_value), "This run": _said(value)}


def _inside(data: object, part: str) -> object:
    if isinstance(data, dict):
        return data.get(part)
    return (
        data[int(part)]
        if isinstance(data, list) and part.isdecimal() and int(part) < len(data)
        else None
    )


def _said(value: object) -> str:
    return wording.NOTHING if value is None else written(value)


def _tested(test: history.Test | None) -> str:
    if test is None or test.tested_step is None:
        return ""
    return (
        f"The test set was read once, with the weights of step {quantity.exact(test.tested_step)},"
        " which the recipe selects."
    )


def _broken(dataset: object) -> str:
    broken = dataset.get("broken_files") if isinstance(dataset, dict) else 0
    if not isinstance(broken, int) or not broken:
        return ""
    counted = (
        "1 damaged image file was"
        if broken == 1
        else f"{quantity.exact(broken)} damaged image files were"
    )
    return f"{counted} left out."


def _spread(start: history.Start | None) -> str:
    # With one device, the statistics are over the whole batch. There is nothing to explain.
    if start is None or start.devices is None or start.devices < 2:
        return ""
    shared = f"{start.devices} devices shared each batch"
    images = start.images_per_statistic
    return (
        (f"{shared}; batch norm statistics are computed over {images} images.")
        if images
        else f"{shared}."
    )
