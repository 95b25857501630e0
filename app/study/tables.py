"""The table of results, and what its columns mean."""

from collections.abc import Container

import streamlit as st

from app import views
from resnet.text_table import TextTable

ELSEWHERE = ("paper",)
"""Columns that the page says in words below the table."""


def show(table: TextTable, said: Container[str] = ()) -> None:
    """The table, and what its columns mean in an expander; notes that are `said` on the page already are left out."""
    shown = [place for place, column in enumerate(table.columns) if column.keys[0] not in ELSEWHERE]
    lines = [[line[place] for place in shown] for line in table.lines]
    views.table(TextTable([table.columns[place] for place in shown], lines), "Results")
    with st.expander("How to read the table"):
        st.markdown("\n".join(f"- {views.plain(note)}" for note in table.notes if note not in said))
