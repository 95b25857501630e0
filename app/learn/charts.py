"""The charts of the Learn page. Plain and residual lines have the same style as on other pages."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from app.elements.charts import COLOURS, FAINT, LINES, LOW, MARGIN, Scheme
from app.learn.batch import Floats

Scale = Literal["linear", "log"]

HEIGHT = 300
BINS = 60
ROOM = {**MARGIN, "t": 24, "r": 16}
CLEAR = "rgba(0,0,0,0)"


def histogram(
    values: Floats, span: tuple[float, float], title: str, colour: str, scheme: Scheme
) -> go.Figure:
    """How often each value occurs. Values outside `span` are counted in the first or last bar."""
    counts, edges = np.histogram(np.clip(values, *span), BINS, span)
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure()
    figure.add_bar(
        x=middles.tolist(),
        # In percent of all values: the counts themselves depend on the size of the batch.
        y=(counts / values.size * 100).tolist(),
        width=float(edges[1] - edges[0]),
        marker={"color": COLOURS[colour][scheme], "line": {"width": 0}},
        hovertemplate="%{x:.2f}<br>%{y:.2f} % of the values<extra></extra>",
    )
    figure.update_xaxes(title_text=title, showgrid=False, range=list(span))
    # The average starts at 1 and comes down to the variance of the batches, which is smaller. On a
    # linear axis, the batches would be flat at the bottom.
    figure.update_yaxes(title_text="% of the values", rangemode="tozero", automargin=True)
    return _calm(figure, LOW).update_layout(showlegend=False)


def moving(batches: Floats, averages: Floats, scheme: Scheme) -> go.Figure:
    """The variance of each batch as a dot, and the moving average as the line."""
    figure = go.Figure()
    figure.add_scatter(
        # A batch belongs to a step, from 1. The average also has a value before the first step, at
        # 0.
        x=list(range(1, len(batches) + 1)),
        y=batches.tolist(),
        mode="markers",
        name="each batch",
        marker={"color": COLOURS["grey"][scheme], "size": 3},
        hovertemplate="step %{x}<br>batch %{y:.4f}<extra></extra>",
    )
    figure.add_scatter(
        x=list(range(len(averages))),
        y=averages.tolist(),
        mode="lines",
        name="moving average",
        line={"color": COLOURS["blue"][scheme], "width": 2.5},
        hovertemplate="step %{x}<br>moving average %{y:.4f}<extra></extra>",
    )
    figure.update_xaxes(title_text="step", showgrid=False)
    figure.update_yaxes(
        title_text="variance", type="log", automargin=True, tickvals=[0.05, 0.1, 0.2, 0.5, 1]
    )
    return _calm(figure, HEIGHT)


def both(
    lines: Mapping[str, Sequence[float]],
    names: Sequence[str],
    scheme: Scheme,
    *,
    along: str,
    about: str,
    scale: Scale = "linear",
    first: int = 1,
    level: tuple[str, float] | None = None,
) -> go.Figure:
    """A plain and a residual line. `names` are the points, in order; hovering shows the name.
    `level` is the name and height of a line to compare with."""
    figure = go.Figure()
    for kind, values in lines.items():
        style = {**LINES[kind], "color": COLOURS[LINES[kind]["color"]][scheme]}
        figure.add_scatter(
            x=list(range(first, len(values) + first)),
            y=list(values),
            mode="lines+markers",
            line=style,
            marker={"size": 4, "opacity": FAINT},
            customdata=list(names),
            name=kind,
            hovertemplate=f"%{{customdata}}<br>{kind} %{{y:.4g}}<extra></extra>",
        )
    if level:
        figure.add_scatter(
            x=[first, first + len(names) - 1],
            y=[level[1]] * 2,
            mode="lines",
            name=level[0],
            line={"color": COLOURS["grey"][scheme], "width": 1, "dash": "dot"},
            hovertemplate=f"{level[0]} %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(
        title_text=along, showgrid=False, range=[first - 0.5, first + len(names) - 0.5]
    )
    figure.update_yaxes(title_text=about, type=scale, automargin=True, **_ticks(lines, scale))
    return _calm(figure, HEIGHT)


def _ticks(lines: Mapping[str, Sequence[float]], scale: Scale) -> dict[str, Any]:
    """A linear axis starts at 0. A log axis has ticks at whole powers of ten, about six at most."""
    if scale == "linear":
        return {"rangemode": "tozero"}
    values = [value for line in lines.values() for value in line]
    # A range for Plotly's log axis is in exponents: −3 means 0.001.
    low, high = np.floor(np.log10(min(values))), np.ceil(np.log10(max(values)))
    step = max(1, int(np.ceil((high - low) / 6)))
    return {
        # At least one whole power of ten, also if all values are nearly equal.
        "range": [low - 0.1, max(high, low + 1) + 0.1],
        "dtick": step,
        "exponentformat": "power",
    }


def _calm(figure: go.Figure, height: int) -> go.Figure:
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    return figure.update_layout(
        height=height,
        margin=ROOM,
        legend=legend,
        hovermode="closest",
        uirevision="kept",
        bargap=0,
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
    )
