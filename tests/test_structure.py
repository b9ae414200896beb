"""Structure of the code: import directions, cycles, package sizes, names."""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from importlib.util import find_spec
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
    {"phone_numbers"},
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


@cache
def parsed(path):
    """The nodes of a file, of which the first is the module."""
    return list(ast.walk(ast.parse(path.read_text())))


def nodes(path, kind):
    return (node for node in parsed(path) if isinstance(node, kind))


@cache
def imports(path):
    """The modules that a file imports, also inside functions and under TYPE_CHECKING."""
    found = [alias.name for node in nodes(path, ast.Import) for alias in node.names]
    for node in nodes(path, ast.ImportFrom):
        if node.level == 0:
            inner = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found += [full if full in APP else node.module for full in inner.values()]
    return found


def layer(name):
    return next(at for at, names in enumerate(LAYERS) if name.split(".")[0] in names)


def may_import(name, imported):
    own, top = name.split(".")[0], imported.split(".")[0]
    if top in {"scripts", "tests", "bench", "ringback"}:
        return False
    return top not in OURS or top == own or layer(top) > layer(own)


def test_imports_run_from_upper_to_lower_layers():
    assert [
        f"{name} may not import {imported}"
        for name, path in APP.items()
        for imported in imports(path)
        if not may_import(name, imported)
    ] == []


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


def test_modules_that_the_makefile_and_ci_name_exist():
    text = "".join((ROOT / name).read_text() for name in ("Makefile", "Procfile", ".ci/run"))
    names = re.findall(r"python -m ([\w.]+)|\$\(PYTHON\) -m ([\w.]+)", text)
    named = {one or other for one, other in names} | set(re.search(r"-c 'import (.+)'", text)[1].split(", "))
    assert [name for name in sorted(named) if not find_spec(name)] == []


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


def test_every_module_has_a_docstring():
    assert [name for name, path in APP.items() if not ast.get_docstring(parsed(path)[0])] == []


def test_no_class_name_occurs_twice():
    places = {}
    for name, path in APP.items():
        for node in nodes(path, ast.ClassDef):
            places.setdefault(node.name, []).append(name)
    assert not {name: modules for name, modules in places.items() if len(modules) > 1}


def test_only_the_store_package_opens_connections_to_the_store():
    openers = {"redis.Redis", "Redis", "Redis.from_url", "redis.Redis.from_url", "redis.from_url"}
    calls = {
        (name, ast.unparse(node.func))
        for name in set(APP) - {"store.clients", "store.pool", "store.sentinel"}
        for node in nodes(APP[name], ast.Call)
    }
    assert [(name, call) for name, call in calls if call in openers or "ConnectionPool" in call] == []
