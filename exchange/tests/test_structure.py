"""The exchange's packages: no import cycle, no class name twice, and few and short modules."""

import ast
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path
from sys import stdlib_module_names

import pytest

FOLDER = Path(__file__).parents[1]
PACKAGE = FOLDER / "ringback"
TABLES = {"verbs", "rest"}  # of small, similar modules
MAX_MODULES = 15
MAX_LINES = 250


def name_of(path):
    parts = path.relative_to(FOLDER).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "preload" not in path.parts)


@cache
def trees():
    """The parsed modules by their names."""
    return {name_of(path): ast.parse(path.read_text()) for path in FILES}


def imports(tree):
    """Every module of the package that this one imports, anywhere: in functions and for types too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_no_import_cycle():
    graph = {name: set(imports(tree)) & trees().keys() - {name} for name, tree in trees().items()}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_no_class_name_occurs_twice():
    classes = Counter(
        node.name for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in classes.items() if times > 1] == []


@pytest.mark.parametrize("folder", [path for path in PACKAGE.iterdir() if (path / "__init__.py").exists()], ids=str)
def test_a_package_has_few_modules(folder):
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert folder.name in TABLES or len(modules) <= MAX_MODULES


def test_modules_are_short():
    assert [name_of(path) for path in FILES if len(path.read_text().splitlines()) > MAX_LINES] == []


def test_tests_import_nothing_of_the_repository_around_this_folder():
    tests = Path(__file__).parent
    known = (
        {path.stem for path in tests.iterdir()} | {"ringback"} | stdlib_module_names | packages_distributions().keys()
    )
    for path in [*tests.glob("*.py"), *tests.glob("[!n]*/*.py")]:  # not in node
        unknown = {name.split(".")[0] for name in imports(ast.parse(path.read_text()))} - known
        assert not unknown, f"{path.relative_to(tests)} imports {unknown}"
