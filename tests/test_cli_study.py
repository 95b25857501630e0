"""study new|show|run, twin and check STUDY: what a person types, what is printed, and one line for
each mistake."""

import json
from pathlib import Path
from typing import Any

import pytest

from resnet.cli import studying
from resnet.recipes import recipes
from resnet.recipes.recipe import AdamConfig, SgdConfig, with_steps
from resnet.runs import Store
from resnet.studies import running
from resnet.studies.plan import ready, study_files
from resnet.studies.plan.factors import Factor, Listed
from resnet.studies.plan.study import Study, arms
from tests.cli_support import Done, Shell, assert_refused
from tests.outcome_support import grid
from tests.runs_support import store, supervisors, wait_for

SHORT = (
    "--recipe-set",
    "steps=60",
    "--recipe-set",
    "schedule.steps=60",
    "--recipe-set",
    "warmup.steps=6",
)


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Lets `study run` start workers that need no TensorFlow, and looks more often than a person
    needs."""
    monkeypatch.setattr(running, "POLL_S", 0.05)

    def choose(behaviour: str) -> Store:
        monkeypatch.setattr(studying, "Store", lambda root: store(Path(root), behaviour))
        return store(tmp_path / "runs", behaviour)

    return choose


def new(shell: Shell, *words: str, name: str = "mine", file: str = "mine.yaml") -> Done:
    return shell("study", "new", name, "-o", file, "--device", "cpu", *words)


def made(shell: Shell, *words: str) -> Study:
    done = new(shell, *words)
    assert (done.status, done.err) == (0, "")
    return study_files.read(Path("mine.yaml"))


def test_a_study_is_made_by_hand_from_the_line(shell: Shell) -> None:
    """What is typed must be what is trained: a level lost at a comma, a setting put into the wrong
    part."""
    study = made(
        shell,
        "--network",
        "resnet14",
        "--set",
        "norm.momentum=0.5",
        "--recipe",
        "digits_quick",
        "--recipe-set",
        "batch_size=32",
        "--data",
        "digits",
        "--vary",
        "network.shortcut=none, projection",
        "--vary",
        'recipe.optimiser={"kind":"sgd","momentum":0.5},{"kind":"adam"}',
        "--vary",
        "network.stages.0.blocks=1,3",
        "--design",
        "grid",
        "--seeds",
        "3,1",
    )
    base = study.baseline
    assert (study.name, base.network, base.settings, base.dataset) == (
        "mine",
        "resnet14",
        {"norm.momentum": 0.5},
        "digits",
    )
    assert base.recipe == recipes.get("digits_quick").recipe.model_copy(update={"batch_size": 32})
    assert base.device == "cpu"
    assert study.keys == ("network.shortcut", "recipe.optimiser", "network.stages.0.blocks")
    assert [factor.levels for factor in study.factors] == [
        ("none", "projection"),
        ({"kind": "sgd", "momentum": 0.5}, {"kind": "adam"}),
        (1, 3),
    ]
    assert (study.design, study.seeds, len(arms(study))) == ("grid", (3, 1), 8)


def test_what_is_not_said_is_a_small_study_to_begin_with(shell: Shell) -> None:
    """The recipe follows the data set: that of the digits is not for CIFAR-10."""
    study = made(shell)
    assert [arm.network for arm in arms(study)] == ["resnet20", "plain20"]
    assert study.baseline.dataset == "digits"
    Path("mine.yaml").unlink()
    assert made(shell, "--data", "cifar10").baseline.recipe == recipes.get("he2015_cifar").recipe


@pytest.mark.parametrize("key", ready.names())
def test_ready_studies_become_files(shell: Shell, key: str) -> None:
    """What is written to a file and read back must be the ready study, at each size it has."""
    for size, study in ready.get(key).sizes.items():
        assert new(shell, "--ready", key, "--size", size, file=f"{size}.yaml").status == 0
        read = study_files.read(Path(f"{size}.yaml"))
        assert read.name == "mine"
        assert read.fingerprint == study.fingerprint
    assert new(shell, "--ready", key, "--seeds", "7", file="seed.json").status == 0
    assert study_files.read(Path("seed.json")).seeds == (7,)


MISTAKES = {
    "a size alone": (("--size", "quick"), "--size belongs to a ready study"),
    "a size it has not": (
        ("--ready", "shortcut", "--size", "small"),
        "There is no size of shortcut 'small'",
    ),
    "no such ready study": (("--ready", "shortcuts"), "did you mean 'shortcut'?"),
    "ready and own": (
        ("--ready", "shortcut", "--vary", "network=resnet8"),
        "received --ready and --vary",
    ),
    "no level": (("--vary", "network.shortcut"), "A factor is written KEY=A,B,C"),
    "an empty level": (
        ("--vary", "network.shortcut=none,,projection"),
        "separated by single commas",
    ),
    "an unknown key": (("--vary", "network.shortcuts=none"), "did you mean 'network.shortcut'?"),
    "an unknown level": (("--vary", "network.shortcut=nothing"), "Arm shortcut nothing cannot be"),
    "no seeds": (("--seeds", "a,b"), "Seeds are whole numbers separated by commas"),
    "a seed below 0": (
        ("--seeds=-1",),
        "Seeds are whole numbers from 0 to 2,147,483,647, as in 0,1,2; received -1.",
    ),
    "a whole group": (
        ("--vary", "network.norm=none,group"),
        "vary one of them, as in network.norm.kind=none,group.",
    ),
    "kinds of a group": (
        ("--vary", "recipe.optimiser=sgd,adam"),
        "as in recipe.optimiser.kind=sgd,adam.",
    ),
    "steps alone": (("--recipe-set", "steps=30"), "give more steps, or schedule.steps=30 or less."),
    "steps varied alone": (
        ("--vary", "recipe.steps=50,100"),
        "give more steps, or schedule.steps=50 or less.",
    ),
    "no steps": (
        ("--steps", "0"),
        "recipe.steps must be a whole number of at least 1; received 0.",
    ),
    "ready and steps": (("--ready", "shortcut", "--steps", "20"), "received --ready and --steps"),
    "a seed twice": (("--seeds", "1,1"), "seeds must differ"),
    "no such network": (("--network", "resnet21"), "There is no network 'resnet21'"),
    "no such design": (("--design", "square"), "design"),
    "an ending": (("-o", "x.txt"), "A study's file ends in .json, .yaml, .yml; received 'x.txt'"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_each_mistake_is_one_line_and_writes_nothing(shell: Shell, case: str) -> None:
    """Half a study in a file would be run."""
    words, sentence = MISTAKES[case]
    assert_refused(new(shell, *words), sentence)
    assert list(Path().iterdir()) == []


def test_a_study_has_a_name(shell: Shell) -> None:
    """Catches "study.name string should have at least 1 character", and a file without a name."""
    assert_refused(new(shell, name=""), "A study needs a name, as in shortcuts; received ''.")
    assert list(Path().iterdir()) == []


def test_sgd_or_adam_is_one_factor(shell: Shell) -> None:
    """Catches SGD's momentum left in Adam's arm, which nobody typed and the message then spoke
    of."""
    study = made(shell, "--vary", "recipe.optimiser.kind=sgd,adam")
    assert [arm.recipe.optimiser for arm in arms(study)] == [SgdConfig(), AdamConfig()]
    assert (
        "Only the factor recipe.optimiser.kind differs" in shell("study", "show", "mine.yaml").out
    )


def test_a_shorter_study_has_a_shorter_recipe(shell: Shell) -> None:
    """Catches a schedule or a warm-up left at the old length; what is set by hand comes after, as
    with `train`."""
    study = made(shell, "--steps", "40", "--recipe-set", "batch_size=32")
    short = with_steps(recipes.get("digits_quick").recipe, 40)
    assert study.baseline.recipe == short.model_copy(update={"batch_size": 32})


def test_a_study_that_is_there_is_not_overwritten(shell: Shell) -> None:
    """An evening of editing, gone by the arrow-up key."""
    made(shell)
    Path("mine.yaml").write_text(Path("mine.yaml").read_text() + "# mine\n")
    assert_refused(new(shell), "mine.yaml exists already")
    assert Path("mine.yaml").read_text().endswith("# mine\n")


def test_show_says_all_there_is_to_know_before_a_night(shell: Shell) -> None:
    """What will run, whether it is one factor, what is shared, what it needs, and what its seeds
    can show."""
    made(shell, "--ready", "plain_or_residual", "--size", "quick")
    done = shell("study", "show", "mine.yaml")
    assert done.status == 0
    for part in (
        "4 arms × 3 seeds",
        "plain56",
        "3 to run",
        "speed not measured here yet",
        "2 declared factors differ, and nothing else: network and network.shortcut.",
        "All arms share the split",
        "All arms share the initial weights",
        "Between an arm and the one it is compared with, this differs: network.shortcut.",
        "Validation chooses: the weights with the lowest validation error are tested, once",
        "12 runs: 12 to run.",
        "4.6 standard deviations between seeds. That is 0.74 points at a standard deviation of",
        "as an example. To detect one standard deviation, 18 seeds in each arm are needed.",
    ):
        assert part in done.out
    facts = json.loads(shell("study", "show", "mine.yaml", "--json").out)
    assert len(facts["runs"]) == 12
    assert facts["undeclared"] == []
    assert facts["time_s"] is None
    assert facts["noise"]["measured"] is False
    assert facts["seeds_for_one_sd"] == 18
    assert not Path("runs").exists()
    assert_refused(shell("study", "show", "none.yaml"), "The study none.yaml cannot be read")


def test_an_arm_that_changes_two_factors_at_once_is_said_before_it_runs(shell: Shell) -> None:
    """ "Several factors" said of the whole list, and not that one arm of it has two causes."""
    factors = (Factor(key="network.shortcut"), Factor(key="network.norm.momentum"))
    both = Listed(name="both", settings={"network.shortcut": "none", "network.norm.momentum": 0.5})
    study_files.write(
        grid(design="list", factors=factors, listed=(Listed(), both)), Path("mine.yaml")
    )
    said = "the one it is compared with, this differs: network.shortcut and network.norm.momentum."
    assert said in shell("study", "show", "mine.yaml").out


def test_run_starts_what_is_missing_once_and_ends_well_only_where_all_finished(
    shell: Shell, behave: Any
) -> None:
    """A script that goes on after a study that did not finish; a run made twice."""
    there = behave("brief")
    made(shell, *SHORT, "--seeds", "0,1")
    done = shell("study", "run", "mine.yaml")
    assert (done.status, done.err) == (0, "")
    assert "All 4 runs are finished." in done.out
    again = shell("study", "run", "mine.yaml")
    assert again.status == 0
    assert "4 runs: 4 finished already and reused." in again.out
    assert "500 images/s measured here" in again.out
    assert "Initial weights, by hash: not recorded by all runs with seeds 0 and 1." in again.out
    assert len(there.list()) == 4


def test_run_fails_where_a_run_failed_and_leaves_it_alone(
    shell: Shell, behave: Any, tmp_path: Path
) -> None:
    """Exit code 0 for a study with holes; a failed run started again and again."""
    behave("failing")
    made(shell, *SHORT, "--seeds", "0")
    done = shell("study", "run", "mine.yaml")
    assert done.status == 2
    assert done.err.count("\n") == 1
    assert "Of 2 runs 2 failed" in done.err
    assert "the images are missing" in done.err
    assert shell("study", "run", "mine.yaml").status == 2
    wait_for(
        lambda: not supervisors(tmp_path / "runs")
    )  # it starts the workers it was told of, failing ones
    behave("brief")
    assert shell("study", "run", "mine.yaml", "--retry-failed").status == 0


def test_ctrl_c_leaves_the_runs_at_work(
    shell: Shell, behave: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed laptop must not end a night's study; following again must not start it again."""
    there = behave("brief")
    made(shell, *SHORT, "--seeds", "0")

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running.time, "sleep", interrupt)
        done = shell("study", "run", "mine.yaml")
    assert done.status == 130
    assert "`python -m resnet study run mine.yaml` follows them again" in done.out
    assert len(there.list()) == 2
    wait_for(lambda: all(run.state().name == "finished" for run in there.list()))
    assert shell("study", "run", "mine.yaml").status == 0
    assert len(there.list()) == 2


def test_detached(shell: Shell, behave: Any) -> None:
    """Over ssh, nobody wants to wait."""
    there = behave("obedient")
    made(shell, *SHORT, "--seeds", "0")
    assert shell("study", "run", "mine.yaml", "--detach").status == 0
    assert len(there.list()) == 2
    assert "2 running or waiting" in shell("study", "show", "mine.yaml").out


def test_check_looks_at_every_arm_of_a_study(shell: Shell) -> None:
    """A second factor that came in by hand, arms that stride differently, one seed: before the
    night, not after."""
    made(shell, "--ready", "notebook", "--seeds", "0")
    facts = json.loads(shell("check", "mine.yaml", "--json").out)
    rules = {finding["rule"] for finding in facts["findings"]}
    assert {"strides_differ", "one_seed"} <= rules, rules
    assert facts["comparisons"] == [
        "Only the factor network differs, and it changes 3 settings at once: "
        "network.stages.0.stride, network.block and network.shortcut."
    ]
    Path("mine.yaml").unlink()
    made(shell, "--ready", "plain_or_residual")
    done = shell("check", "mine.yaml")
    assert "plain56: Follows He et al. 2015 in 19 of 19 points." in done.out
    assert done.out.splitlines()[1].startswith("2 declared factors differ, and nothing else")
    Path("mine.json").write_text(study_files.to_text(study_files.read(Path("mine.yaml")), "json"))
    assert shell("check", "mine.json").out == done.out
    Path("broken.yaml").write_text("a: [")
    assert_refused(shell("check", "broken.yaml"), "This YAML cannot be read")


def test_twin_says_what_is_equal_and_counts_what_is_not(shell: Shell) -> None:
    """ "The same but for the shortcuts" said of a network with three projections more."""
    facts = json.loads(shell("twin", "resnet20", "--no-weights", "--json").out)
    assert facts["exact"]
    assert facts["equal_by_hash"] is None
    out = shell("twin", "resnet34", "--no-weights").out
    assert "Twins except for 3 projections" in out
    assert "stage2.block1.shortcut.conv" in out
    assert "(+173,824)" in out
    assert_refused(
        shell("twin", "plain20"), "A plain twin needs a network with shortcuts to remove"
    )


@pytest.mark.keras
def test_twin_proves_initial_weights_by_hash(shell: Shell) -> None:
    """The rule said without a look at what Keras draws."""
    out = shell("twin", "resnet8", "--set", "shortcut=projection").out
    assert (
        "By hash, 8 of the 8 kernels that both have start equal; only in one of them: 2 kernels,"
        " with seed 0." in out
    )
