"""ResNet Lab in the browser: page config, navigation, run. Pages live in app/pages."""

import streamlit as st

from app import cache
from app.elements import pages

st.set_page_config(
    page_title="ResNet Lab",
    page_icon=str(pages.APP / "icon.svg"),
    layout="wide",
    initial_sidebar_state=336,
)
st.html(pages.APP / "style.css")
st.html(
    f"<style>:root {{ color-scheme: {st.context.theme.type or 'light'}; }}</style>"
)  # for what opens beside the app

shown = [
    st.Page(pages.ARCHITECTURE, title="Architecture", icon=":material/account_tree:", default=True),
    st.Page(pages.COMPARE, title="Compare", icon=":material/compare_arrows:"),
    st.Page(pages.TRAIN, title="Train", icon=":material/play_arrow:"),
    st.Page(pages.RUNS, title="Runs", icon=":material/monitoring:"),
    st.Page(pages.STUDY, title="Study", icon=":material/science:"),
    st.Page(pages.LEARN, title="Learn", icon=":material/school:"),
]
st.navigation(shown, position="top").run()
cache.settle()
