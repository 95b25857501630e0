"""The architecture as a test: who may import whom, what is public, how large things may get, and
what a page may do."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import resnet

ROOT = Path(__file__).parents[1]

ORDER = (
    # The library's ground: words for errors, numbers and files.
    "resnet.errors",
    "resnet.extras",
    "resnet.bounded",
    "resnet.quantity",
    "resnet.files",
    "resnet.curves",
    "resnet.history",
    # A network as data, as tables and as a drawing.
    "resnet.network",
    "resnet.tables",
    "resnet.diagram.looks",
    "resnet.diagram.content",
    "resnet.diagram.drawing",
    "resnet.diagram.layout",
    "resnet.diagram.colours",
    "resnet.diagram.formats",
    "resnet.diagram",
    "resnet.as_keras",
    "resnet.exports",
    "resnet.figure",
    "resnet",
    # Training, from data to runs.
    "resnet.data",
    "resnet.recipes",
    "resnet.why_loss",
    "resnet.runs",
    "resnet.guards",
    "resnet.imports",
    "resnet.results",
    "resnet.checks",
    "resnet.training",
    "resnet.shipped",
    # Comparisons of several runs.
    "resnet.studies.plan",
    "resnet.studies.curves",
    "resnet.studies",
    "resnet.studies.export",
    "resnet.cli",
    "resnet.__main__",
    # The app: what pages share, then a room for each page.
    "app",
    "app.state",
    "app.cache",
    "app.components.diagram",
    "app.elements",
    "app.architecture",
    "app.compare",
    "app.runs",
    "app.side_by_side",
    "app.train",
    "app.study",
    "app.learn",
    "app.pages",
    "streamlit_app",
)
"""Every room, from the ground up: a room imports only from rooms before it, so no two can form a
circle. A room is a folder; a module that lies directly in resnet/ or app/ is a room by itself."""

KERAS = {"tensorflow", "keras"}
KERAS_AT_THE_TOP = re.compile(r"resnet/(as_keras/model|training/\w+)\.py")
KERAS_WHEN_ASKED = re.compile(
    r"resnet/(as_keras/(model|start)|training/\w+|data/\w+|why_loss/losses)\.py"
)
WITHOUT_KERAS = {
    "resnet/recipes/recipe.py",
    "resnet/recipes/recipes.py",
    "resnet/recipes/schedule.py",
}
HEAVY = {"streamlit", "plotly", "pandas", "sklearn"}
PURE = re.compile(
    r"resnet/(quantity|curves|history|network/\w+|tables/\w+|"
    r"checks/\w+|why_loss/\w+|guards/\w+|results/(statistics|published)|"
    r"studies/(curves/(bands|arm_\w+)|plan/(study|factors|making|ready))|as_keras/program\w*|recipes/(recipes?|schedule)|"
    r"diagram/(?!(__init__|looks/fonts|looks/text|formats/pdf)\b)(\w+/)?\w+)\.py"
)
OURS = {"resnet", "app", "streamlit_app"}
DISTRIBUTIONS = {  # where a package is required under another name than it is imported by
    "PIL": "pillow",
    "font_source_sans_pro": "font-source-sans-pro",
    "fontTools": "fonttools",
    "keras": "tensorflow",
    "pynvml": "nvidia-ml-py",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
OUTSIDE_WORLD = {
    "os",
    "pathlib",
    "io",
    "shutil",
    "subprocess",
    "socket",
    "time",
    "random",
    "tempfile",
}
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}

PUBLIC = {
    "ConfigError",
    "DataError",
    "ExportError",
    "Figure",
    "Graph",
    "Metrics",
    "Node",
    "NormConfig",
    "ResNetConfig",
    "ResNetLabError",
    "RunError",
    "StageConfig",
    "UnknownNameError",
    "build_graph",
    "build_keras_model",
    "compare",
    "describe",
    "draw",
    "get",
    "load_keras_model",
    "measure",
    "names",
    "with_settings",
}
NEEDS_KERAS = {"build_keras_model", "load_keras_model"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60

LIBRARY = sorted((ROOT / "resnet").rglob("*.py"))
APP = [ROOT / "streamlit_app.py", *sorted((ROOT / "app").rglob("*.py"))]
PAGES = sorted((ROOT / "app" / "pages").glob("*.py"))
OUTSIDE = [file for part in ("bench", "tools", "tests") for file in (ROOT / part).rglob("*.py")]
EVERYTHING = LIBRARY + APP + sorted(OUTSIDE)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def path_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def imports(file: Path, node: ast.AST | None = None) -> Iterator[str]:
    """Dotted names a file imports, also inside functions; `from a import b` gives "a.b"."""
    for statement in ast.walk(tree_of(file) if node is None else node):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert not statement.level, f"{path_of(file)}:{statement.lineno}: write imports in full"
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def imports_at_the_top(file: Path) -> Iterator[str]:
    """Those that happen when the file is imported: everything outside functions and `if
    TYPE_CHECKING`."""
    waiting: list[ast.AST] = [tree_of(file)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(file, node)
        elif not isinstance(node, Function | ast.Lambda) and not for_types_only(node):
            waiting += ast.iter_child_nodes(node)


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def packages(names: Iterator[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def module_of(file: Path) -> str:
    return path_of(file).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module_of(file): file for file in LIBRARY + APP}


def modules(names: Iterator[str]) -> set[str]:
    """Our modules behind dotted names: `from a import b` names a.b where that is a module, else
    a."""
    return {name if name in MODULES else name.rpartition(".")[0] for name in names} & MODULES.keys()


def room_of(module: str) -> str:
    """The folder that a module lies in; the module itself where it lies directly in resnet/ or
    app/."""
    if MODULES[module].name == "__init__.py":
        return module
    folder = module.rpartition(".")[0]
    return module if folder in ("", "resnet", "app") else folder


def arrows() -> dict[str, set[str]]:
    """For every module the other modules it imports: inside functions and for types only too."""
    return {module: modules(imports(file)) - {module} for module, file in MODULES.items()}


def test_every_room_has_a_place_and_every_place_a_room() -> None:
    """A new room that no rule sees, or a rule for a room that is gone."""
    rooms = {room_of(module) for module in MODULES}
    assert rooms - set(ORDER) == set(), "give these rooms a place in ORDER"
    assert set(ORDER) - rooms == set(), "these rooms are gone"
    assert len(set(ORDER)) == len(ORDER)


def test_no_arrow_points_upwards() -> None:
    """An import against the order of the rooms, or from the library to the app."""
    place = {room: number for number, room in enumerate(ORDER)}
    upwards = [
        f"{module} imports {target}"
        for module, targets in arrows().items()
        for target in targets
        if place[room_of(target)] > place[room_of(module)]
    ]
    assert upwards == []


def test_no_circle_of_files() -> None:
    """Modules of one room that cannot be read, or loaded, one before the other."""
    TopologicalSorter(arrows()).prepare()  # raises CycleError, which names the circle


def test_no_circle_of_rooms() -> None:
    """Rooms that have to be understood together are one room."""
    rooms: dict[str, set[str]] = {}
    for module, targets in arrows().items():
        room = room_of(module)
        others = {room_of(target) for target in targets} - {room}
        rooms.setdefault(room, set()).update(others)
    TopologicalSorter(rooms).prepare()


def test_the_program_does_not_import_its_tests() -> None:
    """An installed program has neither tests nor benchmarks."""
    outside = {"tests", "bench", "tools"}
    assert [path_of(file) for file in LIBRARY + APP if packages(imports(file)) & outside] == []


@pytest.mark.parametrize("file", LIBRARY + APP, ids=path_of)
def test_tensorflow_stays_where_networks_are_built_and_trained(file: Path) -> None:
    """One import of Keras on the page's path costs every visitor four seconds and the GPU's
    memory."""
    path = path_of(file)
    if path in WITHOUT_KERAS or not KERAS_WHEN_ASKED.fullmatch(path):
        assert not packages(imports(file)) & KERAS
    if not KERAS_AT_THE_TOP.fullmatch(path):
        assert not packages(imports_at_the_top(file)) & KERAS


def loaded_by(statement: str) -> set[str]:
    """Top-level packages in memory after a statement in a fresh Python."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_library_is_light() -> None:
    """`import resnet` in a notebook brings neither TensorFlow nor the web."""
    assert not loaded_by("import resnet") & (KERAS | HEAVY)


def test_the_command_line_starts_without_tensorflow() -> None:
    assert not loaded_by("import resnet.cli") & (KERAS | HEAVY)


def test_the_app_never_loads_tensorflow() -> None:
    """All of app/ but the pages, which are scripts and have tests of their own, and what they call
    in the library."""
    modules = [module_of(file) for file in APP[1:]]
    others = [
        "resnet.diagram",
        "resnet.runs",
        "resnet.data",
        "resnet.recipes.recipe",
        "resnet.recipes.schedule",
    ]
    wanted = [name for name in modules if not name.startswith("app.pages")] + others
    assert not loaded_by(f"import {', '.join(wanted)}") & KERAS


@pytest.mark.parametrize("file", LIBRARY, ids=path_of)
def test_the_core_does_no_input_or_output(file: Path) -> None:
    """A graph or drawing that depends on a file, the clock or chance could not be cached or
    compared."""
    if PURE.fullmatch(path_of(file)):
        assert not packages(imports(file)) & OUTSIDE_WORLD


def test_the_public_names_are_these() -> None:
    """A name that appears or vanishes is a decision, not an accident."""
    assert set(resnet.__all__) == PUBLIC
    assert [name for name in PUBLIC - NEEDS_KERAS if not hasattr(resnet, name)] == []


@pytest.mark.keras
def test_the_public_names_that_need_keras_are_there_when_asked_for() -> None:
    assert [name for name in NEEDS_KERAS if not hasattr(resnet, name)] == []


def test_every_package_used_is_required_by_name() -> None:
    """A package that is only there because another one brings it would vanish with that one."""
    required = {
        re.split(r"[<>=\[ ]", line)[0].lower()
        for line in (ROOT / "requirements.txt").read_text().splitlines()
    }
    used = (
        {name for file in LIBRARY + APP for name in packages(imports(file))}
        - OURS
        - sys.stdlib_module_names
    )
    assert {DISTRIBUTIONS.get(name, name) for name in used} - required == set()


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree_of(file)) if isinstance(node, Function))


@pytest.mark.parametrize("file", LIBRARY + APP, ids=path_of)
def test_files_and_functions_stay_small(file: Path) -> None:
    lines_of_file = file.read_text().count("\n")
    assert lines_of_file <= LONGEST_FILE
    lengths = {
        function.name: (function.end_lineno or 0) - function.lineno + 1
        for function in functions(file)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def nested_comprehensions(file: Path) -> Iterator[int]:
    """The lines of comprehensions that stand inside another one."""
    for outer in ast.walk(tree_of(file)):
        if isinstance(outer, Comprehension):
            for inner in ast.walk(outer):
                if isinstance(inner, Comprehension) and inner is not outer:
                    yield inner.lineno


def test_no_comprehension_stands_inside_another() -> None:
    """A line that has to be read from the inside out, twice. Name the inner one, or write a
    loop."""
    places = {
        f"{path_of(file)}:{line}" for file in EVERYTHING for line in nested_comprehensions(file)
    }
    assert sorted(places) == []


def test_the_formatter_sees_every_line() -> None:
    """Lines that are kept from the formatter must be kept in order by hand."""
    switches = re.compile(r"# fmt: (skip|off)")
    assert [path_of(file) for file in EVERYTHING if switches.search(file.read_text())] == []


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("file", LIBRARY + APP, ids=path_of)
def test_no_vague_names(file: Path) -> None:
    """A module or class called after nothing in particular collects everything."""
    classes = [node.name for node in ast.walk(tree_of(file)) if isinstance(node, ast.ClassDef)]
    assert not words(path_of(file)) & VAGUE
    assert [name for name in classes if words(name) & VAGUE] == []


def attributes(file: Path) -> set[str]:
    return {node.attr for node in ast.walk(tree_of(file)) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("file", APP, ids=path_of)
def test_state_lives_in_one_file_and_caches_in_files_of_that_name(file: Path) -> None:
    """State that any file may touch is state nobody can follow."""
    if path_of(file) != "app/state.py":
        assert not attributes(file) & {"session_state", "query_params"}
    if file.name != "cache.py":
        assert not {name for name in attributes(file) if name.startswith("cache_")}


@pytest.mark.parametrize("file", PAGES, ids=path_of)
def test_a_page_is_four_beats(file: Path) -> None:
    """Title, controls, compute, show: no definitions, no loops that wait, no files."""
    nodes = list(ast.walk(tree_of(file)))
    assert not [
        node for node in nodes if isinstance(node, Function | ast.ClassDef | ast.Lambda | ast.While)
    ]
    assert not packages(imports(file)) & OUTSIDE_WORLD
    assert not [node for node in nodes if isinstance(node, ast.Name) and node.id == "open"]
