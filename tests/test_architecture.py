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

ORDER = (  # of rooms and lone modules: each imports from its own place and from those before it
    {"resnet.errors", "resnet.quantity", "resnet.files", "resnet.curves", "resnet.history"},
    {"resnet.network"},
    {"resnet.tables"},
    {"resnet.diagram"},
    {"resnet.as_keras"},
    {"resnet.exports"},
    {"resnet.figure"},
    {"resnet"},  # its __init__, the public names
    {"resnet.data"},
    {"resnet.recipes"},
    {"resnet.why_loss"},
    {"resnet.runs"},
    {"resnet.imports", "resnet.guards"},
    {"resnet.results"},
    {"resnet.checks"},
    {"resnet.training"},
    {"resnet.shipped"},
    {"resnet.studies.plan"},
    {"resnet.studies"},
    {"resnet.studies.curves"},
    {"resnet.studies.export"},
    {"resnet.cli"},
    {"resnet.__main__"},
    {"app.state"},
    {"app.cache", "app.components"},
    {"app.elements"},
    {"app.runs"},
    {"app.architecture", "app.compare", "app.train", "app.side_by_side"},
    {"app.study"},
    {"app.learn"},
    {"app.pages"},
    {"streamlit_app"},
)
KERAS = {"tensorflow", "keras"}
KERAS_AT_THE_TOP = re.compile(r"resnet/(as_keras/model|training/\w+)\.py")
KERAS_WHEN_ASKED = re.compile(r"resnet/(as_keras/model|training/\w+|data/\w+|why_loss/losses)\.py")
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
Function = ast.FunctionDef | ast.AsyncFunctionDef


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


def place(module: str) -> int:
    """Where a module stands in ORDER, by the longest name there that it begins with."""
    names = [name for names in ORDER for name in names if f"{module}.".startswith(f"{name}.")]
    longest = max(names, key=len, default="")
    assert longest and (longest != "resnet" or module == "resnet"), (
        f"{module} has no place in ORDER; give it one"
    )
    return next(number for number, names in enumerate(ORDER) if longest in names)


@pytest.mark.parametrize("file", LIBRARY + APP, ids=path_of)
def test_imports_point_one_way(file: Path) -> None:
    """An arrow against the order of the design, or from the library to the app, would be seen here;
    imports inside functions and those for types only count too."""
    assert not packages(imports(file)) & {"tests", "bench"}
    own = module_of(file)
    above = {module for module in modules(imports(file)) if place(module) > place(own)}
    assert not above, f"{path_of(file)} stands before {above} and must not import from there"


def imported_by(file: Path) -> set[str]:
    """Modules that are loaded because this one is, its own package apart: `from a import b` may
    load a and a.b."""
    names = set(imports_at_the_top(file))
    return (names | {name.rpartition(".")[0] for name in names}) - {
        path_of(file.parent).replace("/", ".")
    }


def test_no_two_modules_import_each_other() -> None:
    """A cycle between modules, however long. An import inside a function is a call forward and may
    point back."""
    edges = {
        name: imported_by(file) & MODULES.keys() - {"resnet", name}
        for name, file in MODULES.items()
    }
    TopologicalSorter(edges).prepare()  # raises CycleError, which names the cycle


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
