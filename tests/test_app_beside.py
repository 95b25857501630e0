"""Side by side without a browser: what is chosen, what differs, what a loss is made of, and curves
that come along."""

import base64
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.side_by_side import cache as beside_cache
from app.side_by_side import chart as chart_of
from app.side_by_side import choose, factor
from app.side_by_side.arms import grouped
from resnet import get
from resnet.guards.differences import leaves
from resnet.imports.imported import IMPORTS, CurveColumn, Given, ImportedCurve, write_import
from resnet.recipes import recipes
from resnet.recipes.recipe import WeightDecayConfig
from resnet.runs import Parent, Store, clock
from resnet.runs.directory import REQUEST
from resnet.runs.records import Request
from resnet.shipped import notebook
from resnet.studies.curves.arm_curves import Options
from resnet.why_loss.losses import KerasL2
from tests.beside_support import add_run, empty_runs, press, sides, text, visit


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of runs that the pages look into."""
    return empty_runs(tmp_path, monkeypatch)


def table(app: AppTest, label: str) -> dict[str, dict[str, str]]:
    """A table's lines by what heads them, each by the heads of its columns."""
    bodies = [html.proto.body for html in app.get("html")]
    found = ElementTree.fromstring(next(body for body in bodies if f'aria-label="{label}"' in body))
    rows = []
    for line in found.iter("tr"):
        rows.append([cell.text or "" for cell in line])
    heads, *lines = rows
    return {line[0]: dict(zip(heads, line, strict=True)) for line in lines}


def chart(app: AppTest, number: int = 0) -> dict[str, object]:
    spec: dict[str, object] = json.loads(app.get("plotly_chart")[number].proto.spec)
    return spec


def test_the_notebooks_curves_are_found_out_by_the_page(runs: Path) -> None:
    """The penalty in the loss, λ with the depth, the stride, the single seed; and the seed's
    table."""
    app = visit(("beside_import", "beside_losses", "beside_check"))
    app = press(app, "Load the notebook's three curves")
    assert not app.exception
    said = text(app)
    for words in (
        "includes an L2 penalty (at the start",
        "The weight decay λ changes with the depth",
        "in stage 1 resnet_50_sgd has 2 and resnet_34_sgd 1",
        "Every arm was trained with one seed",
    ):
        assert words in said
    predicted = {
        name: row["Predicted loss at the start"]
        for name, row in table(app, "Parts of the losses").items()
    }
    assert predicted == {
        "resnet_34_sgd": "17.717",
        "plain_34_sgd": "15.925",
        "resnet_50_sgd": "6.005",
    }


def test_nothing_chosen_says_what_will_be_here(runs: Path) -> None:
    """Catches an empty page that speaks of an example and has no button for it."""
    app = visit()
    assert not app.exception
    assert "Choose runs and imported curves" in text(app)
    assert app.multiselect[0].value == []
    assert len(press(app, "Load the notebook's three curves").multiselect[0].value) == 3


def test_runs_that_differ_in_their_seed_are_one_arm(runs: Path) -> None:
    """Catches three seeds drawn as three things, and a repeated run counted as one more seed."""
    for number in (0, 1, 2):
        add_run(runs, number, seed=number)
    add_run(runs, 3, seed=2)
    add_run(runs, 4, network="resnet20")
    app = visit()
    assert not app.exception
    names = {trace["name"] for trace in chart(app)["data"] if trace.get("name")}  # type: ignore[attr-defined]
    assert names == {"ResNet-8 (n = 3)", "ResNet-20 (n = 1)"}
    assert "repeats run 20261124-062503" in text(app)


def test_a_second_difference_raises_the_banner(runs: Path) -> None:
    """Catches a comparison of two things at once that looks like one of one thing."""
    add_run(runs, 0)
    add_run(runs, 1, weight_decay=WeightDecayConfig(value=0.01))
    app = visit()
    banner = "Not a fair comparison"
    assert banner in text(app)
    assert "recipe.weight_decay.value" in text(app)
    app = app.selectbox(key="beside_on_purpose").select("recipe.weight_decay").run()
    assert not app.exception
    assert banner not in text(app)
    assert "Only recipe.weight_decay.value differs" in text(app)


def test_a_total_across_networks_is_drawn_with_a_warning_only(runs: Path) -> None:
    """Catches the plot that misled the notebook's author, drawn as if totals could be compared."""
    add_run(runs, 0)
    app = sides(visit(), "total")
    assert "compare penalties" not in text(app), "one network and one decay can be compared"
    add_run(runs, 1, network="resnet20")
    app.session_state["beside_chosen"] = [path.name for path in sorted(runs.iterdir())]
    app = app.run()
    assert "the networks have different weights. So these curves compare penalties" in text(app)
    assert "not for comparing networks" in json.dumps(chart(app)["layout"])
    [line] = [
        trace
        for trace in chart(app)["data"]
        if "ResNet-8, training" in trace.get("hovertemplate", "")
    ]  # type: ignore[attr-defined]
    assert decoded(line["y"]) == [1.5, 1.5]
    app = press(app, "Show error")
    assert not app.exception
    assert "compare penalties" not in text(app)


def decoded(values: object) -> list[float]:
    """Numbers of a chart, which travel as bytes."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
    return list(values)  # type: ignore[call-overload]


def test_totals_mislead_only_where_something_differs() -> None:
    """Catches a warning that cries at two seeds, and silence where the decay is unknown."""
    small, large = get("resnet20").config, get("resnet56").config
    decay = KerasL2(1e-4)
    assert chart_of.misleads(["a", "b"], [small, small], [decay, decay]) is None
    assert chart_of.misleads(["a"], [small], [None]) is None
    apart = chart_of.misleads(["a", "b"], [small, large], [decay, decay])
    assert apart and "the penalty is 0.138 in a and 0.406 in b" in apart, (
        "1e-4 · 2 · 688 and 1e-4 · 2 · 2,032"
    )
    unknown = chart_of.misleads(["a", "b"], [small, small], [decay, None])
    assert unknown and "unknown" in unknown


def test_a_network_needs_no_run_to_be_explained(runs: Path) -> None:
    """Catches a page that can only explain what was trained here."""
    add_run(runs, 0)
    app = visit(("beside_losses",))
    app = app.multiselect(key="beside_networks").select("binary_resnet34").run()
    assert not app.exception
    rows = table(app, "Parts of the losses")
    assert rows["binary_resnet34"]["Predicted loss at the start"] == "17.717"
    assert rows["ResNet-8"]["Data loss without penalty"] == "1.000"


def test_each_run_is_held_against_the_paper(runs: Path) -> None:
    add_run(runs, 0)
    assert "ResNet-8: Follows He et al. 2015 in " in text(visit(("beside_check",)))


def test_what_damaged_files_hold_is_one_sentence_and_the_rest_works(runs: Path) -> None:
    """Catches one bad import, or one bad run, that takes the page down."""
    good = write_import(runs / IMPORTS, notebook.curves()[0])
    (runs / IMPORTS / "bad.import.json").write_text('{"format_version": 2}')
    add_run(runs, 0).file("metrics.jsonl").write_bytes(b"\xff\xfe not json\n" * 3)
    add_run(runs, 1).file("spec.json").write_text("{")
    app = visit(("beside_losses", "beside_check"))
    app.session_state["beside_chosen"] = [
        good.name,
        *[path.name for path in runs.iterdir() if path.name[0] == "2"],
    ]
    app = app.run()
    assert not app.exception
    assert "'bad.import.json' cannot be used" in text(app)
    assert "spec.json of run" in text(app)
    assert "17.024" in text(app)


def test_an_imported_curve_can_go_and_come_back(runs: Path) -> None:
    path = write_import(runs / IMPORTS, notebook.curves()[0])
    app = visit(("beside_import",)).multiselect(key="beside_remove").select(path.name).run()
    app = press(app, "Remove")
    assert not path.exists()
    app = press(app, "Undo")
    assert not app.exception
    assert path.exists()


def test_settings_nobody_knows_are_in_no_verdict(runs: Path) -> None:
    """Catches a green sentence over curves of which hardly anything is known."""
    first, second, _ = notebook.curves()
    bare = second.model_copy(update={"given": Given()})
    paths = [write_import(runs / IMPORTS, curve) for curve in (first, bare)]
    app = visit()
    app.session_state["beside_chosen"] = [path.name for path in paths]
    app = app.run()
    assert "For plain_34_sgd, only these settings are known: what is in their files" in text(app)
    assert "Not a fair comparison" not in text(app)


def test_many_totals_share_a_budget_and_keep_their_spikes(runs: Path) -> None:
    """Catches totals that take a browser seconds where error and data loss do not, and a spike that
    is not drawn."""
    x = tuple(map(float, range(2_000)))
    y = tuple(0.5 if at != 1_111 else 100.0 for at in range(2_000))
    column = CurveColumn(name="loss", along="step", x=x, y=y)
    for at in range(40):
        write_import(
            runs / IMPORTS, ImportedCurve(name=f"curve {at}", source="csv", columns=(column,))
        )
    imports, _ = beside_cache.imported(runs / IMPORTS)
    chosen = choose.chosen(list(imports), [], imports)
    curves = chart_of._totals(
        chosen, [kept.points for kept in chosen.imports], Options("data_loss")
    )
    assert len(curves.arms) == 40
    assert all(len(arm.training.x) <= 400 for arm in curves.arms)
    assert all(max(arm.training.mean) == 100.0 for arm in curves.arms)


def test_a_finished_run_is_worth_more_than_a_later_one_that_broke_off(runs: Path) -> None:
    add_run(runs, 0)
    add_run(runs, 1).file("exit.json").unlink()
    app = visit()
    assert not app.exception
    assert "Run 20261124-062501-resnet8-digits-3fa1 repeats run 20261124-062500" in text(app)


def test_a_declared_difference_of_imported_curves_is_none(runs: Path) -> None:
    """Catches a banner over the one thing that was changed on purpose."""
    paths = [write_import(runs / IMPORTS, curve) for curve in notebook.curves()[:2]]
    app = visit()
    app.session_state["beside_chosen"] = [path.name for path in paths]
    app = app.run()
    assert "these known settings differ: network.shortcut" in text(app)
    app = app.selectbox(key="beside_on_purpose").select("network.shortcut").run()
    assert "No other differences in the known settings" in text(app)


def test_what_was_chosen_and_is_gone_is_left_out(runs: Path) -> None:
    """Catches a run deleted meanwhile that takes the page down."""
    directory = add_run(runs, 0)
    app = visit()
    app.session_state["beside_chosen"] = [
        directory.path.name,
        "20261124-062509-resnet8-digits-3fa9",
    ]
    app = app.run()
    assert not app.exception
    assert app.multiselect[0].value == [directory.path.name]


def test_a_fork_is_no_seed_of_its_parent_s_arm(runs: Path) -> None:
    """Catches a fork of an equal spec counted in its parent's place."""
    add_run(runs, 1)
    fork = add_run(runs, 2)
    asked = Request(
        token=None,
        parent=Parent(id="20261124-062501-resnet8-digits-3fa1", step=10),
        boot_id="x",
        **clock.read()._asdict(),
    )
    fork.write(REQUEST, asked)
    found = grouped(Store(runs).list())
    assert (len(found.arms), found.left_out) == (2, ())


def test_one_penalty_in_two_spellings_is_one() -> None:
    """Catches λ of Keras's l2 beside twice that number of the paper's called two weight decays."""
    entry = recipes.get("binary_ablation_sgd")
    ours = leaves(get("binary_resnet34").config, entry.recipe, entry.dataset)
    curve = notebook.curves()[0]
    known = factor.of_import(
        curve.model_copy(update={"given": curve.given.model_copy(update={"decay": 1e-3})})
    )
    said = {key: value for key, value in known.items() if key.startswith("recipe.weight_decay")}
    assert said == {key: ours[key] for key in said}
    assert len(said) == 3
