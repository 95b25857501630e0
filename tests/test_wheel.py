"""What pip installs: the wheel alone, and with its extras. Each in a virtual environment of its
own."""

import json
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

import resnet
from resnet.cli.commands import COMMANDS, load
from resnet.extras import EXTRAS
from tests import test_library_page as library_page
from tests import wheel_support as support
from tests.browser.driver import RunningApp, chromium, end, free_port, wait_until_healthy
from tests.wheel_support import Environment, Outcome

pytestmark = pytest.mark.install

MOST_BYTES = 250e6
SHIPPED = "resnet/shipped/plain_or_residual"
CURVE = "resnet/shipped/notebook_curves/resnet_34_sgd.csv"

WORKS = (
    "--help",
    "list",
    "list --all --json",
    "describe resnet56 --layers",
    "compare resnet56 plain56",
    "family --n 3",
    *[
        f"draw resnet20 -o drawing.{form}"
        for form in ("svg", "pdf", "png", "dot", "tex", "mmd", "json", "py")
    ],
    "draw resnet56 --beside plain56 --colour difference --page a4 -o pair.pdf",
    "plot resnet20 -o keras.dot",
    *[f"export resnet20 -o table.{form}" for form in ("py", "json", "csv", "md", "tex")],
    "check resnet56 he2015_cifar",
    "why-loss resnet56 plain56",
    "import curve.csv",
    "why-loss curve",
    "recipes",
    "data",
    "twin resnet20 --no-weights",
    "runs",
    "runs list --json",
    "runs empty-bin",
    "study new mine -o mine.yaml",
    "check study.yaml",
    "study table study.yaml",
)
"""In the wheel alone. Here are curve.csv, study.yaml without its runs, and the shipped study with
them."""

NEEDS = {
    "plot resnet20 -o keras.svg": "plot",
    "plot resnet20 -o keras.pdf --engine keras": "train",
    "export resnet20 -o model.keras": "train",
    "why-loss resnet20 --measured": "train",
    "twin resnet20": "train",
    "train resnet20": "train",
    "app": "app",
    "study show study.yaml": "study",
    "study run mine.yaml": "study",
    "study table shipped": "study",
    "study figure shipped -o figure.pdf": "study",
    "study report shipped -o report.html": "study",
    "study export shipped -o study.zip": "study",
}
"""Commands that need more than the wheel alone, and which extra they have to name."""

ABOUT_RUNS = {"show", "stop", "resume", "fork", "move", "delete", "restore", "export"}
"""Of `runs`: they need a run, which the wheel alone cannot have made; without one they say so."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return support.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel and what it requires."""
    return support.installed(wheel, tmp_path_factory.mktemp("bare") / "venv")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are called."""
    place = tmp_path_factory.mktemp("called here")
    shutil.copytree(support.ROOT / SHIPPED, place / "shipped")
    shutil.copy(place / "shipped" / "study.yaml", place)
    shutil.copy(support.ROOT / CURVE, place / "curve.csv")
    return place


@pytest.fixture(scope="session")
def outcomes(bare: Environment, folder: Path) -> dict[str, Outcome]:
    missing_runs = [
        f"runs {name} 20260101-000000-resnet20-digits-0000" for name in sorted(ABOUT_RUNS)
    ]
    return bare.outcomes(
        [*WORKS, *NEEDS, *missing_runs, "study repeat nothing.zip --arm resnet20"], folder
    )


@pytest.mark.git
def test_the_wheel_holds_every_file_of_the_two_packages(wheel: Path) -> None:
    """A style sheet, a shipped run or a page that stays behind is missed only by who installs
    it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "resnet", "app"],
        cwd=support.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    start = {"app/start/streamlit_app.py", "app/start/.streamlit/config.toml"}
    expected = {
        name for name in listed.stdout.splitlines() if (support.ROOT / name).exists()
    } | start
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == expected


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        [name] = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        text = opened.read(name).decode()
    assert f"\nVersion: {resnet.__version__}\n" in text
    assert set(re.findall(r"^Provides-Extra: (\S+)$", text, re.MULTILINE)) == {
        *EXTRAS.values(),
        "cuda",
    }


def test_the_wheel_alone_is_small(bare: Environment) -> None:
    """TensorFlow, or what is as large, among what is always required."""
    heavy = [name for name in EXTRAS if (bare.packages / name).exists()]
    assert heavy == []
    assert support.size_bytes(bare) < MOST_BYTES


@pytest.mark.parametrize("command", WORKS)
def test_a_light_command_works_in_the_wheel_alone(
    command: str, outcomes: dict[str, Outcome], folder: Path
) -> None:
    """An import of a heavy package on the way of a command that does not need it."""
    assert (outcomes[command].status, outcomes[command].err) == (0, "")
    if output := re.search(r"-o (\S+)", command):
        assert (folder / output[1]).stat().st_size


@pytest.mark.parametrize("command", NEEDS)
def test_a_command_that_needs_more_names_the_extra(
    command: str, outcomes: dict[str, Outcome]
) -> None:
    """A traceback of an import, or a sentence that does not say how to go on."""
    status, _, err = outcomes[command]
    assert status == 2
    assert f"pip install 'resnet-lab[{NEEDS[command]}]'" in err
    assert err.count("\n") == 1


def test_no_command_of_the_wheel_alone_ends_in_an_import(outcomes: dict[str, Outcome]) -> None:
    """Also those that are about runs, of which the wheel alone has none."""
    unforeseen = {command: err for command, (_, _, err) in outcomes.items() if "unforeseen" in err}
    assert unforeseen == {}


def test_every_command_is_tried() -> None:
    """A new command has to be put among those that work or those that need an extra."""
    tried = {tuple(command.split()[:2]) for command in [*WORKS, *NEEDS]} | {
        ("runs", name) for name in ABOUT_RUNS
    }
    tried |= {("study", "repeat")}
    known: set[tuple[str, ...]] = set()
    for command in COMMANDS:
        subcommands = getattr(load(command.module, command.name), "commands", None)
        known |= (
            {(command.name, name) for name in subcommands} if subcommands else {(command.name,)}
        )
    tried_firsts = {words[:1] for words in tried}
    assert {
        words for words in known if words not in (tried if len(words) > 1 else tried_firsts)
    } == set()


PUBLIC = """
import json, resnet
config = resnet.get("resnet20").config
calls = {
    "draw": lambda: resnet.draw(config, level="block").save("library.svg"),
    "compare": lambda: resnet.compare(config, resnet.get("plain20").config).sentence,
    "describe": lambda: resnet.describe(config).trainable_params,
    "build_graph": lambda: resnet.measure(resnet.build_graph(config)).macs,
    "with_settings": lambda: resnet.with_settings(config, {"norm.momentum": 0.99}),
    "names": lambda: len(resnet.names()),
    "build_keras_model": lambda: resnet.build_keras_model(config),
    "load_keras_model": lambda: resnet.load_keras_model("model.keras"),
}
found = {}
for name in resnet.__all__:
    try:
        getattr(resnet, name)
        calls.get(name, lambda: None)()
        found[name] = "works"
    except resnet.ResNetLabError as error:
        found[name] = str(error)
print(json.dumps(found))
"""


def test_every_public_name_works_or_names_the_extra(bare: Environment, folder: Path) -> None:
    """`import resnet` in a notebook that has only the wheel."""
    found = json.loads(bare.run("python", "-c", PUBLIC, folder=folder))
    needs = {name: said for name, said in found.items() if said != "works"}
    assert found.keys() == set(resnet.__all__)
    assert needs.keys() == {"build_keras_model", "load_keras_model"}
    assert all(said.endswith("pip install 'resnet-lab[train]'") for said in needs.values())


def test_the_page_of_the_library_holds_for_the_wheel_alone(bare: Environment, folder: Path) -> None:
    """docs/library.md promises that what stands before Keras needs no extra."""
    page = library_page.PAGE.read_text().partition(library_page.NEEDS_MORE)[0]
    bare.run("python", "-c", library_page.program(page), folder=folder)


@pytest.mark.parametrize("words", [("resnet-lab", "list"), ("python", "-m", "resnet", "list")])
def test_both_ways_to_call_it_answer_alike(
    words: tuple[str, ...], bare: Environment, folder: Path
) -> None:
    assert bare.run(*words, folder=folder).startswith("resnet18 ")


@pytest.fixture(scope="session")
def pages(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel with [app], hence without TensorFlow."""
    return support.linked(wheel, tmp_path_factory.mktemp("app") / "venv", ["app"])


@pytest.fixture(scope="session")
def trainer(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel with [train], hence without Streamlit."""
    return support.linked(wheel, tmp_path_factory.mktemp("train") / "venv", ["train"])


EVERY_PAGE = """
import json
from streamlit import config
from streamlit.testing.v1 import AppTest
from app.elements import pages
from resnet.cli.running import _script

script = str(_script())
app = AppTest.from_file(script, default_timeout=120).run()
found = {}
for name in ("ARCHITECTURE", "COMPARE", "TRAIN", "RUNS", "STUDY", "LEARN"):
    app.switch_page(getattr(pages, name)).run()
    found[name] = [error.value for error in app.exception]
print(json.dumps([script, found]))
"""


def test_every_page_opens_from_the_wheel(pages: Environment, folder: Path) -> None:
    """A page, picture or style sheet that is looked for where a checkout has it."""
    script, found = json.loads(
        pages.run("python", "-c", EVERY_PAGE, folder=folder).splitlines()[-1]
    )
    assert Path(script).is_relative_to(pages.packages)
    assert {name: errors for name, errors in found.items() if errors} == {}


@pytest.fixture
def served(pages: Environment, tmp_path: Path) -> Iterator[RunningApp]:
    """`resnet-lab app`, called in an empty folder."""
    port = free_port()
    command = [str(pages.folder / "bin" / "resnet-lab"), "app", "--port", str(port)]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=support.clean() | {"HOME": str(tmp_path)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    app = RunningApp(f"http://127.0.0.1:{port}", tmp_path, process)
    try:
        wait_until_healthy(app)
        yield app
    finally:
        end(process)


@pytest.mark.browser
def test_the_pages_look_the_same_from_the_wheel(served: RunningApp) -> None:
    """Without its config file Streamlit shows its own colours. Runs belong where the command was
    called, not among the installed packages."""
    theme = tomllib.loads((support.ROOT / ".streamlit" / "config.toml").read_text())["theme"][
        "light"
    ]
    with chromium() as browser:
        page = browser.new_page(color_scheme="light")
        page.goto(served.url)
        expect(page.locator(".lab-diagram svg").first).to_be_visible(timeout=60_000)
        ground = page.locator("[data-testid=stApp]").evaluate(
            "shown => getComputedStyle(shown).backgroundColor"
        )
    red, green, blue = bytes.fromhex(theme["backgroundColor"].removeprefix("#"))
    assert ground == f"rgb({red}, {green}, {blue})"


WITHOUT_TENSORFLOW = """
from resnet import data, get
from resnet.data import fit_config
from resnet.errors import ResNetLabError
from resnet.runs import RunSpec, Store
from resnet.recipes import recipes

network = fit_config(get("resnet8").config, data.facts("digits"))
quick = recipes.default_for("digits").quick
spec = RunSpec(network="resnet8", config=network, recipe=quick, dataset="digits")
try:
    Store("runs").start(spec)
except ResNetLabError as error:
    print(error)
"""


def test_pages_without_tensorflow_say_what_training_needs(
    pages: Environment, tmp_path: Path
) -> None:
    """The Train page starts runs by this call, and shows what it raises: a worker that cannot
    import TensorFlow would only leave a traceback in its log."""
    said = pages.run("python", "-c", WITHOUT_TENSORFLOW, folder=tmp_path)
    assert said.strip().endswith("pip install 'resnet-lab[train]'")


@pytest.mark.training
def test_the_wheel_trains(trainer: Environment, tmp_path: Path) -> None:
    """A worker is started from the installed package, in the folder of the command."""
    words = ("resnet-lab", "train", "resnet8", "--steps", "20", "--device", "cpu")
    assert trainer.run(*words, folder=tmp_path).splitlines()[-1] == "finished"
    [run] = (tmp_path / "runs").glob("2*")
    assert (run / "model.keras").stat().st_size


@pytest.mark.keras
def test_the_wheel_exports_a_keras_file(trainer: Environment, tmp_path: Path) -> None:
    trainer.run("resnet-lab", "export", "resnet20", "-o", "resnet20.keras", folder=tmp_path)
    assert zipfile.is_zipfile(tmp_path / "resnet20.keras")


def test_training_needs_no_pages_and_pages_no_training(
    pages: Environment, trainer: Environment
) -> None:
    """An extra that brings more than it says costs gigabytes."""
    assert not (trainer.packages / "streamlit").exists()
    assert not (pages.packages / "tensorflow").exists()
