"""The form of a new study without a browser: what is typed, what it would make, and what is
refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.study import begin, build, cache, fields, preview
from resnet.errors import ResNetLabError
from resnet.runs import Store
from resnet.studies.plan import ready
from resnet.studies.plan.study import Study, arms
from tests.study_page_support import (
    APP,
    field,
    new_study,
    own_lab,
    press,
    put_on_shelf,
    row,
    small_study,
    text,
    visit,
    warnings,
    write_runs,
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders of this test alone, for runs, studies and the example that ships."""
    yield from own_lab(tmp_path, monkeypatch)


def test_the_preview_counts_what_would_be_made(lab: Path) -> None:
    """Catches a preview that is another study's than the one that would start."""
    app = new_study(open_the_rest=False)
    assert not app.exception
    assert row(app, "Runs") == "12 all to run"
    field(app, "seeds", "number_input").set_value(5).run()
    assert row(app, "Runs") == "20 all to run"
    app.button_group(key="study_size").set_value("small").run()
    small = ready.get("plain_or_residual").at("small")
    assert (
        field(app, "steps", "number_input", "plain_or_residual small").value
        == small.baseline.recipe.steps
    )


def test_runs_that_exist_are_used_again(lab: Path) -> None:
    """Catches a page that repeats what is there, or promises to."""
    write_runs(lab / "runs", small_study(), leave_out=4)
    put_on_shelf(small_study())
    app = press(visit("small"), "Copy this study")
    assert row(app, "Runs") == "12 8 exist already"


def test_a_level_that_cannot_be_is_one_sentence_and_starts_nothing(lab: Path) -> None:
    app = new_study()
    field(app, "levels 1").set_value("none, sideways").run()
    assert not app.exception
    assert "sideways" in warnings(app)
    assert next(button for button in app.button if button.label == "Start the study").disabled
    field(app, "levels 1").set_value("none, projection").run()
    assert not warnings(app)


def test_any_setting_can_be_a_factor(lab: Path) -> None:
    """Catches a form that offers less than a file."""
    app = new_study()
    press(app, "Add a factor")
    field(app, "key 2", "selectbox").set_value("recipe.weight_decay.semantics").run()
    field(app, "levels 2").set_value("l2, decoupled").run()
    assert row(app, "Arms") == "8"
    app = press(app, "Remove")
    assert row(app, "Arms") == "4"


def test_a_second_factor_by_hand_raises_the_banner(lab: Path) -> None:
    """Catches a comparison with two causes that looks like one."""
    app = new_study()
    field(app, "design", "button_group").set_value("list").run()
    lines = field(app, "arms", "text_area").value.splitlines()
    assert len(lines) == 4
    by_hand = (
        f"{lines[0]}\n{lines[0].replace('none', 'padded_identity').replace('plain20', 'other')}"
        " recipe.batch_size=32"
    )
    field(app, "arms", "text_area").set_value(by_hand).run()
    assert not app.exception
    assert (
        "2 factors differ between plain20 and other: network.shortcut and recipe.batch_size."
        in warnings(app)
    )


@pytest.mark.parametrize(
    "levels", [("none", "projection"), (0.9, 0.99), ([1, 2], [3, 4]), ({"kind": "adam"},), (1e-5,)]
)
def test_levels_are_read_back_as_they_are_written(levels: tuple[object, ...]) -> None:
    assert fields.levels_of(fields.levels_text(levels)) == levels


def test_levels_have_one_rule_for_commas() -> None:
    """Catches a box that takes "resnet8,,resnet14" where the command line refuses it."""
    for typed in ("resnet8,,resnet14", "resnet8,", ","):
        with pytest.raises(
            ResNetLabError, match="Levels are separated by single commas, as in network=A,B,C"
        ):
            build.made(small_study(), {"factors": [{"id": "0", "key": "network", "levels": typed}]})
    assert fields.levels_of(" ") == ()


def test_a_setting_has_both_spellings_wherever_it_is_typed() -> None:
    """Catches "norm.momentum" known to one box of the form and unknown to the one above it."""
    arms_typed = (
        "x:\ny: network=resnet8 norm.momentum=0.5",
        "x:\ny: network=resnet8 network.norm.momentum=0.5",
    )
    short, long = [
        build.made(small_study(), {"design": "list", "arms": typed}) for typed in arms_typed
    ]
    assert short == long
    assert arms(short)[1].config.norm.momentum == 0.5
    typed_for_all = (
        "norm.momentum=0.5 recipe.batch_size=32",
        "network.norm.momentum=0.5 recipe.batch_size=32",
    )
    short, long = [build.made(small_study(), {"everywhere": typed}) for typed in typed_for_all]
    assert short == long
    assert short.baseline.settings == {"norm.momentum": 0.5}
    other = build.made(
        small_study(factors=[], design="one_at_a_time"), {"everywhere": "network=resnet14"}
    )
    assert other.baseline.network == "resnet14"


def test_a_study_that_is_done_needs_nothing(lab: Path) -> None:
    """Catches "under a minute" and 40 MB beside "4 there already"."""
    write_runs(lab / "runs", small_study())
    there = Store(lab / "runs").list()
    shown = {
        number.label: number.value
        for number in preview.numbers_of(cache.plan(small_study(), there))
    }
    assert (shown["Time"], shown["Memory"]) == ("nothing to run", "nothing to run")
    shown = {
        number.label: number.value
        for number in preview.numbers_of(cache.plan(small_study(), there[1:]))
    }
    assert shown["Time"] == "under a minute"
    assert shown["Memory"].startswith("about ")


def test_arms_are_read_back_as_they_are_written() -> None:
    """Catches a switch to "Arm by arm" that changes the study."""
    study = small_study()
    listed = fields.arms_of(fields.arms_text(study))
    by_hand = study.model_copy(update={"design": "list"}).model_dump() | {"listed": listed}
    assert [arm.config for arm in arms(Study.model_validate(by_hand))] == [
        arm.config for arm in arms(study)
    ]


@pytest.mark.parametrize("key", ready.names())
def test_every_ready_study_can_be_begun_at_every_size(key: str) -> None:
    for size in begin.sizes(key):
        assert begin.study(key, size)


def test_a_copy_is_of_the_study_it_was_asked_of(lab: Path) -> None:
    """Catches a copy that keeps what was changed about an earlier one, or begins with something
    else."""
    for name in ("first", "second"):
        put_on_shelf(small_study(name, seeds=[0, 1] if name == "second" else [0]))
    app = press(visit("first"), "Copy this study")
    field(app, "seeds", "number_input", "copy").set_value(7).run()
    app.selectbox(key="study_choice_box").set_value("second").run()
    app = press(app, "Copy this study")
    assert field(app, "seeds", "number_input", "copy").value == 2


def test_the_network_and_recipe_of_the_other_pages_come_along(lab: Path) -> None:
    """Catches a study of another network than the one that was chosen."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["network"] = "resnet14"
    app.run().switch_page("app/pages/train.py").run()
    app.number_input(key="recipe.steps").set_value(77).run()
    app.switch_page("app/pages/study.py")
    app.query_params["study"] = ":mine"
    app.run()
    assert not app.exception
    assert row(app, "Arms") == "2"
    [table] = app.dataframe
    assert list(table.value["Depth"]) == [14, 14]
    assert field(app, "steps", "number_input", "mine").value == 77


@pytest.mark.parametrize("content", [b"", b"[1, 2", b"\xff\xfe", b"name: x\nname: y\n", b"{}"])
def test_a_file_that_is_no_study_is_one_sentence(content: bytes) -> None:
    with pytest.raises(ResNetLabError):
        begin.take_file("study.yaml", content)


@pytest.mark.parametrize("key", ready.names())
def test_every_ready_study_has_a_preview(lab: Path, key: str) -> None:
    """Catches a ready study that the form cannot show, its lists and single factors too."""
    app = new_study()
    app.selectbox(key="study_begin_box").set_value(key).run()
    assert not app.exception
    assert int(row(app, "Arms")) == len(arms(ready.get(key).quick))
    assert ready.get(key).quick.question in text(app)


def test_one_seed_more_keeps_those_there_are() -> None:
    """Catches seeds 3, 4, 5 that become 0 to 3, so that no run of them is used again."""
    base = small_study(seeds=[3, 4, 2**31 - 1])
    assert build.made(base, {"seeds": 5}).seeds == (3, 4, 2**31 - 1, 0, 1)
    assert build.made(base, {"seeds": 2}).seeds == (3, 4)
