"""The curves of a study's arms as a Plotly figure: validation bold, training dashed, the test as a
mark at the end."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any, cast

import numpy as np
import plotly.graph_objects as go

from app.elements.charts import COLOURS, HEIGHT, MARGIN, Scheme
from resnet.results.published import Published
from resnet.studies.curves.arm_colours import GROUND, colours
from resnet.studies.curves.arm_curves import ArmCurve, ArmCurves, Mark, apart, paper_says
from resnet.studies.curves.bands import Band

LABELLED, LONGEST_LABEL = 4, 14
"""At most this many arms are labelled at the ends of their lines. More arms, or longer names, get a
legend."""

# Above this many arms, lines are drawn thinner, so that they can be told apart.
CROWDED = 12
# Pixels between two labels at the line ends; a label has two lines of text.
APART = 34
ABOVE = 40
"""Pixels for the key above the plot, so that it covers no curve that starts high."""

A_ROW, LONG_IN_A_ROW, ROW, MOST_ROWS = 4, 2, 22, 5
"""Names in a row of the legend below the plot, its height in pixels, and the most rows. The figure
grows by these rows; the plot keeps its height."""

PLOT_HEIGHT, LETTERS = 290, 17
"""Height of the plot, and of a line of text above it, in pixels."""

NOTHING: Mapping[str, Published] = {}
PRECISION = {"error": ".2f", "data_loss": ".3f"}
CLEAR = "rgba(0,0,0,0)"
# Opacity of the band of validation (training has half of it), and of the line of a single run.
FILL, EACH = 0.16, 0.5


def arms_chart(
    curves: ArmCurves, scheme: Scheme, published: Mapping[str, Published] = NOTHING, title: str = ""
) -> go.Figure:
    """All arms on one chart. Hovering shows how many seeds a point has; clicking the legend hides
    an arm.

    The vertical axis leaves out the high start of the curves, as in the paper; a double click shows
    everything. `published` is the paper's error, by arm name. `title` replaces the title of the
    vertical axis. The zoom is kept until the axes change.
    """
    # The legend group of an arm is its place and not its name: two arms may have the same name, and
    # a click on one must not hide both.
    grey, shades = COLOURS["grey"][scheme], colours(curves.arms, scheme)
    traces: list[dict[str, Any]] = []
    for at, (arm, colour) in enumerate(zip(curves.arms, shades, strict=True)):
        traces += [
            {**trace, "legendgroup": str(at)} for trace in _traces(arm, colour, curves, scheme)
        ]
    # The paper reports errors. A line of an error across a chart of losses would mean nothing.
    shown = published if curves.options.about == "error" else NOTHING
    layout = _layout(curves, grey, title or curves.title, _key(curves, shown.values()))
    if shown:
        of_arm = dict(zip([arm.name for arm in curves.arms], shades, strict=True))
        layout["shapes"] += [
            shape for arm, row in shown.items() for shape in _paper(row, of_arm.get(arm, grey))
        ]
    if _labelled(curves):
        layout["annotations"] += _labels(curves, shades)
    # Plotly's own check of every number takes longer than the drawing.
    return go.Figure({"data": traces, "layout": layout}, _validate=False)


def _traces(arm: ArmCurve, colour: str, curves: ArmCurves, scheme: Scheme) -> list[dict[str, Any]]:
    """Bands come first, so that no band covers a line of its arm."""
    # The look of the paper's figures: validation bold, training thin.
    crowded = len(curves.arms) > CROWDED
    bold = {"color": colour, "width": 1.25 if crowded else 2.5}
    thin = {"color": colour, "width": 0.75 if crowded else 1.25, "dash": "dash"}
    traces = [_filled(arm.training, colour, FILL / 2), _filled(arm.validation, colour, FILL)]
    # With one run, its line is also the mean and would be drawn twice.
    for run in arm.lines if arm.n > 1 else ():
        for line, style in ((run.training, thin), (run.validation, bold)):
            traces.append(
                _line(line.x, line.y, {**style, "width": 0.75})
                | {"opacity": EACH, "hoverinfo": "skip"}
            )
    for part, style in (("training", thin), ("validation", bold)):
        band: Band = getattr(arm, part)
        traces.append(
            _line(band.x, band.mean, style)
            | _hover(arm, part, band, PRECISION[curves.options.about])
        )
    if arm.test:
        traces.append(_test(arm, colour, PRECISION[curves.options.about], scheme))
    # An empty trace must not be the one that stands in the legend.
    shown = [{"showlegend": False, **trace} for trace in traces if len(trace["x"])]
    named = {"name": _plain(arm.label), "showlegend": not _labelled(curves)}
    bolds = [trace for trace in shown if trace.get("line") == bold and "hovertemplate" in trace]
    for trace in (bolds or shown)[-1:]:  # the legend shows one line of each arm
        trace.update(named)
    return shown


def _line(x: list[float], y: list[float], style: dict[str, Any]) -> dict[str, Any]:
    """Arrays travel to the browser as bytes."""
    return {"type": "scatter", "mode": "lines", "x": np.array(x), "y": np.array(y), "line": style}


def _filled(band: Band, colour: str, share: float) -> dict[str, Any]:
    """The outline of the band: one closed path for each stretch with more than one seed."""
    x: list[float | None] = []
    y: list[float | None] = []
    points = zip(band.x, band.low, band.high, band.n, strict=True)
    for wide, stretch in groupby(points, key=lambda point: point[1] is not None and point[3] > 1):
        if wide:
            at, low, high, _ = zip(*stretch, strict=True)
            # Along the lower or upper edge forwards, along the other one backwards. None ends the
            # path; without it Plotly would join two stretches across a gap.
            x += [*at, *at[::-1], None]
            y += [*high, *low[::-1], None]
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": _clear(colour, share),
        "hoverinfo": "skip",
        "x": np.array(x, float),
        "y": np.array(y, float),
    }


def _hover(arm: ArmCurve, part: str, band: Band, precision: str) -> dict[str, Any]:
    # <extra></extra> removes Plotly's second box with the trace's name, which repeats the arm.
    head = f"{_plain(arm.name)}, {part}<br>%{{x:,}}: %{{y:{precision}}}"
    if arm.n < 2:
        return {"hovertemplate": f"{head}<extra></extra>"}
    # "Every run" has no band, so there are no edges to name; the number of seeds may still differ
    # from point to point.
    if all(low is None for low in band.low):
        return {
            "hovertemplate": f"{head} (%{{customdata}} seeds)<extra></extra>",
            "customdata": np.array(band.n),
        }
    edges = (
        f"(%{{customdata[0]:{precision}}} to %{{customdata[1]:{precision}}},"
        " %{customdata[2]:d} seeds)"
    )
    columns = np.array([band.low, band.high, band.n], float).T
    return {"hovertemplate": f"{head}<br>{edges}<extra></extra>", "customdata": columns}


def _test(arm: ArmCurve, colour: str, precision: str, scheme: Scheme) -> dict[str, Any]:
    x, mean, low, high, n = cast(Mark, arm.test)
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "x": [x],
        "y": [mean],
        # The test is at the last step, on the right border. Plotly would cut the mark in half.
        "cliponaxis": False,
        "marker": {
            "color": colour,
            "symbol": "diamond",
            "size": 9,
            "line": {"color": GROUND[scheme], "width": 1},
        },
        "hovertemplate": f"{_plain(arm.name)}, test: %{{y:{precision}}} (n = {n})<extra></extra>",
    }
    if low is not None and high is not None and n > 1:
        reach: dict[str, Any] = {
            "type": "data",
            "symmetric": False,
            "array": [high - mean],
            "arrayminus": [mean - low],
        }
        trace["error_y"] = {**reach, "color": colour, "thickness": 1.25, "width": 4}
    return trace


def _layout(curves: ArmCurves, grey: str, title: str, key: Sequence[str]) -> dict[str, Any]:
    low, top = curves.extent
    drops = [
        {
            "type": "line",
            "x0": drop,
            "x1": drop,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "layer": "below",
            "line": {"color": grey, "width": 1, "dash": "dot"},
        }
        for drop in curves.drops
    ]
    key_text = {
        "text": "<br>".join(key),
        "x": 1,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "right",
        "yanchor": "bottom",
        "align": "right",
        "showarrow": False,
        "font": {"color": grey, "size": 12},
    }
    # Labels need the wide right margin; a legend is below the plot and makes the figure higher
    # instead.
    few, above = _labelled(curves), max(ABOVE, LETTERS * len(key) + 6)
    rows = (
        0
        if few
        else min(
            math.ceil(len(curves.arms) / (LONG_IN_A_ROW if _long(curves) else A_ROW)), MOST_ROWS
        )
    )
    legend = {"orientation": "h", "x": 0, "y": -0.28, "yanchor": "top", "font": {"size": 12}}
    return {
        "height": HEIGHT + above - ABOVE + ROW * rows,
        "margin": {**MARGIN, "t": above} | ({} if few else {"r": 8}),
        "showlegend": not few,
        "legend": legend,
        "hovermode": "closest",
        # Plotly keeps the zoom while this text is the same. An axis in epochs with the zoom of
        # steps would show an empty chart.
        "uirevision": f"{title} {curves.options.along}",
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "xaxis": {
            "title": {"text": curves.options.along},
            "showgrid": False,
            # From 0 to the last point, where the labels are. Plotly's own range leaves space around
            # marks.
            "range": [0, curves.reach],
        },
        "yaxis": {"title": {"text": title}, "range": [low, top], "automargin": True},
        "shapes": drops,
        "annotations": [key_text],
    }


def _labelled(curves: ArmCurves) -> bool:
    """Whether the arms are labelled at the ends of their lines; the margin there is narrow."""
    return len(curves.arms) <= LABELLED and not _long(curves)


def _long(curves: ArmCurves) -> bool:
    return any(len(arm.name) > LONGEST_LABEL for arm in curves.arms)


def _key(curves: ArmCurves, published: Iterable[Published]) -> list[str]:
    """The text above the plot: what bold, dashed and dotted lines mean, and the paper's errors,
    once for all arms."""
    words = {
        "bold: validation": any(arm.validation.x for arm in curves.arms),
        "dashed: training": any(arm.training.x for arm in curves.arms),
        "◆ test": any(arm.test for arm in curves.arms),
        "dotted: learning rate drops": bool(curves.drops),
    }
    parts = [word for word, shown in words.items() if shown]
    paper = [
        line
        for words in paper_says(published)
        for line in f"dotted line across, {words}".split(": ", 1)
    ]
    return [*filter(None, (" · ".join(parts[:2]), " · ".join(parts[2:]))), *paper]


def _labels(curves: ArmCurves, shades: list[str]) -> list[dict[str, Any]]:
    """Labels at the ends of the lines. Labels that would overlap are moved up or down."""
    low, top = curves.extent
    ends = [(at, end) for at, arm in enumerate(curves.arms) if (end := arm.end) is not None]
    # From values to pixels, because `apart` moves labels by pixels. A line that ends above the
    # range gets its label at the top.
    shown = {at: (min(y, top) - low) / (top - low or 1) * PLOT_HEIGHT for at, y in ends}
    placed = apart(shown, APART, PLOT_HEIGHT)
    texts = [_plain(arm.label).replace(" (", "<br>(") for arm in curves.arms]
    return [
        {
            "x": curves.reach,
            "y": min(y, top),
            "text": texts[at],
            "showarrow": False,
            "xanchor": "left",
            "align": "left",
            "xshift": 10,
            "yshift": placed[at] - shown[at],
            "font": {"color": shades[at], "size": 12},
        }
        for at, y in ends
    ]


def _paper(row: Published, colour: str) -> list[dict[str, Any]]:
    """The paper's error as a dotted horizontal line in the arm's colour, with a band of its
    standard deviation."""
    across = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    dotted = {"color": colour, "width": 1.5, "dash": "dot"}
    line = {**across, "type": "line", "y0": row.error, "y1": row.error, "line": dotted}
    if row.sd is None:
        return [line]
    # The paper gives mean ± standard deviation over five runs for ResNet-110 (Table 6).
    edges = {"y0": row.error - row.sd, "y1": row.error + row.sd, "line": {"width": 0}}
    return [{**across, **edges, "type": "rect", "fillcolor": _clear(colour, 0.25)}, line]


def _clear(colour: str, share: float) -> str:
    red, green, blue = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return f"rgba({red},{green},{blue},{share})"


def _plain(name: str) -> str:
    """The name as plain text. Plotly would read tags and %{…} in it."""
    return escape(name, quote=False).replace("%{", "% {")
