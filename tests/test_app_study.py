"""The Study page without a browser: what is shown, what is started, and what a damaged file costs."""

import re
import shutil
from collections.abc import Iterator
from math import exp
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.runs import cache as runs_cache
from app.study import begin, build, cache, downloads, fields, preview
from resnet.ablation import shipped
from resnet.ablation.studies import ready, running
from resnet.ablation.studies.files import write
from resnet.ablation.studies.study import Study, arms, runs
from resnet.errors import ResNetLabError
from resnet.runs import RunSpec, Store
from resnet.runs.directory import RunDirectory
from resnet.training.failure import NotANumberError

APP = Path(__file__).parents[1] / "streamlit_app.py"
STEPS = 20


def small_study(name: str = "small", **changes: object) -> Study:
    """Two networks, with and without shortcuts, over a few steps on the digits."""
    quick = ready.get("plain_or_residual").quick.model_dump(mode="json")
    quick["baseline"]["recipe"] |= {"steps": STEPS, "evaluate_every": 5, "checkpoint_every": 20, "log_every": 5,
                                    "schedule": {"kind": "constant", "learning_rate": 0.1}}  # fmt: skip
    quick["factors"][0]["levels"] = ["resnet8", "resnet14"]
    return Study.model_validate(quick | {"name": name, "seeds": [0, 1, 2]} | changes)


def write_run(folder: Path, spec: RunSpec, number: int, error: float) -> RunDirectory:
    """A run that finished, whose error falls to `error` percent."""
    directory = RunDirectory(folder / f"20261124-0625{number:02d}-{spec.network}-digits-3fa{number % 10}")
    directory.path.mkdir(parents=True)
    directory.write_json("spec.json", spec.model_dump(mode="json"))
    directory.append_metric({"kind": "start", "steps": STEPS, "batch_size": 64, "time_s": 1.0})
    for step in range(5, STEPS + 1, 5):
        at = {"step": step, "epoch": step / 10, "time_s": 1.0 + step}
        now = error + 80 * exp(-step / 6)
        directory.append_metric({"kind": "train", **at, "train_error": now, "data_loss": now / 40, "l2_penalty": 0.5,
                                 "learning_rate": 0.1, "images_per_s": 900.0})  # fmt: skip
        directory.append_metric({"kind": "evaluation", **at, "validation_error": now, "validation_data_loss": now / 40,
                                 "train_error_clean": now, "train_data_loss_clean": now / 50,
                                 "best_validation_error": now})  # fmt: skip
    directory.append_metric({"kind": "test", "step": STEPS, "test_error": error, "tested_step": STEPS, "time_s": 22.0})
    directory.write_exit("finished", None)
    return directory


def write_runs(folder: Path, study: Study, leave_out: int = 0) -> None:
    """The study's runs, all but the last few; the plain networks are worse."""
    planned = runs(study)
    for number, one in enumerate(planned[: len(planned) - leave_out]):
        worse = 4.0 if one.arm.config.shortcut == "none" else 0.0
        write_run(folder, one.spec, number, 5.0 + worse + 0.3 * one.seed + 0.07 * (number * 7 % 5))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders of this test alone, for runs, studies and the example that ships."""
    for name in ("runs", "studies", "data"):
        monkeypatch.setenv(f"RESNET_LAB_{name.upper()}", str(tmp_path / name))
    example = tmp_path / "example"
    write_runs(example / "runs", small_study("plain_or_residual"))
    write(small_study("plain_or_residual"), example / "study.yaml")
    monkeypatch.setattr(shipped, "folder", lambda: example)
    for kept in (runs_cache.store, cache.shelf, cache.example):
        kept.clear()
    yield tmp_path
    for kept in (runs_cache.store, cache.shelf, cache.example):
        kept.clear()


def visit(study: str = "") -> AppTest:
    """A fresh visit of the page, by a link to a study where one is named."""
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    app.switch_page("app/pages/study.py")
    if study:
        app.query_params["study"] = study
    return app.run()


def text(app: AppTest) -> str:
    """Everything said on the page, with Markdown's backslashes taken away."""
    kinds = (app.markdown, app.caption, app.warning, app.header, app.subheader)
    said = [element.value for kind in kinds for element in kind]
    said += [element.body for element in app.get("html") if hasattr(element, "body")]
    return re.sub(r"\\(.)", r"\1", "\n".join(said))


def warnings(app: AppTest) -> str:
    return re.sub(r"\\(.)", r"\1", "\n".join(element.value for element in app.warning))


def test_the_first_screen_is_a_study_with_its_results(lab: Path) -> None:
    """Catches an empty page at the first start."""
    app = visit()
    assert not app.exception
    said = text(app)
    assert "You have no study yet" in said
    assert "4 arms × 3 seeds, 12 runs" in said
    assert "Residual helps by" in said
    assert app.get("plotly_chart")


def put_on_shelf(study: Study) -> None:
    cache.shelf().save(study)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def new_study(open_the_rest: bool = True) -> AppTest:
    """The form of a new study, with "Change it" open, on the quick study of plain or residual networks."""
    app = press(visit(), "New study")
    if open_the_rest:
        app.session_state["study_change"] = True
        app.run()
    return app


def field(app: AppTest, name: str, kind: str = "text_input", of: str = "plain_or_residual quick"):  # type: ignore[no-untyped-def]
    return getattr(app, kind)(key=f"study {of} {name}")


def row(app: AppTest, label: str) -> str:
    """A number of the row of numbers."""
    found = re.search(rf"<dt>{label}</dt><dd>(.*?)</dd>(?:<dd class=\"below\">(.*?)</dd>)?", text(app))
    assert found
    return " ".join(filter(None, found.groups()))


def test_a_study_of_ones_own_comes_first_and_says_what_is_missing(lab: Path) -> None:
    """Catches a visitor's work hidden behind the example, and missing runs that nobody can start."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study(), leave_out=2)
    app = visit()
    assert not app.exception
    [bar] = app.get("progress")
    assert bar.proto.text == "10 of 12 runs finished · step 200 of 240"
    assert "Run what is missing" in [button.label for button in app.button]
    assert [link for link in app.get("page_link") if "seed 0" in link.proto.label]


def test_a_link_names_its_study(lab: Path) -> None:
    """Catches a link that opens another study, and an address bar that forgets."""
    for name in ("first", "second"):
        put_on_shelf(small_study(name))
    app = visit("second")
    assert app.selectbox(key="study_choice_box").value == "second"
    app.selectbox(key="study_choice_box").set_value("first").run()
    assert app.query_params["study"] in ("first", ["first"])
    app.selectbox(key="study_choice_box").set_value(":example").run()
    assert "study" not in app.query_params


def test_a_study_of_one_arm_compares_nothing(lab: Path) -> None:
    """Catches others that are spoken of and are not there, and a difference that one arm is said to show."""
    study = small_study("alone", factors=[{"key": "network", "levels": ["resnet8"]}])
    cache.shelf().save(study)
    write_runs(lab / "runs", study)
    app = visit("alone")
    assert not app.exception
    said = text(app)
    assert "resnet8 is compared with no other arm: test error" in said
    assert "others" not in said
    fewer = [number for number in preview.numbers_of(cache.plan(study, [])) if number.label == "Can show"]
    assert [(number.value, number.about) for number in fewer] == [
        ("nothing", "One arm shows no difference: there is nothing to compare it with.")]  # fmt: skip


def test_a_link_to_nothing_is_one_sentence(lab: Path) -> None:
    app = visit("<script>alert(1)</script>")
    assert not app.exception
    assert "names a study that is not here" in warnings(app)
    assert app.get("plotly_chart")


def test_a_damaged_file_spoils_itself_only(lab: Path) -> None:
    """Catches a page that a hand-made mistake in one file takes from all others."""
    put_on_shelf(small_study("good"))
    (lab / "studies" / "bad.yaml").write_text("name: [broken\n")
    app = visit("bad")
    assert not app.exception
    assert "YAML" in warnings(app)
    app.selectbox(key="study_choice_box").set_value("good").run()
    assert "YAML" not in warnings(app)
    assert app.get("progress")


def test_a_run_with_a_damaged_curve_is_one_sentence(lab: Path) -> None:
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    damaged = min((lab / "runs").iterdir()) / "metrics.jsonl"
    damaged.write_text("{}\nnot json at all\n{}\n")
    app = visit("small")
    assert not app.exception
    assert "plain8: seed 0 is finished, but has no number on record" in text(app)


def test_the_preview_counts_what_would_be_made(lab: Path) -> None:
    """Catches a preview that is another study's than the one that would start."""
    app = new_study(open_the_rest=False)
    assert not app.exception
    assert row(app, "Runs") == "12 all to be made"
    field(app, "seeds", "number_input").set_value(5).run()
    assert row(app, "Runs") == "20 all to be made"
    app.button_group(key="study_size").set_value("small").run()
    small = ready.get("plain_or_residual").at("small")
    assert field(app, "steps", "number_input", "plain_or_residual small").value == small.baseline.recipe.steps


def test_runs_that_exist_are_used_again(lab: Path) -> None:
    """Catches a page that repeats what is there, or promises to."""
    write_runs(lab / "runs", small_study(), leave_out=4)
    put_on_shelf(small_study())
    app = press(visit("small"), "Begin a study like it")
    assert row(app, "Runs") == "12 8 there already"


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
        f"{lines[0]}\n{lines[0].replace('none', 'padded_identity').replace('plain20', 'other')} recipe.batch_size=32"
    )
    field(app, "arms", "text_area").set_value(by_hand).run()
    assert not app.exception
    assert "2 factors differ between plain20 and other: network.shortcut and recipe.batch_size." in warnings(app)


def test_the_banner_stays_in_the_results(lab: Path) -> None:
    """Catches a banner that is gone once there are numbers to believe."""
    settings = {"network.shortcut": "padded_identity", "recipe.batch_size": 32}
    listed = [{"name": "plain", "settings": {}}, {"name": "other", "settings": settings}]
    study = small_study(design="list", listed=listed, factors=[{"key": key} for key in settings])
    study = study.model_copy(update={"baseline": study.baseline.model_copy(update={"settings": {"shortcut": "none"}})})
    put_on_shelf(study)
    write_runs(lab / "runs", study)
    app = visit("small")
    assert "2 factors differ between plain and other: network.shortcut and recipe.batch_size." in warnings(app)


def test_starting_saves_the_study_and_submits_its_runs(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a start that the next visit knows nothing of, and one that writes over another study."""
    submitted: list[int] = []
    monkeypatch.setattr(running, "submit", lambda made, store: submitted.append(len(made.steps)))
    put_on_shelf(small_study("plain_or_residual_quick"))
    app = press(new_study(open_the_rest=False), "Start the study")
    assert not app.exception
    assert submitted == [12]
    assert set(cache.shelf().names()) == {"plain_or_residual_quick", "plain_or_residual_quick_2"}
    assert cache.shelf().get("plain_or_residual_quick").baseline.recipe.steps == STEPS
    assert app.selectbox(key="study_choice_box").value == "plain_or_residual_quick_2"


def test_a_seed_is_added_and_nothing_repeated(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[str] = []
    monkeypatch.setattr(running, "submit", lambda made, store: submitted.extend(step.action for step in made.steps))
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    press(visit("small"), "Add a seed")
    assert cache.shelf().get("small").seeds == (0, 1, 2, 3)
    assert sorted(submitted) == ["make"] * 4 + ["reuse"] * 12


def test_results_follow_the_runs_files(lab: Path) -> None:
    """Catches a cache that shows what was known a moment ago."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study(), leave_out=8)
    app = visit("small")
    assert "one seed: no interval, so no claim" in text(app)
    shutil.rmtree(lab / "runs")
    write_runs(lab / "runs", small_study())
    assert "Residual helps by" in text(app.run())


def test_a_study_that_is_removed_leaves_its_runs(lab: Path) -> None:
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    app = press(visit("small"), "Remove the study")
    assert not app.exception
    assert "You have no study yet" in text(app)
    assert len(Store(lab / "runs").list()) == 12


@pytest.mark.parametrize(
    "levels", [("none", "projection"), (0.9, 0.99), ([1, 2], [3, 4]), ({"kind": "adam"},), (1e-5,)]
)
def test_levels_are_read_back_as_they_are_written(levels: tuple[object, ...]) -> None:
    assert fields.levels_of(fields.levels_text(levels)) == levels


def test_levels_have_one_rule_for_commas() -> None:
    """Catches a box that takes "resnet8,,resnet14" where the command line refuses it."""
    for text in ("resnet8,,resnet14", "resnet8,", ","):
        with pytest.raises(ResNetLabError, match="Levels are parted by single commas, as in network=A,B,C"):
            build.made(small_study(), {"factors": [{"id": "0", "key": "network", "levels": text}]})
    assert fields.levels_of(" ") == ()


def test_a_setting_has_both_spellings_wherever_it_is_typed() -> None:
    """Catches "norm.momentum" known to one box of the form and unknown to the one above it."""
    arms_typed = ("x:\ny: network=resnet8 norm.momentum=0.5", "x:\ny: network=resnet8 network.norm.momentum=0.5")
    short, long = [build.made(small_study(), {"design": "list", "arms": typed}) for typed in arms_typed]
    assert short == long
    assert arms(short)[1].config.norm.momentum == 0.5
    typed_for_all = ("norm.momentum=0.5 recipe.batch_size=32", "network.norm.momentum=0.5 recipe.batch_size=32")
    short, long = [build.made(small_study(), {"everywhere": typed}) for typed in typed_for_all]
    assert short == long
    assert short.baseline.settings == {"norm.momentum": 0.5}
    other = build.made(small_study(factors=[], design="one_at_a_time"), {"everywhere": "network=resnet14"})
    assert other.baseline.network == "resnet14"


def test_a_study_that_is_done_needs_nothing(lab: Path) -> None:
    """Catches "under a minute" and 40 MB beside "4 there already"."""
    write_runs(lab / "runs", small_study())
    there = Store(lab / "runs").list()
    shown = {number.label: number.value for number in preview.numbers_of(cache.plan(small_study(), there))}
    assert (shown["Time"], shown["Memory"]) == ("nothing to run", "nothing to run")
    shown = {number.label: number.value for number in preview.numbers_of(cache.plan(small_study(), there[1:]))}
    assert shown["Time"] == "under a minute"
    assert shown["Memory"].endswith(" or more")


def test_arms_are_read_back_as_they_are_written() -> None:
    """Catches a switch to "Arm by arm" that changes the study."""
    study = small_study()
    listed = fields.arms_of(fields.arms_text(study))
    by_hand = study.model_copy(update={"design": "list"}).model_dump() | {"listed": listed}
    assert [arm.config for arm in arms(Study.model_validate(by_hand))] == [arm.config for arm in arms(study)]


@pytest.mark.parametrize("key", ready.names())
def test_every_ready_study_can_be_begun_at_every_size(key: str) -> None:
    for size in begin.sizes(key):
        assert begin.study(key, size)


def test_a_copy_is_of_the_study_it_was_asked_of(lab: Path) -> None:
    """Catches a copy that keeps what was changed about an earlier one, or begins with something else."""
    for name in ("first", "second"):
        put_on_shelf(small_study(name, seeds=[0, 1] if name == "second" else [0]))
    app = press(visit("first"), "Begin a study like it")
    field(app, "seeds", "number_input", "copy").set_value(7).run()
    app.selectbox(key="study_choice_box").set_value("second").run()
    app = press(app, "Begin a study like it")
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


def test_the_recipe_check_knows_what_was_run(lab: Path) -> None:
    """Catches a check that looks at what was meant only: here both arms end without a training error."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    before = check_counted(visit("small"))
    for metrics in (lab / "runs").glob("*/metrics.jsonl"):
        metrics.write_text(re.sub(r'"train_error_clean": ?[\d.]+', '"train_error_clean": 0.0', metrics.read_text()))
    assert check_counted(visit("small")) > before


def test_a_run_that_failed_says_why(lab: Path) -> None:
    """Catches "seed 0 failed" without the cause that stands in its last word, also before anything was evaluated."""
    study = small_study("failing", seeds=[0])
    put_on_shelf(study)
    spec = runs(study)[0].spec
    directory = RunDirectory(lab / "runs" / f"20261124-062500-{spec.network}-digits-3fa0")
    directory.path.mkdir(parents=True)
    directory.write_json("spec.json", spec.model_dump(mode="json"))
    directory.write_exit("failed", str(NotANumberError(4)))
    app = visit("failing")
    assert not app.exception
    why = "seed 0 failed and is not counted (Not a number at step 4: loss or weights are no longer finite)."
    assert why in text(app)


def check_counted(app: AppTest) -> int:
    [label] = [found.label for found in app.expander if found.label.startswith("Recipe check")]
    return sum(map(int, re.findall(r"\d+", label)))


@pytest.mark.parametrize("key", ready.names())
def test_every_ready_study_has_a_preview(lab: Path, key: str) -> None:
    """Catches a ready study that the form cannot show, its lists and single factors too."""
    app = new_study()
    app.selectbox(key="study_begin_box").set_value(key).run()
    assert not app.exception
    assert int(row(app, "Arms")) == len(arms(ready.get(key).quick))
    assert ready.get(key).quick.question in text(app)


def test_its_runs_can_be_laid_beside_others(lab: Path) -> None:
    """Catches a study whose runs have to be found again one by one among all others."""
    put_on_shelf(small_study())
    write_runs(lab / "runs", small_study())
    app = press(visit("small"), "Beside other runs")
    assert not app.exception
    [chosen] = [found for found in app.multiselect if found.label == "Runs and imported curves"]
    assert len(chosen.value) == 12


def test_studies_that_ask_the_same_keep_their_names(tmp_path: Path) -> None:
    """Catches what is known of one study shown under the other's name: their fingerprints are equal."""
    first, second = small_study("first"), small_study("second")
    assert first.fingerprint == second.fingerprint
    made = [cache.plan(study, ()) for study in (first, second)]
    assert [one.study.name for one in made] == ["first", "second"]
    assert [cache.outcome_of(one).study.name for one in made] == ["first", "second"]


def test_a_zip_is_written_nowhere_on_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a study's name that leads out of the folder its zip is made in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    study = small_study(f"../{tmp_path.name}/a/x")
    packed = downloads._bundle(cache.outcome_of(cache.plan(study, ())))
    assert packed.startswith(b"PK")
    assert list(tmp_path.rglob("*.zip")) == []


def test_one_seed_more_keeps_those_there_are() -> None:
    """Catches seeds 3, 4, 5 that become 0 to 3, so that no run of them is used again."""
    base = small_study(seeds=[3, 4, 2**31 - 1])
    assert build.made(base, {"seeds": 5}).seeds == (3, 4, 2**31 - 1, 0, 1)
    assert build.made(base, {"seeds": 2}).seeds == (3, 4)
