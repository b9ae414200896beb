"""The house: the arrows between its rooms run one way, and nothing hides in a corner."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
ROOMS = ["exchange", "phone", "stage", "receiving", "workers", "sending", "events", "config", "masking", "transaction"]
GROUND = {"events", "config", "masking", "transaction"}
# app -> stage, phone -> receiving -> workers -> sending -> events, config (masking and transaction lie beside them)
MAY_IMPORT = {
    "app": {"stage", "phone", "receiving", "workers", "sending"} | GROUND,
    "stage": {"receiving", "workers", "sending"} | GROUND,
    "phone": {"receiving", "workers", "sending"} | GROUND,
    "receiving": {"workers", "sending"} | GROUND,
    "workers": {"sending"} | GROUND,
    "sending": GROUND,
    "events": {"masking"},
    "masking": set(),
    "transaction": set(),
    "config": set(),
    "exchange": set(),
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


def files(room):
    single = HOUSE / f"{room}.py"
    return [single] if single.exists() else sorted((HOUSE / room).rglob("*.py"))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_the_arrows_run_one_way(room):
    ours = set(ROOMS) | {"app", "demo", "live", "release", "tools", "tests", "bench"}
    for path in files(room):
        wrong = {name for name in imports(path) if name in ours} - MAY_IMPORT[room] - {room}
        assert not wrong, f"{path.relative_to(HOUSE)} may not import {sorted(wrong)}"


def test_every_room_has_files():
    assert all(files(room) for room in MAY_IMPORT)


@pytest.mark.parametrize("name", ["utils", "core", "manager", "service", "helpers", "common"])
def test_no_room_is_for_everything(name):
    assert not [path for path in HOUSE.glob(f"*/**/{name}*.py") if ".venv" not in path.parts]


def test_every_file_says_first_what_it_is_for():
    for room in MAY_IMPORT:
        for path in files(room):
            assert ast.get_docstring(ast.parse(path.read_text())), path
