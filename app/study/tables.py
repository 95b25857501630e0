"""A table of results as quiet HTML: numbers to the right, every digit as wide as the next, scrolling in itself."""

from html import escape

import streamlit as st

from app import views
from resnet import quantity
from resnet.text_table import Cell, Column, TextTable

ELSEWHERE = ("paper",)
"""Columns that the page says in words below the table."""


def show(table: TextTable) -> None:
    """The table, and what its columns mean in an expander."""
    shown = [place for place, column in enumerate(table.columns) if column.keys[0] not in ELSEWHERE]
    heads = "".join(_head(table.columns[place]) for place in shown)
    body = "".join(f"<tr>{''.join(_cell(line[place], table.columns[place]) for place in shown)}</tr>"
                   for line in table.lines)  # fmt: skip
    st.html(
        '<div class="lab-table" tabindex="0" role="region" aria-label="Results">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    with st.expander("How to read the table"):
        st.markdown("\n".join(f"- {views.plain(note)}" for note in table.notes))


def _head(column: Column) -> str:
    return f'<th scope="col" class="{column.side}">{escape(column.heading)}</th>'


def _cell(cell: Cell, column: Column) -> str:
    """An arm's name heads its line; a number keeps its seeds beside it."""
    tag = 'th scope="row"' if column.keys[0] == "arm" else "td"
    text = "" if cell is None else quantity.exact(cell) if isinstance(cell, int) else str(cell)
    return f'<{tag} class="{column.side}">{escape(" ".join(text.split()))}</{tag.partition(" ")[0]}>'
