"""Controls on a busy machine: what the browser shows where a message with a control's value never
arrives."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[1] / "streamlit_app.py"


@pytest.mark.parametrize("page", ["architecture", "compare", "train"])
def test_a_control_falls_back_on_what_it_shows(page: str) -> None:
    """Seen: a rerun overtook the first drawing, the browser reported its 0 as typed, and Start was
    refused."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.session_state["norm_numbers"] = True
    app.query_params["network"] = "resnet110"
    app = app.run().switch_page(f"app/pages/{page}.py").run()
    assert not app.exception
    assert len([*app.number_input, *app.selectbox]) > 1
    for control in (*app.number_input, *app.toggle, *app.text_input):
        assert control.proto.default == control.value, control.label
    for control in app.slider:
        assert list(control.proto.default) == [control.value], control.label
    for control in app.selectbox:
        assert control.proto.default == control.index, control.label
