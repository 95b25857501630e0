"""The layer table on the page: filtered, summed by block or stage, and downloaded."""

from functools import partial
from typing import cast, get_args

import streamlit as st

from app import state
from app.architecture import exports
from app.cache import Network
from app.elements import controls, views
from resnet import quantity
from resnet.errors import ConfigError
from resnet.exports import file_stem
from resnet.network import search
from resnet.network.numbers import NUMBERS, OF_LAYERS
from resnet.tables import layer_table
from resnet.tables.layer_table import Grouping, TableRow

TITLES: dict[Grouping, str] = {"layer": "Layers", "block": "Blocks", "stage": "Stages"}
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
FILTER_HELP = (
    "Words, shapes and numbers. A layer must match all of them. Examples: projection · stride 2 ·"
    " 64x8x8 · params > 100k · macs > 2m (multiply-adds)"
)
HEIGHT = 520
COLUMNS = {
    "id": st.column_config.TextColumn("Layer", width="medium", help="The same name as in Keras."),
    "op": st.column_config.TextColumn("Operation"),
    "output_shape": st.column_config.TextColumn("Output", help="Height × width × channels."),
    **{
        key: st.column_config.NumberColumn(
            NUMBERS[key].heading, format="localized", help=NUMBERS[key].convention
        )
        for key in OF_LAYERS
    },
    "layers": st.column_config.NumberColumn("Layers", format="localized"),
}


def layers(network: Network) -> None:
    """Every layer, sortable by any column. Layers that the filter leaves out are not in the
    sums."""
    with st.container(key="table_switches", horizontal=True, vertical_alignment="bottom"):
        by = _grouping()
        question = st.text_input(
            "Filter",
            key="layer_filter",
            placeholder="projection, params > 100k",
            label_visibility="collapsed",
            help=FILTER_HELP,
            width=320,
        )
    # The filter is applied before the sums, so that "blocks" and "stages" add only the layers that
    # match.
    only = _only(network, question)
    rows = layer_table.rows(network.metrics, network.graph, by, only)
    _summary(rows, question)
    _table(rows, by)
    _downloads(rows, f"{file_stem(network.config)}-{by}s")


def _grouping() -> Grouping:
    by = state.view("rows", GROUPINGS)
    controls.one_of(
        "Rows",
        TITLES,
        by,
        key="rows",
        label_visibility="collapsed",
        on_change=state.look,
        args=("rows", GROUPINGS),
    )
    return cast(Grouping, by)


def _only(network: Network, question: str) -> set[str] | None:
    """The layers that match the filter. None if there is no filter or if it cannot be read."""
    if not question.strip():
        return None
    try:
        return set(search.find(network.graph, network.metrics, question))
    except ConfigError as error:
        views.problem(str(error))
        return None


def _summary(rows: tuple[TableRow, ...], question: str) -> None:
    total = layer_table.total(rows)
    count = f"{quantity.exact(total.layers)} layers" + (" match" if question.strip() else "")
    st.caption(
        f"{count} · {quantity.exact(total.trainable_params)} parameters ·"
        f" {quantity.short(total.macs)} MACs · {quantity.size(total.activation_bytes)} activation"
        " memory"
    )


def _table(rows: tuple[TableRow, ...], by: Grouping) -> None:
    import pandas as pd  # noqa: PLC0415  takes 0.2 s, which the first drawing need not wait for

    frame = pd.DataFrame(rows, columns=TableRow._fields)
    # As text, in the form of the drawing: 64×8×8.
    frame["output_shape"] = [quantity.shape(row.output_shape) for row in rows]
    # One row is one layer there, so the count would be a column of ones.
    if by == "layer":
        frame = frame.drop(columns="layers")
    st.dataframe(frame, column_config=COLUMNS, hide_index=True, height=HEIGHT, key="layers")


def _downloads(rows: tuple[TableRow, ...], stem: str) -> None:
    with st.container(horizontal=True):
        exports.button("CSV", f"{stem}.csv", partial(layer_table.csv, rows))
        exports.button("Markdown", f"{stem}.md", partial(layer_table.markdown, rows))
        exports.button("LaTeX", f"{stem}.tex", partial(layer_table.latex, rows))
