"""Plotly figures: one height, one set of margins, axes with units, the line labelled at its end."""

from typing import Any

import plotly.graph_objects as go

from resnet.curves import Curve, reduced

HEIGHT = 380
CLOSE, LABEL_SHIFT = 0.1, 8
MARGIN = {"l": 8, "r": 96, "t": 16, "b": 8}
QUIET = {"displayModeBar": False}
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#7f878c"
LINES: dict[str, dict[str, Any]] = {
    "validation": {"color": BLUE, "width": 2.5, "dash": "solid"},
    "training": {"color": ORANGE, "width": 1.25, "dash": "dot"},
    "data loss": {"color": ORANGE, "width": 1.5, "dash": "solid"},
    "l2 penalty": {"color": GREY, "width": 1.5, "dash": "dash"},
    "rate": {"color": BLUE, "width": 2, "dash": "solid"},
    "images a second": {"color": BLUE, "width": 1.25, "dash": "solid"},
}
"""The paper's figures draw validation bold and training thin; the colours hold for colour-blind eyes."""

SOURCES: dict[str, dict[str, tuple[str, str]]] = {
    "Error": {"training": ("train", "train_error"), "validation": ("evaluation", "validation_error")},
    "Losses": {"data loss": ("train", "data_loss"), "l2 penalty": ("train", "l2_penalty")},
    "Learning rate": {"rate": ("train", "learning_rate")},
    "Speed": {"images a second": ("train", "images_per_s")},
}
"""Which records a chart's lines come from: their kind and field. The two losses are never added up."""

AXES = {
    "Error": ("error, %", ".2f", "tozero"),
    "Losses": ("loss, nats", ".3f", "tozero"),
    "Learning rate": ("learning rate", ".3g", "tozero"),
    "Speed": ("images a second", ",.0f", "tozero"),
}


def run_chart(kind: str, lines: dict[str, Curve], steps: int) -> go.Figure:
    """The curves of one kind against steps; those without a point are left out."""
    figure = go.Figure()
    drawn = [(name, line) for name, line in lines.items() if line.x]
    title, precision, rising_from = AXES[kind]
    for name, line in drawn:
        _add_line(figure, LINES[name], name, reduced(line), precision)
    for (name, line), shift in zip(drawn, _apart([line for _, line in drawn]), strict=True):
        _add_label(figure, LINES[name], f"{name} {line.y[-1]:{precision}}", line, shift)
    figure.update_xaxes(title_text="step", range=[0, steps], showgrid=False)
    figure.update_yaxes(title_text=title, rangemode=rising_from, automargin=True)
    return _calm(figure)


def schedule_chart(steps: list[int], rates: list[float]) -> go.Figure:
    """The learning rate a recipe will use, against steps."""
    figure = go.Figure()
    _add_line(figure, LINES["rate"], "", Curve([float(step) for step in steps], rates), precision=".3g")
    figure.update_xaxes(title_text="step", showgrid=False)
    figure.update_yaxes(title_text="learning rate", rangemode="tozero", automargin=True)
    return _calm(figure).update_layout(height=220, margin={**MARGIN, "r": 16})


def _add_line(figure: go.Figure, style: dict[str, Any], label: str, line: Curve, precision: str = ".2f") -> None:
    hover = f"step %{{x:,}}<br>{label} %{{y:{precision}}}<extra></extra>"
    figure.add_scatter(x=line.x, y=line.y, mode="lines", line=style, name=label, hovertemplate=hover)


def _add_label(figure: go.Figure, style: dict[str, Any], text: str, line: Curve, shift: int) -> None:
    figure.add_annotation(x=line.x[-1], y=line.y[-1], text=text, showarrow=False, xanchor="left", xshift=6,
                          yshift=shift, font={"color": style["color"]})  # fmt: skip


def _apart(lines: list[Curve]) -> list[int]:
    """Pixels by which the labels of two lines give way to each other where they end close together."""
    if len(lines) < 2:
        return [0] * len(lines)
    first, second = lines[0].y[-1], lines[1].y[-1]
    height = max(max(line.y) for line in lines) or 1.0
    if abs(first - second) > CLOSE * height:
        return [0, 0]
    return [LABEL_SHIFT, -LABEL_SHIFT] if first > second else [-LABEL_SHIFT, LABEL_SHIFT]


def _calm(figure: go.Figure) -> go.Figure:
    clear = "rgba(0,0,0,0)"
    return figure.update_layout(height=HEIGHT, margin=MARGIN, showlegend=False, hovermode="x", uirevision="kept",
                                paper_bgcolor=clear, plot_bgcolor=clear)  # fmt: skip
