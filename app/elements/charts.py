"""Plotly figures with one height, one set of margins, units on the axes, and a label at the end of
each line."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from resnet import history
from resnet.curves import Curve, reduced, smoothed
from resnet.network.numbers import NUMBERS, Number
from resnet.tables.family import FamilyRow

Scheme = Literal["light", "dark"]
Along = Literal["step", "epoch", "hour"]
Scale = Literal["linear", "log"]

HEIGHT, LOW = 380, 220
# Two lines end close together if their distance is less than this share of the chart; then each
# label is moved by so many pixels.
CLOSE, LABEL_SHIFT = 0.1, 8
FAINT = 0.55
MARGIN = {"l": 8, "r": 96, "t": 16, "b": 8}
QUIET = {"displayModeBar": False}
# A log axis has no place for 0, such as the learning rate at the end of a cosine.
SMALLEST = 1e-12

COLOURS: dict[str, dict[Scheme, str]] = {
    "blue": {"light": "#0072b2", "dark": "#56b4e9"},
    "orange": {"light": "#c9512a", "dark": "#f08a63"},
    "grey": {"light": "#6b7378", "dark": "#a7b0ba"},
}
"""From the colour-blind-safe palette of Okabe and Ito, for light and dark backgrounds."""

LINES: dict[str, dict[str, Any]] = {
    "validation": {"color": "blue", "width": 2.5, "dash": "solid"},
    "training": {"color": "orange", "width": 1.25, "dash": "dot"},
    # The two losses also differ in their dashes, so that colour is not the only sign.
    "data loss": {"color": "orange", "width": 1.5, "dash": "solid"},
    "l2 penalty": {"color": "grey", "width": 1.5, "dash": "dash"},
    "rate": {"color": "blue", "width": 2, "dash": "solid"},
    "images per second": {"color": "blue", "width": 1.25, "dash": "solid"},
    "residual": {"color": "blue", "width": 2.5, "dash": "solid"},
    "plain": {"color": "orange", "width": 1.5, "dash": "dash"},
}
"""The paper's figures draw validation bold and training thin."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What a chart shows: the title with the unit, the number format, and the records it is drawn
    from.

    `sources` gives, for each line, the kind and the field of its records. The two losses are never
    added.
    """

    title: str
    precision: str
    sources: dict[str, tuple[type[history.Record], str]]


AXES = {
    "Error": Axis(
        "error, %",
        ".2f",
        {
            "training": (history.Train, "train_error"),
            "validation": (history.Evaluation, "validation_error"),
        },
    ),
    "Losses": Axis(
        "loss, nats",
        ".3f",
        {"data loss": (history.Train, "data_loss"), "l2 penalty": (history.Train, "l2_penalty")},
    ),
    "Learning rate": Axis("learning rate", ".3g", {"rate": (history.Train, "learning_rate")}),
    "Speed": Axis(
        "images per second", ",.0f", {"images per second": (history.Train, "images_per_s")}
    ),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a run's curves are shown. `smoothing` is the number of log records that are averaged for
    one point; 1 means no smoothing."""

    about: str = "Error"
    along: Along = "step"
    scale: Scale = "linear"
    smoothing: int = 1
    scheme: Scheme = "light"


def run_chart(records: Sequence[history.Line], look: Look, steps: int) -> go.Figure:
    """The curves of a run. Curves without points are left out."""
    axis, figure = AXES[look.about], go.Figure()
    lines = {
        name: history.curve(records, kind, field, look.along)
        for name, (kind, field) in axis.sources.items()
    }
    # A run that has just started has no evaluation yet.
    drawn = [(name, line) for name, line in lines.items() if line.x]
    if look.smoothing > 1:
        for name in [
            name for name, _ in drawn if _noisy(name, axis)
        ]:  # behind, faint, and never hidden
            _add_line(
                figure,
                _style(name, look.scheme) | {"width": 1},
                name,
                reduced(lines[name]),
                axis.precision,
            )
            figure.data[-1].update(opacity=FAINT, hoverinfo="skip", hovertemplate=None)
        drawn = [
            (name, smoothed(line, look.smoothing) if _noisy(name, axis) else line)
            for name, line in drawn
        ]
    for name, line in drawn:
        _add_line(figure, _style(name, look.scheme), name, reduced(line), axis.precision)
    # A chart has at most two lines, so their labels are moved as a pair.
    for (name, line), shift in zip(drawn, _apart([line for _, line in drawn]), strict=True):
        _add_label(
            figure,
            _style(name, look.scheme),
            f"{name} {line.y[-1]:{axis.precision}}",
            _end(line, look.scale),
            shift,
        )
    figure.update_xaxes(title_text=look.along, showgrid=False)
    # The number of steps is known before the run ends, so the axis shows how much is left. Epochs
    # and hours have no such end here.
    if look.along == "step":
        figure.update_xaxes(range=[0, steps])
    figure.update_yaxes(title_text=axis.title, type=look.scale, rangemode="tozero", automargin=True)
    return _calm(figure)


def schedule_chart(steps: list[int], rates: list[float], scheme: Scheme) -> go.Figure:
    """The learning rate a recipe will use, against steps."""
    figure = go.Figure()
    _add_line(
        figure,
        _style("rate", scheme),
        "",
        Curve([float(step) for step in steps], rates),
        precision=".3g",
    )
    figure.update_xaxes(title_text="step", showgrid=False)
    figure.update_yaxes(title_text="learning rate", rangemode="tozero", automargin=True)
    return _calm(figure).update_layout(height=LOW, margin={**MARGIN, "r": 16})


def family_chart(rows: Sequence[FamilyRow], number: Number, scheme: Scheme) -> go.Figure:
    """One number of a family over depth: residual bold, plain thin."""
    figure, lines = go.Figure(), {}
    for kind, name in (("resnet", "residual"), ("plain", "plain")):
        of_kind = [row for row in rows if row.kind == kind]
        lines[name] = Curve(
            [float(row.depth) for row in of_kind],
            [float(getattr(row, number.key)) for row in of_kind],
        )
    for (name, line), shift in zip(lines.items(), _apart(list(lines.values())), strict=True):
        _add_line(figure, _style(name, scheme), name, line, ",.0f")
        _add_label(figure, _style(name, scheme), name, _end(line, "linear"), shift)
    figure.update_xaxes(title_text=NUMBERS["depth"].label, showgrid=False)
    figure.update_yaxes(title_text=number.heading, rangemode="tozero", automargin=True)
    return _calm(figure)


def _noisy(name: str, axis: Axis) -> bool:
    """Only training records are noisy. Evaluations are few and exact, so they are not smoothed."""
    return axis.sources[name][0] is history.Train


def _style(name: str, scheme: Scheme) -> dict[str, Any]:
    return {**LINES[name], "color": COLOURS[LINES[name]["color"]][scheme]}


def _add_line(
    figure: go.Figure, style: dict[str, Any], label: str, line: Curve, precision: str
) -> None:
    hover = f"%{{x:,}}<br>{label} %{{y:{precision}}}<extra></extra>"
    figure.add_scatter(
        x=line.x, y=line.y, mode="lines", line=style, name=label, hovertemplate=hover
    )


def _add_label(
    figure: go.Figure, style: dict[str, Any], text: str, end: tuple[float, float], shift: int
) -> None:
    figure.add_annotation(
        x=end[0],
        y=end[1],
        text=text,
        showarrow=False,
        xanchor="left",
        xshift=6,
        yshift=shift,
        font={"color": style["color"]},
    )


def _end(line: Curve, scale: Scale) -> tuple[float, float]:
    """Where a line ends. On a log axis, Plotly places labels by the exponent."""
    x, y = line.x[-1], line.y[-1]
    return (x, math.log10(max(y, SMALLEST))) if scale == "log" else (x, y)


def _apart(lines: list[Curve]) -> list[int]:
    """By how many pixels the labels of two lines are moved apart if the lines end close
    together."""
    if len(lines) < 2:
        return [0] * len(lines)
    first, second = lines[0].y[-1], lines[1].y[-1]
    height = max(max(line.y) for line in lines) or 1.0
    if abs(first - second) > CLOSE * height:
        return [0, 0]
    return [LABEL_SHIFT, -LABEL_SHIFT] if first > second else [-LABEL_SHIFT, LABEL_SHIFT]


def _calm(figure: go.Figure) -> go.Figure:
    clear = "rgba(0,0,0,0)"
    return figure.update_layout(
        height=HEIGHT,
        margin=MARGIN,
        showlegend=False,
        # Along a vertical line: training and validation at the same step are read together.
        hovermode="x",
        uirevision="kept",
        paper_bgcolor=clear,
        plot_bgcolor=clear,
    )
