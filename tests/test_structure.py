"""Structure of the code: import directions, cycles, package sizes, names."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path
from sys import stdlib_module_names

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = [
    "cli",
    "phone",
    "stage",
    "presenter",
    "api",
    "receiving",
    "workers",
    "sending",
    "web",
    "store",
    "show",
    "settings",
]
MODULES = [path.stem for path in ROOT.glob("*.py") if path.name != "gunicorn.conf.py"]
OURS = {*PACKAGES, *MODULES, "scripts", "tests", "bench", "ringback"}

# From top to bottom: each may import itself and what is in the lines below it.
LAYERS = [
    {"app", "worker"},
    {"cli"},
    {"presenter"},
    {"api"},
    {"stage", "phone"},
    {"show"},
    {"receiving"},
    {"context"},
    {"workers"},
    {"sending"},
    {"events", "web"},
    {"store", "logs"},
    {"config"},
    {"settings"},
    {"answer_outcomes", "control_characters", "event_types", "masking"},
]

# Sub-packages that import no other module of this project, or only those listed.
INDEPENDENT = {
    "sending.http": set(),
    "workers.engine": set(),
}
TABLES = {"receiving.providers", "phone.commands", "show.scenes"}  # many small modules of the same shape
MOST_MODULES = 15


def path_of(name):
    file = ROOT / f"{name.replace('.', '/')}.py"
    return file if file.exists() else ROOT / name.replace(".", "/") / "__init__.py"


def modules():
    """name -> path of every module of the app."""
    found = {name: path_of(name) for name in MODULES}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found[".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


APP = modules()


def imports(path):
    """The modules that a file imports, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in APP else node.module


def layer(name):
    return next(at for at, names in enumerate(LAYERS) if name.split(".")[0] in names)


@pytest.mark.parametrize("name", APP)
def test_imports_run_from_upper_to_lower_layers(name):
    for imported in imports(APP[name]):
        top = imported.split(".")[0]
        assert top not in {"scripts", "tests", "bench", "ringback"}, f"{name} may not import {imported}"
        if top in OURS and top != name.split(".")[0]:
            assert layer(imported) > layer(name), f"{name} may not import {imported}"


@pytest.mark.parametrize("package", INDEPENDENT)
def test_independent_package_imports_nothing_else_of_ours(package):
    for name in (name for name in APP if name.startswith(package)):
        outside = {one for one in imports(APP[name]) if one.split(".")[0] in OURS and not one.startswith(package)}
        assert outside <= INDEPENDENT[package], f"{name} imports {outside}"


def test_no_import_cycle():
    graph = {name: {one for one in imports(path) if one in APP and one != name} for name, path in APP.items()}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        pytest.fail(" → ".join(cycle.args[1]))


def test_packages_have_few_modules():
    packages = {name for name, path in APP.items() if path.name == "__init__.py"}
    for package in packages - TABLES:
        inside = [name for name in APP if name.rpartition(".")[0] == package and name not in packages]
        assert len(inside) <= MOST_MODULES, f"{package} has {len(inside)} modules"


@pytest.mark.parametrize("folder", [".", "bench", "scripts"])
def test_the_root_and_folders_of_programs_have_few_modules(folder):
    assert len([path for path in (ROOT / folder).glob("*.py") if path.name != "__init__.py"]) <= MOST_MODULES


def test_every_third_party_import_is_in_a_requirements_file():
    lines = "\n".join(path.read_text() for path in ROOT.glob("requirements*.in"))
    required = {name.replace("_", "-").lower() for name in re.findall(r"^([\w.-]+)[\[=]", lines, re.MULTILINE)}
    distributions = packages_distributions()
    for path in [*APP.values(), *(ROOT / "scripts").glob("*.py")]:
        for name in {name.split(".")[0] for name in imports(path)} - stdlib_module_names - OURS:
            needed = {one.replace("_", "-").lower() for one in distributions.get(name, [name])}
            assert needed & required, f"{path.relative_to(ROOT)} imports {name}, which no requirements file names"


@pytest.mark.parametrize("name", ["utils", "core", "manager", "service", "helpers", "common"])
def test_no_module_has_a_catch_all_name(name):
    assert not [one for one in APP if one.split(".")[-1] == name]


@pytest.mark.parametrize("name", APP)
def test_every_module_has_a_docstring(name):
    assert ast.get_docstring(ast.parse(APP[name].read_text()))


def test_no_class_name_occurs_twice():
    places = {}
    for name, path in APP.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name)
    assert not {name: modules for name, modules in places.items() if len(modules) > 1}


@pytest.mark.parametrize("name", sorted(set(APP) - {"store.clients", "store.pool", "store.sentinel"}))
def test_only_one_module_opens_connections_to_the_store(name):
    calls = {
        ast.unparse(node.func) for node in ast.walk(ast.parse(APP[name].read_text())) if isinstance(node, ast.Call)
    }
    openers = {"redis.Redis", "Redis", "Redis.from_url", "redis.Redis.from_url", "redis.from_url"}
    assert not [call for call in calls if call in openers or "ConnectionPool" in call]
