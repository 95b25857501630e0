"""Side by side by somebody's link: what the address chooses, what it leaves out, and what takes
nothing back."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import state
from resnet.imports.imported import IMPORTS, write_import
from resnet.shipped import notebook
from tests.beside_support import APP, add_run, empty_runs, sides, visit


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of runs that the pages look into."""
    return empty_runs(tmp_path, monkeypatch)


def linked(curves: list[str], **other: str) -> AppTest:
    """A fresh visit by somebody's link to the Runs page."""
    app = AppTest.from_file(str(APP), default_timeout=60).run().switch_page("app/pages/runs.py")
    app.query_params |= {"curve": curves} | other if curves else other
    return app.run()


def test_the_link_is_what_is_looked_at_together(runs: Path) -> None:
    """Catches a link that shows a colleague other runs than those on the page, or a page without
    them."""
    ids = [add_run(runs, number, seed=number).path.name for number in range(3)]
    curve = write_import(runs / IMPORTS, notebook.curves()[0]).name
    app = visit()
    assert app.query_params == {"curve": ids}, (
        "the newest, as nobody chose yet; of several the run is none"
    )
    app = app.multiselect[0].set_value([ids[2], curve]).run()
    assert app.query_params == {"curve": [ids[2], curve]}
    theirs = linked([ids[2], curve])
    assert not theirs.exception
    assert theirs.multiselect[0].value == [ids[2], curve]
    assert theirs.query_params == {"curve": [ids[2], curve]}
    app = app.multiselect[0].set_value([]).run()
    assert app.query_params == {"curve": ""}
    assert linked([""]).multiselect[0].value == []


def test_a_link_s_unknown_names_are_one_sentence(runs: Path) -> None:
    """Catches a traceback, a page full of names, markup from a link, and the reason gone at the
    next click."""
    known = add_run(runs, 0).path.name
    app = linked([known, "20261124-062509-resnet8-digits-3fa9", "<b>" * 99, known, *"abcdefg"])
    assert not app.exception
    assert app.multiselect[0].value == [known]
    [said] = [warning.value for warning in app.warning if "The link" in warning.value]
    assert "do not exist here" in said and "3fa9" in said and "6 more" in said
    assert "<b>" not in said and len(said) < 500
    app = sides(app, "data_loss")
    assert app.query_params == {"curve": known}
    assert [warning.value for warning in app.warning if "The link" in warning.value] == [said]
    app = app.multiselect[0].set_value([]).run()
    assert not [warning for warning in app.warning if "The link" in warning.value]


def test_the_link_says_whether_it_is_one_run_or_several(runs: Path) -> None:
    """Catches a link to one run that opens side by side since that was looked at last, and the
    other way round."""
    ids = [add_run(runs, number, seed=number).path.name for number in range(2)]
    app = linked([], run=ids[0])
    assert (app.session_state["runs_look"], app.query_params) == ("One run", {"run": ids[0]})
    app.session_state["runs_look_kept"] = "Side by side"
    app = app.run()
    assert app.query_params == {"curve": ids}
    app.query_params = {"run": ids[1]}
    app = app.run()
    assert (app.session_state["runs_look"], app.query_params) == ("One run", {"run": ids[1]})


@pytest.mark.parametrize("number", [0, 1])
def test_the_run_looked_at_is_still_there_after_a_look_at_several(runs: Path, number: int) -> None:
    """Catches the first run of the list in the place of the one that was on the page before."""
    ids = [add_run(runs, number, seed=number).path.name for number in range(2)]
    app = linked([], run=ids[number])
    for look in ("Side by side", "One run"):
        app.session_state["runs_look_kept"] = look
        app = app.run()
    assert app.query_params == {"run": ids[number]}


def test_a_link_to_a_run_that_is_gone_binds_nobody(runs: Path) -> None:
    """Catches a link that is obeyed at every click, since no run is there to take its place in the
    address."""
    app = linked([], run="20261124-062509-resnet8-digits-3fa9")
    app.session_state["runs_look_kept"] = "Side by side"
    app = app.run()
    assert (app.session_state["runs_look"], app.query_params) == ("Side by side", {"curve": ""})


def test_an_address_a_busy_browser_still_sends_takes_nothing_back(runs: Path) -> None:
    """Catches a choice undone by the click that follows it, which a browser may send with the
    address of before; and the way back, a while later, taken for such a click."""
    ids = [add_run(runs, number, seed=number).path.name for number in range(3)]
    app = linked([ids[0]])
    before = dict(app.query_params)
    long_ago(app)
    app = app.multiselect[0].set_value([ids[0], ids[2]]).run()
    app.query_params = before
    app = sides(app, "data_loss")
    assert app.multiselect[0].value == [ids[0], ids[2]]
    assert app.query_params == {"curve": [ids[0], ids[2]]}
    long_ago(app)
    app.query_params = before
    assert app.run().multiselect[0].value == [ids[0]]


def long_ago(app: AppTest) -> None:
    """As if a minute went by since the page wrote its addresses."""
    kept = app.session_state[state.OF_RUNS]
    app.session_state[state.OF_RUNS] = {address: written - 60 for address, written in kept.items()}
