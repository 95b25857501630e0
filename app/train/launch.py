"""Start a run from the choices on the page."""

import secrets

import streamlit as st

from app import state
from app.elements import pages, views
from app.runs import cache
from app.train.dataset import data_folder
from app.train.form import Plan
from resnet.data import fit_config
from resnet.errors import ResNetLabError
from resnet.runs.spec import RunSpec

TOKEN = "start_token"


def fitted(shown: state.Shown, plan: Plan) -> tuple[RunSpec | None, str | None]:
    """The run that would be started, or why none can be. The network gets the image shape and the
    classes of the data set."""
    if plan.recipe is None:
        return None, plan.problem
    try:
        config = fit_config(shown.config, plan.facts)
    except ResNetLabError as error:
        return None, str(error)
    spec = RunSpec(
        network=shown.choice.network,
        config=config,
        recipe=plan.recipe,
        dataset=plan.facts.name,
        data_folder=data_folder(),
        device=plan.device,
    )
    return spec, None


def start_button(spec: RunSpec | None) -> None:
    """Start the run and open the Runs page. A second click on the same page starts no second
    run."""
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            "Start training", type="primary", icon=":material/play_arrow:", disabled=spec is None
        )
        st.page_link(
            pages.STUDY,
            label="Repeat with several seeds (study)",
            icon=":material/science:",
            query_params={"study": ":mine"},
        )
    if not clicked or spec is None:
        return
    # The store starts one run for one token. It stays until the start succeeds, so two quick
    # clicks, or a click after a lost answer, are one run.
    token = state.remembered(TOKEN, lambda: secrets.token_hex(8))
    try:
        run = cache.store().start(spec, token)
    except ResNetLabError as error:
        views.problem(str(error))
        return
    state.forget(TOKEN)
    st.switch_page(pages.RUNS, query_params={"run": run.id})
