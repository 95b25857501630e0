"""What a study has found: curves, a table, a sentence for each arm, the paper beside it, and why losses differ."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import charts, views
from app.study import downloads, guards, tables
from resnet.ablation import losses
from resnet.ablation.curves.arm_curves import Options, arm_curves
from resnet.ablation.export.report import begun
from resnet.ablation.export.study_figure import drawable, published
from resnet.ablation.guards import guard
from resnet.ablation.studies.outcome import Outcome, reading
from resnet.errors import ResNetLabError

ABOUT = {"error": "Error", "data_loss": "Data loss"}
ALONG = {"step": "Steps", "epoch": "Epochs", "hour": "Hours"}
SPREADS = {"sd": "± sd", "se": "± se", "range": "Min–max", "lines": "Every run"}


def show(found: Outcome) -> None:
    """Everything that is known now; first of all what makes a comparison unfair."""
    guards.banner(found.banners)
    if not drawable(found):
        st.caption("No run was evaluated yet; curves, a table and a sentence for each arm appear here.")
        return
    _sentences(found)
    _chart(found)
    if found.finished:
        above = {f"{' '.join(result.sentence.split())}." for result in found.results if result.summaries}
        tables.show(reading(found), {*found.banners, *above})
        _paper(found)
    st.caption(guard.selection(found.specs))
    with st.container(key="study_results", horizontal=True):
        downloads.menu(found)
    _guards(found)
    guards.recipe_check(found.study, found.steps, found.arms)
    _losses(found)


def _chart(found: Outcome) -> None:
    from app import arm_charts  # noqa: PLC0415  Plotly, which other pages need not wait for

    with st.container(horizontal=True):
        look = Options(_choice("About", ABOUT), _choice("Along", ALONG), _choice("Spread", SPREADS))
    curves = arm_curves(found.arms, look)
    figure = arm_charts.arms_chart(curves, views.scheme(), published=published(found))
    st.plotly_chart(figure, key=f"study_chart_{found.study.fingerprint}", config=charts.QUIET)


def _choice(label: str, options: dict[str, str]) -> Any:
    """Kept for the whole visit; a figure that is exported is drawn in the same way."""
    return st.segmented_control(label, list(options), default=next(iter(options)), required=True,
                                key=f"study_{label}", label_visibility="collapsed", persist_state="session",
                                format_func=options.__getitem__)  # fmt: skip


def _sentences(found: Outcome) -> None:
    """What may be claimed, and no more; arms that no finished run speaks for wait."""
    if known := [result for result in found.results if result.summaries]:
        guards.sentences([f"{begun(result.sentence)}." for result in known])
    if failed := [text for result in found.results for text in result.left_out if "failed" in text]:
        st.caption(views.plain(f"{'. '.join(map(begun, failed))}."))


def _paper(found: Outcome) -> None:
    """Each arm beside the paper's error; the same reason is said once for all."""
    by_text: dict[str, list[str]] = {}
    for name, verdict in found.verdicts.items():
        by_text.setdefault(verdict.text, []).append(name)
    if not by_text:
        return
    lines = [f"{'All arms' if len(names) == len(found.arms) > 1 else ', '.join(names)}: {text}."
             for text, names in by_text.items()]  # fmt: skip
    st.markdown("**Against the paper**")
    guards.sentences(lines)


def _guards(found: Outcome) -> None:
    expander = st.expander("What is equal, and what differs on purpose", key="study_equal", on_change="rerun")
    if expander.open:
        with expander:
            guards.sentences(found.guards)
            guards.twins(found.twins)


def _losses(found: Outcome) -> None:
    expander = st.expander("Why do these losses differ?", key="study_losses", on_change="rerun")
    if expander.open:
        with expander:
            st.caption(
                "A loss with the L2 penalty in it also compares penalties. Here both stand by themselves, in nats."
            )
            try:
                guards.sentences(losses.explain(_items(found)).sentences)
            except ResNetLabError as error:
                views.problem(str(error))


def _items(found: Outcome) -> Sequence[losses.LossItem]:
    """Each arm by its first run."""
    planned = {arm.name: arm for arm in found.planned}
    return [
        losses.LossItem(
            arm.name, "run", planned[arm.name].config, planned[arm.name].recipe.weight_decay,
            losses.course_of(arm.runs[0].records),
        )
        for arm in found.arms if arm.runs
    ]  # fmt: skip
