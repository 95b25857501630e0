"""Plotly figures: one height, one set of margins, axes with units, the line labelled at its end."""

from typing import Any

import plotly.graph_objects as go

from resnet.curves import Curve, reduced

HEIGHT = 380
CLOSE_PERCENT, LABEL_SHIFT = 8.0, 8
MARGIN = {"l": 8, "r": 96, "t": 16, "b": 8}
QUIET = {"displayModeBar": False}
LINES: dict[str, dict[str, Any]] = {
    "validation": {"color": "#0072b2", "width": 2.5, "dash": "solid"},
    "training": {"color": "#d55e00", "width": 1.25, "dash": "dot"},
}
"""The paper's figures draw validation bold and training thin; the colours hold for colour-blind eyes."""


def error_chart(validation: Curve, training: Curve, steps: int) -> go.Figure:
    """Validation and training error, in percent, against steps."""
    figure = go.Figure()
    lines = [(name, line) for name, line in (("training", training), ("validation", validation)) if line.x]
    for name, line in lines:
        _add_line(figure, LINES[name], name, reduced(line))
    for (name, line), shift in zip(lines, _apart([line.y[-1] for _, line in lines]), strict=True):
        _add_label(figure, LINES[name], f"{name} {line.y[-1]:.2f} %", line, shift)
    figure.update_xaxes(title_text="step", range=[0, steps], showgrid=False)
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


def _add_label(figure: go.Figure, style: dict[str, Any], text: str, line: Curve, shift: int) -> None:
    figure.add_annotation(x=line.x[-1], y=line.y[-1], text=text, showarrow=False, xanchor="left", xshift=6,
                          yshift=shift, font={"color": style["color"]})  # fmt: skip


def _apart(ends: list[float]) -> list[int]:
    """Pixels by which the labels of two lines give way to each other where they end close together."""
    if len(ends) < len(LINES) or abs(ends[0] - ends[1]) > CLOSE_PERCENT:
        return [0] * len(ends)
    return [LABEL_SHIFT, -LABEL_SHIFT] if ends[0] > ends[1] else [-LABEL_SHIFT, LABEL_SHIFT]


def _calm(figure: go.Figure) -> go.Figure:
    clear = "rgba(0,0,0,0)"
    return figure.update_layout(height=HEIGHT, margin=MARGIN, showlegend=False, hovermode="x", uirevision="kept",
                                paper_bgcolor=clear, plot_bgcolor=clear)  # fmt: skip
