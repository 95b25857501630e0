"""Why losses differ: each loss is split into the L2 penalty and the data loss, as a table, bars and
sentences."""

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go
import streamlit as st

from app.elements import charts, views
from app.elements.charts import COLOURS, LOW, MARGIN, Scheme
from app.runs import wording
from resnet.errors import ResNetLabError
from resnet.tables.text_table import TextTable, counted, named
from resnet.why_loss import loss_words, losses
from resnet.why_loss.losses import Explanation, LossItem, LossRow

# Bars, and letters of a name. The table above has all items and whole names.
MOST_BARS, LONGEST = 24, 40
CLEAR = "rgba(0,0,0,0)"
COLUMNS = (
    named("name", "Name"),
    counted("factor", "λ in the loss"),
    counted("output_channels", "Σ output channels"),
    counted("penalty_at_start", "L2 penalty at the start"),
    counted("guessing", "Chance-level loss"),
    counted("predicted", "Predicted loss at the start"),
    counted("first", "First recorded loss"),
    counted("penalty", "L2 penalty in it"),
    counted("data_loss", "Data loss without penalty"),
)
EXPLAINED = (
    "Losses are in nats (natural logarithm), as Keras prints them. λ in the loss is the factor of"
    " Σw². The L2 penalty at the start is the expected value over random initial weights, computed"
    " from the network. The chance-level loss is the data loss of a network that guesses:"
    " ln(classes). Each item is compared with the first."
)


SEVERAL = " If there are several seeds, the run of the first seed is used."


def show(items: Sequence[LossItem], most_seeds: int) -> None:
    """The table, the bars and the sentences. `most_seeds` is the largest number of seeds of an
    item."""
    try:
        explanation = losses.explain(items)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    views.table(TextTable(COLUMNS, [_line(row) for row in explanation.rows]), "Parts of the losses")
    _bars(explanation)
    st.markdown(
        "\n".join([f"- {views.plain(sentence)}" for sentence in loss_words.sentences(explanation)])
    )
    st.caption(EXPLAINED + (SEVERAL if most_seeds > 1 else ""))


def _line(row: LossRow) -> list[str]:
    start, says = row.start, loss_words.printed(row)
    return [
        row.item.label,
        f"{start.factor:g}" if start else wording.NOTHING,
        f"{start.output_channels:,}" if start else wording.NOTHING,
        _nats(says.start),
        _nats(says.chance),
        _nats(says.predicted),
        _nats(says.first if row.item.course else None),
        _nats(says.penalty),
        _nats(says.data_loss),
    ]


def _nats(value: float | None) -> str:
    return wording.NOTHING if value is None else f"{value:.3f}"


def _bars(explanation: Explanation) -> None:
    # A bar is the sum of its two parts. Without one of them there is nothing to stack.
    known = [
        row for row in explanation.rows if row.penalty is not None and row.data_loss is not None
    ]
    if known:
        st.plotly_chart(
            bars(known[:MOST_BARS], views.scheme()), key="loss_bars", config=charts.QUIET
        )


def bars(rows: Sequence[LossRow], scheme: Scheme) -> go.Figure:
    """A bar for each first loss: the data loss, then the L2 penalty."""
    names = [escape(row.item.label[:LONGEST]) for row in rows]
    figure = go.Figure()
    for part, label, colour, pattern in (
        ("data_loss", "data loss", "orange", ""),
        ("penalty", "L2 penalty", "grey", "/"),
    ):
        values = [getattr(row, part) for row in rows]
        figure.add_bar(
            # Places and not names: Plotly would put two items of one name into one bar.
            y=list(range(len(rows))),
            x=values,
            name=label,
            orientation="h",
            marker={
                "color": COLOURS[colour][scheme],
                "pattern": {"shape": pattern, "fillmode": "replace"},
            },
            hovertemplate=f"{label} %{{x:.3f}}<extra></extra>",
        )
    # The first item is at the top, as in the table; Plotly counts from the bottom.
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=names, autorange="reversed", automargin=True
    )
    figure.update_xaxes(title_text="first recorded loss, nats", rangemode="tozero")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return figure.update_layout(
        barmode="stack",
        height=max(LOW, 90 + 26 * len(rows)),
        margin={**MARGIN, "r": 16},
        legend=legend,
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
    )
