"""The chart of a study's arms must show what its figure on paper shows, and say how many seeds are
behind it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.elements import charts
from app.elements.arm_charts import arms_chart
from resnet.results.published import PUBLISHED
from resnet.studies.curves.arm_colours import KINDS
from resnet.studies.curves.arm_curves import arm_curves
from tests.test_studies_arm_curves import arm, drawn
from tests.test_studies_figures import curves


def lines(figure: go.Figure, dash: str | None) -> list[Any]:
    """Means: bold ones, or dashed ones."""
    return [
        trace
        for trace in figure.data
        if trace.hovertemplate and trace.mode == "lines" and trace.line.dash == dash
    ]


def test_validation_is_bold_training_dashed_and_the_test_a_mark() -> None:
    """Catches training sold as validation."""
    found = curves(2)
    figure = arms_chart(found, "light")
    for dash, part in ((None, "validation"), ("dash", "training")):
        for trace, each in zip(lines(figure, dash), found.arms, strict=True):
            assert trace.y.tolist() == getattr(each, part).mean
            assert part in trace.hovertemplate
    assert lines(figure, None)[0].line.width > lines(figure, "dash")[0].line.width
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [tuple(trace.y) for trace in marks] == [
        (each.test.mean,) for each in found.arms if each.test
    ]
    assert marks[0].error_y.array[0] > 0


def test_a_band_goes_there_and_back() -> None:
    """Catches a band around the wrong arm."""
    found = curves(1)
    band = found.arms[0].validation
    filled = [trace for trace in arms_chart(found, "light").data if trace.fill == "toself"][-1]
    assert filled.x[:-1].tolist() == band.x + band.x[::-1]
    assert filled.y[:-1].tolist() == pytest.approx([*band.high, *band.low[::-1]])
    assert not [trace for trace in arms_chart(drawn([arm(0)]), "light").data if trace.fill]


def test_few_arms_are_labelled_and_many_have_a_legend_with_n() -> None:
    """Catches a legend in which nobody finds a line, and labels printed over one another."""
    few, many = arms_chart(curves(4), "light"), arms_chart(curves(5), "light")
    assert sum("(n = 3)" in note.text for note in few.layout.annotations) == 4
    assert not few.layout.showlegend
    assert [trace.name for trace in many.data if trace.showlegend] == [
        f"ResNet-{at} (n = 3)" for at in range(5)
    ]


def test_long_names_have_a_legend_where_the_margin_would_cut_them() -> None:
    """Catches two arms told apart by the end of their names, which the edge of the chart hides."""
    found = drawn([replace(arm(at), name=f"ResNet-20, weight decay {at}") for at in (0, 1)])
    figure = arms_chart(found, "light")
    assert figure.layout.showlegend
    assert [trace.name for trace in figure.data if trace.showlegend] == [
        each.label for each in found.arms
    ]
    assert not [note for note in figure.layout.annotations if "weight decay" in note.text]


def test_a_zoom_stays_as_long_as_the_axes_do() -> None:
    """Catches the range of errors kept over data losses, which are then out of sight."""
    error, again, loss = [
        arms_chart(curves(2, about=about), "light") for about in ("error", "error", "data_loss")
    ]
    assert error.layout.uirevision == again.layout.uirevision != loss.layout.uirevision
    assert (
        error.layout.uirevision != arms_chart(curves(2), "light", title="total").layout.uirevision
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plain_and_residual_have_the_colours_of_every_other_chart(scheme: charts.Scheme) -> None:
    """Catches a palette that drifts away from the app's."""
    assert KINDS["residual"] == charts.COLOURS[charts.LINES["residual"]["color"]]
    assert KINDS["plain"] == charts.COLOURS[charts.LINES["plain"]["color"]]
    plain, residual = lines(arms_chart(curves(2), scheme), None)
    assert (plain.line.color, residual.line.color) == (
        KINDS["plain"][scheme],
        KINDS["residual"][scheme],
    )


def test_drops_and_the_papers_error_stand_behind_the_curves() -> None:
    """Catches a hairline at another step, and the paper's error beside a loss."""
    figure = arms_chart(curves(2), "light", {"ResNet-1": PUBLISHED["resnet110"]})
    assert [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1] == [30, 50]
    band = next(shape for shape in figure.layout.shapes if shape.type == "rect")
    assert (band.y0, band.y1) == pytest.approx((6.45, 6.77))
    assert any("He et al. 2015, Table 6" in note.text for note in figure.layout.annotations)
    losses = arms_chart(curves(2, about="data_loss"), "light", {"ResNet-1": PUBLISHED["resnet110"]})
    assert all(shape.x0 == shape.x1 for shape in losses.layout.shapes)


FOUR = ("resnet20", "resnet32", "resnet44", "resnet56")


@pytest.mark.parametrize(
    ("networks", "said"),
    [(FOUR[3:], "ResNet-56, 6.97 %"), (FOUR, "ResNet-20/32/44/56, 8.75 / 7.51 / 7.17 / 6.97 %")],
)
def test_the_papers_errors_are_labelled_once_and_coloured_as_their_arms(
    networks: tuple[str, ...], said: str
) -> None:
    """Catches four labels on one spot, one over the curves or above the figure, and lines nobody
    can tell apart."""
    paper = {f"ResNet-{2 * at + 1}": PUBLISHED[name] for at, name in enumerate(networks)}
    figure = arms_chart(curves(8), "light", paper)
    (note,) = [note for note in figure.layout.annotations if "He et al." in note.text]
    assert note.text.endswith(f"dotted line across, He et al. 2015, Table 6<br>{said}")
    assert (note.y, note.yref, note.yanchor) == (1, "paper", "bottom")
    assert figure.layout.margin.t >= 17 * len(note.text.split("<br>"))
    dotted = {shape.y0: shape.line.color for shape in figure.layout.shapes if shape.y0 == shape.y1}
    bold = {
        trace.hovertemplate.partition(",")[0]: trace.line.color for trace in lines(figure, None)
    }
    assert dotted == {row.error: bold[name] for name, row in paper.items()}
    assert len(set(dotted.values())) == len(networks)


def test_a_name_is_no_markup() -> None:
    """Catches a study's name that is read as a tag or as Plotly's own template."""
    figure = arms_chart(arm_curves([replace(arm(0), name="<b>%{x}</b>")]), "light")
    assert "&lt;b&gt;% {x}" in lines(figure, None)[0].hovertemplate
    assert any("&lt;b&gt;" in note.text for note in figure.layout.annotations)


def test_every_attribute_is_one_that_plotly_knows() -> None:
    """Catches a misspelt attribute: the chart is built without Plotly's checks, for speed."""
    paper = {"ResNet-1": PUBLISHED["resnet110"], "gone": PUBLISHED["resnet56"]}
    for options in ({"spread": "lines"}, {"spread": "sd"}, {"about": "data_loss"}):
        for count in (2, 5, 14):
            figure = arms_chart(curves(count, **options), "dark", paper)
            go.Figure(json.loads(figure.to_json()))


def test_each_line_of_many_is_thin_and_none_is_missing() -> None:
    """Catches sixty bold lines, and runs that vanish from a crowd."""
    found = curves(60)
    bold = lines(arms_chart(found, "light"), None)
    assert len(bold) == 60
    assert max(trace.line.width for trace in bold) < 1.5
    assert np.ptp([len(trace.x) for trace in bold]) == 0
