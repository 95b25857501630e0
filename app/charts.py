"""Plotly figures: one height, one set of margins, axes with units, the line labelled at its end."""

from typing import Any

import plotly.graph_objects as go

from resnet.curves import Curve, reduced

HEIGHT = 380
MARGIN = {"l": 8, "r": 96, "t": 16, "b": 8}
QUIET = {"displayModeBar": False}
LINES: dict[str, dict[str, Any]] = {
    "validation": {"color": "#0072b2", "width": 2.5, "dash": "solid"},
    "train": {"color": "#d55e00", "width": 1.25, "dash": "dot"},
}
"""The paper's figures draw validation bold and training thin; the colours hold for colour-blind eyes."""


def error_chart(validation: Curve, training: Curve, steps: int) -> go.Figure:
    """Validation and training error, in percent, against steps."""
    figure = go.Figure()
    for name, label, line in (("train", "training", training), ("validation", "validation", validation)):
        if line.x:
            _add_line(figure, LINES[name], label, reduced(line))
    figure.update_xaxes(title_text="step", range=[0, steps], rangemode="nonnegative", showgrid=False)
    figure.update_yaxes(title_text="error, %", rangemode="tozero", automargin=True)
    return _calm(figure)


def schedule_chart(steps: list[int], rates: list[float]) -> go.Figure:
    """The learning rate a recipe will use, against steps."""
    figure = go.Figure()
    _add_line(figure, LINES["validation"], "", Curve([float(step) for step in steps], rates), precision=".3g")
    figure.update_xaxes(title_text="step", showgrid=False)
    figure.update_yaxes(title_text="learning rate", rangemode="tozero", automargin=True)
    return _calm(figure).update_layout(height=220, margin={**MARGIN, "r": 16})


def _add_line(figure: go.Figure, style: dict[str, Any], label: str, line: Curve, precision: str = ".2f") -> None:
    hover = f"step %{{x:,}}<br>{label} %{{y:{precision}}}<extra></extra>"
    figure.add_scatter(x=line.x, y=line.y, mode="lines", line=style, name=label, hovertemplate=hover)
    if label:
        figure.add_annotation(x=line.x[-1], y=line.y[-1], text=f"{label} {line.y[-1]:.2f} %", showarrow=False,
                              xanchor="left", xshift=6, font={"color": style["color"]})  # fmt: skip


def _calm(figure: go.Figure) -> go.Figure:
    clear = "rgba(0,0,0,0)"
    return figure.update_layout(height=HEIGHT, margin=MARGIN, showlegend=False, hovermode="x", uirevision="kept",
                                paper_bgcolor=clear, plot_bgcolor=clear)  # fmt: skip
