"""The chart of the chosen curves: error, data loss, or total loss with penalty. No other page draws
the total loss."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import streamlit as st

from app.elements import arm_charts, charts, views
from app.elements.controls import choose
from app.elements.curve_controls import ABOUTS, ALONGS, SPREADS, choice
from app.side_by_side import cache
from app.side_by_side.arms import Arm
from app.side_by_side.choose import Chosen
from resnet import history
from resnet.errors import ResNetLabError
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from resnet.studies.curves.arm_curves import ArmCurve, ArmCurves, Options, arm_curves, points_each
from resnet.studies.curves.arm_points import Along, ArmPoints, Series
from resnet.studies.curves.bands import NO_BAND, band
from resnet.why_loss import losses
from resnet.why_loss.losses import Decay

About = Literal["error", "data_loss", "total"]
WITH_TOTAL: dict[About, str] = dict([*ABOUTS.items(), ("total", "Total loss with L2 penalty")])
WITH_ROWS: dict[Along, str] = {**ALONGS, "record": "Rows"}
PAGE = "beside"
TOTAL_TITLE = "total loss with L2 penalty, nats: not for comparing networks"
MOST_SAID = 4


def show(chosen: Chosen) -> None:
    """The controls, a warning if the total loss misleads, the chart, and what is not drawn."""
    left_out = list(chosen.left_out)
    points = [drawn for arm in chosen.arms if (drawn := _points(arm, left_out))]
    points += [imported.points for imported in chosen.imports]
    about, options = _controls(points)
    if about == "total":
        _warn(chosen)
        curves = _totals(chosen, points, options)
    else:
        curves = arm_curves(points, options)
    figure = arm_charts.arms_chart(
        curves, views.scheme(), title=TOTAL_TITLE if about == "total" else ""
    )
    if curves.arms:
        st.plotly_chart(figure, key="beside_chart", config=charts.QUIET)
    else:
        st.markdown(
            "The chosen curves have no values for this chart. Choose another quantity or axis."
        )
    _not_drawn([*left_out, *curves.left_out])


def _points(arm: Arm, left_out: list[str]) -> ArmPoints | None:
    try:
        return cache.points(arm)
    except ResNetLabError as error:
        left_out.append(f"{arm.name} cannot be drawn: {error}")
        return None


def _controls(points: Sequence[ArmPoints]) -> tuple[About, Options]:
    """The quantity, the horizontal axis and the spread. Only axes that at least one curve has are
    offered."""
    # The axis that most curves have is the default, so that as many as possible are drawn at first.
    counts = Counter([along for arm in points for along in _axes(arm)])
    imported = all(arm.origin == "imported" for arm in points)
    offered = {
        along: title
        for along, title in WITH_ROWS.items()
        # A row of a file and a record of a run are not the same amount of training. Rows are
        # offered only if all curves count them.
        if counts[along] and (along != "record" or imported)
    }
    offered = offered or {"step": WITH_ROWS["step"]}
    several = any(len(arm.runs) > 1 for arm in points)
    with st.container(horizontal=True):
        about = choice("About", PAGE, WITH_TOTAL, "error")
        along = choice("Along", PAGE, offered, max(offered, key=counts.__getitem__))
        spread = choice("Spread", PAGE, SPREADS, "sd") if several else "sd"
    # Totals use the points of the data loss, to which `_of_runs` adds the penalty.
    return about, Options("error" if about == "error" else "data_loss", along, spread)


def _axes(arm: ArmPoints) -> set[Along]:
    """The axes of all its curves."""
    return {along for run in arm.runs for series in run.series.values() for along in series.along}


def _warn(chosen: Chosen) -> None:
    """A warning that total losses of different networks or decays compare penalties, with two
    buttons for better quantities."""
    sentence = misleads(*_facts(chosen))
    if not sentence:
        return
    st.warning(views.plain(sentence), icon=":material/balance:")
    with st.container(horizontal=True):
        for about, title in ABOUTS.items():
            st.button(
                f"Show {title.lower()}",
                on_click=choose,
                args=(f"{PAGE}_about", about),
                key=f"beside_honest_{about}",
            )


def _facts(chosen: Chosen) -> tuple[list[str], list[ResNetConfig | None], list[Decay | None]]:
    given = [imported.curve.given for imported in chosen.imports]
    configs = [*[arm.spec.config for arm in chosen.arms], *[facts.config for facts in given]]
    decays = [
        *[arm.spec.recipe.weight_decay for arm in chosen.arms],
        *[facts.decay_in_loss() for facts in given],
    ]
    return chosen.names, configs, decays


def misleads(
    names: Sequence[str], configs: Sequence[ResNetConfig | None], decays: Sequence[Decay | None]
) -> str | None:
    """Why their total losses cannot be compared. None if they can: one network and one weight
    decay."""
    if len(names) < 2:
        return None
    reasons = []
    # None, an unknown network, counts as another network.
    if len({config and config.fingerprint for config in configs}) > 1:
        reasons.append("the networks have different weights")
    if len({repr(decay) for decay in decays}) > 1:
        reasons.append("their weight decay differs")
    if any(fact is None for fact in (*configs, *decays)):
        reasons.append("for some of them, the network or the weight decay is unknown")
    if not reasons:
        return None
    known = [
        (losses.expected_penalty(build_graph(config), decay), name)
        for name, config, decay in zip(names, configs, decays, strict=True)
        if config and decay
    ]
    low, high = min(known, default=(0.0, "")), max(known, default=(0.0, ""))
    apart = ""
    # The sentence has three decimals. A smaller difference would show two equal numbers.
    if high[0] - low[0] >= 0.001:
        apart = (
            f" Before training, the penalty is {low[0]:.3f} in {low[1]} and {high[0]:.3f} in"
            f" {high[1]}."
        )
    return (
        f"The total loss is the data loss plus the L2 penalty, and {', and '.join(reasons)}. So"
        f" these curves compare penalties, not what was learnt.{apart} Compare the error or the"
        " data loss instead."
    )


def _totals(chosen: Chosen, points: Sequence[ArmPoints], options: Options) -> ArmCurves:
    """The recorded total losses, as training curves of the arms."""
    by_name = {arm.name: arm for arm in points}
    series = {
        arm.name: _of_runs(arm, by_name[arm.name]) for arm in chosen.arms if arm.name in by_name
    }
    series |= {
        imported.curve.name: [imported.total] if imported.total else []
        for imported in chosen.imports
    }
    drawn, left, most = [], [], points_each(points, options)
    for arm in points:
        lines = [
            line
            for one in series[arm.name]
            if (line := one.points(options.along)) is not None and len(line.x)
        ]
        if lines:
            total = band(lines, "sd" if options.spread == "lines" else options.spread, drawn=most)
            drawn.append(
                ArmCurve(
                    name=arm.name,
                    kind=arm.kind,
                    origin=arm.origin,
                    n=len(lines),
                    going_on=0,
                    training=total,
                    validation=NO_BAND,
                    test=None,
                )
            )
        else:
            left.append(f"{arm.name}: no loss is recorded along this axis")
    return ArmCurves(options, tuple(drawn), (), tuple(left))


def _of_runs(arm: Arm, points: ArmPoints) -> list[Series]:
    """The total loss of each run that is drawn: data loss plus L2 penalty. They are added only
    here."""
    records = {
        spec.recipe.seed: cache.records(run) for run, spec in zip(arm.runs, arm.specs, strict=True)
    }
    totals = []
    for run in points.runs:
        data = run.series.get(("training", "data_loss"))
        if data and run.seed is not None:
            # Records come one after another, but the file may have grown between the two reads. So
            # both are cut to the shorter one.
            penalties = history.values(records[run.seed], history.Train, "l2_penalty")
            known = penalties[: len(data.y)]
            totals.append(
                Series(
                    data.y[: len(known)] + np.array(known, float),
                    {along: x[: len(known)] for along, x in data.along.items()},
                )
            )
    return totals


def _not_drawn(sentences: Sequence[str]) -> None:
    """What is not drawn: the first few sentences, and how many more there are."""
    if sentences:
        more = len(sentences) - MOST_SAID
        shown = [sentence.rstrip(".") for sentence in sentences[:MOST_SAID]]
        st.caption(
            views.plain(
                ". ".join([*shown, *([f"{more} more are not drawn"] if more > 0 else [])]) + "."
            )
        )
