"""The chart of what is chosen: error, data loss, or the total with penalties, which is drawn
nowhere else."""

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
WITH_TOTAL: dict[About, str] = dict([*ABOUTS.items(), ("total", "Total with penalties")])
WITH_ROWS: dict[Along, str] = {**ALONGS, "record": "Rows"}
PAGE = "beside"
TOTAL_TITLE = "total loss with penalties, nats: not for comparing networks"
MOST_SAID = 4


def show(chosen: Chosen) -> None:
    """Controls, a warning where the total misleads, the chart, and what is not on it."""
    said = list(chosen.left_out)
    points = [found for arm in chosen.arms if (found := _points(arm, said))]
    points += [kept.points for kept in chosen.imports]
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
        st.markdown("Nothing of this is on record along this axis.")
    _not_drawn([*said, *curves.left_out])


def _points(arm: Arm, said: list[str]) -> ArmPoints | None:
    try:
        return cache.points(arm)
    except ResNetLabError as error:
        said.append(f"{arm.name} cannot be drawn: {error}")
        return None


def _controls(points: Sequence[ArmPoints]) -> tuple[About, Options]:
    """What the curves are about, along what, and what surrounds a mean; only axes that some curve
    has are offered."""
    there = Counter([along for arm in points for along in _axes(arm)])
    imported = all(arm.origin == "imported" for arm in points)
    offered = {
        along: title
        for along, title in WITH_ROWS.items()
        if there[along] and (along != "record" or imported)
    }
    offered = offered or {"step": WITH_ROWS["step"]}
    several = any(len(arm.runs) > 1 for arm in points)
    with st.container(horizontal=True):
        about = choice("About", PAGE, WITH_TOTAL, "error")
        along = choice("Along", PAGE, offered, max(offered, key=there.__getitem__))
        spread = choice("Spread", PAGE, SPREADS, "sd") if several else "sd"
    return about, Options("error" if about == "error" else "data_loss", along, spread)


def _axes(arm: ArmPoints) -> set[Along]:
    """What any of its curves is known along."""
    return {along for run in arm.runs for series in run.series.values() for along in series.along}


def _warn(chosen: Chosen) -> None:
    """Why totals of different networks or decays compare penalties, with the two honest ways to
    look."""
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
    given = [kept.curve.given for kept in chosen.imports]
    configs = [*[arm.spec.config for arm in chosen.arms], *[said.config for said in given]]
    decays = [
        *[arm.spec.recipe.weight_decay for arm in chosen.arms],
        *[said.decay_in_loss() for said in given],
    ]
    return chosen.names, configs, decays


def misleads(
    names: Sequence[str], configs: Sequence[ResNetConfig | None], decays: Sequence[Decay | None]
) -> str | None:
    """Why their totals cannot be compared, or None where they can: one network, one decay."""
    if len(names) < 2:
        return None
    reasons = []
    if len({config and config.fingerprint for config in configs}) > 1:
        reasons.append("the networks have different weights")
    if len({repr(decay) for decay in decays}) > 1:
        reasons.append("their weight decay differs")
    if any(fact is None for fact in (*configs, *decays)):
        reasons.append("of some the network or the weight decay is unknown")
    if not reasons:
        return None
    known = [
        (losses.expected_penalty(build_graph(config), decay), name)
        for name, config, decay in zip(names, configs, decays, strict=True)
        if config and decay
    ]
    low, high = min(known, default=(0.0, "")), max(known, default=(0.0, ""))
    apart = ""
    if high[0] - low[0] >= 0.001:
        apart = (
            f": before any training it is {low[0]:.3f} in {low[1]} and {high[0]:.3f} in {high[1]}"
        )
    return (
        f"A total adds the L2 penalty to the data loss, and {', and '.join(reasons)}, so these"
        f" curves compare penalties, not what was learnt{apart}. The error and the data loss can be"
        " compared."
    )


def _totals(chosen: Chosen, points: Sequence[ArmPoints], options: Options) -> ArmCurves:
    """The loss on record with all that is in it, as the training curves of the arms."""
    by_name = {arm.name: arm for arm in points}
    series = {
        arm.name: _of_runs(arm, by_name[arm.name]) for arm in chosen.arms if arm.name in by_name
    }
    series |= {kept.curve.name: [kept.total] if kept.total else [] for kept in chosen.imports}
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
            left.append(f"{arm.name}: no loss is on record along this axis")
    return ArmCurves(options, tuple(drawn), (), tuple(left))


def _of_runs(arm: Arm, points: ArmPoints) -> list[Series]:
    """What each run that is drawn was trained on: its data loss and its penalty, added up here
    only."""
    records = {
        spec.recipe.seed: cache.records(run) for run, spec in zip(arm.runs, arm.specs, strict=True)
    }
    found = []
    for run in points.runs:
        data = run.series.get(("training", "data_loss"))
        if data and run.seed is not None:
            penalties = history.values(records[run.seed], history.Train, "l2_penalty")
            known = penalties[: len(data.y)]
            found.append(
                Series(
                    data.y[: len(known)] + np.array(known, float),
                    {along: x[: len(known)] for along, x in data.along.items()},
                )
            )
    return found


def _not_drawn(sentences: Sequence[str]) -> None:
    """What is not on the chart, the first few in full."""
    if sentences:
        more = len(sentences) - MOST_SAID
        shown = [sentence.rstrip(".") for sentence in sentences[:MOST_SAID]]
        st.caption(
            views.plain(
                ". ".join([*shown, *([f"{more} more are not drawn"] if more > 0 else [])]) + "."
            )
        )
