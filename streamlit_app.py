"""ResNet Lab in the browser: page config, navigation, run. Pages live in app/pages."""

from pathlib import Path

import streamlit as st

from app import cache

HERE = Path(__file__).parent

st.set_page_config(
    page_title="ResNet Lab",
    page_icon=str(HERE / "app" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=336,
)
st.html(HERE / "app" / "style.css")
st.html(
    f"<style>:root {{ color-scheme: {st.context.theme.type or 'light'}; }}</style>"
)  # for what opens beside the app

pages = [
    st.Page(
        "app/pages/architecture.py",
        title="Architecture",
        icon=":material/account_tree:",
        default=True,
    ),
    st.Page("app/pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
    st.Page("app/pages/train.py", title="Train", icon=":material/play_arrow:"),
    st.Page("app/pages/runs.py", title="Runs", icon=":material/monitoring:"),
    st.Page("app/pages/study.py", title="Study", icon=":material/science:"),
    st.Page("app/pages/learn.py", title="Learn", icon=":material/school:"),
]
st.navigation(pages, position="top").run()
cache.settle()
